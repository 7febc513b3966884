//! What services ask for, from their answer to the message that people get in the end: real requests to services that
//! keep the documented limits, on a clock that the tests move.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by it")]

mod broken;
mod throttled;

use std::time::Duration;

use aurora_alerts::engine::AlertEngineBuilder;
use aurora_alerts::testing::fakes::FakeServer;
use aurora_alerts::{AlertEngine, Notifier, PostedAlert, Webhook};
use aurora_core::time::{Clock as _, ManualClock};
use serde_json::Value;

const SECOND: Duration = Duration::from_secs(1);

/// An engine and its clock.
struct House {
    clock: ManualClock,
    engine: AlertEngine,
}

impl House {
    fn new(clock: &ManualClock, channels: impl FnOnce(AlertEngineBuilder) -> AlertEngineBuilder) -> Self {
        let builder = AlertEngine::builder()
            .clock(clock.clone())
            .resolve_timeout(Duration::from_secs(365 * 24 * 3_600));
        Self {
            clock: clock.clone(),
            engine: channels(builder).build().unwrap(),
        }
    }

    fn telling(clock: &ManualClock, channel: impl Notifier) -> Self {
        Self::new(clock, |builder| builder.notify(channel))
    }

    async fn fire(&self, name: &str) {
        self.engine.post([alert(name)]).await.unwrap();
        self.engine.tick().await;
    }

    async fn end(&self, name: &str) {
        let over = alert(name).ends_at(self.clock.now());
        self.engine.post([over]).await.unwrap();
        self.engine.tick().await;
    }

    async fn after(&self, wait: Duration) {
        self.clock.advance(wait);
        self.engine.tick().await;
    }
}

fn alert(name: &str) -> PostedAlert {
    PostedAlert::new([("alertname", name)])
}

fn webhook(server: &FakeServer, clock: &ManualClock) -> Webhook {
    Webhook::builder(server.url("/hook"))
        .clock(clock.clone())
        .build()
        .unwrap()
}

/// What a webhook request told: of each alert its name and the numbers and names of its changes.
fn told(body: &Value) -> Vec<String> {
    let alerts = body["data"]["alerts"].as_array().unwrap();
    alerts
        .iter()
        .map(|alert| {
            let changes: Vec<String> = alert["changes"]
                .as_array()
                .unwrap()
                .iter()
                .map(|change| format!("{} {}", change["seq"], change["status"].as_str().unwrap()))
                .collect();
            format!("{}: {}", alert["rule"].as_str().unwrap(), changes.join(", "))
        })
        .collect()
}
