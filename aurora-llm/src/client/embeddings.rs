//! Texts to vectors: split to each provider's limit, and never of two models in one answer.

use std::cell::OnceCell;
use std::sync::{Arc, Mutex, PoisonError};

use aurora_core::fallback::Attempt;

use super::answered::Answered;
use super::options::CallOptions;
use super::route::{Named, Route};
use super::target::{Member, Task};
use super::{Inner, flow, open, walk};
use crate::embed::{EmbedRequest, EmbedResponse};
use crate::error::{Error, ErrorKind};
use crate::provider::Call;
use crate::usage::Usage;

/// Most texts of one call of the client.
const MAX_INPUTS: usize = 100_000;

pub(super) async fn embed(
    inner: &Inner,
    request: Arc<EmbedRequest>,
    options: &CallOptions,
) -> Result<Answered<EmbedResponse>, Error> {
    check(&request)?;
    let route = route(inner, &request, options)?;
    let progress = Arc::new(Mutex::new(Progress::new(request.inputs.len())));
    let mut found = walk::over(inner, &route, flow::deadline(inner, options), |attempt, ear| {
        let call = route.call(&request, &attempt, ear);
        let limit = attempt.payload().limits(inner.limits).answer;
        let all = all_batches(attempt.clone(), call, Arc::clone(&progress));
        open::within_limit(attempt, limit, Arc::clone(&inner.clock), all)
    })
    .await?;
    let progress = std::mem::take(&mut *lock(&progress));
    found.lease.consumed(progress.usage.as_ref());
    found.lease.succeeded();
    let usage = progress.usage.clone();
    Ok(Answered::new(progress.into_response()?, usage, found.told))
}

fn check(request: &EmbedRequest) -> Result<(), Error> {
    let invalid = |context: String| Err(Error::new(ErrorKind::InvalidRequest).with_context(context));
    if request.inputs.is_empty() {
        return invalid("there is no text to embed".to_owned());
    }
    if request.inputs.len() > MAX_INPUTS {
        return invalid(format!("more than {MAX_INPUTS} texts in one call"));
    }
    match request.inputs.iter().position(String::is_empty) {
        Some(at) => invalid(format!("text {at} is empty")),
        None => Ok(()),
    }
}

/// Vectors of two models do not compare, so the call stays with the model of the first target that can serve it.
fn route(inner: &Inner, request: &EmbedRequest, options: &CallOptions) -> Result<Route, Error> {
    let named = Named {
        model: request.model.as_deref(),
        provider: request.provider.as_deref(),
    };
    let model = OnceCell::new();
    inner
        .routes
        .choose(Task::Embeddings, named, options, |member, asked| {
            if member.provider().embeddings().is_none() {
                return Some("embeddings");
            }
            let first = model.get_or_init(|| asked.to_owned());
            (first != asked).then_some("vectors of one model")
        })
}

/// What earlier attempts brought stays: texts are not embedded, nor paid for, twice.
#[derive(Debug, Default)]
struct Progress {
    model: String,
    vectors: Vec<Option<Vec<f32>>>,
    usage: Option<Usage>,
}

impl Progress {
    fn new(inputs: usize) -> Self {
        Self {
            vectors: vec![None; inputs],
            ..Self::default()
        }
    }

    /// The next texts that have no vector yet, by their places.
    fn next(&self, most: usize) -> Vec<usize> {
        let missing = self
            .vectors
            .iter()
            .enumerate()
            .filter(|(_, vector)| vector.is_none());
        missing.map(|(at, _)| at).take(most).collect()
    }

    fn take(&mut self, places: &[usize], response: EmbedResponse) -> Result<(), Error> {
        let malformed = |context: &str| Error::new(ErrorKind::Malformed).with_context(context);
        if response.embeddings.len() != places.len() {
            return Err(malformed("as many vectors as texts were expected"));
        }
        let known = self.vectors.iter().flatten().map(Vec::len).next();
        let first = response.embeddings.first().map(Vec::len);
        let length = known.or(first).unwrap_or_default();
        if length == 0 || response.embeddings.iter().any(|vector| vector.len() != length) {
            return Err(malformed("vectors of one length were expected"));
        }
        for (at, vector) in places.iter().zip(response.embeddings) {
            if let Some(place) = self.vectors.get_mut(*at) {
                *place = Some(vector);
            }
        }
        self.model = response.model;
        if let Some(more) = response.usage {
            self.usage = Some(
                self.usage
                    .as_ref()
                    .map_or_else(|| more.clone(), |usage| usage.plus(&more)),
            );
        }
        Ok(())
    }

    fn into_response(self) -> Result<EmbedResponse, Error> {
        let vectors: Option<Vec<_>> = self.vectors.into_iter().collect();
        match vectors {
            Some(vectors) => Ok(EmbedResponse::new(self.model, vectors, self.usage)),
            None => Err(Error::new(ErrorKind::Malformed).with_context("a text is without its vector")),
        }
    }
}

async fn all_batches(
    attempt: Attempt<Member>,
    call: Call<EmbedRequest>,
    progress: Arc<Mutex<Progress>>,
) -> Result<(), Error> {
    let provider = attempt.payload().provider();
    let unable = || Error::new(ErrorKind::Unsupported).with_context("embeddings");
    let embedder = provider.embeddings().ok_or_else(unable)?;
    let most = embedder.max_inputs(&call.model).max(1);
    loop {
        let places = lock(&progress).next(most);
        if places.is_empty() {
            return Ok(());
        }
        let batch = if places.len() == call.request.inputs.len() {
            call.clone()
        } else {
            let texts = places
                .iter()
                .filter_map(|at| call.request.inputs.get(*at).cloned());
            Call {
                request: Arc::new(call.request.with_inputs(texts.collect())),
                model: Arc::clone(&call.model),
                timeout: call.timeout,
                attempt: call.attempt,
                key: call.key,
                ear: call.ear.clone(),
            }
        };
        let response = embedder.embed(&batch).await?;
        lock(&progress).take(&places, response)?;
    }
}

fn lock(progress: &Mutex<Progress>) -> std::sync::MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}
