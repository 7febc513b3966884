//! Tells the bus what happens: to alerts and their notifications, and to the targets of the model client.

use std::collections::BTreeMap;
use std::time::Duration;

use aurora_alerts::Severity;
use aurora_alerts::engine::Event;
use aurora_alerts::history::{Entry, HistoryQuery, Outcome, Record};
use aurora_core::page::PageRequest;
use serde_json::{Value, json};

use crate::http::bus::Level;
use crate::state::AppState;

/// How often states are compared.
const EVERY: Duration = Duration::from_secs(1);

/// Tells until the app stops.
pub(super) async fn run(state: &AppState) {
    let mut alerts = Some(state.alerts.subscribe());
    let mut watch = Watch::of(state);
    loop {
        let event = async {
            match &mut alerts {
                Some(alerts) => alerts.next().await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            biased;
            () = state.stop.cancelled() => return,
            event = event => match event {
                Some(event) => tell(state, &event),
                None => alerts = None,
            },
            () = state.clock.sleep(EVERY) => watch.look(state).await,
        }
    }
}

fn tell(state: &AppState, event: &Event) {
    let data = |value: serde_json::Result<Value>| value.unwrap_or_default();
    match event {
        Event::Alert(change) => {
            let alert = &change.alert;
            let about = json!({
                "fingerprint": alert.fingerprint,
                "rule": alert.rule,
                "severity": alert.severity,
                "labels": alert.labels,
                "value": alert.state.value,
                "starts_at": alert.state.phase.active_since(),
            });
            let change = change.decision.as_str();
            state.bus.publish(
                None,
                format!("alert.{change}"),
                level_of(change, Some(alert.severity)),
                about,
            );
        }
        Event::Delivery(delivery) => {
            let kind = format!("delivery.{}", delivery.outcome.as_str());
            let level = outcome_level(&delivery.outcome);
            state
                .bus
                .publish(None, kind, level, data(serde_json::to_value(delivery)));
        }
        Event::Record(record) => tell_record(state, record),
        _ => {}
    }
}

fn tell_record(state: &AppState, record: &Record) {
    let (kind, level) = match &record.entry {
        Entry::Alert { decision, .. } => {
            let change = decision.as_str();
            (format!("alert.{change}"), level_of(change, record.severity))
        }
        Entry::Delivery { outcome, .. } => (format!("delivery.{}", outcome.as_str()), outcome_level(outcome)),
        Entry::Silence { change, .. } => (format!("silence.{change}"), Level::Info),
        Entry::Channel { enabled: true, .. } => ("channel.enabled".to_owned(), Level::Info),
        Entry::Channel { .. } => ("channel.disabled".to_owned(), Level::Error),
        Entry::Escalated { .. } => ("alert.escalated".to_owned(), Level::Warning),
        Entry::Flapping { began: true } => ("alert.flapping".to_owned(), Level::Warning),
        other => (format!("alert.{}", other.kind()), Level::Info),
    };
    let data = serde_json::to_value(record).unwrap_or_default();
    state.bus.publish(None, kind, level, data);
}

/// A firing matters as much as it is bad; everything else is the course of things.
fn level_of(change: &str, severity: Option<Severity>) -> Level {
    match (change, severity) {
        ("fired" | "cooldown_over", Some(Severity::Critical)) => Level::Error,
        ("fired" | "cooldown_over", Some(Severity::Warning)) => Level::Warning,
        _ => Level::Info,
    }
}

const fn outcome_level(outcome: &Outcome) -> Level {
    match outcome {
        Outcome::Failed { .. } => Level::Error,
        Outcome::Retrying { .. } | Outcome::Redirected => Level::Warning,
        _ => Level::Info,
    }
}

/// What was so at the last look.
#[derive(Debug, Default)]
struct Watch {
    targets: BTreeMap<String, &'static str>,
    fallbacks: u64,
    /// While another replica leads: the last line of the alerts' history that was told or need not be.
    seen: Option<i64>,
}

impl Watch {
    fn of(state: &AppState) -> Self {
        Self {
            targets: targets(state),
            fallbacks: state.gateway.fallbacks(),
            seen: None,
        }
    }

    async fn look(&mut self, state: &AppState) {
        let now = targets(state);
        for (target, circuit) in &now {
            let before = self.targets.get(target).copied();
            if before.is_some_and(|before| before != *circuit) {
                let level = if *circuit == "closed" {
                    Level::Info
                } else {
                    Level::Warning
                };
                let data = json!({"target": target, "state": circuit, "before": before});
                state.bus.publish(None, "provider.state", level, data);
            }
        }
        self.targets = now;
        let fallbacks = state.gateway.fallbacks();
        if fallbacks > self.fallbacks {
            let data = json!({"calls": fallbacks - self.fallbacks, "total": fallbacks});
            state.bus.publish(None, "llm.fallback", Level::Warning, data);
        }
        self.fallbacks = fallbacks;
        self.read_on(state).await;
    }

    /// What the replica that leads has written: its own process tells its listeners, this one those of this process.
    async fn read_on(&mut self, state: &AppState) {
        if state.alerts.leads() {
            self.seen = None;
            return;
        }
        let most = self.seen.map_or(1, |_| PageRequest::MAX_LIMIT);
        let records = newest(state, most).await;
        let last = records.iter().map(|record| record.seq).max();
        if let Some(seen) = self.seen {
            for record in records.iter().rev().filter(|record| record.seq > seen) {
                tell_record(state, record);
            }
        }
        self.seen = last.or(self.seen).or(Some(0));
    }
}

fn targets(state: &AppState) -> BTreeMap<String, &'static str> {
    let client = state.gateway.client();
    let targets = client.map(aurora_llm::LlmClient::status).unwrap_or_default();
    targets
        .into_iter()
        .map(|target| (target.name, target.state))
        .collect()
}

/// The latest lines of the history, the newest first; none where the store does not answer, which is logged elsewhere.
async fn newest(state: &AppState, most: u32) -> Vec<Record> {
    let page = state
        .alerts
        .records(&HistoryQuery::default(), &PageRequest::first(most))
        .await;
    page.map(|page| page.items).unwrap_or_default()
}
