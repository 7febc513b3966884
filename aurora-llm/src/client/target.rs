//! A target: one provider with one model and its price.

use std::sync::Arc;
use std::time::Duration;

use aurora_core::time::Clock;

use super::Limits;
use super::health::Health;
use super::limits;
use super::route::matches;
use crate::pricing::{Price, PriceBook};
use crate::provider::{Capabilities, Ear, LlmProvider, ProviderId};

/// A provider, the model to ask it for, and what that costs.
#[derive(Debug, Clone)]
#[must_use]
pub struct LlmTarget {
    pub(super) provider: Arc<dyn LlmProvider>,
    pub(super) model: String,
    pub(super) name: Option<String>,
    pub(super) priority: u32,
    pub(super) weight: u32,
    pub(super) price: Option<Price>,
    pub(super) context_tokens: Option<u32>,
    pub(super) capabilities: Option<Capabilities>,
    pub(super) serves: Vec<String>,
    pub(super) task: Task,
    pub(super) quota: Option<limits::Limits>,
    pub(super) answer_timeout: Option<Duration>,
    pub(super) first_token_timeout: Option<Duration>,
    pub(super) idle_timeout: Option<Duration>,
}

/// What a target is asked for; a model is made for one of these.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
#[non_exhaustive]
pub enum Task {
    /// Chat.
    #[default]
    Chat,
    /// Vectors.
    Embeddings,
    /// An order of documents.
    Rerank,
}

impl LlmTarget {
    /// `provider` with `model`, by the provider's own name of it.
    pub fn new(provider: impl LlmProvider, model: impl Into<String>) -> Self {
        Self {
            provider: Arc::new(provider),
            model: model.into(),
            name: None,
            priority: 1,
            weight: 1,
            price: None,
            context_tokens: None,
            capabilities: None,
            serves: Vec::new(),
            task: Task::Chat,
            quota: None,
            answer_timeout: None,
            first_token_timeout: None,
            idle_timeout: None,
        }
    }

    /// `provider` with a model that turns texts into vectors.
    pub fn embeddings(provider: impl LlmProvider, model: impl Into<String>) -> Self {
        Self::new(provider, model).task(Task::Embeddings)
    }

    /// `provider` with a model that sorts documents.
    pub fn rerank(provider: impl LlmProvider, model: impl Into<String>) -> Self {
        Self::new(provider, model).task(Task::Rerank)
    }

    /// What it is asked for. Chat unless told otherwise.
    pub const fn task(mut self, task: Task) -> Self {
        self.task = task;
        self
    }

    /// The name in records and metrics; `provider/model` by default.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Lower is tried first.
    pub const fn priority(mut self, priority: u32) -> Self {
        self.priority = priority;
        self
    }

    /// Its share of the calls among targets of the same priority, for
    /// [`Strategy::Weighted`](crate::client::Strategy::Weighted); 1 by default. One of weight 0 is tried after all others.
    pub const fn weight(mut self, weight: u32) -> Self {
        self.weight = weight;
        self
    }

    /// What the target's own model costs, instead of what the client's [`PriceBook`] says of it. Without a price in either
    /// its answers are unpriced, not free.
    pub const fn price(mut self, price: Price) -> Self {
        self.price = Some(price);
        self
    }

    /// What the model can do, where that is known better than by the provider. Calls go by it; what the provider itself
    /// refuses stays refused.
    pub const fn capabilities(mut self, capabilities: Capabilities) -> Self {
        self.capabilities = Some(capabilities);
        self
    }

    /// How many tokens the model can take, where the provider does not say: a conversation that was too long for
    /// another target comes here only when this is known to be more.
    pub const fn context_tokens(mut self, tokens: u32) -> Self {
        self.context_tokens = Some(tokens);
        self
    }

    /// How long it may take for a whole answer that is not streamed, instead of what the client says.
    pub const fn answer_timeout(mut self, limit: Duration) -> Self {
        self.answer_timeout = Some(limit);
        self
    }

