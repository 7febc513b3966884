use aurora_core::time::Timestamp;
use chrono_tz::Tz;
use serde::Deserialize;

use super::{Workspace, WorkspaceId, WorkspaceKind};
use crate::error::Error;
use crate::fields::{Change, Fields};

const MAX_NAME: usize = 200;
const MAX_LOCALE: usize = 35;

/// What is needed to make a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewWorkspace {
    kind: WorkspaceKind,
    name: String,
    #[serde(default = "default_time_zone")]
    time_zone: String,
    #[serde(default = "default_locale")]
    locale: String,
}

fn default_time_zone() -> String {
    "America/Sao_Paulo".to_owned()
}

fn default_locale() -> String {
    "pt-BR".to_owned()
}

impl NewWorkspace {
    /// A workspace in the time zone of Brasília and in the Portuguese of Brazil.
    #[must_use]
    pub fn new(kind: WorkspaceKind, name: impl Into<String>) -> Self {
        Self {
            kind,
            name: name.into(),
            time_zone: default_time_zone(),
            locale: default_locale(),
        }
    }

    /// The time zone, by its name in the IANA database.
    #[must_use]
    pub fn time_zone(mut self, name: impl Into<String>) -> Self {
        self.time_zone = name.into();
        self
    }

    /// The language that people are written to in: a BCP 47 tag such as `pt-BR`, whose form is checked.
    #[must_use]
    pub fn locale(mut self, tag: impl Into<String>) -> Self {
        self.locale = tag.into();
        self
    }

    pub(super) fn check(self, id: WorkspaceId, now: Timestamp) -> Result<Workspace, Error> {
        let mut fields = Fields::default();
        let workspace = Workspace {
            id,
            kind: self.kind,
            name: fields.line("name", &self.name, MAX_NAME),
            time_zone: time_zone(&mut fields, &self.time_zone),
            locale: locale(&mut fields, &self.locale),
            version: 1,
            created_at: now,
            updated_at: now,
            closed_at: None,
        };
        fields.finish(workspace)
    }
}

/// What to change in a workspace; a field that is not named stays. In JSON a missing field keeps, a value sets.
///
/// # Examples
/// ```
/// use aurora_crm::workspaces::WorkspaceChange;
///
/// let same: WorkspaceChange = serde_json::from_str(r#"{"locale": "en"}"#)?;
/// assert_eq!(WorkspaceChange::new().locale("en"), same);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorkspaceChange {
    name: Change<String>,
    time_zone: Change<String>,
    locale: Change<String>,
}

impl WorkspaceChange {
    /// Changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Change::Set(name.into());
        self
    }

    /// Sets the IANA time zone.
    #[must_use]
    pub fn time_zone(mut self, name: impl Into<String>) -> Self {
        self.time_zone = Change::Set(name.into());
        self
    }

    /// Sets the language, a BCP 47 tag.
    #[must_use]
    pub fn locale(mut self, tag: impl Into<String>) -> Self {
        self.locale = Change::Set(tag.into());
        self
    }

    /// Decides what the workspace becomes, or tells every field that is wrong.
    pub(super) fn apply(self, current: &Workspace, now: Timestamp) -> Result<Workspace, Error> {
        let mut fields = Fields::default();
        let mut changed = current.clone();
        let line = |fields: &mut Fields, text: &str| fields.line("name", text, MAX_NAME);
        set(&mut fields, &mut changed.name, "name", self.name, line);
        set(
            &mut fields,
            &mut changed.time_zone,
            "time_zone",
            self.time_zone,
            time_zone,
        );
        set(&mut fields, &mut changed.locale, "locale", self.locale, locale);
        changed.version = current.version.saturating_add(1);
        changed.updated_at = now.max(current.updated_at); // the machine's clock may have been set back
        fields.finish(changed)
    }
}

fn set(
    fields: &mut Fields,
    slot: &mut String,
    name: &str,
    change: Change<String>,
    read: impl FnOnce(&mut Fields, &str) -> String,
) {
    match change {
        Change::Keep => {}
        Change::Clear => fields.refuse(name, "required", "must not be empty"),
        Change::Set(text) => *slot = read(fields, &text),
    }
}

fn time_zone(fields: &mut Fields, name: &str) -> String {
    let name = name.trim();
    if name.parse::<Tz>().is_err() {
        fields.refuse(
            "time_zone",
            "invalid",
            "must be a zone of the IANA database, such as America/Sao_Paulo",
        );
    }
    name.to_owned()
}

fn locale(fields: &mut Fields, tag: &str) -> String {
    let tag = tag.trim();
    let mut parts = tag.split('-');
    let language_is_good = parts
        .next()
        .is_some_and(|part| (2..=3).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphabetic()));
    let rest_is_good =
        parts.all(|part| (1..=8).contains(&part.len()) && part.chars().all(|c| c.is_ascii_alphanumeric()));
    if tag.len() > MAX_LOCALE || !language_is_good || !rest_is_good {
        fields.refuse("locale", "invalid", "must be a BCP 47 language tag such as pt-BR");
    }
    tag.to_owned()
}
