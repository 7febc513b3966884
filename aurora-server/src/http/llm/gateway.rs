//! The one way from the server to the models, and what is known about the calls that took it.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};

use aurora_core::failure::Failure as _;
use aurora_core::monitor::{Monitor, Summary, Timing};
use aurora_core::time::Clock;
use aurora_llm::chat::{ChatRequest, StreamEvent};
use aurora_llm::client::{Answer, AnswerStream, Attempt, TargetInfo};
use aurora_llm::provider::{ProviderId, SIMULATED};
use aurora_llm::{Error, ErrorKind, LlmClient};
use futures::{Stream, StreamExt as _};

const CALLS: &str = "calls";

/// The way to the models; clones share its counts.
///
/// The client's monitor counts attempts at targets; this counts calls as their callers saw them.
#[derive(Debug, Clone)]
pub(crate) struct Gateway {
    client: Option<LlmClient>,
    targets: Arc<[TargetInfo]>,
    calls: Monitor,
    fallbacks: Arc<AtomicU64>,
}

impl Gateway {
    /// `client` is `None` where no provider is configured.
    pub(crate) fn new(client: Option<LlmClient>, clock: impl Clock) -> Self {
        Self {
            targets: client.iter().flat_map(LlmClient::targets).collect(),
            client,
            calls: Monitor::new(clock),
            fallbacks: Arc::default(),
        }
    }

    /// The client behind it, if a provider is configured.
    pub(crate) const fn client(&self) -> Option<&LlmClient> {
        self.client.as_ref()
    }

    pub(crate) fn targets(&self) -> &[TargetInfo] {
        &self.targets
    }

    /// What is known about the target of this name, or whose key has it.
    pub(crate) fn target(&self, name: &str) -> Option<&TargetInfo> {
        let is_of = |info: &&TargetInfo| info.name == name;
        let whole = self.targets.iter().find(is_of);
        whole.or_else(|| self.targets.iter().find(|info| is_key_of(&info.name, name)))
    }

    /// Whether every answer is made up.
    pub(crate) fn is_simulated(&self) -> bool {
        !self.targets.is_empty() && self.targets.iter().all(|info| info.kind == SIMULATED)
    }

    /// How the calls went; `None` before the first.
    pub(crate) fn calls(&self) -> Option<Summary> {
        self.calls.summary(CALLS)
    }

    /// Calls that another than the first target answered.
    pub(crate) fn fallbacks(&self) -> u64 {
        self.fallbacks.load(Ordering::Relaxed)
    }

    /// Forgets every count.
    pub(crate) fn clear(&self) {
        self.calls.clear();
        self.fallbacks.store(0, Ordering::Relaxed);
    }

    /// Waits for a whole answer.
    pub(crate) async fn chat(&self, request: ChatRequest) -> Result<Answer, Error> {
        let client = self.client.as_ref().ok_or_else(none_configured)?;
        let timing = self.calls.start(CALLS);
        match client.chat(request).await {
            Ok(answer) => {
                self.served(answer.target(), answer.attempts());
                timing.succeeded();
                Ok(answer)
            }
            Err(error) => {
                timing.failed(error.class());
                Err(error)
            }
        }
    }

    /// Begins an answer that is handed out while it is being written.
    pub(crate) async fn stream(&self, request: ChatRequest) -> Result<CountedStream, Error> {
        let client = self.client.as_ref().ok_or_else(none_configured)?;
        let timing = self.calls.start(CALLS);
        match client.stream(request).await {
            Ok(stream) => {
                self.served(stream.target(), stream.attempts());
                Ok(CountedStream {
                    stream,
                    timing: Some(timing),
                })
            }
            Err(error) => {
                timing.failed(error.class());
                Err(error)
            }
        }
    }

