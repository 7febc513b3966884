//! Documents by how well they answer a query.

use std::sync::Arc;

use aurora_core::fallback::Attempt;

use super::answered::Answered;
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
    let route = inner
        .routes
        .choose(Task::Rerank, named, options, |member, model| {
            match member.provider().reranker() {
                None => Some("rerank"),
                // Scores of several requests do not compare, so that a list cannot be split.
                Some(reranker) if reranker.max_documents(model) < documents => Some("fewer documents"),
                Some(_) => None,
            }
        })?;
    let mut found = walk::over(inner, &route, flow::deadline(inner, options), |attempt, ear| {
        let call = route.call(&request, &attempt, ear);
        let limit = attempt.payload().limits(inner.limits).answer;
        let ordered = ordered(attempt.clone(), call);
        open::within_limit(attempt, limit, Arc::clone(&inner.clock), ordered)
    })
    .await?;
    found.lease.consumed(found.value.usage.as_ref());
    found.lease.succeeded();
    let usage = found.value.usage.clone();
    Ok(Answered::new(found.value, usage, found.told))
}

async fn ordered(attempt: Attempt<Member>, call: Call<RerankRequest>) -> Result<RerankResponse, Error> {
    let provider = attempt.payload().provider();
    let unable = || Error::new(ErrorKind::Unsupported).with_context("rerank");
    let mut response = provider.reranker().ok_or_else(unable)?.rerank(&call).await?;
    let documents = call.request.documents.len();
    if response.results.iter().any(|ranked| ranked.index >= documents) {
        let context = "a document that was not among those sent";
        return Err(Error::new(ErrorKind::Malformed).with_context(context));
    }
    response
        .results
        .sort_by(|one, other| other.score.total_cmp(&one.score));
    Ok(response)
}
