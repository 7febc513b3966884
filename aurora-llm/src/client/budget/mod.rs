//! Budgets around a call: reserved before, settled after, whatever becomes of it.
//!
//! A [`Purse`] is what one call may spend. Each attempt takes a [`Unit`] from it, which covers the most that the attempt
//! can cost; what surely was not billed goes back into the purse for the next attempt, everything else is settled.

mod billing;
mod bound;
mod keeper;
mod meter;
mod queue;
mod unit;

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aurora_core::time::Timestamp;

use billing::Options;
pub(super) use bound::Demand;
pub(super) use keeper::Keeper;
pub(super) use meter::Meter;
pub(super) use unit::Unit;

use super::Inner;
use super::options::Caller;
use super::route::Route;
use super::target::Member;
use crate::chat::ChatRequest;
use crate::error::{Error, ErrorKind};
use crate::ledger::{
    self, Account, Amount, Budget, Decision, EntryId, Limit, Refusal, Reservation, Unpriced, is_id,
};
use crate::provider::Call;

/// What one call may spend; without a ledger, anything.
#[derive(Clone)]
pub(super) struct Purse(Option<Arc<Open>>);

struct Open {
    keeper: Arc<Keeper>,
    caller: Caller,
    budgets: Vec<Budget>,
    /// When the call began: it counts in the periods of this instant.
    began: Timestamp,
    /// What is reserved and not spent: at first for whichever target is asked, later what an attempt gave back.
    spare: Mutex<Option<Held>>,
}

/// A reservation, and since when.
struct Held {
    reservation: Reservation,
    since: Duration,
}

impl Purse {
    /// Reserves the most that one attempt of the route can cost; targets that no budget can cover leave the route.
    ///
    /// # Errors
    /// [`ErrorKind::BudgetExceeded`]; [`ErrorKind::InvalidRequest`] for an option that may change what the call costs, under
    /// a hard budget.
    pub(super) async fn open(
        inner: &Inner,
        route: &mut Route,
        demand: Demand,
        options: &Options,
        caller: &Caller,
    ) -> Result<Self, Error> {
        let Some(keeper) = &inner.budgets else {
            return Ok(Self(None));
        };
        let ids = [&caller.tenant, &caller.user, &caller.key];
        if ids.into_iter().flatten().any(|id| !is_id(id)) {
            let context = "tenant, user and key are 1 to 200 bytes without control characters";
            return Err(Error::new(ErrorKind::InvalidRequest).with_context(context));
        }
        let open = Open {
            keeper: Arc::clone(keeper),
            caller: caller.clone(),
            budgets: keeper.budgets_of(caller).await?,
            began: keeper.clock.now(),
            spare: Mutex::new(None),
        };
        if open.is_limited()
            && let Some(option) = billing::uncovered(options)
        {
            let words = format!("`{option}` may change what the call costs, which no hard budget covers");
            return Err(Error::new(ErrorKind::InvalidRequest).with_provider_message(words));
        }
        if open.needs_price() {
            let priced = |member: &Member, model: &str| member.price(model).is_some();
            if !route.narrow(inner.routes.members(), priced) {
                return Err(Error::new(ErrorKind::BudgetExceeded)
                    .with_code("unpriced")
                    .with_context("no target has a price, and a hard budget cannot cover what has none"));
            }
        }
        let targets: Vec<(&Member, &str)> = inner
            .routes
            .members()
            .iter()
            .filter(|member| route.wants(member))
            .map(|member| (member, route.model_for(member)))
            .collect();
        let held = open.hold(demand, &targets).await?;
        open.put_back(held);
        Ok(Self(Some(Arc::new(open))))
    }

    /// What covers one attempt of a chat, and the call as it is covered.
    ///
    /// # Errors
    /// As [`cover`](Self::cover).
    pub(super) async fn cover_chat(&self, member: &Member, call: Call) -> Result<(Unit, Call), Error> {
        let Some(open) = &self.0 else {
            return Ok((Unit::free(), call));
        };
        // What is asked for the rest of an answer is another request than the first.
        let demand = Demand::chat(&call.request);
        let unit = self.cover(member, &call.model, demand).await?;
        let call = open.clamped(demand, member, call);
        Ok((unit, call))
    }

    /// What covers one attempt.
    ///
    /// # Errors
    /// [`ErrorKind::BudgetExceeded`] when what came before was billed, and the budget does not cover another attempt.
    pub(super) async fn cover(&self, member: &Member, model: &str, demand: Demand) -> Result<Unit, Error> {
        let Some(open) = &self.0 else {
            return Ok(Unit::free());
        };
        let spare = open.spare.lock().unwrap_or_else(PoisonError::into_inner).take();
        let target = [(member, model)];
        if let Some(held) = spare {
            if open.covers(&held, demand, &target) {
                // In hand at once, so that it goes back when this future is dropped.
                let mut unit = Unit::new(Arc::clone(open), held, demand, member, model);
                unit.freshen().await;
                return Ok(unit);
            }
            open.keeper.release_later(held.reservation);
        }
        let held = open.hold(demand, &target).await?;
        Ok(Unit::new(Arc::clone(open), held, demand, member, model))
    }
}

impl Open {
    fn is_limited(&self) -> bool {
        self.budgets.iter().any(Budget::is_hard)
    }

