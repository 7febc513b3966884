use std::collections::BTreeMap;

use super::*;

fn quiet<T>(clock: &ManualClock) -> FallbackBuilder<T> {
    Fallback::builder()
        .retry(RetryPolicy::never())
        .clock(clock.clone())
        .random(Random::seeded(7))
}

/// How often each target is the first to be asked in `calls` calls that are all answered.
async fn firsts<T: Send + Sync>(fallback: &Fallback<T>, calls: u32) -> BTreeMap<String, u32> {
    let mut counts = BTreeMap::new();
    for _ in 0..calls {
        let (asked, _) = ask(fallback, &[]).await;
        *counts.entry(asked[0].clone()).or_default() += 1;
    }
    counts
}

#[tokio::test]
async fn the_preferred_target_is_tried_first_and_then_the_others() {
    let fallback = three(&ManualClock::default())
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let asked = Mutex::new(Vec::new());
    let down = |attempt: Attempt<&'static str>| {
        asked.lock().unwrap().push(attempt.name().to_owned());
        std::future::ready(Err::<(), _>(failed(FailureClass::Transient)))
    };
    fallback.call().prefer("b").run(&down).await.unwrap_err();
    fallback.call().prefer("nobody").run(&down).await.unwrap_err();
    assert_eq!(asked.into_inner().unwrap(), ["b", "a", "c", "a", "b", "c"]);
}

#[tokio::test]
async fn one_operation_for_the_named_target_and_one_for_all_others() {
    let fallback = three(&ManualClock::default())
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let (mut mains, mut others) = (0, 0);
    let main = || {
        mains += 1;
        std::future::ready(Err(failed(FailureClass::Transient)))
    };
    let other = || {
        others += 1;
        async { Ok("from another") }
    };
    let answer = fallback.execute_with_fallback("c", main, other).await;
    assert_eq!((answer.unwrap(), mains, others), ("from another", 1, 1));
    let statistics = fallback.statistics();
    assert_eq!(
        (
            statistics.targets[2].fallbacks_from,
            statistics.targets[0].fallbacks_to
        ),
        (1, 1)
    );
    assert_eq!(statistics.fallbacks, 1);
}

#[tokio::test]
async fn weights_share_the_calls_of_one_priority_and_repeat_exactly() {
    let run = || async {
        let fallback = quiet(&ManualClock::default())
            .target(Target::new("three", ()).weight(3))
            .target(Target::new("one", ()).weight(1))
            .target(Target::new("never first", ()).weight(0))
            .target(Target::new("spare", ()).priority(2).weight(100))
            .selection(Weighted)
            .build()
            .unwrap();
        firsts(&fallback, 4_000).await
    };
    let counts = run().await;
    assert_eq!(counts.len(), 2, "{counts:?}");
    assert!(
        (2_880..=3_120).contains(&counts["three"]),
        "3,000 ± 4 standard deviations: {counts:?}"
    );
    assert_eq!(counts, run().await, "the same seed, the same choices");
}

#[tokio::test]
async fn the_cheapest_is_tried_first_and_unknown_costs_last() {
    let fallback = quiet(&ManualClock::default())
        .target(Target::new("unknown", ()))
        .target(Target::new("dear", ()).cost(30))
        .target(Target::new("cheap", ()).cost(2))
        .target(Target::new("free but spare", ()).cost(0).priority(2))
        .selection(LowestCost)
        .build()
        .unwrap();
    let down = ["cheap", "dear"].map(|name| (name, failed(FailureClass::Transient)));
    assert_eq!(ask(&fallback, &down).await.0, ["cheap", "dear", "unknown"]);
}

