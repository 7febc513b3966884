//! What channels are asked to tell people.

mod named;

use std::collections::BTreeMap;
use std::fmt;

use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

pub use named::{Change, NamedAlert};

use crate::labels::Labels;
use crate::rule::Severity;

/// Marks the ids of deliveries: one notification on its way to one target of one channel.
#[derive(Debug)]
#[non_exhaustive]
pub struct Delivery;

impl IdKind for Delivery {
    const PREFIX: &'static str = "dlv";
}

/// Names one notification to one target of one channel; the same over all its attempts, so that a receiver can tell a
/// repetition.
pub type DeliveryId = Id<Delivery>;

/// Whether an alert fires or is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Status {
    /// It fires.
    Firing,
    /// It is over.
    Resolved,
}

impl Status {
    /// The lower-case name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Firing => "firing",
            Self::Resolved => "resolved",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Why a notification is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// Alerts fired, resolved, or did both since the target was last told.
    Changed,
    /// Nothing changed; it still fires, and the repeat interval is over.
    Repeated,
    /// Nobody acknowledged in time: the next step of an escalation chain.
    Escalated,
    /// Somebody acknowledged. Sent only to channels that have a place for it.
    Acknowledged,
    /// Alerts change so often that each change is no longer told: how they do.
    Flapping,
    /// Several notifications that had to wait, in one.
    Digest,
    /// Somebody tries the channel; nothing has happened.
    Test,
    /// Somebody has something to say; no alert is behind it.
    Message,
}

impl Reason {
    /// The lower-case name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Changed => "changed",
            Self::Repeated => "repeated",
            Self::Escalated => "escalated",
            Self::Acknowledged => "acknowledged",
            Self::Flapping => "flapping",
            Self::Digest => "digest",
            Self::Test => "test",
            Self::Message => "message",
        }
    }
}

/// What a target of a channel is asked to tell people: one alert, or several of a group.
///
/// `Display` gives it as text: one line with a mark for one alert, `[WARNING] Error rate high: error_rate 31 > 20`; for
/// several a headline and a line for each.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Notification {
    /// The id of the delivery, the same over all attempts: the idempotency key.
    pub id: DeliveryId,
    /// Firing while one of its alerts fires.
    pub status: Status,
    /// Why it is sent.
    pub reason: Reason,
    /// The worst of the alerts that fire, or of all where none does.
    pub severity: Severity,
    /// The name of the receiver that routed it here.
    pub receiver: String,
    /// Which of the channel's targets is to get it; empty where the channel has but one.
    pub target: String,
    /// Where the target has moved, when the channel said so before.
    pub moved_to: Option<String>,
    /// The identity of the group, the same over its notifications.
    pub group_key: String,
    /// The labels by which the group was formed.
    pub group_labels: Labels,
    /// The alerts that it tells of, the worst first; never more than the channel's limit.
    pub alerts: Vec<NamedAlert>,
    /// How many further alerts of the group fire, of which this target was told before.
    pub others_firing: u64,
    /// The step of the escalation chain, from 1, where it is one.
    pub escalation_step: Option<u32>,
    /// A signed link by which whoever reads it can acknowledge.
    pub acknowledge_url: Option<String>,
    /// When it was written.
    pub created_at: Timestamp,
    /// Which attempt this is, from 1.
    pub attempt: u32,
}

impl Notification {
    /// Something harmless by which a channel can be tried; it is clearly marked as a test.
    #[must_use]
    pub fn test(target: impl Into<String>, now: Timestamp) -> Self {
        let labels = Labels::from([("alertname", "Aurora test")]);
        let alert = NamedAlert {
            fingerprint: labels.fingerprint(),
            rule: "Aurora test".to_owned(),
            status: Status::Firing,
            severity: Severity::Info,
            metric: None,
            value: None,
            operator: None,
            threshold: None,
            description: "This is a test of the channel; nothing has happened. / Este é um teste do canal; nada aconteceu."
                .to_owned(),
            labels: Labels::new(),
            annotations: BTreeMap::new(),
            starts_at: now,
            ends_at: None,
            resolve_reason: None,
            generator_url: None,
            acknowledged_by: None,
            changes: Vec::new(),
            changes_total: 0,
        };
        Self {
            id: DeliveryId::new(now),
            status: Status::Firing,
            reason: Reason::Test,
            severity: Severity::Info,
            receiver: "test".to_owned(),
            target: target.into(),
            moved_to: None,
            group_key: "aurora/test".to_owned(),
            group_labels: Labels::new(),
            alerts: vec![alert],
            others_firing: 0,
            escalation_step: None,
            acknowledge_url: None,
            created_at: now,
            attempt: 1,
        }
    }

