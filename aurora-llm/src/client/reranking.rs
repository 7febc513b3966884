//! Documents by how well they answer a query.

use std::sync::Arc;

use aurora_core::fallback::Attempt;

use super::answered::Answered;
use super::budget::{Demand, Purse};
use super::options::CallOptions;
use super::route::Named;
use super::target::{Member, Task};
use super::{Inner, flow, open, walk};
use crate::error::{Error, ErrorKind};
use crate::provider::Call;
use crate::rerank::{RerankRequest, RerankResponse};

pub(super) async fn rerank(
    inner: &Inner,
    request: Arc<RerankRequest>,
    options: &CallOptions,
) -> Result<Answered<RerankResponse>, Error> {
    if request.documents.is_empty() || request.query.is_empty() {
        let context = "a query and at least one document are needed";
        return Err(Error::new(ErrorKind::InvalidRequest).with_context(context));
    }
    let named = Named {
        model: request.model.as_deref(),
        provider: request.provider.as_deref(),
    };
    let documents = request.documents.len();
    let mut route = inner
        .routes
        .choose(Task::Rerank, named, options, |member, model| {
            match member.provider().reranker() {
                None => Some("rerank"),
                // Scores of several requests do not compare, so that a list cannot be split.
                Some(reranker) if reranker.max_documents(model) < documents => Some("fewer documents"),
                Some(_) => None,
            }
        })?;
    let demand = Demand::rerank(&request);
    route = route.weighing(demand.about());
    let purse = Purse::open(inner, &mut route, demand, &request.options, &options.caller).await?;
    let mut found = walk::over(inner, &route, flow::deadline(inner, options), |attempt, ear| {
        let call = route.call(&request, &attempt, ear);
        let limit = attempt.payload().limits(inner.limits).answer;
        let (purse, clock) = (purse.clone(), Arc::clone(&inner.clock));
        async move {
            let mut unit = purse.cover(attempt.payload(), &call.model, demand).await?;
            let ordered = ordered(attempt.clone(), call);
            let outcome = unit
                .during(open::within_limit(attempt, limit, clock, ordered))
                .await;
            match &outcome {
                Ok(response) => unit.answered(response.usage.as_ref(), || 0).await,
                Err(error) => unit.failed(error),
            }
            outcome
        }
    })
    .await?;
    let usage = found.value.usage.clone();
    found.lease.consumed(usage.as_ref());
    found.lease.succeeded();
    Ok(Answered::new(
        found.value,
        usage.clone(),
        usage.as_ref(),
        found.told,
    ))
}

async fn ordered(attempt: Attempt<Member>, call: Call<RerankRequest>) -> Result<RerankResponse, Error> {
    let provider = attempt.payload().provider();
    let unable = || Error::new(ErrorKind::Unsupported).with_context("rerank");
    let mut response = provider.reranker().ok_or_else(unable)?.rerank(&call).await?;
    if let Some(wrong) = wrong(&response, call.request.documents.len()) {
        let error = Error::new(ErrorKind::Malformed).with_context(wrong);
        return Err(match response.usage {
            Some(usage) => error.with_usage(usage),
            None => error,
        });
    }
    response
        .results
        .sort_by(|one, other| other.score.total_cmp(&one.score));
    let most = call.request.top_n.and_then(|most| usize::try_from(most).ok());
    response.results.truncate(most.unwrap_or(usize::MAX));
    Ok(response)
}

/// Why this is no order of so many documents.
fn wrong(response: &RerankResponse, documents: usize) -> Option<&'static str> {
    let mut seen = vec![false; documents];
    for ranked in &response.results {
        match seen.get_mut(ranked.index) {
            None => return Some("a document that was not among those sent"),
            Some(true) => return Some("a document in two places"),
            Some(seen) => *seen = true,
        }
        if !ranked.score.is_finite() {
            return Some("a score that is no number");
        }
    }
    None
}
