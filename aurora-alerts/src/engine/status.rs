//! How the channels are doing.

use std::collections::BTreeMap;

use aurora_core::time::Timestamp;
use serde::Serialize;

use super::AlertEngine;
use crate::history::{DeliveryRecord, Outcome};
use crate::notifier::NotifyErrorKind;
use crate::telemetry;

/// How a channel has done since the engine was built, and how it stands.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ChannelStatus {
    /// The channel.
    pub channel: String,
    /// What sort of channel it is, such as `slack`; see [`Notifier::kind`](crate::Notifier::kind).
    pub kind: String,
    /// Notifications it took.
    pub delivered: u64,
    /// Failed attempts after which another followed.
    pub retried: u64,
    /// Notifications given up after failed attempts.
    pub failed: u64,
    /// Notifications whose place a newer one or a digest took.
    pub superseded: u64,
    /// Notifications that went to the fallback channel.
    pub redirected: u64,
    /// Notifications that wait now.
    pub queued: usize,
    /// When the oldest of them was written.
    pub oldest: Option<Timestamp>,
    /// The channel, or one of its targets, asked to be left alone until then.
    pub throttled_until: Option<Timestamp>,
    /// Since when it is switched off, with all or some of its targets.
    pub disabled_since: Option<Timestamp>,
    /// Why it was switched off.
    pub disabled_by: Option<NotifyErrorKind>,
    /// The mean time of an attempt, in milliseconds.
    pub mean_took_ms: Option<f64>,
}

/// Counts by channel.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    delivered: u64,
    retried: u64,
    failed: u64,
    superseded: u64,
    redirected: u64,
    attempts: u64,
    took_ms: u64,
}

impl Counts {
    pub(super) fn count(&mut self, record: &DeliveryRecord) {
        let counter = match record.outcome {
            Outcome::Delivered { .. } => &mut self.delivered,
            Outcome::Retrying { .. } => &mut self.retried,
            Outcome::Failed { .. } => &mut self.failed,
            Outcome::Superseded => &mut self.superseded,
            Outcome::Redirected => &mut self.redirected,
        };
        *counter = counter.saturating_add(1);
        if record.attempt > 0 {
            self.attempts = self.attempts.saturating_add(1);
            self.took_ms = self.took_ms.saturating_add(record.took_ms);
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "a mean for people")]
    fn mean_took_ms(self) -> Option<f64> {
        (self.attempts > 0).then(|| self.took_ms as f64 / self.attempts as f64)
    }
}

impl AlertEngine {
    /// How every channel is doing, in the order in which they were added.
    #[must_use]
    pub fn channels(&self) -> Vec<ChannelStatus> {
        let now = self.inner.now();
        let counts: BTreeMap<String, Counts> = self.inner.journal.counts();
        let brain = self.brain();
        let channels = self.inner.notifiers.iter().map(|(name, notifier)| {
            let counts = counts.get(name).copied().unwrap_or_default();
            let standing = brain.core.pipeline().channel(name, now);
            telemetry::queued(name, standing.queued);
            ChannelStatus {
                channel: name.clone(),
                kind: notifier.kind().to_owned(),
                delivered: counts.delivered,
                retried: counts.retried,
                failed: counts.failed,
                superseded: counts.superseded,
                redirected: counts.redirected,
                queued: standing.queued,
                oldest: standing.oldest,
                throttled_until: standing.throttled_until,
                disabled_since: standing.disabled.map(|(since, _)| since),
                disabled_by: standing.disabled.map(|(_, by)| by),
                mean_took_ms: counts.mean_took_ms(),
            }
        });
        channels.collect()
    }
}
