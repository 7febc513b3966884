//! What is held for calls under way, and whether more fits.

use std::fmt;
use std::ops::{Add, Sub};
use std::sync::Arc;
use std::time::Duration;

use aurora_core::money::NanoUsd;
use aurora_core::time::Timestamp;

use super::{Account, EntryId};

/// Money and tokens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Amount {
    /// Money, never below zero.
    pub cost: NanoUsd,
    /// Tokens.
    pub tokens: u64,
}

impl Amount {
    /// Nothing.
    pub const ZERO: Self = Self {
        cost: NanoUsd::ZERO,
        tokens: 0,
    };

    /// This much of both.
    #[must_use]
    pub const fn new(cost: NanoUsd, tokens: u64) -> Self {
        Self { cost, tokens }
    }
}

impl Add for Amount {
    type Output = Self;

    fn add(self, rhs: Self) -> Self {
        Self {
            cost: self.cost + rhs.cost,
            tokens: self.tokens.saturating_add(rhs.tokens),
        }
    }
}

impl Sub for Amount {
    type Output = Self;

    /// Never below zero.
    fn sub(self, rhs: Self) -> Self {
        Self {
            cost: (self.cost - rhs.cost).max(NanoUsd::ZERO),
            tokens: self.tokens.saturating_sub(rhs.tokens),
        }
    }
}

/// How much an account may hold.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limit {
    /// Which account.
    pub account: Account,
    /// Most money; `None` is without limit.
    pub cost: Option<NanoUsd>,
    /// Most tokens; `None` is without limit.
    pub tokens: Option<u64>,
}

impl Limit {
    /// A limit on this account.
    #[must_use]
    pub const fn new(account: Account, cost: Option<NanoUsd>, tokens: Option<u64>) -> Self {
        Self {
            account,
            cost,
            tokens,
        }
    }

    /// Whether `asked` fits beside what is spent and reserved already; what exactly reaches the limit fits.
    ///
    /// # Errors
    /// Which measure is exceeded.
    pub(crate) fn admit(&self, balance: Balance, asked: Amount) -> Result<(), Box<Refusal>> {
        let after = balance.spent + balance.reserved + asked;
        let refusal = |measure, waits_for_calls, can_never_fit| {
            Box::new(Refusal {
                account: self.account.clone(),
                measure,
                spent: balance.spent,
                reserved: balance.reserved,
                asked,
                limit: Amount::new(self.cost.unwrap_or_default(), self.tokens.unwrap_or_default()),
                waits_for_calls,
                can_never_fit,
            })
        };
        if let Some(limit) = self.cost.filter(|limit| after.cost > *limit) {
            let waits = balance.spent.cost + asked.cost <= limit;
            return Err(refusal(Measure::Cost, waits, asked.cost > limit));
        }
        if let Some(limit) = self.tokens.filter(|limit| after.tokens > *limit) {
            let waits = balance.spent.tokens.saturating_add(asked.tokens) <= limit;
            return Err(refusal(Measure::Tokens, waits, asked.tokens > limit));
        }
        Ok(())
    }
}

/// What one account holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Balance {
    pub(crate) spent: Amount,
    pub(crate) reserved: Amount,
}

/// The most that one billed attempt can cost, to be held in every account that limits it.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Reservation {
    /// Its id, and that of the entry that settles it.
    pub id: EntryId,
    /// The tenant for whom the call is made; empty for the application itself.
    pub tenant: Arc<str>,
    /// The accounts that must have room for it, sorted: the tenant's own and those of the client, at most
    /// [`Reservation::MOST_LIMITS`].
    pub limits: Vec<Limit>,
    /// How much is held in each.
    pub amount: Amount,
    /// After this time it stops counting, unless it is renewed. 1 s to 1 day.
    pub lease: Duration,
}

impl Reservation {
    /// The most accounts that one call counts in.
    pub const MOST_LIMITS: usize = 32;

    /// Holds `amount` in the accounts of `limits` for `lease`.
    #[must_use]
    pub fn new(
        id: EntryId,
        tenant: impl AsRef<str>,
        mut limits: Vec<Limit>,
        amount: Amount,
        lease: Duration,
    ) -> Self {
        // Two limits on one account are both kept; they hold it once.
        limits.sort_by(|a, b| a.account.cmp(&b.account));
        Self {
            id,
            tenant: Arc::from(tenant.as_ref()),
            limits,
            amount,
            lease,
        }
    }

    /// Every account once, in the order in which all lock them.
    pub(crate) fn accounts(&self) -> Vec<Account> {
        let mut accounts: Vec<Account> = self.limits.iter().map(|limit| limit.account.clone()).collect();
        accounts.dedup();
        accounts
    }
}

/// What became of a wish to reserve.
#[derive(Debug, Clone)]
#[must_use]
pub enum Decision {
    /// It is held.
    Reserved,
    /// Nothing is held: one account has no room.
    Refused(Box<Refusal>),
}

/// What is measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Measure {
    /// Money.
    Cost,
    /// Tokens.
    Tokens,
}

/// Why a reservation was refused. Neither `Display` nor `Debug` names a tenant, user or key.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// Which account has no room.
    pub account: Account,
    /// What exceeds its limit.
    pub measure: Measure,
    /// What is spent there.
    pub spent: Amount,
    /// What is held there for calls under way.
    pub reserved: Amount,
    /// What was asked for.
    pub asked: Amount,
    /// The account's limit; only the part that [`Refusal::measure`] names is sure to be one.
    pub limit: Amount,
    /// Whether it would fit if the calls under way turned out to be cheap enough.
    pub waits_for_calls: bool,
    /// Whether it would not even fit if nothing had been spent.
    pub can_never_fit: bool,
}

impl Refusal {
    /// How long to wait before it makes sense to ask again: a second while calls are under way that may turn out to be
    /// cheaper than what is held for them, else until the period turns. `None` when waiting does not help.
    #[must_use]
    pub fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        if self.can_never_fit {
            None
        } else if self.waits_for_calls {
            Some(Duration::from_secs(1))
        } else {
            self.account.ends_at.map(|end| end.since(now))
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            spent,
            reserved,
            asked,
            limit,
            ..
        } = self;
        write!(f, "the {} has no room: ", self.account)?;
        match self.measure {
            Measure::Cost => write!(
                f,
                "{} spent, {} reserved and up to {} asked for of {} USD",
                spent.cost, reserved.cost, asked.cost, limit.cost
            ),
            Measure::Tokens => write!(
                f,
                "{} spent, {} reserved and up to {} asked for of {} tokens",
                spent.tokens, reserved.tokens, asked.tokens, limit.tokens
            ),
        }
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refusal({self})")
    }
}

impl std::error::Error for Refusal {}

/// Where an account stands.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Standing {
    /// Which account.
    pub account: Account,
    /// What is spent.
    pub spent: Amount,
    /// What is held for calls under way.
    pub reserved: Amount,
}

impl Standing {
    /// An account with what is spent and held there.
    #[must_use]
    pub const fn new(account: Account, spent: Amount, reserved: Amount) -> Self {
        Self {
            account,
            spent,
            reserved,
        }
    }
}
