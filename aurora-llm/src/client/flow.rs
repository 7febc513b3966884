//! The one place where the order of a call stands: what happens around the walk over the targets, outside in.
//!
//! ```text
//! trace → cache and single-flight → budget → route → walk ( breaker → retry within budget → limits → time limits → provider )
//! ```

use std::sync::Arc;

use aurora_core::resilience::Deadline;

use super::answer::Answer;
use super::live::Live;
use super::options::CallOptions;
use super::stream::Source;
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
    let limit = inner.limits.answer;
    let found = walk::over(inner, &route, deadline(inner, options), |attempt| {
        let call = route.call(&request, attempt.payload(), attempt.number(), attempt.remaining());
        open::whole(attempt, call, limit, Arc::clone(&inner.clock))
    })
    .await?;
    found.lease.succeeded();
    Ok(Answer::new(found.value, found.told))
}

/// The answer to `request` while it is being written.
pub(super) async fn streamed(
    inner: &Inner,
    request: Arc<ChatRequest>,
    options: &CallOptions,
) -> Result<Box<dyn Source>, Error> {
    let route = inner.routes.resolve(&request, options, true)?;
    let (limit, deadline) = (inner.limits.first_token, deadline(inner, options));
    let found = walk::over(inner, &route, deadline, |attempt| {
        let call = route.call(&request, attempt.payload(), attempt.number(), attempt.remaining());
        open::until_content(attempt, call, limit, Arc::clone(&inner.clock))
    })
    .await?;
    Ok(Box::new(Live::new(
        found,
        inner.limits.idle,
        deadline,
        Arc::clone(&inner.clock),
    )))
}

pub(super) fn deadline(inner: &Inner, options: &CallOptions) -> Deadline {
    Deadline::after(&*inner.clock, inner.limits.total).earlier(options.deadline)
}
