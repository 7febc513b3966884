use std::collections::BTreeMap;

use super::*;

/// What each of `count` callers gets who all ask the same at once, every other one as `is_stream` says.
async fn crowd(
    setting: &Setting,
    count: usize,
    is_stream: impl Fn(usize) -> bool,
) -> BTreeMap<String, usize> {
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..count {
        let (client, is_stream) = (setting.client.clone(), is_stream(n));
        tasks.spawn(async move {
            let options = of("t");
            if is_stream {
                let stream = client.stream_with(question(), &options).await.unwrap();
                let status = stream.cache();
                // Event by event where the first one asked for a stream, in one piece where he did not.
                let whole = entry::collected(&read(stream).await.unwrap()).unwrap();
                assert_eq!(whole.text().len(), 200);
                status
            } else {
                let answer = client.chat_with(question(), &options).await.unwrap();
                assert_eq!(answer.text().len(), 200);
                answer.cache()
            }
        });
    }
    while setting.faucet.calls() == 0 {
        tokio::task::yield_now().await;
    }
    // What they share comes bit by bit.
    let faucet = setting.faucet.clone();
    tasks.spawn(async move {
        for _ in 0..102 {
            faucet.release(1);
            tokio::task::yield_now().await;
        }
        CacheStatus::Bypassed
    });
    let mut statuses = BTreeMap::new();
    while let Some(status) = tasks.join_next().await {
        *statuses.entry(status.unwrap().as_str().to_owned()).or_insert(0) += 1;
    }
    statuses.remove("bypassed");
    statuses
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_identical_calls_ask_once() {
    let words = ["ab"; 100];
    for form in 0..3 {
        let faucet = Faucet::says(&words).closed();
        let setting = setting(&faucet);
        let statuses = crowd(&setting, 1_000, |n| match form {
            0 => true,
            1 => false,
            _ => n % 2 == 0,
        })
        .await;
        assert_eq!((faucet.calls(), faucet.open(), setting.under_way()), (1, 0, 0));
        assert_eq!(statuses.get("miss"), Some(&1), "one pays: {statuses:?}");
        assert_eq!(statuses.values().sum::<usize>(), 1_000);
        assert_eq!(setting.shelf.len(), 1);
    }
}

#[tokio::test]
async fn whoever_shares_pays_nothing_and_sees_what_it_saved() {
    let faucet = Faucet::says(&["a"]).closed();
    let setting = setting(&faucet);
    let (one, two) = (of("t"), of("t"));
    let calls = futures::future::join(setting.ask(&one), setting.ask(&two));
    tokio::pin!(calls);
    assert!(futures::poll!(&mut calls).is_pending());
    faucet.release_all();
    let (paid, shared) = calls.await;
    assert_eq!((paid.cost(), paid.saved_cost()), (dollars("1"), dollars("0")));
    assert_eq!((shared.cost(), shared.saved_cost()), (dollars("0"), dollars("1")));
    assert_eq!((paid.attempts().len(), shared.attempts().len()), (1, 0));
    assert_eq!(shared.response(), paid.response());
}

#[tokio::test]
async fn late_joiners_hear_everything_from_the_first_word_on() {
    let faucet = Faucet::says(&["a", "b", "c"]).closed();
    let setting = setting(&faucet);
    faucet.release(3);
    let mut first = setting.stream(&of("t")).await;
    for expected in &script(&["a", "b", "c"])[..3] {
        assert_eq!(&first.next().await.unwrap().unwrap(), expected);
    }
    let late = setting.stream(&of("t")).await;
    assert_eq!(late.cache(), CacheStatus::Shared);
    faucet.release_all();
    assert_eq!(read(late).await.unwrap(), script(&["a", "b", "c"]));
    assert_eq!(read(first).await.unwrap().len(), 2);
    assert_eq!(faucet.calls(), 1);
}

#[tokio::test]
async fn a_slow_reader_holds_nobody_back() {
    let words = ["x"; 500];
    let faucet = Faucet::says(&words).closed();
    let setting = setting(&faucet);
    faucet.release(2);
    // He leads, he has waited once, and then he turns to something else and stays.
    let mut slow = setting.stream(&of("t")).await;
    slow.next().await.unwrap().unwrap();
    slow.next().await.unwrap().unwrap();
    assert!(futures::poll!(slow.next()).is_pending());
    let fast = setting.stream(&of("t")).await;
    let reading = tokio::spawn(read(fast));
    for _ in 0..500 {
        tokio::task::yield_now().await;
        faucet.release(1);
    }
    let events = tokio::time::timeout(Duration::from_secs(20), reading)
        .await
        .unwrap()
        .unwrap()
        .unwrap();
    assert_eq!(events.len(), 502);
    assert_eq!(
        faucet.open(),
        0,
        "the call has ended although one has not read it"
    );
    assert_eq!(setting.ask(&of("t")).await.text().len(), 500);
    let rest = read(slow).await.unwrap();
    assert_eq!((rest.len(), faucet.calls()), (500, 1));
}

#[tokio::test]
async fn a_leaving_leader_is_replaced() {
    for leads_as_stream in [true, false] {
        let faucet = Faucet::says(&["a", "b", "c"]).closed();
        let setting = setting(&faucet);
        let options = of("t");
        let leader: std::pin::Pin<Box<dyn Future<Output = ()>>> = if leads_as_stream {
            Box::pin(async { drop(read(setting.stream(&options).await).await) })
        } else {
            Box::pin(async { drop(setting.ask(&options).await) })
        };
        let mut leader = leader;
        assert!(futures::poll!(&mut leader).is_pending());
        faucet.release(2);
        assert!(futures::poll!(&mut leader).is_pending());
        let mut whole = std::pin::pin!(setting.ask(&options));
        let mut stream = std::pin::pin!(async { read(setting.stream(&options).await).await.unwrap() });
        assert!(futures::poll!(&mut whole).is_pending());
        assert!(futures::poll!(&mut stream).is_pending());
        drop(leader);
        assert_eq!((faucet.calls(), faucet.open()), (1, 1), "the others still read");
        faucet.release_all();
        assert_eq!(whole.await.text(), "abc");
        let events = stream.await;
        assert_eq!(
            crate::client::cache::entry::collected(&events).unwrap().text(),
            "abc"
        );
        assert_eq!(
            (faucet.calls(), setting.shelf.len(), setting.under_way()),
            (1, 1, 0)
        );
    }
}

#[tokio::test]
async fn when_all_have_left_the_call_is_closed() {
    let faucet = Faucet::says(&["a", "b"]).closed();
    let setting = setting(&faucet);
    faucet.release(2);
    let one = setting.stream(&of("t")).await;
    let two = setting.stream(&of("t")).await;
    drop(one);
    assert_eq!((faucet.open(), setting.under_way()), (1, 1));
    drop(two);
    assert_eq!((faucet.open(), setting.under_way()), (0, 0));
    assert_eq!(setting.shelf.len(), 0);
    faucet.release_all();
    assert_eq!(setting.ask(&of("t")).await.cache(), CacheStatus::Miss);
}

#[tokio::test]
async fn an_error_reaches_all_who_waited() {
    let faucet = Faucet::says(&["a", "b"])
        .closed()
        .fails(2, ErrorKind::ContentFiltered);
    let setting = setting(&faucet);
    let options = of("t");
    let ask = async || {
        let stream = setting.client.stream_with(question(), &options).await?;
        read(stream).await
    };
    let calls = futures::future::join_all((0..5).map(|_| ask()));
    tokio::pin!(calls);
    assert!(futures::poll!(&mut calls).is_pending());
    faucet.release_all();
    for (n, outcome) in calls.await.into_iter().enumerate() {
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ContentFiltered);
        assert_eq!(error.provider().map(ProviderId::as_str), Some("faucet"));
        assert_eq!(
            error.partial().map(crate::chat::Message::text).as_deref(),
            Some("a")
        );
        assert_eq!(error.attempts().len(), usize::from(n == 0), "only one has paid");
    }
    assert_eq!((faucet.calls(), setting.under_way()), (1, 0));
}

