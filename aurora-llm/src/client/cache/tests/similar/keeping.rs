//! What is remembered of questions, when, and for how long.

use super::*;

#[tokio::test]
async fn the_modes_hold() {
    let (faucet, compass) = (Faucet::says(&["old"]), Compass::new());
    let setting = setting(&faucet, &compass);
    setting.status(at("0"), &of("t")).await;
    let only = of("t").cache(CacheMode::Only);
    let error = setting.client.chat_with(at("1"), &only).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotCached);
    assert_eq!(
        setting.status(at("1"), &of("t").cache(CacheMode::Bypass)).await,
        CacheStatus::Bypassed
    );
    assert_eq!(
        setting.status(at("1"), &of("t").cache(CacheMode::Refresh)).await,
        CacheStatus::Miss
    );
    assert_eq!(compass.calls(), 1, "none of them looks for what is similar");
    // What replaces an answer is what similar questions get.
    faucet.flow().script = script(&["new"]);
    setting.status(at("0"), &of("t").cache(CacheMode::Refresh)).await;
    let answer = setting.client.chat_with(at("-5"), &of("t")).await.unwrap();
    assert_eq!(
        (is_similar(answer.cache()), answer.text().as_str()),
        (true, "new")
    );
    // Nothing is remembered of what is not kept.
    let unkept = of("u").cache(CacheOptions::default().ttl(Duration::ZERO));
    setting.status(at("0"), &unkept).await;
    assert_eq!(setting.status(at("1"), &of("u")).await, CacheStatus::Miss);
}

#[tokio::test]
async fn an_entry_ends_with_the_answer_it_points_at() {
    let (faucet, compass) = (Faucet::says(&["North"]), Compass::new());
    let setting = setting(&faucet, &compass);
    setting.status(at("0"), &of("t")).await;
    setting.shelf.0.entries.lock().unwrap().clear();
    assert_eq!(setting.status(at("1"), &of("t")).await, CacheStatus::Miss);
    assert_eq!(setting.remembered().1, 1, "the new one, not the one that is gone");
    assert!(is_similar(setting.status(at("0.5"), &of("t")).await));
}

#[tokio::test]
async fn what_is_remembered_stays_within_its_bounds() {
    let (faucet, compass) = (Faucet::says(&["North"]), Compass::new());
    let few = |similar: SemanticCache| similar.per_tenant(2).tenants(2);
    let setting = similar_with(&faucet, &compass, few, |cache| cache);
    setting.status(at("0"), &of("a")).await;
    setting.status(at("90"), &of("a")).await;
    assert!(
        is_similar(setting.status(at("1"), &of("a")).await),
        "of use again"
    );
    setting.status(at("180"), &of("a")).await;
    assert!(is_similar(setting.status(at("2"), &of("a")).await));
    assert_eq!(setting.remembered().1, 2);
    assert_eq!(
        setting.status(at("91"), &of("a")).await,
        CacheStatus::Miss,
        "it was least of use"
    );
    for tenant in ["b", "c"] {
        setting.status(at("0"), &of(tenant)).await;
        assert!(setting.remembered().0 <= 2);
    }
    assert_eq!(
        setting.status(at("90.5"), &of("a")).await,
        CacheStatus::Miss,
        "a tenant too many"
    );
}

/// A call dropped after any number of polls leaves nothing behind that hinders the next one.
#[tokio::test]
async fn a_call_dropped_at_every_poll_leaves_nothing_behind() {
    for polls in 0.. {
        let (faucet, compass) = (Faucet::says(&["North"]), Compass::new());
        let setting = setting(&faucet, &compass);
        setting.status(at("0"), &of("t")).await;
        let (options, mut ended) = (of("t"), false);
        for way in ["1", "90"] {
            let mut call = Box::pin(setting.client.chat_with(at(way), &options));
            for _ in 0..polls {
                if futures::poll!(&mut call).is_ready() {
                    ended = true;
                    break;
                }
            }
        }
        assert_eq!(
            (setting.under_way(), faucet.open()),
            (0, 0),
            "after {polls} polls"
        );
        assert!(
            is_similar(setting.status(at("2"), &options).await),
            "after {polls} polls"
        );
        let questions = setting.remembered().1;
        assert!(questions <= 2, "after {polls} polls: {questions}");
        if ended && polls > 3 {
            break;
        }
    }
}

#[test]
fn settings_that_make_no_sense_are_refused() {
    let similar = SemanticCache::new("vectors")
        .threshold(f32::NAN)
        .patience(Duration::ZERO)
        .per_tenant(0)
        .tenants(0)
        .capacity(1);
    let build = |similar, vectors| {
        LlmClient::builder()
            .provider(Faucet::says(&[]), "m")
            .target(LlmTarget::embeddings(Compass::new(), vectors))
            .cache(ResponseCache::new(Shelf::default()).similar(similar))
            .build()
    };
    let told = build(similar, "vectors").unwrap_err().to_string();
    for setting in ["threshold", "patience", "per_tenant", "tenants", "capacity"] {
        assert!(
            told.contains(&format!("the semantic cache's {setting} must be")),
            "{told}"
        );
    }
    let told = build(SemanticCache::new("vectors"), "others").unwrap_err();
    assert_eq!(told.kind(), ErrorKind::Config);
    assert!(told.to_string().contains("\"vectors\""), "{told}");
}
