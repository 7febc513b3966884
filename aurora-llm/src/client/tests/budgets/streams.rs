use super::*;

fn spoken(words: &str) -> Vec<StreamEvent> {
    vec![start(), StreamEvent::Usage(Usage::new(1_000, 1)), text(words)]
}

#[tokio::test]
async fn a_stream_is_booked_at_its_end() {
    let setting = Setting::new();
    let client = setting.client(&[&Puppet::new("a")], setting.budgets([daily("1")]));
    let mut stream = client.stream_with(short(), &of("t")).await.unwrap();
    assert!(
        setting.stands(&daily("1"), "t").await.1 > NanoUsd::ZERO,
        "held while it is read"
    );
    while let Some(event) = stream.next().await {
        event.unwrap();
    }
    drop(stream);
    flushed(&client).await;
    assert_eq!(
        setting.stands(&daily("1"), "t").await,
        (usd("0.0105"), NanoUsd::ZERO)
    );
    assert!(!setting.entries("t").await[0].estimated);
}

/// One whose models say all that they think.
const OPEN: Capabilities = Capabilities {
    reasoning: false,
    ..Capabilities::ALL
};

#[tokio::test]
async fn a_cancelled_stream_is_billed_for_what_it_used() {
    // 400 bytes are about 100 tokens, and more than the one that was reported so far. What was thought unseen nobody
    // knows: a hard budget counts all that was asked for.
    for (capabilities, budget, output) in [
        (OPEN, daily("1"), 100),
        (Capabilities::ALL, daily("1"), 500),
        (Capabilities::ALL, daily("1").soft(), 100),
    ] {
        let setting = Setting::new();
        let words = "word".repeat(100);
        let a = Puppet::new("a").can(capabilities);
        let a = a.does([Move::StreamsAndStalls(spoken(&words))]);
        let client = setting.client(&[&a], setting.budgets([budget.clone()]));
        let mut stream = client.stream_with(short(), &of("t")).await.unwrap();
        for _ in 0..3 {
            stream.next().await.unwrap().unwrap();
        }
        drop(stream);
        flushed(&client).await;
        let expected = usd("3").per_million(1_000) + usd("15").per_million(output);
        assert_eq!(setting.stands(&budget, "t").await, (expected, NanoUsd::ZERO));
        let entries = setting.entries("t").await;
        assert_eq!(entries.len(), 1);
        assert!(entries[0].estimated);
        assert_eq!(
            (entries[0].tokens.input, entries[0].tokens.output),
            (1_000, output)
        );
    }
}

#[tokio::test]
async fn of_an_answer_that_nobody_saw_a_hard_budget_counts_all_that_was_reserved() {
    let late = || Error::new(ErrorKind::Timeout(crate::error::TimeoutStage::Total)).without_retry();
    for (moves, streams) in [
        (Move::Hangs, false),
        (Move::Hangs, true),
        (Move::Fails(late()), false),
    ] {
        let setting = Setting::new();
        let client = setting.client(&[&Puppet::new("a").does([moves])], setting.budgets([daily("1")]));
        let options = of("t");
        {
            let call = async {
                if streams {
                    client.stream_with(short(), &options).await.map(drop)
                } else {
                    client.chat_with(short(), &options).await.map(drop)
                }
            };
            let call = std::pin::pin!(call);
            assert!(!matches!(futures::poll!(call), std::task::Poll::Ready(Ok(()))));
        }
        flushed(&client).await;
        let entries = setting.entries("t").await;
        assert_eq!(entries.len(), 1);
        assert_eq!((entries[0].estimated, entries[0].tokens.output), (true, 500));
        // Figures and hexadecimal words are a token for each byte or two: four bytes a token are no bound.
        let input = crate::tokens::upper_bound(&short());
        assert_eq!(entries[0].tokens.input, input);
        let all = usd("3").per_million(input) + usd("15").per_million(500);
        assert_eq!(setting.stands(&daily("1"), "t").await, (all, NanoUsd::ZERO));
    }
}

#[tokio::test]
async fn without_a_hard_budget_what_nobody_saw_is_booked_by_its_usual_size() {
    let setting = Setting::new();
    let a = Puppet::new("a").does([Move::Hangs]);
    let client = setting.client(&[&a], setting.budgets([daily("1").soft()]));
    let options = of("t");
    {
        let call = std::pin::pin!(client.chat_with(short(), &options));
        assert!(futures::poll!(call).is_pending());
    }
    flushed(&client).await;
    let input = crate::tokens::upper_bound(&short()).div_ceil(4);
    assert_eq!(setting.entries("t").await[0].tokens.input, input);
}