    /// How long its streams may take to their first content, instead of what the client says.
    pub const fn first_token_timeout(mut self, limit: Duration) -> Self {
        self.first_token_timeout = Some(limit);
        self
    }

    /// How long its streams may be silent after that, instead of what the client says.
    pub const fn idle_timeout(mut self, limit: Duration) -> Self {
        self.idle_timeout = Some(limit);
        self
    }

    /// How many requests and tokens a minute, and how many calls at once, it may get. Not limited by default.
    pub const fn limits(mut self, limits: limits::Limits) -> Self {
        self.quota = Some(limits);
        self
    }

    /// Further models of this provider that a request may name: exactly, or with a trailing `*` as a prefix.
    pub fn serves(mut self, pattern: impl Into<String>) -> Self {
        self.serves.push(pattern.into());
        self
    }
}

/// What is known about a target of a client.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TargetInfo {
    /// Its name in records and metrics.
    pub name: String,
    /// The provider instance.
    pub provider: ProviderId,
    /// What stands behind it; see [`LlmProvider::kind`].
    pub kind: &'static str,
    /// The model that it is asked for unless a request names another.
    pub model: String,
    /// What that model costs.
    pub price: Option<Price>,
    /// Lower is tried first.
    pub priority: u32,
    /// What it is asked for.
    pub task: Task,
    /// Its share among targets of the same priority.
    pub weight: u32,
}

/// A target inside the client, with one of its keys.
#[derive(Debug, Clone)]
pub(super) struct Member(Arc<MemberInner>);

#[derive(Debug)]
struct MemberInner {
    target: Arc<LlmTarget>,
    target_name: Arc<str>,
    name: Arc<str>,
    key: usize,
    /// Its place among all members, by priority and then as they were added.
    place: usize,
    prices: Prices,
    health: Health,
}

/// Prices at the present time.
#[derive(Debug, Clone)]
pub(super) struct Prices {
    pub(super) book: PriceBook,
    pub(super) clock: Arc<dyn Clock>,
}

impl Member {
    /// One for each key of the target's provider; with several, their names end in `#1`, `#2` …
    pub(super) fn of(target: LlmTarget, first_place: usize, prices: &Prices, health: &Health) -> Vec<Self> {
        let name = target
            .name
            .clone()
            .unwrap_or_else(|| format!("{}/{}", target.provider.id(), target.model));
        let (target, target_name) = (Arc::new(target), Arc::<str>::from(name));
        let keys = target.provider.keys().max(1);
        let member = |key: usize| {
            let name = match keys {
                1 => Arc::clone(&target_name),
                _ => format!("{target_name}#{}", key + 1).into(),
            };
            Self(Arc::new(MemberInner {
                target: Arc::clone(&target),
                target_name: Arc::clone(&target_name),
                name,
                key,
                place: first_place + key,
                prices: prices.clone(),
                health: health.clone(),
            }))
        };
        (0..keys).map(member).collect()
    }

    /// The name of the target, whatever the key.
    pub(super) fn target_name(&self) -> Arc<str> {
        Arc::clone(&self.0.target_name)
    }

    pub(super) fn task(&self) -> Task {
        self.0.target.task
    }

    /// The time limits of the client, as far as the target has none of its own.
    pub(super) fn limits(&self, client: Limits) -> Limits {
        let target = &self.0.target;
        Limits {
            answer: target.answer_timeout.unwrap_or(client.answer),
            first_token: target.first_token_timeout.unwrap_or(client.first_token),
            idle: target.idle_timeout.unwrap_or(client.idle),
            ..client
        }
    }

    /// The time limits that the target has of its own.
    pub(super) fn own_limits(&self) -> impl Iterator<Item = Duration> + use<> {
        let target = &self.0.target;
        let own = [
            target.answer_timeout,
            target.first_token_timeout,
            target.idle_timeout,
        ];
        own.into_iter().flatten()
    }

    /// Its place among all members of the client.
    pub(super) fn place(&self) -> usize {
        self.0.place
    }

