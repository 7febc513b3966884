//! Texts to vectors: split to each provider's limit, and never of two models in one answer.

use std::cell::OnceCell;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use aurora_core::fallback::Attempt;
use aurora_core::time::Clock;

use super::answered::Answered;
use super::budget::{Demand, Purse};
use super::open::within;
use super::options::CallOptions;
use super::route::{Named, Route};
use super::target::{Member, Task};
use super::{Inner, flow, open, walk};
use crate::embed::{EmbedRequest, EmbedResponse};
use crate::error::{Error, ErrorKind, TimeoutStage};
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
    let whole = Demand::embed(&request.inputs, &request.options);
    let mut route = route(inner, &request, options)?.weighing(whole.about());
    let purse = Purse::open(inner, &mut route, whole, &request.options, &options.caller).await?;
    let progress = Arc::new(Mutex::new(Progress::new(request.inputs.len())));
    let mut found = walk::over(inner, &route, flow::deadline(inner, options), |attempt, ear| {
        let call = route.call(&request, &attempt, ear);
        let limit = attempt.payload().limits(inner.limits).answer;
        let (purse, clock, progress) = (purse.clone(), Arc::clone(&inner.clock), Arc::clone(&progress));
        async move {
            let missing = lock(&progress).begin(&call.request);
            let mut unit = purse.cover(attempt.payload(), &call.model, missing).await?;
            let all = all_batches(
                attempt.clone(),
                call,
                Arc::clone(&progress),
                limit,
                Arc::clone(&clock),
            );
            // Each batch has a limit of its own; all of them have what is left of the call.
            let all = open::within_limit(attempt, Duration::MAX, clock, all);
            let outcome = unit.during(all).await;
            let own = lock(&progress).own.clone();
            match outcome {
                Ok(()) => unit.answered(own.told(), || 0).await,
                Err(error) => {
                    // Batches that came are billed, whatever becomes of the others.
                    let error = match own.usage {
                        Some(usage) => error.with_usage(usage),
                        None => error,
                    };
                    unit.failed(&error);
                    return Err(error);
                }
            }
            Ok(())
        }
    })
    .await?;
    let progress = std::mem::take(&mut *lock(&progress));
    let (usage, own) = (progress.whole.told().cloned(), progress.own.clone());
    found.lease.consumed(own.told());
    found.lease.succeeded();
    let response = progress.into_response()?;
    Ok(Answered::new(response, usage, own.told(), found.told))
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
    /// What all attempts consumed, and the present one.
    whole: Sum,
    own: Sum,
}

/// What several batches consumed together.
#[derive(Debug, Clone, Default)]
struct Sum {
    usage: Option<Usage>,
    is_partial: bool,
}

impl Sum {
    fn add(&mut self, more: Option<&Usage>) {
        let Some(more) = more else {
            self.is_partial = true;
            return;
        };
        self.usage = Some(match &self.usage {
            Some(usage) => usage.plus(more),
            None => more.clone(),
        });
    }

    /// All of it; nothing when the provider did not say of each batch.
    fn told(&self) -> Option<&Usage> {
        self.usage.as_ref().filter(|_| !self.is_partial)
    }
}

impl Progress {
    fn new(inputs: usize) -> Self {
        Self {
            vectors: vec![None; inputs],
            ..Self::default()
        }
    }

    /// Another attempt begins: what it has still to do.
    fn begin(&mut self, request: &EmbedRequest) -> Demand {
        self.own = Sum::default();
        let missing = self.vectors.iter().zip(&request.inputs);
        let missing = missing.filter_map(|(vector, text)| vector.is_none().then_some(text));
        Demand::embed(missing, &request.options)
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
        self.whole.add(response.usage.as_ref());
        self.own.add(response.usage.as_ref());
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
        if response
            .embeddings
            .iter()
            .flatten()
            .any(|place| !place.is_finite())
        {
            return Err(malformed("a vector with a place that is no number"));
        }
        for (at, vector) in places.iter().zip(response.embeddings) {
            if let Some(place) = self.vectors.get_mut(*at) {
                *place = Some(vector);
            }
        }
        self.model = response.model;
        Ok(())
    }

    fn into_response(self) -> Result<EmbedResponse, Error> {
        let vectors: Option<Vec<_>> = self.vectors.into_iter().collect();
        match vectors {
            Some(vectors) => Ok(EmbedResponse::new(
                self.model,
                vectors,
                self.whole.told().cloned(),
            )),
            None => Err(Error::new(ErrorKind::Malformed).with_context("a text is without its vector")),
        }
    }
}

async fn all_batches(
    attempt: Attempt<Member>,
    call: Call<EmbedRequest>,
    progress: Arc<Mutex<Progress>>,
    limit: Duration,
    clock: Arc<dyn Clock>,
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
        let limited = within(&*clock, limit, TimeoutStage::Total, embedder.embed(&batch));
        let response = limited.await?;
        lock(&progress).take(&places, response)?;
    }
}

fn lock(progress: &Mutex<Progress>) -> std::sync::MutexGuard<'_, Progress> {
    progress.lock().unwrap_or_else(PoisonError::into_inner)
}
