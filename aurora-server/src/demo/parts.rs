//! The simulated providers, the client over them, and the alert engine that watches them.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurora_alerts::rule::{Thresholds, defaults};
use aurora_alerts::{AlertEngine, Notification, Notifier, NotifyError, Receipt, Rule, Severity};
use aurora_core::cache::MemoryCache;
use aurora_core::money::NanoUsd;
use aurora_core::monitor::Monitor;
use aurora_core::resilience::RetryPolicy;
use aurora_core::rng::Random;
use aurora_core::time::Clock;
use aurora_llm::LlmClient;
use aurora_llm::client::{LlmTarget, ResponseCache};
use aurora_llm::ledger::Budgets;
use aurora_llm::pricing::Price;
use aurora_llm::providers::simulated::Simulated;

use super::switches::{Switches, Teller};
use super::{Console, Script, Words, channels};
use crate::error::{Error, ErrorKind};
use crate::http::Books;

/// A provider that is made up.
struct Invented {
    name: &'static str,
    model: &'static str,
    /// Milliseconds until the first word and until each further one.
    pace: (u64, u64),
    /// Nano-dollars per million tokens, input and output.
    price: (i64, i64),
}

/// Fast and dear first, slow and cheap last. The first one fails by the script.
const PROVIDERS: [Invented; 3] = [
    Invented {
        name: "sim-a",
        model: "sim-large",
        pace: (80, 6),
        price: (2_500_000_000, 10_000_000_000),
    },
    Invented {
        name: "sim-b",
        model: "sim-medium",
        pace: (140, 9),
        price: (1_000_000_000, 4_000_000_000),
    },
    Invented {
        name: "sim-c",
        model: "sim-small",
        pace: (320, 16),
        price: (150_000_000, 600_000_000),
    },
];

/// What a refusal takes over a network.
const FAILS_AFTER: Duration = Duration::from_millis(40);

/// The client and what belongs to it.
pub(super) struct Llm {
    pub(super) client: LlmClient,
    pub(super) books: Books,
    pub(super) monitor: Monitor,
    /// Break and heal the providers.
    pub(super) switches: Switches,
}

pub(super) fn llm(script: &Script, teller: Teller, clock: &Arc<dyn Clock>) -> Result<Llm, Error> {
    let monitor = Monitor::new(Arc::clone(clock));
    let books = Books::default();
    let budgets = Budgets::new(Arc::clone(&books.ledger)).source(books.allowances.clone());
    let mut builder = LlmClient::builder()
        .budgets(budgets)
        .cache(ResponseCache::new(MemoryCache::builder().clock(Arc::clone(clock)).build()).repeatable_only())
        .clock(Arc::clone(clock))
        .monitor(monitor.clone())
        .breaker(script.breaker())
        .retry(RetryPolicy::default().attempts(2).base(Duration::from_millis(50)));
    let mut controls = Vec::new();
    for (priority, invented) in (1..).zip(PROVIDERS) {
        let (first, further) = invented.pace;
        let provider = Simulated::new(invented.name)
            .latency(Duration::from_millis(first), Duration::from_millis(further))
            .failure_latency(FAILS_AFTER)
            .jitter(0.4)
            .random(Random::seeded(u64::from(priority)))
            .clock(Arc::clone(clock));
        controls.push((invented.name, provider.handle()));
        let (input, output) = invented.price;
        let price = Price::per_million(NanoUsd::from_nanos(input), NanoUsd::from_nanos(output));
        let target = LlmTarget::new(provider, invented.model)
            .name(invented.name)
            .priority(priority)
            .price(price);
        builder = builder.target(target);
    }
    let wrong = |error| Error::new(ErrorKind::Internal, "the demo's client cannot be made").caused_by(error);
    let client = builder
        .alias("demo", PROVIDERS.map(|invented| invented.name))
        .build()
        .map_err(wrong)?;
    Ok(Llm {
        client,
        books,
        monitor,
        switches: Switches::new(controls, teller),
    })
}

/// The default rules for all calls together, which the fallback keeps quiet, and one that watches each provider.
pub(super) fn alerts(
    script: &Script,
    words: Words,
    console: Console,
    clock: &Arc<dyn Clock>,
) -> Result<AlertEngine, Error> {
    let wrong =
        |error| Error::new(ErrorKind::Internal, "the demo's alerts cannot be set up").caused_by(error);
    let failing = Rule::new("Provider failing")
        .metric("error_rate")
        .above(20.0)
        .recovery(10.0)
        .severity(Severity::Warning)
        .description("more than a fifth of the attempts at a provider fail; others answer in the meantime")
        .cooldown(script.lasts / 2);
    let mut builder = AlertEngine::builder().clock(Arc::clone(clock));
    for rule in defaults(&Thresholds::default()).map_err(wrong)? {
        // An empty value matches where there is no such label: all calls together.
        builder = builder.rule(aurora_alerts::rule::RuleBuilder::from(rule).matching("target", ""));
    }
    let terminal = Terminal {
        console,
        words,
        clock: Arc::clone(clock),
        started: clock.elapsed(),
    };
    let builder = builder.rule(failing).notify(terminal);
    let builder = channels::all(clock)
        .map_err(wrong)?
        .into_iter()
        .fold(builder, |builder, channel| builder.notify(channel));
    builder.build().map_err(wrong)
}

/// Shows notifications in the terminal, between the lines of the story.
#[derive(Debug)]
struct Terminal {
    console: Console,
    words: Words,
    clock: Arc<dyn Clock>,
    started: Duration,
}

#[async_trait]
impl Notifier for Terminal {
    #[expect(clippy::unnecessary_literal_bound, reason = "the trait's signature")]
    fn name(&self) -> &str {
        "console"
    }

    async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError> {
        let elapsed = self.clock.elapsed().saturating_sub(self.started);
        self.console.line(&self.words.notification(elapsed, notification));
        Ok(Receipt::new())
    }
}
