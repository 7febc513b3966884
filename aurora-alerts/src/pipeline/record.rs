use std::collections::VecDeque;

use aurora_core::time::Timestamp;
use serde::Serialize;

use crate::labels::Fingerprint;
use crate::notification::{DeliveryId, Notification, Status};
use crate::notifier::NotifyErrorKind;
use crate::rule::Severity;

/// What became of one attempt, or of a notification that had none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
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
        reason: NotifyErrorKind,
        /// The error's text.
        detail: String,
        /// Not before then.
        next_at: Timestamp,
    },
    /// The attempt failed and no other will follow.
    Failed {
        /// Why it failed.
        reason: NotifyErrorKind,
        /// The error's text.
        detail: String,
    },
    /// The channel's outbox was full and this was the least severe in it.
    Dropped,
}

impl Outcome {
    /// The lower-case name, for metrics and records.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Delivered { .. } => "delivered",
            Self::Retrying { .. } => "retrying",
            Self::Failed { .. } => "failed",
            Self::Dropped => "dropped",
        }
    }
}

/// One line of the delivery log.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[non_exhaustive]
pub struct DeliveryRecord {
    /// When the outcome was known.
    pub at: Timestamp,
    /// The delivery, the same over its attempts.
    pub id: DeliveryId,
    /// The channel.
    pub channel: String,
    /// The identity of the alert.
    pub fingerprint: Fingerprint,
    /// The name of the rule.
    pub rule: String,
    /// How bad the alert is.
    pub severity: Severity,
    /// Whether it told of a firing or of its end.
    pub status: Status,
    /// Which attempt it was, from 1.
    pub attempt: u32,
    /// How long the attempt took, in milliseconds; 0 when there was none.
    pub took_ms: u64,
    /// What became of it.
    #[serde(flatten)]
    pub outcome: Outcome,
}

impl DeliveryRecord {
    pub(crate) fn of(
        channel: &str,
        notification: &Notification,
        outcome: Outcome,
        at: Timestamp,
        took_ms: u64,
    ) -> Self {
        Self {
            at,
            id: notification.id,
            channel: channel.to_owned(),
            fingerprint: notification.fingerprint,
            rule: notification.rule.clone(),
            severity: notification.severity,
            status: notification.status,
            attempt: notification.attempt,
            took_ms,
            outcome,
        }
    }
}

/// How a channel has done since the engine was built.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ChannelStatus {
    /// The channel.
    pub channel: String,
    /// Notifications it took.
    pub delivered: u64,
    /// Failed attempts after which another followed.
    pub retried: u64,
    /// Notifications given up after failed attempts.
    pub failed: u64,
    /// Notifications dropped because the outbox was full.
    pub dropped: u64,
    /// Notifications that wait now.
    pub queued: usize,
    /// The channel asked to be left alone until then.
    pub throttled_until: Option<Timestamp>,
}

impl ChannelStatus {
    pub(crate) fn count(&mut self, outcome: &Outcome) {
        let counter = match outcome {
            Outcome::Delivered { .. } => &mut self.delivered,
            Outcome::Retrying { .. } => &mut self.retried,
            Outcome::Failed { .. } => &mut self.failed,
            Outcome::Dropped => &mut self.dropped,
        };
        *counter += 1;
    }
}

/// The last few of something.
#[derive(Debug)]
pub(crate) struct Ring<T> {
    items: VecDeque<T>,
    capacity: usize,
}

impl<T: Clone> Ring<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            items: VecDeque::new(),
            capacity,
        }
    }

    pub(crate) fn push(&mut self, item: T) {
        if self.items.len() >= self.capacity {
            self.items.pop_front();
        }
        if self.capacity > 0 {
            self.items.push_back(item);
        }
    }

    /// At most `limit`, the newest first.
    pub(crate) fn newest(&self, limit: usize) -> Vec<T> {
        self.items.iter().rev().take(limit).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_keeps_the_newest() {
        let mut ring = Ring::new(2);
        for n in 0..4 {
            ring.push(n);
        }
        assert_eq!(ring.newest(10), [3, 2]);
        assert_eq!(ring.newest(1), [3]);
        let mut none = Ring::new(0);
        none.push(1);
        assert!(none.newest(1).is_empty());
    }
}
