//! The JSON of leads.

use std::collections::HashMap;

use aurora_crm::leads::{Lead, LeadSource, LeadStatus, Loss, Money, Score};
use serde::Serialize;
use serde_json::{Map, Value};
use utoipa::ToSchema;

/// An amount in the smallest unit of its currency.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Money, example = json!({"cents": 1_250_000, "currency": "BRL"}))]
pub(crate) struct MoneyView {
    /// Centavos, cents; whole units where a currency has no smaller one.
    cents: i64,
    /// ISO 4217; `BRL` unless told.
    #[schema(required = false)]
    currency: String,
}

impl From<Money> for MoneyView {
    fn from(money: Money) -> Self {
        Self {
            cents: money.cents,
            currency: money.currency.to_string(),
        }
    }
}

/// Open, won (`ganho`) or lost (`perdido`).
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = StageKind)]
#[expect(dead_code, reason = "describes what the domain reads and writes")]
pub(crate) enum Status {
    Open,
    Won,
    Lost,
}

/// Where a lead comes from.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = LeadSource)]
#[expect(dead_code, reason = "describes what the domain reads and writes")]
enum Source {
    Website,
    Whatsapp,
    InboundCall,
    OutboundCall,
    Email,
    Referral,
    Partner,
    ExistingCustomer,
    Advertisement,
    SocialMedia,
    Campaign,
    Event,
    WalkIn,
    Import,
    Other,
}

/// What may become business.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Lead)]
pub(crate) struct LeadView {
    /// `led_` and 32 hexadecimal digits.
    id: String,
    /// Grows by one with each change; also in the header `ETag`. Scores and activities do not change it.
    version: i64,
    /// What it is about.
    title: String,
    /// The person to talk to.
    contact_name: Option<String>,
    /// Where to write.
    contact_email: Option<String>,
    /// Where to call, in E.164.
    contact_phone: Option<String>,
    /// `cli_…`: the client that it is of, when there is one already.
    client: Option<String>,
    /// The name of the company.
    company_name: Option<String>,
    /// The company's number, without its mask.
    cnpj: Option<String>,
    /// What it is worth.
    value: MoneyView,
    /// Where it comes from.
    #[schema(value_type = Source)]
    source: LeadSource,
    /// The same in words.
    source_detail: Option<String>,
    /// `usr_…`: who looks after it.
    owner: Option<String>,
    /// `pip_…`: the pipeline that it goes through.
    pipeline: String,
    /// `stg_…`: where in it it is.
    stage: String,
    /// Where in the stage it lies: lower is higher up.
    position: i64,
    /// The kind of the stage.
    #[schema(value_type = Status)]
    status: LeadStatus,
    /// Why it was lost; null unless it was.
    loss: Option<LossView>,
    /// When it is expected to be decided: RFC 3339, UTC.
    #[schema(format = DateTime)]
    expected_close: Option<String>,
    /// Labels, in the order given.
    tags: Vec<String>,
    /// Fields of the workspace's own.
    #[schema(value_type = Object)]
    custom: Map<String, Value>,
    /// How promising it is; null until there are rules.
    score: Option<ScoreView>,
    /// When somebody last did something about it.
    #[schema(format = DateTime)]
    last_activity_at: Option<String>,
    /// Since when it is in its stage.
    #[schema(format = DateTime)]
    stage_since: String,
    /// How often it came into a stage.
    stage_changes: i64,
    /// When it was won or lost.
    #[schema(format = DateTime)]
    closed_at: Option<String>,
    /// When it was converted into a client.
    #[schema(format = DateTime)]
    converted_at: Option<String>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<Lead> for LeadView {
    fn from(lead: Lead) -> Self {
        Self {
            id: lead.id.to_string(),
            version: lead.version,
            title: lead.title,
            contact_name: lead.contact_name,
            contact_email: lead.contact_email.map(|email| email.as_str().to_owned()),
            contact_phone: lead.contact_phone.map(|phone| phone.as_str().to_owned()),
            client: lead.client_id.map(|id| id.to_string()),
            company_name: lead.company_name,
            cnpj: lead.cnpj.map(|cnpj| cnpj.plain().to_owned()),
            value: lead.value.into(),
            source: lead.source,
            source_detail: lead.source_detail,
            owner: lead.owner_id.map(|id| id.to_string()),
            pipeline: lead.pipeline_id.to_string(),
            stage: lead.stage_id.to_string(),
            position: lead.position,
            status: lead.status,
            loss: lead.loss.map(Into::into),
            expected_close: lead.expected_close.map(|at| at.to_string()),
            tags: lead.tags,
            custom: lead.custom,
            score: lead.score.map(Into::into),
            last_activity_at: lead.last_activity_at.map(|at| at.to_string()),
            stage_since: lead.stage_since.to_string(),
            stage_changes: lead.stage_changes,
            closed_at: lead.closed_at.map(|at| at.to_string()),
            converted_at: lead.converted_at.map(|at| at.to_string()),
            created_at: lead.created_at.to_string(),
            updated_at: lead.updated_at.to_string(),
        }
    }
}

/// Why a lead was lost (`motivo de perda`).
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Loss)]
struct LossView {
    /// `lrs_…`: from the catalogue.
    reason: Option<String>,
    /// In words.
    note: Option<String>,
}

