//! The one way from the server to the models, and what is known about the calls that took it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aurora_core::monitor::{Monitor, Summary};
use aurora_core::time::Clock;
use aurora_llm::chat::ChatRequest;
use aurora_llm::client::{Answer, Answered, Attempt, TargetInfo, Task};
use aurora_llm::embed::{EmbedRequest, EmbedResponse};
use aurora_llm::provider::{ProviderId, SIMULATED};
use aurora_llm::rerank::{RerankRequest, RerankResponse};
use aurora_llm::tokens::{TokenCount, estimate, estimate_text};
use aurora_llm::{Error, ErrorKind, LlmClient};

pub(crate) use super::books::{Asker, Books};
use super::books::{Pass, names_further_models, not_allowed, weight};
pub(crate) use super::counted::CountedStream;
use super::counted::{Begun, Started, settled};
pub(crate) use super::recent::{Call, End, Recent};

const CALLS: &str = "calls";
/// Of the calls, those that the cache answered.
pub(super) const CACHED: &str = "cached";
/// The longest name of a model or provider, in bytes.
pub(super) const LONGEST_NAME: usize = 200;

/// The way to the models; clones share its counts.
///
/// The client's monitor counts attempts at targets; this counts calls as their callers saw them.
#[derive(Debug, Clone)]
pub(crate) struct Gateway {
    client: Option<LlmClient>,
    targets: Arc<[TargetInfo]>,
    calls: Monitor,
    fallbacks: Arc<AtomicU64>,
    books: Books,
    recent: Recent,
    clock: Arc<dyn Clock>,
}

impl Gateway {
    /// `client` is `None` where no provider is configured.
    pub(crate) fn new(client: Option<LlmClient>, clock: impl Clock) -> Self {
        let clock: Arc<dyn Clock> = Arc::new(clock);
        Self {
            targets: client.iter().flat_map(LlmClient::targets).collect(),
            client,
            calls: Monitor::new(Arc::clone(&clock)),
            fallbacks: Arc::default(),
            books: Books::default(),
            recent: Recent::default(),
            clock,
        }
    }

