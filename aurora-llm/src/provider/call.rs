//! One attempt, as a provider gets it.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use crate::chat::ChatRequest;
use crate::wire::{ResponseHead, request_id};

/// One attempt of one call at one provider; the request is one for chat unless another kind is named.
#[derive(Debug)]
#[non_exhaustive]
pub struct Call<R = ChatRequest> {
    /// What is asked; shared, so that attempts copy nothing.
    pub request: Arc<R>,
    /// The model by the provider's own name.
    pub model: Arc<str>,
    /// How long this attempt may take in all; `None` leaves the provider's own limits.
    pub timeout: Option<Duration>,
    /// Which attempt of the call this is, from 1.
    pub attempt: u32,
    /// Which of the provider's keys to use, below [`LlmProvider::keys`](super::LlmProvider::keys).
    pub key: usize,
    /// Who learns from the heads of the answers.
    pub(crate) ear: Option<Ear>,
}

impl<R> Call<R> {
    /// The first attempt of `request` with `model`.
    #[must_use]
    pub fn new(request: impl Into<Arc<R>>, model: impl AsRef<str>) -> Self {
        Self {
            request: request.into(),
            model: Arc::from(model.as_ref()),
            timeout: None,
            attempt: 1,
            key: 0,
            ear: None,
        }
    }

    /// Limits how long the attempt may take.
    #[must_use]
    pub const fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Says which attempt this is.
    #[must_use]
    pub const fn attempt(mut self, attempt: u32) -> Self {
        self.attempt = attempt;
        self
    }

    /// Tells the client the head of the provider's answer, be it one of success or not, so that it learns the limits of
    /// the account and the provider's id of the call. Endpoints over HTTP do so by themselves.
    pub fn heard(&self, head: &ResponseHead) {
        if let Some(ear) = &self.ear {
            ear.hear(head);
        }
    }

    /// Says who learns from the heads of the answers.
    #[must_use]
    pub(crate) fn ear(mut self, ear: Ear) -> Self {
        self.ear = Some(ear);
        self
    }

    /// Says which of the provider's keys to use.
    #[must_use]
    pub const fn key(mut self, key: usize) -> Self {
        self.key = key;
        self
    }
}

/// Somebody who learns from the heads of answers.
#[derive(Clone)]
pub(crate) struct Ear(Arc<Heard<Learn>>);

type Learn = dyn Fn(&ResponseHead) + Send + Sync;

struct Heard<F: ?Sized> {
    request_id: Mutex<Option<String>>,
    learn: F,
}

impl Ear {
    pub(crate) fn new(learn: impl Fn(&ResponseHead) + Send + Sync + 'static) -> Self {
        let request_id = Mutex::default();
        Self(Arc::new(Heard { request_id, learn }))
    }

    fn hear(&self, head: &ResponseHead) {
        if let Some(id) = request_id(&head.headers) {
            let mut last = self.0.request_id.lock().unwrap_or_else(PoisonError::into_inner);
            *last = Some(id.to_owned());
        }
        (self.0.learn)(head);
    }

    /// The provider's id of the last call that it was told of; it is given once.
    pub(crate) fn request_id(&self) -> Option<String> {
        let mut last = self.0.request_id.lock().unwrap_or_else(PoisonError::into_inner);
        last.take()
    }
}

impl fmt::Debug for Ear {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Ear")
    }
}

impl<R> Clone for Call<R> {
    fn clone(&self) -> Self {
        Self {
            request: Arc::clone(&self.request),
            model: Arc::clone(&self.model),
            timeout: self.timeout,
            attempt: self.attempt,
            key: self.key,
            ear: self.ear.clone(),
        }
    }
}
