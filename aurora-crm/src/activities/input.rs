use std::fmt;

use aurora_core::time::Timestamp;
use serde::Deserialize;

use super::{Activity, ActivityId, ActivityKind, Subject};
use crate::error::Error;
use crate::fields::{Change, Fields};
use crate::leads::OwnerId;
use crate::store::TIMES;

const MAX_TITLE: usize = 200;
const MAX_TEXT: usize = 10_000;

/// What is needed to write down an activity: a title of up to 200 characters; a text of up to 10,000.
///
/// # Examples
/// ```
/// use aurora_core::time::Timestamp;
/// use aurora_crm::activities::{ActivityKind, NewActivity, Subject};
/// use aurora_crm::leads::LeadId;
///
/// let lead = Subject::Lead(LeadId::new(Timestamp::UNIX_EPOCH));
/// let call = NewActivity::new(ActivityKind::Call, lead, "First call").duration_secs(300);
/// # drop(call);
/// ```
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewActivity {
    kind: ActivityKind,
    subject: Subject,
    title: String,
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    at: Option<Timestamp>,
    #[serde(default)]
    duration_secs: Option<u32>,
    #[serde(default)]
    owner: Option<OwnerId>,
}

impl NewActivity {
    /// Something that was done just now.
    #[must_use]
    pub fn new(kind: ActivityKind, subject: Subject, title: impl Into<String>) -> Self {
        Self {
            kind,
            subject,
            title: title.into(),
            text: None,
            at: None,
            duration_secs: None,
            owner: None,
        }
    }

    /// What was done, in full.
    #[must_use]
    pub fn text(mut self, text: impl Into<String>) -> Self {
        self.text = Some(text.into());
        self
    }

    /// When it was done; now unless told.
    #[must_use]
    pub const fn at(mut self, at: Timestamp) -> Self {
        self.at = Some(at);
        self
    }

    /// How long it took.
    #[must_use]
    pub const fn duration_secs(mut self, seconds: u32) -> Self {
        self.duration_secs = Some(seconds);
        self
    }

    /// Who did it.
    #[must_use]
    pub const fn owner(mut self, id: OwnerId) -> Self {
        self.owner = Some(id);
        self
    }

    pub(super) fn check(self, principal: &str, now: Timestamp) -> Result<Activity, Error> {
        let mut fields = Fields::default();
        let blank = Activity {
            id: ActivityId::new(now),
            subject: self.subject,
            kind: self.kind,
            title: String::new(),
            text: None,
            at: now,
            duration_secs: self.duration_secs,
            owner_id: self.owner,
            principal: principal.to_owned(),
            version: 1,
            created_at: now,
            updated_at: now,
        };
        let everything = ActivityChange {
            title: Change::Set(self.title),
            text: self.text.map_or(Change::Keep, Change::Set),
            at: self.at.map_or(Change::Keep, Change::Set),
            ..ActivityChange::default()
        };
        let activity = everything.read(blank, &mut fields);
        fields.finish(activity)
    }
}

impl fmt::Debug for NewActivity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewActivity")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// What to change in an activity; a field that is not named stays. Kind and subject cannot be changed.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ActivityChange {
    title: Change<String>,
    text: Change<String>,
    at: Change<Timestamp>,
    duration_secs: Change<u32>,
    owner: Change<OwnerId>,
}

impl ActivityChange {
    /// Changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the title.
    #[must_use]
    pub fn title(mut self, title: impl Into<String>) -> Self {
        self.title = Change::Set(title.into());
        self
    }

    /// Sets or removes the text.
    #[must_use]
    pub fn text(mut self, text: Option<String>) -> Self {
        self.text = text.map_or(Change::Clear, Change::Set);
        self
    }

    /// Sets when it was done.
    #[must_use]
    pub fn at(mut self, at: Timestamp) -> Self {
        self.at = Change::Set(at);
        self
    }

    /// Sets or removes how long it took.
    #[must_use]
    pub fn duration_secs(mut self, seconds: Option<u32>) -> Self {
        self.duration_secs = seconds.map_or(Change::Clear, Change::Set);
        self
    }

    /// Sets or removes who did it.
    #[must_use]
    pub fn owner(mut self, id: Option<OwnerId>) -> Self {
        self.owner = id.map_or(Change::Clear, Change::Set);
        self
    }

    pub(super) fn apply(self, current: &Activity, now: Timestamp) -> Result<Activity, Error> {
        let mut fields = Fields::default();
        let mut changed = self.read(current.clone(), &mut fields);
        changed.version = current.version.saturating_add(1);
        changed.updated_at = now.max(current.updated_at); // the machine's clock may have been set back
        fields.finish(changed)
    }

    fn read(self, mut activity: Activity, fields: &mut Fields) -> Activity {
        match self.title {
            Change::Keep => {}
            Change::Clear => fields.refuse("title", "required", "must not be empty"),
            Change::Set(title) => activity.title = fields.line("title", &title, MAX_TITLE),
        }
        match self.text {
            Change::Keep => {}
            Change::Clear => activity.text = None,
            Change::Set(text) => activity.text = paragraphs(fields, "text", &text, MAX_TEXT),
        }
        match self.at {
            Change::Keep => {}
            Change::Set(at) if TIMES.contains(&at.as_micros()) => activity.at = at,
            Change::Set(_) | Change::Clear => {
                fields.refuse("at", "invalid", "must be within the years 1 to 9999");
            }
        }
        match self.duration_secs {
            Change::Keep => {}
            Change::Clear => activity.duration_secs = None,
            Change::Set(seconds) => activity.duration_secs = Some(seconds),
        }
        match self.owner {
            Change::Keep => {}
            Change::Clear => activity.owner_id = None,
            Change::Set(owner) => activity.owner_id = Some(owner),
        }
        activity
    }
}

/// Text of several lines; an empty one is absent.
pub(crate) fn paragraphs(fields: &mut Fields, field: &str, text: &str, max: usize) -> Option<String> {
    let text = text.trim();
    let is_control = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.is_empty() {
        return None;
    }
    if text.chars().any(is_control) {
        fields.refuse(field, "invalid", "must be text without control characters");
    } else if text.chars().nth(max).is_some() {
        fields.refuse(
            field,
            "too_long",
            format_args!("must have at most {max} characters"),
        );
    }
    Some(text.to_owned())
}

impl fmt::Debug for ActivityChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ActivityChange").finish_non_exhaustive()
    }
}
