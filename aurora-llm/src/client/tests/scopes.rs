//! What a failure holds back: a key, a model, a key for a model, and nothing else.

use aurora_core::resilience::Breaker;

use super::*;

const HOUR: Duration = Duration::from_secs(3_600);

fn fails(kind: ErrorKind) -> Move {
    Move::Fails(Error::new(kind))
}

/// The keys that it was asked by, in order.
fn keys(puppet: &Puppet) -> Vec<usize> {
    puppet.calls.lock().unwrap().iter().map(|call| call.key).collect()
}

#[tokio::test]
async fn a_refused_key_is_left_alone_for_all_its_models() {
    let clock = ManualClock::default();
    let a = Puppet::new("a")
        .with_keys(2)
        .does([fails(ErrorKind::Authentication)]);
    let client = builder(&clock)
        .provider(a.clone(), "large")
        .provider(a.clone(), "small")
        .build()
        .unwrap();
    let ask = |model: &'static str| client.chat(ChatRequest::user("?").model(model));
    assert_eq!(ask("large").await.unwrap().attempts().len(), 2);
    let asked = keys(&a);
    let refused = asked[0];
    assert_eq!(asked.len(), 2);
    assert_ne!(asked[1], refused, "the other key answers");
    for _ in 0..5 {
        ask("large").await.unwrap();
        let answer = ask("small").await.unwrap();
        let skipped = |attempt: &Attempt| matches!(attempt.outcome, AttemptOutcome::Skipped { .. });
        for attempt in answer.attempts() {
            assert_eq!(skipped(attempt), attempt.key == refused, "{attempt:?}");
        }
    }
    assert!(keys(&a)[1..].iter().all(|key| *key != refused));
    let held = client.held();
    assert_eq!(held.len(), 1);
    assert_eq!(
        (held[0].key, held[0].model.as_deref(), held[0].state),
        (Some(refused), None, "refused")
    );
    assert_eq!(held[0].retry_after, Duration::from_secs(60));

    clock.advance(Duration::from_secs(60));
    for _ in 0..4 {
        ask("small").await.unwrap();
    }
    assert!(
        keys(&a)[12..].contains(&refused),
        "it is asked again after a while"
    );
    assert_eq!(client.held(), []);
}

#[tokio::test]
async fn a_model_that_a_caller_named_takes_nothing_away_from_others() {
    for kind in [
        ErrorKind::Permission,
        ErrorKind::ModelNotFound,
        ErrorKind::RegionBlocked,
    ] {
        let a = Puppet::new("a").does([fails(kind)]);
        let client = builder(&ManualClock::default())
            .target(LlmTarget::new(a.clone(), "m").serves("*"))
            .build()
            .unwrap();
        let ask = |model: &'static str| client.chat(ChatRequest::user("?").model(model));
        assert_eq!(ask("forbidden").await.unwrap_err().kind(), kind);
        for model in ["m", "other"] {
            assert_eq!(ask(model).await.unwrap().text(), "a", "{kind:?}");
        }
        let error = ask("forbidden").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::CircuitOpen);
        assert_eq!(error.retry_after(), Some(Duration::from_secs(60)));
        assert_eq!(
            a.asked(),
            ["forbidden", "m", "other"],
            "nothing was sent for it again"
        );
        assert_eq!(client.status()[0].state, "closed");
    }
}

#[tokio::test]
async fn one_overloaded_model_does_not_hold_the_others_back() {
    let clock = ManualClock::default();
    let a = Puppet::new("a")
        .does((0..9).map(|_| fails(ErrorKind::Timeout(crate::error::TimeoutStage::FirstToken))));
    let client = builder(&clock)
        .target(LlmTarget::new(a.clone(), "m").serves("*"))
        .breaker(Breaker::builder().consecutive(3))
        .retry(RetryPolicy::never().max_wait(Duration::ZERO))
        .build()
        .unwrap();
    let ask = |model: &'static str| client.chat(ChatRequest::user("?").model(model));
    for _ in 0..10 {
        ask("slow").await.unwrap_err();
    }
    assert_eq!(a.asked().len(), 3, "its circuit is open");
    assert_eq!(client.held()[0].state, "open");
    a.moves.lock().unwrap().clear();
    assert_eq!(ask("m").await.unwrap().text(), "a");

    clock.advance(Duration::from_secs(30));
    assert_eq!(
        ask("slow").await.unwrap().text(),
        "a",
        "a probe finds it well again"
    );
    assert_eq!(client.held(), []);
}

