//! What keeps clients in order: duplicates, merging, restoring, purging, labels.

use std::collections::HashMap;

use aurora_core::time::Timestamp;
use aurora_crm::clients::{
    Candidate, Client, ClientId, DeletedClient, DuplicateReason, MergeChoices, MergeField, MergeSide,
    NewClient, TagCount,
};
use aurora_crm::workspaces::CrmPermission;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::view;
use super::views::{ClientView, NewClientInput};
use crate::http::Routes;
use crate::http::access::{Caller, also};
use crate::http::answers::Listed;
use crate::http::extract::{IfMatch, Json, Params, PathId};
use crate::http::problem::{Problem, ProblemBody};
use crate::state::AppState;

/// As many labels as the domain gives at a time.
const LABELS: usize = 200;

pub(super) fn add(routes: Routes) -> Routes {
    routes
        .route(CrmPermission::ClientRead, routes!(alike))
        .route(CrmPermission::ClientRead, routes!(alike_to))
        .route(CrmPermission::ClientDelete, routes!(merge))
        .route(CrmPermission::ClientDelete, routes!(restore))
        .route(CrmPermission::ClientDelete, routes!(purge))
        .route(CrmPermission::ClientDelete, routes!(deleted))
        .route(CrmPermission::ClientRead, routes!(tags))
        .route(CrmPermission::ClientWrite, routes!(rename_tag))
        .route(CrmPermission::ClientWrite, routes!(remove_tag))
}

/// A client that may be the same as another.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Candidate)]
pub(crate) struct CandidateView {
    /// `cli_…`
    id: String,
    /// How likely it is the same, 0 to 1: an order, not a measured probability.
    score: f64,
    /// Why, the weightiest first.
    #[schema(value_type = Vec<Reason>)]
    reasons: Vec<DuplicateReason>,
}

impl From<Candidate> for CandidateView {
    fn from(candidate: Candidate) -> Self {
        Self {
            id: candidate.id.to_string(),
            score: candidate.score,
            reasons: candidate.reasons,
        }
    }
}

/// What two clients have in common.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DuplicateReason)]
#[expect(dead_code, reason = "describes what the domain writes")]
enum Reason {
    /// The same CNPJ or CPF.
    SameDocument,
    /// An e-mail address.
    SameEmail,
    /// A phone number.
    SamePhone,
    /// Branches of one company.
    SameCnpjRoot,
    /// Names that differ little.
    SimilarName,
    /// The day of birth, beside something else.
    SameBirthDate,
}

/// Who may be the same as a client that is about to be made? Nothing is stored.
#[utoipa::path(post, path = "/duplicates", tag = "clients", operation_id = "find_duplicates",
    request_body = NewClientInput,
    responses((status = 200, description = "Up to 20, the likeliest first", body = Listed<CandidateView>)))]
async fn alike(
    State(state): State<AppState>,
    caller: Caller,
    Json(new): Json<NewClient>,
) -> Result<Response, Problem> {
    let found = state.crm.clients().duplicates(&caller.context(), &new).await?;
    Ok(axum::Json(Listed::<CandidateView>::whole(found)).into_response())
}

/// Who may be the same as this client?
#[utoipa::path(get, path = "/{id}/duplicates", tag = "clients", operation_id = "client_duplicates",
    params(("id" = String, Path, description = "`cli_…`")),
    responses((status = 200, description = "Up to 20, the likeliest first", body = Listed<CandidateView>)))]
async fn alike_to(
    State(state): State<AppState>,
    caller: Caller,
    PathId(client): PathId<Client>,
) -> Result<Response, Problem> {
    let found = state
        .crm
        .clients()
        .duplicates_of(&caller.context(), client)
        .await?;
    Ok(axum::Json(Listed::<CandidateView>::whole(found)).into_response())
}

/// Which client goes, and whose values stay.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Merge, example = json!({"lose": "cli_0190a8b0c0de7000800000000000000b", "lose_version": 2,
    "choices": {"document": "lost"}}))]