    fn served(&self, target: &str, attempts: &[Attempt]) {
        let is_other = |attempt: &Attempt| attempt.target != target && !is_key_of(target, &attempt.target);
        if attempts.iter().any(is_other) {
            self.fallbacks.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Whether `name` is that of one key of `target`, where it has several.
fn is_key_of(target: &str, name: &str) -> bool {
    let key = name.strip_prefix(target).and_then(|rest| rest.strip_prefix('#'));
    key.is_some_and(|key| !key.is_empty() && key.bytes().all(|digit| digit.is_ascii_digit()))
}

/// The provider that an answer names: `simulated` for whatever is made up, so that nobody takes it for real.
pub(crate) fn provider_name(kind: &str, provider: &ProviderId) -> String {
    if kind == SIMULATED {
        SIMULATED.to_owned()
    } else {
        provider.to_string()
    }
}

/// A streamed answer whose end is counted; one that the client gives up is counted apart.
#[derive(Debug)]
pub(crate) struct CountedStream {
    stream: AnswerStream,
    timing: Option<Timing>,
}

impl CountedStream {
    pub(crate) const fn answer(&self) -> &AnswerStream {
        &self.stream
    }
}

impl Stream for CountedStream {
    type Item = Result<StreamEvent, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let item = std::task::ready!(self.stream.poll_next_unpin(cx));
        match &item {
            Some(Ok(event)) if event.is_terminal() => {
                if let Some(timing) = self.timing.take() {
                    timing.succeeded();
                }
            }
            Some(Err(error)) => {
                if let Some(timing) = self.timing.take() {
                    timing.failed(error.class());
                }
            }
            _ => {}
        }
        Poll::Ready(item)
    }
}

/// The error where no provider is configured. Its code tells it from a wrong setting.
fn none_configured() -> Error {
    Error::new(ErrorKind::Config)
        .with_code(NO_PROVIDER)
        .with_context("no provider is configured")
}

/// The code of the error that says that no provider is configured.
pub(crate) const NO_PROVIDER: &str = "no_provider";

#[cfg(test)]
mod tests {
    use aurora_core::time::ManualClock;
    use aurora_llm::client::LlmTarget;
    use aurora_llm::providers::simulated::{Simulated, Step};

    use super::*;

    fn gateway(targets: impl IntoIterator<Item = LlmTarget>) -> Gateway {
        let clock = ManualClock::default();
        let builder = LlmClient::builder().clock(clock.clone());
        let builder = targets
            .into_iter()
            .fold(builder, |builder, target| builder.target(target));
        Gateway::new(Some(builder.build().unwrap()), clock)
    }

    #[test]
    fn a_key_of_a_target_is_no_other_target() {
        let openai = aurora_llm::providers::openai::OpenAi::builder("sk-1").another_key("sk-2");
        let gateway = gateway([
            LlmTarget::new(openai.build().unwrap(), "m"),
            LlmTarget::new(Simulated::new("b"), "m"),
        ]);
        let statuses = gateway.client().unwrap().status();
        assert_eq!(statuses.len(), 3);
        for status in statuses {
            assert!(gateway.target(&status.name).is_some(), "{}", status.name);
        }
        assert!(is_key_of("a/m", "a/m#2"));
        for other in ["a/m", "a/m#", "a/mini#2", "a/m#x", "b/m#2"] {
            assert!(!is_key_of("a/m", other), "{other}");
        }
    }

    #[tokio::test]
    async fn another_target_is_a_fallback() {
        let down = Simulated::new("a").script([Step::status(401)]);
        let gateway = gateway([
            LlmTarget::new(down, "m"),
            LlmTarget::new(Simulated::new("b"), "m"),
        ]);
        gateway.chat(ChatRequest::user("?")).await.unwrap();
        assert_eq!(gateway.fallbacks(), 1);
    }

    #[tokio::test]
    async fn only_what_can_chat_is_listed() {
        let gateway = gateway([
            LlmTarget::new(Simulated::new("a"), "talks"),
            LlmTarget::embeddings(Simulated::new("b"), "counts"),
        ]);
        assert_eq!(gateway.client().unwrap().models(), ["talks"]);
    }
}