#[tokio::test]
async fn what_is_the_providers_own_fault_does_not_rotate_keys() {
    for kind in [ErrorKind::Overloaded, ErrorKind::ServerError, ErrorKind::Connect] {
        let a = Puppet::new("a").with_keys(3).does((0..9).map(|_| fails(kind)));
        let client = client_of([&a, &Puppet::new("b")]);
        assert_eq!(client.ask("?").await.unwrap().text(), "b");
        let asked = keys(&a);
        assert_eq!(
            asked.len(),
            3,
            "{kind:?}: the attempts at one target, whatever its keys"
        );
        assert!(asked.iter().all(|key| *key == asked[0]), "{kind:?}: {asked:?}");
    }
}

#[tokio::test]
async fn a_rate_limit_is_waited_for_only_where_no_other_key_is() {
    let busy = || Move::Fails(Error::new(ErrorKind::RateLimited).with_retry_after(HOUR));
    let a = Puppet::new("a").with_keys(2).does([busy()]);
    let client = client_of([&a]);
    for _ in 0..6 {
        assert_eq!(client.ask("?").await.unwrap().text(), "a");
    }
    let asked = keys(&a);
    assert_eq!(asked.len(), 7, "one refusal in all");
    assert!(asked[1..].iter().all(|key| *key != asked[0]), "{asked:?}");
    a.does([busy()]);
    let error = client.ask("?").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry_after()),
        (ErrorKind::RateLimited, Some(HOUR))
    );
}

#[tokio::test]
async fn models_that_somebody_makes_up_fill_no_memory_and_forget_no_key() {
    let clock = ManualClock::default();
    let a = Puppet::new("a")
        .with_keys(2)
        .does([fails(ErrorKind::QuotaExhausted)]);
    let client = builder(&clock)
        .target(LlmTarget::new(a.clone(), "m").serves("*"))
        .build()
        .unwrap();
    client.ask("?").await.unwrap();
    let used_up = keys(&a)[0];
    for number in 0..1_500 {
        a.clone().fails(ErrorKind::ModelNotFound);
        let named = ChatRequest::user("?").model(format!("made-up-{number}"));
        client.chat(named).await.unwrap_err();
        clock.advance(Duration::from_micros(1));
    }
    let held = client.held();
    assert_eq!(held.len(), 1_024);
    assert!(
        held.iter()
            .any(|held| held.key == Some(used_up) && held.model.is_none())
    );
    client.ask("?").await.unwrap();
    client.reset();
    assert_eq!(client.held(), []);
}

#[tokio::test]
async fn one_target_is_reset_and_others_stay_as_they_are() {
    let clock = ManualClock::default();
    let refused = || fails(ErrorKind::Authentication);
    let a = Puppet::new("a").with_keys(2).does([refused(), refused()]);
    let b = Puppet::new("b").does([refused()]);
    let client = builder(&clock)
        .target(LlmTarget::new(a.clone(), "m").name("first"))
        .target(LlmTarget::new(b.clone(), "m").name("second"))
        .build()
        .unwrap();
    client.ask("?").await.unwrap_err();
    assert_eq!(client.held().len(), 3);
    assert!(!client.reset_target("third"));
    assert_eq!(client.held().len(), 3);
    assert!(client.reset_target("first"), "with all of its keys");
    let held: Vec<String> = client
        .held()
        .iter()
        .map(|held| held.provider.to_string())
        .collect();
    assert_eq!(held, ["b"]);
    assert!(client.reset_target("first#2"), "as its status names it");
    assert_eq!(client.ask("?").await.unwrap().text(), "a");
}

#[tokio::test]
async fn nothing_is_kept_of_what_is_healthy() {
    let a = Puppet::new("a").with_keys(2);
    let client = builder(&ManualClock::default())
        .target(LlmTarget::new(a, "m").serves("*"))
        .build()
        .unwrap();
    for number in 0..50 {
        client
            .chat(ChatRequest::user("?").model(format!("x{number}")))
            .await
            .unwrap();
    }
    assert!(
        format!("{:?}", client.inner.health).contains("cells: 0"),
        "{:?}",
        client.inner.health
    );
}