    /// The limits of our own.
    pub(super) fn quota(&self) -> Option<limits::Limits> {
        self.0.target.quota
    }

    /// What is known to fail beside whole targets.
    pub(super) fn health(&self) -> &Health {
        &self.0.health
    }

    /// Learns from the head of every answer to a call for `model`.
    pub(super) fn ear(&self, model: &str) -> Ear {
        let (member, model) = (self.clone(), Arc::<str>::from(model));
        Ear::new(move |head| {
            let told = limits::learned(head, member.0.prices.clock.now());
            if let Some(wait) = told {
                member
                    .health()
                    .rest(member.provider_id(), member.key(), &model, wait);
            }
        })
    }

    /// How many keys the target has.
    pub(super) fn keys(&self) -> usize {
        self.0.target.provider.keys().max(1)
    }

    /// Whether both are the same target, with another key or the same.
    pub(super) fn is_same_target(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0.target, &other.0.target)
    }

    /// Which of the provider's keys it uses.
    pub(super) fn key(&self) -> usize {
        self.0.key
    }

    pub(super) fn name(&self) -> &str {
        &self.0.name
    }

    pub(super) fn provider(&self) -> &dyn LlmProvider {
        &*self.0.target.provider
    }

    pub(super) fn provider_id(&self) -> &ProviderId {
        self.0.target.provider.id()
    }

    pub(super) fn kind(&self) -> &'static str {
        self.0.target.provider.kind()
    }

    pub(super) fn info(&self) -> TargetInfo {
        TargetInfo {
            name: self.0.target_name.to_string(),
            provider: self.provider_id().clone(),
            kind: self.kind(),
            model: self.model().to_owned(),
            price: self.price(self.model()),
            priority: self.priority(),
            weight: self.weight(),
            task: self.task(),
        }
    }

    /// Whether `provider` names this one, by its instance or its kind.
    pub(super) fn is_of(&self, provider: &str) -> bool {
        self.provider_id().as_str() == provider || self.kind() == provider
    }

    pub(super) fn model(&self) -> &str {
        &self.0.target.model
    }

    pub(super) fn priority(&self) -> u32 {
        self.0.target.priority
    }

    pub(super) fn weight(&self) -> u32 {
        self.0.target.weight
    }

    /// The price of `model` now: of its own model as the target says, else as the book does.
    pub(super) fn price(&self, model: &str) -> Option<Price> {
        let own = self.0.target.price.filter(|_| model == self.model());
        let Prices { book, clock } = &self.0.prices;
        own.or_else(|| book.price(self.kind(), model, clock.now()))
    }

    /// What `model` can do: its own model as the target says, else as the provider does.
    pub(super) fn capabilities(&self, model: &str) -> Capabilities {
        let own = self.0.target.capabilities.filter(|_| model == self.model());
        own.unwrap_or_else(|| self.provider().capabilities(model))
    }

    /// How many tokens `model` can take, if it is known; what the target says is of its own model.
    pub(super) fn context_tokens(&self, model: &str) -> Option<u32> {
        self.context_tokens_with(model, &self.capabilities(model))
    }

    /// As [`context_tokens`](Self::context_tokens), where the capabilities for `model` are at hand.
    pub(super) fn context_tokens_with(&self, model: &str, able: &Capabilities) -> Option<u32> {
        let own = self.0.target.context_tokens.filter(|_| model == self.model());
        own.or(able.context_tokens)
    }

    /// Whether a request for `model` may come here.
    pub(super) fn serves(&self, model: &str) -> bool {
        let mut further = self.0.target.serves.iter();
        model == self.model()
            || model == &*self.0.target_name
            || further.any(|pattern| matches(pattern, model))
    }

    /// The model to ask for when the request names `model`.
    pub(super) fn model_for<'a>(&'a self, named: Option<&'a str>) -> &'a str {
        match named {
            Some(name) if name != &*self.0.target_name && self.serves(name) => name,
            _ => self.model(),
        }
    }
}
