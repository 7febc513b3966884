//! A lead on its way: from stage to stage, won, lost, opened again, turned into a client.

use aurora_crm::clients::{ClientId, NewClient};
use aurora_crm::leads::{Conversion, Lead, LostReasonId, NewLoss, Place, StageId};
use aurora_crm::workspaces::CrmPermission;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::view;
use super::views::LeadView;
use crate::http::Routes;
use crate::http::access::Caller;
use crate::http::activities::views::StageMoveView;
use crate::http::answers::Listed;
use crate::http::clients::views::NewClientInput;
use crate::http::extract::{IfMatch, Json, MaybeJson, Params, PathId};
use crate::http::problem::{FieldError, Problem, ProblemBody, ProblemKind};
use crate::state::AppState;

pub(super) fn add(routes: Routes) -> Routes {
    routes
        .route(CrmPermission::LeadWrite, routes!(move_to))
        .route(CrmPermission::LeadWrite, routes!(win))
        .route(CrmPermission::LeadWrite, routes!(lose))
        .route(CrmPermission::LeadWrite, routes!(reopen))
        .route(CrmPermission::LeadWrite, routes!(convert))
        .route(CrmPermission::LeadDelete, routes!(restore))
        .route(CrmPermission::LeadRead, routes!(history))
}

/// Where a lead goes.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Move, example = json!({"stage": "stg_0190a8b0c0de7000800000000000000a",
    "place": {"before": "led_0190a8b0c0de7000800000000000000b"}}))]
struct Move {
    /// `stg_…`: a stage of the same kind, also of another pipeline.
    #[schema(value_type = String)]
    stage: StageId,
    /// Where in it: above all others unless told.
    #[serde(default)]
    #[schema(value_type = PlaceInput, required = false)]
    place: Place,
}

/// Where in a stage: `"first"`, `"last"`, `{"before": "led_…"}` or `{"after": "led_…"}`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Place)]
#[expect(dead_code, reason = "describes what the domain reads")]
enum PlaceInput {
    First,
    Last,
    /// `led_…`: right above this one.
    Before(String),
    /// `led_…`: right below this one.
    After(String),
}

/// The stage that a lead goes into.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = TargetStage)]
struct Target {
    /// `stg_…`; the first of its kind in the lead's pipeline unless told.
    #[schema(value_type = Option<String>)]
    stage: Option<StageId>,
}

/// Why a lead is lost: at least a reason from the catalogue, or words.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Lose, example = json!({"note": "preço"}))]
struct Lose {
    /// `lrs_…`
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    reason: Option<LostReasonId>,
    /// Up to 1,000 characters.
    #[serde(default)]
    note: Option<String>,
    /// `stg_…`: a lost stage; the first one of the lead's pipeline unless told.
    #[serde(default)]
    #[schema(value_type = Option<String>)]
    stage: Option<StageId>,
}

/// Into which client a lead is converted; out of what the lead says unless told.
#[derive(Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
#[schema(as = Convert, example = json!({"link_existing": true}))]
struct Convert {
    /// `cli_…`: into this one.
    #[schema(value_type = Option<String>)]
    client: Option<ClientId>,
    /// Into this new one; not beside `client`.
    #[schema(value_type = Option<NewClientInput>)]
    new_client: Option<NewClient>,
    /// When there is a client with the same CNPJ or CPF already, takes that one.
    link_existing: bool,
}

/// A lead that was converted.
#[derive(Debug, Serialize, ToSchema)]
struct Converted {
    /// The lead: won, with its client.
    lead: LeadView,
    /// `cli_…`
    client: String,
    /// Whether this call has made the client.
    is_new: bool,
}

/// Moves a lead to a place in a stage of the same kind, also of another pipeline.
#[utoipa::path(post, path = "/{id}/move", tag = "leads", operation_id = "move_lead", request_body = Move,
    params(
        ("id" = String, Path, description = "`led_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Moved", body = LeadView, headers(("ETag" = String, description = "The new version")))))]
async fn move_to(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Lead>,
    if_match: IfMatch,
    Json(step): Json<Move>,
) -> Result<Response, Problem> {
    let leads = state.crm.leads();
    let expected = if_match.expected();
    let lead = leads
        .move_to(&caller.context(), id, expected, step.stage, step.place)
        .await?;
    Ok(view(lead))
}

/// Wins an open lead.
#[utoipa::path(post, path = "/{id}/win", tag = "leads", operation_id = "win_lead", request_body = Option<Target>,
    params(
        ("id" = String, Path, description = "`led_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Won", body = LeadView, headers(("ETag" = String, description = "The new version")))))]
