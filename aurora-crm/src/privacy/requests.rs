use std::time::Duration;

use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::DataSubject;
use crate::error::Error;
use crate::fields::Fields;

/// The complete answer to a request is due within 15 days (art. 19, II).
const TIME_TO_ANSWER: Duration = Duration::from_secs(15 * 86_400);

/// Names a request: `dsr_` and 32 hexadecimal digits.
pub type DataRequestId = Id<DataRequest>;

/// What a person asks for (art. 18).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum DataRequestKind {
    /// Confirmation and access: I and II.
    Access,
    /// Correction: III.
    Rectification,
    /// Anonymity, blocking or deletion: IV and VI.
    Erasure,
    /// Portability: V.
    Portability,
    /// Revocation of a consent: IX.
    Revocation,
    /// Whom data is shared with, and what follows from refusing consent: VII and VIII.
    Information,
}

impl DataRequestKind {
    pub(super) const ALL: [Self; 6] = [
        Self::Access,
        Self::Rectification,
        Self::Erasure,
        Self::Portability,
        Self::Revocation,
        Self::Information,
    ];

    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Access => "access",
            Self::Rectification => "rectification",
            Self::Erasure => "erasure",
            Self::Portability => "portability",
            Self::Revocation => "revocation",
            Self::Information => "information",
        }
    }
}

/// How far a request is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DataRequestState {
    /// It waits for its answer.
    Open,
    /// It was done.
    Answered,
    /// It was refused, with the reason as its outcome.
    Refused,
}

impl DataRequestState {
    pub(super) const ALL: [Self; 3] = [Self::Open, Self::Answered, Self::Refused];

    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Answered => "answered",
            Self::Refused => "refused",
        }
    }
}

/// Something that a person has asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DataRequest {
    /// Its name for programs.
    pub id: DataRequestId,
    /// Who asks.
    pub subject: DataSubject,
    /// What for.
    pub kind: DataRequestKind,
    /// How far it is.
    pub state: DataRequestState,
    /// What became of it.
    pub outcome: Option<String>,
    /// When it came.
    pub received_at: Timestamp,
    /// When the answer is due: 15 days after it came.
    pub due_at: Timestamp,
    /// When it was closed.
    pub answered_at: Option<Timestamp>,
    /// Grows by one with each change; 1 when new.
    pub version: i64,
}

impl IdKind for DataRequest {
    const PREFIX: &'static str = "dsr";
}

impl DataRequest {
    pub(super) fn open(
        subject: DataSubject,
        kind: DataRequestKind,
        received_at: Timestamp,
        now: Timestamp,
    ) -> Result<Self, Error> {
        let mut fields = Fields::default();
        if received_at > now {
            fields.refuse("received_at", "invalid", "must not lie in the future");
        }
        fields.finish(Self {
            id: DataRequestId::new(now),
            subject,
            kind,
            state: DataRequestState::Open,
            outcome: None,
            received_at,
            due_at: received_at + TIME_TO_ANSWER,
            answered_at: None,
            version: 1,
        })
    }
}

/// What became of a request. The text holds nothing personal: it is kept when the person is forgotten.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Outcome {
    /// Done; what was done.
    Answered(String),
    /// Refused; why.
    Refused(String),
}

impl Outcome {
    pub(super) const fn state(&self) -> DataRequestState {
        match self {
            Self::Answered(_) => DataRequestState::Answered,
            Self::Refused(_) => DataRequestState::Refused,
        }
    }

    pub(super) fn check(&self) -> Result<String, Error> {
        let mut fields = Fields::default();
        let (Self::Answered(text) | Self::Refused(text)) = self;
        let text = fields.line("outcome", text, 1_000);
        fields.finish(text)
    }
}
