//! `/api/v1/tasks`: what is to be done until when, and reminders of it.

pub(crate) mod bell;
#[cfg(test)]
mod tests;
mod views;

use aurora_core::time::Timestamp;
use aurora_crm::activities::Subject;
use aurora_crm::clients::ClientId;
use aurora_crm::leads::{LeadId, OwnerId};
use aurora_crm::tasks::{NewTask, Task, TaskChange, TaskFilter, TaskStatus};
use aurora_crm::workspaces::CrmPermission;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use utoipa_axum::routes;

use super::access::Caller;
use super::answers::{Listed, created, tagged};
use super::extract::{IfMatch, Json, Params, PathId};
use super::problem::Problem;
use super::{Mount, Routes};
use crate::state::AppState;
use views::{NewTaskInput, TaskChangeInput, TaskView};

pub(super) const MOUNTS: &[Mount] = &[
    Mount::answers("/api/v1/tasks", routes),
    Mount::streams("/api/v1/tasks", bell::routes),
];

const TIME: &str = "an RFC 3339 time such as 2026-07-01T12:00:00Z";

fn routes() -> Routes {
    Routes::new()
        .route(CrmPermission::TaskRead, routes!(list))
        .route(CrmPermission::TaskWrite, routes!(create))
        .route(CrmPermission::TaskRead, routes!(read))
        .route(CrmPermission::TaskWrite, routes!(update))
        .route(CrmPermission::TaskWrite, routes!(delete))
        .route(CrmPermission::TaskWrite, routes!(complete))
        .route(CrmPermission::TaskWrite, routes!(cancel))
        .route(CrmPermission::TaskWrite, routes!(reopen))
}

/// One page of tasks, in the order in which they are due.
#[utoipa::path(get, path = "/", tag = "tasks", operation_id = "list_tasks",
    params(
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("status" = Option<String>, Query, description = "`open` (unless told), `done` or `cancelled`"),
        ("assignee" = Option<String>, Query, description = "`usr_…`: to be done by this user"),
        ("lead" = Option<String>, Query, description = "`led_…`: about this lead"),
        ("client" = Option<String>, Query, description = "`cli_…`: about this client; not beside `lead`"),
        ("due_from" = Option<String>, Query, description = "Due at this time or later (RFC 3339)"),
        ("due_before" = Option<String>, Query, description = "Due before this time; overdue, when it is now"),
    ),
    responses((status = 200, description = "A page; `next` is null on the last", body = Listed<TaskView>)))]
async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let page = params.page();
    let status = params.take::<TaskStatus>("status", "open, done or cancelled");
    let mut filter = TaskFilter::status(status.unwrap_or_default());
    filter.assignee = params.take::<OwnerId>("assignee", "the id of a user, usr_…");
    let lead = params.take::<LeadId>("lead", "the id of a lead, led_…");
    let client = params.take::<ClientId>("client", "the id of a client, cli_…");
    if lead.is_some() && client.is_some() {
        params.refuse("client", "left out beside lead");
    }
    filter.subject = lead.map(Subject::Lead).or(client.map(Subject::Client));
    filter.due_from = params.take::<Timestamp>("due_from", TIME);
    filter.due_to = params.take::<Timestamp>("due_before", TIME);
    params.finish()?;
    let tasks = state.crm.tasks().list(&caller.context(), &filter, &page).await;
    let tasks = tasks.map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(Listed::<TaskView>::from(tasks)).into_response())
}

/// Makes a task, with its reminders.
#[utoipa::path(post, path = "/", tag = "tasks", operation_id = "create_task", request_body = NewTaskInput,
    responses((status = 201, description = "Made", body = TaskView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
        ("Location" = String, description = "Where it is to be found"),
    ))))]
async fn create(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Json(new): Json<NewTask>,
) -> Result<Response, Problem> {
    let task = state.crm.tasks().create(&caller.context(), new).await?;
    let (id, version) = (task.id, task.version);
    Ok(created(&uri, id, Some(version), &TaskView::from(task)))
}

/// One task.
#[utoipa::path(get, path = "/{id}", tag = "tasks", operation_id = "get_task",
    params(("id" = String, Path, description = "`tsk_…`")),
    responses((status = 200, description = "The task", body = TaskView, headers(("ETag" = String, description = "The version, for `If-Match`")))))]
async fn read(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Task>,
) -> Result<Response, Problem> {
    let task = state.crm.tasks().get(&caller.context(), id).await?;
    Ok(view(task))
}

/// Changes the named fields of an open task; `null` clears one. A reminder that is moved or removed is not sent.
#[utoipa::path(patch, path = "/{id}", tag = "tasks", operation_id = "update_task",
    request_body(content((TaskChangeInput = "application/json"), (TaskChangeInput = "application/merge-patch+json"))),
    params(
        ("id" = String, Path, description = "`tsk_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Changed", body = TaskView, headers(("ETag" = String, description = "The new version")))))]
async fn update(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Task>,
    if_match: IfMatch,
    Json(change): Json<TaskChange>,
) -> Result<Response, Problem> {
    let tasks = state.crm.tasks();
    let task = tasks
        .update(&caller.context(), id, if_match.expected(), change)
        .await?;
    Ok(view(task))
}

/// Deletes a task. Its reminders are not sent.
#[utoipa::path(delete, path = "/{id}", tag = "tasks", operation_id = "delete_task",
    params(
        ("id" = String, Path, description = "`tsk_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 204, description = "Deleted")))]
async fn delete(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Task>,
    if_match: IfMatch,
) -> Result<StatusCode, Problem> {
    let tasks = state.crm.tasks();
    tasks.delete(&caller.context(), id, if_match.expected()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Says that an open task is done. Its reminders are not sent.
#[utoipa::path(post, path = "/{id}/complete", tag = "tasks", operation_id = "complete_task",
    params(
        ("id" = String, Path, description = "`tsk_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Done", body = TaskView, headers(("ETag" = String, description = "The new version")))))]
async fn complete(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Task>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let tasks = state.crm.tasks();
    let task = tasks.complete(&caller.context(), id, if_match.expected()).await?;
    Ok(view(task))
}

/// Says that an open task is not to be done. Its reminders are not sent.
#[utoipa::path(post, path = "/{id}/cancel", tag = "tasks", operation_id = "cancel_task",
    params(
        ("id" = String, Path, description = "`tsk_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Cancelled", body = TaskView, headers(("ETag" = String, description = "The new version")))))]
async fn cancel(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Task>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let tasks = state.crm.tasks();
    let task = tasks.cancel(&caller.context(), id, if_match.expected()).await?;
    Ok(view(task))
}

/// Opens a task again that has ended. Reminders that are still to come are sent.
#[utoipa::path(post, path = "/{id}/reopen", tag = "tasks", operation_id = "reopen_task",
    params(
        ("id" = String, Path, description = "`tsk_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Open", body = TaskView, headers(("ETag" = String, description = "The new version")))))]
async fn reopen(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Task>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let tasks = state.crm.tasks();
    let task = tasks.reopen(&caller.context(), id, if_match.expected()).await?;
    Ok(view(task))
}

fn view(task: Task) -> Response {
    tagged(StatusCode::OK, task.version, &TaskView::from(task))
}
