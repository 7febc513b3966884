//! The one place where the order of a call stands: what happens around the walk over the targets, outside in.
//!
//! ```text
//! trace → cache and single-flight → budget → route → walk ( breaker → retry within budget → limits → time limits → provider )
//! ```

use std::sync::Arc;

use aurora_core::fallback::Attempt;
use aurora_core::resilience::{CallBudget, Deadline, Hedge};

use super::answer::Answer;
use super::budget::{Demand, Purse};
use super::continuation::Continuation;
use super::live::{Ahead, Live};
use super::open::Opened;
use super::options::CallOptions;
use super::route::{Route, fit};
use super::stream::Source;
use super::target::Member;
use super::walk::Found;
use super::{Inner, cache, hedge, open};
use crate::chat::ChatRequest;
use crate::error::Error;
use crate::provider::Ear;

/// The whole answer to `request`, from the cache where that has it.
pub(super) async fn whole(
    inner: &Arc<Inner>,
    request: Arc<ChatRequest>,
    options: &CallOptions,
) -> Result<Answer, Error> {
    cache::whole(inner, request, options).await
}

/// The answer to `request` while it is being written, or as the cache has it.
pub(super) async fn streamed(
    inner: &Arc<Inner>,
    request: Arc<ChatRequest>,
    options: &CallOptions,
) -> Result<Box<dyn Source>, Error> {
    cache::streamed(inner, request, options).await
}

/// The whole answer to `request`, asked anew.
pub(super) async fn whole_anew(
    inner: &Inner,
    request: Arc<ChatRequest>,
    options: &CallOptions,
) -> Result<Answer, Error> {
    let mut route = inner.routes.resolve(&request, options, false)?;
    let demand = Demand::chat(&request);
    let purse = Purse::open(inner, &mut route, demand, &request.options, &options.caller).await?;
    let budget = CallBudget::new(deadline(inner, options));
    let ask = |attempt: Attempt<Member>, ear: Ear| {
        let call = route.call(&request, &attempt, ear);
        let limit = attempt.payload().limits(inner.limits).answer;
        let (purse, clock) = (purse.clone(), Arc::clone(&inner.clock));
        async move {
            let (mut unit, call) = purse.cover_chat(attempt.payload(), call).await?;
            let outcome = unit.during(open::whole(attempt, call, limit, clock)).await;
            unit.whole(outcome).await
        }
    };
    let hedge = inner.hedge(options);
    let input = fit::tokens(&request);
    let mut found = hedge::over(inner, &route, &budget, &hedge, input, ask).await?;
    found.lease.consumed(found.value.usage.as_ref());
    found.lease.succeeded();
    Ok(Answer::new(found.value, found.told))
}

/// The answer to `request` while it is being written, asked anew.
pub(super) async fn streamed_anew(
    inner: &Arc<Inner>,
    request: Arc<ChatRequest>,
    options: &CallOptions,
) -> Result<Box<dyn Source>, Error> {
    let mut route = inner.routes.resolve(&request, options, true)?;
    let demand = Demand::chat(&request);
    let purse = Purse::open(inner, &mut route, demand, &request.options, &options.caller).await?;
    let budget = CallBudget::new(deadline(inner, options));
    let policy = options.continuation.unwrap_or(inner.continuation);
    let hedge = inner.hedge(options);
    let found = open(inner, &route, &request, &purse, &budget, policy, &hedge).await?;
    let ahead = Ahead {
        inner: Arc::clone(inner),
        route,
        request,
        purse,
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
    purse: &Purse,
    budget: &CallBudget,
    policy: Continuation,
    hedge: &Hedge,
) -> Result<Found<Opened>, Error> {
    let ask = |attempt: Attempt<Member>, ear: Ear| {
        let call = route.call(request, &attempt, ear);
        let limits = attempt.payload().limits(inner.limits);
        let (purse, clock) = (purse.clone(), Arc::clone(&inner.clock));
        async move {
            let (mut unit, call) = purse.cover_chat(attempt.payload(), call).await?;
            let opening = open::until_committed(attempt, call, limits, policy.holds(), clock);
            let outcome = unit.during(opening).await;
            let (opened, meter) = unit.opened(outcome)?;
            Ok(Opened { meter, ..opened })
        }
    };
    hedge::over(inner, route, budget, hedge, fit::tokens(request), ask).await
}

pub(super) fn deadline(inner: &Inner, options: &CallOptions) -> Deadline {
    Deadline::after(&*inner.clock, inner.limits.total).earlier(options.deadline)
}
