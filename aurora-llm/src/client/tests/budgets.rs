use std::sync::atomic::{AtomicUsize, Ordering};

use aurora_core::money::NanoUsd;
use aurora_core::page::{Page, PageRequest};
use aurora_core::time::{Clock as _, Timestamp};

use super::*;
use crate::ledger::{
    self, Account, Budget, BudgetEvent, BudgetScope, BudgetSource, Budgets, Decision, Entry, EntryQuery,
    Ledger, MemoryLedger, Period, Refusal, Reservation, Standing, Swept, Unpriced, UsageQuery, UsageRow,
};
use crate::pricing::{Cost, Price, PriceBook};

mod beside_chat;
mod cover;
mod failing;
mod streams;

use failing::Slow;

/// $3 and $15: an answer of 1,000 and 500 tokens costs $0.0105.
fn price() -> Price {
    Price::per_million(usd("3"), usd("15"))
}

fn usd(text: &str) -> NanoUsd {
    text.parse().unwrap()
}

/// The tenant's hard budget for a day.
fn daily(limit: &str) -> Budget {
    Budget::cost(BudgetScope::Tenant, Period::Day, usd(limit))
}

struct Setting {
    clock: ManualClock,
    ledger: MemoryLedger,
}

impl Setting {
    fn new() -> Self {
        Self::at("2026-11-20T12:00:00Z")
    }

    fn at(now: &str) -> Self {
        let clock = ManualClock::at(Timestamp::parse(now).unwrap());
        let ledger = MemoryLedger::new().clock(clock.clone());
        Self { clock, ledger }
    }

    fn budgets(&self, all: impl IntoIterator<Item = Budget>) -> Budgets {
        all.into_iter()
            .fold(Budgets::new(self.ledger.clone()), Budgets::budget)
    }

    fn client(&self, puppets: &[&Puppet], budgets: Budgets) -> LlmClient {
        let targets = puppets
            .iter()
            .map(|puppet| LlmTarget::new((*puppet).clone(), "m").price(price()));
        let with = targets.fold(builder(&self.clock), ClientBuilder::target);
        with.budgets(budgets).build().unwrap()
    }

    /// What is spent of and held for a budget of this tenant.
    async fn stands(&self, budget: &Budget, tenant: &str) -> (NanoUsd, NanoUsd) {
        let account = budget
            .account(&Caller::tenant(tenant), "m", self.clock.now())
            .unwrap();
        let standings = self.ledger.standings(&[account]).await.unwrap();
        (standings[0].spent.cost, standings[0].reserved.cost)
    }

    async fn entries(&self, tenant: &str) -> Vec<Entry> {
        let ever = Timestamp::UNIX_EPOCH..Timestamp::from_micros(i64::MAX);
        let query = EntryQuery::of(tenant, ever);
        self.ledger
            .entries(&query, &PageRequest::first(100))
            .await
            .unwrap()
            .items
    }
}

fn of(tenant: &str) -> CallOptions {
    CallOptions::default().caller(Caller::tenant(tenant))
}

/// No more than 1,000 and 500 tokens.
fn short() -> ChatRequest {
    ChatRequest::user("?".repeat(1_000)).max_tokens(500)
}

async fn flushed(client: &LlmClient) {
    assert_eq!(client.flush(SECOND).await, 0);
}

#[tokio::test]
async fn an_answer_is_booked_for_who_asked() {
    let setting = Setting::new();
    let client = setting.client(&[&Puppet::new("a")], setting.budgets([daily("1")]));
    let caller = Caller::tenant("t").user("u").key("k");
    let options = CallOptions::default().caller(caller.clone());
    client.chat_with(short(), &options).await.unwrap();
    assert_eq!(
        setting.stands(&daily("1"), "t").await,
        (usd("0.0105"), NanoUsd::ZERO)
    );
    let entries = setting.entries("t").await;
    assert_eq!(entries.len(), 1);
    let entry = &entries[0];
    assert_eq!(
        (&entry.caller, &*entry.provider, &*entry.model),
        (&caller, "a", "m")
    );
    assert_eq!((entry.tokens.input, entry.tokens.output), (1_000, 500));
    assert_eq!(
        (entry.cost, entry.estimated),
        (Cost::Priced(usd("0.0105")), false)
    );
    assert_eq!(
        setting.stands(&daily("1"), "other").await,
        (NanoUsd::ZERO, NanoUsd::ZERO)
    );
}

