//! What is held before an attempt, and what becomes of it.

use super::*;

#[tokio::test]
async fn an_attempt_that_was_not_billed_gives_its_cover_to_the_next() {
    let setting = Setting::new();
    let a = Puppet::new("a").fails(ErrorKind::Authentication);
    let b = Puppet::new("b");
    let client = setting.client(&[&a, &b], setting.budgets([daily("0.012")]));
    assert_eq!(client.chat_with(short(), &of("t")).await.unwrap().text(), "b");
    flushed(&client).await;
    assert_eq!(
        setting.stands(&daily("1"), "t").await,
        (usd("0.0105"), NanoUsd::ZERO)
    );
    // When nobody answers, nothing is held or spent.
    let a = Puppet::new("a").fails(ErrorKind::Authentication);
    let client = setting.client(&[&a], setting.budgets([daily("0.012")]));
    client.chat_with(short(), &of("u")).await.unwrap_err();
    flushed(&client).await;
    assert_eq!(
        setting.stands(&daily("1"), "u").await,
        (NanoUsd::ZERO, NanoUsd::ZERO)
    );
}

#[tokio::test]
async fn an_attempt_that_may_be_billed_is_booked_and_the_next_needs_a_cover_of_its_own() {
    let broken = || Error::new(ErrorKind::Malformed).with_usage(Usage::new(1_000, 200));
    let (one, two) = (usd("0.006"), usd("0.0105"));
    for (limit, served) in [("0.012", false), ("1", true)] {
        let setting = Setting::new();
        let a = Puppet::new("a").does([Move::Fails(broken().without_retry())]);
        let b = Puppet::new("b");
        let client = setting.client(&[&a, &b], setting.budgets([daily(limit)]));
        let outcome = client.chat_with(short(), &of("t")).await;
        flushed(&client).await;
        let (spent, held) = setting.stands(&daily(limit), "t").await;
        assert_eq!(held, NanoUsd::ZERO);
        if served {
            assert_eq!(outcome.unwrap().text(), "b");
            assert_eq!(spent, one + two, "both attempts");
            assert_eq!(setting.entries("t").await.len(), 2);
        } else {
            assert_eq!(outcome.unwrap_err().kind(), ErrorKind::BudgetExceeded);
            assert_eq!((spent, b.asked().len()), (one, 0));
        }
    }
}

#[tokio::test]
async fn a_request_that_does_not_say_is_made_to_say_how_long_its_answer_may_be() {
    let setting = Setting::new();
    let known = Capabilities {
        max_output_tokens: Some(600),
        ..Capabilities::ALL
    };
    let asked = |puppet: &Puppet| puppet.calls.lock().unwrap().last().unwrap().request.max_tokens;
    for (puppet, cap, sent, held) in [
        (Puppet::new("a"), None, Some(4_096), 4_096),
        (Puppet::new("a"), Some(300), Some(300), 300),
        (Puppet::new("a").can(known), None, None, 600),
        (Puppet::new("a").can(known), Some(300), Some(300), 300),
        (Puppet::new("a").can(known), Some(900), None, 600),
    ] {
        let budgets = setting.budgets([daily("1")]);
        let budgets = match cap {
            Some(cap) => budgets.output_tokens(cap),
            None => budgets,
        };
        let puppet = puppet.does([Move::Hangs]);
        let client = setting.client(&[&puppet], budgets);
        let options = of("t");
        let call = client.chat_with(ChatRequest::user("?"), &options);
        assert!(futures::poll!(std::pin::pin!(call)).is_pending());
        assert_eq!(asked(&puppet), sent);
        // While it was under way, input and output were held, each at its dearest.
        flushed(&client).await;
        let bound = crate::tokens::upper_bound(&ChatRequest::user("?"));
        let expected = usd("3").per_million(bound) + usd("15").per_million(held);
        let (_, nothing) = setting.stands(&daily("1"), "t").await;
        assert_eq!(nothing, NanoUsd::ZERO, "the call is gone");
        let probe = Puppet::new("a").can(puppet.capabilities).does([Move::Hangs]);
        let mut budgets = setting.budgets([daily("1")]);
        if let Some(cap) = cap {
            budgets = budgets.output_tokens(cap);
        }
        let client = setting.client(&[&probe], budgets);
        let call = client.chat_with(ChatRequest::user("?"), &options);
        tokio::pin!(call);
        assert!(futures::poll!(call.as_mut()).is_pending());
        assert_eq!(setting.stands(&daily("1"), "t").await.1, expected);
    }
    // Without a hard budget nobody's answer is cut.
    let puppet = Puppet::new("a");
    let client = setting.client(&[&puppet], setting.budgets([daily("1").soft()]));
    client.chat_with(ChatRequest::user("?"), &of("t")).await.unwrap();
    assert_eq!(asked(&puppet), None);
}

#[tokio::test]
async fn what_has_no_price_is_not_covered_unless_told() {
    let setting = Setting::new();
    let (dear, free) = (Puppet::new("dear"), Puppet::new("free"));
    let client = |policy, both: bool| {
        let mut with = builder(&setting.clock)
            .prices(PriceBook::empty())
            .target(LlmTarget::new(free.clone(), "m"));
        if both {
            with = with.target(LlmTarget::new(dear.clone(), "m").price(price()));
        }
        let budgets = setting.budgets([daily("1")]).unpriced(policy);
        with.budgets(budgets).build().unwrap()
    };
    let error = client(Unpriced::Refuse, false)
        .chat_with(short(), &of("t"))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::BudgetExceeded, Some("unpriced"))
    );
    let answer = client(Unpriced::Refuse, true)
        .chat_with(short(), &of("t"))
        .await
        .unwrap();
    assert_eq!(answer.text(), "dear", "only who has a price is asked");
    let answer = client(Unpriced::Allow, true)
        .chat_with(short(), &of("t"))
        .await
        .unwrap();
    assert_eq!((answer.text().as_str(), answer.cost()), ("free", Cost::Unpriced));
    assert_eq!(setting.stands(&daily("1"), "t").await.0, usd("0.0105"));
    let unpriced = setting.entries("t").await;
    assert_eq!(
        unpriced
            .iter()
            .filter(|entry| entry.cost == Cost::Unpriced)
            .count(),
        1
    );
}
