//! Once a second: the monitor's numbers go to the alert engine and to the metrics, and a snapshot to the dashboards. What all
//! replicas have booked today is read beside it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use aurora_alerts::Share;
use aurora_core::monitor::Summary;

use crate::state::AppState;

const EVERY: Duration = Duration::from_secs(1);
/// How often it is read what all replicas have booked today.
const READ_EVERY: Duration = Duration::from_secs(30);

/// How rates are judged for the alert rules.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Judgement {
    /// Over which time rates are taken.
    pub(crate) window: Duration,
    /// Fewer calls in the window, of all replicas together, say nothing; below it, alerts keep the last value. A target
    /// whose circuit is not closed is judged by every call: few reach it.
    pub(crate) minimum_calls: u64,
}

impl Default for Judgement {
    /// The last minute, at least five calls: one failure in a quiet night is no alert.
    fn default() -> Self {
        Self {
            window: Duration::from_secs(60),
            minimum_calls: 5,
        }
    }
}

/// Feeds alerts and dashboards until the app stops.
pub(super) async fn run(state: &AppState) {
    tokio::join!(beat(state), read_spent(state));
}

/// Reads what was booked today. The beat does not wait for it.
async fn read_spent(state: &AppState) {
    let books = state.gateway.books();
    let mut is_told = false;
    loop {
        tokio::select! {
            biased;
            () = state.stop.cancelled() => return,
            read = books.spent.read(&*books.ledger, state.clock.now()) => {
                match read {
                    Ok(()) => is_told = false,
                    Err(error) if is_told => tracing::debug!(%error, "what was booked today could not be read"),
                    Err(error) => {
                        is_told = true;
                        tracing::warn!(%error, "what was booked today could not be read; the figure of the beat stands still");
                    }
                }
            }
        }
        tokio::select! {
            biased;
            () = state.stop.cancelled() => return,
            () = state.clock.sleep(READ_EVERY) => {}
        }
    }
}

async fn beat(state: &AppState) {
    let mut feed = Feed::new(state.judgement);
    loop {
        feed.record(state);
        state.monitor.publish();
        state.pulse.beat(state);
        tokio::select! {
            () = state.stop.cancelled() => break,
            () = state.clock.sleep(EVERY) => {}
        }
    }
}

/// Turns counts into rates: `success_rate` and `error_rate` in percent, `response_time` in seconds; once without a label
/// for all calls, and once per target with the label `target`. They are this process's share of what all replicas measure.
#[derive(Debug)]
struct Feed {
    judgement: Judgement,
    counts: BTreeMap<String, VecDeque<Count>>,
}

#[derive(Debug, Clone, Copy)]
struct Count {
    at: Duration,
    total: u64,
    failed: u64,
}

impl Feed {
    const fn new(judgement: Judgement) -> Self {
        Self {
            judgement,
            counts: BTreeMap::new(),
        }
    }

    fn record(&mut self, state: &AppState) {
        let now = state.clock.elapsed();
        if let Some(calls) = state.gateway.calls() {
            self.judge("", &calls, now, self.judgement.minimum_calls, state);
        }
        let targets = state
            .gateway
            .client()
            .map(aurora_llm::LlmClient::status)
            .unwrap_or_default();
        for target in targets {
            let minimum = if target.state == "closed" {
                self.judgement.minimum_calls
            } else {
                1
            };
            if let Some(summary) = state.monitor.summary(&target.name) {
                self.judge(&target.name, &summary, now, minimum, state);
            }
        }
    }

    fn judge(&mut self, target: &str, summary: &Summary, now: Duration, minimum: u64, state: &AppState) {
        let (calls, failed) = self.recent(target, summary, now);
        if calls == 0 {
            return;
        }
        let error_rate = percent(failed, calls);
        let labels = || [("target", target)]; // an empty label is no label
        let share = Share {
            count: calls,
            least: minimum.max(1),
        };
        let record = |metric: &str, value: f64| {
            // What is refused is counted and logged by the engine.
            drop(state.samples.record_share(metric, labels(), value, share));
        };
        record("error_rate", error_rate);
        record("success_rate", 100.0 - error_rate);
        if let Some(mean) = summary.mean_ms {
            record("response_time", mean / 1_000.0);
        }
    }

    /// Calls and failures within the window.
    fn recent(&mut self, name: &str, summary: &Summary, now: Duration) -> (u64, u64) {
        let counts = self.counts.entry(name.to_owned()).or_default();
        if counts.back().is_some_and(|last| last.total > summary.total) {
            counts.clear(); // the measurements were cleared
        }
        counts.push_back(Count {
            at: now,
            total: summary.total,
            failed: summary.failed,
        });
        let begin = now.saturating_sub(self.judgement.window);
        // The newest count from before the window is where it begins.
        while counts.get(1).is_some_and(|second| second.at <= begin) {
            counts.pop_front();
        }
        let base = counts
            .front()
            .filter(|first| first.at <= begin)
            .map_or((0, 0), |first| (first.total, first.failed));
        (
            summary.total.saturating_sub(base.0),
            summary.failed.saturating_sub(base.1),
        )
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of a minute are far below 2^53")]
fn percent(part: u64, whole: u64) -> f64 {
    part as f64 * 100.0 / whole as f64
}

#[cfg(test)]
mod tests {
    use aurora_core::failure::FailureClass;
    use aurora_core::monitor::Monitor;
    use aurora_core::time::{Clock as _, ManualClock};

    use super::*;

    #[test]
    fn rates_are_those_of_the_window_alone() {
        let clock = ManualClock::default();
        let monitor = Monitor::new(clock.clone());
        let mut feed = Feed::new(Judgement {
            window: Duration::from_secs(10),
            minimum_calls: 1,
        });
        let mut second = |good: u32, bad: u32| {
            for _ in 0..good {
                monitor.record("a", Ok(()), Duration::ZERO);
            }
            for _ in 0..bad {
                monitor.record("a", Err(FailureClass::Timeout), Duration::ZERO);
            }
            clock.advance(Duration::from_secs(1));
            feed.recent("a", &monitor.summary("a").unwrap(), clock.elapsed())
        };
        assert_eq!(second(4, 0), (4, 0));
        for _ in 0..20 {
            second(4, 0);
        }
        assert_eq!(second(0, 5), (41, 5));
        for _ in 0..9 {
            second(0, 0);
        }
        assert_eq!(second(0, 0), (0, 0), "everything is older than the window");
        assert_eq!(second(0, 1), (1, 1));
    }

    #[test]
    fn cleared_measurements_begin_anew() {
        let clock = ManualClock::default();
        let monitor = Monitor::new(clock.clone());
        let mut feed = Feed::new(Judgement::default());
        monitor.record("a", Ok(()), Duration::ZERO);
        monitor.record("a", Ok(()), Duration::ZERO);
        feed.recent("a", &monitor.summary("a").unwrap(), clock.elapsed());
        clock.advance(EVERY);
        monitor.clear();
        monitor.record("a", Err(FailureClass::Timeout), Duration::ZERO);
        assert_eq!(
            feed.recent("a", &monitor.summary("a").unwrap(), clock.elapsed()),
            (1, 1)
        );
    }
}
