//! One question over HTTP, and what its status means at every registry.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::http::{HttpClient, Url, header};
use aurora_core::resilience::Deadline;
use aurora_core::secret::Secret;
use aurora_core::time::{Clock, Timestamp};
use serde_json::Value;

use super::reading::malformed;
use crate::companies::{RegistryError, RegistryErrorKind};
use crate::error::{Error, FieldError};

/// Where a registry is asked.
pub(super) struct Endpoint {
    http: HttpClient,
    base: Url,
    origin: String,
    authorization: Option<Secret>,
    clock: Arc<dyn Clock>,
}

impl Endpoint {
    pub(super) fn new(http: &HttpClient, base: &str, clock: Arc<dyn Clock>) -> Result<Self, Error> {
        let wrong = |message: &str| {
            Error::invalid(vec![FieldError {
                field: "base".to_owned(),
                code: "invalid",
                message: message.to_owned(),
            }])
        };
        let base = Url::parse(base).map_err(|_| wrong("is not a URL"))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(wrong("must begin with https:// or http://"));
        }
        if !base.username().is_empty() || base.password().is_some() {
            return Err(wrong("must not carry credentials"));
        }
        if base.query().is_some() || base.fragment().is_some() {
            return Err(wrong("must not have a query or a fragment"));
        }
        Ok(Self {
            http: http.clone(),
            origin: base.origin().ascii_serialization(),
            base,
            authorization: None,
            clock,
        })
    }

    /// Sends this with each question.
    pub(super) fn authorization(mut self, value: Secret) -> Self {
        self.authorization = Some(value);
        self
    }

    pub(super) fn is_encrypted(&self) -> bool {
        self.base.scheme() == "https"
    }

    /// Scheme, host and port.
    pub(super) fn origin(&self) -> &str {
        &self.origin
    }

    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(super) async fn get(
        &self,
        path: &[&str],
        query: &[(&'static str, String)],
        deadline: Deadline,
    ) -> Result<(Head, Value), RegistryError> {
        let mut url = self.base.clone();
        match url.path_segments_mut() {
            Ok(mut segments) => {
                segments.pop_if_empty().extend(path);
            }
            // A URL with a host has a path.
            Err(()) => return Err(RegistryError::new(RegistryErrorKind::Refused)),
        }
        let mut request = self.http.get(&url).header(header::ACCEPT, "application/json");
        for (name, value) in query {
            request = request.query(name, value);
        }
        if let Some(value) = &self.authorization {
            request = request.secret_header(header::AUTHORIZATION, value);
        }
        // Not as the deadline of the request: that would be told to strangers in a header of our own.
        match deadline.remaining(&*self.clock) {
            Some(left) if left.is_zero() => return Err(RegistryError::new(RegistryErrorKind::Timeout)),
            Some(left) if left < Duration::from_secs(3_600) => request = request.timeout(left),
            _ => {}
        }
        let response = request.send().await?;
        let head = Head {
            status: response.status().as_u16(),
            retry_after: response.retry_after(self.now()),
            has_key: self.authorization.is_some(),
        };
        // No JSON, as the pages of proxies are, reads like an answer that tells nothing.
        let body = serde_json::from_slice(&response.bytes().await?).unwrap_or(Value::Null);
        Ok((head, body))
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Endpoint")
            .field("has_key", &self.authorization.is_some())
            .finish_non_exhaustive()
    }
}

/// What an answer says before its body.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head {
    pub(super) status: u16,
    pub(super) retry_after: Option<Duration>,
    has_key: bool,
}

impl Head {
    /// What the status says, where the registry has not said more. A 404 does not say that there is no such company:
    /// a wrong path and a proxy say 404 too.
    pub(super) fn failure(self) -> RegistryError {
        let kind = match self.status {
            400 | 414 | 422 => RegistryErrorKind::Refused,
            401 | 403 if self.has_key => RegistryErrorKind::InvalidCredential,
            402 => RegistryErrorKind::OutOfCredits,
            429 => RegistryErrorKind::RateLimited,
            401 | 403 | 405 | 408 | 500..=599 => RegistryErrorKind::Unavailable,
            404 => return malformed("not found, without saying that there is no such company"),
            _ => return malformed("the status of the answer is not one that the registry documents"),
        };
        RegistryError::new(kind).with_retry_after(self.retry_after)
    }
}
