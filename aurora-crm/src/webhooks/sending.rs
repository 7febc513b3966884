//! One request, and what became of it.

use std::sync::Arc;
use std::time::Duration;

use aurora_core::failure::FailureClass;
use aurora_core::http::{self, HttpClient, Response, Url};
use aurora_core::secret::Secret;
use aurora_core::store::outbox::Failed;
use aurora_core::time::{Clock, Timestamp};
use aurora_core::webhook;
use futures::StreamExt as _;

use super::DeliveryId;
use super::input::{Rules, may_be_sent_to};
use super::secrets::Secrets;
use super::sql::outcome::Task;
use crate::error::{Error, ErrorKind};
use crate::workspaces::WorkspaceId;

/// How much of an answer's body is kept, in bytes.
const KEPT: usize = 1_024;
/// How long the body of an answer may take, once the status is known.
const BODY_TIME: Duration = Duration::from_secs(2);

/// The error of an attempt whose secret cannot be opened.
const UNSEALED: &str = "secret";

/// Sends what is stored.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    pub(super) http: HttpClient,
    pub(super) secrets: Secrets,
    pub(super) rules: Rules,
    pub(super) clock: Arc<dyn Clock>,
}

/// What became of one request.
#[derive(Debug)]
pub(super) struct Outcome {
    pub(super) began_at: Timestamp,
    pub(super) duration: Duration,
    pub(super) status: Option<u16>,
    /// `None` after a 2xx.
    pub(super) error: Option<&'static str>,
    pub(super) body: Option<String>,
    pub(super) retry_after: Option<Duration>,
    class: FailureClass,
}

impl Outcome {
    pub(super) const fn is_gone(&self) -> bool {
        matches!(self.status, Some(410))
    }

    /// Whether nothing was sent for a reason that the endpoint cannot change.
    pub(super) fn is_our_fault(&self) -> bool {
        self.error == Some(UNSEALED)
    }

    /// What is wrong, for the schedule of attempts; `None` after a 2xx.
    pub(super) fn failed(&self) -> Option<Failed> {
        let failed = Failed::again(self.class, self.error?);
        Some(match self.retry_after {
            Some(wait) => failed.after(wait),
            None => failed,
        })
    }
}

/// What came back, without when and how long.
struct Answer {
    status: Option<u16>,
    error: Option<&'static str>,
    body: Option<String>,
    retry_after: Option<Duration>,
    class: FailureClass,
}

impl Answer {
    const fn none(error: &'static str, class: FailureClass) -> Self {
        Self {
            status: None,
            error: Some(error),
            body: None,
            retry_after: None,
            class,
        }
    }
}

impl Sender {
    /// Makes one request.
    ///
    /// # Errors
    /// `Unavailable` when the keeper of the keys does not answer: that is no attempt.
    pub(super) async fn send(
        &self,
        workspace: WorkspaceId,
        id: DeliveryId,
        task: &Task,
    ) -> Result<Outcome, Error> {
        let (began_at, began) = (self.clock.now(), self.clock.elapsed());
        let answer = match self.headers(workspace, id, task, began_at).await {
            Ok(headers) => self.exchange(task, headers).await,
            Err(error) if error.kind() == ErrorKind::Unavailable => return Err(error),
            Err(_) => Answer::none(UNSEALED, FailureClass::Credential),
        };
        Ok(Outcome {
            began_at,
            duration: self.clock.elapsed().saturating_sub(began),
            status: answer.status,
            error: answer.error,
            body: answer.body,
            retry_after: answer.retry_after,
            class: answer.class,
        })
    }

    /// The endpoint's own headers and those of the message, signed with the secret and, for a while, the one before it.
    async fn headers(
        &self,
        workspace: WorkspaceId,
        id: DeliveryId,
        task: &Task,
        now: Timestamp,
    ) -> Result<Vec<(String, Secret)>, Error> {
        let endpoint = task.endpoint_id;
        let own = self.secrets.headers(workspace, endpoint, task.headers.as_deref());
        let mut headers: Vec<(String, Secret)> = own.await?.into_iter().collect();
        let mut keys = vec![self.secrets.key(workspace, endpoint, &task.secret).await?];
        if let (Some(sealed), Some(until)) = (&task.previous_secret, task.previous_secret_until)
            && now < until
        {
            match self.secrets.key(workspace, endpoint, sealed).await {
                Ok(key) => keys.push(key),
                Err(error) if error.is_retryable() => return Err(error),
                // It was on its way out; the current one signs alone.
                Err(_) => tracing::warn!(%endpoint, "the secret before the current one cannot be opened"),
            }
        }
        let signed = webhook::headers(&keys, &id.to_string(), now, task.payload.as_bytes());
        headers.extend(
            signed
                .into_iter()
                .map(|(name, value)| (name.to_owned(), value.into())),
        );
        Ok(headers)
    }

    async fn exchange(&self, task: &Task, headers: Vec<(String, Secret)>) -> Answer {
        // What was allowed when the endpoint was made may not be any more.
        let url = Url::parse(&task.url).ok();
        let Some(url) = url.filter(|url| may_be_sent_to(url, self.rules).is_ok()) else {
            return Answer::none("blocked", FailureClass::Rejected);
        };
        let mut request = self.http.post(&url).header("content-type", "application/json");
        for (name, value) in &headers {
            request = request.secret_header(name.as_str(), value);
        }
        match request.body(task.payload.clone()).send().await {
            Ok(response) => self.read(response).await,
            Err(error) => Answer::none(
                name_of(error.kind()),
                aurora_core::failure::Failure::class(&error),
            ),
        }
    }

    async fn read(&self, response: Response) -> Answer {
        let status = response.status();
        let (error, class) = match status.as_u16() {
            200..=299 => (None, FailureClass::Transient),
            300..=399 => (Some("redirect"), FailureClass::Rejected),
            410 => (Some("gone"), FailureClass::Rejected),
            429 => (Some("status"), FailureClass::Throttled),
            500..=599 => (Some("status"), FailureClass::Transient),
            _ => (Some("status"), FailureClass::Rejected),
        };
        Answer {
            status: Some(status.as_u16()),
            error,
            retry_after: response.retry_after(self.clock.now()),
            body: self.beginning(response).await,
            class,
        }
    }

    /// The beginning of a body, as far as it comes soon, as text that every database takes.
    async fn beginning(&self, response: Response) -> Option<String> {
        let mut stream = response.stream();
        let mut bytes: Vec<u8> = Vec::with_capacity(KEPT);
        let reading = async {
            while bytes.len() < KEPT
                && let Some(Ok(piece)) = stream.next().await
            {
                let room = KEPT.saturating_sub(bytes.len());
                bytes.extend(piece.iter().take(room));
            }
        };
        tokio::select! {
            biased;
            () = reading => {}
            () = self.clock.sleep(BODY_TIME) => {}
        }
        let mut text = String::new();
        for char in String::from_utf8_lossy(&bytes).chars() {
            if text.len() + char.len_utf8() > KEPT {
                break;
            }
            if char != '\0' {
                text.push(char);
            }
        }
        (!text.is_empty()).then_some(text)
    }
}

const fn name_of(kind: http::ErrorKind) -> &'static str {
    match kind {
        http::ErrorKind::InvalidRequest => "invalid",
        http::ErrorKind::Blocked => "blocked",
        http::ErrorKind::Connect => "connect",
        http::ErrorKind::Timeout(_) => "timeout",
        http::ErrorKind::Interrupted => "interrupted",
        _ => "protocol",
    }
}
