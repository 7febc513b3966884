//! `GET /api/v1/tasks/reminders`: what rings when the time of a reminder has come.
//!
//! Each reminder is given to one process. That it was sent is written in the task (`reminders[].sent_at`) and in the audit
//! log of the workspace, in whose order it has a place: listeners of every process look there, and whoever comes back with a
//! place has missed nothing.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::store::outbox::Failed;
use aurora_core::time::Clock;
use aurora_crm::Context;
use aurora_crm::tasks::{DueReminder, ReminderSink, SentReminder, Tasks};
use aurora_crm::workspaces::CrmPermission;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use bytes::Bytes;
use futures::stream::unfold;
use serde::Serialize;
use serde_json::json;
use utoipa_axum::routes;

use crate::http::access::Caller;
use crate::http::extract::Params;
use crate::http::problem::{Problem, ProblemBody};
use crate::http::watch::Watch;
use crate::http::{Place, Places, Routes, sse};
use crate::state::AppState;

/// Most listeners at a time.
const LISTENERS: usize = 256;
/// How long a reminder is not heard of, at most.
const EVERY: Duration = Duration::from_secs(2);
/// How far back in the audit log somebody may go on.
const REACH: i64 = 10_000;

/// What sends reminders: they are written down, and whoever listens hears of it; a cheap handle.
#[derive(Debug, Clone)]
pub(crate) struct Bell {
    places: Places,
}

/// What a listener is told.
#[derive(Debug, Serialize)]
struct Told<'a> {
    task: String,
    reminder: String,
    /// The same each time for the same reminder, as webhooks and logs have it.
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
            places: Places::of_callers(LISTENERS),
        }
    }
}

#[async_trait]
impl ReminderSink for Bell {
    async fn remind(&self, _context: &Context, due: &DueReminder) -> Result<(), Failed> {
        let (task, reminder) = (due.task.id, due.reminder);
        tracing::info!(%task, %reminder, "the time of a reminder has come");
        Ok(())
    }
}

pub(super) fn routes() -> Routes {
    Routes::new().listened(CrmPermission::TaskRead, routes!(listen))
}

/// The reminders of the workspace's tasks, as their time comes.
///
/// Events: `ready` (first), `task.reminder` with `task`, `reminder`, `key` (the name of the reminder for programs), `at`, `title`,
/// `due_at`, `priority`, `assignee` and `subject`, and at the end one of `failed` (the database does not answer) and `closing`
/// (the caller may not listen any more; `reason` says why). Each but `closing` has an id: whoever comes back with it in
/// `Last-Event-ID`, as browsers do by themselves, or in `after`, has missed nothing; after a very long time `gap` says that some
/// may have been. The stream ends when the server stops.
#[utoipa::path(get, path = "/reminders", tag = "tasks", operation_id = "listen_to_reminders",
    params(
        ("after" = Option<i64>, Query, description = "The id of the last event that was seen; from now on unless told"),
        ("Last-Event-ID" = Option<i64>, Header, description = "The same, and it comes first"),
        ("workspace" = Option<String>, Query, description = "The workspace to act in, as `x-workspace-id`, which an `EventSource` cannot send"),
    ),
    responses(
        (status = 200, description = "Server-sent events", body = String, content_type = "text/event-stream"),
        (status = 404, description = "No workspace of the caller's has this id, or the header names another", body = ProblemBody, content_type = "application/problem+json"),
        (status = 503, description = "Too many are listening", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn listen(
    State(state): State<AppState>,
    caller: Caller,
    watch: Watch,
    headers: HeaderMap,
    mut params: Params,
) -> Result<Response, Problem> {
    let after = sse::position(&headers, &mut params);
    params.pass("workspace");
    params.finish()?;
    let place = state.bell.places.take_for(&caller)?;
    let listener = Listener::new(&state, caller.context(), after, place).await?;
    Ok(sse::watched(unfold(listener, Listener::next), watch))
}

/// One client that listens: a place in the order, and what was found there in one look.
struct Listener {
    tasks: Tasks,
    context: Context,
    after: i64,
    waiting: VecDeque<Bytes>,
    clock: Arc<dyn Clock>,
    is_over: bool,
    _place: Place,
}

impl Listener {
    async fn new(
        state: &AppState,
        context: Context,
        after: Option<i64>,
        place: Place,
    ) -> Result<Self, Problem> {
        let tasks = state.crm.tasks().clone();
        let last = tasks.last_reminder(&context).await?;
        // A place beyond the end is one of another database: it would wait for ever.
        let wanted = after.map_or(last, |after| after.min(last));
        let after = wanted.max(last.saturating_sub(REACH));
        let position = json!({"after": after});
        let mut waiting = VecDeque::from([sse::numbered(after, "ready", &position)]);
        if after > wanted {
            waiting.push_back(sse::numbered(after, "gap", &position));
        }
        Ok(Self {
            tasks,
            context,
            after,
            waiting,
            clock: Arc::clone(&state.clock),
            is_over: false,
            _place: place,
        })
    }

    async fn next(mut self) -> Option<(Bytes, Self)> {
        loop {
            if let Some(piece) = self.waiting.pop_front() {
                return Some((piece, self));
            }
            if self.is_over {
                return None;
            }
            match self.tasks.sent_reminders(&self.context, self.after).await {
                Ok(found) if found.after == self.after => self.clock.sleep(EVERY).await,
                Ok(found) => {
                    self.after = found.after;
                    self.waiting.extend(found.items.iter().map(told));
                }
                Err(error) => {
                    tracing::warn!(%error, "reminders that were sent cannot be read");
                    self.is_over = true;
                    let last = sse::numbered(self.after, "failed", &json!({"after": self.after}));
                    self.waiting.push_back(last);
                }
            }
        }
    }
}

fn told(sent: &SentReminder) -> Bytes {
    let task = &sent.due.task;
    let told = Told {
        task: task.id.to_string(),
        reminder: sent.due.reminder.to_string(),
        key: &sent.due.idempotency_key,
        at: sent.due.at.to_string(),
        title: &task.title,
        due_at: task.due_at.to_string(),
        priority: task.priority.as_str(),
        assignee: task.assignee_id.map(|id| id.to_string()),
        subject: task.subject.map(Into::into),
    };
    sse::numbered(sent.seq, "task.reminder", &told)
}
