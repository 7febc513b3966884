//! Limits for a login, plans per key, a trial limit, a token budget, and what happens while the shared store is away.
//!
//! Everything stays in this process: no key, no network. `cargo run --example rate_limits`

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use aurora::core::resilience::Deadline;
use aurora::core::resilience::limiter::{
    Adjustment, Counts, Error, ErrorKind, Headers, Limiter, MemoryLimiter, Outage, Policies, Policy,
    RateLimiter, Subject, Verdict,
};
use aurora::core::time::{ManualClock, SystemClock};

#[tokio::main]
async fn main() -> Result<(), Error> {
    login().await?;
    plans().await?;
    trial().await?;
    tokens().await?;
    outage().await
}

fn show(what: &str, verdict: &Verdict) {
    let answer = if verdict.is_allowed() { "passes" } else { "refused" };
    let violated: Vec<_> = verdict.violated().collect();
    println!(
        "  {what:<22} {answer:<8} {} left {}",
        verdict.remaining(),
        violated.join(", ")
    );
}

/// 5 a minute and 100 an hour: both let it pass, or none counts it.
async fn login() -> Result<(), Error> {
    println!("A login, 5 a minute and 100 an hour, by account and network:");
    // A clock that the example moves, in place of waiting.
    let clock = ManualClock::default();
    let limiter = Limiter::builder(MemoryLimiter::builder().clock(clock.clone()).build()?).build()?;
    let policies = Policies::new([Policy::per_minute("auth", 5), Policy::per_hour("auth-h", 100)])?;
    let who = Subject::new("login")
        .principal("ana@example.org")
        .ip([203, 0, 113, 9].into());
    for attempt in 1..=6 {
        let verdict = limiter.check(&who, &policies, 1).await;
        show(&format!("attempt {attempt}"), &verdict);
        if attempt == 1 || attempt == 6 {
            let headers = Headers::of(&verdict).into_iter();
            for (name, value) in headers.flat_map(|headers| headers.fields().collect::<Vec<_>>()) {
                println!("      {name}: {value}");
            }
        }
        clock.advance(Duration::from_secs(4));
    }
    clock.advance(Duration::from_secs(37));
    show("37 seconds later", &limiter.check(&who, &policies, 1).await);
    Ok(())
}

/// Every request brings the policies of its key.
async fn plans() -> Result<(), Error> {
    println!("\nPlans by key, and one that is changed while it is used:");
    let limiter = Limiter::in_process();
    let free = Policies::new([Policy::per_hour("api", 1_000)])?;
    let paid = Policies::new([Policy::per_hour("api", 50_000)])?;
    let (ana, rui) = (
        Subject::new("api").principal("key_ana"),
        Subject::new("api").principal("key_rui"),
    );
    show("rui pays", &limiter.check(&rui, &paid, 1).await);
    show("ana does not", &limiter.check(&ana, &free, 750).await);
    show("now she does", &limiter.check(&ana, &paid, 1).await);
    println!("  (three quarters were used, and a quarter of the larger quota is left)");
    Ok(())
}

/// What a limit would do, before it does it.
async fn trial() -> Result<(), Error> {
    println!("\nA trial of 2 an hour beside the real 4:");
    let limiter = Limiter::in_process();
    let policies = Policies::new([Policy::per_hour("real", 4), Policy::per_hour("trial", 2).shadow()])?;
    for request in 1..=5 {
        let verdict = limiter.check(&Subject::new("export"), &policies, 1).await;
        show(&format!("request {request}"), &verdict);
        for name in verdict.shadow_violated() {
            println!("      {name} would have refused it");
        }
    }
    Ok(())
}

/// An upper bound is taken before, and what was not used comes back.
async fn tokens() -> Result<(), Error> {
    println!("\nA model with 60 requests and 90,000 tokens a minute:");
    let limiter = Limiter::in_process();
    let policies = Policies::new([
        Policy::per_minute("requests", 60).counts(Counts::Requests),
        Policy::per_minute("tokens", 90_000),
    ])?;
    let model = Subject::new("model").principal("gpt-large");
    let soon = Deadline::after(&SystemClock, Duration::from_secs(1));
    let mut reservation = limiter.reserve(&model, &policies, 60_000, soon).await?;
    let left = |verdict: &Verdict| verdict.states().nth(1).map_or(0, |state| state.remaining);
    println!(
        "  60,000 are reserved, {} are left",
        left(&limiter.peek(&model, &policies).await)
    );
    if let Err(error) = limiter.reserve(&model, &policies, 60_000, soon).await {
        println!(
            "  another 60,000 within a second: {error}, free in {:.0?}",
            error.retry_after().unwrap_or_default()
        );
    }
    reservation.spend();
    reservation.settle(2_000).await;
    println!(
        "  2,000 were used, {} are left",
        left(&limiter.peek(&model, &policies).await)
    );
    Ok(())
}

/// Stands for a shared store that goes away.
#[derive(Debug, Clone, Default)]
struct Shared {
    store: MemoryLimiter,
    is_away: Arc<AtomicBool>,
}

impl Shared {
    fn answers(&self) -> Result<(), Error> {
        if self.is_away.load(Ordering::Relaxed) {
            return Err(Error::new(ErrorKind::Unavailable));
        }
        Ok(())
    }
}

#[async_trait]
impl RateLimiter for Shared {
    async fn check(&self, subject: &Subject, policies: &Policies, cost: u32) -> Result<Verdict, Error> {
        self.answers()?;
        Ok(self.store.check(subject, policies, cost))
    }

    async fn adjust(&self, adjustment: &Adjustment) -> Result<(), Error> {
        self.answers()?;
        self.store.adjust(adjustment);
        Ok(())
    }
}

async fn outage() -> Result<(), Error> {
    println!("\nThe shared store goes away; there are 4 replicas, and the limit is 20 a minute:");
    let shared = Shared::default();
    let api = Limiter::builder(shared.clone())
        .outage(Outage::Local { replicas: 4 })
        .build()?;
    let auth = Limiter::builder(shared.clone()).outage(Outage::Deny).build()?;
    let policies = Policies::new([Policy::per_minute("api", 20)])?;
    let who = Subject::new("api").principal("usr_17");
    show("with the store", &api.check(&who, &policies, 1).await);
    shared.is_away.store(true, Ordering::Relaxed);
    let mut passed = 0;
    let mut degraded = 0;
    for _ in 0..20 {
        let verdict = api.check(&who, &policies, 1).await;
        passed += u32::from(verdict.is_allowed());
        degraded += u32::from(verdict.is_degraded());
    }
    println!(
        "  without it, {passed} of 20 pass here, a quarter of the limit; {degraded} verdicts are degraded"
    );
    show(
        "a login, without",
        &auth.check(&Subject::new("login"), &policies, 1).await,
    );
    shared.is_away.store(false, Ordering::Relaxed);
    show("the store is back", &api.check(&who, &policies, 1).await);
    Ok(())
}
