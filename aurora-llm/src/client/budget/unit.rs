//! What covers one attempt.

use std::pin::Pin;
use std::sync::Arc;

use super::meter::Meter;
use super::queue::Settlement;
use super::{Demand, Held, Open};
use crate::chat::ChatResponse;
use crate::client::target::Member;
use crate::error::{Error, ErrorKind, TimeoutStage};
use crate::ledger::{Entry, Tokens};
use crate::pricing::{Cost, Price};
use crate::provider::ProviderId;
use crate::telemetry;
use crate::usage::Usage;

/// What covers one attempt. Dropped before anything was sent it goes back to the call; dropped later, what may have been used
/// is booked by estimate: under a hard budget all that was reserved.
pub(in crate::client) struct Unit(Option<Active>);

struct Active {
    open: Arc<Open>,
    held: Held,
    demand: Demand,
    provider: ProviderId,
    kind: &'static str,
    model: Arc<str>,
    price: Option<Price>,
    /// Tokens that are reserved for the answer; none where no hard budget limits it.
    reserved: u64,
    /// What was read where the provider does not say: under a hard budget all that is reserved, or else about as many tokens.
    input: u64,
    /// What was looked for, likewise.
    searches: u64,
    /// Whether the model may think unseen.
    reasons: bool,
    is_sent: bool,
}

impl Unit {
    /// Covers what is not counted.
    pub(super) const fn free() -> Self {
        Self(None)
    }

    pub(super) fn new(open: Arc<Open>, held: Held, demand: Demand, member: &Member, model: &str) -> Self {
        let is_limited = !held.reservation.limits.is_empty();
        let output = demand.output(member, model, open.keeper.settings.output_tokens);
        let price = member.price(model);
        let (input, searches) = if is_limited {
            let searches = price.as_ref().map_or(0, |price| demand.searches(price));
            (demand.input(member, model), searches)
        } else {
            (demand.about(), demand.about_searches(price.as_ref()))
        };
        Self(Some(Active {
            reserved: if is_limited { u64::from(output) } else { 0 },
            input,
            searches,
            reasons: member.capabilities(model).reasoning,
            open,
            held,
            demand,
            provider: member.provider_id().clone(),
            kind: member.kind(),
            model: Arc::from(model),
            price,
            is_sent: false,
        }))
    }

    /// Renews a reservation that has lain in the purse for a while.
    pub(super) async fn freshen(&mut self) {
        let Some(active) = &mut self.0 else {
            return;
        };
        let keeper = &active.open.keeper;
        let age = keeper.clock.elapsed().saturating_sub(active.held.since);
        if !active.held.reservation.limits.is_empty() && age >= keeper.settings.lease / 3 {
            keeper.renew(&active.held.reservation).await;
            active.held.since = keeper.clock.elapsed();
        }
    }

    /// Does what is covered, and renews the reservation meanwhile.
    pub(in crate::client) async fn during<T>(&mut self, work: impl Future<Output = T> + Send) -> T {
        if let Some(active) = &mut self.0 {
            active.is_sent = true;
        }
        match self.renewal() {
            None => work.await,
            Some(renewal) => tokio::select! {
                biased;
                outcome = work => outcome,
                never = renewal => match never {},
            },
        }
    }

    /// Renews the reservation each third of its lease, for ever.
    pub(super) fn renewal(&self) -> Option<Renewal> {
        let active = self.0.as_ref()?;
        if active.held.reservation.limits.is_empty() {
            return None;
        }
        let (keeper, reservation) = (Arc::clone(&active.open.keeper), active.held.reservation.clone());
        Some(Box::pin(async move {
            loop {
                keeper.clock.sleep(keeper.settings.lease / 3).await;
                keeper.renew(&reservation).await;
            }
        }))
    }

    /// Books a whole answer, or what a failure cost.
    ///
    /// # Cancel safety
    /// What was not booked when the future is dropped is booked later.
    pub(in crate::client) async fn whole(
        self,
        outcome: Result<ChatResponse, Error>,
    ) -> Result<ChatResponse, Error> {
        match &outcome {
            Ok(response) => {
                let said = || response.text().len();
                self.answered(response.usage.as_ref(), said).await;
            }
            Err(error) => self.failed(error),
        }
        outcome
    }

    /// Books what was answered, by estimate where the provider did not say what it used.
    ///
    /// # Cancel safety
    /// As [`whole`](Self::whole).
    pub(in crate::client) async fn answered(mut self, usage: Option<&Usage>, said: impl FnOnce() -> usize) {
        if let Some(active) = self.0.take() {
            let settlement = match usage {
                Some(usage) => active.settlement(usage),
                None => active.estimate(None, tokens(said())),
            };
            active.open.keeper.settle(settlement).await;
        }
    }

    /// Stays with a stream that has begun, or books what a failure cost.
    pub(in crate::client) fn opened<V>(self, outcome: Result<V, Error>) -> Result<(V, Option<Meter>), Error> {
        match outcome {
            Ok(value) => Ok((value, self.0.is_some().then(|| Meter::new(self)))),
            Err(error) => {
                self.failed(&error);
                Err(error)
            }
        }
    }

