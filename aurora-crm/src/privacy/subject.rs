use std::fmt;

use aurora_core::id::IdKind as _;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::clients::{Client, ClientId};
use crate::leads::{Lead, LeadId};

/// Whose data it is (`titular`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum DataSubject {
    /// A client who is a person, with the leads, activities, tasks and files of theirs.
    Client(ClientId),
    /// The contact of a lead that has not become a client. For one that has, the client is the subject.
    Lead(LeadId),
}

impl DataSubject {
    /// As it is stored: the letters before the underscore of its id.
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Client(_) => Client::PREFIX,
            Self::Lead(_) => Lead::PREFIX,
        }
    }

    pub(super) const fn uuid(self) -> Uuid {
        match self {
            Self::Client(id) => id.uuid(),
            Self::Lead(id) => id.uuid(),
        }
    }

    pub(super) fn read(kind: &str, id: Uuid) -> Option<Self> {
        match kind {
            Client::PREFIX => Some(Self::Client(ClientId::from_uuid(id))),
            Lead::PREFIX => Some(Self::Lead(LeadId::from_uuid(id))),
            _ => None,
        }
    }
}

impl fmt::Display for DataSubject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Client(id) => id.fmt(f),
            Self::Lead(id) => id.fmt(f),
        }
    }
}

impl From<ClientId> for DataSubject {
    fn from(id: ClientId) -> Self {
        Self::Client(id)
    }
}

impl From<LeadId> for DataSubject {
    fn from(id: LeadId) -> Self {
        Self::Lead(id)
    }
}

/// Kinds of records that can be held and kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum RecordClass {
    /// The record of the client: names, numbers, addresses, fields of the workspace's own.
    Client,
    /// Notes about the client.
    Notes,
    /// Leads.
    Leads,
    /// Calls, meetings, e-mails.
    Activities,
    /// Tasks.
    Tasks,
    /// Files.
    Files,
    /// Appointments, and what was wished on the waiting list.
    Appointments,
    /// Conversations on channels, with their messages.
    Conversations,
}

impl RecordClass {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Notes => "notes",
            Self::Leads => "leads",
            Self::Activities => "activities",
            Self::Tasks => "tasks",
            Self::Files => "files",
            Self::Appointments => "appointments",
            Self::Conversations => "conversations",
        }
    }

    pub(super) fn read(text: &str) -> Option<Self> {
        use RecordClass::{Activities, Appointments, Client, Conversations, Files, Leads, Notes, Tasks};
        [
            Client,
            Notes,
            Leads,
            Activities,
            Tasks,
            Files,
            Appointments,
            Conversations,
        ]
        .into_iter()
        .find(|class| class.as_str() == text)
    }
}
