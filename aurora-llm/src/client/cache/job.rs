//! What is done for those who share an answer.

use std::sync::Arc;

use super::entry::Kept;
use super::flight::Upstream;
use super::owner::AnswerKey;
use super::status::CacheStatus;
use super::store::Keeper;
use crate::chat::ChatRequest;
use crate::client::answer::Answer;
use crate::client::options::CallOptions;
use crate::client::stream::Source;
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
    Whole(Box<Answer>),
    Stream(Box<dyn Source>),
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
        };
        Upstream::new(Box::pin(self.begin()), keeper)
    }

    /// Looks first, within the flight: whoever comes after it has ended finds what it has kept.
    async fn begin(self) -> Result<Begun, Error> {
        let Self {
            inner,
            request,
            options,
            key,
            form,
            looks,
        } = self;
        if looks
            && let Some(cache) = &inner.cache
            && let Some(kept) = cache.read(&inner, &key).await
        {
            return Ok(Begun::Kept(Box::new(kept)));
        }
        match form {
            Form::Whole => {
                let mut answer = flow::whole_anew(&inner, request, &options).await?;
                answer.told_mut().cache = CacheStatus::Miss;
                Ok(Begun::Whole(Box::new(answer)))
            }
            Form::Stream => flow::streamed_anew(&inner, request, &options)
                .await
                .map(Begun::Stream),
        }
    }
}
