//! One run of all checks.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures::future::join_all;
use metrics::gauge;
use tokio::sync::Semaphore;
use tokio::task::JoinHandle;

use super::{Component, Criticality, HealthCheck, HealthError, Report, Status};
use crate::time::{Clock, Timestamp};

/// 1 when the component is well, 0.5 when it is degraded, 0 when it is down.
const STATUS: &str = "aurora_health_status";

/// Time in which a check that was given up has to come back: it ends a moment after it was told to.
const RETURN: Duration = Duration::from_millis(100);

/// A check in a registry.
pub(super) struct Entry {
    name: String,
    criticality: Criticality,
    check: Box<dyn HealthCheck>,
    /// One permit, which is away while a check is under way.
    turn: Arc<Semaphore>,
    seen: Mutex<Seen>,
}

/// What earlier checks have seen.
#[derive(Default)]
struct Seen {
    state: Option<(Status, Timestamp)>,
    last_ok: Option<Timestamp>,
}

impl Entry {
    pub(super) fn new(name: String, criticality: Criticality, check: Box<dyn HealthCheck>) -> Self {
        Self {
            name,
            criticality,
            check,
            turn: Arc::new(Semaphore::new(1)),
            seen: Mutex::default(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    fn component(
        &self,
        outcome: Result<(), HealthError>,
        checked_at: Timestamp,
        latency: Duration,
    ) -> Component {
        let status = outcome.map_or_else(|error| error.status(), |()| Status::Ok);
        let detail = outcome.err().map(|error| error.detail());
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if status == Status::Ok {
            seen.last_ok = Some(checked_at);
        }
        let since = match seen.state {
            Some((known, since)) if known == status => since,
            before => {
                if before.is_some() || status != Status::Ok {
                    tell(&self.name, status, detail);
                }
                seen.state = Some((status, checked_at));
                checked_at
            }
        };
        gauge!(STATUS, "component" => self.name.clone()).set(match status {
            Status::Ok => 1.0,
            Status::Degraded => 0.5,
            Status::Down => 0.0,
        });
        Component {
            name: self.name.clone(),
            status,
            criticality: self.criticality,
            detail,
            checked_at,
            latency,
            since,
            last_ok_at: seen.last_ok,
        }
    }
}

impl fmt::Debug for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Entry")
            .field(&self.criticality)
            .field(&self.check)
            .finish()
    }
}

/// A component that is gone has no state.
pub(super) fn forget(name: &str) {
    gauge!(STATUS, "component" => name.to_owned()).set(f64::NAN);
}

fn tell(component: &str, status: Status, detail: Option<&str>) {
    let status = status.as_str();
    if detail.is_some() {
        tracing::warn!(component, status, detail, "the health of a component has changed");
    } else {
        tracing::info!(component, status, "the health of a component has changed");
    }
}

/// Asks everybody at once, each for as long as it may take.
pub(super) async fn all(entries: &[Arc<Entry>], clock: &Arc<dyn Clock>, limit: Duration) -> Report {
    let components = join_all(entries.iter().map(|entry| ask(entry, &**clock, limit))).await;
    let weighed = components
        .iter()
        .map(|component| component.criticality.weigh(component.status));
    Report {
        status: weighed.max().unwrap_or(Status::Ok),
        draining: false,
        components,
    }
}

async fn ask(entry: &Arc<Entry>, clock: &dyn Clock, limit: Duration) -> Component {
    let (checked_at, began) = (clock.now(), clock.elapsed());
    let limit = entry.check.time_limit().map_or(limit, |own| own.min(limit));
    let turn = tokio::select! {
        biased;
        turn = Arc::clone(&entry.turn).acquire_owned() => turn.ok(),
        () = clock.sleep(RETURN.min(limit)) => None,
    };
    let outcome = if let Some(turn) = turn {
        // A task of its own: a check that panics or blocks its thread must not hold the others up.
        let asked = Arc::clone(entry);
        let mut task = Task(tokio::spawn(async move {
            let _turn = turn;
            asked.check.check().await
        }));
        tokio::select! {
            biased;
            outcome = &mut task.0 => outcome.unwrap_or(Err(HealthError::new("the check panicked"))),
            () = clock.sleep(limit) => Err(HealthError::new("no answer in time")),
        }
    } else {
        Err(HealthError::new("the check before this one has not come back"))
    };
    let latency = clock.elapsed().saturating_sub(began);
    entry.component(outcome, checked_at, latency)
}

/// A check that is given up when nobody waits for it any more.
struct Task(JoinHandle<Result<(), HealthError>>);

impl Drop for Task {
    fn drop(&mut self) {
        self.0.abort();
    }
}
