//! `GET /api/v1/tasks/reminders`: what rings when the time of a reminder has come.
//!
//! Each reminder is given to one process, and rings for those who listen there. That it came is also written in the
//! task (`reminders[].sent_at`) and told as the event `task.reminded`, for whoever listens elsewhere or later.

use std::sync::Arc;

use async_trait::async_trait;
use aurora_core::store::outbox::Failed;
use aurora_crm::Context;
use aurora_crm::tasks::{DueReminder, ReminderSink};
use aurora_crm::workspaces::{CrmPermission, WorkspaceId};
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use futures::stream::unfold;
use serde::Serialize;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, broadcast};
use tokio_util::sync::CancellationToken;
use utoipa_axum::routes;

use crate::http::access::Caller;
use crate::http::problem::{Problem, ProblemBody, ProblemKind};
use crate::http::{Routes, sse};
use crate::state::AppState;

/// As many reminders wait for a slow listener.
const WAITING: usize = 256;
/// Most listeners at a time.
const LISTENERS: usize = 256;

/// What rings; a cheap handle.
#[derive(Debug, Clone)]
pub(crate) struct Bell {
    rings: broadcast::Sender<Ring>,
    listeners: Arc<Semaphore>,
}

#[derive(Debug, Clone)]
struct Ring {
    workspace: WorkspaceId,
    event: Bytes,
}

/// What a listener is told.
#[derive(Debug, Serialize)]
struct Told<'a> {
    task: String,
    reminder: String,
    /// The same each time for the same reminder, which can come twice.
    key: &'a str,
    at: String,
    title: &'a str,
    due_at: String,
    priority: &'static str,
    assignee: Option<String>,
    subject: Option<crate::http::activities::views::SubjectView>,
}

impl Default for Bell {
    fn default() -> Self {
        Self {
            rings: broadcast::channel(WAITING).0,
            listeners: Arc::new(Semaphore::new(LISTENERS)),
        }
    }
}

#[async_trait]
impl ReminderSink for Bell {
    async fn remind(&self, context: &Context, due: &DueReminder) -> Result<(), Failed> {
        let (task, reminder) = (due.task.id, due.reminder);
        let told = Told {
            task: task.to_string(),
            reminder: reminder.to_string(),
            key: &due.idempotency_key,
            at: due.at.to_string(),
            title: &due.task.title,
            due_at: due.task.due_at.to_string(),
            priority: due.task.priority.as_str(),
            assignee: due.task.assignee_id.map(|id| id.to_string()),
            subject: due.task.subject.map(Into::into),
        };
        let ring = Ring {
            workspace: context.workspace,
            event: sse::event("task.reminder", &told),
        };
        // Nobody listens: then the task alone tells of it.
        let listeners = self.rings.send(ring).unwrap_or(0);
        tracing::info!(%task, %reminder, listeners, "the time of a reminder has come");
        Ok(())
    }
}

pub(super) fn routes() -> Routes {
    Routes::new().route(CrmPermission::TaskRead, routes!(listen))
}

/// The reminders of the workspace's tasks, as their time comes.
///
/// Events: `task.reminder` with `task`, `reminder`, `key` (the same when a reminder comes twice), `at`, `title`, `due_at`,
/// `priority`, `assignee` and `subject`; `missed` with `count`, when the listener was too slow for as many. The stream
/// ends when the server stops. Nothing is told of before it began: see `reminders[].sent_at` of the tasks.
#[utoipa::path(get, path = "/reminders", tag = "tasks", operation_id = "listen_to_reminders", responses(
    (status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream"),
    (status = 503, description = "Too many are listening", body = ProblemBody, content_type = "application/problem+json"),
))]
async fn listen(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    let permit = Arc::clone(&state.bell.listeners).try_acquire_owned();
    let permit = permit.map_err(|_| Problem::new(ProblemKind::Unavailable))?;
    let listener = Listener {
        workspace: caller.workspace(),
        rings: state.bell.rings.subscribe(),
        stop: state.stop.clone(),
        _permit: permit,
    };
    Ok(sse::answer(
        unfold(listener, Listener::next),
        Arc::clone(&state.clock),
    ))
}

struct Listener {
    workspace: WorkspaceId,
    rings: broadcast::Receiver<Ring>,
    stop: CancellationToken,
    _permit: OwnedSemaphorePermit,
}

#[derive(Serialize)]
struct Missed {
    count: u64,
}

impl Listener {
    async fn next(mut self) -> Option<(Bytes, Self)> {
        loop {
            let ring = tokio::select! {
                biased;
                () = self.stop.cancelled() => return None,
                ring = self.rings.recv() => ring,
            };
            match ring {
                Ok(ring) if ring.workspace == self.workspace => return Some((ring.event, self)),
                Ok(_) => {}
                Err(RecvError::Lagged(count)) => {
                    return Some((sse::event("missed", &Missed { count }), self));
                }
                Err(RecvError::Closed) => return None,
            }
        }
    }
}
