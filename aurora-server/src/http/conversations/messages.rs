//! Messages of a conversation.

use aurora_crm::conversations::{Conversation, Message};
use aurora_crm::workspaces::CrmPermission;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::author;
use super::input::{NewConversationInput, NewMessageInput, NoteInput};
use super::views::{MessageView, TimelineView};
use crate::http::access::{Caller, also};
use crate::http::answers::Listed;
use crate::http::extract::{IdempotencyKey, Json, Params, PathId};
use crate::http::files;
use crate::http::problem::Problem;
use crate::state::AppState;

const AFTER: &str = "a whole number, 0 or more";
const LIMIT: &str = "a whole number from 1 to 200";

/// One page of the messages of a conversation, the newest by the provider's clock first.
#[utoipa::path(get, path = "/{id}/messages", tag = "conversations", operation_id = "list_messages",
    params(
        ("id" = String, Path, description = "`cnv_…`"),
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = Listed<MessageView>)))]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Conversation>,
    mut params: Params,
) -> Result<Response, Problem> {
    let page = params.page();
    params.finish()?;
    let found = state
        .crm
        .conversations()
        .messages(&caller.context(), id, &page)
        .await?;
    Ok(axum::Json(Listed::page(found)).into_response())
}

/// Messages in the order in which both sides came to see them: what came in at once, what goes out once the channel has taken it.
/// Ask again with `after` and nothing is missed.
#[utoipa::path(get, path = "/{id}/timeline", tag = "conversations", operation_id = "read_timeline",
    params(
        ("id" = String, Path, description = "`cnv_…`"),
        ("after" = Option<i64>, Query, description = "`after` of the answer before; 0 unless told"),
        ("limit" = Option<u32>, Query, description = "Most messages, 1 to 200; 50 unless told"),
    ),
    responses((status = 200, description = "The messages", body = TimelineView)))]
pub(super) async fn timeline(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Conversation>,
    mut params: Params,
) -> Result<Response, Problem> {
    let after = params.take::<i64>("after", AFTER).unwrap_or(0);
    let most = params.take::<u32>("limit", LIMIT).unwrap_or(50);
    if after < 0 {
        params.refuse("after", AFTER);
    }
    if !(1..=200).contains(&most) {
        params.refuse("limit", LIMIT);
    }
    params.finish()?;
    let seen = state
        .crm
        .conversations()
        .after(&caller.context(), id, after, most)
        .await?;
    let body = serde_json::json!({"items": seen.items, "after": seen.after});
    Ok(axum::Json(body).into_response())
}

/// One message.
#[utoipa::path(get, path = "/messages/{id}", tag = "conversations", operation_id = "get_message",
    params(("id" = String, Path, description = "`msg_…`")),
    responses((status = 200, description = "The message", body = MessageView)))]
pub(super) async fn read(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Message>,
) -> Result<Response, Problem> {
    let message = state.crm.conversations().message(&caller.context(), id).await?;
    Ok(axum::Json(message).into_response())
}

/// Writes down a message that is to be sent; how far it comes is told by its `delivery`. With the same `Idempotency-Key` it is
/// written once. A `file_id` takes `file:read`, too.
#[utoipa::path(post, path = "/{id}/messages", tag = "conversations", operation_id = "send_message",
    request_body = NewMessageInput,
    params(
        ("id" = String, Path, description = "`cnv_…`"),
        ("Idempotency-Key" = Option<String>, Header, description = "Makes a second message the same as the first"),
    ),
    responses((status = 201, description = "To be sent", body = MessageView)))]
pub(super) async fn send(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Conversation>,
    key: IdempotencyKey,
    Json(new): Json<NewMessageInput>,
) -> Result<Response, Problem> {
    may_send(&state, &caller, &new).await?;
    let message = new.message(author(&caller), key)?;
    let message = state
        .crm
        .conversations()
        .post(&caller.context(), id, message)
        .await?;
    Ok(written(message))
}

/// Writes to somebody first: finds or makes the contact and the conversation, and posts. A `file_id` takes `file:read`, too.
#[utoipa::path(post, path = "/", tag = "conversations", operation_id = "start_conversation",
    request_body = NewConversationInput,
    params(("Idempotency-Key" = Option<String>, Header, description = "Makes a second message the same as the first")),
    responses((status = 201, description = "To be sent; `conversation_id` names the conversation", body = MessageView)))]
pub(super) async fn start(
    State(state): State<AppState>,
    caller: Caller,
    key: IdempotencyKey,
    Json(new): Json<NewConversationInput>,
) -> Result<Response, Problem> {
    let (to, channel) = (new.recipient()?, new.channel_id);
    may_send(&state, &caller, &new.message).await?;
    let message = new.message.message(author(&caller), key)?;
    let message = state
        .crm
        .conversations()
        .start(&caller.context(), channel, to, message)
        .await?;
    Ok(written(message))
}

/// Writes a note among the people who answer; it is never sent, and not shown to the assistant.
#[utoipa::path(post, path = "/{id}/notes", tag = "conversations", operation_id = "note_in_conversation",
    request_body = NoteInput,
    params(("id" = String, Path, description = "`cnv_…`")),
    responses((status = 201, description = "Written", body = MessageView)))]
pub(super) async fn note(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Conversation>,
    Json(new): Json<NoteInput>,
) -> Result<Response, Problem> {
    let note = state
        .crm
        .conversations()
        .note(&caller.context(), id, author(&caller), &new.text)
        .await?;
    Ok(written(note))
}

/// Nobody sends a file out of the house that they may not see.
async fn may_send(state: &AppState, caller: &Caller, new: &NewMessageInput) -> Result<(), Problem> {
    if let Some(file) = new.file() {
        also(state, CrmPermission::FileRead, caller)?;
        files::shown(state, caller, file).await?;
    }
    Ok(())
}

fn written(message: Message) -> Response {
    let location = format!("/api/v1/conversations/messages/{}", message.id);
    (
        StatusCode::CREATED,
        [(axum::http::header::LOCATION, location)],
        axum::Json(message),
    )
        .into_response()
}
