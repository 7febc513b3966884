//! The one place where the order of a call stands: what happens around the walk over the targets, outside in.
//!
//! ```text
//! trace → cache and single-flight → budget → route → walk ( breaker → retry within budget → limits → time limits → provider )
//! ```

use std::sync::Arc;

use aurora_core::fallback::Attempt;
use aurora_core::resilience::{CallBudget, Deadline, Hedge};

use super::answer::Answer;
use super::continuation::Continuation;
use super::live::{Ahead, Live};
use super::open::Opened;
use super::options::CallOptions;
use super::route::{Route, fit};
use super::stream::Source;
use super::target::Member;
use super::walk::Found;
use super::{Inner, hedge, open};
use crate::chat::ChatRequest;
use crate::error::Error;

/// The whole answer to `request`.
pub(super) async fn whole(
    inner: &Inner,
    request: Arc<ChatRequest>,
    options: &CallOptions,
) -> Result<Answer, Error> {
    let route = inner.routes.resolve(&request, options, false)?;
    let budget = CallBudget::new(deadline(inner, options));
    let ask = |attempt: Attempt<Member>| {
        let call = route.call(&request, attempt.payload(), attempt.number(), attempt.remaining());
        let limit = attempt.payload().limits(inner.limits).answer;
        open::whole(attempt, call, limit, Arc::clone(&inner.clock))
    };
    let hedge = inner.hedge(options);
    let input = fit::tokens(&request);
    let found = hedge::over(inner, &route, &budget, &hedge, input, ask).await?;
    found.lease.succeeded();
    Ok(Answer::new(found.value, found.told))
}

/// The answer to `request` while it is being written.
pub(super) async fn streamed(
    inner: &Arc<Inner>,
    request: Arc<ChatRequest>,
    options: &CallOptions,
) -> Result<Box<dyn Source>, Error> {
    let route = inner.routes.resolve(&request, options, true)?;
    let budget = CallBudget::new(deadline(inner, options));
    let policy = options.continuation.unwrap_or(inner.continuation);
    let hedge = inner.hedge(options);
    let found = open(inner, &route, &request, &budget, policy, &hedge).await?;
    let ahead = Ahead {
        inner: Arc::clone(inner),
        route,
        request,
        budget,
        policy,
    };
    Ok(Box::new(Live::new(found, ahead)))
}

/// Walks until a stream has reached its commit point.
pub(super) async fn open(
    inner: &Inner,
    route: &Route,
    request: &Arc<ChatRequest>,
    budget: &CallBudget,
    policy: Continuation,
    hedge: &Hedge,
) -> Result<Found<Opened>, Error> {
    let ask = |attempt: Attempt<Member>| {
        let call = route.call(request, attempt.payload(), attempt.number(), attempt.remaining());
        let limits = attempt.payload().limits(inner.limits);
        open::until_committed(attempt, call, limits, policy.holds(), Arc::clone(&inner.clock))
    };
    hedge::over(inner, route, budget, hedge, fit::tokens(request), ask).await
}

pub(super) fn deadline(inner: &Inner, options: &CallOptions) -> Deadline {
    Deadline::after(&*inner.clock, inner.limits.total).earlier(options.deadline)
}
