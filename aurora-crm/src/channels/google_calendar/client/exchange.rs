//! One call: its attempts, its token and the meaning of its answer.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::http::{HttpClient, Method, Request, Url, header};
use aurora_core::resilience::{Deadline, GaveUp, Idempotency, Retry};
use aurora_core::time::Clock;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::{GoogleError, GoogleErrorKind};
use crate::channels::google_calendar::credentials::Tokens;

/// What all calls go through; a cheap handle.
#[derive(Clone)]
pub(in super::super) struct Exchange {
    pub(super) http: HttpClient,
    pub(super) api: Url,
    pub(super) retry: Retry,
    pub(super) clock: Arc<dyn Clock>,
}

/// A call that is put together anew for each attempt.
#[derive(Debug)]
pub(super) struct Call<'a> {
    pub(super) method: Method,
    pub(super) path: &'a [&'a str],
    pub(super) query: Vec<(&'static str, String)>,
    pub(super) body: Option<Value>,
    pub(super) if_match: Option<&'a str>,
    pub(super) idempotency: Idempotency,
}

impl<'a> Call<'a> {
    pub(super) const fn new(method: Method, path: &'a [&'a str]) -> Self {
        Self {
            method,
            path,
            query: Vec::new(),
            body: None,
            if_match: None,
            idempotency: Idempotency::Idempotent,
        }
    }

    pub(super) fn query(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.query.push((name, value.into()));
        self
    }

    pub(super) fn body(mut self, value: Value) -> Self {
        self.body = Some(value);
        self
    }

    pub(super) const fn if_match(mut self, etag: Option<&'a str>) -> Self {
        self.if_match = etag;
        self
    }

    /// Repeated only when it is certain that nothing was done.
    pub(super) const fn once(mut self) -> Self {
        self.idempotency = Idempotency::Once;
        self
    }
}

impl Exchange {
    pub(in super::super) fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    /// Makes a call and reads its answer.
    pub(super) async fn json<T: DeserializeOwned + Send>(
        &self,
        tokens: &Tokens,
        call: Call<'_>,
        deadline: Deadline,
    ) -> Result<T, GoogleError> {
        let (status, body) = self.call(tokens, call, deadline).await?;
        // The source would repeat parts of the body.
        serde_json::from_slice(&body).map_err(|_| GoogleError::unreadable(status))
    }

    /// Makes a call whose answer has no body.
    pub(super) async fn done(
        &self,
        tokens: &Tokens,
        call: Call<'_>,
        deadline: Deadline,
    ) -> Result<(), GoogleError> {
        self.call(tokens, call, deadline).await.map(drop)
    }

    async fn call(
        &self,
        tokens: &Tokens,
        call: Call<'_>,
        deadline: Deadline,
    ) -> Result<(u16, Vec<u8>), GoogleError> {
        let mut url = self.api.clone();
        match url.path_segments_mut() {
            Ok(mut segments) => {
                segments.pop_if_empty().extend(call.path);
            }
            // A URL with a host has a path.
            Err(()) => return Err(GoogleError::new(GoogleErrorKind::Invalid)),
        }
        let (url, call) = (&url, &call);
        let attempt = |_| async move {
            let token = tokens.get(deadline).await.map_err(GoogleError::before_the_call)?;
            let answer = self.attempt(url, call, &token, deadline).await;
            let is_refused = |error: &GoogleError| error.kind() == GoogleErrorKind::Unauthenticated;
            match answer {
                Err(error) if is_refused(&error) => {
                    // Revoked before its time: once more with another.
                    tokens.forget(&token);
                    let token = tokens.get(deadline).await.map_err(GoogleError::before_the_call)?;
                    self.attempt(url, call, &token, deadline).await
                }
                answer => answer,
            }
        };
        self.repeat(deadline, call.idempotency, attempt).await
    }

    async fn attempt(
        &self,
        url: &Url,
        call: &Call<'_>,
        token: &aurora_core::secret::Secret,
        deadline: Deadline,
    ) -> Result<(u16, Vec<u8>), GoogleError> {
        let mut request = self.http.request(call.method.clone(), url).bearer(token);
        for (name, value) in &call.query {
            request = request.query(name, value);
        }
        if let Some(etag) = call.if_match {
            request = request.header(header::IF_MATCH, etag);
        }
        request = match &call.body {
            Some(body) => request.json(body),
            // "Content-Length: 0", or Google answers 411.
            None if call.method == Method::POST => request.body(""),
            None => request,
        };
        let (status, body, retry_after) = self.send(request, deadline).await?;
        match status {
            200..=299 => Ok((status, body)),
            _ => Err(GoogleError::of_answer(status, &body, retry_after)),
        }
    }

    /// Sends within the deadline and reads the whole answer.
    pub(in super::super) async fn send(
        &self,
        request: Request,
        deadline: Deadline,
    ) -> Result<(u16, Vec<u8>, Option<Duration>), GoogleError> {
        // Not as the deadline of the request: that would be told to strangers in a header of our own.
        let request = match deadline.remaining(&*self.clock) {
            Some(left) if left.is_zero() => return Err(GoogleError::new(GoogleErrorKind::Timeout)),
            Some(left) if left < Duration::from_secs(60) => request.timeout(left),
            _ => request,
        };
        let response = request.send().await?;
        let status = response.status().as_u16();
        let retry_after = response.retry_after(self.clock.now());
        Ok((status, response.bytes().await?.to_vec(), retry_after))
    }

    pub(in super::super) fn post(&self, url: &Url) -> Request {
        self.http.post(url)
    }

    /// Repeats what can be repeated, and tells the last error.
    pub(in super::super) async fn repeat<T, F, O>(
        &self,
        deadline: Deadline,
        idempotency: Idempotency,
        mut attempt: O,
    ) -> Result<T, GoogleError>
    where
        T: Send,
        F: Future<Output = Result<T, GoogleError>> + Send,
        O: FnMut(()) -> F + Send,
    {
        let outcome = self.retry.run(deadline, idempotency, |_inside| attempt(())).await;
        outcome.map_err(|error| {
            let timeout = matches!(error.gave_up(), GaveUp::Call(_)) && error.error().is_none();
            let missing = if timeout {
                GoogleErrorKind::Timeout
            } else {
                GoogleErrorKind::Unavailable
            };
            error.into_error().unwrap_or(GoogleError::new(missing))
        })
    }
}

impl fmt::Debug for Exchange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Exchange").finish_non_exhaustive()
    }
}
