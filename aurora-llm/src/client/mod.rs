//! The client: several targets, one answer.
//!
//! A call goes through it in this order, outside in:
//!
//! ```text
//! trace → cache and single-flight → budget → route (which targets, in which order)
//!       → walk ( breaker → retry within budget → limits → time limits → provider )
//! ```
//!
//! [`plan`] is the table that says what each error means.

mod answer;
mod answered;
mod budget;
mod builder;
mod cache;
mod checkup;
mod continuation;
mod counting;
mod embeddings;
mod flow;
mod health;
mod hedge;
pub mod limits;
mod listing;
mod live;
mod open;
mod options;
pub mod plan;
mod reranking;
mod retrieval;
mod route;
mod seat;
mod stream;
mod target;
mod told;
mod trail;
mod walk;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::fallback::{Fallback, TargetStatus};
use aurora_core::resilience::Hedge;
use aurora_core::time::Clock;
use tracing::Instrument as _;

pub use answer::Answer;
pub use answered::Answered;
pub use builder::ClientBuilder;
#[cfg(feature = "semantic-cache")]
pub use cache::SemanticCache;
pub use cache::{CacheMode, CacheOptions, CacheStatus, ResponseCache};
pub use checkup::{Checkup, Verdict};
pub use continuation::Continuation;
pub use health::Held;
pub use listing::ModelList;
pub use options::{CallOptions, Caller};
pub use route::{Attributes, Condition, Predicate, Rule, Strategy};
pub use stream::AnswerStream;
pub use target::{LlmTarget, TargetInfo, Task};
pub use trail::{Attempt, AttemptOutcome};

use crate::chat::ChatRequest;
use crate::error::Error;
use crate::telemetry::{self, Served, UnderWay};
use crate::tokens::TokenCount;
use budget::Keeper;
use live::Throughput;
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
    continuation: Continuation,
    filtered: plan::OnContentFilter,
    hedge: Hedge,
    /// The longest time that somebody who is held back is waited for.
    patience: Duration,
    budgets: Option<Arc<Keeper>>,
    gauges: limits::Gauges,
    health: health::Health,
    cache: Option<cache::Cached>,
    clock: Arc<dyn Clock>,
}

impl Inner {
    /// How a call is hedged.
    fn hedge(&self, options: &CallOptions) -> Hedge {
        match &options.hedge {
            Some(hedge) => hedge.clone().clock(Arc::clone(&self.clock)),
            None => self.hedge.clone(),
        }
    }
}