impl From<Loss> for LossView {
    fn from(loss: Loss) -> Self {
        Self {
            reason: loss.reason.map(|id| id.to_string()),
            note: loss.note,
        }
    }
}

/// How promising a lead is.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Score)]
struct ScoreView {
    /// All points together.
    total: i64,
    /// Which rules gave points.
    reasons: Vec<ScoreReasonView>,
    /// The version of the rules; null when something else than the workspace's rules has given it.
    rules_version: Option<i64>,
    /// When it was computed: RFC 3339, UTC.
    #[schema(format = DateTime)]
    at: String,
}

/// Why a lead has points.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ScoreReason)]
struct ScoreReasonView {
    /// The name of the rule.
    rule: String,
    /// Its points.
    points: i64,
}

impl From<Score> for ScoreView {
    fn from(score: Score) -> Self {
        let reason = |reason: aurora_crm::leads::ScoreReason| ScoreReasonView {
            rule: reason.rule,
            points: reason.points,
        };
        Self {
            total: score.total,
            reasons: score.reasons.into_iter().map(reason).collect(),
            rules_version: score.rules_version,
            at: score.at.to_string(),
        }
    }
}

/// What is needed to make a lead.
#[derive(Debug, ToSchema)]
#[schema(as = NewLead, example = json!({"title": "Reforma da fachada", "contact_name": "Ana Souza",
    "contact_phone": "(11) 98765-4321", "value": {"cents": 1_250_000}, "source": "referral"}))]
#[expect(dead_code, reason = "describes what the domain reads")]
pub(super) struct NewLeadInput {
    /// Up to 200 characters.
    title: String,
    /// `pip_…`; the default one unless told.
    pipeline: Option<String>,
    /// `stg_…`: an open stage; the first one unless told.
    stage: Option<String>,
    contact_name: Option<String>,
    contact_email: Option<String>,
    /// In E.164 or as Brazilians write it.
    contact_phone: Option<String>,
    /// `cli_…`
    client: Option<String>,
    company_name: Option<String>,
    /// With or without its mask.
    cnpj: Option<String>,
    /// 0 to 10¹³ of the smallest unit.
    #[schema(required = false)]
    value: MoneyView,
    #[schema(required = false)]
    source: Source,
    source_detail: Option<String>,
    /// `usr_…`
    owner: Option<String>,
    /// RFC 3339.
    #[schema(format = DateTime)]
    expected_close: Option<String>,
    /// Up to 50 of 50 characters.
    #[schema(required = false)]
    tags: Vec<String>,
    /// Up to 64 keys, 5 levels and 16 KiB.
    #[schema(value_type = Object, required = false)]
    custom: HashMap<String, Value>,
}

/// What to change in a lead: a missing field keeps, `null` clears, a value sets. Where it lies is changed by moving it.
#[derive(Debug, ToSchema)]
#[schema(as = LeadChange, example = json!({"value": {"cents": 900_000}, "source_detail": null}))]
#[expect(dead_code, reason = "describes what the domain reads")]
pub(super) struct LeadChangeInput {
    /// Cannot be cleared.
    #[schema(required = false)]
    title: String,
    contact_name: Option<String>,
    contact_email: Option<String>,
    contact_phone: Option<String>,
    client: Option<String>,
    company_name: Option<String>,
    cnpj: Option<String>,
    value: Option<MoneyView>,
    source: Option<Source>,
    source_detail: Option<String>,
    owner: Option<String>,
    #[schema(format = DateTime)]
    expected_close: Option<String>,
    tags: Option<Vec<String>>,
    #[schema(value_type = Option<Object>)]
    custom: Option<Map<String, Value>>,
}
