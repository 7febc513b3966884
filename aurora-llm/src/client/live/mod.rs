//! The answer of a provider while it is being written, and of those who go on where it broke off.

mod pace;

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};

use aurora_core::resilience::{CallBudget, Hedge};
use futures::future::BoxFuture;
use futures::{FutureExt as _, StreamExt as _};

pub(super) use self::pace::{Pace, Paced, Throughput};
use super::budget::{Meter, Purse};
use super::continuation::{self, Continuation, Rest, Seam};
use super::open::Opened;
use super::route::Route;
use super::seat::Seat;
use super::stream::Source;
use super::told::Told;
use super::walk::Found;
use super::{Inner, flow};
use crate::chat::{ChatRequest, StreamCollector, StreamEvent};
use crate::error::{Error, ErrorKind, Sent, Stage};

/// No model answers with more than this many bytes; an upstream that does would fill the memory.
pub(super) const MAX_ANSWER: usize = 16 << 20;

/// An answer from its commit point on.
pub(super) struct Live {
    waiting: VecDeque<StreamEvent>,
    state: State,
    /// Where the answer of another meets what was said before it.
    seam: Option<Seam>,
    lease: Option<Seat>,
    meter: Option<Meter>,
    told: Told,
    ahead: Ahead,
}

/// Where the next event comes from.
enum State {
    Reading(Paced),
    /// Somebody is being asked for the rest, after this error.
    Moving(BoxFuture<'static, Result<Found<Opened>, Error>>, Error),
    Ended,
}

/// What it takes to ask somebody else for the rest.
pub(super) struct Ahead {
    pub(super) inner: Arc<Inner>,
    pub(super) route: Route,
    pub(super) request: Arc<ChatRequest>,
    pub(super) purse: Purse,
    pub(super) budget: CallBudget,
    pub(super) policy: Continuation,
}

impl Ahead {
    /// Asks one of those who have not broken off for the rest, if there is anybody.
    fn go_on(&mut self, rest: Rest, broke: &str) -> Option<BoxFuture<'static, Result<Found<Opened>, Error>>> {
        let members = self.inner.routes.members();
        let may = self.route.narrow(members, |member, model| {
            *member.target_name() != *broke && member.capabilities(model).prefill
        });
        let time = self.budget.allows(&*self.inner.clock, std::time::Duration::ZERO);
        if !may || !time || self.budget.attempts_left() == 0 {
            return None;
        }
        let (inner, route) = (Arc::clone(&self.inner), self.route.clone());
        let (purse, budget, policy) = (self.purse.clone(), self.budget.clone(), self.policy);
        let ask = async move {
            let (request, hedge) = (&rest.request, Hedge::default());
            flow::open(&inner, &route, request, &purse, &budget, policy, &hedge).await
        };
        Some(ask.boxed())
    }
}

impl Live {
    pub(super) fn new(found: Found<Opened>, ahead: Ahead) -> Self {
        Self {
            waiting: found.value.events,
            state: found.value.rest.map_or(State::Ended, State::Reading),
            seam: None,
            lease: Some(found.lease),
            meter: found.value.meter,
            told: found.told,
            ahead,
        }
    }

    fn take(&mut self, event: StreamEvent, so_far: &StreamCollector) -> StreamEvent {
        if let Some(meter) = &mut self.meter {
            meter.note(&event);
        }
        if let (
            StreamEvent::Usage(usage)
            | StreamEvent::Finish {
                usage: Some(usage), ..
            },
            Some(lease),
        ) = (&event, &mut self.lease)
        {
            lease.consumed(Some(usage));
        }
        let event = self.told.with_earlier_usage(event);
        if let StreamEvent::Finish { usage, .. } = &event {
            self.told.served(usage.as_ref().or(so_far.usage()));
            self.state = State::Ended;
            if let Some(lease) = self.lease.take() {
                lease.succeeded();
            }
        }
        event
    }

    /// Counts the failure at the target, and either asks somebody else for the rest or gives the error.
    fn fail(&mut self, error: Error, so_far: &StreamCollector, may_go_on: bool) -> Option<Error> {
        let own = self.told.own_usage(so_far.usage());
        let error = match own {
            Some(usage) if error.usage().is_none() => error.with_usage(usage),
            _ => error,
        };
        let error = match error.sent() {
            Sent::Partial => error,
            _ => error.with_sent(Sent::Partial).with_stage(Stage::Streaming),
        };
        let error = match error.provider() {
            Some(_) => error,
            None => error.with_provider(self.told.provider.clone(), &*self.told.model),
        };
        if let Some(mut meter) = self.meter.take() {
            meter.cut();
        }
        self.told.broke(&error, None);
        self.state = State::Ended;
        self.waiting.clear();
        if let Some(lease) = self.lease.take() {
            lease.failed(&error);
        }
        if may_go_on && self.ahead.policy == Continuation::Continue {
            let rest = continuation::rest(&self.ahead.request, so_far, &error);
            if let Some(mut rest) = rest {
                let seam = std::mem::take(&mut rest.seam);
                if let Some(asking) = self.ahead.go_on(rest, &self.told.target) {
                    self.seam = Some(seam);
                    self.state = State::Moving(asking, error);
                    return None;
                }
            }
        }
        Some(error)
    }

    /// Goes on with the answer of another, or ends with the error of the one that broke off.
    fn moved(&mut self, found: Result<Found<Opened>, Error>, error: Error) -> Option<Error> {
        match found {
            Ok(found) => {
                tracing::debug!(
                    target = &*found.told.target,
                    "another target goes on with the answer"
                );
                self.waiting = found.value.events;
                self.state = found.value.rest.map_or(State::Ended, State::Reading);
                self.lease = Some(found.lease);
                self.meter = found.value.meter;
                self.told.goes_on(found.told);
                None
            }
            Err(nobody) => {
                self.state = State::Ended;
                self.told.nobody_goes_on(nobody.attempts());
                Some(error)
            }
        }
    }
}

impl Source for Live {
    fn told(&self) -> &Told {
        &self.told
    }

    fn poll_event(
        &mut self,
        cx: &mut Context<'_>,
        so_far: &StreamCollector,
    ) -> Poll<Option<Result<StreamEvent, Error>>> {
        if let Some(meter) = &mut self.meter {
            meter.keep(cx);
        }
        loop {
            if let Some(event) = self.waiting.pop_front() {
                let event = match &mut self.seam {
                    Some(seam) => seam.join(event),
                    None => Some(event),
                };
                match event {
                    Some(event) => return Poll::Ready(Some(Ok(self.take(event, so_far)))),
                    None => continue,
                }
            }
            let error = match &mut self.state {
                State::Ended => return Poll::Ready(None),
                State::Reading(stream) => match std::task::ready!(stream.poll_next_unpin(cx)) {
                    Some(Ok(event)) if so_far.size().saturating_add(event.size()) > MAX_ANSWER => {
                        let error = Error::new(ErrorKind::Malformed).with_context("an answer without end");
                        self.fail(error, so_far, false)
                    }
                    Some(Ok(event)) => {
                        self.waiting.push_back(event);
                        None
                    }
                    Some(Err(error)) => self.fail(error, so_far, true),
                    None => self.fail(Error::new(ErrorKind::StreamTruncated), so_far, true),
                },
                State::Moving(asking, _) => {
                    let found = std::task::ready!(asking.poll_unpin(cx));
                    match std::mem::replace(&mut self.state, State::Ended) {
                        State::Moving(_, error) => self.moved(found, error),
                        _ => None,
                    }
                }
            };
            if let Some(error) = error {
                return Poll::Ready(Some(Err(error)));
            }
        }
    }
}
