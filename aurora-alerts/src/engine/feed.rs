//! Numbers that come from elsewhere in Aurora.

use aurora_core::monitor::Monitor;

use super::AlertEngine;
use crate::labels::Labels;

impl AlertEngine {
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
