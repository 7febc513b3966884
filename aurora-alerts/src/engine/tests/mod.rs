//! The engine as an application sees it, on a clock that the test moves.

mod acknowledging;
mod channels;
mod corners;
mod fed;
mod flapping;
mod holding;
mod kept;
mod previewing;
mod replicas;
mod routing;
mod rules;
mod running;
mod telling;

use std::pin::pin;
use std::task::Poll;
use std::time::Duration;

use aurora_core::time::{Clock, ManualClock, Timestamp};

use super::{AlertEngine, AlertEngineBuilder};
use crate::labels::{Fingerprint, Labels};
use crate::pipeline::Stage;
use crate::posted::PostedAlert;
use crate::testing::Recorder;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);

/// Waits for an answer while the replica that leads goes on.
async fn beside<T>(leader: &AlertEngine, clock: &ManualClock, asked: impl Future<Output = T>) -> T {
    let mut asked = pin!(asked);
    loop {
        if let Poll::Ready(answer) = futures::poll!(asked.as_mut()) {
            return answer;
        }
        clock.advance(Duration::from_millis(100));
        leader.tick().await;
    }
}

/// An engine, its clock and somebody who writes down what is told.
struct House {
    clock: ManualClock,
    engine: AlertEngine,
    told: Recorder,
}

impl House {
    fn new() -> Self {
        Self::with(|builder| builder)
    }

    fn with(shape: impl FnOnce(AlertEngineBuilder) -> AlertEngineBuilder) -> Self {
        let clock = ManualClock::default();
        let told = Recorder::new();
        let builder = AlertEngine::builder()
            .notify(told.clone())
            .resolve_timeout(HOUR * 24 * 365)
            .clock(clock.clone());
        let engine = shape(builder).build().unwrap();
        Self { clock, engine, told }
    }

    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn after(&self, wait: Duration) {
        self.clock.advance(wait);
        self.engine.tick().await;
    }

    /// Ticks every second, as `run` would.
    async fn passing(&self, seconds: u64) {
        for _ in 0..seconds {
            self.after(SECOND).await;
        }
    }

    async fn fire(&self, labels: impl Into<Labels>) -> Fingerprint {
        let alert = PostedAlert::new(labels);
        let fingerprint = alert.fingerprint();
        self.engine.post([alert]).await.unwrap();
        self.engine.tick().await;
        fingerprint
    }

    async fn resolve(&self, labels: impl Into<Labels>) {
        let alert = PostedAlert::new(labels).ends_at(self.now());
        self.engine.post([alert]).await.unwrap();
        self.engine.tick().await;
    }

    /// What was told since the last look, each as its mark and the names of its alerts.
    fn heard(&self) -> Vec<String> {
        heard(&self.told)
    }

    fn stages(&self, fingerprint: Fingerprint) -> Vec<Stage> {
        let explanation = self.engine.explain(fingerprint).unwrap();
        let targets = explanation.groups.into_iter().flat_map(|group| group.targets);
        targets.map(|target| target.stage).collect()
    }
}

fn heard(recorder: &Recorder) -> Vec<String> {
    recorder
        .take()
        .iter()
        .map(|notification| {
            let names: Vec<String> = notification
                .alerts
                .iter()
                .map(|alert| format!("{}={}", alert.rule, alert.status))
                .collect();
            format!("{}: {}", notification.mark(), names.join(" "))
        })
        .collect()
}

fn named(name: &str) -> Labels {
    Labels::from([("alertname", name)])
}

fn severe(name: &str) -> Labels {
    Labels::from([("alertname", name), ("severity", "critical")])
}
