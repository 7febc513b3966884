//! The client: several targets, one answer.
//!
//! A call goes through it in this order, outside in:
//!
//! ```text
//! trace → route (which targets, in which order) → fallback ( breaker → retry within budget → time limits → provider )
//! ```
//!
//! [`plan`] is the table that says what each error means.

mod answer;
mod builder;
mod open;
pub mod plan;
mod route;
mod stream;
mod target;
mod trail;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::fallback::{Exhausted, Fallback, TargetStatus};
use aurora_core::resilience::Deadline;
use aurora_core::time::Clock;
use tracing::Instrument as _;

pub use answer::Answer;
pub use builder::ClientBuilder;
pub use stream::AnswerStream;
pub use target::{LlmTarget, TargetInfo};
pub use trail::{Attempt, AttemptOutcome};

use crate::chat::ChatRequest;
use crate::error::{Error, ErrorKind};
use crate::telemetry::{self, Served};
use plan::DecisionTable;
use route::Routes;
use target::Member;

/// One client for every provider; clones share health, budget and counts.
///
/// # Examples
/// ```
/// use aurora_llm::{LlmClient, providers::simulated::{Simulated, Step}};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), aurora_llm::Error> {
/// let down = Simulated::new("primary").script([Step::status(401)]);
/// let up = Simulated::new("backup").says("Because of Rayleigh scattering.");
/// let client = LlmClient::builder().provider(down, "large").provider(up, "small").build()?;
///
/// let answer = client.ask("Why is the sky blue?").await?;
/// assert_eq!(answer.text(), "Because of Rayleigh scattering.");
/// assert_eq!((answer.provider().as_str(), answer.attempts().len()), ("backup", 2));
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
pub struct LlmClient {
    inner: Arc<Inner>,
}

struct Inner {
    fallback: Fallback<Member>,
    routes: Routes,
    limits: Limits,
    clock: Arc<dyn Clock>,
}

/// How long each part of an answer may take.
#[derive(Debug, Clone, Copy)]
struct Limits {
    answer: Duration,
    first_token: Duration,
    idle: Duration,
    total: Duration,
}

impl LlmClient {
    /// Begins with no target.
    pub fn builder() -> ClientBuilder {
        ClientBuilder::default()
    }

    /// Asks one question and waits for the whole answer.
    ///
    /// # Errors
    /// As [`LlmClient::chat`].
    pub async fn ask(&self, question: impl Into<String> + Send) -> Result<Answer, Error> {
        self.chat(ChatRequest::user(question)).await
    }

    /// Waits for the whole answer.
    ///
    /// # Errors
    /// The error of the last target that was asked, with [`Error::attempts`] for the whole trail.
    ///
    /// # Cancel safety
    /// Dropping the future ends the call at the provider.
    pub async fn chat(&self, request: impl Into<Arc<ChatRequest>> + Send) -> Result<Answer, Error> {
        let request = request.into();
        let span = telemetry::chat_span(&request);
        let started = self.inner.clock.elapsed();
        let outcome = self.chat_inner(request).instrument(span.clone()).await;
        let elapsed = self.inner.clock.elapsed().saturating_sub(started);
        match &outcome {
            Ok(answer) => telemetry::served(&span, Served::by(answer), answer.usage(), elapsed),
            Err(error) => telemetry::failed(&span, error, self.kind_of(error), elapsed),
        }
        outcome
    }

    async fn chat_inner(&self, request: Arc<ChatRequest>) -> Result<Answer, Error> {
        let inner = &*self.inner;
        let route = inner.routes.resolve(&request, false)?;
        let deadline = Deadline::after(&*inner.clock, inner.limits.total);
        let served = inner
            .fallback
            .run_over(
                &DecisionTable,
                deadline,
                |member| route.wants(member),
                |attempt| {
                    let call = route.call(&request, attempt.payload(), attempt.number(), attempt.remaining());
                    open::whole(attempt, call, inner.limits.answer, Arc::clone(&inner.clock))
                },
            )
            .await
            .map_err(|exhausted| self.exhausted(exhausted))?;
        let trail = trail::of(served.attempts(), inner.routes.members());
        let member = served.payload().clone();
        let response = served.into_value();
        Ok(Answer::new(response, &member, route.model_for(&member), trail))
    }

