//! A cache in this process before one in Redis, and values that are loaded once however many ask.
//!
//! `cargo run --example tiered_cache` runs without Redis and shows what is left of the two tiers then;
//! `cargo run --example tiered_cache -- redis://127.0.0.1` uses the server at that address.

use std::error::Error;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use aurora::core::cache::{ReadThrough, Scope, Served, TieredCache};
use aurora::core::redis::Redis;
use aurora::core::secret::Secret;
use aurora::core::time::ManualClock;

/// A slow source that counts how often it is asked, and is down at times.
#[derive(Clone, Default)]
struct Source {
    asked: Arc<AtomicU32>,
}

impl Source {
    async fn company(self, cnpj: &'static str, is_up: bool) -> Result<Option<String>, io::Error> {
        let times = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        tokio::task::yield_now().await;
        match cnpj {
            _ if !is_up => Err(io::Error::other("the source is down")),
            "11222333000181" => Ok(Some(format!("PADARIA AURORA LTDA (answer {times})"))),
            _ => Ok(None),
        }
    }
}

fn show(what: &str, served: &Served<String>) {
    let value = served.value().map_or("no such company", String::as_str);
    println!("{what:<34} {value:<36} {}", served.cache_status("aurora"));
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let url = std::env::args()
        .nth(1)
        .unwrap_or_else(|| "redis://127.0.0.1:1".to_owned());
    let redis = Redis::builder(&Secret::new(url))
        .prefix("example")
        .connect_timeout(Duration::from_millis(200))
        .connect()
        .await?;
    let clock = ManualClock::default();
    let tiers = TieredCache::builder(&redis)
        .near_ttl(Duration::from_secs(3_600))
        .clock(clock.clone())
        .build()?;
    let companies: ReadThrough<String> = ReadThrough::builder(tiers.clone(), "company", 1)
        .fresh_for(Duration::from_secs(60))
        .stale_for(Duration::from_secs(600))
        .negative_for(Duration::from_secs(10))
        .jitter(0.0)
        .clock(clock.clone())
        .build()?;

    let (tenant, source) = (Scope::tenant("wsp_17"), Source::default());
    let ask = |cnpj: &'static str, is_up: bool| {
        let source = source.clone();
        companies.get(&tenant, cnpj, move || source.company(cnpj, is_up))
    };
    companies.forget(&tenant, "11222333000181").await?;

    // A thousand callers, one load.
    let callers = futures::future::join_all((0..1_000).map(|_| ask("11222333000181", true))).await;
    let served = callers.into_iter().next().ok_or("nobody asked")??;
    show("a thousand ask at once", &served);
    println!(
        "{:<34} {} time(s)",
        "the source was asked",
        source.asked.load(Ordering::SeqCst)
    );

    show("another asks", &ask("11222333000181", true).await?);
    show("there is no such company", &ask("00000000000191", true).await?);
    show("and that is remembered", &ask("00000000000191", true).await?);

    // Past its time the value is served at once; the refresh behind it fails, and it is served still.
    clock.advance(Duration::from_secs(90));
    show(
        "stale, and the source is down",
        &ask("11222333000181", false).await?,
    );
    while companies.loading() > 0 {
        tokio::task::yield_now().await;
    }
    show("stale still", &ask("11222333000181", true).await?);
    while companies.loading() > 0 {
        tokio::task::yield_now().await;
    }
    show(
        "refreshed behind the last answer",
        &ask("11222333000181", true).await?,
    );

    let status = tiers.status();
    println!(
        "redis: connected {}, circuit {}, hears other replicas {}, {} question(s) unanswered",
        status.connected,
        status.circuit.as_str(),
        status.listening,
        status.far_failures,
    );
    Ok(())
}