#[tokio::test]
async fn a_used_up_budget_refuses_before_anything_is_sent() {
    let setting = Setting::new();
    let a = Puppet::new("a");
    let client = setting.client(&[&a, &Puppet::new("b")], setting.budgets([daily("0.012")]));
    client.chat_with(short(), &of("t")).await.unwrap();
    let error = client.chat_with(short(), &of("t")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BudgetExceeded);
    assert_eq!(error.to_string(), "budget exceeded: tenant budget of the day");
    assert_eq!(
        error.retry_after(),
        Some(Duration::from_secs(12 * 3_600)),
        "at midnight in UTC"
    );
    assert!(error.attempts().is_empty(), "nobody was asked");
    assert_eq!(a.asked().len(), 1);
    let refusal = std::error::Error::source(&error)
        .unwrap()
        .downcast_ref::<Refusal>()
        .unwrap();
    assert_eq!(
        (refusal.spent.cost, refusal.limit.cost),
        (usd("0.0105"), usd("0.012"))
    );
    assert!(
        !format!("{error:?} {refusal}").contains("\"t\""),
        "nobody is named: {refusal}"
    );
    // Another tenant has his own, and at midnight everybody has a new one.
    client.chat_with(short(), &of("other")).await.unwrap();
    setting.clock.advance(Duration::from_secs(12 * 3_600));
    client.chat_with(short(), &of("t")).await.unwrap();
}

#[tokio::test]
async fn budgets_turn_with_the_month_and_the_leap_day() {
    let month = Budget::cost(BudgetScope::Tenant, Period::Month, usd("0.012"));
    for (now, wait) in [
        ("2028-02-28T12:00:00Z", 36),
        ("2027-02-28T12:00:00Z", 12),
        ("2026-12-31T23:00:00Z", 1),
        ("2026-04-30T00:00:00Z", 24),
    ] {
        let setting = Setting::at(now);
        let client = setting.client(&[&Puppet::new("a")], setting.budgets([month.clone()]));
        client.chat_with(short(), &of("t")).await.unwrap();
        let error = client.chat_with(short(), &of("t")).await.unwrap_err();
        let wait = Duration::from_secs(wait * 3_600);
        assert_eq!(error.retry_after(), Some(wait), "{now}");
        setting.clock.advance(wait - SECOND);
        client.chat_with(short(), &of("t")).await.unwrap_err();
        setting.clock.advance(SECOND);
        client.chat_with(short(), &of("t")).await.unwrap();
    }
    // What is used up for good stays so.
    let setting = Setting::new();
    let total = Budget::cost(BudgetScope::Tenant, Period::Total, usd("0.012"));
    let client = setting.client(&[&Puppet::new("a")], setting.budgets([total]));
    client.chat_with(short(), &of("t")).await.unwrap();
    setting.clock.advance(Duration::from_secs(400 * 86_400));
    let error = client.chat_with(short(), &of("t")).await.unwrap_err();
    assert_eq!(error.retry_after(), None);
}

#[tokio::test]
async fn concurrent_calls_never_overshoot_a_budget() {
    let setting = Setting::new();
    let user = Budget::cost(BudgetScope::User, Period::Month, usd("0.1"));
    let client = setting.client(&[&Puppet::new("a")], setting.budgets([daily("1"), user.clone()]));
    let caller = Caller::tenant("t").user("u");
    let options = CallOptions::default().caller(caller.clone());
    let mut calls = tokio::task::JoinSet::new();
    for number in 0..1_000 {
        let (client, options) = (client.clone(), options.clone());
        calls.spawn(async move {
            if number % 2 == 0 {
                client.chat_with(short(), &options).await.map(drop)
            } else {
                let stream = client.stream_with(short(), &options).await?;
                stream.collect_answer().await.map(drop)
            }
        });
    }
    let mut served = 0;
    while let Some(outcome) = calls.join_next().await {
        match outcome.unwrap() {
            Ok(()) => served += 1,
            Err(error) => assert_eq!(error.kind(), ErrorKind::BudgetExceeded),
        }
    }
    flushed(&client).await;
    let account = user.account(&caller, "m", setting.clock.now()).unwrap();
    let standing = setting.ledger.standings(&[account]).await.unwrap().remove(0);
    assert_eq!(standing.reserved.cost, NanoUsd::ZERO);
    assert_eq!(standing.spent.cost, NanoUsd::from_nanos(served * 10_500_000));
    assert!(standing.spent.cost <= usd("0.1"), "{:?}", standing.spent);
    assert!(served >= 7, "not refused without need: {served}");
}

