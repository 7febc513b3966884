//! What happened: changes of alerts, attempts to deliver, what people did.

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::labels::{Fingerprint, Labels};
use crate::matcher::Matchers;
use crate::notification::{DeliveryId, Reason, Status};
use crate::notifier::NotifyErrorKind;
use crate::rule::Severity;
use crate::state::Decision;

/// One line of the history.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Record {
    /// Its number within the engine, unique and rising.
    pub seq: i64,
    /// When.
    pub at: Timestamp,
    /// The alert that it is about; none where it is about several or none.
    pub fingerprint: Option<Fingerprint>,
    /// The rule of that alert.
    pub rule: Option<String>,
    /// How bad that alert is.
    pub severity: Option<Severity>,
    /// The labels of that alert; none of what was written before they were kept.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub labels: Option<Labels>,
    /// The channel that it is about.
    pub channel: Option<String>,
    /// What happened.
    #[serde(flatten)]
    pub entry: Entry,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Entry {
    /// An alert changed.
    Alert {
        /// What was decided.
        #[serde(flatten)]
        decision: Decision,
        /// The value, where there was one.
        value: Option<f64>,
        /// Since when the condition holds or held.
        starts_at: Timestamp,
    },
    /// An attempt to deliver ended, or a notification had none.
    Delivery {
        /// The delivery, the same over its attempts.
        id: DeliveryId,
        /// The target of the channel.
        target: String,
        /// Why it was sent.
        reason: Reason,
        /// Whether it told of a firing or of its end.
        status: Status,
        /// How many alerts it named.
        alerts: u64,
        /// Which attempt it was, from 1; 0 when there was none.
        attempt: u32,
        /// How long the attempt took, in milliseconds.
        took_ms: u64,
        /// From the writing of the notification to this outcome, in milliseconds.
        waited_ms: u64,
        /// What became of it.
        #[serde(flatten)]
        outcome: Outcome,
    },
    /// Somebody acknowledged an alert.
    Acknowledged {
        /// Who.
        by: String,
        /// What was said.
        comment: String,
        /// Until when it counts.
        until: Option<Timestamp>,
    },
    /// An acknowledgement was taken back or ran out.
    Unacknowledged {
        /// Who took it back; empty when it ran out.
        by: String,
    },
    /// An alert went on to a step of its escalation chain.
    Escalated {
        /// The step, from 1.
        step: u32,
        /// The receiver that is told.
        receiver: String,
    },
    /// A silence was made, changed or ended.
    Silence {
        /// Its id.
        id: String,
        /// `created`, `changed` or `expired`.
        change: String,
        /// Who.
        by: String,
        /// Which alerts it silences; empty of what was written before they were kept.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        matchers: Vec<Matchers>,
    },
    /// A channel was switched off or on.
    Channel {
        /// Whether it is used now.
        enabled: bool,
        /// Why.
        reason: Option<NotifyErrorKind>,
    },
    /// An alert began or ceased to change so often that changes are told as a digest.
    Flapping {
        /// Whether it began.
        began: bool,
    },
}

impl Entry {
    /// The lower-case name of its kind.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::Alert { .. } => "alert",
            Self::Delivery { .. } => "delivery",
            Self::Acknowledged { .. } => "acknowledged",
            Self::Unacknowledged { .. } => "unacknowledged",
            Self::Escalated { .. } => "escalated",
            Self::Silence { .. } => "silence",
            Self::Channel { .. } => "channel",
            Self::Flapping { .. } => "flapping",
        }
    }

    /// What became of a delivery; `None` of everything else.
    #[must_use]
    pub const fn outcome(&self) -> Option<&Outcome> {
        match self {
            Self::Delivery { outcome, .. } => Some(outcome),
            _ => None,
        }
    }
}

