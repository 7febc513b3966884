//! How many tokens a request has for the model that would answer it.
//!
//! Not a walk: a count says nothing about how fast or how healthy a target is.

use std::sync::Arc;
use std::time::Duration;

use super::Inner;
use super::open::within;
use super::options::CallOptions;
use super::target::Member;
use crate::chat::ChatRequest;
use crate::error::{Error, TimeoutStage};
use crate::provider::Call;
use crate::tokens::{self, CountSource, TokenCount};

/// A count that costs a call is worth no longer wait than this.
const LIMIT: Duration = Duration::from_secs(10);

/// By the vocabulary, else by the provider, else by estimate.
pub(super) async fn count(
    inner: &Inner,
    request: Arc<ChatRequest>,
    options: &CallOptions,
) -> Result<TokenCount, Error> {
    let route = inner.routes.resolve(&request, options, false)?;
    let wanted: Vec<&Member> = inner
        .routes
        .members()
        .iter()
        .filter(|member| route.wants(member))
        .collect();
    let Some(first) = wanted.first() else {
        return Ok(tokens::count(&request, "", ""));
    };
    let here = tokens::count(&request, first.kind(), route.model_for(first));
    // Another model counts differently, so that only who would answer is asked.
    let counter = first.provider().token_counter();
    let Some(counter) = counter.filter(|_| here.source == CountSource::Estimate) else {
        return Ok(here);
    };
    let call = Call::new(Arc::clone(&request), route.model_for(first))
        .key(first.key())
        .timeout(LIMIT);
    let told = within(
        &*inner.clock,
        LIMIT,
        TimeoutStage::Total,
        counter.count_tokens(&call),
    )
    .await;
    Ok(told.unwrap_or_else(|error| {
        tracing::debug!(
            kind = error.kind().as_str(),
            "the provider did not count; estimated instead"
        );
        here
    }))
}
