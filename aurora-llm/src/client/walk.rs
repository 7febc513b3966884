//! One walk over the targets of a route: the part of a call that is the same whatever is asked for.

use std::time::Duration;

use aurora_core::failure::FailureClass;
use aurora_core::fallback::{Action, Attempt, AttemptOutcome, AttemptRecord, Exhausted, Plan};
use aurora_core::resilience::CallBudget;

use super::plan::DecisionTable;
use super::route::Route;
use super::seat::{Door, Pass, Seat};
use super::target::Member;
use super::told::Told;
use super::{Inner, trail};
use crate::error::{Error, ErrorKind};
use crate::provider::Ear;

/// The longest trail of a call that waits for room again and again.
const MAX_PASSED_OVER: usize = 256;

/// How long was waited since the round before, and for whom, where it was for one.
#[derive(Default)]
struct Waited {
    time: Duration,
    member: Option<Member>,
}

impl Waited {
    /// The trail of the round that followed: the wait was before the one that it was for, else before the first.
    fn before(self, round: &[AttemptRecord<Error>], inner: &Inner, route: &Route) -> Vec<super::Attempt> {
        let mut trail = trail::of(round, inner.routes.members(), route);
        let is_it = |attempt: &super::Attempt| {
            let member = self.member.as_ref();
            member.is_some_and(|member| member.name() == attempt.target)
        };
        let at = trail.iter().position(is_it).unwrap_or_default();
        if let Some(attempt) = trail.get_mut(at) {
            attempt.waited = attempt.waited.saturating_add(self.time);
        }
        trail
    }
}

/// What a walk brought back. The attempt is still open, so that a stream can tell later how it ended.
pub(super) struct Found<V> {
    pub(super) value: V,
    pub(super) told: Told,
    pub(super) lease: Seat,
}

/// Asks the targets of `route` in order until one answers.
///
/// Whoever has no room within our own limits or the provider's is passed over; when nobody has, the one is waited for that
/// has some first.
pub(super) async fn over<V, F, O>(
    inner: &Inner,
    route: &Route,
    budget: impl Into<CallBudget> + Send,
    operation: O,
) -> Result<Found<V>, Error>
where
    V: Send,
    F: Future<Output = Result<V, Error>> + Send,
    O: FnMut(Attempt<Member>, Ear) -> F + Send,
{
    beside(inner, route, budget, |_| true, operation).await
}

/// As [`over`], beside another walk: moves on only to targets that are `free`.
pub(super) async fn beside<V, F, O>(
    inner: &Inner,
    route: &Route,
    budget: impl Into<CallBudget> + Send,
    free: impl Fn(&Member) -> bool + Sync,
    mut operation: O,
) -> Result<Found<V>, Error>
where
    V: Send,
    F: Future<Output = Result<V, Error>> + Send,
    O: FnMut(Attempt<Member>, Ear) -> F + Send,
{
    let budget: CallBudget = budget.into();
    let wanted = |member: &Member| route.wants(member);
    let table = DecisionTable {
        route,
        filtered: inner.filtered,
    };
    let plan = Beside { table, free };
    let mut passed_over: Vec<super::Attempt> = Vec::new();
    let mut ready = None;
    let mut waited = Waited::default();
    loop {
        let door = Door::new(inner, route, ready.take());
        let served = inner
            .fallback
            .call()
            .plan(&plan)
            .budget(&budget)
            .only(&wanted)
            .selection(route.order())
            .gate(&door)
            .run(|attempt| {
                let member = attempt.payload();
                let ear = member.ear(route.model_for(member));
                let (pass, work, door) = (door.take(), operation(attempt, ear.clone()), &door);
                async move {
                    let outcome = work.await;
                    match (&outcome, pass) {
                        (Ok(_), pass) => door.keep(pass, &ear),
                        (Err(error), Some(pass)) => pass.failed(error),
                        (Err(_), None) => {}
                    }
                    outcome
                }
            })
            .await;
        let exhausted = match served {
            Ok(served) => {
                passed_over.extend(waited.before(served.attempts(), inner, route));
                let member = served.payload().clone();
                let mut told = Told::new(&member, route.model_for(&member), passed_over);
                let (value, _, _, lease) = served.into_parts();
                let mut pass = door.take().unwrap_or_else(|| Pass::free(&member));
                told.is_known_as(pass.request_id.take());
                let lease = Seat::new(lease, pass);
                return Ok(Found { value, told, lease });
            }
            Err(exhausted) => exhausted,
        };
        let is_long = passed_over.len() >= MAX_PASSED_OVER;
        passed_over.extend(std::mem::take(&mut waited).before(exhausted.attempts(), inner, route));
        let (full, rests) = match exhausted.last_error() {
            None => (door.soonest(), door.rests()),
            Some(_) => (None, None),
        };
        let rests = rests.filter(|wait| {
            let is_first = full.as_ref().is_none_or(|(_, room)| wait < room);
            is_first && *wait <= inner.patience && budget.allows(&*inner.clock, *wait)
        });
        if let Some(wait) = rests.filter(|_| !is_long) {
            inner.clock.sleep(wait).await;
            waited.time = wait;
            continue;
        }
        let Some((member, _)) = full else {
            return Err(surfaced(passed_over, exhausted));
        };
        // Nobody was asked, and somebody only for want of room: it is waited for in line.
        let Some(gauge) = inner.gauges.of(&member) else {
            return Err(surfaced(passed_over, exhausted));
        };
        // Boxed: it is rare, and every call would carry its size.
        let (tenant, began) = (route.tenant(), inner.clock.elapsed());
        let taken = Box::pin(gauge.take(route.weight(), &tenant, budget.deadline())).await;
        let time = inner.clock.elapsed().saturating_sub(began);
        match taken {
            Ok(taken) if !is_long => {
                ready = Some((member.place(), taken));
                waited = Waited {
                    time,
                    member: Some(member),
                };
            }
            in_vain => {
                let mut skipped = passed_over.iter_mut().rev();
                if let Some(skipped) = skipped.find(|attempt| member.name() == attempt.target) {
                    skipped.waited = skipped.waited.saturating_add(time);
                }
                return Err(no_room(passed_over, &exhausted, in_vain.err()));
            }
        }
    }
}

/// Our own limits have no room for the call in its time.
fn no_room(trail: Vec<super::Attempt>, exhausted: &Exhausted<Error>, wait: Option<Duration>) -> Error {
    let error = Error::new(ErrorKind::LocalRateLimited).with_context("no target has room within its limits");
    let wait = [wait, exhausted.retry_after()].into_iter().flatten().min();
    let error = match wait {
        Some(wait) => error.with_retry_after(wait),
        None => error,
    };
    error.with_attempts(trail)
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
fn surfaced(trail: Vec<super::Attempt>, exhausted: Exhausted<Error>) -> Error {
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
