//! Answers that are kept, and calls that share one answer.
//!
//! A [`ResponseCache`] stands in front of everything else that a client does. Identical calls of one tenant that come
//! while the first is under way share its answer, streams included; later ones get what was kept.
//!
//! Who may see an answer is decided in one place, from the [`Caller`](super::Caller) alone: without a tenant nothing is
//! kept or shared unless [`ResponseCache::without_tenant`] says so.

mod canonical;
mod entry;
mod flight;
mod job;
mod owner;
mod settings;
#[cfg(feature = "semantic-cache")]
mod similar;
mod status;
mod store;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

pub use settings::ResponseCache;
#[cfg(feature = "semantic-cache")]
pub use similar::SemanticCache;
pub use status::{CacheMode, CacheOptions, CacheStatus};

use self::canonical::Digest;
use self::flight::{Flights, Reader};
use self::job::{Form, Job};
use self::owner::{AnswerKey, Owner};
use self::settings::Settings;
use super::answer::Answer;
use super::options::CallOptions;
use super::route::Routes;
use super::stream::Source;
use super::{Inner, flow};
use crate::chat::ChatRequest;
use crate::error::{Error, ErrorKind};
use crate::telemetry;

/// No answer may fill the memory: those who share one hold no more than this, the bookkeeping of its events included.
const MAX_LOG: usize = 64 << 20;

/// How often a call joins another one before it goes its own way: the other's budget or limit was used up, not its own.
const MAX_ROUNDS: u32 = 8;

/// The cache of one client.
#[derive(Debug)]
pub(super) struct Cached {
    settings: Settings,
    flights: Arc<Flights>,
    /// What the client's targets and aliases are: a store that two clients share must not mix up their models.
    targets: Digest,
    #[cfg(feature = "semantic-cache")]
    similar: Option<similar::Similar>,
}

/// What the cache does with one call.
enum Part {
    /// Nothing.
    None,
    /// It looks for this key, asks for what is not there, and keeps it.
    Full(AnswerKey, CacheMode),
}

/// The whole answer to `request`, from the client's cache where it has one.
pub(super) async fn whole(
    inner: &Arc<Inner>,
    request: Arc<ChatRequest>,
    options: &CallOptions,
) -> Result<Answer, Error> {
    match &inner.cache {
        Some(cache) => cache.whole(inner, request, options).await,
        None => apart(Box::pin(flow::whole_anew(inner, request, options)), options).await,
    }
}

/// The answer while it is being written, or as the client's cache has it.
pub(super) async fn streamed(
    inner: &Arc<Inner>,
    request: Arc<ChatRequest>,
    options: &CallOptions,
) -> Result<Box<dyn Source>, Error> {
    match &inner.cache {
        Some(cache) => cache.streamed(inner, request, options).await,
        None => apart(Box::pin(flow::streamed_anew(inner, request, options)), options).await,
    }
}

impl Cached {
    /// # Errors
    /// When its settings need targets that are not there.
    pub(super) fn new(settings: ResponseCache, routes: &Routes) -> Result<Self, Error> {
        let settings = settings.into_settings();
        #[cfg(feature = "semantic-cache")]
        let similar = settings.similar.clone();
        Ok(Self {
            flights: Arc::new(Flights::new(settings.flights)),
            targets: canonical::targets(routes),
            #[cfg(feature = "semantic-cache")]
            similar: similar
                .map(|similar| similar::Similar::new(similar, routes))
                .transpose()?,
            settings,
        })
    }

    /// How many calls are under way that others may join.
    #[cfg(test)]
    pub(super) fn under_way(&self) -> usize {
        self.flights.len()
    }

    fn part(&self, inner: &Inner, request: &ChatRequest, options: &CallOptions) -> Part {
        let part = self.wanted(inner, request, options);
        if matches!(part, Part::None) {
            telemetry::cache_answered(CacheStatus::Bypassed);
        }
        part
    }

    fn wanted(&self, inner: &Inner, request: &ChatRequest, options: &CallOptions) -> Part {
        let wanted = options.cache.mode;
        if wanted == Some(CacheMode::Bypass) {
            return Part::None;
        }
        // Exactly zero is what callers write.
        let repeatable = request
            .temperature
            .is_some_and(|temperature| temperature.abs() < f64::EPSILON);
        if self.settings.repeatable_only && !repeatable && wanted.is_none() {
            return Part::None;
        }
        match Owner::of(&options.caller, &self.settings) {
            Some(owner) => Part::Full(
                AnswerKey::new(&owner, &self.targets, &inner.routes, request, options),
                wanted.unwrap_or_default(),
            ),
            None => Part::None,
        }
    }

