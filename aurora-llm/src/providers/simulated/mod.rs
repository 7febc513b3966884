//! A provider that invents its answers: for tests, and for a first run without keys or network.
//!
//! Same settings and same requests give the same answers, the same events and, with a seeded
//! [`Random`], the same timing. Every invented text says that it is simulated. The usage is
//! an estimate of one token for four characters.

mod answer;
mod control;
mod play;
mod step;
#[cfg(test)]
mod tests;
mod vectors;

use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::rng::Random;
use aurora_core::time::{Clock, SystemClock};
use futures::StreamExt as _;
use serde_json::Value;

use crate::chat::{ChatResponse, ChatStream, StreamCollector, StreamEvent, ToolCall};
use crate::error::{Error, ErrorKind};
use crate::provider::{
    Call, Capabilities, EmbeddingProvider, LlmProvider, ModelCatalog, ProviderId, RerankProvider,
    TokenCounter,
};

pub use control::SimulatedControl;
pub use step::{Fault, Step};

/// A deterministic provider that follows a script and can be broken and healed while it runs.
///
/// # Examples
/// ```
/// use aurora_llm::ErrorKind;
/// use aurora_llm::chat::ChatRequest;
/// use aurora_llm::provider::{Call, LlmProvider};
/// use aurora_llm::providers::simulated::{Simulated, Step};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), aurora_llm::Error> {
/// let provider = Simulated::new("sim-a").says("Blue.").script([Step::status(429), Step::Ok]);
/// let call = Call::new(ChatRequest::user("What colour is the sky?"), "any");
///
/// assert_eq!(provider.chat(&call).await.unwrap_err().kind(), ErrorKind::RateLimited);
/// assert_eq!(provider.chat(&call).await?.text(), "Blue.");
/// assert_eq!(provider.handle().calls(), 2);
/// # Ok(())
/// # }
/// ```
pub struct Simulated {
    id: ProviderId,
    capabilities: Capabilities,
    first_token: Duration,
    refusal: Duration,
    per_token: Duration,
    jitter: f64,
    says: Option<String>,
    calls_tool: Option<(String, Value)>,
    clock: Arc<dyn Clock>,
    random: Random,
    control: SimulatedControl,
}

impl Simulated {
    /// A provider that answers everything at once.
    #[must_use]
    pub fn new(id: impl Into<ProviderId>) -> Self {
        Self {
            id: id.into(),
            capabilities: Capabilities::ALL,
            first_token: Duration::ZERO,
            refusal: Duration::ZERO,
            per_token: Duration::ZERO,
            jitter: 0.0,
            says: None,
            calls_tool: None,
            clock: Arc::new(SystemClock),
            random: Random::seeded(0),
            control: SimulatedControl::default(),
        }
    }

    /// Says this to everything, instead of a text derived from the prompt.
    #[must_use]
    pub fn says(mut self, text: impl Into<String>) -> Self {
        self.says = Some(text.into());
        self
    }

    /// Calls this tool whenever it is offered, unless a tool's result is what it is asked about.
    #[must_use]
    pub fn calls_tool(mut self, name: impl Into<String>, arguments: Value) -> Self {
        self.calls_tool = Some((name.into(), arguments));
        self
    }

    /// Waits before the first token and before each further one; a token is a word here.
    #[must_use]
    pub fn latency(mut self, first_token: Duration, per_token: Duration) -> Self {
        (self.first_token, self.per_token) = (first_token, per_token);
        self
    }

    /// How long a failure takes that comes before anything is said; at once unless told otherwise.
    #[must_use]
    pub const fn failure_latency(mut self, wait: Duration) -> Self {
        self.refusal = wait;
        self
    }

    /// Varies each wait by up to this share of it, 0 to 1.
    #[must_use]
    pub fn jitter(mut self, share: f64) -> Self {
        self.jitter = share.clamp(0.0, 1.0);
        self
    }

    /// Does these things in turn, one for each call, and answers well after the last.
    #[must_use]
    pub fn script(self, steps: impl IntoIterator<Item = Step>) -> Self {
        self.control.follow(steps);
        self
    }