/// How long each part of an answer may take.
#[derive(Debug, Clone, Copy)]
struct Limits {
    answer: Duration,
    first_token: Duration,
    idle: Duration,
    total: Duration,
    throughput: Option<Throughput>,
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
        self.chat_with(request, &CallOptions::default()).await
    }

    /// As [`chat`](Self::chat), for somebody and in a way of his own.
    ///
    /// # Errors
    /// As [`chat`](Self::chat).
    ///
    /// # Cancel safety
    /// As [`chat`](Self::chat).
    pub async fn chat_with(
        &self,
        request: impl Into<Arc<ChatRequest>> + Send,
        options: &CallOptions,
    ) -> Result<Answer, Error> {
        let request = request.into();
        let span = telemetry::chat_span(&request);
        let call = UnderWay::begin(telemetry::CHAT, &span, &*self.inner.clock);
        let outcome = flow::whole(&self.inner, request, options)
            .instrument(span.clone())
            .await;
        let elapsed = call.end();
        match &outcome {
            Ok(answer) if answer.cache().is_free() => {
                telemetry::reused(&span, Served::by(answer), answer.cache());
            }
            Ok(answer) => {
                telemetry::finished(&span, &answer.response().finish);
                let by = Served::by(answer);
                telemetry::served(telemetry::CHAT, &span, by, answer.usage(), elapsed);
                telemetry::cost(by, answer.cost());
            }
            Err(error) => telemetry::failed(telemetry::CHAT, &span, error, self.kind_of(error), elapsed),
        }
        outcome
    }

    /// Begins an answer and hands it out while it is being written.
    ///
    /// Until the first content arrives the client changes targets as it does for [`LlmClient::chat`]; from then on the
    /// answer belongs to one provider, and if it breaks the stream ends with an error that carries what was said, unless
    /// [`Continuation`] says otherwise.
    ///
    /// # Errors
    /// As [`LlmClient::chat`], for what goes wrong before the first content.
    ///
    /// # Cancel safety
    /// Dropping the future or the stream ends the call at the provider.
    pub async fn stream(&self, request: impl Into<Arc<ChatRequest>> + Send) -> Result<AnswerStream, Error> {
        self.stream_with(request, &CallOptions::default()).await
    }

    /// As [`stream`](Self::stream), for somebody and in a way of his own.
    ///
    /// # Errors
    /// As [`stream`](Self::stream).
    ///
    /// # Cancel safety
    /// As [`stream`](Self::stream).
    pub async fn stream_with(
        &self,
        request: impl Into<Arc<ChatRequest>> + Send,
        options: &CallOptions,
    ) -> Result<AnswerStream, Error> {
        let request = request.into();
        let span = telemetry::chat_span(&request);
        let call = UnderWay::begin(telemetry::CHAT, &span, &*self.inner.clock);
        let started = call.started();
        let outcome = flow::streamed(&self.inner, request, options)
            .instrument(span.clone())
            .await;
        let elapsed = call.end();
        match outcome {
            Ok(source) => {
                let clock = Arc::clone(&self.inner.clock);
                Ok(AnswerStream::new(source, clock, span, started))
            }
            Err(error) => {
                telemetry::failed(telemetry::CHAT, &span, &error, self.kind_of(&error), elapsed);
                Err(error)
            }
        }
    }

    /// How many input tokens `request` has for the model that would answer it first: by that model's vocabulary where it is
    /// public and the feature `tokenizer` is on, else by the provider where it counts without cost (at most 10 s), else
    /// by estimate. The answer says which.
    ///
    /// # Errors
    /// As [`chat`](Self::chat), for what is wrong before the call; a provider that fails to count is none.
    ///
    /// # Cancel safety
    /// Dropping the future ends the call at the provider.
    pub async fn count_tokens(
        &self,
        request: impl Into<Arc<ChatRequest>> + Send,
    ) -> Result<TokenCount, Error> {
        counting::count(&self.inner, request.into(), &CallOptions::default()).await
    }

    /// Asks every provider that has a list which models it offers: eight at a time, each for at most 30 s, without cost.
    ///
    /// # Cancel safety
    /// Dropping the future ends the calls at the providers.
    pub async fn list_models(&self) -> Vec<ModelList> {
        listing::list(&self.inner).await
    }

    /// Asks for every target's provider whether it is well, with each key once: by its list of models, never by anything
    /// that costs; eight at a time, each for at most 10 s. What is found changes nothing for calls.
    ///
    /// A provider without a list, and one whose list is no sign of its health (such as a key that may answer but not
    /// list), is [`Verdict::Unknown`].
    ///
    /// # Cancel safety
    /// Dropping the future ends the calls at the providers.
    ///
    /// # Examples
    /// ```
    /// use aurora_llm::{LlmClient, client::Verdict, providers::simulated::Simulated};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), aurora_llm::Error> {
    /// let client = LlmClient::builder().provider(Simulated::new("sim"), "m").build()?;
    /// assert_eq!(client.check().await[0].verdict, Verdict::Healthy);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn check(&self) -> Vec<Checkup> {
        checkup::check(&self.inner).await
    }

    /// Where each target stands, in the order in which they are tried.
    #[must_use]
    pub fn status(&self) -> Vec<TargetStatus> {
        self.inner.fallback.status()
    }

    /// What is held back beside whole targets: keys, models and keys for models, sorted.
    #[must_use]
    pub fn held(&self) -> Vec<Held> {
        self.inner.health.held()
    }

    /// What is known about each target, in the order in which they are tried.
    pub fn targets(&self) -> impl Iterator<Item = TargetInfo> + '_ {
        let members = self.inner.routes.members().iter();
        members.filter(|member| member.key() == 0).map(Member::info)
    }

    /// The models and aliases that a chat may name, sorted.
    #[must_use]
    pub fn models(&self) -> Vec<String> {
        self.models_for(Task::Chat)
    }

    /// The models and aliases that a request for `task` may name, sorted.
    #[must_use]
    pub fn models_for(&self, task: Task) -> Vec<String> {
        self.inner.routes.names(task)
    }

    /// The clock by which it lives.
    pub(crate) fn clock(&self) -> &dyn Clock {
        &*self.inner.clock
    }

    /// Waits until what calls used is booked in the ledger, but no longer than `limit`; gives how many bookings are left.
    ///
    /// Streams, calls that were given up, and what the ledger did not take at once are booked after the fact. Without a
    /// ledger there is nothing to wait for.
    pub async fn flush(&self, limit: Duration) -> usize {
        match &self.inner.budgets {
            Some(keeper) => keeper.flush(limit).await,
            None => 0,
        }
    }

    /// Closes every circuit and forgets every count.
    pub fn reset(&self) {
        self.inner.fallback.reset();
        self.inner.health.reset();
    }

    /// As [`reset`](Self::reset), for one target: that of [`targets`](Self::targets) with all of its keys, or one of
    /// [`status`](Self::status). What is held back of its provider's keys and models is forgotten as far as it uses them.
    ///
    /// Gives whether there is one of this name.
    #[must_use]
    pub fn reset_target(&self, name: &str) -> bool {
        let members = self.inner.routes.members().iter();
        let named = |member: &&Member| member.name() == name || *member.target_name() == *name;
        let mut is_known = false;
        for member in members.filter(named) {
            is_known |= self.inner.fallback.reset_target(member.name()).is_ok();
            self.inner.health.reset_member(member);
        }
        is_known
    }

    /// The kind of the provider whose error it is.
    fn kind_of(&self, error: &Error) -> Option<&'static str> {
        let provider = error.provider()?;
        let members = self.inner.routes.members();
        let member = members.iter().find(|member| member.provider_id() == provider);
        member.map(Member::kind)
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
