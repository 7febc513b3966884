//! What those who answer do with a conversation.

use aurora_crm::accounts::UserId;
use aurora_crm::conversations::{Assignee, Conversation, ConversationId};
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::input::{AssignInput, HandBackInput, HandOverInput, ReadInput, TagInput};
use super::views::ConversationView;
use crate::http::access::Caller;
use crate::http::answers::tagged;
use crate::http::extract::{IfMatch, Json, PathId};
use crate::http::problem::{FieldError, Problem, ProblemBody, ProblemKind};
use crate::state::AppState;

fn shown(conversation: &Conversation) -> Response {
    tagged(StatusCode::OK, conversation.version, conversation)
}

/// Says that all messages up to a position were read. The contact is told through the channel, if that works.
#[utoipa::path(post, path = "/{id}/read", tag = "conversations", operation_id = "mark_conversation_read",
    request_body = ReadInput,
    params(("id" = String, Path, description = "`cnv_…`")),
    responses((status = 200, description = "Marked", body = ConversationView)))]
pub(super) async fn mark_read(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Conversation>,
    Json(read): Json<ReadInput>,
) -> Result<Response, Problem> {
    let context = caller.context();
    let conversation = state
        .crm
        .conversations()
        .mark_read(&context, id, read.up_to)
        .await?;
    Ok(shown(&conversation))
}

/// Gives a conversation to somebody; the history tells.
#[utoipa::path(post, path = "/{id}/assign", tag = "conversations", operation_id = "assign_conversation",
    request_body = AssignInput,
    params(
        ("id" = String, Path, description = "`cnv_…`"),
        ("If-Match" = String, Header, description = "The etag that was read"),
    ),
    responses((status = 200, description = "Given", body = ConversationView)))]
pub(super) async fn assign(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Conversation>,
    if_match: IfMatch,
    Json(to): Json<AssignInput>,
) -> Result<Response, Problem> {
    give(&state, &caller, (id, if_match), to.to, to.reason.as_deref()).await
}

/// Hands a conversation over to a person: to one, or to whoever comes first.
#[utoipa::path(post, path = "/{id}/hand_over", tag = "conversations", operation_id = "hand_over_conversation",
    request_body = HandOverInput,
    params(
        ("id" = String, Path, description = "`cnv_…`"),
        ("If-Match" = String, Header, description = "The etag that was read"),
    ),
    responses((status = 200, description = "Handed over", body = ConversationView)))]
pub(super) async fn hand_over(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Conversation>,
    if_match: IfMatch,
    Json(to): Json<HandOverInput>,
) -> Result<Response, Problem> {
    let assignee = to.to.unwrap_or(Assignee::Nobody);
    if assignee == Assignee::Assistant {
        let error = FieldError::new("to", "not_allowed", "hand_back gives it to the assistant");
        return Err(Problem::new(ProblemKind::Invalid).errors([error]));
    }
    give(&state, &caller, (id, if_match), assignee, Some(&to.reason)).await
}

/// Hands a conversation back to the assistant, which answers at once where the contact waits.
#[utoipa::path(post, path = "/{id}/hand_back", tag = "conversations", operation_id = "hand_back_conversation",
    request_body = HandBackInput,
    params(
        ("id" = String, Path, description = "`cnv_…`"),
        ("If-Match" = String, Header, description = "The etag that was read"),
    ),
    responses(
        (status = 200, description = "Handed back", body = ConversationView),
        (status = 409, description = "The assistant is off in this workspace, or there is no model (`assistant_off`)", body = ProblemBody, content_type = "application/problem+json"),
    ))]
pub(super) async fn hand_back(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Conversation>,
    if_match: IfMatch,
    Json(to): Json<HandBackInput>,
) -> Result<Response, Problem> {
    let context = caller.context();
    state.crm.conversations().get(&context, id).await?;
    // One that is off would hand it to nobody at once.
    let is_on = match &state.reception.assistant {
        Some(assistant) => assistant.settings(&context).await?.settings.enabled,
        None => false,
    };
    if !is_on {
        return Err(Problem::new(ProblemKind::AssistantOff));
    }
    give(
        &state,
        &caller,
        (id, if_match),
        Assignee::Assistant,
        to.reason.as_deref(),
    )
    .await
}