#[tokio::test]
async fn what_no_price_covers_no_hard_budget_lets_pass() {
    let setting = Setting::new();
    let mut dear = short();
    let options = dear.options.entry("openai_chat".to_owned()).or_default();
    options.insert("service_tier".to_owned(), "priority".into());
    let a = Puppet::new("a");
    let client = setting.client(&[&a], setting.budgets([daily("1")]));
    let error = client.chat_with(dear.clone(), &of("t")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(error.provider_message().unwrap().contains("service_tier"));
    assert!(a.asked().is_empty());
    let soft = setting.client(&[&a], setting.budgets([daily("1").soft()]));
    soft.chat_with(dear, &of("t")).await.unwrap();
    // Nor a length that would stand in place of the one that is reserved.
    let mut long = short();
    let options = long.options.entry("gemini".to_owned()).or_default();
    options.insert(
        "generationConfig".to_owned(),
        serde_json::json!({"maxOutputTokens": 9_000}),
    );
    let error = client.chat_with(long, &of("t")).await.unwrap_err();
    assert!(
        error
            .provider_message()
            .unwrap()
            .contains("`generationConfig.maxOutputTokens`")
    );
}

#[tokio::test]
async fn a_stream_that_breaks_is_billed_for_what_it_used() {
    let setting = Setting::new();
    let mut items: Vec<_> = spoken(&"word".repeat(10)).into_iter().map(Ok).collect();
    items.push(Err(Error::new(ErrorKind::StreamTruncated)));
    let a = Puppet::new("a").can(OPEN).does([Move::Streams(items)]);
    let client = setting.client(&[&a], setting.budgets([daily("1")]));
    let stream = client.stream_with(short(), &of("t")).await.unwrap();
    stream.collect_answer().await.unwrap_err();
    flushed(&client).await;
    let expected = usd("3").per_million(1_000) + usd("15").per_million(10);
    assert_eq!(setting.stands(&daily("1"), "t").await, (expected, NanoUsd::ZERO));
    assert!(setting.entries("t").await[0].estimated);
}

#[tokio::test]
async fn each_part_of_a_continued_answer_is_booked_where_it_was_made() {
    let setting = Setting::new();
    let mut items: Vec<_> = spoken("Once upon a time there was").into_iter().map(Ok).collect();
    items.push(Err(Error::new(ErrorKind::StreamTruncated)));
    let a = Puppet::new("a").does([Move::Streams(items)]);
    let client = builder(&setting.clock)
        .target(LlmTarget::new(a, "m").price(price()))
        .target(LlmTarget::new(Puppet::new("b"), "m").price(price()))
        .budgets(setting.budgets([daily("1")]))
        .continuation(Continuation::Continue)
        .build()
        .unwrap();
    let stream = client.stream_with(short(), &of("t")).await.unwrap();
    stream.collect_answer().await.unwrap();
    flushed(&client).await;
    let mut entries = setting.entries("t").await;
    entries.sort_by_key(|entry| entry.provider.clone());
    let told: Vec<_> = entries
        .iter()
        .map(|entry| (&*entry.provider, entry.estimated))
        .collect();
    assert_eq!(told, [("a", true), ("b", false)]);
    assert_eq!(entries[1].cost, Cost::Priced(usd("0.0105")));
    assert_eq!(setting.stands(&daily("1"), "t").await.1, NanoUsd::ZERO);
}

/// Polls a whole call so many times and drops it: whatever was held is free again, and what was used is booked.
#[tokio::test]
async fn a_call_that_is_dropped_anywhere_leaves_nothing_held() {
    for polls in 0..12 {
        for streams in [false, true] {
            let setting = Setting::new();
            let a = Puppet::new("a").fails(ErrorKind::Overloaded).does([
                Move::Fails(Error::new(ErrorKind::Timeout(crate::error::TimeoutStage::Idle))),
                Move::Hangs,
            ]);
            let b = Puppet::new("b").does([Move::StreamsAndStalls(spoken("words"))]);
            let slow = Slow(setting.ledger.clone());
            let budgets = Budgets::new(slow).budget(daily("1"));
            let client = setting.client(&[&a, &b], budgets);
            let options = of("t");
            {
                let work = async {
                    if streams {
                        let mut stream = client.stream_with(short(), &options).await.unwrap();
                        while let Some(event) = stream.next().await {
                            event.unwrap();
                        }
                    } else {
                        drop(client.chat_with(short(), &options).await);
                    }
                };
                tokio::pin!(work);
                for _ in 0..polls {
                    if futures::poll!(work.as_mut()).is_ready() {
                        break;
                    }
                }
            }
            flushed(&client).await;
            let (_, held) = setting.stands(&daily("1"), "t").await;
            assert_eq!(held, NanoUsd::ZERO, "after {polls} polls");
            let ids: std::collections::BTreeSet<_> =
                setting.entries("t").await.iter().map(|entry| entry.id).collect();
            assert_eq!(
                ids.len(),
                setting.entries("t").await.len(),
                "nothing is booked twice"
            );
        }
    }
}

#[tokio::test]
async fn a_long_stream_keeps_its_reservation() {
    let setting = Setting::new();
    let a = Puppet::new("a").does([Move::StreamsAndStalls(spoken("word"))]);
    let lease = Duration::from_secs(30);
    let client = builder(&setting.clock)
        .idle_timeout(Duration::from_secs(500))
        .target(LlmTarget::new(a, "m").price(price()))
        .budgets(setting.budgets([daily("1")]).lease(lease))
        .build()
        .unwrap();
    let mut stream = client.stream_with(short(), &of("t")).await.unwrap();
    for _ in 0..3 {
        stream.next().await.unwrap().unwrap();
    }
    for _ in 0..10 {
        assert!(futures::poll!(stream.next()).is_pending());
        setting.clock.advance(lease / 3);
        assert!(futures::poll!(stream.next()).is_pending());
        assert!(setting.stands(&daily("1"), "t").await.1 > NanoUsd::ZERO);
    }
    // Whoever does not read does not renew.
    setting.clock.advance(lease);
    assert_eq!(setting.stands(&daily("1"), "t").await.1, NanoUsd::ZERO);
    drop(stream);
    flushed(&client).await;
    assert!(
        setting.stands(&daily("1"), "t").await.0 > NanoUsd::ZERO,
        "and is booked all the same"
    );
}
