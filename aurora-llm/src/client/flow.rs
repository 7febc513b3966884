//! The one place where the order of a call stands: what happens around the walk over the targets, outside in.
//!
//! ```text
//! trace → cache and single-flight → budget → route → walk ( breaker → retry within budget → limits → time limits → provider )
//! ```

use std::sync::Arc;

use aurora_core::resilience::{CallBudget, Deadline};

use super::answer::Answer;
use super::continuation::Continuation;
use super::live::{Ahead, Live};
use super::open::Opened;
use super::options::CallOptions;
use super::route::Route;
use super::stream::Source;
use super::walk::Found;
use super::{Inner, open, walk};
use crate::chat::ChatRequest;
use crate::error::Error;

/// The whole answer to `request`.
pub(super) async fn whole(
    inner: &Inner,
    request: Arc<ChatRequest>,
    options: &CallOptions,
) -> Result<Answer, Error> {
    let route = inner.routes.resolve(&request, options, false)?;
    let found = walk::over(inner, &route, deadline(inner, options), |attempt| {
        let call = route.call(&request, attempt.payload(), attempt.number(), attempt.remaining());
        let limit = attempt.payload().limits(inner.limits).answer;
        open::whole(attempt, call, limit, Arc::clone(&inner.clock))
    })
    .await?;
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
    let found = open(inner, &route, &request, &budget, policy).await?;
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
) -> Result<Found<Opened>, Error> {
    walk::over(inner, route, budget, |attempt| {
        let call = route.call(request, attempt.payload(), attempt.number(), attempt.remaining());
        let limits = attempt.payload().limits(inner.limits);
        open::until_committed(attempt, call, limits, policy.holds(), Arc::clone(&inner.clock))
    })
    .await
}

pub(super) fn deadline(inner: &Inner, options: &CallOptions) -> Deadline {
    Deadline::after(&*inner.clock, inner.limits.total).earlier(options.deadline)
}
