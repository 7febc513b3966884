//! Activities (`atividades`): what was done about a lead or a client, and the timeline of both.

mod input;
mod sql;
#[cfg(test)]
mod tests;

use std::fmt;
use std::str::FromStr;

use aurora_core::id::{Id, IdKind};
use aurora_core::page::{Page, PageRequest};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::clients::ClientId;
use crate::context::Context;
use crate::error::Error;
use crate::leads::{LeadId, OwnerId, StageMove};
use crate::store::Store;

pub(crate) use self::input::paragraphs;
pub use self::input::{ActivityChange, NewActivity};
#[cfg(test)]
pub(crate) use self::sql::ALL as STATEMENTS;

/// Names an activity: `act_` and 32 hexadecimal digits.
pub type ActivityId = Id<Activity>;

/// What an activity or a task is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// A lead.
    Lead(LeadId),
    /// A client.
    Client(ClientId),
}

impl Subject {
    /// As it is kept: the id of the lead or of the client. A lead has precedence, because its activities can also have
    /// its client.
    pub(crate) const fn from_columns(lead: Option<LeadId>, client: Option<ClientId>) -> Option<Self> {
        match (lead, client) {
            (Some(lead), _) => Some(Self::Lead(lead)),
            (None, Some(client)) => Some(Self::Client(client)),
            (None, None) => None,
        }
    }

    pub(crate) const fn lead(self) -> Option<LeadId> {
        match self {
            Self::Lead(id) => Some(id),
            Self::Client(_) => None,
        }
    }

    pub(crate) const fn client(self) -> Option<ClientId> {
        match self {
            Self::Lead(_) => None,
            Self::Client(id) => Some(id),
        }
    }
}

/// Something that was done.
///
/// `Debug` shows neither title nor text: they can be about people.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Activity {
    /// Its name for programs.
    pub id: ActivityId,
    /// What it is about.
    pub subject: Subject,
    /// What was done.
    pub kind: ActivityKind,
    /// In a few words.
    pub title: String,
    /// In full.
    pub text: Option<String>,
    /// When it was done, or is to take place.
    pub at: Timestamp,
    /// How long it took.
    pub duration_secs: Option<u32>,
    /// Who did it.
    pub owner_id: Option<OwnerId>,
    /// The [`principal`](crate::Context::principal) who wrote it down.
    pub principal: String,
    /// Grows by one with each change; 1 when new.
    pub version: i64,
    /// When it was written down.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl IdKind for Activity {
    const PREFIX: &'static str = "act";
}

impl fmt::Debug for Activity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Activity")
            .field("id", &self.id)
            .field("subject", &self.subject)
            .field("kind", &self.kind)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum ActivityKind {
    /// A call (`ligação`).
    Call,
    /// A meeting (`reunião`).
    Meeting,
    /// An e-mail.
    Email,
    /// A message by another channel.
    Message,
    /// Something written down (`anotação`).
    Note,
}

impl ActivityKind {
    const ALL: [Self; 5] = [Self::Call, Self::Meeting, Self::Email, Self::Message, Self::Note];

    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::Meeting => "meeting",
            Self::Email => "email",
            Self::Message => "message",
            Self::Note => "note",
        }
    }
}

impl FromStr for ActivityKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let found = Self::ALL.into_iter().find(|kind| kind.as_str() == text);
        found.ok_or("an activity is a call, meeting, email, message or note")
    }
}

/// One entry of a timeline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
#[non_exhaustive]
pub enum TimelineEntry {
    /// Something was done.
    Activity(Activity),
    /// The lead came into a stage.
    StageMove(StageMove),
}

impl TimelineEntry {
    /// When it happened.
    #[must_use]
    pub const fn at(&self) -> Timestamp {
        match self {
            Self::Activity(activity) => activity.at,
            Self::StageMove(moved) => moved.at,
        }
    }
}

/// What can be done with activities; a cheap handle.
#[derive(Debug, Clone)]
pub struct Activities {
    store: Store,
}

impl Activities {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Writes down what was done. One on a lead that has a client is in the client's timeline as well.
    ///
    /// # Errors
    /// `Invalid` with every wrong field; `NotFound` when there is no such lead or client, or it is deleted.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the activity either stored or not, as with every change here.
    pub async fn create(&self, context: &Context, new: NewActivity) -> Result<Activity, Error> {
        let activity = new.check(&context.principal, self.store.now())?;
        let work = sql::insert(&self.store, context, activity);
        self.store.run(context, "activities.create", work).await
    }

    /// One activity.
    ///
    /// # Errors
    /// `NotFound` when there is none, or it is deleted.
    pub async fn get(&self, context: &Context, id: ActivityId) -> Result<Activity, Error> {
        self.store
            .run(context, "activities.get", sql::get(&self.store, context, id))
            .await
    }

    /// Changes an activity that is still at the version that the caller has seen.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` with every wrong field.
    pub async fn update(
        &self,
        context: &Context,
        id: ActivityId,
        expected_version: i64,
        change: ActivityChange,
    ) -> Result<Activity, Error> {
        let work = sql::update(&self.store, context, id, expected_version, change);
        self.store.run(context, "activities.update", work).await
    }

    /// Deletes an activity; the row stays, marked as deleted.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version.
    pub async fn delete(
        &self,
        context: &Context,
        id: ActivityId,
        expected_version: i64,
    ) -> Result<(), Error> {
        let work = sql::delete(&self.store, context, id, expected_version);
        self.store.run(context, "activities.delete", work).await
    }

    /// One page of what happened with a lead or a client, the latest first: of a lead its activities and changes of stage,
    /// of a client its own activities and those of its leads.
    ///
    /// # Errors
    /// `NotFound` when there is no such lead or client, or it is deleted; `Invalid` when the cursor is damaged or belongs
    /// to another list.
    pub async fn timeline(
        &self,
        context: &Context,
        subject: Subject,
        page: &PageRequest,
    ) -> Result<Page<TimelineEntry>, Error> {
        let work = sql::timeline(&self.store, context, subject, true, page);
        self.store.run(context, "activities.timeline", work).await
    }

    /// One page of what was done about a client itself, the latest first: nothing of its leads, for whoever may not see them.
    ///
    /// # Errors
    /// As [`timeline`](Self::timeline).
    pub async fn timeline_without_leads(
        &self,
        context: &Context,
        client: ClientId,
        page: &PageRequest,
    ) -> Result<Page<TimelineEntry>, Error> {
        let work = sql::timeline(&self.store, context, Subject::Client(client), false, page);
        self.store.run(context, "activities.timeline", work).await
    }
}