/// What became of one attempt, or of a notification that had none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "outcome", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Outcome {
    /// The channel took it.
    Delivered {
        /// The name that the channel gave the message, if it gave one.
        message: Option<String>,
    },
    /// The attempt failed; another will follow.
    Retrying {
        /// Why it failed.
        error: NotifyErrorKind,
        /// The error's text.
        detail: String,
        /// Not before then.
        next_at: Timestamp,
    },
    /// The attempt failed and no other will follow on this channel.
    Failed {
        /// Why it failed.
        error: NotifyErrorKind,
        /// The error's text.
        detail: String,
    },
    /// A newer notification of the same group, or a digest, says it too.
    Superseded,
    /// The channel or target is gone, or the channel was switched off; its alerts went to the fallback channel.
    Redirected,
}

impl Outcome {
    /// The lower-case name, for metrics and records.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Delivered { .. } => "delivered",
            Self::Retrying { .. } => "retrying",
            Self::Failed { .. } => "failed",
            Self::Superseded => "superseded",
            Self::Redirected => "redirected",
        }
    }
}

/// One line of the delivery log: an attempt, or what became of a notification that had none.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DeliveryRecord {
    /// When the outcome was known.
    pub at: Timestamp,
    /// The delivery, the same over its attempts.
    pub id: DeliveryId,
    /// The channel.
    pub channel: String,
    /// The target of the channel; empty where it has but one.
    pub target: String,
    /// The identity of the first alert that it named.
    pub fingerprint: Fingerprint,
    /// The name of that alert's rule.
    pub rule: String,
    /// How bad that alert is.
    pub severity: Severity,
    /// Whether it told of a firing or of its end.
    pub status: Status,
    /// Why it was sent.
    pub reason: Reason,
    /// How many alerts it named.
    pub alerts: u64,
    /// Which attempt it was, from 1; 0 when there was none.
    pub attempt: u32,
    /// How long the attempt took, in milliseconds; 0 when there was none.
    pub took_ms: u64,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl DeliveryRecord {
    /// The line of a record that is about a delivery.
    pub(crate) fn of(record: &Record) -> Option<Self> {
        let Entry::Delivery {
            id,
            target,
            reason,
            status,
            alerts,
            attempt,
            took_ms,
            outcome,
            ..
        } = &record.entry
        else {
            return None;
        };
        Some(Self {
            at: record.at,
            id: *id,
            channel: record.channel.clone()?,
            target: target.clone(),
            fingerprint: record.fingerprint?,
            rule: record.rule.clone()?,
            severity: record.severity?,
            status: *status,
            reason: *reason,
            alerts: *alerts,
            attempt: *attempt,
            took_ms: *took_ms,
            outcome: outcome.clone(),
        })
    }
}

/// Which part of the history is asked for. Everything that is left out is not looked at.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct HistoryQuery {
    /// From then on.
    pub from: Option<Timestamp>,
    /// Until then, exclusive.
    pub to: Option<Timestamp>,
    /// Of this alert.
    pub fingerprint: Option<Fingerprint>,
    /// Of alerts of this rule.
    pub rule: Option<String>,
    /// Of this channel.
    pub channel: Option<String>,
    /// Of this kind ([`Entry::kind`]).
    pub kind: Option<&'static str>,
    /// Deliveries with this outcome ([`Outcome::as_str`]).
    pub outcome: Option<&'static str>,
}

impl HistoryQuery {
    /// Whether a record is of the part that is asked for.
    #[must_use]
    pub fn wants(&self, record: &Record) -> bool {
        let is = |wanted: &Option<String>, part: &Option<String>| wanted.is_none() || wanted == part;
        self.from.is_none_or(|from| record.at >= from)
            && self.to.is_none_or(|to| record.at < to)
            && (self.fingerprint.is_none() || self.fingerprint == record.fingerprint)
            && is(&self.rule, &record.rule)
            && is(&self.channel, &record.channel)
            && self.kind.is_none_or(|kind| record.entry.kind() == kind)
            && self
                .outcome
                .is_none_or(|wanted| record.entry.outcome().map(Outcome::as_str) == Some(wanted))
    }
}
