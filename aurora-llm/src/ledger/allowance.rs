//! What tenants, virtual keys and models may use, kept where a program can change it while it runs.

mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use aurora_core::money::NanoUsd;
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Budget, BudgetScope, Period, is_id};
pub use store::Allowances;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(super) use store::Row;

/// The most budgets of a tenant, and of a key.
const MOST_QUOTAS: usize = 4;
const MOST_MODELS: usize = 100;
/// The widest limit that can be counted in a minute.
const WIDEST: u32 = 60_000_000;

/// Whose allowance it is, within a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum AllowanceKey {
    /// The tenant's own, which counts for all its calls together.
    Tenant,
    /// That of a virtual key, by its id.
    Key(Arc<str>),
    /// That of all calls to a model, by the provider's own name of it. Only its budgets count.
    Model(Arc<str>),
}

impl AllowanceKey {
    /// That of a virtual key.
    #[must_use]
    pub fn key(id: impl AsRef<str>) -> Self {
        Self::Key(Arc::from(id.as_ref()))
    }

    /// That of a model.
    #[must_use]
    pub fn model(name: impl AsRef<str>) -> Self {
        Self::Model(Arc::from(name.as_ref()))
    }

    fn name(&self) -> String {
        match self {
            Self::Tenant => "tenant".to_owned(),
            Self::Key(id) => format!("key/{id}"),
            Self::Model(name) => format!("model/{name}"),
        }
    }

    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    fn of_name(name: &str) -> Option<Self> {
        match name.split_once('/') {
            None if name == "tenant" => Some(Self::Tenant),
            Some(("key", id)) => Some(Self::key(id)),
            Some(("model", name)) => Some(Self::model(name)),
            _ => None,
        }
    }

    fn scope(&self) -> BudgetScope {
        match self {
            Self::Tenant => BudgetScope::Tenant,
            Self::Key(_) => BudgetScope::Key,
            Self::Model(name) => BudgetScope::Model(Arc::clone(name)),
        }
    }
}

/// How much may be spent in a period: a [`Budget`] without whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Quota {
    /// How long it lasts before it begins anew.
    pub period: Period,
    /// Most money, in billionths of a dollar.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_nanos: Option<i64>,
    /// Most tokens of input and output together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Whether it only tells when it is reached, and refuses nothing.
    #[serde(default)]
    pub soft: bool,
    /// Minutes that midnight's clock is ahead of UTC; São Paulo is -180.
    #[serde(default)]
    pub offset_minutes: i16,
}

impl Quota {
    /// The budget of whoever has it.
    pub fn budget(&self, holder: &AllowanceKey) -> Budget {
        let limit = NanoUsd::from_nanos(self.cost_nanos.unwrap_or_default());
        let mut budget = Budget::cost(holder.scope(), self.period, limit).offset(self.offset_minutes);
        budget.cost = self.cost_nanos.map(NanoUsd::from_nanos);
        budget.tokens = self.tokens;
        if self.soft { budget.soft() } else { budget }
    }
}

/// What somebody may use. The default is anything.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Allowance {
    /// The models and aliases that a request may name: exactly, or with a trailing `*` all whose names begin so. `None` is
    /// any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub models: Option<Vec<String>>,
    /// Most requests in a minute.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u32>,
    /// Most tokens in a minute, input and output together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_minute: Option<u32>,
    /// How much may be spent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub budgets: Vec<Quota>,
}

impl Allowance {
    /// Whether a request may name this model.
    #[must_use]
    pub fn allows(&self, model: &str) -> bool {
        let fits = |pattern: &String| match pattern.strip_suffix('*') {
            Some(beginning) => model.starts_with(beginning),
            None => pattern == model,
        };
        self.models.as_ref().is_none_or(|models| models.iter().any(fits))
    }

    /// Everything that is wrong with it: which field, and why.
    #[must_use]
    pub fn problems(&self) -> Vec<(String, &'static str)> {
        let mut problems = Vec::new();
        if let Some(models) = &self.models {
            if !(1..=MOST_MODELS).contains(&models.len()) {
                problems.push(("models".to_owned(), "must hold 1 to 100 names"));
            }
            for (at, name) in models.iter().enumerate() {
                if !is_id(name) {
                    problems.push((
                        format!("models[{at}]"),
                        "must have 1 to 200 bytes without control characters",
                    ));
                }
            }
        }
        let rates = [
            ("requests_per_minute", self.requests_per_minute),
            ("tokens_per_minute", self.tokens_per_minute),
        ];
        for (name, limit) in rates {
            if limit.is_some_and(|limit| !(1..=WIDEST).contains(&limit)) {
                problems.push((name.to_owned(), "must be 1 to 60,000,000"));
            }
        }
        if self.budgets.len() > MOST_QUOTAS {
            problems.push(("budgets".to_owned(), "must be at most 4"));
        }
        for (at, quota) in self.budgets.iter().enumerate() {
            if quota.cost_nanos.is_none() && quota.tokens.is_none() {
                problems.push((format!("budgets[{at}]"), "must limit cost or tokens"));
            } else if let Some(problem) = quota.budget(&AllowanceKey::Tenant).problem() {
                problems.push((format!("budgets[{at}]"), problem));
            }
        }
        problems
    }
}

/// An allowance that somebody has.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Granted {
    /// Whose it is.
    pub holder: AllowanceKey,
    /// What may be used.
    pub allowance: Allowance,
    /// Grows by one with each change; 0 is that of whoever never was given one.
    pub version: i64,
    /// When it was changed; `None` when it never was.
    pub changed_at: Option<Timestamp>,
}

impl Granted {
    /// Anything, for whoever never was given an allowance.
    const fn nothing(holder: AllowanceKey) -> Self {
        Self {
            holder,
            allowance: Allowance {
                models: None,
                requests_per_minute: None,
                tokens_per_minute: None,
                budgets: Vec::new(),
            },
            version: 0,
            changed_at: None,
        }
    }

    /// Its budgets.
    #[must_use]
    pub fn budgets(&self) -> Vec<Budget> {
        let quotas = self.allowance.budgets.iter();
        quotas.map(|quota| quota.budget(&self.holder)).collect()
    }
}
