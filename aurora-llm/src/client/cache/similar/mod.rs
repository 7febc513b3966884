//! Answers to questions that mean the same.
//!
//! The index holds vectors and the keys of answers; answers stay in the store. An entry is filed under the owner of its
//! key and looked for under the owner of the asker's, so nothing can be found that is somebody else's.

mod index;
mod settings;
#[cfg(test)]
mod tests;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use aurora_core::resilience::Deadline;

pub use self::settings::SemanticCache;

use self::index::Index;
use super::canonical::Digest;
use super::entry::{self, Kept, Said};
use super::job::{Aside, Job};
use super::owner::AnswerKey;
use super::status::CacheStatus;
use crate::chat::{FinishReason, Message, Part, Role};
use crate::client::options::CallOptions;
use crate::client::route::{Named, Routes};
use crate::client::target::Task;
use crate::client::trail::Attempt;
use crate::client::{Inner, embeddings};
use crate::embed::{EmbedPurpose, EmbedRequest, EmbedResponse};
use crate::error::{Error, ErrorKind};
use crate::telemetry;

/// The longest question that is compared, in bytes. Models cut off long texts without a word; two that begin the same
/// would then be the same.
const MAX_QUESTION: usize = 1_500;

/// The look of one client.
#[derive(Debug)]
pub(super) struct Similar {
    settings: SemanticCache,
    index: Arc<Mutex<Index>>,
}

/// What is to be remembered of a question once its answer is kept.
#[derive(Debug)]
pub(super) struct Memo {
    index: Arc<Mutex<Index>>,
    context: Digest,
    vector: Box<[f32]>,
}

impl Memo {
    pub(super) fn remember(self, key: AnswerKey) {
        lock(&self.index).insert(key, self.context, self.vector);
    }
}

impl Similar {
    /// # Errors
    /// When no target can make the vectors.
    pub(super) fn new(settings: SemanticCache, routes: &Routes) -> Result<Self, Error> {
        let named = Named {
            model: Some(&settings.model),
            provider: None,
        };
        let lacks = |provider: bool| (!provider).then_some("embeddings");
        let route = routes.choose(Task::Embeddings, named, &CallOptions::default(), |member, _| {
            lacks(member.provider().embeddings().is_some())
        });
        if route.is_err() {
            let problem = format!(
                "no target for embeddings serves the semantic cache's model {:?}",
                settings.model
            );
            return Err(Error::new(ErrorKind::Config).with_context(problem));
        }
        let index = Arc::new(Mutex::new(Index::new(settings.bounds)));
        Ok(Self { settings, index })
    }

    /// How many owners and questions are remembered, and what they take.
    #[cfg(test)]
    pub(super) fn size(&self) -> (usize, usize, usize) {
        lock(&self.index).size()
    }

    /// A kept answer to a question that means the same, else what the look leaves behind.
    pub(super) async fn look(&self, inner: &Inner, targets: &Digest, job: &Job) -> Result<Kept, Aside> {
        let Some((at, question)) = question(&job.request.messages) else {
            return Err(Aside::default());
        };
        let (found, attempts) = self.embed(inner, question, &job.options).await;
        let aside = Aside { attempts, memo: None };
        let Some(response) = found else {
            telemetry::cache_failed("embed");
            return Err(aside);
        };
        let Some(vector) = response.embeddings.first().and_then(|vector| index::unit(vector)) else {
            telemetry::cache_failed("embed");
            return Err(aside);
        };
        let context = job.key.context(
            targets,
            &inner.routes,
            &job.request,
            &job.options,
            (at, &response.model),
        );
        let best = lock(&self.index).best(&job.key, context, &vector, self.settings.threshold);
        if let (Some((key, score)), Some(cache)) = (best, &inner.cache) {
            match cache.read(inner, &key).await {
                Some(mut kept) if is_plain(&kept.said) => {
                    let age = match kept.told.cache {
                        CacheStatus::Hit { age } => age,
                        _ => Duration::ZERO,
                    };
                    kept.told = kept.told.through(CacheStatus::Similar { score, age });
                    kept.told.attempts = aside.attempts;
                    return Ok(kept);
                }
                _ => lock(&self.index).forget(&key),
            }
        }
        let memo = Memo {
            index: Arc::clone(&self.index),
            context,
            vector,
        };
        Err(Aside {
            memo: Some(memo),
            ..aside
        })
    }

    /// The vector of a question, if it can be had, and the attempts that were made at it.
    async fn embed(
        &self,
        inner: &Inner,
        question: &str,
        options: &CallOptions,
    ) -> (Option<EmbedResponse>, Vec<Attempt>) {
        let request = EmbedRequest::new([question])
            .purpose(EmbedPurpose::Similarity)
            .model(&*self.settings.model);
        let deadline = Deadline::after(&*inner.clock, self.settings.patience).earlier(options.deadline);
        let options = CallOptions::default()
            .caller(options.caller.clone())
            .deadline(deadline);
        match Box::pin(embeddings::embed(inner, Arc::new(request), &options)).await {
            Ok(answered) => {
                let attempts = answered.attempts().to_vec();
                (Some(answered.into_value()), attempts)
            }
            Err(error) => (None, error.attempts().to_vec()),
        }
    }
}

/// The last message, if it is one text by the user, and nothing in the conversation is more than text.
fn question(messages: &[Message]) -> Option<(usize, &str)> {
    let is_text = |part: &Part| matches!(part, Part::Text(_) | Part::CachePoint(_));
    let plain = |message: &Message| message.role != Role::Tool && message.parts.iter().all(is_text);
    if !messages.iter().all(plain) {
        return None;
    }
    let (at, last) = messages.iter().enumerate().next_back()?;
    match &*last.parts {
        [Part::Text(text)] if last.role == Role::User => {
            let fits = !text.trim().is_empty() && text.len() <= MAX_QUESTION;
            fits.then_some((at, text))
        }
        _ => None,
    }
}

/// Whether an answer only says something. The call of a tool has the arguments of the question that was asked, and what
/// it does cannot be taken back.
pub(super) fn is_plain(said: &Said) -> bool {
    let response = match said {
        Said::Whole(response) => Some(response.clone()),
        Said::Stream(events) => entry::collected(events),
    };
    response.is_some_and(|response| {
        let calls = |part: &Part| matches!(part, Part::ToolCall(_));
        response.finish == FinishReason::Stop && !response.message.parts.iter().any(calls)
    })
}

fn lock(index: &Mutex<Index>) -> MutexGuard<'_, Index> {
    index.lock().unwrap_or_else(PoisonError::into_inner)
}