struct Merge {
    /// `cli_…`: the client that goes. From then on its id leads to the one that stays.
    #[schema(value_type = String)]
    lose: ClientId,
    /// The version of it that was read.
    lose_version: i64,
    /// For `legal_name`, `trade_name`, `document`, `birth_date`, `email`, `owner`, `source` or `status` whose value stays,
    /// `kept` or `lost`; unless told that of the client that stays or, when it has none, of the one that goes.
    #[serde(default)]
    #[schema(value_type = HashMap<String, String>, required = false)]
    choices: HashMap<MergeField, MergeSide>,
}

/// Merges another client into this one, with all that refers to it. This cannot be undone.
#[utoipa::path(post, path = "/{id}/merge", tag = "clients", operation_id = "merge_clients", request_body = Merge,
    params(
        ("id" = String, Path, description = "`cli_…`: the client that stays"),
        ("If-Match" = String, Header, description = "The etag of it that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Merged", body = ClientView, headers(
        ("ETag" = String, description = "The new version"),
    ))))]
async fn merge(
    State(state): State<AppState>,
    caller: Caller,
    PathId(client): PathId<Client>,
    if_match: IfMatch,
    Json(merge): Json<Merge>,
) -> Result<Response, Problem> {
    let choices = merge.choices.into_iter();
    let choices = choices.fold(MergeChoices::new(), |all, (field, side)| all.choose(field, side));
    let (kept, lost) = ((client, if_match.expected()), (merge.lose, merge.lose_version));
    let clients = state.crm.clients();
    let client = clients.merge(&caller.context(), kept, lost, &choices).await?;
    Ok(view(client))
}