#[tokio::test]
async fn tokens_can_be_limited_instead_of_money() {
    let setting = Setting::new();
    let tokens = Budget::tokens(BudgetScope::Key, Period::Day, 2_000);
    let client = setting.client(&[&Puppet::new("a")], setting.budgets([tokens]));
    let keyed = CallOptions::default().caller(Caller::tenant("t").key("k"));
    client.chat_with(short(), &keyed).await.unwrap();
    let error = client.chat_with(short(), &keyed).await.unwrap_err();
    assert_eq!(error.to_string(), "budget exceeded: key budget of the day");
    client.chat_with(short(), &of("t")).await.unwrap();
}

#[tokio::test]
async fn a_budget_for_a_model_counts_that_model_alone() {
    let setting = Setting::new();
    let model = |name: &str| Budget::cost(BudgetScope::Model(name.into()), Period::Day, usd("0.012"));
    let (a, b) = (Puppet::new("a"), Puppet::new("b"));
    let client = builder(&setting.clock)
        .target(LlmTarget::new(a, "large").price(price()))
        .target(LlmTarget::new(b, "small").price(price()))
        .budgets(setting.budgets([model("large"), model("none")]))
        .build()
        .unwrap();
    let options = of("t");
    for (name, good) in [
        ("large", true),
        ("large", false),
        ("small", true),
        ("small", true),
    ] {
        let outcome = client.chat_with(short().model(name), &options).await;
        assert_eq!(outcome.is_ok(), good, "{name}");
    }
}

#[tokio::test]
async fn a_reached_share_is_told_once() {
    let setting = Setting::new();
    let told = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&told);
    let soft = daily("0.02").soft().alerts([50, 80, 100]);
    let budgets = setting.budgets([soft]).on_event(move |event: &BudgetEvent| {
        keep.lock().unwrap().push((event.percent, event.spent.cost));
    });
    let client = setting.client(&[&Puppet::new("a")], budgets);
    for _ in 0..4 {
        client.chat_with(short(), &of("t")).await.unwrap();
    }
    let (one, two) = (usd("0.0105"), usd("0.021"));
    assert_eq!(*told.lock().unwrap(), [(50, one), (80, two), (100, two)]);
    assert_eq!(
        setting.stands(&daily("1"), "t").await.0,
        usd("0.042"),
        "a soft budget refuses nothing"
    );
}

#[derive(Debug)]
struct Tiers(AtomicUsize);

#[async_trait]
impl BudgetSource for Tiers {
    async fn budgets(&self, caller: &Caller) -> Result<Vec<Budget>, ledger::Error> {
        self.0.fetch_add(1, Ordering::SeqCst);
        match caller.tenant.as_deref() {
            Some("small") => Ok(vec![daily("0.001")]),
            Some("wrong") => Ok(vec![daily("0")]),
            Some("down") => Err(ledger::Error::new(ledger::ErrorKind::Unavailable, "down")),
            _ => Ok(vec![]),
        }
    }
}

#[tokio::test]
async fn budgets_can_differ_from_caller_to_caller() {
    let setting = Setting::new();
    let budgets = setting.budgets([]).source(Tiers(AtomicUsize::new(0)));
    let client = setting.client(&[&Puppet::new("a")], budgets);
    client.chat_with(short(), &of("large")).await.unwrap();
    for (tenant, kind, code, wait) in [
        ("small", ErrorKind::BudgetExceeded, None, None),
        ("wrong", ErrorKind::Config, None, None),
        (
            "down",
            ErrorKind::BudgetExceeded,
            Some("ledger_unavailable"),
            Some(SECOND),
        ),
    ] {
        let error = client.chat_with(short(), &of(tenant)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code(), error.retry_after()),
            (kind, code, wait),
            "{tenant}"
        );
    }
    let control = CallOptions::default().caller(Caller::tenant("a\nb"));
    let error = client.chat_with(short(), &control).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}

#[test]
fn everything_that_is_wrong_with_budgets_is_told_at_once() {
    let setting = Setting::new();
    let budgets = setting
        .budgets([daily("0"), daily("1").offset(900), daily("1").alerts([0])])
        .lease(SECOND)
        .patience(Duration::ZERO)
        .output_tokens(0);
    let error = builder(&setting.clock)
        .provider(Puppet::new("a"), "m")
        .budgets(budgets)
        .build()
        .unwrap_err();
    for problem in [
        "above zero",
        "840 minutes",
        "100 percent",
        "lease",
        "patience",
        "one token",
    ] {
        assert!(error.to_string().contains(problem), "{problem}: {error}");
    }
}
