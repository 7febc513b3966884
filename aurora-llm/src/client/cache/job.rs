//! What is done for those who share an answer.

use std::sync::Arc;

use super::entry::Kept;
use super::flight::Upstream;
use super::owner::AnswerKey;
#[cfg(feature = "semantic-cache")]
use super::similar::Memo;
use super::status::CacheStatus;
use super::store::Keeper;
use crate::chat::ChatRequest;
use crate::client::answer::Answer;
use crate::client::options::CallOptions;
use crate::client::stream::Source;
use crate::client::trail::Attempt;
use crate::client::{Inner, flow};
use crate::error::Error;

/// In which form the provider is asked; those who join take it in their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    Whole,
    Stream,
}

/// How an answer began.
pub(super) enum Begun {
    Kept(Box<Kept>),
    Whole(Box<Answer>, Aside),
    Stream(Box<dyn Source>, Aside),
}

/// What a vain look for a similar question leaves behind.
#[derive(Debug, Default)]
pub(super) struct Aside {
    /// What was done for it, and what that cost.
    pub(super) attempts: Vec<Attempt>,
    /// What is to be remembered once the answer is kept.
    #[cfg(feature = "semantic-cache")]
    pub(super) memo: Option<Memo>,
}

impl Aside {
    /// The error, with what was done before it.
    fn before(&self, error: Error) -> Error {
        if self.attempts.is_empty() {
            return error;
        }
        let attempts = [&self.attempts, error.attempts()].concat();
        error.with_attempts(attempts)
    }
}

/// One call, as the first of those asks for it who will share its answer.
pub(super) struct Job {
    pub(super) inner: Arc<Inner>,
    pub(super) request: Arc<ChatRequest>,
    pub(super) options: CallOptions,
    pub(super) key: AnswerKey,
    pub(super) form: Form,
    /// Whether something that is kept will do.
    pub(super) looks: bool,
}

impl Job {
    pub(super) fn upstream(self) -> Upstream {
        let cache = self.inner.cache.as_ref();
        let ttl = cache.map(|cache| cache.ttl(&self.options)).unwrap_or_default();
        let keeper = Keeper {
            inner: Arc::clone(&self.inner),
            key: self.key.clone(),
            ttl,
            #[cfg(feature = "semantic-cache")]
            memo: None,
        };
        Upstream::new(Box::pin(self.begin()), keeper)
    }

    /// Looks first, within the flight: whoever comes after it has ended finds what it has kept.
    async fn begin(self) -> Result<Begun, Error> {
        let mut aside = Aside::default();
        if self.looks {
            match self.look().await {
                Ok(kept) => return Ok(Begun::Kept(Box::new(kept))),
                Err(left) => aside = left,
            }
        }
        let Self {
            inner,
            request,
            options,
            form,
            ..
        } = self;
        match form {
            Form::Whole => match flow::whole_anew(&inner, request, &options).await {
                Ok(mut answer) => {
                    answer.told_mut().cache = CacheStatus::Miss;
                    Ok(Begun::Whole(Box::new(answer), aside))
                }
                Err(error) => Err(aside.before(error)),
            },
            Form::Stream => match flow::streamed_anew(&inner, request, &options).await {
                Ok(source) => Ok(Begun::Stream(source, aside)),
                Err(error) => Err(aside.before(error)),
            },
        }
    }

    async fn look(&self) -> Result<Kept, Aside> {
        let Some(cache) = &self.inner.cache else {
            return Err(Aside::default());
        };
        if let Some(kept) = cache.read(&self.inner, &self.key).await {
            return Ok(kept);
        }
        #[cfg(feature = "semantic-cache")]
        if let Some(similar) = &cache.similar {
            return similar.look(&self.inner, &cache.targets, self).await;
        }
        Err(Aside::default())
    }
}
