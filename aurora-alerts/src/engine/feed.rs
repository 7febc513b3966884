//! Numbers that come from outside and from elsewhere in Aurora.

use std::sync::atomic::Ordering;

use aurora_core::monitor::Monitor;
use aurora_core::time::Clock as _;

use super::{AlertEngine, Stage};
use crate::core::Sample;
use crate::error::{Error, ErrorKind};
use crate::labels::Labels;
use crate::series::{Refusal, Share};

impl AlertEngine {
    /// As [`record_with`](Self::record_with), and tells whether the sample was taken: for what comes from outside.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when the value is not finite,
    /// [`ErrorKind::Full`] when the metric has as many label sets as it may have,
    /// [`ErrorKind::Closed`] after the end.
    pub fn offer(&self, metric: &str, labels: impl Into<Labels>, value: f64) -> Result<(), Error> {
        self.try_take(metric, labels.into(), value, None)
    }

    /// Takes this replica's share of a mean that all replicas on the store measure together, such as a rate of errors.
    ///
    /// What is judged is the mean of the last shares of all replicas, each weighted by how often it was measured, and
    /// only when they were measured [often enough](Share::least) together: replicas that see different things are not
    /// judged in turn. A replica that says nothing for 15 s is left out; one that takes over the lead judges no such mean
    /// for as long, until it has heard them all. With one engine on the store it is as
    /// [`offer`](Self::offer).
    ///
    /// # Errors
    /// As [`offer`](Self::offer).
    ///
    /// # Examples
    /// ```
    /// use aurora_alerts::{AlertEngine, Labels, Share};
    ///
    /// # let engine = AlertEngine::builder().build()?;
    /// // 31 percent of the last 200 calls failed; fewer than 5 would say nothing.
    /// engine.offer_share("error_rate", Labels::new(), 31.0, Share { count: 200, least: 5 })?;
    /// # Ok::<(), aurora_alerts::Error>(())
    /// ```
    pub fn offer_share(
        &self,
        metric: &str,
        labels: impl Into<Labels>,
        value: f64,
        share: Share,
    ) -> Result<(), Error> {
        self.try_take(metric, labels.into(), value, Some(share))
    }

    fn try_take(&self, metric: &str, labels: Labels, value: f64, share: Option<Share>) -> Result<(), Error> {
        let taken = if value.is_finite() {
            self.take(metric, labels, value, share)
        } else {
            Err(Refusal::NotFinite)
        };
        taken.map_err(|refusal| {
            self.inner.refuse(refusal);
            let kind = match refusal {
                Refusal::NotFinite => ErrorKind::Invalid,
                Refusal::TooManySeries => ErrorKind::Full,
                Refusal::Closed => ErrorKind::Closed,
            };
            Error::new(kind, format!("metric {metric:?}"), refusal.as_str())
        })
    }

    pub(super) fn take(
        &self,
        metric: &str,
        labels: Labels,
        value: f64,
        share: Option<Share>,
    ) -> Result<(), Refusal> {
        if self.is_ending() {
            return Err(Refusal::Closed);
        }
        let at = self.inner.clock.now();
        if self.inner.following.load(Ordering::Relaxed) {
            if !value.is_finite() {
                return Err(Refusal::NotFinite);
            }
            if !self.inner.series.is_watched(metric, &labels) {
                return Ok(());
            }
            self.inner.desk.sample(Sample {
                metric: metric.to_owned(),
                labels: labels.clone(),
                value,
                at,
                share: share.map(|share| (self.inner.holder.clone(), share)),
            });
        }
        let (series, holder) = (&self.inner.series, &self.inner.holder);
        match share {
            Some(share) => series.record_share(metric, labels, value, (at, at), holder, share)?,
            None => series.record(metric, labels, value, at)?,
        }
        // The engine ended meanwhile: whether it was judged is not known, and it is counted as not.
        if *self.inner.stage.borrow() == Stage::Closed {
            return Err(Refusal::Closed);
        }
        Ok(())
    }

    /// Takes everything that `monitor` measures as samples: `success_rate` and `error_rate` in percent,
    /// `response_time` and `response_time_p95` in seconds, `requests_per_minute` and `in_flight`; once without a label
    /// for all targets together, and once per target with the label `target`.
    ///
    /// Call it as often as rules are to be judged, before [`tick`](Self::tick). Of fewer than `minimum_calls` in the
    /// monitor's window no rate and no time is taken: alerts keep the last value. This engine's
    /// [`series_limit`](super::AlertEngineBuilder::series_limit) should be two above the monitor's names (`other`, and all
    /// targets together); samples beyond are refused and counted.
    ///
    /// # Examples
    /// ```
    /// use std::time::Duration;
    /// use aurora_alerts::{AlertEngine, rule};
    /// use aurora_core::{failure::FailureClass, monitor::Monitor, time::SystemClock};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), aurora_alerts::Error> {
    /// let engine = AlertEngine::builder().rules(rule::defaults(&rule::Thresholds::default())?).build()?;
    /// let monitor = Monitor::new(SystemClock);
    /// for _ in 0..5 {
    ///     monitor.record("rates", Err(FailureClass::Timeout), Duration::from_secs(1));
    /// }
    /// engine.record_monitor(&monitor, 5);
    /// engine.tick().await;
    /// assert_eq!(engine.active().len(), 8); // four rules, for `rates` and for all targets
    /// # Ok(())
    /// # }
    /// ```
    pub fn record_monitor(&self, monitor: &Monitor, minimum_calls: u64) {
        for sample in monitor.performance().samples(minimum_calls) {
            let labels: Labels = sample.labels().collect();
            self.record_with(sample.metric, labels, sample.value);
        }
    }
}
