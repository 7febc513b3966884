//! Messages and read marks.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::http::{self, HttpClient, Method, Request, Response, StatusCode, Url};
use aurora_core::resilience::Deadline;
use aurora_core::resilience::limiter::{ErrorKind as Limit, Limiter, Policies, Subject};
use aurora_core::secret::Secret;
use aurora_core::time::Clock;
use serde_json::Value;

use super::advice::Advice;
use super::answer::Sent;
use super::builder::WhatsAppClientBuilder;
use super::error::{GraphError, SendFailure};
use super::holds::Holds;
use crate::channels::whatsapp::outgoing::{Outgoing, read_mark};

/// How long a message waits for room in the number's second.
const NUMBER_WAIT: Duration = Duration::from_secs(2);

/// A client of the Graph API for any number of numbers; clones share connections and limits. Nothing is sent twice behind
/// the caller's back.
#[derive(Clone)]
pub struct WhatsAppClient {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) http: HttpClient,
    pub(super) base: Url,
    pub(super) version: String,
    pub(super) limiter: Limiter,
    pub(super) per_number: Policies,
    pub(super) per_pair: Policies,
    pub(super) holds: Holds,
    pub(super) media_hosts: Vec<String>,
    pub(super) timeout: Duration,
    pub(super) clock: Arc<dyn Clock>,
}

/// From which number, and what proves that it may be used.
#[derive(Debug, Clone)]
pub struct NumberAccess {
    /// The id of the number (`phone_number_id`), which is not the number.
    pub number_id: String,
    /// A token of a system user with `whatsapp_business_messaging`.
    pub token: Secret,
}

impl WhatsAppClient {
    /// Starts a client with other than the usual settings.
    pub fn builder() -> WhatsAppClientBuilder {
        WhatsAppClientBuilder::default()
    }

    /// Sends one message, once. It waits up to 2 s for room in the number's second, and not at all for the pair's. After Meta has
    /// told a number to wait, nothing is asked from it for a while, longer each time: [`SendFailure::Limited`].
    ///
    /// # Errors
    /// [`SendFailure`]; after [`SendFailure::Uncertain`] wait for a status with the message's callback data before sending
    /// again, because the API knows no idempotency.
    ///
    /// # Cancel safety
    /// When the future is dropped, the message may have been taken.
    pub async fn send(&self, access: &NumberAccess, message: &Outgoing) -> Result<Sent, SendFailure> {
        let body = message.to_json().map_err(SendFailure::Invalid)?;
        self.admit(access)?;
        self.pass(access, message.recipient().as_str()).await?;
        let answer = self.post(access, &body).await?;
        // An answer 200 that names no message: it may have been taken all the same.
        Sent::read(&answer).ok_or(SendFailure::Uncertain(None))
    }

    /// Marks a message as read, and all before it; see [`read_mark`].
    ///
    /// # Errors
    /// [`SendFailure`]. Marking again does no harm.
    pub async fn mark_read(
        &self,
        access: &NumberAccess,
        message_id: &str,
        is_typing: bool,
    ) -> Result<(), SendFailure> {
        let body = read_mark(message_id, is_typing).map_err(SendFailure::Invalid)?;
        self.admit(access)?;
        self.post(access, &body).await.map(drop)
    }

    async fn post(&self, access: &NumberAccess, body: &Value) -> Result<Vec<u8>, SendFailure> {
        let url = self.url(&[&access.number_id, "messages"]);
        let request = self.request(Method::POST, &url?, access).json(body);
        let answer = answer_of(request.send().await).await;
        self.learn(access, answer)
    }

    /// Refuses while the number has to wait.
    pub(super) fn admit(&self, access: &NumberAccess) -> Result<(), SendFailure> {
        match self.held(&access.number_id) {
            Some(retry_after) => Err(SendFailure::Limited {
                retry_after,
                is_pair: false,
            }),
            None => Ok(()),
        }
    }

