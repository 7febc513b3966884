//! The JSON of pipelines and boards.

use std::collections::HashMap;

use aurora_crm::clients::ClientId;
use aurora_crm::leads::{Board, BoardColumn, Lead, Pipeline, Stage, StageKind, Total};
use serde::Serialize;
use utoipa::ToSchema;

use super::super::views::{LeadView, MoneyView, Status};

/// A way that leads go, from one stage to the next.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Pipeline)]
pub(super) struct PipelineView {
    /// `pip_` and 32 hexadecimal digits.
    id: String,
    /// Grows by one with each change, also of a stage; also in the header `ETag`.
    version: i64,
    /// Its name for people.
    name: String,
    /// Whether leads that name no pipeline go into it.
    is_default: bool,
    /// Since when it takes no new leads; null when it takes them.
    #[schema(format = DateTime)]
    archived_at: Option<String>,
    /// Its stages in order.
    stages: Vec<StageView>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<Pipeline> for PipelineView {
    fn from(pipeline: Pipeline) -> Self {
        Self {
            id: pipeline.id.to_string(),
            version: pipeline.version,
            name: pipeline.name,
            is_default: pipeline.is_default,
            archived_at: pipeline.archived_at.map(|at| at.to_string()),
            stages: pipeline.stages.into_iter().map(Into::into).collect(),
            created_at: pipeline.created_at.to_string(),
            updated_at: pipeline.updated_at.to_string(),
        }
    }
}

/// One step of a pipeline (`etapa`).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Stage)]
struct StageView {
    /// `stg_…`
    id: String,
    /// Its name for people.
    name: String,
    /// What a lead in it is.
    #[schema(value_type = Status)]
    kind: StageKind,
    /// How likely a lead in it will be won, in percent.
    probability: u8,
    /// How many days a lead should stay in it.
    expected_days: Option<u16>,
    /// `#rrggbb`
    colour: Option<String>,
}

impl From<Stage> for StageView {
    fn from(stage: Stage) -> Self {
        Self {
            id: stage.id.to_string(),
            name: stage.name,
            kind: stage.kind,
            probability: stage.probability,
            expected_days: stage.expected_days,
            colour: stage.colour,
        }
    }
}

/// A pipeline as a board.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Board)]
pub(super) struct BoardView {
    /// The pipeline.
    pipeline: PipelineView,
    /// One column for each stage, in their order.
    columns: Vec<ColumnView>,
}

impl BoardView {
    pub(super) fn new(board: Board, names: &HashMap<ClientId, String>) -> Self {
        let columns = board.columns.into_iter();
        Self {
            pipeline: board.pipeline.into(),
            columns: columns.map(|column| ColumnView::new(column, names)).collect(),
        }
    }
}

/// A stage on a board.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BoardColumn)]
struct ColumnView {
    /// The stage.
    stage: StageView,
    /// How many leads there are in it.
    count: i64,
    /// What they are worth together, for each currency.
    totals: Vec<TotalView>,
    /// The first of them.
    leads: Vec<BoardLeadView>,
}

/// A lead on a board.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BoardLead)]
struct BoardLeadView {
    #[serde(flatten)]
    lead: LeadView,
    /// What its client is called; null without one, where it is deleted or its data may not be used, and for whoever may not
    /// see clients.
    client_name: Option<String>,
}

impl BoardLeadView {
    fn new(lead: Lead, names: &HashMap<ClientId, String>) -> Self {
        Self {
            client_name: lead.client_id.and_then(|client| names.get(&client).cloned()),
            lead: lead.into(),
        }
    }
}

impl ColumnView {
    fn new(column: BoardColumn, names: &HashMap<ClientId, String>) -> Self {
        let leads = column.leads.into_iter();
        Self {
            stage: column.stage.into(),
            count: column.count,
            totals: column.totals.into_iter().map(Into::into).collect(),
            leads: leads.map(|lead| BoardLeadView::new(lead, names)).collect(),
        }
    }
}

/// What leads are worth together.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = BoardTotal)]
struct TotalView {
    /// How many have a value in this currency.
    count: i64,
    /// The sum.
    value: MoneyView,
    /// The sum times the stage's probability (`valor ponderado`).
    weighted: MoneyView,
}

impl From<Total> for TotalView {
    fn from(total: Total) -> Self {
        Self {
            count: total.count,
            value: total.value.into(),
            weighted: total.weighted.into(),
        }
    }
}

/// What is needed to make a pipeline.
#[derive(Debug, ToSchema)]
#[schema(as = NewPipeline, example = json!({"name": "Parceiros", "stages": [
    {"kind": "open", "name": "Conversa", "probability": 30, "expected_days": 14},
    {"kind": "won", "name": "Assinado"}, {"kind": "lost", "name": "Recusado"}]}))]
#[expect(dead_code, reason = "describes what the domain reads")]
pub(super) struct NewPipelineInput {
    /// Up to 100 characters.
    name: String,
    /// Up to 50, at least one of each kind.
    stages: Vec<NewStageInput>,
}

/// What is needed to make a stage.
#[derive(Debug, ToSchema)]
#[schema(as = NewStage)]
#[expect(dead_code, reason = "describes what the domain reads")]
struct NewStageInput {
    kind: Status,
    /// Up to 100 characters.
    name: String,
    /// 0 to 100 percent.
    probability: Option<u8>,
    expected_days: Option<u16>,
    /// `#rrggbb`
    colour: Option<String>,
}

/// What to change in a pipeline: a missing field keeps.
#[derive(Debug, ToSchema)]
#[schema(as = PipelineChange, example = json!({"archived": true}))]
#[expect(dead_code, reason = "describes what the domain reads")]
pub(super) struct PipelineChangeInput {
    #[schema(required = false)]
    name: String,
    /// Whether it takes no new leads; the default pipeline always takes them.
    #[schema(required = false)]
    archived: bool,
}

/// What to change in a stage: a missing field keeps, `null` clears, a value sets.
#[derive(Debug, ToSchema)]
#[schema(as = StageChange, example = json!({"probability": 45, "expected_days": null}))]
#[expect(dead_code, reason = "describes what the domain reads")]
pub(super) struct StageChangeInput {
    #[schema(required = false)]
    name: String,
    #[schema(required = false)]
    probability: u8,
    expected_days: Option<u16>,
    colour: Option<String>,
}
