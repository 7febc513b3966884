//! Whenever a call is dropped, nothing of it is left under way.

use aurora_core::money::NanoUsd;
use aurora_core::resilience::Hedge;
use futures::future::BoxFuture;

use super::*;
use crate::client::limits::{Limits, Weight};
use crate::ledger::{Budget, BudgetScope, Budgets, Ledger as _, MemoryLedger, Period};
use crate::pricing::Price;

/// Two targets that take 3 s, each with room for one call, hedged after 1 s, within a budget.
struct Setting {
    clock: ManualClock,
    ledger: MemoryLedger,
    budget: Budget,
    client: LlmClient,
    puppets: [Puppet; 2],
}

impl Setting {
    fn new(first: impl Fn(&ManualClock) -> Move) -> Self {
        let clock = ManualClock::default();
        let ledger = MemoryLedger::new().clock(clock.clone());
        let budget = Budget::cost(BudgetScope::Tenant, Period::Day, "1".parse().unwrap());
        let price = Price::per_million("3".parse().unwrap(), "15".parse().unwrap());
        let limits = Limits::default()
            .concurrency(1)
            .requests_per_minute(100)
            .tokens_per_minute(100_000);
        let b = vec![(3 * SECOND, start()), (SECOND, text("b")), (SECOND, finish())];
        let puppets = [
            Puppet::new("a").does([first(&clock)]),
            Puppet::new("b").does([Move::Dribbles(clock.clone(), b)]),
        ];
        let with = puppets.iter().fold(builder(&clock), |builder, puppet| {
            builder.target(LlmTarget::new(puppet.clone(), "m").price(price).limits(limits))
        });
        let client = with
            .hedge(Hedge::default().hedgeable().after(SECOND).max_extra_load(100))
            .continuation(Continuation::Continue)
            .budgets(Budgets::new(ledger.clone()).budget(budget.clone()))
            .build()
            .unwrap();
        Self {
            clock,
            ledger,
            budget,
            client,
            puppets,
        }
    }

    async fn is_at_rest(&self, context: &str) {
        for status in self.client.status() {
            assert_eq!(status.in_flight, 0, "{context}");
        }
        for member in self.client.inner.routes.members() {
            let gauge = self.client.inner.gauges.of(member).unwrap();
            let taken = gauge.try_take(Weight::default(), &Arc::from("t")).await;
            assert!(taken.is_ok(), "{context}: {} has no room", member.name());
        }
        assert_eq!(self.client.flush(SECOND).await, 0, "{context}");
        let caller = Caller::tenant("t");
        let account = self.budget.account(&caller, "m", self.clock.now()).unwrap();
        let standings = self.ledger.standings(&[account]).await.unwrap();
        assert_eq!(standings[0].reserved.cost, NanoUsd::ZERO, "{context}");
        assert_eq!(self.clock.sleepers(), 0, "{context}");
    }
}

async fn whole(client: &LlmClient) -> Result<(), Error> {
    let options = CallOptions::default().caller(Caller::tenant("t"));
    client.chat_with(ChatRequest::user("?"), &options).await.map(drop)
}

async fn streamed(client: &LlmClient) -> Result<(), Error> {
    let options = CallOptions::default().caller(Caller::tenant("t"));
    let mut stream = client.stream_with(ChatRequest::user("?"), &options).await?;
    while let Some(event) = stream.next().await {
        event?;
    }
    Ok(())
}

#[tokio::test]
async fn a_call_dropped_at_any_moment_leaves_nothing_under_way() {
    type Script = fn(&ManualClock) -> Move;
    let slow: Script = |clock| {
        let events = [(3 * SECOND, start()), (2 * SECOND, text("a")), (SECOND, finish())];
        Move::Dribbles(clock.clone(), events.into())
    };
    let cut: Script = |_| {
        Move::Streams(vec![
            Ok(start()),
            Ok(text("Half ")),
            Err(Error::new(ErrorKind::Overloaded)),
        ])
    };
    let hangs: Script = |_| Move::Hangs;
    let mut both = 0;
    for (name, script, streaming) in [
        ("slow", slow, true),
        ("cut", cut, true),
        ("hangs", hangs, true),
        ("whole", hangs, false),
    ] {
        let mut ended = false;
        for polls in 0..60 {
            let setting = Setting::new(script);
            {
                let mut call: BoxFuture<'_, _> = if streaming {
                    Box::pin(streamed(&setting.client))
                } else {
                    Box::pin(whole(&setting.client))
                };
                for _ in 0..polls {
                    ended = futures::poll!(&mut call).is_ready();
                    if ended {
                        break;
                    }
                    tokio::task::yield_now().await;
                    setting.clock.advance(Duration::from_millis(400));
                }
            }
            both += usize::from(setting.puppets.iter().all(|puppet| !puppet.asked().is_empty()));
            setting.is_at_rest(&format!("{name} after {polls}")).await;
            if ended {
                break;
            }
        }
        assert!(ended, "{name} came to its end");
    }
    assert!(both > 10, "most of them were made twice");
}
