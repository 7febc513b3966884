use std::ops::Range;

use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{LeadSource, LeadStatus, Money, OwnerId, PipelineId, StageId};
use crate::clients::ClientId;

/// The order of a list of leads.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum LeadOrder {
    /// The one made last comes first.
    #[default]
    Newest,
    /// The one worth most comes first, by the number alone: name a currency if there are several.
    Value,
    /// The most promising comes first; those without a score count as 0.
    Score,
    /// The one to be decided first comes first; leads without such a time are not in the list.
    ExpectedClose,
    /// As on the board; only within one stage, which must be named.
    Position,
}

/// Which leads to list, and in which order. What is set must all be true.
///
/// Pages are read from the index of the order, and the rest of the filter is applied to the rows: a page of a rare kind
/// of lead can read many rows. A lead whose sort key changes while somebody pages may be met twice or not at all; every
/// other lead is met exactly once.
#[derive(Debug, Clone, PartialEq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct LeadFilter {
    /// The order of the list.
    pub order: LeadOrder,
    /// In this pipeline.
    pub pipeline: Option<PipelineId>,
    /// In this stage.
    pub stage: Option<StageId>,
    /// Looked after by this user.
    pub owner: Option<OwnerId>,
    /// Of this client.
    pub client: Option<ClientId>,
    /// From there.
    pub source: Option<LeadSource>,
    /// Open, won or lost.
    pub status: Option<LeadStatus>,
    /// Worth at least this, in this currency.
    pub value_from: Option<Money>,
    /// Worth at most this, in this currency.
    pub value_to: Option<Money>,
    /// Expected to be decided from the first time on and before the second.
    pub expected_close: Option<Range<Timestamp>>,
    /// With this label.
    pub tag: Option<String>,
}

impl LeadFilter {
    /// All leads, the newest first.
    #[must_use]
    pub fn all() -> Self {
        Self::default()
    }

    /// Puts the list in this order.
    #[must_use]
    pub const fn order(mut self, order: LeadOrder) -> Self {
        self.order = order;
        self
    }

    /// In this pipeline.
    #[must_use]
    pub const fn pipeline(mut self, id: PipelineId) -> Self {
        self.pipeline = Some(id);
        self
    }

    /// In this stage.
    #[must_use]
    pub const fn stage(mut self, id: StageId) -> Self {
        self.stage = Some(id);
        self
    }

    /// Looked after by this user.
    #[must_use]
    pub const fn owner(mut self, id: OwnerId) -> Self {
        self.owner = Some(id);
        self
    }

    /// Of this client.
    #[must_use]
    pub const fn client(mut self, id: ClientId) -> Self {
        self.client = Some(id);
        self
    }

    /// From there.
    #[must_use]
    pub const fn source(mut self, source: LeadSource) -> Self {
        self.source = Some(source);
        self
    }

    /// Open, won or lost.
    #[must_use]
    pub const fn status(mut self, status: LeadStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Worth at least this, in this currency.
    #[must_use]
    pub const fn value_from(mut self, value: Money) -> Self {
        self.value_from = Some(value);
        self
    }

    /// Worth at most this, in this currency.
    #[must_use]
    pub const fn value_to(mut self, value: Money) -> Self {
        self.value_to = Some(value);
        self
    }

    /// Expected to be decided from the first time on and before the second.
    #[must_use]
    pub fn expected_close(mut self, range: Range<Timestamp>) -> Self {
        self.expected_close = Some(range);
        self
    }

    /// With this label.
    #[must_use]
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tag = Some(tag.into());
        self
    }
}
