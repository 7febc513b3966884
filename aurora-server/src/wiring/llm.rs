//! The model client: the providers of the settings in their order, with a ledger in the app's database, limits and a cache.

use std::sync::Arc;

use aurora_alerts::AlertEngine;
use aurora_core::cache::{MemoryCache, RedisCache};
use aurora_core::config::Settings;
use aurora_core::monitor::Monitor;
use aurora_core::redis::Redis;
use aurora_core::resilience::limiter::{Limiter, MemoryLimiter, RedisLimiter};
use aurora_core::store::Database;
use aurora_core::time::Clock;
use aurora_llm::client::ResponseCache;
use aurora_llm::ledger::{Allowances, BudgetEvent, Budgets, SqlLedger};
use aurora_llm::{LlmClient, setup};

use crate::error::{Error, ErrorKind};
use crate::http::Books;

/// What of a budget is spent, in percent, for alert rules; with the labels `scope`, `period` and `workspace`.
const BUDGET_USED: &str = "llm_budget_used";

/// Where usage, limits and budgets are kept.
pub(super) async fn books(
    database: &Database,
    redis: Option<&Redis>,
    clock: &Arc<dyn Clock>,
) -> Result<Books, Error> {
    let ledger = SqlLedger::open(database.clone()).await.map_err(|source| {
        Error::new(ErrorKind::Storage, "the ledger of model calls cannot be kept").caused_by(source)
    })?;
    let limiter = match redis {
        Some(redis) => Limiter::builder(RedisLimiter::new(redis))
            .clock(Arc::clone(clock))
            .build(),
        None => MemoryLimiter::builder()
            .clock(Arc::clone(clock))
            .build()
            .and_then(|store| Limiter::builder(store).clock(Arc::clone(clock)).build()),
    };
    let limiter = limiter
        .map_err(|source| Error::new(ErrorKind::Internal, "limits cannot be counted").caused_by(source))?;
    let allowances = Allowances::in_database(ledger.clone());
    Ok(Books::new(ledger, allowances, limiter))
}

/// The client; `None` when no provider is configured and none may be simulated.
pub(super) fn client(
    settings: &Settings,
    monitor: &Monitor,
    books: &Books,
    redis: Option<&Redis>,
    alerts: &AlertEngine,
    clock: &Arc<dyn Clock>,
) -> Result<Option<LlmClient>, Error> {
    let (llm, environment) = (&settings.llm, settings.environment);
    let targets = setup::targets(llm, environment, clock).map_err(wrong)?;
    if targets.is_empty() {
        return Ok(None);
    }
    let beside = setup::targets_beside_chat(llm, environment, clock).map_err(wrong)?;
    let cache = match redis {
        Some(redis) => ResponseCache::new(RedisCache::new(redis)),
        None => ResponseCache::new(MemoryCache::builder().clock(Arc::clone(clock)).build()),
    };
    let alerts = alerts.clone();
    let budgets = Budgets::new(Arc::clone(&books.ledger))
        .source(books.allowances.clone())
        .on_event(move |event| tell(&alerts, event));
    let builder = LlmClient::builder()
        .monitor(monitor.clone())
        .budgets(budgets)
        // Who asks twice at a temperature above 0 wants two answers.
        .cache(cache.repeatable_only())
        .clock(Arc::clone(clock));
    let builder = targets
        .into_iter()
        .chain(beside)
        .fold(builder, |builder, target| builder.target(target));
    builder.build().map(Some).map_err(wrong)
}

/// A client for one run of a command: nothing of it is kept, counted or watched.
pub(crate) fn alone(
    settings: &Settings,
    monitor: &Monitor,
    clock: &Arc<dyn Clock>,
) -> Result<Option<LlmClient>, Error> {
    let targets = setup::targets(&settings.llm, settings.environment, clock).map_err(wrong)?;
    if targets.is_empty() {
        return Ok(None);
    }
    let builder = LlmClient::builder()
        .monitor(monitor.clone())
        .clock(Arc::clone(clock));
    let builder = targets
        .into_iter()
        .fold(builder, |builder, target| builder.target(target));
    builder.build().map(Some).map_err(wrong)
}

/// Lets alert rules know how much of a budget is spent.
fn tell(alerts: &AlertEngine, event: &BudgetEvent) {
    let account = &event.account;
    let labels = [
        ("scope", account.scope()),
        ("period", account.period().as_str()),
        ("workspace", account.tenant()),
    ];
    alerts.record_with(BUDGET_USED, labels, f64::from(event.percent));
}

fn wrong(source: aurora_llm::Error) -> Error {
    Error::new(ErrorKind::Settings, "the model providers cannot be set up").caused_by(source)
}