    /// The whole answer, from wherever it can be had.
    async fn whole(
        &self,
        inner: &Arc<Inner>,
        request: Arc<ChatRequest>,
        options: &CallOptions,
    ) -> Result<Answer, Error> {
        let (key, mode) = match self.part(inner, &request, options) {
            Part::None => return apart(Box::pin(flow::whole_anew(inner, request, options)), options).await,
            Part::Full(key, mode) => (key, mode),
        };
        if mode == CacheMode::Only {
            let kept = self.kept_alone(inner, &key).await?;
            let (told, response) = kept.into_whole()?;
            telemetry::cache_answered(told.cache);
            return Ok(Answer::new(response, told));
        }
        let mut rounds = 0;
        loop {
            let mut reader = self.join(inner, &key, mode, Form::Whole, &request, options, rounds);
            match reader.answer().await {
                Err(error) if reader.is_follower() && is_of_the_other(&error) && rounds < MAX_ROUNDS => {
                    rounds += 1;
                }
                outcome => {
                    if let Ok(answer) = &outcome {
                        telemetry::cache_answered(answer.cache());
                    }
                    return outcome;
                }
            }
        }
    }

    /// The answer while it is being written, or as it was written once.
    async fn streamed(
        &self,
        inner: &Arc<Inner>,
        request: Arc<ChatRequest>,
        options: &CallOptions,
    ) -> Result<Box<dyn Source>, Error> {
        let (key, mode) = match self.part(inner, &request, options) {
            Part::None => {
                return apart(Box::pin(flow::streamed_anew(inner, request, options)), options).await;
            }
            Part::Full(key, mode) => (key, mode),
        };
        if mode == CacheMode::Only {
            let replay = self.kept_alone(inner, &key).await?.into_replay();
            telemetry::cache_answered(replay.told().cache);
            return Ok(Box::new(replay));
        }
        let mut rounds = 0;
        loop {
            let reader = self.join(inner, &key, mode, Form::Stream, &request, options, rounds);
            match reader.opened().await {
                Ok(listener) => {
                    telemetry::cache_answered(listener.told().cache);
                    return Ok(Box::new(listener));
                }
                Err((error, true)) if is_of_the_other(&error) && rounds < MAX_ROUNDS => rounds += 1,
                Err((error, _)) => return Err(error),
            }
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "it is the one place where a call becomes a job"
    )]
    fn join(
        &self,
        inner: &Arc<Inner>,
        key: &AnswerKey,
        mode: CacheMode,
        form: Form,
        request: &Arc<ChatRequest>,
        options: &CallOptions,
        rounds: u32,
    ) -> Reader {
        let is_shared = self.settings.single_flight && rounds < MAX_ROUNDS;
        let make = |is_shared: bool| {
            let mut options = options.clone();
            if is_shared {
                // Each who reads has a limit of his own; what they share has the client's.
                options.deadline = aurora_core::resilience::Deadline::NONE;
            }
            Job {
                inner: Arc::clone(inner),
                request: Arc::clone(request),
                options,
                key: key.clone(),
                form,
                looks: mode == CacheMode::Use,
            }
            .upstream()
        };
        let begun = is_shared.then(|| {
            let place = (key.digest(), mode == CacheMode::Refresh);
            self.flights.join(place, || make(true))
        });
        let seat = begun.flatten().unwrap_or_else(|| flight::alone(make(false)));
        seat.reader(options.deadline, &inner.clock)
    }

    async fn kept_alone(&self, inner: &Inner, key: &AnswerKey) -> Result<entry::Kept, Error> {
        let kept = self.read(inner, key).await;
        kept.ok_or_else(|| Error::new(ErrorKind::NotCached))
    }

    /// How long an answer to a call with these options is kept.
    fn ttl(&self, options: &CallOptions) -> Duration {
        options.cache.ttl.unwrap_or(self.settings.ttl)
    }
}

/// Makes a call that the cache has no part in; boxed by whoever calls, since it is much the largest.
async fn apart<T>(
    call: impl Future<Output = Result<T, Error>> + Send,
    options: &CallOptions,
) -> Result<T, Error> {
    if options.cache.mode == Some(CacheMode::Only) {
        return Err(Error::new(ErrorKind::NotCached));
    }
    call.await
}

/// Whether the error says something about the caller who asked first, and nothing about those who joined him.
fn is_of_the_other(error: &Error) -> bool {
    matches!(
        error.kind(),
        ErrorKind::BudgetExceeded | ErrorKind::LocalRateLimited | ErrorKind::Cancelled
    )
}
