//! What the server knows about itself at one moment, in the shapes of `/api/*` and of the dashboard.

use std::collections::BTreeMap;

use aurora_alerts::history::DeliveryRecord;
use aurora_alerts::{Alert, AlertEngine, Labels};
use aurora_core::monitor::Summary;
use aurora_core::telemetry::ProcessSnapshot;
use aurora_core::time::Timestamp;
use aurora_llm::pricing::Price;
use aurora_llm::provider::SIMULATED;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::provider_name;
use crate::state::AppState;

/// How many notifications a snapshot shows.
const NOTIFICATIONS: usize = 12;
/// How many alerts a snapshot shows; the count is of all.
const ALERTS: usize = 50;
/// How far back the changes are searched for the labels of a notification.
const CHANGES: usize = 200;

/// The server in short.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Status {
    /// When this was so (RFC 3339, UTC).
    #[schema(value_type = String, format = DateTime)]
    at: Timestamp,
    /// The version of the server.
    #[schema(example = "0.1.0")]
    version: &'static str,
    /// `development`, `staging` or `production`.
    #[schema(example = "development")]
    environment: &'static str,
    /// Whether every model answer is made up.
    simulated: bool,
    /// Whether this is `aurora demo`.
    demo: bool,
    /// Seconds since the server was started.
    uptime_seconds: u64,
    /// Connections that clients hold open.
    open_connections: usize,
    /// CPU, memory, threads and files of the process; what the system does not tell is null.
    #[schema(value_type = Object)]
    process: ProcessSnapshot,
    /// The model calls of all clients.
    pub(crate) totals: Totals,
    /// Where each target stands, in the order in which they are tried.
    providers: Vec<Provider>,
    /// Firing alerts.
    pub(crate) active_alerts: usize,
}

/// Model calls as their callers saw them. Rates and latencies are of the last minute; null without a call in it.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
pub(crate) struct Totals {
    /// Calls since the start.
    pub(crate) requests: u64,
    /// Calls that got no answer.
    pub(crate) failed: u64,
    /// Calls that another than the first target answered.
    pub(crate) fallbacks: u64,
    /// Calls per second over the last five seconds.
    pub(crate) requests_per_second: f64,
    /// Share of answered calls, in percent.
    success_rate: Option<f64>,
    /// Median latency in milliseconds.
    p50_ms: Option<f64>,
    /// 95th percentile of latency in milliseconds.
    pub(crate) p95_ms: Option<f64>,
}

/// Where a target (a provider with a model) stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Provider {
    /// The target's name.
    #[schema(example = "sim-a")]
    target: String,
    /// The provider; `simulated` when its answers are made up.
    provider: Option<String>,
    /// The model, by the provider's own name.
    model: Option<String>,
    /// Whether its answers are made up.
    simulated: bool,
    /// Lower is tried first.
    priority: u32,
    /// The circuit: `closed` (healthy), `open` (down, skipped), `half_open` (being probed), `refused` (refuses our
    /// credentials), `held` (asked to wait), or what was set by hand: `forced_open`, `disabled`, `metrics_only`.
    #[schema(example = "closed")]
    state: &'static str,
    /// Whether calls would reach it now.
    healthy: bool,
    /// Attempts that were answered.
    served: u64,
    /// Attempts that failed.
    failed: u64,
    /// Times that it was passed over.
    skipped: u64,
    /// Attempts per second over the last five seconds.
    requests_per_second: f64,
    /// Share of failed attempts in the last minute, in percent.
    error_rate: Option<f64>,
    /// 95th percentile of latency in milliseconds, over the last minute.
    p95_ms: Option<f64>,
    /// What it costs; null when that is not known.
    price: Option<PriceView>,
    /// Whether it is made to fail; in `aurora demo` alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    broken: Option<bool>,
}

/// Prices in US dollars per million tokens.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct PriceView {
    /// Input.
    #[schema(example = "2.5")]
    input_usd: String,
    /// Output.
    #[schema(example = "10")]
    output_usd: String,
}

/// What the dashboard shows, once a second.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Snapshot {
    /// The numbers of `/api/status`.
    #[serde(flatten)]
    pub(crate) status: Status,
    /// Firing and pending alerts.
    #[schema(value_type = Vec<Object>)]
    alerts: Vec<Alert>,
    /// The latest attempts to deliver a notification, the newest first.
    #[schema(value_type = Vec<Object>)]
    notifications: Vec<Value>,
}

