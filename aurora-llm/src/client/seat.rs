//! What an attempt holds while it is under way: leave to make it, room within the limits, and its target's lease.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aurora_core::fallback::{Admission, Gate, Lease};

use super::Inner;
use super::health::Permits;
use super::limits::Taken;
use super::plan;
use super::route::Route;
use super::target::Member;
use crate::error::Error;
use crate::provider::Ear;
use crate::usage::Usage;

/// An attempt whose outcome is still open. Dropped, it says nothing about anybody, and what was used stays counted.
#[derive(Debug)]
pub(super) struct Seat {
    lease: Lease<Member>,
    pass: Pass,
}

impl Seat {
    pub(super) fn new(lease: Lease<Member>, mut pass: Pass) -> Self {
        pass.permits.answered(lease.elapsed());
        Self { lease, pass }
    }

    /// Notes what has been consumed so far.
    pub(super) fn consumed(&mut self, usage: Option<&Usage>) {
        if let Some(usage) = usage {
            self.pass.tokens = Some(usage.total());
        }
    }

    /// It was answered to the end.
    pub(super) fn succeeded(self) {
        let Self { lease, pass } = self;
        let took = lease.elapsed();
        lease.succeeded();
        pass.served(took);
    }

    /// It failed after all.
    pub(super) fn failed(self, error: &Error) {
        let Self { lease, pass } = self;
        let is_own = pass.model.is_none();
        lease.failed(
            plan::tells(error, is_own),
            aurora_core::failure::Failure::retry_after(error),
        );
        pass.failed(error);
    }
}

/// Leave to make one attempt.
#[derive(Debug)]
pub(super) struct Pass {
    member: Member,
    /// The model that was named, where it is not the target's own.
    model: Option<Arc<str>>,
    permits: Permits,
    taken: Taken,
    tokens: Option<u64>,
    /// The provider's id of the answer.
    pub(super) request_id: Option<String>,
}

impl Pass {
    /// Of an attempt that nothing was asked for.
    pub(super) fn free(member: &Member) -> Self {
        Self {
            member: member.clone(),
            model: None,
            permits: Permits::default(),
            taken: Taken::default(),
            tokens: None,
            request_id: None,
        }
    }

    fn served(mut self, took: Duration) {
        let permits = std::mem::take(&mut self.permits);
        self.member.health().served(permits, took);
    }

    pub(super) fn failed(mut self, error: &Error) {
        if error.sent().is_nothing() {
            self.tokens = Some(0);
        } else if let Some(usage) = error.usage() {
            self.tokens = Some(usage.total());
        }
        let permits = std::mem::take(&mut self.permits);
        let model = self.model.as_deref().unwrap_or_else(|| self.member.model());
        let health = self.member.health();
        health.failed(&self.member, model, error, permits, Duration::ZERO);
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if let Some(tokens) = self.tokens {
            self.taken.settle(tokens);
        }
    }
}

/// Where the attempts of one walk ask for leave.
pub(super) struct Door<'a> {
    inner: &'a Inner,
    route: &'a Route,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Room that was waited for, at the member of this place.
    ready: Option<(usize, Taken)>,
    /// Of the attempt that is about to begin, or that answered.
    pass: Option<Pass>,
    /// Who has no room within our own limits, and after how long there may be some.
    full: Vec<(Member, Duration)>,
    /// After how long the first may be asked of those who are held back for what is known of key or model.
    rests: Option<Duration>,
}

impl<'a> Door<'a> {
    pub(super) fn new(inner: &'a Inner, route: &'a Route, ready: Option<(usize, Taken)>) -> Self {
        let state = State {
            ready,
            ..State::default()
        };
        Self {
            inner,
            route,
            state: Mutex::new(state),
        }
    }

    /// The leave that was given last.
    pub(super) fn take(&self) -> Option<Pass> {
        self.state().pass.take()
    }

    /// Keeps the leave of the attempt that answered, as `ear` heard.
    pub(super) fn keep(&self, mut pass: Option<Pass>, ear: &Ear) {
        if let Some(pass) = &mut pass {
            pass.request_id = ear.request_id();
        }
        self.state().pass = pass;
    }

    /// After how long the first may be asked of those who are held back for what is known of key or model.
    pub(super) fn rests(&self) -> Option<Duration> {
        self.state().rests
    }

    /// The member whose room is soonest back, of those who have none.
    pub(super) fn soonest(&self) -> Option<(Member, Duration)> {
        let state = self.state();
        state.full.iter().min_by_key(|(_, wait)| *wait).cloned()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn give(&self, member: &Member, permits: Permits, mut taken: Taken) {
        taken.spend();
        let model = self.route.model_for(member);
        let model = (model != member.model()).then(|| Arc::from(model));
        self.state().pass = Some(Pass {
            member: member.clone(),
            model,
            permits,
            taken,
            tokens: None,
            request_id: None,
        });
    }
}

impl Gate<Member> for Door<'_> {
    fn admit<'b>(&'b self, member: &'b Member) -> Admission<'b> {
        let permits = match member.health().admit(member, self.route.model_for(member)) {
            Ok(permits) => permits,
            Err(wait) => {
                if !wait.is_zero() {
                    let mut state = self.state();
                    state.rests = Some(state.rests.map_or(wait, |known| known.min(wait)));
                }
                return Admission::Hold(wait);
            }
        };
        let Some(gauge) = self.inner.gauges.of(member) else {
            self.give(member, permits, Taken::default());
            return Admission::Pass;
        };
        let ready = {
            let mut state = self.state();
            let is_here = state
                .ready
                .as_ref()
                .is_some_and(|(place, _)| *place == member.place());
            if is_here { state.ready.take() } else { None }
        };
        if let Some((_, taken)) = ready {
            self.give(member, permits, taken);
            return Admission::Pass;
        }
        Admission::Ask(Box::pin(async move {
            match gauge.try_take(self.route.weight(), &self.route.tenant()).await {
                Ok(taken) => {
                    self.give(member, permits, taken);
                    None
                }
                Err(wait) => {
                    self.state().full.push((member.clone(), wait));
                    Some(wait)
                }
            }
        }))
    }
}