    /// Claims to be able to do this, and refuses the rest. Everything unless told otherwise.
    #[must_use]
    pub fn capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = capabilities;
        self
    }

    /// Waits by this clock.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Draws the jitter from this source.
    #[must_use]
    pub fn random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// A switch and counters that stay usable while a client holds the provider.
    #[must_use]
    pub fn handle(&self) -> SimulatedControl {
        self.control.clone()
    }

    fn begin(&self, call: &Call) -> Result<play::Play, Error> {
        if let Some(missing) = self.capabilities.missing(&call.request.needs()) {
            return Err(self.blame(
                Error::new(ErrorKind::Unsupported).with_context(missing),
                &call.model,
            ));
        }
        Ok(self.play(&call.model, call.timeout, |number| {
            answer::invent(self, call, number)
        }))
    }

    /// Gives an answer of these events in its time, or fails as the script says.
    fn play(
        &self,
        model: &str,
        timeout: Option<Duration>,
        answer: impl FnOnce(u64) -> VecDeque<StreamEvent>,
    ) -> play::Play {
        let (number, step, running) = self.control.begin();
        let answer = answer(number);
        let end = match step {
            Step::Ok => play::End::Finish,
            Step::Fail(fault) => play::End::Fail(0, self.blame(fault.into_error(self.clock.now()), model)),
            Step::FailAfter(tokens, fault) => {
                play::End::Fail(tokens, self.blame(fault.into_error(self.clock.now()), model))
            }
            Step::TruncateAfter(tokens) => {
                play::End::Fail(tokens, self.blame(Error::new(ErrorKind::StreamTruncated), model))
            }
            Step::Stall => play::End::Stall(0),
            Step::StallAfter(tokens) => play::End::Stall(tokens),
        };
        let waits = (self.first_token, self.per_token);
        let wait = |wait: Duration| wait.mul_f64(1.0 + self.jitter * (2.0 * self.random.unit() - 1.0));
        let late = self.blame(play::too_late(), model);
        let ends_at = timeout.map(|limit| (self.clock.elapsed() + limit, late));
        play::Play::new(
            answer,
            end,
            waits,
            wait,
            Arc::clone(&self.clock),
            ends_at,
            running,
        )
        .refuses_after(self.refusal)
    }

    fn blame(&self, error: Error, model: &str) -> Error {
        error.with_provider(self.id.clone(), model)
    }
}

#[async_trait]
impl LlmProvider for Simulated {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn kind(&self) -> &'static str {
        crate::provider::SIMULATED
    }

    fn capabilities(&self, _model: &str) -> Capabilities {
        self.capabilities
    }

    fn embeddings(&self) -> Option<&dyn EmbeddingProvider> {
        Some(self)
    }

    fn reranker(&self) -> Option<&dyn RerankProvider> {
        Some(self)
    }

    fn token_counter(&self) -> Option<&dyn TokenCounter> {
        Some(self)
    }

    fn catalog(&self) -> Option<&dyn ModelCatalog> {
        Some(self)
    }

    async fn chat(&self, call: &Call) -> Result<ChatResponse, Error> {
        let mut play = self.begin(call)?;
        let mut collector = StreamCollector::default();
        while let Some(event) = play.next().await {
            collector.push(&event?);
        }
        let cut = || self.blame(Error::new(ErrorKind::StreamTruncated), &call.model);
        collector.finish().ok_or_else(cut)
    }

    async fn chat_stream(&self, call: &Call) -> Result<ChatStream, Error> {
        let mut play = self.begin(call)?;
        // What fails before anything is said fails before the stream, as it does over HTTP.
        play.fail_early().await?;
        let events = futures::stream::unfold(play, |mut play| async move {
            play.next().await.map(|event| (event, play))
        });
        Ok(Box::pin(events.fuse()))
    }
}

impl fmt::Debug for Simulated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulated")
            .field("id", &self.id)
            .field("first_token", &self.first_token)
            .field("per_token", &self.per_token)
            .finish_non_exhaustive()
    }
}

/// What an answer consists of before it is timed.
enum Said {
    Text(String),
    Call(ToolCall),
}