    /// Books what a failed attempt may have cost before it said anything; what surely cost nothing goes back.
    pub(in crate::client) fn failed(mut self, error: &Error) {
        let Some(active) = self.0.take() else {
            return;
        };
        if may_be_billed(error) {
            let unseen = if error.usage().is_some() {
                0
            } else {
                active.reserved
            };
            let settlement = active.estimate(error.usage(), unseen);
            active.open.keeper.settle_later(settlement);
        } else {
            active.open.put_back(active.held);
        }
    }

    /// Books a stream that has ended well.
    pub(super) fn ended(mut self, usage: Option<&Usage>, said: usize) {
        if let Some(active) = self.0.take() {
            let settlement = match usage {
                Some(usage) => active.settlement(usage),
                None => active.estimate(None, tokens(said)),
            };
            active.open.keeper.settle_later(settlement);
        }
    }

    /// Books a stream that was given up or broke: what the provider had reported, or at least what was said. Under a hard
    /// budget a model that may have thought unseen has used all that was reserved: nobody can say that it has not.
    pub(super) fn cut(mut self, usage: Option<&Usage>, said: usize) {
        if let Some(active) = self.0.take() {
            let unseen = if active.reasons { active.reserved } else { 0 };
            let settlement = active.estimate(usage, tokens(said).max(unseen));
            active.open.keeper.settle_later(settlement);
        }
    }
}

/// Never ends.
pub(super) type Renewal = Pin<Box<dyn Future<Output = std::convert::Infallible> + Send>>;

impl Active {
    fn settlement(&self, usage: &Usage) -> Settlement {
        let cost = self.price.map_or(Cost::Unpriced, |price| price.cost(usage));
        let open = &self.open;
        let now = open.keeper.clock.now();
        let id = self.held.reservation.id;
        let entry = Entry::new(id, now, open.caller.clone(), self.provider.as_str(), &self.model)
            .task(self.demand.task)
            .used(Tokens::from(usage), cost);
        Settlement {
            entry,
            accounts: open.accounts(&self.model),
            budgets: open.budgets.clone(),
            began: open.began,
        }
    }

    /// What was used as far as can be known: what was reported, and no less than `written` tokens of answer.
    fn estimate(&self, reported: Option<&Usage>, written: u64) -> Settlement {
        let mut usage = reported.cloned().unwrap_or_default();
        if usage.total_input() == 0 {
            usage.input = self.input;
        }
        if usage.searches == 0 {
            usage.searches = self.searches;
        }
        usage.output = usage
            .output
            .saturating_add(written.saturating_sub(usage.total_output()));
        let mut settlement = self.settlement(&usage);
        settlement.entry = settlement.entry.estimated();
        telemetry::estimated(&self.provider, self.kind, settlement.entry.cost);
        settlement
    }
}

impl Drop for Unit {
    fn drop(&mut self) {
        let Some(active) = self.0.take() else {
            return;
        };
        if active.is_sent {
            // The provider may write on where nobody reads.
            let settlement = active.estimate(None, active.reserved);
            active.open.keeper.settle_later(settlement);
        } else {
            active.open.put_back(active.held);
        }
    }
}

/// About how many tokens so many bytes of an answer are.
fn tokens(bytes: usize) -> u64 {
    u64::try_from(bytes.div_ceil(4)).unwrap_or(u64::MAX)
}

/// Whether the provider may bill an attempt that failed so before it had said anything.
///
/// No provider bills what it refuses. What was cut off on the way, or answered what could not be read, may have been
/// worked on.
fn may_be_billed(error: &Error) -> bool {
    if error.usage().is_some() {
        return true;
    }
    if error.status().is_some_and(|status| !(200..300).contains(&status)) {
        return false;
    }
    match error.kind() {
        ErrorKind::Timeout(stage) => stage != TimeoutStage::Connect,
        ErrorKind::StreamTruncated
        | ErrorKind::Malformed
        | ErrorKind::ContentFiltered
        | ErrorKind::Cancelled => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_provider_refused_is_not_billed() {
        for kind in [
            ErrorKind::RateLimited,
            ErrorKind::Overloaded,
            ErrorKind::ServerError,
            ErrorKind::Connect,
            ErrorKind::Authentication,
            ErrorKind::InvalidRequest,
            ErrorKind::ContextOverflow,
            ErrorKind::CircuitOpen,
            ErrorKind::LocalRateLimited,
            ErrorKind::Timeout(TimeoutStage::Connect),
        ] {
            assert!(!may_be_billed(&Error::new(kind)), "{kind:?}");
        }
        assert!(!may_be_billed(&Error::new(ErrorKind::Malformed).with_status(502)));
        for kind in [
            ErrorKind::Timeout(TimeoutStage::FirstToken),
            ErrorKind::Timeout(TimeoutStage::Total),
            ErrorKind::StreamTruncated,
            ErrorKind::Malformed,
        ] {
            assert!(may_be_billed(&Error::new(kind)), "{kind:?}");
        }
        assert!(may_be_billed(&Error::new(ErrorKind::Malformed).with_status(200)));
    }
}
