//! How a client is put together.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::fallback::{Fallback, Target};
use aurora_core::monitor::Monitor;
use aurora_core::resilience::limiter::{Limiter, MemoryLimiter};
use aurora_core::resilience::{Breaker, BreakerBuilder, Hedge, RetryBudget, RetryPolicy};
use aurora_core::rng::Random;
use aurora_core::time::{Clock, SystemClock};

use super::budget::Keeper;
use super::cache::{Cached, ResponseCache};
use super::continuation::Continuation;
use super::health::Health;
use super::limits::Gauges;
use super::live::Throughput;
use super::plan::OnContentFilter;
use super::route::{Routes, Rule, Settings, Strategy};
use super::target::{LlmTarget, Member, Prices};
use super::{Inner, Limits, LlmClient};
use crate::error::{Error, ErrorKind};
use crate::ledger::Budgets;
use crate::pricing::PriceBook;
use crate::provider::LlmProvider;

/// Settings of an [`LlmClient`].
#[derive(Debug)]
#[must_use]
pub struct ClientBuilder {
    targets: Vec<LlmTarget>,
    routing: Settings,
    retry: RetryPolicy,
    budget: Option<RetryBudget>,
    breaker: BreakerBuilder,
    limits: Limits,
    continuation: Continuation,
    filtered: OnContentFilter,
    hedge: Hedge,
    limiter: Option<Limiter>,
    monitor: Option<Monitor>,
    prices: PriceBook,
    budgets: Option<Budgets>,
    cache: Option<ResponseCache>,
    clock: Arc<dyn Clock>,
    random: Random,
}

impl Default for ClientBuilder {
    /// 3 attempts per target; 5 min for a whole answer, or of a stream 30 s to the first token and 60 s between
    /// events; 10 min in all, so that a target that never answers leaves time for another. Circuit breakers as
    /// [`BreakerBuilder`] has them, but these limits alone say what is too slow, and a probe may take as long as an answer.
    fn default() -> Self {
        let limits = Limits {
            answer: Duration::from_secs(300),
            first_token: Duration::from_secs(30),
            idle: Duration::from_secs(60),
            total: Duration::from_secs(600),
            throughput: None,
        };
        Self {
            targets: Vec::new(),
            routing: Settings::default(),
            retry: RetryPolicy::default(),
            budget: None,
            breaker: Breaker::builder()
                .slow(100, limits.total)
                .probes(1, limits.answer),
            limits,
            continuation: Continuation::Off,
            filtered: OnContentFilter::Surface,
            hedge: Hedge::default(),
            limiter: None,
            monitor: None,
            prices: PriceBook::built_in(),
            budgets: None,
            cache: None,
            clock: Arc::new(SystemClock),
            random: Random::system(),
        }
    }
}

impl ClientBuilder {
    /// Adds a provider with its model, to be tried after those that were added before.
    pub fn provider(self, provider: impl LlmProvider, model: impl Into<String>) -> Self {
        self.target(LlmTarget::new(provider, model))
    }

    /// Adds a target with its own name, priority or price.
    pub fn target(mut self, target: LlmTarget) -> Self {
        self.targets.push(target);
        self
    }

    /// Lets a request name `alias` and mean these targets, by their names (`provider/model` unless named otherwise), in
    /// this order unless a strategy says otherwise. An alias that is named again gets further targets at its end.
    pub fn alias<N: Into<String>>(
        mut self,
        alias: impl Into<String>,
        targets: impl IntoIterator<Item = N>,
    ) -> Self {
        let settings = self.routing.aliases.entry(alias.into()).or_default();
        settings.targets.extend(targets.into_iter().map(Into::into));
        self
    }

    /// In which order the targets of `alias` are tried; the client's own strategy unless told otherwise.
    pub fn alias_strategy(mut self, alias: impl Into<String>, strategy: Strategy) -> Self {
        self.routing.aliases.entry(alias.into()).or_default().strategy = Some(strategy);
        self
    }

    /// In which order targets are tried; by [`Strategy::Priority`] unless told otherwise.
    pub const fn strategy(mut self, strategy: Strategy) -> Self {
        self.routing.strategy = strategy;
        self
    }

