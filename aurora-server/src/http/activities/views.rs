//! The JSON of activities and timelines.

use aurora_crm::activities::{Activity, ActivityKind, Subject, TimelineEntry};
use aurora_crm::leads::StageMove;
use serde::Serialize;
use utoipa::ToSchema;

/// What an activity or a task is about.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Subject, example = json!({"lead": "led_0190a8b0c0de7000800000000000000a"}))]
pub(crate) enum SubjectView {
    /// `led_…`
    Lead(String),
    /// `cli_…`
    Client(String),
}

impl From<Subject> for SubjectView {
    fn from(subject: Subject) -> Self {
        match subject {
            Subject::Lead(id) => Self::Lead(id.to_string()),
            Subject::Client(id) => Self::Client(id.to_string()),
        }
    }
}

/// What was done.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = ActivityKind)]
#[expect(dead_code, reason = "describes what the domain reads and writes")]
pub(crate) enum Kind {
    /// A call (`ligação`).
    Call,
    /// A meeting (`reunião`).
    Meeting,
    /// An e-mail.
    Email,
    /// A message by another channel.
    Message,
    /// Something written down (`anotação`).
    Note,
}

/// Something that was done.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Activity)]
pub(crate) struct ActivityView {
    /// `act_` and 32 hexadecimal digits.
    id: String,
    /// Grows by one with each change; also in the header `ETag`.
    version: i64,
    /// What it is about.
    subject: SubjectView,
    /// What was done.
    #[schema(value_type = Kind)]
    kind: ActivityKind,
    /// In a few words.
    title: String,
    /// In full.
    text: Option<String>,
    /// When it was done, or is to take place: RFC 3339, UTC.
    #[schema(format = DateTime)]
    at: String,
    /// How long it took.
    duration_secs: Option<u32>,
    /// `usr_…`: who did it.
    owner: Option<String>,
    /// Who wrote it down.
    author: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<Activity> for ActivityView {
    fn from(activity: Activity) -> Self {
        Self {
            id: activity.id.to_string(),
            version: activity.version,
            subject: activity.subject.into(),
            kind: activity.kind,
            title: activity.title,
            text: activity.text,
            at: activity.at.to_string(),
            duration_secs: activity.duration_secs,
            owner: activity.owner_id.map(|id| id.to_string()),
            author: activity.principal,
            created_at: activity.created_at.to_string(),
            updated_at: activity.updated_at.to_string(),
        }
    }
}

/// What is needed to write down an activity.
#[derive(Debug, ToSchema)]
#[schema(as = NewActivity, example = json!({"kind": "call", "subject": {"lead": "led_0190a8b0c0de7000800000000000000a"},
    "title": "Primeira ligação", "duration_secs": 300}))]
#[expect(dead_code, reason = "describes what the domain reads")]
pub(crate) struct NewActivityInput {
    kind: Kind,
    /// The lead or client; cannot be changed.
    subject: SubjectView,
    /// Up to 200 characters.
    title: String,
    /// Up to 10,000 characters.
    text: Option<String>,
    /// RFC 3339; now unless told.
    #[schema(format = DateTime)]
    at: Option<String>,
    duration_secs: Option<u32>,
    /// `usr_…`
    owner: Option<String>,
}

/// What to change in an activity: a missing field keeps, `null` clears, a value sets.
#[derive(Debug, ToSchema)]
#[schema(as = ActivityChange, example = json!({"title": "Segunda ligação", "text": null}))]
#[expect(dead_code, reason = "describes what the domain reads")]
pub(crate) struct ActivityChangeInput {
    /// Cannot be cleared.
    #[schema(required = false)]
    title: String,
    text: Option<String>,
    /// Cannot be cleared.
    #[schema(required = false, format = DateTime)]
    at: String,
    duration_secs: Option<u32>,
    owner: Option<String>,
}

/// A lead that came into a stage.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = StageMove)]
pub(crate) struct StageMoveView {
    /// `led_…`
    lead: String,
    /// Counts the changes of the lead from 1.
    seq: i64,
    /// `pip_…`: the pipeline that it is in since then.
    pipeline: String,
    /// `stg_…`: where it came from; null when it was made.
    from: Option<String>,
    /// `stg_…`: where it went.
    to: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    at: String,
    /// Who did it.
    author: String,
    /// How many seconds it had been where it came from; null when it was made.
    spent_secs: Option<u64>,
}

impl From<StageMove> for StageMoveView {
    fn from(moved: StageMove) -> Self {
        Self {
            spent_secs: moved.spent().map(|spent| spent.as_secs()),
            lead: moved.lead_id.to_string(),
            seq: moved.seq,
            pipeline: moved.pipeline_id.to_string(),
            from: moved.from.map(|id| id.to_string()),
            to: moved.to.to_string(),
            at: moved.at.to_string(),
            author: moved.principal,
        }
    }
}

/// One entry of a timeline.
#[derive(Debug, Serialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
#[schema(as = TimelineEntry)]
pub(crate) enum TimelineEntryView {
    /// Something was done.
    Activity(ActivityView),
    /// The lead came into a stage.
    StageMove(StageMoveView),
    /// Something that this version does not know.
    Other,
}

impl From<TimelineEntry> for TimelineEntryView {
    fn from(entry: TimelineEntry) -> Self {
        match entry {
            TimelineEntry::Activity(activity) => Self::Activity(activity.into()),
            TimelineEntry::StageMove(moved) => Self::StageMove(moved.into()),
            _ => Self::Other,
        }
    }
}
