//! One walk over the targets of a route: the part of a call that is the same whatever is asked for.

use aurora_core::failure::FailureClass;
use aurora_core::fallback::{Action, Attempt, AttemptOutcome, Exhausted, Lease, Plan};
use aurora_core::resilience::CallBudget;

use super::plan::DecisionTable;
use super::route::Route;
use super::target::Member;
use super::told::Told;
use super::{Inner, trail};
use crate::error::{Error, ErrorKind};

/// What a walk brought back. The lease is still open, so that a stream can tell later how it ended.
pub(super) struct Found<V> {
    pub(super) value: V,
    pub(super) told: Told,
    pub(super) lease: Lease<Member>,
}

/// Asks the targets of `route` in order until one answers.
pub(super) async fn over<V, F, O>(
    inner: &Inner,
    route: &Route,
    budget: impl Into<CallBudget> + Send,
    operation: O,
) -> Result<Found<V>, Error>
where
    V: Send,
    F: Future<Output = Result<V, Error>> + Send,
    O: FnMut(Attempt<Member>) -> F + Send,
{
    beside(inner, route, budget, |_| true, operation).await
}

/// As [`over`], beside another walk: moves on only to targets that are `free`.
pub(super) async fn beside<V, F, O>(
    inner: &Inner,
    route: &Route,
    budget: impl Into<CallBudget> + Send,
    free: impl Fn(&Member) -> bool + Sync,
    operation: O,
) -> Result<Found<V>, Error>
where
    V: Send,
    F: Future<Output = Result<V, Error>> + Send,
    O: FnMut(Attempt<Member>) -> F + Send,
{
    let wanted = |member: &Member| route.wants(member);
    let table = DecisionTable {
        route,
        filtered: inner.filtered,
    };
    let plan = Beside { table, free };
    let served = inner
        .fallback
        .call()
        .plan(&plan)
        .budget(budget)
        .only(&wanted)
        .selection(route.order())
        .run(operation)
        .await
        .map_err(|exhausted| surfaced(inner, route, exhausted))?;
    let attempts = trail::of(served.attempts(), inner.routes.members(), route);
    let member = served.payload().clone();
    let told = Told::new(&member, route.model_for(&member), attempts);
    let (value, _, _, lease) = served.into_parts();
    Ok(Found { value, told, lease })
}

/// The decision table, but for targets that are not free.
struct Beside<'a, M> {
    table: DecisionTable<'a>,
    free: M,
}

impl<M: Fn(&Member) -> bool + Sync> Plan<Member, Error> for Beside<'_, M> {
    fn action(&self, error: &Error, failed: &Member) -> Action {
        self.table.action(error, failed)
    }

    fn may_follow(&self, error: &Error, failed: &Member, candidate: &Member) -> bool {
        (self.free)(candidate) && self.table.may_follow(error, failed, candidate)
    }

    fn tells(&self, error: &Error, failed: &Member) -> FailureClass {
        self.table.tells(error, failed)
    }
}

/// The error that tells most of a walk on which nobody answered.
fn surfaced(inner: &Inner, route: &Route, exhausted: Exhausted<Error>) -> Error {
    let trail = trail::of(exhausted.attempts(), inner.routes.members(), route);
    let retry_after = exhausted.retry_after();
    let mut failed: Vec<Error> = exhausted
        .into_attempts()
        .into_iter()
        .filter_map(|attempt| match attempt.outcome {
            AttemptOutcome::Failed(error) => Some(error),
            _ => None,
        })
        .collect();
    // Who answered, if only with an error, tells more than who could not be asked.
    let asked = |error: &Error| !matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Config);
    let last = failed
        .iter()
        .rposition(asked)
        .unwrap_or(failed.len().saturating_sub(1));
    failed.truncate(last + 1);
    let error = failed
        .pop()
        .unwrap_or_else(|| Error::new(ErrorKind::CircuitOpen).with_context("no target could be asked"));
    let error = match retry_after {
        // Whichever target is back first can answer, not only the one whose error this is.
        Some(wait) if error.is_retryable() => error.with_retry_after(wait),
        _ => error,
    };
    error.with_attempts(trail)
}