#[tokio::test]
async fn a_failure_before_the_first_word_is_not_tried_again_by_each() {
    let faucet = Faucet::says(&["a"]).closed().fails(1, ErrorKind::ServerError);
    let setting = setting(&faucet);
    let (options, failing) = (of("t"), std::cell::Cell::new(0));
    let calls = futures::future::join_all((0..100).map(|n| {
        let (setting, options, failing) = (&setting, &options, &failing);
        async move {
            let outcome = match n % 2 {
                0 => setting.client.chat_with(question(), options).await.map(drop),
                _ => setting.client.stream_with(question(), options).await.map(drop),
            };
            assert_eq!(outcome.unwrap_err().kind(), ErrorKind::ServerError);
            failing.set(failing.get() + 1);
        }
    }));
    tokio::pin!(calls);
    assert!(futures::poll!(&mut calls).is_pending());
    faucet.release_all();
    calls.await;
    assert_eq!((failing.get(), faucet.calls()), (100, 1));
}

/// The first one's budget says nothing about the others: they go on, one after the other.
#[tokio::test]
async fn a_budget_that_is_used_up_is_that_of_the_one_who_asked() {
    let faucet = Faucet::says(&["a"])
        .closed()
        .fails(1, ErrorKind::BudgetExceeded)
        .fails(1, ErrorKind::BudgetExceeded);
    let setting = setting(&faucet);
    let options = of("t");
    let ask = || setting.client.chat_with(question(), &options);
    let calls = futures::future::join_all((0..20).map(|_| ask()));
    tokio::pin!(calls);
    assert!(futures::poll!(&mut calls).is_pending());
    faucet.release_all();
    let (fine, refused): (Vec<_>, Vec<_>) = calls.await.into_iter().partition(Result::is_ok);
    assert_eq!((fine.len(), refused.len(), faucet.calls()), (18, 2, 3));
}