    /// What somebody wants said, with a headline and a text; no alert is behind it.
    #[must_use]
    pub fn message(
        title: impl Into<String>,
        text: impl Into<String>,
        severity: Severity,
        now: Timestamp,
    ) -> Self {
        let mut message = Self::test("", now);
        message.reason = Reason::Message;
        message.severity = severity;
        "message".clone_into(&mut message.receiver);
        "aurora/message".clone_into(&mut message.group_key);
        if let Some(alert) = message.alerts.first_mut() {
            alert.rule = title.into();
            alert.description = text.into();
            alert.severity = severity;
            alert.fingerprint = Labels::from([("alertname", alert.rule.as_str())]).fingerprint();
        }
        message
    }

    /// The address to send to: where the target has moved, or the target itself.
    #[must_use]
    pub fn address(&self) -> &str {
        self.moved_to.as_deref().unwrap_or(&self.target)
    }

    /// How many of its alerts fire.
    #[must_use]
    pub fn firing(&self) -> usize {
        self.alerts
            .iter()
            .filter(|alert| alert.status == Status::Firing)
            .count()
    }

    /// How many of its alerts are over.
    #[must_use]
    pub fn resolved(&self) -> usize {
        self.alerts.len() - self.firing()
    }

    /// The labels that all its alerts share.
    #[must_use]
    pub fn common_labels(&self) -> Labels {
        let Some((first, rest)) = self.alerts.split_first() else {
            return Labels::new();
        };
        first
            .labels
            .iter()
            .filter(|(name, value)| rest.iter().all(|alert| alert.labels.get(name) == Some(value)))
            .collect()
    }

    /// The annotations that all its alerts share.
    #[must_use]
    pub fn common_annotations(&self) -> BTreeMap<String, String> {
        let Some((first, rest)) = self.alerts.split_first() else {
            return BTreeMap::new();
        };
        let shared = |entry: &(&String, &String)| {
            rest.iter()
                .all(|alert| alert.annotations.get(entry.0) == Some(entry.1))
        };
        first
            .annotations
            .iter()
            .filter(shared)
            .map(|(name, text)| (name.clone(), text.clone()))
            .collect()
    }

    /// The word in brackets: `WARNING`, `RESOLVED`, `TEST`, with what makes it special: `CRITICAL, escalated to step 2`.
    #[must_use]
    pub fn mark(&self) -> String {
        let word = match (self.reason, self.status) {
            (Reason::Test, _) => "test",
            (Reason::Flapping, _) => "flapping",
            (_, Status::Firing) => self.severity.as_str(),
            (_, Status::Resolved) => self.status.as_str(),
        }
        .to_uppercase();
        match (self.reason, self.escalation_step) {
            (Reason::Escalated, Some(step)) => format!("{word}, escalated to step {step}"),
            (Reason::Repeated, _) => format!("{word}, still firing"),
            (Reason::Acknowledged, _) => format!("{word}, acknowledged"),
            _ => word,
        }
    }

    /// The headline: `[WARNING] Error rate high`, `[RESOLVED] Error rate high`, `[CRITICAL] 3 alerts: Error rate high, …`.
    #[must_use]
    pub fn title(&self) -> String {
        let mark = self.mark();
        match self.alerts.as_slice() {
            [] => format!("[{mark}]"),
            [only] => format!("[{mark}] {}", only.rule),
            several => {
                let mut names: Vec<&str> = Vec::new();
                for alert in several {
                    if !names.contains(&alert.rule.as_str()) {
                        names.push(&alert.rule);
                    }
                }
                let more = if names.len() > 3 { ", …" } else { "" };
                names.truncate(3);
                format!("[{mark}] {} alerts: {}{more}", several.len(), names.join(", "))
            }
        }
    }
}

impl fmt::Display for Notification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.alerts.as_slice() {
            // What somebody wants said stands in the description.
            [only] if self.reason == Reason::Message && !only.description.is_empty() => {
                write!(f, "[{}] {}: {}", self.mark(), only.rule, only.description)?;
            }
            [only] => write!(f, "[{}] {only}", self.mark())?,
            several => {
                f.write_str(&self.title())?;
                for alert in several {
                    write!(f, "\n  [{}] {alert}", word(alert))?;
                }
            }
        }
        if self.others_firing > 0 {
            write!(f, " (+{} more firing)", self.others_firing)?;
        }
        Ok(())
    }
}

fn word(alert: &NamedAlert) -> String {
    match alert.status {
        Status::Firing => alert.severity.as_str(),
        Status::Resolved => alert.status.as_str(),
    }
    .to_uppercase()
}