async fn give(
    state: &AppState,
    caller: &Caller,
    (id, if_match): (ConversationId, IfMatch),
    to: Assignee,
    reason: Option<&str>,
) -> Result<Response, Problem> {
    let (context, desk, version) = (caller.context(), state.crm.conversations(), if_match.expected());
    if let Assignee::Person(person) = to
        && state
            .crm
            .members()
            .roles_of(&context, UserId::from_uuid(person.uuid()))
            .await?
            .is_empty()
    {
        let error = FieldError::new("to", "unknown", "nobody of this workspace");
        return Err(Problem::new(ProblemKind::Invalid).errors([error]));
    }
    let conversation = match reason {
        Some(reason) => desk.hand_over(&context, id, version, to, reason).await?,
        None => desk.assign(&context, id, version, to).await?,
    };
    Ok(shown(&conversation))
}

/// Ends a conversation; the contact's next message opens it again.
#[utoipa::path(post, path = "/{id}/close", tag = "conversations", operation_id = "close_conversation",
    params(
        ("id" = String, Path, description = "`cnv_…`"),
        ("If-Match" = String, Header, description = "The etag that was read"),
    ),
    responses((status = 200, description = "Closed", body = ConversationView)))]
pub(super) async fn close(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Conversation>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let context = caller.context();
    let conversation = state
        .crm
        .conversations()
        .close(&context, id, if_match.expected())
        .await?;
    Ok(shown(&conversation))
}

/// Opens a conversation.
#[utoipa::path(post, path = "/{id}/reopen", tag = "conversations", operation_id = "reopen_conversation",
    params(
        ("id" = String, Path, description = "`cnv_…`"),
        ("If-Match" = String, Header, description = "The etag that was read"),
    ),
    responses((status = 200, description = "Open", body = ConversationView)))]
pub(super) async fn reopen(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Conversation>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let context = caller.context();
    let conversation = state
        .crm
        .conversations()
        .reopen(&context, id, if_match.expected())
        .await?;
    Ok(shown(&conversation))
}

/// Says that a conversation waits for the contact.
#[utoipa::path(post, path = "/{id}/pending", tag = "conversations", operation_id = "set_conversation_pending",
    params(
        ("id" = String, Path, description = "`cnv_…`"),
        ("If-Match" = String, Header, description = "The etag that was read"),
    ),
    responses((status = 200, description = "Pending", body = ConversationView)))]
pub(super) async fn set_pending(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Conversation>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let (context, version) = (caller.context(), if_match.expected());
    let conversation = state
        .crm
        .conversations()
        .set_pending(&context, id, version)
        .await?;
    Ok(shown(&conversation))
}

/// Puts a label on a conversation; up to 20 stay on one.
#[utoipa::path(post, path = "/{id}/tags", tag = "conversations", operation_id = "tag_conversation",
    request_body = TagInput,
    params(("id" = String, Path, description = "`cnv_…`")),
    responses((status = 200, description = "It is there", body = ConversationView)))]
pub(super) async fn tag(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Conversation>,
    Json(new): Json<TagInput>,
) -> Result<Response, Problem> {
    let conversation = state
        .crm
        .conversations()
        .tag(&caller.context(), id, &new.tag)
        .await?;
    Ok(shown(&conversation))
}

/// Takes a label off a conversation; nothing happens when it is not there.
#[utoipa::path(delete, path = "/{id}/tags/{tag}", tag = "conversations", operation_id = "untag_conversation",
    params(
        ("id" = String, Path, description = "`cnv_…`"),
        ("tag" = String, Path, description = "The label"),
    ),
    responses((status = 200, description = "It is gone", body = ConversationView)))]
pub(super) async fn untag(
    State(state): State<AppState>,
    caller: Caller,
    Path((id, tag)): Path<(String, String)>,
) -> Result<Response, Problem> {
    let id: ConversationId = id.parse().map_err(|_| Problem::new(ProblemKind::NotFound))?;
    let conversation = state
        .crm
        .conversations()
        .untag(&caller.context(), id, &tag)
        .await?;
    Ok(shown(&conversation))
}