#[tokio::test]
async fn a_fallback_fires_only_for_what_somebody_else_may_answer_better() {
    for (kind, falls_back) in [
        (ErrorKind::InvalidRequest, false),
        (ErrorKind::ContentFiltered, false),
        (ErrorKind::Cancelled, false),
        (ErrorKind::Malformed, true),
        (ErrorKind::Permission, true),
        (ErrorKind::RegionBlocked, true),
    ] {
        let a = Puppet::new("a").does([fails(kind), fails(kind)]);
        let outcome = client_of([&a, &Puppet::new("b")]).ask("?").await;
        assert_eq!(outcome.is_ok(), falls_back, "{kind:?}");
    }
    let a = Puppet::new("a").fails(ErrorKind::ContentFiltered);
    let client = builder(&ManualClock::default())
        .provider(a, "m")
        .provider(Puppet::new("b"), "m")
        .on_content_filter(crate::client::plan::OnContentFilter::NextTarget)
        .build()
        .unwrap();
    assert_eq!(client.ask("?").await.unwrap().text(), "b", "if told so");
}

mod scripts {
    use proptest::prelude::*;

    use super::*;

    fn kind() -> impl proptest::strategy::Strategy<Value = ErrorKind> {
        prop::sample::select(vec![
            ErrorKind::RateLimited,
            ErrorKind::QuotaExhausted,
            ErrorKind::Overloaded,
            ErrorKind::ServerError,
            ErrorKind::Connect,
            ErrorKind::StreamTruncated,
            ErrorKind::Malformed,
            ErrorKind::Authentication,
            ErrorKind::Permission,
            ErrorKind::ModelNotFound,
            ErrorKind::ContextOverflow,
            ErrorKind::InvalidRequest,
        ])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200))]
        #[test]
        fn no_script_of_failures_costs_more_than_the_budget_or_asks_who_is_held(
            targets in prop::collection::vec((1_usize..4, prop::collection::vec(prop::option::of(kind()), 0..12)), 1..5),
            calls in 1_usize..8,
        ) {
            let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
            let clock = ManualClock::default();
            let mut puppets = Vec::new();
            let mut clients = builder(&clock).retry(
                RetryPolicy::default().base(Duration::ZERO).throttle_base(Duration::ZERO).max_wait(Duration::ZERO),
            );
            for (at, (keys, script)) in targets.iter().enumerate() {
                let moves = script.iter().map(|step| match step {
                    Some(kind) => Move::Fails(Error::new(*kind)),
                    None => Move::Says("yes"),
                });
                let puppet = Puppet::new(&format!("p{at}")).with_keys(*keys).does(moves);
                clients = clients.provider(puppet.clone(), "m");
                puppets.push(puppet);
            }
            let client = clients.build().unwrap();
            let mut refused = std::collections::BTreeSet::new();
            for _ in 0..calls {
                let before: usize = puppets.iter().map(|puppet| puppet.asked().len()).sum();
                let outcome = runtime.block_on(client.ask("?"));
                let after: usize = puppets.iter().map(|puppet| puppet.asked().len()).sum();
                let attempts = match &outcome {
                    Ok(answer) => answer.attempts().to_vec(),
                    Err(error) => error.attempts().to_vec(),
                };
                let sent = attempts.iter().filter(|at| !matches!(at.outcome, AttemptOutcome::Skipped { .. }));
                prop_assert_eq!(after - before, sent.clone().count(), "the trail has every attempt");
                prop_assert!(after - before <= 16);
                let served = attempts.iter().filter(|at| at.outcome == AttemptOutcome::Served).count();
                prop_assert_eq!(served, usize::from(outcome.is_ok()));
                for attempt in sent {
                    let who = (attempt.provider.to_string(), attempt.key);
                    prop_assert!(!refused.contains(&who), "a held key was asked: {attempt:?}");
                    if let AttemptOutcome::Failed {
                        kind: ErrorKind::Authentication | ErrorKind::QuotaExhausted, ..
                    } = attempt.outcome {
                        refused.insert(who);
                    }
                }
            }
        }
    }
}
