//! Lists, search and counts.

use std::str::FromStr;

use aurora_core::page::Page;
use aurora_crm::channels::ChannelId;
use aurora_crm::clients::{ClientId, OwnerId};
use aurora_crm::conversations::{
    Assignee, Conversation, ConversationFilter, ConversationId, ConversationStatus,
};
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};

use super::views::{ConversationView, LabelView, ListedConversationView, MessageView, UnreadView};
use crate::http::access::Caller;
use crate::http::answers::{Listed, Whole, tagged};
use crate::http::extract::{Params, PathId};
use crate::http::problem::{Problem, ProblemKind};
use crate::state::AppState;

const ASSIGNEES: &str = "nobody, assistant, me or a user's id";

/// Whose conversations a list holds.
enum Whose {
    Me,
    Of(Assignee),
}

impl FromStr for Whose {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "me" => Ok(Self::Me),
            "nobody" => Ok(Self::Of(Assignee::Nobody)),
            "assistant" => Ok(Self::Of(Assignee::Assistant)),
            id => id
                .parse::<OwnerId>()
                .map(|id| Self::Of(Assignee::Person(id)))
                .map_err(drop),
        }
    }
}

/// One page of conversations, the one with the newest message first.
#[utoipa::path(get, path = "/", tag = "conversations", operation_id = "list_conversations",
    params(
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("q" = Option<String>, Query, description = "With a contact that has words beginning with each of these, up to eight, in its name or its numbers. Of the word that the fewest contacts have, the first 5,000 in the order of words are looked at"),
        ("status" = Option<String>, Query, description = "`open`, `pending` or `closed`"),
        ("assignee" = Option<String>, Query, description = "`nobody`, `assistant`, `me` or `usr_…`"),
        ("tag" = Option<String>, Query, description = "With this label"),
        ("channel" = Option<String>, Query, description = "On this end of a channel, `chn_…`"),
        ("client" = Option<String>, Query, description = "With this client, `cli_…`"),
        ("unread" = Option<bool>, Query, description = "`true`: with messages that nobody has read"),
    ),
    responses((status = 200, description = "A page", body = Listed<ListedConversationView>)))]
pub(super) async fn list(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let page = params.page();
    let mut filter = ConversationFilter::all();
    filter.contact = params.take::<String>("q", "words to look for");
    filter.status = params.take::<ConversationStatus>("status", "open, pending or closed");
    filter.assignee = match params.take::<Whose>("assignee", ASSIGNEES) {
        None => None,
        Some(Whose::Of(assignee)) => Some(assignee),
        Some(Whose::Me) => {
            Some(Assignee::Person(caller.person().ok_or_else(|| {
                Problem::new(ProblemKind::Forbidden).detail("a program has none")
            })?))
        }
    };
    filter.tag = params.take::<String>("tag", "a label");
    filter.channel = params.take::<ChannelId>("channel", "the id of an end of a channel");
    filter.client = params.take::<ClientId>("client", "the id of a client");
    filter.unread = params.take::<bool>("unread", "true or false").unwrap_or(false);
    params.finish()?;
    let found: Page<Conversation> = state
        .crm
        .conversations()
        .list(&caller.context(), &filter, &page)
        .await
        .map_err(|error| Problem::from(error).of_search())?;
    let ids: Vec<ConversationId> = found.items.iter().map(|it| it.id).collect();
    let conversations = state.crm.conversations();
    let last = conversations.last_messages(&caller.context(), &ids).await?;
    let found = found.map(|it| {
        let message = last.get(&it.id);
        ListedConversationView::new(it, message)
    });
    Ok(axum::Json(Listed::page(found)).into_response())
}

/// One page of the messages that have words beginning with each word of `q`, the newest first; case and accents do not matter.
#[utoipa::path(get, path = "/search", tag = "conversations", operation_id = "search_messages",
    params(
        ("q" = String, Query, description = "Up to eight words"),
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page", body = Listed<MessageView>)))]
pub(super) async fn search(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let page = params.page();
    let text = params
        .take::<String>("q", "words to look for")
        .unwrap_or_default();
    params.finish()?;
    let found = state
        .crm
        .conversations()
        .search(&caller.context(), &text, &page)
        .await
        .map_err(|error| Problem::from(error).of_search())?;
    Ok(axum::Json(Listed::page(found)).into_response())
}

/// How much each assignee has not read.
#[utoipa::path(get, path = "/unread", tag = "conversations", operation_id = "count_unread",
    responses((status = 200, description = "The counts", body = Whole<UnreadView>)))]
pub(super) async fn unread(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    let items = state.crm.conversations().unread_counts(&caller.context()).await?;
    Ok(axum::Json(Whole { items }).into_response())
}

/// The labels in use, in order, with the number of conversations that carry them.
#[utoipa::path(get, path = "/tags", tag = "conversations", operation_id = "list_conversation_tags",
    responses((status = 200, description = "The labels, up to 1,000", body = Whole<LabelView>)))]
pub(super) async fn tags(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    let items = state.crm.conversations().tags(&caller.context()).await?;
    Ok(axum::Json(Whole { items }).into_response())
}

/// One conversation; one that was joined with another is that one.
#[utoipa::path(get, path = "/{id}", tag = "conversations", operation_id = "get_conversation",
    params(("id" = String, Path, description = "`cnv_…`")),
    responses((status = 200, description = "The conversation", body = ConversationView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
    ))))]
pub(super) async fn get(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Conversation>,
) -> Result<Response, Problem> {
    let found = state.crm.conversations().get(&caller.context(), id).await?;
    Ok(tagged(StatusCode::OK, found.version, &found))
}
