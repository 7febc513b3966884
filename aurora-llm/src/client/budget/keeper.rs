//! Who speaks with the ledger for a client.

use std::sync::Arc;
use std::time::Duration;

use aurora_core::money::NanoUsd;
use aurora_core::time::Clock;

use super::queue::{Queue, Settlement};
use super::{Error, ErrorKind, unanswered};
use crate::client::options::Caller;
use crate::ledger::{
    self, Account, Amount, Budget, BudgetEvent, Budgets, Decision, MOST_BUDGETS, Reservation, Standing,
};
use crate::telemetry;

/// A client's ledger, its limits, and what is still to be booked.
pub(in crate::client) struct Keeper {
    pub(super) settings: Budgets,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) queue: Queue,
}

impl Keeper {
    pub(in crate::client) fn new(settings: Budgets, clock: Arc<dyn Clock>) -> Arc<Self> {
        Arc::new(Self {
            settings,
            clock,
            queue: Queue::default(),
        })
    }

    /// The budgets that count for `caller`.
    pub(super) async fn budgets_of(&self, caller: &Caller) -> Result<Vec<Budget>, Error> {
        let mut budgets = self.settings.fixed.clone();
        if let Some(source) = &self.settings.source {
            let own = self.within(source.budgets(caller)).await.map_err(unanswered)?;
            let wrong = |words: &str| Error::new(ErrorKind::Config).with_context(words.to_owned());
            if own.len() > MOST_BUDGETS {
                return Err(wrong("a caller has at most 16 budgets of his own"));
            }
            if let Some(problem) = own.iter().find_map(Budget::problem) {
                return Err(wrong(problem));
            }
            budgets.extend(own);
        }
        Ok(budgets)
    }

    pub(super) async fn reserve(&self, reservation: &Reservation) -> Result<Decision, ledger::Error> {
        self.within(self.settings.ledger.reserve(reservation)).await
    }

    /// Renews a reservation; one that cannot be renewed ends with its lease, and the call goes on.
    pub(super) async fn renew(&self, reservation: &Reservation) {
        if let Err(error) = self.within(self.settings.ledger.renew(reservation)).await {
            tracing::warn!(%error, "a reservation could not be renewed");
        }
    }

    /// Books what was used; when the ledger does not answer, or this future is dropped, later.
    pub(super) async fn settle(self: &Arc<Self>, settlement: Settlement) {
        let pending = Pending {
            keeper: self,
            settlement: Some(settlement),
        };
        let Some(settlement) = &pending.settlement else {
            return;
        };
        match self.try_settle(settlement).await {
            Ok(()) => pending.done(),
            Err(error) => tracing::warn!(%error, "what a call used is booked later"),
        }
    }

    /// Books what was used, and tells of the shares of budgets that are reached by it.
    pub(super) async fn try_settle(&self, settlement: &Settlement) -> Result<(), ledger::Error> {
        let Settlement { entry, accounts, .. } = settlement;
        let standings = self.within(self.settings.ledger.settle(entry, accounts)).await?;
        self.raise(settlement, &standings);
        Ok(())
    }

    pub(super) async fn try_release(&self, reservation: &Reservation) -> Result<(), ledger::Error> {
        self.within(self.settings.ledger.release(reservation)).await
    }

    pub(super) fn settle_later(self: &Arc<Self>, settlement: Settlement) {
        self.queue.book(self, settlement);
    }

    pub(super) fn release_later(self: &Arc<Self>, reservation: Reservation) {
        if !reservation.limits.is_empty() {
            self.queue.release(self, reservation);
        }
    }

    /// Waits until everything is booked, but no longer than `limit`; gives how much is not.
    pub(in crate::client) async fn flush(self: &Arc<Self>, limit: Duration) -> usize {
        self.queue.wake(self);
        tokio::select! {
            biased;
            () = self.queue.empty() => 0,
            () = self.clock.sleep(limit) => self.queue.len(),
        }
    }

    pub(super) fn count_refusal(&self, account: &Account) {
        telemetry::budget_refused(account.scope(), account.period().as_str());
    }

    async fn within<T>(
        &self,
        work: impl Future<Output = Result<T, ledger::Error>> + Send,
    ) -> Result<T, ledger::Error> {
        tokio::select! {
            biased;
            outcome = work => outcome,
            () = self.clock.sleep(self.settings.patience) => Err(ledger::Error::new(
                ledger::ErrorKind::Unavailable,
                "the ledger did not answer in time",
            )),
        }
    }

    /// Tells of the shares of budgets that this booking, and no other, has reached.
    fn raise(&self, settlement: &Settlement, standings: &[Standing]) {
        let Settlement {
            entry,
            budgets,
            began,
            ..
        } = settlement;
        for budget in budgets {
            let account = budget.account(&entry.caller, &entry.model, *began);
            let Some(standing) = standings.iter().find(|at| Some(&at.account) == account.as_ref()) else {
                continue;
            };
            let (account, spent) = (&standing.account, standing.spent);
            let (scope, period) = (account.scope(), account.period().as_str());
            telemetry::budget_used(scope, period, share(budget, spent));
            let before = spent - entry.amount();
            for percent in budget.alerts.iter().copied() {
                if !reaches(budget, spent, percent) || reaches(budget, before, percent) {
                    continue;
                }
                tracing::info!(scope, period, percent, "spending has reached a share of a budget");
                if let Some(listener) = &self.settings.listener {
                    listener(&BudgetEvent::new(budget.clone(), account.clone(), percent, spent));
                }
            }
        }
    }
}

/// Whether `spent` is this share of the limit or more, by money or by tokens.
fn reaches(budget: &Budget, spent: Amount, percent: u8) -> bool {
    let is = |spent: i128, limit: i128| spent * 100 >= limit * i128::from(percent);
    let cost = |limit: NanoUsd| is(i128::from(spent.cost.nanos()), i128::from(limit.nanos()));
    let tokens = |limit: u64| is(i128::from(spent.tokens), i128::from(limit));
    budget.cost.is_some_and(cost) || budget.tokens.is_some_and(tokens)
}

/// The share of the limit that is spent; 1 is all of it.
#[expect(clippy::cast_precision_loss, reason = "for a histogram")]
fn share(budget: &Budget, spent: Amount) -> f64 {
    let cost = budget
        .cost
        .map(|limit| spent.cost.nanos() as f64 / limit.nanos() as f64);
    let tokens = budget.tokens.map(|limit| spent.tokens as f64 / limit as f64);
    cost.unwrap_or(0.0).max(tokens.unwrap_or(0.0))
}

/// A booking that is made later unless it is done.
struct Pending<'a> {
    keeper: &'a Arc<Keeper>,
    settlement: Option<Settlement>,
}

impl Pending<'_> {
    fn done(mut self) {
        self.settlement = None;
    }
}

impl Drop for Pending<'_> {
    fn drop(&mut self) {
        if let Some(settlement) = self.settlement.take() {
            self.keeper.settle_later(settlement);
        }
    }
}
