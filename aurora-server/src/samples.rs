//! What was measured lately, for trying out rules before they are in force.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aurora_alerts::{AlertEngine, Error, Labels, Share};
use aurora_core::time::{Clock, Timestamp};

/// The most series that are remembered.
const MOST_SERIES: usize = 500;
/// The most samples of each: an hour.
const MOST_SAMPLES: usize = 720;
/// No two samples of a series lie closer together.
const EVERY: Duration = Duration::from_secs(5);

/// By metric and labels, the oldest first.
type Recent = BTreeMap<(String, Labels), VecDeque<(Timestamp, f64)>>;

/// Hands samples to the alert engine and remembers the last of them; a cheap handle.
#[derive(Debug, Clone)]
pub(crate) struct Samples {
    engine: AlertEngine,
    clock: Arc<dyn Clock>,
    recent: Arc<Mutex<Recent>>,
}

impl Samples {
    pub(crate) fn new(engine: AlertEngine, clock: Arc<dyn Clock>) -> Self {
        Self {
            engine,
            clock,
            recent: Arc::default(),
        }
    }

    /// Takes one sample.
    ///
    /// # Errors
    /// As [`AlertEngine::offer`].
    pub(crate) fn record(&self, metric: &str, labels: impl Into<Labels>, value: f64) -> Result<(), Error> {
        let labels = labels.into();
        self.engine.offer(metric, labels.clone(), value)?;
        self.remember(metric, labels, value);
        Ok(())
    }

    /// Takes this process's share of a mean that all replicas measure together. Alone it says something only when it was
    /// measured often enough; then it is remembered.
    ///
    /// # Errors
    /// As [`AlertEngine::offer_share`].
    pub(crate) fn record_share(
        &self,
        metric: &str,
        labels: impl Into<Labels>,
        value: f64,
        share: Share,
    ) -> Result<(), Error> {
        let labels = labels.into();
        self.engine.offer_share(metric, labels.clone(), value, share)?;
        if share.count >= share.least {
            self.remember(metric, labels, value);
        }
        Ok(())
    }

    fn remember(&self, metric: &str, labels: Labels, value: f64) {
        let now = self.clock.now();
        let mut recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let key = (metric.to_owned(), labels);
        if !recent.contains_key(&key) && recent.len() >= MOST_SERIES {
            // A series that has fallen silent gives its place to one that has not.
            let oldest = recent
                .iter()
                .min_by_key(|(_, samples)| samples.back().map(|(at, _)| *at))
                .map(|(key, _)| key.clone());
            let Some(oldest) = oldest else { return };
            recent.remove(&oldest);
        }
        let samples = recent.entry(key).or_default();
        if samples.back().is_some_and(|(at, _)| now.since(*at) < EVERY) {
            return;
        }
        if samples.len() >= MOST_SAMPLES {
            samples.pop_front();
        }
        samples.push_back((now, value));
    }

    /// What is remembered since a time, the oldest first.
    pub(crate) fn since(&self, from: Timestamp) -> Vec<(Timestamp, String, Labels, f64)> {
        let recent = self.recent.lock().unwrap_or_else(PoisonError::into_inner);
        let mut all: Vec<_> = recent
            .iter()
            .flat_map(|((metric, labels), samples)| {
                let samples = samples.iter().filter(|(at, _)| *at >= from);
                samples.map(|(at, value)| (*at, metric.clone(), labels.clone(), *value))
            })
            .collect();
        drop(recent);
        all.sort_by_key(|(at, ..)| *at);
        all
    }
}

#[cfg(test)]
mod tests {
    use aurora_core::time::ManualClock;

    use super::*;

    #[test]
    fn the_last_hour_is_remembered_in_bounds() {
        let clock = ManualClock::default();
        let engine = AlertEngine::builder().clock(clock.clone()).build().unwrap();
        let samples = Samples::new(engine, Arc::new(clock.clone()));
        for n in 0..2_000_u32 {
            samples.record("m", Labels::new(), f64::from(n)).unwrap();
            clock.advance(Duration::from_secs(1));
        }
        let all = samples.since(Timestamp::UNIX_EPOCH);
        assert_eq!((all.len(), all[0].3), (400, 0.0));
        for n in 0..600 {
            samples.record("n", [("n", n.to_string())], 1.0).unwrap();
        }
        let all = samples.since(Timestamp::UNIX_EPOCH);
        assert_eq!(all.iter().filter(|sample| sample.1 == "n").count(), MOST_SERIES);
        assert!(samples.record("m", Labels::new(), f64::NAN).is_err());
    }
}
