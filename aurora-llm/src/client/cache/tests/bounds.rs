use super::*;

/// Complaint 16: memory that grows with the number of requests.
#[cfg(feature = "memory")]
#[tokio::test]
async fn a_hundred_thousand_requests_keep_their_bounds() {
    let capacity = 1 << 20;
    let store = aurora_core::cache::MemoryCache::builder()
        .capacity(capacity)
        .build();
    let client = LlmClient::builder()
        .provider(Faucet::says(&["an", " answer"]), "m")
        .cache(ResponseCache::new(store.clone()))
        .build()
        .unwrap();
    for n in 0..100_000 {
        let request = ChatRequest::user(n.to_string());
        let tenant = of(if n % 2 == 0 { "a" } else { "b" });
        drop(client.chat_with(request, &tenant).await.unwrap());
        if n % 10_000 == 0 {
            assert_eq!(client.inner.cache.as_ref().unwrap().under_way(), 0);
        }
    }
    assert_eq!(client.inner.cache.as_ref().unwrap().under_way(), 0);
    let size = store.size().await;
    assert!(0 < size && size <= capacity as u64, "{size}");
}

#[tokio::test]
async fn calls_above_the_number_of_flights_are_answered_each_by_itself() {
    let faucet = Faucet::says(&["a"]).closed();
    let setting = setting_with(&faucet, |cache| cache.flights(3));
    let options: Vec<_> = (0..10).map(|n| of(&format!("t{}", n % 5))).collect();
    let calls = futures::future::join_all(options.iter().map(|options| setting.ask(options)));
    tokio::pin!(calls);
    assert!(futures::poll!(&mut calls).is_pending());
    // Of five tenants three have a flight, the two calls of each of the others go alone.
    assert_eq!((setting.under_way(), faucet.calls()), (3, 3 + 4));
    faucet.release_all();
    assert_eq!(calls.await.len(), 10);
    assert_eq!(setting.under_way(), 0);
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off_for_all() {
    let faucet = Faucet::says(&[]);
    {
        let mut flow = faucet.flow();
        let pings = std::iter::repeat_n(StreamEvent::Ping, 1_000);
        let piece = "a".repeat(1 << 20);
        flow.script = script(&[]);
        flow.script.splice(
            1..1,
            (0..20).map(|_| StreamEvent::Text(piece.clone())).chain(pings),
        );
        flow.released = flow.script.len();
    }
    let setting = setting(&faucet);
    let options = of("t");
    let ask = async || read(setting.stream(&options).await).await;
    let (one, two) = futures::future::join(ask(), ask()).await;
    assert_eq!(one.unwrap_err().kind(), ErrorKind::Malformed);
    assert_eq!(two.unwrap_err().kind(), ErrorKind::Malformed);
}

#[tokio::test]
async fn signs_of_life_do_not_add_up() {
    let faucet = Faucet::says(&[]);
    {
        let mut flow = faucet.flow();
        flow.script = script(&["a"]);
        flow.script
            .splice(2..2, std::iter::repeat_n(StreamEvent::Ping, 100_000));
        flow.released = flow.script.len();
    }
    let setting = setting(&faucet);
    assert_eq!(
        read(setting.stream(&of("t")).await).await.unwrap(),
        script(&["a"])
    );
}