/// Brings back a deleted client. Its version is the one that it was deleted at, and one more.
#[utoipa::path(post, path = "/{id}/restore", tag = "clients", operation_id = "restore_client",
    params(
        ("id" = String, Path, description = "`cli_…`"),
        ("If-Match" = String, Header, description = "The etag that it was deleted with, one higher: `\"v8\"` after `\"v7\"`"),
    ),
    responses(
        (status = 200, description = "It is back", body = ClientView, headers(
            ("ETag" = String, description = "The new version"),
        )),
        (status = 409, description = "Its CNPJ or CPF belongs to another by now; `existing_id` names it", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn restore(
    State(state): State<AppState>,
    caller: Caller,
    PathId(client): PathId<Client>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let clients = state.crm.clients();
    let client = clients
        .restore(&caller.context(), client, if_match.expected())
        .await?;
    Ok(view(client))
}

/// Removes a deleted client for good, with its notes.
#[utoipa::path(post, path = "/{id}/purge", tag = "clients", operation_id = "purge_client",
    params(("id" = String, Path, description = "`cli_…`")),
    responses(
        (status = 204, description = "It is gone"),
        (status = 422, description = "Something living refers to it (`in_use`), or the law holds it (`legal_hold`)", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn purge(
    State(state): State<AppState>,
    caller: Caller,
    PathId(client): PathId<Client>,
) -> Result<StatusCode, Problem> {
    state.crm.clients().purge(&caller.context(), client).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// A client that was deleted.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DeletedClient)]
struct DeletedView {
    /// `cli_…`
    id: String,
    /// What it is brought back with: `If-Match: "v8"` for 8.
    version: i64,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    deleted_at: String,
    /// What it was called, `Anonimizado` after anonymity; null where its data may not be used, and for whoever may not see
    /// clients.
    legal_name: Option<String>,
    /// The same under which it traded.
    trade_name: Option<String>,
}

impl From<DeletedClient> for DeletedView {
    fn from(client: DeletedClient) -> Self {
        Self {
            id: client.id.to_string(),
            version: client.version,
            deleted_at: client.deleted_at.to_string(),
            legal_name: client.legal_name,
            trade_name: client.trade_name,
        }
    }
}

/// One page of the deleted clients, the last deleted first, for whoever brings them back or purges them.
#[utoipa::path(get, path = "/deleted", tag = "clients", operation_id = "list_deleted_clients",
    params(
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("before" = Option<String>, Query, description = "Only those that were deleted before this time (RFC 3339)"),
    ),
    responses((status = 200, description = "A page; `next` is null on the last", body = Listed<DeletedView>)))]
async fn deleted(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let page = params.page();
    let before = params.take::<Timestamp>("before", "an RFC 3339 time such as 2026-07-01T12:00:00Z");
    params.finish()?;
    let clients = state.crm.clients();
    let found = clients.deleted(&caller.context(), before, &page).await;
    let mut found = found.map_err(|error| Problem::from(error).of_parameters())?;
    if also(&state, CrmPermission::ClientRead, &caller).is_err() {
        for client in &mut found.items {
            client.legal_name = None;
            client.trade_name = None;
        }
    }
    Ok(axum::Json(Listed::<DeletedView>::from(found)).into_response())
}

/// A label and how many living clients carry it.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TagCount)]
struct TagCountView {
    /// The label, as written.
    tag: String,
    /// How many living clients carry it.
    clients: i64,
}

impl From<TagCount> for TagCountView {
    fn from(count: TagCount) -> Self {
        Self {
            tag: count.tag,
            clients: count.clients,
        }
    }
}

/// Labels that are in use, 200 on a page.
#[utoipa::path(get, path = "/tags", tag = "clients", operation_id = "list_client_tags",
    params(("cursor" = Option<String>, Query, description = "`next` of the page before")),
    responses((status = 200, description = "A page in the order of their bytes; `next` is null on the last", body = Listed<TagCountView>)))]
async fn tags(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<Response, Problem> {
    let after = params.take::<String>("cursor", "the text that the page before gave as next");
    params.finish()?;
    let clients = state.crm.clients();
    let found = clients.tags(&caller.context(), after.as_deref()).await?;
    let last = found.last().map(|count| count.tag.clone());
    let next = last.filter(|_| found.len() >= LABELS);
    Ok(axum::Json(Listed::<TagCountView> {
        next,
        ..Listed::whole(found)
    })
    .into_response())
}

/// A label, and what it is called from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TagRename {
    /// The label, as written.
    old: String,
    /// Up to 50 characters.
    new: String,
}

/// A label.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct TagRemoval {
    /// The label, as written.
    tag: String,
}

/// How many clients were changed.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = TagsChanged)]
struct Changed {
    /// How many carried the label.
    clients: u64,
}

/// Renames a label of every living client, a hundred at a time; after a failure the same call goes on.
#[utoipa::path(post, path = "/tags/rename", tag = "clients", operation_id = "rename_client_tag", request_body = TagRename,
    responses((status = 200, description = "Renamed", body = Changed)))]
async fn rename_tag(
    State(state): State<AppState>,
    caller: Caller,
    Json(rename): Json<TagRename>,
) -> Result<Response, Problem> {
    let clients = state.crm.clients();
    let clients = clients
        .rename_tag(&caller.context(), &rename.old, &rename.new)
        .await?;
    Ok(axum::Json(Changed { clients }).into_response())
}

/// Removes a label from every living client, a hundred at a time; after a failure the same call goes on.
#[utoipa::path(post, path = "/tags/remove", tag = "clients", operation_id = "remove_client_tag", request_body = TagRemoval,
    responses((status = 200, description = "Removed", body = Changed)))]
async fn remove_tag(
    State(state): State<AppState>,
    caller: Caller,
    Json(removal): Json<TagRemoval>,
) -> Result<Response, Problem> {
    let clients = state.crm.clients();
    let clients = clients.remove_tag(&caller.context(), &removal.tag).await?;
    Ok(axum::Json(Changed { clients }).into_response())
}
