//! How a client is given a ledger and its limits.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;

use super::{Account, Amount, Budget, Error, Ledger};
use crate::client::Caller;

/// Tells the budgets of whoever makes a call, where they differ from caller to caller.
///
/// It is asked once for each call, before anything is reserved: keep what it reads close at hand.
#[async_trait]
pub trait BudgetSource: fmt::Debug + Send + Sync + 'static {
    /// The budgets that count for `caller`, beside those that count for everybody.
    ///
    /// # Errors
    /// Whatever keeps it from telling; the call is refused then, since its limits are not known.
    async fn budgets(&self, caller: &Caller) -> Result<Vec<Budget>, Error>;
}

/// What becomes of a target without a known price where a hard budget limits money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Unpriced {
    /// It is not asked: what it would cost cannot be covered.
    #[default]
    Refuse,
    /// It is asked, and adds nothing to the budget.
    Allow,
}

/// Spending has reached a share of a budget.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct BudgetEvent {
    /// The budget.
    pub budget: Budget,
    /// Whose it is, in which period.
    pub account: Account,
    /// The share of the limit that has been reached, in percent: one of [`Budget::alerts`].
    pub percent: u8,
    /// What is spent now.
    pub spent: Amount,
}

impl BudgetEvent {
    pub(crate) const fn new(budget: Budget, account: Account, percent: u8, spent: Amount) -> Self {
        Self {
            budget,
            account,
            percent,
            spent,
        }
    }
}

type Listener = Arc<dyn Fn(&BudgetEvent) + Send + Sync>;

/// A ledger for a client, and the budgets that it holds calls to.
///
/// Without any budget the ledger records what is used and nothing is refused.
///
/// # Examples
/// ```
/// use aurora_llm::LlmClient;
/// use aurora_llm::ledger::{Budget, BudgetScope, Budgets, MemoryLedger, Period};
///
/// let budgets = Budgets::new(MemoryLedger::new())
///     .budget(Budget::cost(BudgetScope::Tenant, Period::Month, "50".parse()?))
///     .budget(Budget::cost(BudgetScope::Client, Period::Day, "20".parse()?).soft())
///     .on_event(|event| println!("{} % of the {}", event.percent, event.account));
/// let client = LlmClient::builder().budgets(budgets);
/// # Ok::<(), aurora_core::money::ParseMoneyError>(())
/// ```
#[derive(Clone)]
#[must_use]
pub struct Budgets {
    pub(crate) ledger: Arc<dyn Ledger>,
    pub(crate) fixed: Vec<Budget>,
    pub(crate) source: Option<Arc<dyn BudgetSource>>,
    pub(crate) unpriced: Unpriced,
    pub(crate) lease: Duration,
    pub(crate) patience: Duration,
    pub(crate) output_tokens: Option<u32>,
    pub(crate) listener: Option<Listener>,
}

impl Budgets {
    /// Records in `ledger`, without limits so far.
    pub fn new(ledger: impl Ledger) -> Self {
        Self {
            ledger: Arc::new(ledger),
            fixed: Vec::new(),
            source: None,
            unpriced: Unpriced::default(),
            lease: Duration::from_secs(120),
            patience: Duration::from_secs(10),
            output_tokens: None,
            listener: None,
        }
    }

    /// Adds a budget that counts for every call that it is about. At most 16.
    pub fn budget(mut self, budget: Budget) -> Self {
        self.fixed.push(budget);
        self
    }

    /// Asks `source` for the budgets of each caller, at most 16 more.
    pub fn source(mut self, source: impl BudgetSource) -> Self {
        self.source = Some(Arc::new(source));
        self
    }

    /// What becomes of targets without a price where a hard budget limits money; they are not asked unless told.
    pub const fn unpriced(mut self, policy: Unpriced) -> Self {
        self.unpriced = policy;
        self
    }

    /// How long a reservation outlives a process that died, 3 s to 1 hour; 2 min unless told. While a call is under way
    /// its reservation is renewed each third of it.
    pub const fn lease(mut self, lease: Duration) -> Self {
        self.lease = lease;
        self
    }

    /// How long a call waits for the ledger before it is refused, or goes on without being counted against soft budgets
    /// beforehand; above zero and up to 1 min; 10 s unless told.
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The longest answer to a request under a hard budget that does not say itself how long it may be.
    ///
    /// Unless told, as long as the model's answers can be, or 4,096 tokens where that is not known. Where the number is
    /// not the model's own end it is sent along, since only then the reservation covers the answer.
    pub const fn output_tokens(mut self, tokens: u32) -> Self {
        self.output_tokens = Some(tokens);
        self
    }

    /// Calls `listener` once for each share of a budget that spending reaches. It must not block; it is called while
    /// an answer is handed out.
    pub fn on_event(mut self, listener: impl Fn(&BudgetEvent) + Send + Sync + 'static) -> Self {
        self.listener = Some(Arc::new(listener));
        self
    }

    /// Everything that is wrong with it.
    pub(crate) fn problems(&self) -> Vec<String> {
        let mut problems: Vec<String> = self
            .fixed
            .iter()
            .filter_map(Budget::problem)
            .map(str::to_owned)
            .collect();
        if self.fixed.len() > MOST_BUDGETS {
            problems.push("a client has at most 16 budgets for everybody".to_owned());
        }
        let hour = Duration::from_secs(3_600);
        if !(Duration::from_secs(3)..=hour).contains(&self.lease) {
            problems.push("a reservation's lease must be 3 seconds to 1 hour".to_owned());
        }
        if self.patience.is_zero() || self.patience > Duration::from_secs(60) {
            problems.push("the patience with a ledger must be above zero and at most 1 minute".to_owned());
        }
        if self.output_tokens == Some(0) {
            problems.push("an answer must be allowed one token at least".to_owned());
        }
        problems
    }
}

/// The most budgets from each place.
pub(crate) const MOST_BUDGETS: usize = 16;

impl fmt::Debug for Budgets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Budgets")
            .field("ledger", &self.ledger)
            .field("budgets", &self.fixed)
            .field("source", &self.source)
            .field("unpriced", &self.unpriced)
            .field("lease", &self.lease)
            .finish_non_exhaustive()
    }
}
