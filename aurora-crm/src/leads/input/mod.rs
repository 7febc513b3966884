mod change;

use std::fmt;

use aurora_core::time::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Lead, LeadId, LeadSource, Money, OwnerId, Pipeline, PipelineId, Stage, StageId};
use crate::clients::ClientId;
use crate::custom_fields::Rules;
use crate::error::Error;
use crate::fields::{Change, Fields};

pub use self::change::LeadChange;

const MAX_TITLE: usize = 200;
const MAX_TAGS: usize = 50;
const MAX_TAG: usize = 50;

/// What is needed to make a lead, as somebody typed it.
///
/// Only the title is required. Title, names and `source_detail` have up to 200 characters, there are up to 50 tags of 50
/// characters, and `custom` is a JSON object within the limits of [`NewClient`](crate::clients::NewClient). An empty text
/// counts as absent. Without a stage it goes into the first open one of its pipeline, and without a pipeline into the
/// default one.
///
/// # Examples
/// ```
/// use aurora_crm::leads::{LeadSource, Money, NewLead};
///
/// let new = NewLead::new("Reforma da fachada")
///     .contact_name("Ana Souza")
///     .contact_phone("(11) 98765-4321")
///     .value(Money::brl(1_250_000))
///     .source(LeadSource::Referral);
/// let same: NewLead = serde_json::from_str(
///     r#"{"title": "Reforma da fachada", "contact_name": "Ana Souza", "contact_phone": "(11) 98765-4321",
///         "value": {"cents": 1250000}, "source": "referral"}"#,
/// )?;
/// assert_eq!(new, same);
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewLead {
    title: String,
    #[serde(default)]
    pub(super) pipeline: Option<PipelineId>,
    #[serde(default)]
    pub(super) stage: Option<StageId>,
    #[serde(default)]
    contact_name: Option<String>,
    #[serde(default)]
    contact_email: Option<String>,
    #[serde(default)]
    contact_phone: Option<String>,
    #[serde(default)]
    client: Option<ClientId>,
    #[serde(default)]
    company_name: Option<String>,
    #[serde(default)]
    cnpj: Option<String>,
    #[serde(default)]
    source_detail: Option<String>,
    #[serde(default)]
    owner: Option<OwnerId>,
    #[serde(default)]
    expected_close: Option<Timestamp>,
    #[serde(default)]
    value: Money,
    #[serde(default)]
    source: LeadSource,
    #[serde(default)]
    tags: Vec<String>,
    #[serde(default)]
    custom: Map<String, Value>,
}

impl NewLead {
    /// A lead with a title.
    #[must_use]
    pub fn new(title: impl Into<String>) -> Self {
        Self {
            title: title.into(),
            pipeline: None,
            stage: None,
            contact_name: None,
            contact_email: None,
            contact_phone: None,
            client: None,
            company_name: None,
            cnpj: None,
            source_detail: None,
            owner: None,
            expected_close: None,
            value: Money::default(),
            source: LeadSource::default(),
            tags: Vec::new(),
            custom: Map::new(),
        }
    }

    /// The pipeline that it goes into.
    #[must_use]
    pub const fn pipeline(mut self, id: PipelineId) -> Self {
        self.pipeline = Some(id);
        self
    }

    /// The open stage that it begins in.
    #[must_use]
    pub const fn stage(mut self, id: StageId) -> Self {
        self.stage = Some(id);
        self
    }

    /// The person to talk to.
    #[must_use]
    pub fn contact_name(mut self, text: impl Into<String>) -> Self {
        self.contact_name = Some(text.into());
        self
    }

    /// Where to write.
    #[must_use]
    pub fn contact_email(mut self, text: impl Into<String>) -> Self {
        self.contact_email = Some(text.into());
        self
    }

    /// Where to call, in E.164 or as Brazilians write it.
    #[must_use]
    pub fn contact_phone(mut self, text: impl Into<String>) -> Self {
        self.contact_phone = Some(text.into());
        self
    }

    /// The client that it is of, who must not be deleted.
    #[must_use]
    pub const fn client(mut self, id: ClientId) -> Self {
        self.client = Some(id);
        self
    }

