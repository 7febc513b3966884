use aurora_core::money::NanoUsd;
use serde::Serialize;

use crate::error::Error;
use crate::fields::Fields;

/// The most of one record.
const MOST: i64 = 1_000_000_000_000_000;

/// What was used of something that costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUsage {
    pub(super) key: String,
    pub(super) metric: String,
    pub(super) label: String,
    pub(super) quantity: i64,
    pub(super) cost: NanoUsd,
}

impl NewUsage {
    /// `quantity` of `metric`, such as `input_tokens`. The key tells this use from every other one of the workspace, so that
    /// it counts once however often it is recorded: the id of the request, and the metric if it has several.
    #[must_use]
    pub fn new(key: impl Into<String>, metric: impl Into<String>, quantity: i64) -> Self {
        Self {
            key: key.into(),
            metric: metric.into(),
            label: String::new(),
            quantity,
            cost: NanoUsd::ZERO,
        }
    }

    /// What sums are kept apart by, such as the model.
    #[must_use]
    pub fn label(mut self, label: impl Into<String>) -> Self {
        self.label = label.into();
        self
    }

    /// What it cost.
    #[must_use]
    pub const fn cost(mut self, cost: NanoUsd) -> Self {
        self.cost = cost;
        self
    }

    pub(super) fn check(self) -> Result<Self, Error> {
        let mut fields = Fields::default();
        let key = fields.line("key", &self.key, 200);
        let metric = fields.line("metric", &self.metric, 100);
        let label = fields.optional_line("label", Some(&self.label), 100);
        if !(0..=MOST).contains(&self.quantity) {
            fields.refuse("quantity", "invalid", format_args!("must be within 0 to {MOST}"));
        }
        if !(0..=MOST).contains(&self.cost.nanos()) {
            fields.refuse("cost", "invalid", "must be within 0 to a million dollars");
        }
        fields.finish(Self {
            key,
            metric,
            label: label.unwrap_or_default(),
            ..self
        })
    }
}

/// What was used in a period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct UsageSum {
    /// Of what.
    pub metric: String,
    /// With which label; empty without one.
    pub label: String,
    /// How often.
    pub records: i64,
    /// How much.
    pub quantity: i64,
    /// What it cost, in nano-dollars.
    pub cost_nanos: i64,
}