    /// Adds a rule, to be looked at after those that were added before.
    pub fn rule(mut self, rule: Rule) -> Self {
        self.routing.rules.push(rule);
        self
    }

    /// When to try the same target again.
    pub const fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Pays for all retries from one budget, which others may share; otherwise each target has a budget of its own.
    pub fn budget(mut self, budget: RetryBudget) -> Self {
        self.budget = Some(budget);
        self
    }

    /// Settings of every target's circuit breaker. What they count as slow, and the time for probes, should be no less
    /// than [`answer_timeout`](Self::answer_timeout) and [`first_token_timeout`](Self::first_token_timeout).
    pub fn breaker(mut self, breaker: BreakerBuilder) -> Self {
        self.breaker = breaker;
        self
    }

    /// How long one target may take for a whole answer that is not streamed; then the next target is asked.
    pub const fn answer_timeout(mut self, limit: Duration) -> Self {
        self.limits.answer = limit;
        self
    }

    /// How long a stream may take to its first content; then the next target is asked.
    pub const fn first_token_timeout(mut self, limit: Duration) -> Self {
        self.limits.first_token = limit;
        self
    }

    /// How long a stream may be silent after that. A ping of the provider is a sign of life; for a provider that only pings
    /// there is [`min_throughput`](Self::min_throughput).
    pub const fn idle_timeout(mut self, limit: Duration) -> Self {
        self.limits.idle = limit;
        self
    }

    /// How much a stream must bring after that: at least `bytes` of content in each `window` in which it is waited for.
    /// Otherwise it ends with a timeout of the kind [`Throughput`](crate::error::TimeoutStage::Throughput). Time in which
    /// nobody reads does not count. Off unless turned on; a token has about 4 bytes.
    pub const fn min_throughput(mut self, bytes: u64, window: Duration) -> Self {
        self.limits.throughput = Some(Throughput { bytes, window });
        self
    }

    /// What happens to a stream that breaks after something was handed out.
    pub const fn continuation(mut self, policy: Continuation) -> Self {
        self.continuation = policy;
        self
    }

    /// Where the [limits](LlmTarget::limits) of targets are counted: in process unless told otherwise, or in Redis for all
    /// replicas.
    pub fn limiter(mut self, limiter: Limiter) -> Self {
        self.limiter = Some(limiter);
        self
    }

    /// What happens when a provider withholds an answer; the caller gets the error unless told otherwise.
    pub const fn on_content_filter(mut self, what: OnContentFilter) -> Self {
        self.filtered = what;
        self
    }

    /// Asks a second target when the first takes longer than `hedge` waits, and takes whichever is first: with its whole
    /// answer, or a stream's first content. Off unless turned on: both are paid for.
    ///
    /// It is for calls that may be made twice, as all model calls may: tools are run by the caller, once. The second attempt
    /// is one of the call's attempts, at the next target of the route, or with another key where there is only one
    /// target, and all of them together are at most [`Hedge::max_extra_load`] percent of the calls.
    pub fn hedge(mut self, hedge: Hedge) -> Self {
        self.hedge = hedge;
        self
    }

    /// How long a call may take in all, every attempt and wait included.
    pub const fn total_timeout(mut self, limit: Duration) -> Self {
        self.limits.total = limit;
        self
    }

    /// Where every attempt is recorded under its target's name.
    pub fn monitor(mut self, monitor: Monitor) -> Self {
        self.monitor = Some(monitor);
        self
    }

    /// What models cost, whichever target serves them and whether it was named for them or not. The vendors' published
    /// prices ([`PriceBook::built_in`]) unless told otherwise. A call costs what its model cost when it was made.
    pub fn prices(mut self, prices: PriceBook) -> Self {
        self.prices = prices;
        self
    }

    /// Records what calls use in a ledger, and holds them to budgets.
    pub fn budgets(mut self, budgets: Budgets) -> Self {
        self.budgets = Some(budgets);
        self
    }

    /// Keeps answers, and lets identical calls of a tenant that come at the same time share one.
    pub fn cache(mut self, cache: ResponseCache) -> Self {
        self.cache = Some(cache);
        self
    }

