//! A second target is asked before the first has answered, and whoever is first counts.

use std::pin::pin;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aurora_core::fallback::Attempt as Asked;
use aurora_core::resilience::{CallBudget, Hedge, HedgedCall};
use futures::future::{Either, select};

use super::Inner;
use super::route::Route;
use super::target::Member;
use super::trail::Attempt;
use super::walk::{self, Found};
use crate::error::{Error, ErrorKind};
use crate::provider::Ear;
use crate::usage::Usage;

/// Walks over the targets of `route`; when that takes longer than `hedge` waits, a second walk over the others begins.
///
/// Both take their attempts from `budget`, and no target is asked by both. The one that loses is dropped, which ends its
/// call at the provider; the trail tells of it, with `input` tokens as what it is taken to have cost.
pub(super) async fn over<V, F, O>(
    inner: &Inner,
    route: &Route,
    budget: &CallBudget,
    hedge: &Hedge,
    input: u64,
    operation: O,
) -> Result<Found<V>, Error>
where
    V: Send,
    F: Future<Output = Result<V, Error>> + Send,
    O: Fn(Asked<Member>, Ear) -> F + Send + Sync,
{
    let call = hedge.begin();
    let Some(delay) = call.delay() else {
        return walk::over(inner, route, budget, operation).await;
    };
    // Three walks are large, and hardly any call is hedged.
    Box::pin(raced(inner, route, budget, (call, delay), input, operation)).await
}

async fn raced<V, F, O>(
    inner: &Inner,
    route: &Route,
    budget: &CallBudget,
    (call, delay): (HedgedCall<'_>, Duration),
    input: u64,
    operation: O,
) -> Result<Found<V>, Error>
where
    V: Send,
    F: Future<Output = Result<V, Error>> + Send,
    O: Fn(Asked<Member>, Ear) -> F + Send + Sync,
{
    let race = Race {
        inner,
        route,
        asked: Mutex::new(Vec::new()),
    };
    let first = pin!(race.run(Side::First, route, budget, &operation));
    let first = match select(first, inner.clock.sleep(delay)).await {
        Either::Left((outcome, _)) => return outcome,
        Either::Right(((), first)) => first,
    };
    let Some(others) = race.others() else {
        return first.await;
    };
    let backup = match budget.take_retry(&*inner.clock) {
        Ok(backup) if call.may_send() => backup,
        _ => return first.await,
    };
    let inside = backup.begin().nested();
    let second = pin!(race.run(Side::Second, &others, &inside, &operation));
    match select(first, second).await {
        Either::Left((Ok(found), _)) => Ok(race.won(Side::First, found, input)),
        Either::Right((Ok(found), _)) => Ok(race.won(Side::Second, found, input)),
        Either::Left((Err(error), second)) => race.last(Side::Second, error, second.await, input),
        Either::Right((Err(error), first)) => race.last(Side::First, error, first.await, input),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    First,
    Second,
}

impl Side {
    const fn other(self) -> Self {
        match self {
            Self::First => Self::Second,
            Self::Second => Self::First,
        }
    }
}

/// Two walks under way.
struct Race<'a> {
    inner: &'a Inner,
    route: &'a Route,
    asked: Mutex<Vec<Note>>,
}

/// One attempt of one of them.
struct Note {
    side: Side,
    member: Member,
    number: u32,
    started: Duration,
    /// How it failed; `None` while it is under way or when it was answered.
    failed: Option<Attempt>,
}

impl Race<'_> {
    async fn run<V, F, O>(
        &self,
        side: Side,
        route: &Route,
        budget: &CallBudget,
        operation: &O,
    ) -> Result<Found<V>, Error>
    where
        V: Send,
        F: Future<Output = Result<V, Error>> + Send,
        O: Fn(Asked<Member>, Ear) -> F + Send + Sync,
    {
        let free = |member: &Member| {
            let notes = self.notes();
            let mut others = notes.iter().filter(|note| note.side != side);
            others.all(|note| note.member.place() != member.place())
        };
        walk::beside(
            self.inner,
            route,
            budget,
            free,
            |asked: Asked<Member>, ear: Ear| {
                let (member, number) = (asked.payload().clone(), asked.number());
                self.begins(side, member, number);
                let work = operation(asked, ear);
                async move {
                    let outcome = work.await;
                    if let Err(error) = &outcome {
                        self.failed(side, number, error);
                    }
                    outcome
                }
            },
        )
        .await
    }

    fn begins(&self, side: Side, member: Member, number: u32) {
        self.notes().push(Note {
            side,
            member,
            number,
            started: self.inner.clock.elapsed(),
            failed: None,
        });
    }

    fn failed(&self, side: Side, number: u32, error: &Error) {
        let now = self.inner.clock.elapsed();
        let mut notes = self.notes();
        let mut of_side = notes.iter_mut().filter(|note| note.side == side);
        if let Some(note) = of_side.find(|note| note.number == number) {
            let model = self.route.model_for(&note.member);
            let mut attempt = Attempt::at(&note.member, model, now.saturating_sub(note.started));
            attempt.fail(note.member.price(model), error, None);
            note.failed = Some(attempt);
        }
    }

    /// The targets that have not been asked, or else the keys; nobody while the first walk still waits for somebody it
    /// may ask, since a second would wait for the same.
    fn others(&self) -> Option<Route> {
        let asked: Vec<Member> = self.notes().iter().map(|note| note.member.clone()).collect();
        if asked.is_empty() {
            return None;
        }
        let members = self.inner.routes.members();
        let mut targets = self.route.clone();
        if targets.narrow(members, |member, _| {
            asked.iter().all(|note| !note.is_same_target(member))
        }) {
            return Some(targets);
        }
        let mut keys = self.route.clone();
        let left = keys.narrow(members, |member, _| {
            asked.iter().all(|note| note.place() != member.place())
        });
        left.then_some(keys)
    }

    /// Adds to the winner's trail what the other one did.
    fn won<V>(&self, winner: Side, mut found: Found<V>, input: u64) -> Found<V> {
        found.told.was_raced_by(self.trail_of(winner.other(), input));
        found
    }

    /// The outcome of the one that was still under way when the other had failed with `error`.
    fn last<V>(
        &self,
        side: Side,
        error: Error,
        outcome: Result<Found<V>, Error>,
        input: u64,
    ) -> Result<Found<V>, Error> {
        match outcome {
            Ok(found) => Ok(self.won(side, found, input)),
            Err(last) => {
                let trail = [error.attempts(), last.attempts()].concat();
                // Who answered, if only with an error, tells more than who could not be asked.
                let tells = if last.kind() == ErrorKind::CircuitOpen {
                    error
                } else {
                    last
                };
                Err(tells.with_attempts(trail))
            }
        }
    }

    fn trail_of(&self, side: Side, input: u64) -> Vec<Attempt> {
        let now = self.inner.clock.elapsed();
        let mut notes = self.notes();
        let of_side = notes.iter_mut().filter(|note| note.side == side);
        let attempt = |note: &mut Note| {
            note.failed.take().unwrap_or_else(|| {
                let model = self.route.model_for(&note.member);
                let mut attempt = Attempt::at(&note.member, model, now.saturating_sub(note.started));
                let price = note.member.price(model);
                attempt.lose(price, &Usage::new(input, 0));
                attempt
            })
        };
        of_side.map(attempt).collect()
    }

    fn notes(&self) -> std::sync::MutexGuard<'_, Vec<Note>> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