    /// Whether a target without a price must not be asked.
    fn needs_price(&self) -> bool {
        let limits_money = |budget: &Budget| budget.hard && budget.cost.is_some();
        self.keeper.settings.unpriced == Unpriced::Refuse && self.budgets.iter().any(limits_money)
    }

    /// The same call, whose answer is not longer than what is reserved for it.
    fn clamped(&self, demand: Demand, member: &Member, call: Call) -> Call {
        let cap = self.keeper.settings.output_tokens;
        match demand.clamp(member, &call.model, cap) {
            Some(most) if self.is_limited() => Call {
                request: Arc::new(ChatRequest::clone(&call.request).max_tokens(most)),
                ..call
            },
            _ => call,
        }
    }

    /// Every account that a call to `model` counts in, once.
    fn accounts(&self, model: &str) -> Vec<Account> {
        let mut accounts: Vec<Account> = self
            .budgets
            .iter()
            .filter_map(|budget| budget.account(&self.caller, model, self.began))
            .collect();
        accounts.sort();
        accounts.dedup();
        accounts
    }

    /// The limits on a call to any of these targets.
    fn limits(&self, targets: &[(&Member, &str)]) -> Vec<Limit> {
        let mut limits = Vec::new();
        for budget in self.budgets.iter().filter(|budget| budget.hard) {
            for (_, model) in targets {
                let Some(account) = budget.account(&self.caller, model, self.began) else {
                    continue;
                };
                let limit = Limit::new(account, budget.cost, budget.tokens);
                if !limits.contains(&limit) {
                    limits.push(limit);
                }
            }
        }
        limits
    }

    fn most(&self, demand: Demand, targets: &[(&Member, &str)]) -> Amount {
        let cap = self.keeper.settings.output_tokens;
        let each = targets
            .iter()
            .map(|(member, model)| demand.most(member, model, cap));
        each.fold(Amount::ZERO, |most, amount| {
            Amount::new(most.cost.max(amount.cost), most.tokens.max(amount.tokens))
        })
    }

    /// Whether what is held covers an attempt at one of these targets.
    fn covers(&self, held: &Held, demand: Demand, targets: &[(&Member, &str)]) -> bool {
        let Reservation { limits, amount, .. } = &held.reservation;
        let wanted = self.limits(targets);
        let most = self.most(demand, targets);
        wanted.is_empty()
            || (wanted.iter().all(|limit| limits.contains(limit))
                && amount.cost >= most.cost
                && amount.tokens >= most.tokens)
    }

    /// Reserves the most that one attempt at one of these targets can cost.
    async fn hold(&self, demand: Demand, targets: &[(&Member, &str)]) -> Result<Held, Error> {
        let limits = self.limits(targets);
        let amount = if limits.is_empty() {
            Amount::ZERO
        } else {
            self.most(demand, targets)
        };
        let clock = &self.keeper.clock;
        let (id, tenant) = (
            EntryId::new(clock.now()),
            self.caller.tenant.as_deref().unwrap_or_default(),
        );
        let reservation = Reservation::new(id, tenant, limits, amount, self.keeper.settings.lease);
        let held = Held {
            reservation,
            since: clock.elapsed(),
        };
        if held.reservation.limits.is_empty() {
            return Ok(held);
        }
        // From here on it may be held, also when the ledger only seems to have failed.
        let guard = Returned {
            keeper: &self.keeper,
            held: Some(held),
        };
        let asked = match &guard.held {
            Some(held) => self.keeper.reserve(&held.reservation).await,
            None => Ok(Decision::Reserved),
        };
        match asked {
            Ok(Decision::Reserved) => guard.keep(),
            Ok(Decision::Refused(refusal)) => {
                drop(guard.keep());
                Err(self.refused(*refusal))
            }
            Err(error) => Err(unanswered(error)),
        }
    }

    fn refused(&self, refusal: Refusal) -> Error {
        self.keeper.count_refusal(&refusal.account);
        let error = Error::new(ErrorKind::BudgetExceeded).with_context(refusal.account.to_string());
        let error = match refusal.retry_after(self.keeper.clock.now()) {
            Some(wait) => error.with_retry_after(wait),
            None => error,
        };
        error.with_source(refusal)
    }

    fn put_back(&self, held: Held) {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(second) = spare.replace(held) {
            drop(spare);
            self.keeper.release_later(second.reservation);
        }
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        let spare = self.spare.get_mut().unwrap_or_else(PoisonError::into_inner);
        if let Some(held) = spare.take() {
            self.keeper.release_later(held.reservation);
        }
    }
}

/// A reservation that is given back unless it is kept.
struct Returned<'a> {
    keeper: &'a Arc<Keeper>,
    held: Option<Held>,
}

impl Returned<'_> {
    fn keep(mut self) -> Result<Held, Error> {
        let gone = || Error::new(ErrorKind::BudgetExceeded);
        self.held.take().ok_or_else(gone)
    }
}

impl Drop for Returned<'_> {
    fn drop(&mut self) {
        if let Some(held) = self.held.take() {
            self.keeper.release_later(held.reservation);
        }
    }
}

/// A ledger that does not answer cannot cover a call.
fn unanswered(error: ledger::Error) -> Error {
    let retryable = error.is_retryable();
    let refused = Error::new(ErrorKind::BudgetExceeded)
        .with_code("ledger_unavailable")
        .with_context("the ledger did not say whether the budget covers the call")
        .with_source(error);
    if retryable {
        refused.with_retry_after(Duration::from_secs(1))
    } else {
        refused
    }
}