    /// Keeps usage, limits and budgets there.
    pub(crate) fn with(mut self, books: Books) -> Self {
        self.books = books;
        self
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

    /// How many calls the cache answered, and what share of the answered ones of the last minute, in percent.
    #[expect(clippy::cast_precision_loss, reason = "counts of a minute are far below 2^53")]
    pub(crate) fn cached(&self) -> (u64, Option<f64>) {
        let cached = self.calls.summary(CACHED);
        let total = cached.as_ref().map_or(0, |cached| cached.succeeded);
        let share = self.calls().and_then(|calls| {
            let failures = calls.failures;
            let failed = failures.transient + failures.throttled + failures.timeout + failures.credential;
            let answered = calls.requests.saturating_sub(failed);
            let hits = cached.map_or(0, |cached| cached.requests);
            // A call is counted before its hit, so that both may lie in different stretches.
            (answered > 0).then(|| (hits as f64 * 100.0 / answered as f64).min(100.0))
        });
        (total, share)
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

    /// Where usage, limits and budgets are kept.
    pub(crate) const fn books(&self) -> &Books {
        &self.books
    }

    /// The last calls.
    pub(crate) const fn recent(&self) -> &Recent {
        &self.recent
    }

    /// Waits until what calls used is booked, but no longer than `limit`.
    pub(crate) async fn flush(&self, limit: Duration) {
        if let Some(client) = &self.client {
            let left = client.flush(limit).await;
            if left > 0 {
                tracing::warn!(left, "what some calls used could not be booked before the end");
            }
        }
    }

    /// Waits for a whole answer.
    pub(crate) async fn chat(&self, mut request: ChatRequest, asker: &Asker) -> Result<Answer, Error> {
        let client = self.asked(request.model.as_deref(), request.provider.as_deref())?;
        let started = self.start(asker, Task::Chat, request.model.clone());
        let outcome = async {
            let pass = self.let_in(&mut request, asker).await?;
            let outcome = client.chat_with(request, &asker.options()).await;
            settled(pass, outcome, |answer| answer.usage().cloned())
        };
        let outcome = outcome.await;
        let end = outcome.as_ref().map(|answer| {
            self.served(answer.target(), answer.attempts());
            let served = End::Served {
                target: answer.target().to_owned(),
                provider: provider_name(answer.kind(), answer.provider()),
                model: answer.model().to_owned(),
                usage: answer.usage().cloned(),
                cost: answer.cost(),
                is_cached: answer.cache().is_free(),
            };
            (served, answer.attempts())
        });
        started.end(end);
        outcome
    }

    /// Begins an answer that is handed out while it is being written.
    pub(crate) async fn stream(
        &self,
        mut request: ChatRequest,
        asker: &Asker,
    ) -> Result<CountedStream, Error> {
        let client = self.asked(request.model.as_deref(), request.provider.as_deref())?;
        let started = Started::new(Begun {
            is_stream: true,
            ..self.begun(asker, Task::Chat, request.model.clone())
        });
        let outcome = async {
            let mut pass = self.let_in(&mut request, asker).await?;
            match client.stream_with(request, &asker.options()).await {
                Ok(stream) => Ok((stream, pass)),
                Err(error) => {
                    pass.unused();
                    Err(error)
                }
            }
        };
        match outcome.await {
            Ok((stream, pass)) => {
                self.served(stream.target(), stream.attempts());
                Ok(CountedStream::new(stream, pass, started))
            }
            Err(error) => {
                started.end(Err(&error));
                Err(error)
            }
        }
    }

    /// Turns texts into vectors.
    pub(crate) async fn embed(
        &self,
        mut request: EmbedRequest,
        asker: &Asker,
    ) -> Result<Answered<EmbedResponse>, Error> {
        let client = self.asked(request.model.as_deref(), request.provider.as_deref())?;
        let started = self.start(asker, Task::Embeddings, request.model.clone());
        let texts = request.inputs.iter();
        let input = texts.map(|text| estimate_text(text, "", "")).sum();
        let outcome = async {
            let pass = self.books.admit(asker, &mut request.model, input).await?;
            let outcome = client.embed_with(request, &asker.options()).await;
            settled(pass, outcome, |answered| answered.usage().cloned())
        };
        self.ended(started, outcome.await)
    }

    /// Sorts documents by how well they answer a query.
    pub(crate) async fn rerank(
        &self,
        mut request: RerankRequest,
        asker: &Asker,
    ) -> Result<Answered<RerankResponse>, Error> {
        let client = self.asked(request.model.as_deref(), request.provider.as_deref())?;
        let started = self.start(asker, Task::Rerank, request.model.clone());
        let texts = request.documents.iter().chain([&request.query]);
        let input = texts.map(|text| estimate_text(text, "", "")).sum();
        let outcome = async {
            let pass = self.books.admit(asker, &mut request.model, input).await?;
            let outcome = client.rerank_with(request, &asker.options()).await;
            settled(pass, outcome, |answered| answered.usage().cloned())
        };
        self.ended(started, outcome.await)
    }

    /// How many tokens a request has for the model that would answer it. Costs nothing but a request of the minute.
    pub(crate) async fn count(&self, mut request: ChatRequest, asker: &Asker) -> Result<TokenCount, Error> {
        let client = self.asked(request.model.as_deref(), request.provider.as_deref())?;
        let mut pass = self.books.admit(asker, &mut request.model, 0).await?;
        let outcome = client.count_tokens(request).await;
        pass.unused();
        outcome
    }

    /// The targets that the caller may name, by themselves or by their model.
    pub(crate) async fn targets_of(&self, asker: &Asker) -> Result<Vec<&TargetInfo>, Error> {
        let names = self.targets.iter().flat_map(|info| [&info.name, &info.model]);
        let allowed = self.books.allowed(asker, names.cloned().collect()).await?;
        let may = |info: &&TargetInfo| allowed.contains(&info.name) || allowed.contains(&info.model);
        Ok(self.targets.iter().filter(may).collect())
    }

    /// The models and aliases that the caller may name for this task, sorted.
    pub(crate) async fn models(&self, task: Task, asker: &Asker) -> Result<Vec<String>, Error> {
        let names = self.client.as_ref().map(|client| client.models_for(task));
        self.books.allowed(asker, names.unwrap_or_default()).await
    }

    /// The client, for a request that names these. What is too long to name anything is kept and told nowhere.
    fn asked(&self, model: Option<&str>, provider: Option<&str>) -> Result<&LlmClient, Error> {
        let client = self.client.as_ref().ok_or_else(none_configured)?;
        for (field, name) in [("model", model), ("provider", provider)] {
            if name.is_some_and(|name| name.len() > LONGEST_NAME) {
                let words = format!("`{field}` can have at most {LONGEST_NAME} bytes");
                return Err(Error::new(ErrorKind::InvalidRequest).with_provider_message(words));
            }
        }
        Ok(client)
    }

    /// Whether the caller may ask for a chat, and holds what it takes of the limits of the minute.
    async fn let_in(&self, request: &mut ChatRequest, asker: &Asker) -> Result<Pass, Error> {
        if asker.client.tenant.is_none() {
            return Ok(Pass::default());
        }
        let tokens = weight(estimate(request, "", ""), request.max_tokens);
        if names_further_models(request) && self.books.restricts(asker).await? {
            return Err(not_allowed());
        }
        self.books.admit(asker, &mut request.model, tokens).await
    }

    fn start(&self, asker: &Asker, task: Task, asked: Option<String>) -> Started {
        Started::new(self.begun(asker, task, asked))
    }

    fn begun(&self, asker: &Asker, task: Task, asked: Option<String>) -> Begun {
        Begun {
            timing: self.calls.start(CALLS),
            calls: self.calls.clone(),
            recent: self.recent.clone(),
            clock: Arc::clone(&self.clock),
            began: self.clock.elapsed(),
            asker: asker.clone(),
            task,
            is_stream: false,
            asked,
        }
    }

    fn ended<V>(&self, started: Started, outcome: Result<Answered<V>, Error>) -> Result<Answered<V>, Error> {
        let end = outcome.as_ref().map(|answered| {
            self.served(answered.target(), answered.attempts());
            let served = End::Served {
                target: answered.target().to_owned(),
                provider: provider_name(answered.kind(), answered.provider()),
                model: answered.model().to_owned(),
                usage: answered.usage().cloned(),
                cost: answered.cost(),
                is_cached: false,
            };
            (served, answered.attempts())
        });
        started.end(end);
        outcome
    }

    fn served(&self, target: &str, attempts: &[Attempt]) {
        let is_other = |attempt: &Attempt| attempt.target != target && !is_key_of(target, &attempt.target);
        if attempts.iter().any(is_other) {
            self.fallbacks.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Whether `name` is that of one key of `target`, where it has several.
pub(super) fn is_key_of(target: &str, name: &str) -> bool {
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
        gateway
            .chat(ChatRequest::user("?"), &Asker::nobody())
            .await
            .unwrap();
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