impl Status {
    pub(crate) fn of(state: &AppState) -> Self {
        Self {
            at: state.clock.now(),
            version: env!("CARGO_PKG_VERSION"),
            environment: state.settings.environment.as_str(),
            simulated: state.gateway.is_simulated(),
            demo: state.pulse.is_demo(),
            uptime_seconds: state.uptime().as_secs(),
            open_connections: state.connections.open(),
            process: state.process.snapshot(),
            totals: Totals::of(state),
            providers: providers(state),
            active_alerts: state
                .alerts
                .active()
                .iter()
                .filter(|alert| is_firing(alert))
                .count(),
        }
    }
}

impl Totals {
    fn of(state: &AppState) -> Self {
        let Some(calls) = state.gateway.calls() else {
            return Self::default();
        };
        Self {
            requests: calls.total,
            failed: calls.failed,
            fallbacks: state.gateway.fallbacks(),
            requests_per_second: calls.requests_per_second,
            success_rate: calls.success_rate,
            p50_ms: calls.p50_ms,
            p95_ms: calls.p95_ms,
        }
    }
}

impl Snapshot {
    pub(crate) fn of(state: &AppState) -> Self {
        let mut alerts = state.alerts.active();
        alerts.truncate(ALERTS);
        Self {
            status: Status::of(state),
            alerts,
            notifications: notifications(&state.alerts, NOTIFICATIONS),
        }
    }
}

pub(crate) fn is_firing(alert: &Alert) -> bool {
    matches!(alert.state.phase, aurora_alerts::state::Phase::Firing { .. })
}

/// The latest attempts to deliver, the newest first, each with the labels of its alert where they are still known.
pub(crate) fn notifications(alerts: &AlertEngine, limit: usize) -> Vec<Value> {
    let changes = alerts.history(CHANGES);
    let changed: BTreeMap<_, &Labels> = changes
        .iter()
        .map(|change| (change.alert.fingerprint, &change.alert.labels))
        .collect();
    let labels = |record: &DeliveryRecord| match changed.get(&record.fingerprint) {
        Some(labels) => Some((*labels).clone()),
        // It changed before this process began.
        None => alerts.get(record.fingerprint).map(|alert| alert.labels),
    };
    let told = |record: DeliveryRecord| {
        let mut value = serde_json::to_value(&record).unwrap_or_default();
        if let (Some(object), Some(labels)) = (value.as_object_mut(), labels(&record)) {
            object.insert(
                "labels".to_owned(),
                serde_json::to_value(labels).unwrap_or_default(),
            );
        }
        value
    };
    alerts.deliveries(limit).into_iter().map(told).collect()
}

pub(crate) fn providers(state: &AppState) -> Vec<Provider> {
    let targets = state
        .gateway
        .client()
        .map(aurora_llm::LlmClient::status)
        .unwrap_or_default();
    let provider = |target: aurora_core::fallback::TargetStatus| {
        let info = state.gateway.target(&target.name);
        let summary: Option<Summary> = state.monitor.summary(&target.name);
        Provider {
            provider: info.map(|info| provider_name(info.kind, &info.provider)),
            model: info.map(|info| info.model.clone()),
            simulated: info.is_some_and(|info| info.kind == SIMULATED),
            priority: target.priority,
            state: target.state,
            healthy: target.healthy,
            served: target.served,
            failed: target.failed,
            skipped: target.skipped,
            requests_per_second: summary
                .as_ref()
                .map_or(0.0, |summary| summary.requests_per_second),
            error_rate: summary.as_ref().and_then(|summary| summary.error_rate),
            p95_ms: summary.and_then(|summary| summary.p95_ms),
            price: info.and_then(|info| info.price).as_ref().map(PriceView::of),
            broken: state
                .switches
                .as_ref()
                .and_then(|switches| switches.is_broken(&target.name)),
            target: target.name,
        }
    };
    targets.into_iter().map(provider).collect()
}

impl PriceView {
    fn of(price: &Price) -> Self {
        Self {
            input_usd: price.rates.input.to_string(),
            output_usd: price.rates.output.to_string(),
        }
    }
}
