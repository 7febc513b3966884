use super::*;

#[tokio::test]
async fn a_call_may_bypass_the_cache() {
    let faucet = Faucet::says(&["a"]);
    let setting = setting(&faucet);
    let options = of("t").cache(CacheMode::Bypass);
    assert_eq!(setting.ask(&options).await.cache(), CacheStatus::Bypassed);
    assert_eq!(setting.stream(&options).await.cache(), CacheStatus::Bypassed);
    assert_eq!((faucet.calls(), setting.shelf.len()), (2, 0));
}

#[tokio::test]
async fn a_refresh_asks_anew_and_replaces_what_is_kept() {
    let faucet = Faucet::says(&["old"]);
    let setting = setting(&faucet);
    setting.ask(&of("t")).await;
    faucet.flow().script = script(&["new"]);
    let fresh = setting.ask(&of("t").cache(CacheMode::Refresh)).await;
    assert_eq!((fresh.text().as_str(), fresh.cache()), ("new", CacheStatus::Miss));
    let kept = setting.ask(&of("t")).await;
    assert!(kept.cache().is_free());
    assert_eq!(kept.text(), "new");
}

#[tokio::test]
async fn only_what_is_kept_may_be_wanted() {
    let faucet = Faucet::says(&["a"]);
    let setting = setting(&faucet);
    let only = of("t").cache(CacheMode::Only);
    let error = setting.client.chat_with(question(), &only).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotCached);
    assert!(!error.is_retryable());
    let error = setting.client.stream_with(question(), &only).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotCached);
    setting.ask(&of("t")).await;
    assert!(setting.ask(&only).await.cache().is_free());
    assert_eq!(read(setting.stream(&only).await).await.unwrap(), script(&["a"]));
    // Nobody's answers, and no cache at all.
    let nobody = CallOptions::default().cache(CacheMode::Only);
    let error = setting.client.chat_with(question(), &nobody).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotCached);
    let bare = LlmClient::builder()
        .provider(faucet.clone(), "m")
        .build()
        .unwrap();
    let error = bare.chat_with(question(), &only).await.unwrap_err();
    assert_eq!((error.kind(), faucet.calls()), (ErrorKind::NotCached, 1));
}

#[tokio::test]
async fn repeatable_calls_alone_are_kept_when_that_is_wanted() {
    let faucet = Faucet::says(&["a"]);
    let setting = setting_with(&faucet, ResponseCache::repeatable_only);
    let options = of("t");
    let ask = async |request: ChatRequest, options: &CallOptions| {
        let answer = setting.client.chat_with(request, options).await.unwrap();
        answer.cache()
    };
    assert_eq!(ask(question(), &options).await, CacheStatus::Bypassed);
    assert_eq!(
        ask(question().temperature(0.7), &options).await,
        CacheStatus::Bypassed
    );
    assert_eq!(
        ask(question().temperature(0.0), &options).await,
        CacheStatus::Miss
    );
    assert!(ask(question().temperature(0.0), &options).await.is_free());
    let wanted = options.cache(CacheMode::Use);
    assert_eq!(ask(question(), &wanted).await, CacheStatus::Miss);
    assert!(ask(question(), &wanted).await.is_free());
}

#[tokio::test]
async fn a_call_may_say_how_long_its_answer_is_kept() {
    let faucet = Faucet::says(&["a"]);
    let setting = setting(&faucet);
    let hour = Duration::from_secs(3_600);
    setting.ask(&of("a")).await;
    setting
        .ask(&of("b").cache(CacheOptions::default().ttl(hour * 2)))
        .await;
    setting
        .ask(&of("c").cache(CacheOptions::default().ttl(Duration::ZERO)))
        .await;
    setting
        .ask(&of("d").cache(CacheOptions::default().ttl(Duration::MAX)))
        .await;
    assert_eq!(
        setting.shelf.ttls(),
        [hour, hour * 2, aurora_core::cache::MAX_TTL]
    );
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let cache = ResponseCache::new(Shelf::default())
        .ttl(Duration::ZERO)
        .max_entry_bytes(9 << 20)
        .patience(Duration::from_secs(60))
        .flights(0);
    let built = LlmClient::builder()
        .provider(Faucet::says(&[]), "m")
        .cache(cache)
        .build();
    let told = built.unwrap_err().to_string();
    for setting in ["ttl", "max_entry_bytes", "patience", "flights"] {
        assert!(told.contains(&format!("the cache's {setting} must be")), "{told}");
    }
}