#[tokio::test]
async fn faster_targets_get_more_calls_and_the_slowest_is_looked_at_again() {
    let clock = ManualClock::default();
    let mut builder = quiet(&clock).selection(LowestLatency);
    for ms in [20_u64, 200, 400, 600] {
        builder = builder.target(Target::new(format!("{ms} ms"), ms));
    }
    let fallback = builder.build().unwrap();
    let mut asked = BTreeMap::<_, u32>::new();
    for call in 0..400 {
        let name = fallback.execute(|attempt| {
            clock.advance(Duration::from_millis(*attempt.payload()));
            std::future::ready(Ok::<_, Failed>(attempt.name().to_owned()))
        });
        let name = name.await.unwrap();
        if call < 4 {
            assert_eq!(asked.get(&name), None, "who is not known yet is tried first");
        }
        *asked.entry(name).or_default() += 1;
    }
    // The better of two drawn from four: the best one at every other call, the worst only while it is not known.
    let shares = ["20 ms", "200 ms", "400 ms", "600 ms"].map(|name| asked[name]);
    assert!(shares.is_sorted_by(|more, fewer| more > fewer), "{asked:?}");
    assert!(
        (160..=240).contains(&shares[0]) && (3..40).contains(&shares[3]),
        "{asked:?}"
    );
}

#[tokio::test]
async fn calls_under_way_count_so_that_nobody_is_buried() {
    let clock = ManualClock::default();
    let fallback = quiet(&clock)
        .target(Target::new("a", 100_u64))
        .target(Target::new("b", 150))
        .selection(LowestLatency)
        .build()
        .unwrap();
    for _ in 0..2 {
        let took = fallback.execute(|attempt| {
            clock.advance(Duration::from_millis(*attempt.payload()));
            std::future::ready(Ok::<_, Failed>(()))
        });
        took.await.unwrap();
    }
    let mut open = Vec::new();
    for _ in 0..10 {
        let served = fallback
            .call()
            .run(|_| std::future::ready(Ok::<_, Failed>(())))
            .await
            .unwrap();
        open.push(served.into_parts());
    }
    let under_way: Vec<_> = fallback.status().iter().map(|status| status.in_flight).collect();
    assert_eq!(under_way, [6, 4], "in inverse proportion to their latencies");
}

#[tokio::test]
async fn the_healthiest_is_tried_first_whatever_its_priority() {
    let fallback = three(&ManualClock::default())
        .retry(RetryPolicy::never())
        .selection(HealthiestFirst)
        .build()
        .unwrap();
    assert_eq!(ask(&fallback, &[]).await.0, ["a"]);
    let failing = [("a", failed(FailureClass::Transient))];
    for _ in 0..2 {
        ask(&fallback, &failing).await.1.unwrap();
    }
    assert_eq!(
        ask(&fallback, &failing).await.0,
        ["b"],
        "a failed two of three calls"
    );
    fallback.reset_target("a").unwrap();
    assert_eq!(ask(&fallback, &[]).await.0, ["a"]);
}

#[tokio::test]
async fn a_selection_of_ones_own_may_leave_targets_out() {
    #[derive(Debug)]
    struct LastOnly;
    impl Selection for LastOnly {
        fn order(&self, candidates: &mut Vec<Candidate<'_>>, _: &Random) {
            candidates.retain(|candidate| candidate.name() == "c");
        }
    }
    let fallback = three(&ManualClock::default())
        .selection(LastOnly)
        .build()
        .unwrap();
    assert_eq!(
        ask(&fallback, &[("c", failed(FailureClass::Credential))]).await.0,
        ["c"]
    );
}

#[tokio::test]
async fn the_last_resort_is_one_probe_at_the_target_that_is_back_soonest() {
    let (short, long) = (Duration::from_secs(20), Duration::from_secs(30));
    for on in [false, true] {
        let clock = ManualClock::default();
        let fallback = three(&clock)
            .retry(RetryPolicy::never())
            .breaker(Breaker::builder().consecutive(1).open_for(long, long))
            .last_resort(on)
            .build()
            .unwrap();
        let down = ["a", "b", "c"].map(|name| (name, failed(FailureClass::Transient)));
        ask(&fallback, &down[..1]).await.1.unwrap();
        clock.advance(short);
        ask(&fallback, &down).await.1.unwrap_err();
        let (asked, outcome) = ask(&fallback, &[]).await;
        let expected: &[&str] = if on { &["a"] } else { &[] };
        assert_eq!(
            (asked, outcome.is_ok()),
            (expected.iter().map(|name| (*name).to_owned()).collect(), on)
        );
        assert_eq!(fallback.status()[0].state, if on { "closed" } else { "open" });
    }
}

