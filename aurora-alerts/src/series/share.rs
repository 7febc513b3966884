//! A mean that several replicas measure together, each of its own traffic.

use std::collections::BTreeMap;
use std::time::Duration;

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::labels::Labels;

/// A replica that has said nothing for so long no longer counts.
const FRESH: Duration = Duration::from_secs(15);
/// The most replicas that measure one mean.
const MOST_SHARES: usize = 64;

/// How much one replica's share of a mean weighs, see [`AlertEngine::offer_share`](crate::AlertEngine::offer_share).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Share {
    /// How often it was measured, such as the calls of which a part failed.
    pub count: u64,
    /// Fewer measurements than this, of all replicas together, say nothing. Where replicas differ, the lowest counts.
    pub least: u64,
}

#[derive(Debug, Clone, Copy)]
struct Heard {
    value: f64,
    share: Share,
    at: Timestamp,
}

/// The last shares of every mean, by metric and labels, then by replica.
#[derive(Debug, Default)]
pub(super) struct Shares {
    heard: BTreeMap<(String, Labels), BTreeMap<String, Heard>>,
    /// Since when the shares of others come here.
    since: Option<Timestamp>,
}

impl Shares {
    /// Takes a share that came `at` this time; whether there was room for it among at most `most` means.
    pub(super) fn take(
        &mut self,
        (metric, labels): (&str, &Labels),
        of: &str,
        (value, share): (f64, Share),
        at: Timestamp,
        most: usize,
    ) -> bool {
        let key = (metric.to_owned(), labels.clone());
        if !self.heard.contains_key(&key) && self.heard.len() >= most {
            self.heard.retain(|_, shares| {
                shares.retain(|_, heard| heard.is_fresh(at));
                !shares.is_empty()
            });
            if self.heard.len() >= most {
                return false;
            }
        }
        let shares = self.heard.entry(key).or_default();
        shares.retain(|_, heard| heard.is_fresh(at));
        if shares.len() >= MOST_SHARES && !shares.contains_key(of) {
            return false;
        }
        shares.insert(of.to_owned(), Heard { value, share, at });
        true
    }

    /// From now on the shares of others come here: there is no mean until each that counts has had its say.
    pub(super) fn wait(&mut self, now: Timestamp) {
        self.since = Some(now);
    }

    /// The mean over all replicas; `None` while it says nothing.
    pub(super) fn mean(&self, metric: &str, labels: &Labels, now: Timestamp) -> Option<f64> {
        if self.since.is_some_and(|since| now.since(since) < FRESH) {
            return None;
        }
        let shares = self.heard.get(&(metric.to_owned(), labels.clone()))?;
        let least = shares.values().map(|heard| heard.share.least).min()?;
        let counted = || shares.values().filter(|heard| heard.share.count > 0);
        let total: u64 = counted().fold(0, |total, heard| total.saturating_add(heard.share.count));
        if total < least.max(1) {
            return None;
        }
        // Alone it is what was measured, to the last bit.
        if let (Some(only), 1) = (counted().next(), counted().count()) {
            return Some(only.value);
        }
        let weight = |heard: &Heard| as_float(heard.share.count) / as_float(total);
        Some(counted().map(|heard| heard.value * weight(heard)).sum())
    }
}

impl Heard {
    fn is_fresh(&self, now: Timestamp) -> bool {
        now.since(self.at) < FRESH
    }
}

#[expect(clippy::cast_precision_loss, reason = "a weight need not be exact")]
const fn as_float(count: u64) -> f64 {
    count as f64
}
