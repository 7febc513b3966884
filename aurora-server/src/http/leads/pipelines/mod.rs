//! Pipelines (`funis de vendas`), their stages and their boards.

mod views;

use aurora_crm::clients::ClientId;
use aurora_crm::leads::{
    Locale, NewPipeline, NewStage, OwnerId, Pipeline, PipelineChange, Stage, StageChange, StageId, StageKind,
};
use aurora_crm::workspaces::CrmPermission;
use axum::extract::{OriginalUri, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::views::Status;
use crate::http::Routes;
use crate::http::access::Caller;
use crate::http::answers::{Listed, created, tagged};
use crate::http::clients;
use crate::http::extract::{IfMatch, Json, MaybeJson, Params, PathId, PathIds};
use crate::http::problem::Problem;
use crate::state::AppState;
use views::{BoardView, NewPipelineInput, PipelineChangeInput, PipelineView, StageChangeInput};

/// Leads of a column unless told.
const FIRST: u32 = 50;

pub(super) fn routes() -> Routes {
    Routes::new()
        .route(CrmPermission::LeadRead, routes!(list))
        .route(CrmPermission::PipelineWrite, routes!(create))
        .route(CrmPermission::LeadWrite, routes!(ensure_default))
        .route(CrmPermission::LeadRead, routes!(read))
        .route(CrmPermission::PipelineWrite, routes!(update))
        .route(CrmPermission::PipelineWrite, routes!(make_default))
        .route(CrmPermission::LeadRead, routes!(board))
        .route(CrmPermission::PipelineWrite, routes!(add_stage))
        .route(CrmPermission::PipelineWrite, routes!(update_stage))
        .route(CrmPermission::PipelineWrite, routes!(remove_stage))
        .route(CrmPermission::PipelineWrite, routes!(reorder))
}

/// All pipelines, the oldest first, also those that are archived.
#[utoipa::path(get, path = "/", tag = "pipelines", operation_id = "list_pipelines",
    responses((status = 200, description = "Up to 100", body = Listed<PipelineView>)))]
async fn list(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    let pipelines = state.crm.pipelines().list(&caller.context()).await?;
    Ok(axum::Json(Listed::<PipelineView>::whole(pipelines)).into_response())
}

/// Makes a pipeline, with at least one stage of each kind.
#[utoipa::path(post, path = "/", tag = "pipelines", operation_id = "create_pipeline", request_body = NewPipelineInput,
    responses((status = 201, description = "Made", body = PipelineView, headers(
        ("ETag" = String, description = "The version, for `If-Match`"),
        ("Location" = String, description = "Where it is to be found"),
    ))))]
async fn create(
    State(state): State<AppState>,
    caller: Caller,
    OriginalUri(uri): OriginalUri,
    Json(new): Json<NewPipeline>,
) -> Result<Response, Problem> {
    let pipeline = state.crm.pipelines().create(&caller.context(), new).await?;
    let (id, version) = (pipeline.id, pipeline.version);
    Ok(created(&uri, id, Some(version), &PipelineView::from(pipeline)))
}

/// The language of the default pipeline.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
struct DefaultPipeline {
    /// `pt` unless told.
    #[schema(required = false)]
    language: Language,
}

/// The language of names that are made.
#[derive(Debug, Default, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = PipelineLanguage)]
enum Language {
    #[default]
    Pt,
    En,
}

/// The pipeline that leads go into when they name none; it is made when there is none yet, once also when many ask.
#[utoipa::path(post, path = "/default", tag = "pipelines", operation_id = "ensure_default_pipeline", request_body = Option<DefaultPipeline>,
    responses((status = 200, description = "The default pipeline", body = PipelineView, headers(("ETag" = String, description = "The version, for `If-Match`")))))]
async fn ensure_default(
    State(state): State<AppState>,
    caller: Caller,
    MaybeJson(asked): MaybeJson<DefaultPipeline>,
) -> Result<Response, Problem> {
    let locale = match asked.language {
        Language::Pt => Locale::Portuguese,
        Language::En => Locale::English,
    };
    let pipelines = state.crm.pipelines();
    let pipeline = pipelines.ensure_default(&caller.context(), locale).await?;
    Ok(view(pipeline))
}

