//! `GET /api/events`: what the dashboard listens to.
//!
//! The beat comes from the app's own run; a router that is embedded without it sends the first snapshot and alerts alone.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use aurora_alerts::engine::{Event, Subscription};
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use futures::stream::unfold;
use serde::Serialize;
use tokio::sync::watch;
use utoipa_axum::routes;

use super::access::{Access, Caller, Right};
use super::problem::{Problem, ProblemBody};
use super::status::snapshot::Snapshot;
use super::watch::Watch;
use super::{Place, Places, Routes, sse};
use crate::state::AppState;

/// Two minutes, one point a second.
const POINTS: usize = 120;
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

/// One point of the charts.
#[derive(Debug, Clone, Serialize)]
struct Point {
    requests_per_second: f64,
    p95_ms: Option<f64>,
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
        let totals = &snapshot.status.totals;
        let point = Point {
            requests_per_second: totals.requests_per_second,
            p95_ms: totals.p95_ms,
        };
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
        let points = self.inner.points.lock().unwrap_or_else(PoisonError::into_inner);
        sse::event("history", &*points)
    }
}

pub(super) fn routes() -> Routes {
    Routes::new().route(Access::Installation(Right::StatusRead), routes!(events))
}

/// A snapshot every second, and every change of an alert as it happens.
///
/// Events: `history` (first: the points of the charts), `snapshot` (the numbers of `/api/status` with alerts and
/// notifications), `alert` (a change), `delivery` (an attempt to notify) and `record` (an acknowledgement, a step of an
/// escalation, a silence, a channel that was switched off). A slow listener misses snapshots, never
/// the latest. The stream ends when the server stops; whoever may not listen any more hears `closing` last, with the `reason`.
#[utoipa::path(get, path = "/events", tag = "status", operation_id = "events", responses(
    (status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream"),
    (status = 503, description = "Too many are listening", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn events(State(state): State<AppState>, caller: Caller, watch: Watch) -> Result<Response, Problem> {
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
