//! Questions to a ledger, and what it answers.

use std::ops::Range;
use std::sync::Arc;

use aurora_core::money::NanoUsd;
use aurora_core::time::Timestamp;

use super::{Error, ErrorKind, Tokens, period};

/// The longest range of a report: ten years.
const MOST_DAYS: i64 = 3_660;

/// By what totals are told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum GroupBy {
    /// Tenants; only [`UsageQuery::of_all`] has more than one.
    Tenant,
    /// Users; what was for none is told under an empty text.
    User,
    /// Virtual keys; what was for none is told under an empty text.
    Key,
    /// Models.
    Model,
    /// Provider instances.
    Provider,
    /// Days in UTC, such as `2026-11-20`.
    Day,
}

/// Which totals are wanted: from the day that `range` begins in, up to the one it ends in, whole days in UTC.
#[derive(Debug, Clone)]
#[must_use]
pub struct UsageQuery {
    pub(crate) tenant: Option<Arc<str>>,
    pub(crate) group: GroupBy,
    pub(crate) range: Range<Timestamp>,
}

impl UsageQuery {
    /// Totals of one tenant; the empty text is the application itself.
    pub fn of(tenant: impl AsRef<str>, group: GroupBy, range: Range<Timestamp>) -> Self {
        Self {
            tenant: Some(Arc::from(tenant.as_ref())),
            group,
            range,
        }
    }

    /// Totals of all tenants together, for whoever runs the application.
    pub const fn of_all(group: GroupBy, range: Range<Timestamp>) -> Self {
        Self {
            tenant: None,
            group,
            range,
        }
    }

    /// First and last day.
    ///
    /// # Errors
    /// When the range is empty or longer than ten years.
    pub(crate) fn days(&self) -> Result<(i64, i64), Error> {
        let wrong = Error::new(ErrorKind::Invalid, "a report covers 1 microsecond to 10 years");
        if self.range.start >= self.range.end {
            return Err(wrong);
        }
        let last = Timestamp::from_micros(self.range.end.as_micros().saturating_sub(1));
        let days = (period::day_of(self.range.start), period::day_of(last));
        if days.1 - days.0 >= MOST_DAYS {
            return Err(wrong);
        }
        Ok(days)
    }

    /// What a cursor of its pages is good for.
    pub(crate) fn scope(&self) -> String {
        format!("usage/{:?}/{:?}/{:?}", self.tenant, self.group, self.range)
    }
}

/// What a group used.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct UsageRow {
    /// Tenant, user, key, model, provider or day.
    pub group: String,
    /// How many attempts were billed.
    pub calls: u64,
    /// Their tokens.
    pub tokens: Tokens,
    /// What they cost, as far as they have a price.
    pub cost: NanoUsd,
    /// How many of them have none.
    pub unpriced: u64,
    /// How many are an estimate.
    pub estimated: u64,
}

impl UsageRow {
    pub(crate) const fn new(group: String) -> Self {
        Self {
            group,
            calls: 0,
            tokens: Tokens {
                input: 0,
                cached: 0,
                output: 0,
                reasoning: 0,
            },
            cost: NanoUsd::ZERO,
            unpriced: 0,
            estimated: 0,
        }
    }

    pub(crate) fn add(&mut self, more: &Self) {
        self.calls = self.calls.saturating_add(more.calls);
        self.tokens = self.tokens.plus(more.tokens);
        self.cost += more.cost;
        self.unpriced = self.unpriced.saturating_add(more.unpriced);
        self.estimated = self.estimated.saturating_add(more.estimated);
    }
}

/// Which entries are wanted, newest first. Always those of one tenant.
#[derive(Debug, Clone)]
#[must_use]
pub struct EntryQuery {
    pub(crate) tenant: Arc<str>,
    pub(crate) user: Option<Arc<str>>,
    pub(crate) key: Option<Arc<str>>,
    pub(crate) model: Option<Arc<str>>,
    pub(crate) range: Range<Timestamp>,
}

impl EntryQuery {
    /// Entries of this tenant from `range.start` up to, not including, `range.end`; the empty text is the application
    /// itself.
    pub fn of(tenant: impl AsRef<str>, range: Range<Timestamp>) -> Self {
        Self {
            tenant: Arc::from(tenant.as_ref()),
            user: None,
            key: None,
            model: None,
            range,
        }
    }

    /// Only those for this user.
    pub fn user(mut self, id: impl AsRef<str>) -> Self {
        self.user = Some(Arc::from(id.as_ref()));
        self
    }

    /// Only those by this virtual key.
    pub fn key(mut self, id: impl AsRef<str>) -> Self {
        self.key = Some(Arc::from(id.as_ref()));
        self
    }

    /// Only those of this model.
    pub fn model(mut self, name: impl AsRef<str>) -> Self {
        self.model = Some(Arc::from(name.as_ref()));
        self
    }

    /// What a cursor of its pages is good for.
    pub(crate) fn scope(&self) -> String {
        let Self {
            tenant,
            user,
            key,
            model,
            range,
        } = self;
        format!("entries/{tenant:?}/{user:?}/{key:?}/{model:?}/{range:?}")
    }
}

/// What a ledger keeps, and for how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Swept {
    /// Reservations whose lease had run out.
    pub reservations: u64,
    /// Entries older than the retention.
    pub entries: u64,
    /// Accounts whose period has long ended.
    pub accounts: u64,
}

#[cfg(any(feature = "sqlite", feature = "postgres"))]
impl Swept {
    pub(crate) const NONE: Self = Self {
        reservations: 0,
        entries: 0,
        accounts: 0,
    };
}
