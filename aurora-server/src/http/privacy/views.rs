//! The JSON of what the LGPD asks for.

use std::collections::BTreeMap;

use aurora_core::time::Timestamp;
use aurora_crm::privacy::{
    DataRequest, DataRequestKind, ErasureReport, Kept, RecordClass, Retained, RetentionRule,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

pub(super) use ledgers::{
    ConsentInput, ConsentList, ConsentView, HoldInput, HoldList, HoldView, ShareInput, ShareList, ShareView,
};

macro_rules! list {
    ($(#[doc = $doc:literal])+ $name:ident of $item:ident as $schema:ident) => {
        $(#[doc = $doc])+
        #[derive(Debug, Serialize, ToSchema)]
        #[schema(as = $schema)]
        pub(in crate::http::privacy) struct $name {
            /// All of them.
            pub(in crate::http::privacy) items: Vec<$item>,
            /// Null: there is one page.
            pub(in crate::http::privacy) next: Option<String>,
        }
    };
}

mod ledgers;

/// What stays when somebody is made anonymous; nothing but ids, times, stages and values unless told.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Anonymisation)]
pub(super) struct AnonymiseInput {
    /// Labels stay, where they say nothing of a person.
    #[serde(default)]
    #[schema(required = false)]
    pub(super) keep_tags: bool,
    /// City and state stay, for statistics by place.
    #[serde(default)]
    #[schema(required = false)]
    pub(super) keep_place: bool,
    /// Records that stay whole because of a legal hold: `client`, `notes`, `leads`, `activities`, `tasks`, `files`,
    /// `appointments`, `conversations`.
    #[serde(default)]
    #[schema(value_type = Vec<String>, required = false)]
    pub(super) keep: Vec<RecordClass>,
}

/// What was done to make somebody anonymous, as it is stored.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ErasureReport)]
pub(super) struct ErasureView {
    /// `era_` and 32 hexadecimal digits.
    id: String,
    /// Whose data it was.
    subject: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    at: String,
    /// Who did it.
    signed_by: String,
    /// How many rows were changed or removed, by table.
    rows: BTreeMap<String, u64>,
    /// What stayed whole.
    kept: Vec<KeptView>,
    /// Whether labels stayed.
    tags_kept: bool,
    /// Whether city and state stayed.
    place_kept: bool,
    /// SHA-256 of the report as it is stored; the audit log has it too.
    sha256: String,
}

impl From<ErasureReport> for ErasureView {
    fn from(report: ErasureReport) -> Self {
        Self {
            id: report.id.to_string(),
            subject: report.subject,
            at: report.at.to_string(),
            signed_by: report.signed_by,
            rows: report.rows,
            kept: report.kept.into_iter().map(KeptView::from).collect(),
            tags_kept: report.tags_kept,
            place_kept: report.place_kept,
            sha256: report.sha256,
        }
    }
}

/// Records that stayed whole.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = KeptRecords)]
pub(super) struct KeptView {
    /// Which.
    class: &'static str,
    /// The law or the case; null when only the caller asked for it.
    basis: Option<String>,
    /// Until when: RFC 3339, UTC.
    #[schema(format = DateTime)]
    until: Option<String>,
}

impl From<Kept> for KeptView {
    fn from(kept: Kept) -> Self {
        Self {
            class: kept.class.as_str(),
            basis: kept.basis,
            until: kept.until.map(|time| time.to_string()),
        }
    }
}

list! { /// The reports about a subject, the newest first.
ErasureList of ErasureView as ErasureReportList }

/// Something that a person has asked for.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DataRequest)]
pub(super) struct RequestView {
    /// `dsr_` and 32 hexadecimal digits.
    id: String,
    /// Who asks.
    subject: String,
    /// `access`, `rectification`, `erasure`, `portability`, `revocation` or `information`.
    kind: &'static str,
    /// `open`, `answered` or `refused`.
    state: &'static str,
    /// What became of it.
    outcome: Option<String>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    received_at: String,
    /// 15 days after it came: RFC 3339, UTC.
    #[schema(format = DateTime)]
    due_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    answered_at: Option<String>,
    /// Grows by one with each change; also in the header `ETag`.
    version: i64,
}

impl From<DataRequest> for RequestView {
    fn from(request: DataRequest) -> Self {
        Self {
            id: request.id.to_string(),
            subject: request.subject.to_string(),
            kind: request.kind.as_str(),
            state: request.state.as_str(),
            outcome: request.outcome,
            received_at: request.received_at.to_string(),
            due_at: request.due_at.to_string(),
            answered_at: request.answered_at.map(|time| time.to_string()),
            version: request.version,
        }
    }
}

list! { /// Requests that wait for their answer, the most urgent first.
RequestList of RequestView as DataRequestList }

/// What a person asks for.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewDataRequest, example = json!({"subject": "cli_0190a8b0c0de7000800000000000000a", "kind": "access"}))]
pub(super) struct RequestInput {
    /// `cli_…` or `led_…`.
    pub(super) subject: String,
    /// `access`, `rectification`, `erasure`, `portability`, `revocation` or `information`.
    #[schema(value_type = String)]
    pub(super) kind: DataRequestKind,
    /// When it came; now unless told: RFC 3339.
    #[serde(default)]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) received_at: Option<Timestamp>,
}

/// What became of a request.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = DataRequestOutcome, example = json!({"state": "answered", "outcome": "copy handed over"}))]
pub(super) struct OutcomeInput {
    pub(super) state: Closing,
    /// What was done, or why it was refused: one line of up to 1,000 characters, nothing personal.
    pub(super) outcome: String,
}

/// How a request is closed.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = DataRequestClosing)]
pub(super) enum Closing {
    /// It was done.
    Answered,
    /// It was refused.
    Refused,
}

/// How long a workspace keeps records of a class.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = RetentionRule)]
pub(super) struct RuleView {
    /// `deleted_clients`, `lost_leads`, `events` or `webhook_deliveries`.
    class: &'static str,
    /// How many days after they have ended.
    keep_days: u32,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<RetentionRule> for RuleView {
    fn from(rule: RetentionRule) -> Self {
        Self {
            class: rule.class.as_str(),
            keep_days: rule.keep_days,
            updated_at: rule.updated_at.to_string(),
        }
    }
}

list! { /// How long a workspace keeps records.
RuleList of RuleView as RetentionRuleList }

/// How long records are kept.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = RetentionKeep, example = json!({"keep_days": 365}))]
pub(super) struct KeepInput {
    /// 1 to 36,500 days; null keeps them for good.
    #[serde(deserialize_with = "Option::deserialize")]
    #[schema(required = true)]
    pub(super) keep_days: Option<u32>,
}

/// What a rule finds, or has done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Retained)]
pub(super) struct RetainedView {
    /// By which rule.
    class: &'static str,
    /// How many records.
    count: u64,
    /// How many had to stay: in use, held, or changed meanwhile.
    left: u64,
    /// The UUIDs of some of them; empty once it is done.
    sample: Vec<String>,
}

impl From<Retained> for RetainedView {
    fn from(retained: Retained) -> Self {
        Self {
            class: retained.class.as_str(),
            count: retained.count,
            left: retained.left,
            sample: retained.sample.iter().map(ToString::to_string).collect(),
        }
    }
}

list! { /// What rules find, or have done.
RetainedList of RetainedView as RetainedList }