async fn win(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Lead>,
    if_match: IfMatch,
    MaybeJson(into): MaybeJson<Target>,
) -> Result<Response, Problem> {
    let leads = state.crm.leads();
    let lead = leads
        .win(&caller.context(), id, if_match.expected(), into.stage)
        .await?;
    Ok(view(lead))
}

/// Loses an open lead, for a reason.
#[utoipa::path(post, path = "/{id}/lose", tag = "leads", operation_id = "lose_lead", request_body = Lose,
    params(
        ("id" = String, Path, description = "`led_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Lost", body = LeadView, headers(("ETag" = String, description = "The new version")))))]
async fn lose(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Lead>,
    if_match: IfMatch,
    Json(lose): Json<Lose>,
) -> Result<Response, Problem> {
    let loss = lose.reason.map_or_else(NewLoss::default, NewLoss::reason);
    let loss = match lose.note {
        Some(note) => loss.note(note),
        None => loss,
    };
    let leads = state.crm.leads();
    let lead = leads
        .lose(&caller.context(), id, if_match.expected(), loss, lose.stage)
        .await?;
    Ok(view(lead))
}

/// Opens a won or lost lead again, unless it was converted.
#[utoipa::path(post, path = "/{id}/reopen", tag = "leads", operation_id = "reopen_lead", request_body = Option<Target>,
    params(
        ("id" = String, Path, description = "`led_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Open", body = LeadView, headers(("ETag" = String, description = "The new version")))))]
async fn reopen(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Lead>,
    if_match: IfMatch,
    MaybeJson(into): MaybeJson<Target>,
) -> Result<Response, Problem> {
    let leads = state.crm.leads();
    let lead = leads
        .reopen(&caller.context(), id, if_match.expected(), into.stage)
        .await?;
    Ok(view(lead))
}

/// Makes a client of a lead and wins the lead, both or neither. Converting again gives the same client.
#[utoipa::path(post, path = "/{id}/convert", tag = "leads", operation_id = "convert_lead", request_body = Option<Convert>,
    params(("id" = String, Path, description = "`led_…`")),
    responses(
        (status = 200, description = "Converted", body = Converted),
        (status = 409, description = "There is a client with the same CNPJ or CPF; `existing_id` names it, `link_existing` takes it", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn convert(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Lead>,
    MaybeJson(how): MaybeJson<Convert>,
) -> Result<Response, Problem> {
    let conversion = match (how.client, how.new_client) {
        (None, None) => Conversion::from_lead(),
        (Some(client), None) => Conversion::existing(client),
        (None, Some(new)) => Conversion::new_client(new),
        (Some(_), Some(_)) => {
            let error = FieldError::new("new_client", "not_allowed", "must be left out beside client");
            return Err(Problem::new(ProblemKind::Invalid).errors([error]));
        }
    };
    let conversion = if how.link_existing {
        conversion.link_existing()
    } else {
        conversion
    };
    let leads = state.crm.leads();
    let done = leads.convert(&caller.context(), id, conversion).await?;
    Ok(axum::Json(Converted {
        lead: done.lead.into(),
        client: done.client.to_string(),
        is_new: done.is_new,
    })
    .into_response())
}

/// Takes back the deletion of a lead. Its version is the one that it was deleted at, and one more.
#[utoipa::path(post, path = "/{id}/restore", tag = "leads", operation_id = "restore_lead",
    params(
        ("id" = String, Path, description = "`led_…`"),
        ("If-Match" = String, Header, description = "The etag that it was deleted with, one higher: `\"v8\"` after `\"v7\"`"),
    ),
    responses((status = 200, description = "It is back", body = LeadView, headers(("ETag" = String, description = "The new version")))))]
async fn restore(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Lead>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let leads = state.crm.leads();
    let lead = leads.restore(&caller.context(), id, if_match.expected()).await?;
    Ok(view(lead))
}

/// One page of the changes of stage of a lead, the latest first.
#[utoipa::path(get, path = "/{id}/history", tag = "leads", operation_id = "lead_history",
    params(
        ("id" = String, Path, description = "`led_…`"),
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page; `next` is null on the last", body = Listed<StageMoveView>)))]
async fn history(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Lead>,
    mut params: Params,
) -> Result<Response, Problem> {
    let page = params.page();
    params.finish()?;
    let leads = state.crm.leads();
    let moves = leads.history(&caller.context(), id, &page).await;
    let moves = moves.map_err(|error| Problem::from(error).of_parameters())?;
    Ok(axum::Json(Listed::<StageMoveView>::from(moves)).into_response())
}