    /// Begins an answer and hands it out while it is being written.
    ///
    /// Until the first content arrives the client changes targets as it does for [`LlmClient::chat`]; from then on the
    /// answer belongs to one provider, and if it breaks the stream ends with an error that carries what was said.
    ///
    /// # Errors
    /// As [`LlmClient::chat`], for what goes wrong before the first content.
    ///
    /// # Cancel safety
    /// Dropping the future or the stream ends the call at the provider.
    pub async fn stream(&self, request: impl Into<Arc<ChatRequest>> + Send) -> Result<AnswerStream, Error> {
        let request = request.into();
        let span = telemetry::chat_span(&request);
        let started = self.inner.clock.elapsed();
        let outcome = self.stream_inner(request).instrument(span.clone()).await;
        match outcome {
            Ok(stream) => Ok(stream.traced(span, started)),
            Err(error) => {
                let elapsed = self.inner.clock.elapsed().saturating_sub(started);
                telemetry::failed(&span, &error, self.kind_of(&error), elapsed);
                Err(error)
            }
        }
    }

    async fn stream_inner(&self, request: Arc<ChatRequest>) -> Result<AnswerStream, Error> {
        let inner = &*self.inner;
        let route = inner.routes.resolve(&request, true)?;
        let deadline = Deadline::after(&*inner.clock, inner.limits.total);
        let first_token = inner.limits.first_token;
        let served = inner
            .fallback
            .run_over(
                &DecisionTable,
                deadline,
                |member| route.wants(member),
                |attempt| {
                    let call = route.call(&request, attempt.payload(), attempt.number(), attempt.remaining());
                    open::until_content(attempt, call, first_token, Arc::clone(&inner.clock))
                },
            )
            .await
            .map_err(|exhausted| self.exhausted(exhausted))?;
        let trail = trail::of(served.attempts(), inner.routes.members());
        let member = served.payload().clone();
        let (opened, _, _, lease) = served.into_parts();
        let model = route.model_for(&member).to_owned();
        Ok(AnswerStream::new(
            opened,
            member,
            model,
            trail,
            lease,
            inner.limits.idle,
            deadline,
            Arc::clone(&inner.clock),
        ))
    }

    /// Where each target stands, in the order in which they are tried.
    #[must_use]
    pub fn status(&self) -> Vec<TargetStatus> {
        self.inner.fallback.status()
    }

    /// What is known about each target, in the order in which they are tried.
    pub fn targets(&self) -> impl Iterator<Item = TargetInfo> + '_ {
        self.inner.routes.members().iter().map(Member::info)
    }

    /// The models and aliases that a request may name, sorted.
    #[must_use]
    pub fn models(&self) -> Vec<String> {
        self.inner.routes.names()
    }

    /// Closes every circuit and forgets every count.
    pub fn reset(&self) {
        self.inner.fallback.reset();
    }

    /// The kind of the provider whose error it is.
    fn kind_of(&self, error: &Error) -> Option<&'static str> {
        let provider = error.provider()?;
        let members = self.inner.routes.members();
        let member = members.iter().find(|member| member.provider_id() == provider);
        member.map(Member::kind)
    }

    fn exhausted(&self, exhausted: Exhausted<Error>) -> Error {
        let trail = trail::of(exhausted.attempts(), self.inner.routes.members());
        let retry_after = exhausted.retry_after();
        let mut failed: Vec<Error> = exhausted
            .into_attempts()
            .into_iter()
            .filter_map(|attempt| match attempt.outcome {
                aurora_core::fallback::AttemptOutcome::Failed(error) => Some(error),
                _ => None,
            })
            .collect();
        // Who answered, if only with an error, tells more than who could not be asked.
        let asked = |error: &Error| !matches!(error.kind(), ErrorKind::Unsupported | ErrorKind::Config);
        let last = failed
            .iter()
            .rposition(asked)
            .unwrap_or(failed.len().saturating_sub(1));
        failed.truncate(last + 1);
        let error = failed
            .pop()
            .unwrap_or_else(|| Error::new(ErrorKind::CircuitOpen).with_context("no target could be asked"));
        let error = match retry_after {
            // Whichever target is back first can answer, not only the one whose error this is.
            Some(wait) if error.is_retryable() => error.with_retry_after(wait),
            _ => error,
        };
        error.with_attempts(trail)
    }
}

impl fmt::Debug for LlmClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LlmClient")
            .field("targets", &self.status())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
