//! Three sources of exchange rates behind one call: an outage, its end found by a health check, and the statistics.
//!
//! Nothing is sent anywhere: the sources are closures, and time is moved by hand. `cargo run --example fallback_manager`

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aurora::core::failure::{Failure, FailureClass};
use aurora::core::fallback::{Attempt, Checks, Error, Fallback, Operation, Served, Target};
use aurora::core::resilience::{Breaker, RetryPolicy};
use aurora::core::time::ManualClock;

/// What the sources can answer instead of a rate. The class is all that retry, circuit and fallback need to know.
#[derive(Debug)]
struct SourceDown;

impl std::fmt::Display for SourceDown {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the source is down")
    }
}

impl std::error::Error for SourceDown {}

impl Failure for SourceDown {
    fn class(&self) -> FailureClass {
        FailureClass::Transient
    }
}

type Source = Operation<f64, SourceDown>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let clock = ManualClock::default();
    let main_is_down = Arc::new(AtomicBool::new(false));

    // A check asks the target itself; it could as well ask for a cheaper page of it.
    let checks =
        Checks::new(|attempt: Attempt<Source>| async move { attempt.payload().ask().await.map(drop) });
    let rates = Fallback::builder()
        .retry(RetryPolicy::default().attempts(2).base(Duration::ZERO))
        .breaker(
            Breaker::builder()
                .consecutive(3)
                .open_for(Duration::from_secs(60), Duration::from_secs(300)),
        )
        .checks(checks.thresholds(1, 1))
        .clock(clock.clone())
        .build()?;

    let down = Arc::clone(&main_is_down);
    rates.register(Target::calling("rates-main", move || {
        let down = down.load(Ordering::Relaxed);
        async move { if down { Err(SourceDown) } else { Ok(5.4321) } }
    }))?;
    rates.register(Target::calling("rates-backup", async || Ok(5.43)).priority(2))?;
    rates.register(Target::calling("rates-of-yesterday", async || Ok(5.4)).priority(3))?;

    println!("Everything works:");
    ask(&rates).await;

    println!("The main source goes down. It is tried twice a call, until its circuit opens:");
    main_is_down.store(true, Ordering::Relaxed);
    for _ in 0..3 {
        ask(&rates).await;
    }

    println!("It is back. Nobody would ask it for a minute, but the health check does:");
    main_is_down.store(false, Ordering::Relaxed);
    for report in rates.check_now().await {
        println!(
            "  {} is {}",
            report.target,
            if report.well { "well" } else { "not well" }
        );
    }
    ask(&rates).await;

    println!("One operation for the source that is named, another for the rest:");
    main_is_down.store(true, Ordering::Relaxed);
    let answer = rates
        .execute_with_fallback(
            "rates-main",
            async || Err(SourceDown),
            async || Ok::<f64, SourceDown>(5.0),
        )
        .await;
    println!("  {answer:?}");

    println!("The statistics, as /api/fallback would show them:");
    let statistics = rates.statistics();
    println!(
        "  {} calls, {} served, {} of them not by the first source",
        statistics.calls, statistics.served, statistics.fallbacks
    );
    for target in &statistics.targets {
        println!(
            "  {:<18} {:<9} {} served, {} failed, {} times passed over, {} calls taken over",
            target.name, target.state, target.served, target.failed, target.skipped, target.fallbacks_to
        );
    }
    rates.reset();
    println!("After a reset: {} calls.", rates.statistics().calls);
    Ok(())
}

async fn ask(rates: &Fallback<Source>) {
    match rates
        .call()
        .run(|attempt| async move { attempt.payload().ask().await })
        .await
    {
        Ok(served) => {
            let (target, tried) = (served.target().to_owned(), served.attempts().len());
            println!(
                "  {:.4} from {target}, {tried} in the trail",
                Served::into_value(served)
            );
        }
        Err(exhausted) => println!("  {exhausted}"),
    }
}
