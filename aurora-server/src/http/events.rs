//! `GET /api/events`: what the dashboard listens to.
//!
//! The beat comes from the app's own run; a router that is embedded without it sends the first snapshot and alerts alone.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use aurora_alerts::engine::{Event, Subscription};
use aurora_core::time::Timestamp;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use futures::stream::unfold;
use serde::Serialize;
use tokio::sync::watch;
use utoipa_axum::routes;

use super::access::{Access, Caller, Right};
use super::extract::Params;
use super::problem::{Problem, ProblemBody};
use super::status::snapshot::{Provider, Snapshot};
use super::watch::Watch;
use super::{Place, Places, Routes, sse};
use crate::state::AppState;

/// Two minutes, one point a second.
const POINTS: usize = 120;
/// Of how many targets a point tells, the first of their order.
const TARGETS: usize = 64;
/// Most listeners at a time.
const LISTENERS: usize = 256;

/// What all listeners share: the latest snapshot, written out once for all of them.
#[derive(Debug, Clone)]
pub(crate) struct Pulse {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    latest: watch::Sender<Option<Bytes>>,
    points: Mutex<VecDeque<Point>>,
    places: Places,
    occasion: Occasion,
}

/// What the server was started for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Occasion {
    /// To serve.
    Serve,
    /// To be looked at: `aurora demo`.
    Demo,
}

/// One point of the charts: a part of the snapshot of its time, under the same names.
#[derive(Debug, Clone, Serialize)]
struct Point {
    at: Timestamp,
    requests_per_second: f64,
    success_rate: Option<f64>,
    p50_ms: Option<f64>,
    p95_ms: Option<f64>,
    /// By their names.
    targets: BTreeMap<String, TargetPoint>,
}

#[derive(Debug, Clone, Serialize)]
struct TargetPoint {
    requests_per_second: f64,
    error_rate: Option<f64>,
    p95_ms: Option<f64>,
}

impl Point {
    fn of(snapshot: &Snapshot) -> Self {
        let (status, totals) = (&snapshot.status, &snapshot.status.totals);
        let target = |provider: &Provider| {
            let point = TargetPoint {
                requests_per_second: provider.requests_per_second,
                error_rate: provider.error_rate,
                p95_ms: provider.p95_ms,
            };
            (provider.target.clone(), point)
        };
        Self {
            at: status.at,
            requests_per_second: totals.requests_per_second,
            success_rate: totals.success_rate,
            p50_ms: totals.p50_ms,
            p95_ms: totals.p95_ms,
            targets: status.providers.iter().take(TARGETS).map(target).collect(),
        }
    }
}

impl Pulse {
    pub(crate) fn new(occasion: Occasion) -> Self {
        let (latest, _) = watch::channel(None);
        let inner = Inner {
            latest,
            points: Mutex::new(VecDeque::with_capacity(POINTS)),
            places: Places::of_callers(LISTENERS),
            occasion,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    pub(crate) fn is_demo(&self) -> bool {
        self.inner.occasion == Occasion::Demo
    }

    /// Takes a snapshot and hands it to every listener; once a second.
    pub(crate) fn beat(&self, state: &AppState) {
        let snapshot = Snapshot::of(state);
        let point = Point::of(&snapshot);
        let mut points = self.inner.points.lock().unwrap_or_else(PoisonError::into_inner);
        if points.len() >= POINTS {
            points.pop_front();
        }
        points.push_back(point);
        drop(points);
        self.inner
            .latest
            .send_replace(Some(sse::event("snapshot", &snapshot)));
    }

    fn history(&self) -> Bytes {
        let points = self
            .inner
            .points
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        sse::event("history", &points)
    }
}

pub(super) fn routes() -> Routes {
    Routes::new().listened(Access::Installation(Right::StatusRead), routes!(events))
}

/// A snapshot every second, and every change of an alert as it happens.
///
/// Events: `history` (first: a point for each of the last 120 seconds, the oldest first, with `at`, `requests_per_second`,
/// `success_rate`, `p50_ms` and `p95_ms` of all calls, and in `targets` by their names `requests_per_second`, `error_rate` and
/// `p95_ms` of the first 64 targets), `snapshot` (the numbers of `/api/status` with alerts and
/// notifications), `alert` (a change), `delivery` (an attempt to notify) and `record` (an acknowledgement, a step of an
/// escalation, a silence, a channel that was switched off). A slow listener misses snapshots, never
/// the latest. The stream ends when the server stops; whoever may not listen any more hears `closing` last, with the `reason`.
#[utoipa::path(get, path = "/events", tag = "status", operation_id = "events",
    params(("workspace" = Option<String>, Query, description = "The workspace to act in, as `x-workspace-id`, which an `EventSource` cannot send")),
    responses(
        (status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream"),
        (status = 404, description = "No workspace of the caller's has this id, or the header names another", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Too many are listening", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn events(
    State(state): State<AppState>,
    caller: Caller,
    watch: Watch,
    params: Params,
) -> Result<Response, Problem> {
    params.finish_known()?;
    let place = state.pulse.inner.places.take_for(&caller)?;
    let snapshots = state.pulse.inner.latest.subscribe();
    let latest = snapshots
        .borrow()
        .clone()
        .unwrap_or_else(|| sse::event("snapshot", &Snapshot::of(&state)));
    let listener = Listener {
        waiting: VecDeque::from([state.pulse.history(), latest]),
        snapshots,
        alerts: Some(state.alerts.subscribe()),
        _place: place,
    };
    Ok(sse::watched(unfold(listener, Listener::next), watch))
}

struct Listener {
    waiting: VecDeque<Bytes>,
    snapshots: watch::Receiver<Option<Bytes>>,
    alerts: Option<Subscription>,
    _place: Place,
}

impl Listener {
    async fn next(mut self) -> Option<(Bytes, Self)> {
        if let Some(piece) = self.waiting.pop_front() {
            // What was handed out at once counts as seen.
            self.snapshots.mark_unchanged();
            return Some((piece, self));
        }
        loop {
            let piece = tokio::select! {
                biased;
                event = next_of(&mut self.alerts) => written(event),
                changed = self.snapshots.changed() => {
                    changed.ok()?;
                    self.snapshots.borrow_and_update().clone()
                }
            };
            if let Some(piece) = piece {
                return Some((piece, self));
            }
        }
    }
}

/// The next event of the alert engine; never, once the engine is gone.
async fn next_of(alerts: &mut Option<Subscription>) -> Event {
    if let Some(subscription) = alerts {
        if let Some(event) = subscription.next().await {
            return event;
        }
        *alerts = None;
    }
    std::future::pending().await
}

fn written(event: Event) -> Option<Bytes> {
    match event {
        Event::Alert(change) => Some(sse::event("alert", &change)),
        Event::Delivery(record) => Some(sse::event("delivery", &record)),
        Event::Record(record) => Some(sse::event("record", &record)),
        _ => None,
    }
}

#[cfg(test)]
mod tests;