#[tokio::test]
async fn the_last_resort_asks_nobody_who_refused_us_or_asked_to_be_left_alone() {
    let fallback = three(&ManualClock::default()).last_resort(true).build().unwrap();
    let busy = Failed {
        class: FailureClass::Throttled,
        asked: Some(Duration::from_secs(600)),
    };
    let refused = [
        ("a", failed(FailureClass::Credential)),
        ("b", busy),
        ("c", failed(FailureClass::Credential)),
    ];
    ask(&fallback, &refused).await.1.unwrap_err();
    assert!(ask(&fallback, &[]).await.0.is_empty());
}

#[tokio::test]
async fn the_last_resort_is_the_next_when_the_nearest_asked_to_be_left_alone() {
    let (clock, long) = (ManualClock::default(), Duration::from_secs(300));
    let fallback = Fallback::builder()
        .target(Target::new("a", ()))
        .target(Target::new("b", ()))
        .retry(RetryPolicy::never())
        .breaker(Breaker::builder().consecutive(1).open_for(long, long))
        .clock(clock.clone())
        .random(Random::seeded(1))
        .last_resort(true)
        .build()
        .unwrap();
    let busy = Failed {
        class: FailureClass::Transient,
        asked: Some(Duration::from_secs(200)),
    };
    ask(&fallback, &[("a", busy)]).await.1.unwrap();
    clock.advance(Duration::from_secs(100));
    ask(&fallback, &[("b", failed(FailureClass::Transient))])
        .await
        .1
        .unwrap_err();
    assert_eq!(ask(&fallback, &[]).await.0, ["b"]);
}

#[tokio::test]
async fn a_retry_leaves_an_attempt_for_everybody_who_was_not_asked_yet() {
    for (targets, answers) in [(7, true), (16, true), (17, false)] {
        let mut builder = quiet(&ManualClock::default()).retry(RetryPolicy::default().base(Duration::ZERO));
        for n in 0..targets {
            builder = builder.target(Target::new(format!("{n:02}"), n));
        }
        let fallback = builder.build().unwrap();
        let outcome = fallback.execute(|attempt| {
            let last = *attempt.payload() == targets - 1;
            std::future::ready(if last {
                Ok(())
            } else {
                Err(failed(FailureClass::Transient))
            })
        });
        assert_eq!(outcome.await.is_ok(), answers, "{targets} targets");
    }
}

/// Turns the order round by what it says of each target for one call.
#[derive(Debug)]
struct LastFirst;

impl Selection for LastFirst {
    fn order(&self, candidates: &mut Vec<Candidate<'_>>, random: &Random) {
        for candidate in candidates.iter_mut() {
            candidate.set_cost(Some(10 - candidate.place() as u64));
            candidate.set_priority(1);
        }
        LowestCost.order(candidates, random);
    }
}

#[tokio::test]
async fn one_call_may_have_a_selection_of_its_own() {
    let fallback = three(&ManualClock::default())
        .retry(RetryPolicy::never())
        .build()
        .unwrap();
    let asked = Mutex::new(Vec::new());
    let down = |attempt: Attempt<&'static str>| {
        asked.lock().unwrap().push(attempt.name().to_owned());
        std::future::ready(Err::<(), _>(failed(FailureClass::Transient)))
    };
    fallback
        .call()
        .selection(&LastFirst)
        .run(&down)
        .await
        .unwrap_err();
    fallback.call().run(&down).await.unwrap_err();
    let asked = asked.into_inner().unwrap();
    let (own, usual) = asked.split_at(3);
    assert!(own.iter().eq(usual.iter().rev()), "{own:?} {usual:?}");
}