    /// The name of the company.
    #[must_use]
    pub fn company_name(mut self, text: impl Into<String>) -> Self {
        self.company_name = Some(text.into());
        self
    }

    /// The company's CNPJ, with or without its mask.
    #[must_use]
    pub fn cnpj(mut self, text: impl Into<String>) -> Self {
        self.cnpj = Some(text.into());
        self
    }

    /// Where it comes from, in words.
    #[must_use]
    pub fn source_detail(mut self, text: impl Into<String>) -> Self {
        self.source_detail = Some(text.into());
        self
    }

    /// Who looks after it.
    #[must_use]
    pub const fn owner(mut self, id: OwnerId) -> Self {
        self.owner = Some(id);
        self
    }

    /// When it is expected to be decided.
    #[must_use]
    pub const fn expected_close(mut self, at: Timestamp) -> Self {
        self.expected_close = Some(at);
        self
    }

    /// What it is worth.
    #[must_use]
    pub const fn value(mut self, value: Money) -> Self {
        self.value = value;
        self
    }

    /// Where it comes from.
    #[must_use]
    pub const fn source(mut self, source: LeadSource) -> Self {
        self.source = source;
        self
    }

    /// One more label.
    #[must_use]
    pub fn tag(mut self, text: impl Into<String>) -> Self {
        self.tags.push(text.into());
        self
    }

    /// One field of the workspace's own.
    #[must_use]
    pub fn custom(mut self, key: impl Into<String>, value: impl Into<Value>) -> Self {
        self.custom.insert(key.into(), value.into());
        self
    }

    /// Checks every field and tells all that is wrong at once. Where the lead lies is decided when it is stored.
    pub(super) fn check(self, now: Timestamp, rules: &Rules) -> Result<Unplaced, Error> {
        let mut fields = Fields::default();
        let everything = LeadChange {
            title: Change::Set(self.title),
            contact_name: self.contact_name.map_or(Change::Keep, Change::Set),
            contact_email: self.contact_email.map_or(Change::Keep, Change::Set),
            contact_phone: self.contact_phone.map_or(Change::Keep, Change::Set),
            client: self.client.map_or(Change::Keep, Change::Set),
            company_name: self.company_name.map_or(Change::Keep, Change::Set),
            cnpj: self.cnpj.map_or(Change::Keep, Change::Set),
            source_detail: self.source_detail.map_or(Change::Keep, Change::Set),
            owner: self.owner.map_or(Change::Keep, Change::Set),
            expected_close: self.expected_close.map_or(Change::Keep, Change::Set),
            value: Change::Set(self.value),
            source: Change::Set(self.source),
            tags: Change::Set(self.tags),
            custom: Change::Set(self.custom),
        };
        let lead = everything.read(blank(now), rules, &mut fields);
        fields.finish(Unplaced(lead))
    }
}

/// A lead that is in no stage yet.
#[derive(Debug)]
pub(super) struct Unplaced(Lead);

impl Unplaced {
    pub(super) const fn id(&self) -> LeadId {
        self.0.id
    }

    pub(super) fn place(self, pipeline: &Pipeline, stage: &Stage, position: i64) -> Lead {
        Lead {
            pipeline_id: pipeline.id,
            stage_id: stage.id,
            position,
            ..self.0
        }
    }
}

fn blank(now: Timestamp) -> Lead {
    Lead {
        id: LeadId::new(now),
        title: String::new(),
        contact_name: None,
        contact_email: None,
        contact_phone: None,
        client_id: None,
        company_name: None,
        cnpj: None,
        value: Money::default(),
        source: LeadSource::Other,
        source_detail: None,
        owner_id: None,
        pipeline_id: PipelineId::new(now),
        stage_id: StageId::new(now),
        position: 0,
        status: super::StageKind::Open,
        loss: None,
        expected_close: None,
        tags: Vec::new(),
        custom: Map::new(),
        score: None,
        last_activity_at: None,
        stage_since: now,
        stage_changes: 1,
        closed_at: None,
        converted_at: None,
        version: 1,
        created_at: now,
        updated_at: now,
    }
}

impl fmt::Debug for NewLead {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewLead").finish_non_exhaustive()
    }
}
