use super::*;

#[tokio::test]
async fn a_cached_answer_never_crosses_tenants() {
    let (long, longer) = ("x".repeat(5_000), "x".repeat(5_001));
    // Ids that a key could be confused by, and pairs that differ where a careless key would cut or join them.
    let hostile = [
        "wsp_1",
        "wsp_2",
        "wsp:1",
        "wsp",
        "*",
        "a:b",
        "a",
        ":",
        "a:",
        "WSP_1",
        "h.",
        "h.x",
        " ",
        "\0",
        "\n",
        "ü",
        "wsp_1/usr",
        &long,
        &longer,
        "..",
        "%",
        "wsp_1:llm.answer:1:x",
    ];
    let faucet = Faucet::says(&["It is."]);
    let setting = setting(&faucet);
    let mut asked = 0;
    for tenant in hostile {
        let first = setting.ask(&of(tenant)).await;
        asked += 1;
        assert_eq!(first.cache(), CacheStatus::Miss, "{tenant:?}");
        assert_eq!(faucet.calls(), asked, "{tenant:?} got another's answer");
        let second = setting.ask(&of(tenant)).await;
        assert!(matches!(second.cache(), CacheStatus::Hit { .. }), "{tenant:?}");
        assert_eq!(faucet.calls(), asked);
    }
    assert_eq!(setting.shelf.len(), hostile.len());
}

#[tokio::test]
async fn calls_under_way_are_not_shared_across_tenants() {
    let faucet = Faucet::says(&["a"]).closed();
    let setting = setting(&faucet);
    let one = of("t1");
    let two = of("t2");
    let calls = futures::future::join(setting.ask(&one), setting.ask(&two));
    tokio::pin!(calls);
    assert!(futures::poll!(&mut calls).is_pending());
    assert_eq!((faucet.calls(), setting.under_way()), (2, 2));
    faucet.release_all();
    let (one, two) = calls.await;
    assert_eq!((one.cache(), two.cache()), (CacheStatus::Miss, CacheStatus::Miss));
}

/// Whatever a store hands back for a key: an answer says whose it is.
#[tokio::test]
async fn a_store_that_mixes_up_its_keys_is_found_out() {
    let faucet = Faucet::says(&["secret"]);
    let setting = setting(&faucet);
    setting.ask(&of("t1")).await;
    setting.ask(&of("t2")).await;
    {
        let mut entries = setting.shelf.0.entries.lock().unwrap();
        let of_one = entries.values().next().unwrap().clone();
        entries.values_mut().for_each(|entry| *entry = of_one.clone());
    }
    let statuses = [
        setting.ask(&of("t1")).await.cache(),
        setting.ask(&of("t2")).await.cache(),
    ];
    let hits = statuses.iter().filter(|status| status.is_free()).count();
    assert_eq!(hits, 1, "{statuses:?}");
}

#[tokio::test]
async fn without_a_tenant_nothing_is_kept_or_shared() {
    let faucet = Faucet::says(&["a"]);
    let setting = setting(&faucet);
    for options in [CallOptions::default(), of("")] {
        for _ in 0..2 {
            let answer = setting.ask(&options).await;
            assert_eq!(answer.cache(), CacheStatus::Bypassed);
            assert_eq!(answer.cost(), dollars("1"));
        }
    }
    assert_eq!((faucet.calls(), setting.shelf.len()), (4, 0));
}

#[tokio::test]
async fn calls_without_a_tenant_share_when_they_are_told_to() {
    let faucet = Faucet::says(&["a"]);
    let setting = setting_with(&faucet, ResponseCache::without_tenant);
    setting.ask(&CallOptions::default()).await;
    assert!(setting.ask(&CallOptions::default()).await.cache().is_free());
    assert_eq!(setting.ask(&of("t1")).await.cache(), CacheStatus::Miss);
    assert_eq!(setting.ask(&of("")).await.cache(), CacheStatus::Bypassed);
    assert_eq!(setting.ask(&of("*")).await.cache(), CacheStatus::Miss);
}

#[tokio::test]
async fn users_of_a_tenant_are_apart_when_that_is_wanted() {
    let faucet = Faucet::says(&["a"]);
    let by = |tenant: &str, user: &str| CallOptions::default().caller(Caller::tenant(tenant).user(user));
    let together = setting(&faucet);
    together.ask(&by("t", "one")).await;
    assert!(together.ask(&by("t", "two")).await.cache().is_free());

    let apart = setting_with(&faucet, ResponseCache::per_user);
    for (tenant, user) in [("t", "one"), ("t", "two"), ("tone", ""), ("t2", "one")] {
        let expected = if user.is_empty() {
            CacheStatus::Bypassed
        } else {
            CacheStatus::Miss
        };
        assert_eq!(apart.ask(&by(tenant, user)).await.cache(), expected);
    }
    assert!(apart.ask(&by("t", "one")).await.cache().is_free());
    assert_eq!(apart.ask(&of("t")).await.cache(), CacheStatus::Bypassed);
}

#[tokio::test]
async fn two_clients_with_one_store_do_not_mix_up_their_models() {
    let shelf = Shelf::default();
    let client = |model: &str| {
        LlmClient::builder()
            .provider(Faucet::says(&["a"]), model)
            .alias("fast", [format!("faucet/{model}")])
            .cache(ResponseCache::new(shelf.clone()))
            .build()
            .unwrap()
    };
    let (small, large) = (client("small"), client("large"));
    let fast = || question().model("fast");
    small.chat_with(fast(), &of("t")).await.unwrap();
    let answer = large.chat_with(fast(), &of("t")).await.unwrap();
    assert_eq!(answer.cache(), CacheStatus::Miss);
    let again = client("small").chat_with(fast(), &of("t")).await.unwrap();
    assert!(again.cache().is_free(), "a client of the same targets is as good");
}

/// What a tenant is called may be seen by whoever can list keys; what he asked may not.
#[tokio::test]
async fn keys_tell_nothing_of_the_question() {
    let faucet = Faucet::says(&["a"]);
    let setting = setting(&faucet);
    setting.ask(&of("wsp_17")).await;
    setting.ask(&of("maria@example.com")).await;
    let keys = setting.shelf.keys();
    assert!(
        keys.iter().any(|key| key.starts_with("wsp_17:llm.answer:1:")),
        "{keys:?}"
    );
    for key in &keys {
        let digest = key.rsplit(':').next().unwrap();
        assert_eq!(digest.len(), 64, "256 bits: {key}");
        assert!(!key.contains("maria") && !key.contains("sky"), "{key}");
    }
}
