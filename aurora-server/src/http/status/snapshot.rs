//! What the server knows about itself at one moment, in the shapes of `/api/*` and of the dashboard.

use std::collections::BTreeMap;

use aurora_alerts::history::DeliveryRecord;
use aurora_alerts::{Alert, AlertEngine, Labels};
use aurora_core::money::NanoUsd;
use aurora_core::monitor::Summary;
use aurora_core::telemetry::ProcessSnapshot;
use aurora_core::time::Timestamp;
use aurora_llm::pricing::Price;
use aurora_llm::provider::SIMULATED;
use serde::Serialize;
use serde_json::Value;
use utoipa::ToSchema;

use crate::http::alerts::views::silenced_by;
use crate::http::{provider_name, task_name};
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
    pub(crate) at: Timestamp,
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
    pub(crate) providers: Vec<Provider>,
    /// Firing alerts.
    pub(crate) active_alerts: usize,
}

/// Model calls through this process, as their callers saw them. Rates and latencies are of the last minute; null without a call
/// in it.
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
    pub(crate) success_rate: Option<f64>,
    /// Median latency in milliseconds.
    pub(crate) p50_ms: Option<f64>,
    /// 95th percentile of latency in milliseconds.
    pub(crate) p95_ms: Option<f64>,
    /// Calls that the cache answered, or that shared the answer of the same call under way, since the start.
    cached: u64,
    /// Share of the answered calls that the cache answered, in percent.
    cache_hit_rate: Option<f64>,
    /// What was booked today (UTC) for all workspaces, in US dollars: by all replicas as it was read last, each half minute, and
    /// by this process since; null until it has been read.
    #[schema(value_type = Option<String>, example = "12.408015")]
    cost_usd_today: Option<NanoUsd>,
    /// What this process booked in the last minute for all workspaces, in US dollars.
    #[schema(value_type = String, example = "0.02131")]
    cost_usd_per_minute: NanoUsd,
}

/// Where a target (a provider with a model) stands.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Provider {
    /// The target's name.
    #[schema(example = "sim-a")]
    pub(crate) target: String,
    /// The provider; `simulated` when its answers are made up.
    provider: Option<String>,
    /// The model, by the provider's own name.
    model: Option<String>,
    /// What it is asked for: `chat`, `embeddings` or `rerank`. Each has an order of its own.
    #[schema(example = "chat")]
    task: Option<&'static str>,
    /// Whether its answers are made up.
    simulated: bool,
    /// Lower is tried first.
    priority: u32,
    /// The circuit: `closed` (healthy), `open` (down, skipped), `half_open` (being probed), `refused` (refuses our
    /// credentials), `held` (asked to wait), or what was set by hand: `forced_open`, `disabled`, `metrics_only`.
    #[schema(example = "closed")]
    state: &'static str,
    /// When it is tried again (RFC 3339, UTC), while it is `open`, `refused` or `held`; else null.
    #[schema(value_type = Option<String>, format = DateTime)]
    open_until: Option<Timestamp>,
    /// Whether calls would reach it now.
    healthy: bool,
    /// Attempts that were answered.
    served: u64,
    /// Attempts that failed.
    failed: u64,
    /// Times that it was passed over.
    skipped: u64,
    /// Attempts that are under way, answers that are still being read included.
    in_flight: u64,
    /// Attempts per second over the last five seconds.
    pub(crate) requests_per_second: f64,
    /// Share of failed attempts in the last minute, in percent.
    pub(crate) error_rate: Option<f64>,
    /// 95th percentile of latency in milliseconds, over the last minute.
    pub(crate) p95_ms: Option<f64>,
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
    /// Firing and pending alerts, each with the ids of the silences that keep it back now as `silenced_by`.
    #[schema(value_type = Vec<Object>)]
    alerts: Vec<SnapshotAlert>,
    /// The latest attempts to deliver a notification, the newest first.
    #[schema(value_type = Vec<Object>)]
    notifications: Vec<Value>,
}

/// An alert as the engine tells it, and what keeps it back.
#[derive(Debug, Serialize)]
struct SnapshotAlert {
    #[serde(flatten)]
    alert: Alert,
    /// The silences that keep it back now.
    silenced_by: Vec<String>,
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
        let gateway = &state.gateway;
        let (spent, now) = (&gateway.books().spent, state.clock.now());
        let costs = Self {
            cost_usd_today: spent.today(now),
            cost_usd_per_minute: spent.last_minute(now),
            ..Self::default()
        };
        let Some(calls) = gateway.calls() else {
            return costs;
        };
        let (cached, cache_hit_rate) = gateway.cached();
        Self {
            requests: calls.total,
            failed: calls.failed,
            fallbacks: gateway.fallbacks(),
            requests_per_second: calls.requests_per_second,
            success_rate: calls.success_rate,
            p50_ms: calls.p50_ms,
            p95_ms: calls.p95_ms,
            cached,
            cache_hit_rate,
            ..costs
        }
    }
}

impl Snapshot {
    pub(crate) fn of(state: &AppState) -> Self {
        let (silences, now) = (state.alerts.silences(), state.clock.now());
        let told = |alert: Alert| SnapshotAlert {
            silenced_by: silenced_by(&alert, &silences, now),
            alert,
        };
        let active = state.alerts.active().into_iter();
        Self {
            status: Status::of(state),
            alerts: active.take(ALERTS).map(told).collect(),
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
            task: info.map(|info| task_name(info.task)),
            simulated: info.is_some_and(|info| info.kind == SIMULATED),
            priority: target.priority,
            state: target.state,
            open_until: target.open_until,
            healthy: target.healthy,
            served: target.served,
            failed: target.failed,
            skipped: target.skipped,
            in_flight: target.in_flight,
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