#[tokio::test]
async fn every_caller_has_a_deadline_of_his_own() {
    let faucet = Faucet::says(&["a"]).closed();
    let setting = setting(&faucet);
    let in_seconds = |seconds| {
        let deadline = aurora_core::resilience::Deadline::after(&setting.clock, Duration::from_secs(seconds));
        of("t").deadline(deadline)
    };
    let (short, long, none) = (in_seconds(5), in_seconds(50), of("t"));
    let mut short = std::pin::pin!(setting.client.stream_with(question(), &short));
    let mut long = std::pin::pin!(setting.client.stream_with(question(), &long));
    let mut none = std::pin::pin!(setting.client.chat_with(question(), &none));
    assert!(futures::poll!(&mut short).is_pending());
    assert!(futures::poll!(&mut long).is_pending());
    assert!(futures::poll!(&mut none).is_pending());
    setting.clock.advance(Duration::from_secs(5));
    let error = short.await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Timeout(crate::error::TimeoutStage::Total)
    );
    faucet.release(2);
    let mut stream = long.await.unwrap();
    stream.next().await.unwrap().unwrap();
    stream.next().await.unwrap().unwrap();
    setting.clock.advance(Duration::from_secs(45));
    let error = stream.next().await.unwrap().unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Timeout(crate::error::TimeoutStage::Total)
    );
    assert!(stream.next().await.is_none());
    faucet.release_all();
    assert_eq!(none.await.unwrap().text(), "a");
    assert_eq!(faucet.calls(), 1);
}

#[tokio::test]
async fn calls_need_not_share() {
    let faucet = Faucet::says(&["a"]).closed();
    let setting = setting_with(&faucet, |cache| cache.single_flight(false));
    let options = of("t");
    let calls = futures::future::join(setting.ask(&options), setting.ask(&options));
    tokio::pin!(calls);
    assert!(futures::poll!(&mut calls).is_pending());
    assert_eq!((faucet.calls(), setting.under_way()), (2, 0));
    faucet.release_all();
    calls.await;
    assert!(setting.ask(&options).await.cache().is_free());
}

/// A provider that panics takes nobody with it but the one who polled.
#[tokio::test]
async fn a_panic_ends_the_flight_for_all() {
    #[derive(Debug)]
    struct Bomb(Faucet);
    #[async_trait]
    impl LlmProvider for Bomb {
        fn id(&self) -> &ProviderId {
            self.0.id()
        }
        fn kind(&self) -> &'static str {
            "bomb"
        }
        fn capabilities(&self, _: &str) -> Capabilities {
            Capabilities::ALL
        }
        async fn chat(&self, call: &Call) -> Result<ChatResponse, Error> {
            self.0.chat(call).await?;
            panic!("as the test wants it")
        }
        async fn chat_stream(&self, _: &Call) -> Result<ChatStream, Error> {
            unreachable!("asked as a whole")
        }
    }
    let faucet = Faucet::says(&["a"]).closed();
    let client = LlmClient::builder()
        .provider(Bomb(faucet.clone()), "m")
        .cache(ResponseCache::new(Shelf::default()))
        .build()
        .unwrap();
    let calls: Vec<_> = (0..3)
        .map(|_| {
            let client = client.clone();
            tokio::spawn(async move { client.chat_with(question(), &of("t")).await.map(|_| ()) })
        })
        .collect();
    while faucet.calls() == 0 {
        tokio::task::yield_now().await;
    }
    tokio::task::yield_now().await;
    faucet.release_all();
    let outcomes = futures::future::join_all(calls).await;
    let panicked = outcomes.iter().filter(|outcome| outcome.is_err()).count();
    let told = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Ok(Err(error)) if error.kind() == ErrorKind::Malformed));
    assert_eq!((panicked, told.count(), faucet.calls()), (1, 2, 1));
    assert_eq!(client.inner.cache.as_ref().unwrap().under_way(), 0);
}
