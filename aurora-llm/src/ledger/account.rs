//! What is limited, and where spending is counted.

use std::fmt;
use std::sync::Arc;

use aurora_core::money::NanoUsd;
use aurora_core::time::Timestamp;

use super::Period;
use crate::client::Caller;

/// Whose spending a budget limits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BudgetScope {
    /// All calls of the client, whoever makes them.
    Client,
    /// Each tenant by itself; calls without a tenant are the application's, which counts as one.
    Tenant,
    /// Each user of each tenant by himself. Calls without a user have no such budget.
    User,
    /// Each virtual key of each tenant by itself. Calls without a key have no such budget.
    Key,
    /// Each tenant's calls of this model, by the provider's own name of it.
    Model(Arc<str>),
}

impl BudgetScope {
    /// A short lower-case name, for metrics and records.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::Client => "client",
            Self::Tenant => "tenant",
            Self::User => "user",
            Self::Key => "key",
            Self::Model(_) => "model",
        }
    }
}

/// A limit on what calls may cost, or on their tokens, within a period.
///
/// # Examples
/// ```
/// use aurora_llm::ledger::{Budget, BudgetScope, Period};
///
/// let a_day = Budget::cost(BudgetScope::Tenant, Period::Day, "5".parse()?);
/// let a_month = Budget::tokens(BudgetScope::User, Period::Month, 2_000_000).soft().offset(-180);
/// # Ok::<(), aurora_core::money::ParseMoneyError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub struct Budget {
    pub(crate) scope: BudgetScope,
    pub(crate) period: Period,
    pub(crate) cost: Option<NanoUsd>,
    pub(crate) tokens: Option<u64>,
    pub(crate) hard: bool,
    pub(crate) offset: i16,
    pub(crate) alerts: Vec<u8>,
}

impl Budget {
    /// At most this much money, above zero.
    pub fn cost(scope: BudgetScope, period: Period, limit: NanoUsd) -> Self {
        Self {
            scope,
            period,
            cost: Some(limit),
            tokens: None,
            hard: true,
            offset: 0,
            alerts: vec![80, 100],
        }
    }

    /// At most this many tokens of input and output together, above zero.
    pub fn tokens(scope: BudgetScope, period: Period, limit: u64) -> Self {
        Self {
            cost: None,
            tokens: Some(limit),
            ..Self::cost(scope, period, NanoUsd::ZERO)
        }
    }

    /// Never refuses a call, only tells when it is reached.
    pub const fn soft(mut self) -> Self {
        self.hard = false;
        self
    }

    /// Minutes that midnight's clock is ahead of UTC, -840 to 840; 0 unless told. See [`Period::around`].
    pub const fn offset(mut self, minutes: i16) -> Self {
        self.offset = minutes;
        self
    }

    /// At which shares of the limit a [`BudgetEvent`](super::BudgetEvent) is raised, in percent, 1 to 100, at most 8 of
    /// them; 80 and 100 unless told.
    pub fn alerts(mut self, percent: impl IntoIterator<Item = u8>) -> Self {
        self.alerts = percent.into_iter().collect();
        self.alerts.sort_unstable();
        self.alerts.dedup();
        self
    }

    /// Whether it refuses calls.
    #[must_use]
    pub const fn is_hard(&self) -> bool {
        self.hard
    }

    /// Where a call of `caller` to `model` is counted; `None` when the budget is not about it.
    #[must_use]
    pub fn account(&self, caller: &Caller, model: &str, now: Timestamp) -> Option<Account> {
        let subject = match &self.scope {
            BudgetScope::Client => Subject::Client,
            BudgetScope::Tenant => Subject::Tenant,
            BudgetScope::User => Subject::User(caller.user.clone()?),
            BudgetScope::Key => Subject::Key(caller.key.clone()?),
            BudgetScope::Model(name) if &**name == model => Subject::Model(Arc::clone(name)),
            BudgetScope::Model(_) => return None,
        };
        let tenant = match subject {
            Subject::Client => Arc::from(""),
            _ => caller.tenant.clone().unwrap_or_else(|| Arc::from("")),
        };
        let (starts_at, ends_at) = self.period.around(now, self.offset);
        Some(Account {
            tenant,
            subject,
            period: self.period,
            starts_at,
            ends_at,
        })
    }

    /// What is wrong with it.
    pub(crate) fn problem(&self) -> Option<&'static str> {
        if self.cost.is_some_and(|limit| limit <= NanoUsd::ZERO) || self.tokens == Some(0) {
            Some("the limit of a budget must be above zero")
        } else if !(-840..=840).contains(&self.offset) {
            Some("the offset of a budget must be within -840 to 840 minutes")
        } else if self.alerts.len() > 8 || self.alerts.iter().any(|share| !(1..=100).contains(share)) {
            Some("the alerts of a budget are at most 8, each 1 to 100 percent")
        } else if matches!(&self.scope, BudgetScope::Model(name) if !is_id(name)) {
            Some("the model of a budget must be 1 to 200 bytes without control characters")
        } else {
            None
        }
    }
}

/// Whether a text can name a tenant, user, key or model in a ledger.
pub(crate) fn is_id(text: &str) -> bool {
    (1..=200).contains(&text.len()) && !text.chars().any(char::is_control)
}

/// Whose spending is counted.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Subject {
    Client,
    Tenant,
    User(Arc<str>),
    Key(Arc<str>),
    Model(Arc<str>),
}

/// Where spending is counted: somebody's, in one period.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Account {
    /// First, so that accounts sort as the database does.
    pub(crate) tenant: Arc<str>,
    pub(crate) subject: Subject,
    pub(crate) period: Period,
    pub(crate) starts_at: Timestamp,
    pub(crate) ends_at: Option<Timestamp>,
}

impl Account {
    /// The tenant; empty for the application itself, and for all calls of a client together.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// Whose spending it counts: `client`, `tenant`, `user`, `key` or `model`.
    #[must_use]
    pub const fn scope(&self) -> &'static str {
        match self.subject {
            Subject::Client => "client",
            Subject::Tenant => "tenant",
            Subject::User(_) => "user",
            Subject::Key(_) => "key",
            Subject::Model(_) => "model",
        }
    }

    /// The id of the user or key, or the name of the model.
    #[must_use]
    pub fn subject(&self) -> Option<&str> {
        match &self.subject {
            Subject::Client | Subject::Tenant => None,
            Subject::User(id) | Subject::Key(id) | Subject::Model(id) => Some(id),
        }
    }

    /// How long it counts.
    #[must_use]
    pub const fn period(&self) -> Period {
        self.period
    }

    /// When it began to count.
    #[must_use]
    pub const fn starts_at(&self) -> Timestamp {
        self.starts_at
    }

    /// When the next period begins; `None` for [`Period::Total`].
    #[must_use]
    pub const fn ends_at(&self) -> Option<Timestamp> {
        self.ends_at
    }

    /// Its name within the tenant, for storage: unlike for unlike subjects and periods.
    #[cfg(any(feature = "sqlite", feature = "postgres"))]
    pub(crate) fn name(&self) -> String {
        let (scope, starts) = (self.scope(), self.starts_at.as_secs());
        let subject = self.subject().unwrap_or_default();
        format!("{}/{starts}/{scope}/{subject}", self.period)
    }
}

impl fmt::Display for Account {
    /// Names nobody: `tenant budget of the day`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.period {
            Period::Total => write!(f, "{} budget", self.scope()),
            period => write!(f, "{} budget of the {period}", self.scope()),
        }
    }
}
