use aurora_core::id::Id;
use aurora_core::id::IdKind;
use aurora_core::time::Timestamp;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{Event, EventId};

/// How what was tried has ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Success,
    #[cfg(any(test, feature = "access"))]
    Failure,
}

impl Outcome {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            #[cfg(any(test, feature = "access"))]
            Self::Failure => "failure",
        }
    }
}

/// One thing that a transaction has done: an entry of the audit log and, unless told otherwise, a domain event.
///
/// It holds ids, names of fields and harmless values, and never what a person said, is called or can be reached at:
/// the audit log cannot forget, and events leave the house.
#[derive(Debug, Clone)]
pub(crate) struct Record {
    action: &'static str,
    outcome: Outcome,
    subject_kind: &'static str,
    subject_id: Uuid,
    event_id: Option<EventId>,
    detail: Map<String, Value>,
    data: Map<String, Value>,
}

impl Record {
    /// `action` is the aggregate and what happened to it in the past tense, such as `client.created`.
    pub(crate) fn new<T: IdKind>(
        action: &'static str,
        subject_kind: &'static str,
        subject: Id<T>,
        now: Timestamp,
    ) -> Self {
        let data = Map::from_iter([("id".to_owned(), Value::String(subject.to_string()))]);
        Self {
            action,
            outcome: Outcome::Success,
            subject_kind,
            subject_id: subject.uuid(),
            event_id: Some(EventId::new(now)),
            detail: Map::new(),
            data,
        }
    }

    /// One more harmless value of the audit entry and the event.
    pub(crate) fn with(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        let value = value.into();
        self.detail.insert(key.to_owned(), value.clone());
        self.data.insert(key.to_owned(), value);
        self
    }

    /// One more harmless value of the audit entry alone.
    pub(crate) fn detail(mut self, key: &'static str, value: impl Into<Value>) -> Self {
        self.detail.insert(key.to_owned(), value.into());
        self
    }

    /// Writes an audit entry and no event.
    pub(crate) const fn without_event(mut self) -> Self {
        self.event_id = None;
        self
    }

    /// What was tried and refused.
    #[cfg(any(test, feature = "access"))]
    pub(crate) const fn failed(mut self) -> Self {
        self.outcome = Outcome::Failure;
        self
    }

    pub(crate) const fn action(&self) -> &'static str {
        self.action
    }

    pub(crate) const fn outcome(&self) -> Outcome {
        self.outcome
    }

    pub(crate) const fn subject_kind(&self) -> &'static str {
        self.subject_kind
    }

    pub(crate) const fn subject_id(&self) -> Uuid {
        self.subject_id
    }

    /// The event, when there is one.
    pub(crate) const fn event_id(&self) -> Option<Id<Event>> {
        self.event_id
    }

    pub(crate) fn detail_text(&self) -> String {
        Value::Object(self.detail.clone()).to_string()
    }

    /// What listeners are told: the id of the subject and the harmless values.
    pub(crate) fn data_text(&self) -> String {
        Value::Object(self.data.clone()).to_string()
    }
}