    /// Takes time from `clock`.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Takes jitter and the draws of [`Strategy`] from `random`: with the same seed, the same calls go the same ways.
    pub fn random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// The client.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] names everything that is wrong: no target, two of the same name, an alias or rule that names
    /// an unknown target, a time limit of zero.
    pub fn build(self) -> Result<LlmClient, Error> {
        let mut targets = self.targets.clone();
        targets.sort_by_key(|target| target.priority);
        let mut members: Vec<Member> = Vec::new();
        let health = Health::new(
            self.breaker.clone().random(self.random.clone()),
            Arc::clone(&self.clock),
        );
        let prices = Prices {
            book: self.prices.clone(),
            clock: Arc::clone(&self.clock),
        };
        for target in targets {
            members.extend(Member::of(target, members.len(), &prices, &health));
        }
        let problems = self.problems(&members);
        if !problems.is_empty() {
            return Err(Error::new(ErrorKind::Config).with_context(problems.join("; ")));
        }
        let patience = self.retry.longest_wait();
        let mut fallback = Fallback::builder()
            .retry(self.retry)
            .breaker(self.breaker)
            .clock(Arc::clone(&self.clock))
            .random(self.random);
        if let Some(budget) = self.budget {
            fallback = fallback.budget(budget);
        }
        if let Some(monitor) = self.monitor {
            fallback = fallback.monitor(monitor);
        }
        for member in &members {
            let target = Target::new(member.name(), member.clone())
                .priority(member.priority())
                .weight(member.weight());
            fallback = fallback.target(target);
        }
        let fallback = fallback
            .build()
            .map_err(|error| Error::new(ErrorKind::Config).with_context(error.to_string()))?;
        let limiter = match self.limiter {
            Some(limiter) => limiter,
            None => in_process(&self.clock)?,
        };
        let gauges = Gauges::new(&members, &limiter, &self.clock)?;
        let routes = Routes::new(members, self.routing);
        let cache = self.cache.map(|cache| Cached::new(cache, &routes)).transpose()?;
        let inner = Inner {
            cache,
            fallback,
            routes,
            limits: self.limits,
            continuation: self.continuation,
            filtered: self.filtered,
            hedge: self.hedge.clock(Arc::clone(&self.clock)),
            patience,
            budgets: self
                .budgets
                .map(|budgets| Keeper::new(budgets, Arc::clone(&self.clock))),
            gauges,
            health,
            clock: self.clock,
        };
        Ok(LlmClient {
            inner: Arc::new(inner),
        })
    }

    fn problems(&self, members: &[Member]) -> Vec<String> {
        let mut problems = Vec::new();
        if members.is_empty() {
            problems.push("at least one provider is needed".to_owned());
        }
        for member in members.iter().filter(|member| member.key() == 0) {
            if let Some(problem) = member.quota().and_then(|limits| limits.problem()) {
                problems.push(format!("limits of {:?}: {problem}", member.target_name()));
            }
        }
        let mut names = BTreeSet::new();
        for member in members.iter().filter(|member| member.key() == 0) {
            if !names.insert(member.target_name()) {
                problems.push(format!("two targets are named {:?}", member.target_name()));
            }
        }
        problems.extend(self.routing.problems(&names));
        let Limits {
            answer,
            first_token,
            idle,
            total,
            throughput,
        } = self.limits;
        let window = throughput.map_or(total, |rule| rule.window);
        let own = members.iter().flat_map(Member::own_limits);
        let all = [answer, first_token, idle, total, window].into_iter().chain(own);
        if all.into_iter().any(|limit| limit.is_zero()) {
            problems.push("a time limit must be longer than zero".to_owned());
        }
        problems.extend(self.budgets.iter().flat_map(Budgets::problems));
        problems.extend(self.cache.iter().flat_map(ResponseCache::problems));
        problems
    }
}

/// A limiter within this process.
fn in_process(clock: &Arc<dyn Clock>) -> Result<Limiter, Error> {
    let config = |error| Error::new(ErrorKind::Config).with_source(error);
    let store = MemoryLimiter::builder()
        .clock(Arc::clone(clock))
        .build()
        .map_err(config)?;
    let limiter = Limiter::builder(store).clock(Arc::clone(clock));
    // The deadline of a call is what bounds its wait.
    limiter
        .max_wait(Duration::from_secs(24 * 60 * 60))
        .build()
        .map_err(config)
}