/// One pipeline with its stages.
#[utoipa::path(get, path = "/{id}", tag = "pipelines", operation_id = "get_pipeline",
    params(("id" = String, Path, description = "`pip_…`")),
    responses((status = 200, description = "The pipeline", body = PipelineView, headers(("ETag" = String, description = "The version, for `If-Match`")))))]
async fn read(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Pipeline>,
) -> Result<Response, Problem> {
    let pipeline = state.crm.pipelines().get(&caller.context(), id).await?;
    Ok(view(pipeline))
}

/// Renames, archives or takes back a pipeline.
#[utoipa::path(patch, path = "/{id}", tag = "pipelines", operation_id = "update_pipeline", request_body = PipelineChangeInput,
    params(
        ("id" = String, Path, description = "`pip_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "Changed", body = PipelineView, headers(("ETag" = String, description = "The new version")))))]
async fn update(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Pipeline>,
    if_match: IfMatch,
    Json(change): Json<PipelineChange>,
) -> Result<Response, Problem> {
    let pipelines = state.crm.pipelines();
    let pipeline = pipelines
        .update(&caller.context(), id, if_match.expected(), change)
        .await?;
    Ok(view(pipeline))
}

/// Makes this pipeline the one that leads go into when they name none.
#[utoipa::path(post, path = "/{id}/make-default", tag = "pipelines", operation_id = "make_pipeline_default",
    params(
        ("id" = String, Path, description = "`pip_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "It is the default", body = PipelineView, headers(("ETag" = String, description = "The new version")))))]
async fn make_default(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Pipeline>,
    if_match: IfMatch,
) -> Result<Response, Problem> {
    let pipelines = state.crm.pipelines();
    let pipeline = pipelines
        .make_default(&caller.context(), id, if_match.expected())
        .await?;
    Ok(view(pipeline))
}

/// A pipeline as a board (`kanban`): a column for each stage with its first leads, their number and sums.
#[utoipa::path(get, path = "/{id}/board", tag = "pipelines", operation_id = "get_board",
    params(
        ("id" = String, Path, description = "`pip_…`"),
        ("limit" = Option<u32>, Query, description = "Most leads of a column, 1 to 200; 50 unless told. The others are a list of leads by `stage` in the order `position`"),
        ("owner" = Option<String>, Query, description = "`usr_…`: leads of this user alone, in numbers and sums, too"),
    ),
    responses((status = 200, description = "The board", body = BoardView)))]
async fn board(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Pipeline>,
    mut params: Params,
) -> Result<Response, Problem> {
    const LIMIT: &str = "a whole number from 1 to 200";
    let limit = params.take::<u32>("limit", LIMIT).unwrap_or(FIRST);
    if !(1..=200).contains(&limit) {
        params.refuse("limit", LIMIT);
    }
    let owner = params.take::<OwnerId>("owner", "the id of a user, usr_…");
    params.finish()?;
    let (leads, context) = (state.crm.leads(), caller.context());
    let board = match owner {
        Some(owner) => leads.board_of(&context, id, owner, limit).await?,
        None => leads.board(&context, id, limit).await?,
    };
    let leads = board.columns.iter().flat_map(|column| &column.leads);
    let who: Vec<ClientId> = leads.filter_map(|lead| lead.client_id).collect();
    let names = clients::names(&state, &caller, &who).await?;
    Ok(axum::Json(BoardView::new(board, &names)).into_response())
}

/// What is needed to add a stage.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = AddStage, example = json!({"kind": "open", "name": "Visita", "probability": 30, "place": 2}))]
struct AddStage {
    /// What a lead in it is; cannot be changed.
    #[schema(value_type = Status)]
    kind: StageKind,
    /// Up to 100 characters.
    name: String,
    /// 0 to 100 percent; 50 when open, 100 when won, 0 when lost unless told.
    #[serde(default)]
    probability: Option<u8>,
    /// How many days a lead should stay in it.
    #[serde(default)]
    expected_days: Option<u16>,
    /// `#rrggbb`
    #[serde(default)]
    colour: Option<String>,
    /// Before the stage at this place counted from 0; last unless told.
    #[serde(default)]
    place: Option<usize>,
}

/// Adds a stage to a pipeline.
#[utoipa::path(post, path = "/{id}/stages", tag = "pipelines", operation_id = "add_stage", request_body = AddStage,
    params(
        ("id" = String, Path, description = "`pip_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "The pipeline with it", body = PipelineView, headers(("ETag" = String, description = "The new version")))))]
async fn add_stage(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Pipeline>,
    if_match: IfMatch,
    Json(add): Json<AddStage>,
) -> Result<Response, Problem> {
    let mut stage = NewStage::new(add.kind, add.name);
    if let Some(percent) = add.probability {
        stage = stage.probability(percent);
    }
    if let Some(days) = add.expected_days {
        stage = stage.expected_days(days);
    }
    if let Some(colour) = add.colour {
        stage = stage.colour(colour);
    }
    let pipelines = state.crm.pipelines();
    let pipeline = pipelines
        .add_stage(&caller.context(), id, if_match.expected(), stage, add.place)
        .await?;
    Ok(view(pipeline))
}

/// Changes the named parts of a stage. The version is the pipeline's.
#[utoipa::path(patch, path = "/{id}/stages/{stage}", tag = "pipelines", operation_id = "update_stage", request_body = StageChangeInput,
    params(
        ("id" = String, Path, description = "`pip_…`"),
        ("stage" = String, Path, description = "`stg_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "The pipeline with it", body = PipelineView, headers(("ETag" = String, description = "The new version")))))]
async fn update_stage(
    State(state): State<AppState>,
    caller: Caller,
    PathIds(id, stage): PathIds<Pipeline, Stage>,
    if_match: IfMatch,
    Json(change): Json<StageChange>,
) -> Result<Response, Problem> {
    let pipelines = state.crm.pipelines();
    let pipeline = pipelines
        .update_stage(&caller.context(), id, if_match.expected(), stage, change)
        .await?;
    Ok(view(pipeline))
}

/// Removes a stage. Its leads go to the end of another one of the same kind.
#[utoipa::path(delete, path = "/{id}/stages/{stage}", tag = "pipelines", operation_id = "remove_stage",
    params(
        ("id" = String, Path, description = "`pip_…`"),
        ("stage" = String, Path, description = "`stg_…`"),
        ("to" = Option<String>, Query, description = "`stg_…`: where its leads go; needed when it has any"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "The pipeline without it", body = PipelineView, headers(("ETag" = String, description = "The new version")))))]
async fn remove_stage(
    State(state): State<AppState>,
    caller: Caller,
    PathIds(id, stage): PathIds<Pipeline, Stage>,
    if_match: IfMatch,
    mut params: Params,
) -> Result<Response, Problem> {
    let to = params.take::<StageId>("to", "the id of a stage, stg_…");
    params.finish()?;
    let pipelines = state.crm.pipelines();
    let pipeline = pipelines
        .remove_stage(&caller.context(), id, if_match.expected(), stage, to)
        .await?;
    Ok(view(pipeline))
}

/// The order of stages.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StageOrder)]
struct StageOrder {
    /// `stg_…`: each stage exactly once.
    #[schema(value_type = Vec<String>)]
    stages: Vec<StageId>,
}

/// Puts the stages of a pipeline in this order.
#[utoipa::path(post, path = "/{id}/reorder", tag = "pipelines", operation_id = "reorder_stages", request_body = StageOrder,
    params(
        ("id" = String, Path, description = "`pip_…`"),
        ("If-Match" = String, Header, description = "The etag that was read, such as `\"v7\"`"),
    ),
    responses((status = 200, description = "The pipeline in this order", body = PipelineView, headers(("ETag" = String, description = "The new version")))))]
async fn reorder(
    State(state): State<AppState>,
    caller: Caller,
    PathId(id): PathId<Pipeline>,
    if_match: IfMatch,
    Json(order): Json<StageOrder>,
) -> Result<Response, Problem> {
    let pipelines = state.crm.pipelines();
    let pipeline = pipelines
        .reorder(&caller.context(), id, if_match.expected(), &order.stages)
        .await?;
    Ok(view(pipeline))
}

fn view(pipeline: Pipeline) -> Response {
    tagged(StatusCode::OK, pipeline.version, &PipelineView::from(pipeline))
}