    /// How long nothing is asked from a number, because Meta has told it to wait.
    pub(in crate::channels::whatsapp) fn held(&self, number_id: &str) -> Option<Duration> {
        self.inner.holds.left(number_id, self.inner.clock.elapsed())
    }

    /// Lets the number wait when an answer says so, and forgets it with the first that is good.
    pub(super) fn learn<T>(
        &self,
        access: &NumberAccess,
        answer: Result<T, SendFailure>,
    ) -> Result<T, SendFailure> {
        let (holds, now) = (&self.inner.holds, self.inner.clock.elapsed());
        match &answer {
            Ok(_) => holds.release(&access.number_id, now),
            Err(failure) if failure.advice() == Some(Advice::WaitForNumber) => {
                holds.hold(&access.number_id, failure.code(), now);
            }
            Err(_) => {}
        }
        answer
    }

    pub(super) fn request(&self, method: Method, url: &Url, access: &NumberAccess) -> Request {
        self.inner.http.request(method, url).bearer(&access.token)
    }

    pub(super) fn url(&self, path: &[&str]) -> Result<Url, SendFailure> {
        let mut url = self.inner.base.clone();
        match url.path_segments_mut() {
            Ok(mut segments) => {
                segments.pop_if_empty().push(&self.inner.version).extend(path);
            }
            // A URL with a host has a path.
            Err(()) => return Err(SendFailure::Status(404)),
        }
        Ok(url)
    }

    /// Takes a place in the pair's limit, then in the number's.
    async fn pass(&self, access: &NumberAccess, recipient: &str) -> Result<(), SendFailure> {
        let Inner {
            limiter,
            per_number,
            per_pair,
            clock,
            ..
        } = &*self.inner;
        let pair = Subject::new("whatsapp-pair")
            .principal(&access.number_id)
            .principal(recipient);
        if let Some(retry_after) = limiter.check(&pair, per_pair, 1).await.retry_after() {
            let is_pair = true;
            return Err(SendFailure::Limited { retry_after, is_pair });
        }
        let number = Subject::new("whatsapp-number").principal(&access.number_id);
        let latest = Deadline::after(clock, NUMBER_WAIT);
        match limiter.until_ready(&number, per_number, 1, latest).await {
            Ok(_) => Ok(()),
            Err(error) => {
                let wait = match error.kind() {
                    Limit::Limited => aurora_core::failure::Failure::retry_after(&error),
                    _ => None,
                };
                Err(SendFailure::Limited {
                    retry_after: wait.unwrap_or(Duration::from_secs(1)),
                    is_pair: false,
                })
            }
        }
    }
}

/// The body of an answer 2xx; what anything else means.
pub(super) async fn answer_of(outcome: Result<Response, http::Error>) -> Result<Vec<u8>, SendFailure> {
    let response = outcome.map_err(lost)?;
    let status = response.status();
    let body = response.bytes().await;
    if status.is_success() {
        return body
            .map(Vec::from)
            .map_err(|error| SendFailure::Uncertain(Some(error)));
    }
    let body = body.unwrap_or_default();
    Err(refused(status, &body))
}

/// What no answer means: without a connection nothing was sent.
pub(super) fn lost(error: http::Error) -> SendFailure {
    if error.before_sending() {
        SendFailure::NotSent(error)
    } else {
        SendFailure::Uncertain(Some(error))
    }
}

pub(super) fn refused(status: StatusCode, body: &[u8]) -> SendFailure {
    match GraphError::read(status.as_u16(), body) {
        Some(error) => SendFailure::Refused(error),
        // Of a gateway between Meta and us: what is behind it may have taken the request.
        None if status.is_server_error() || status == StatusCode::REQUEST_TIMEOUT => {
            SendFailure::Uncertain(None)
        }
        None => SendFailure::Status(status.as_u16()),
    }
}

impl fmt::Debug for WhatsAppClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WhatsAppClient")
            .field("version", &self.inner.version)
            .field("http", &self.inner.http)
            .finish_non_exhaustive()
    }
}
