use std::collections::BTreeMap;

use proptest::prelude::{ProptestConfig, prop_assert, prop_assert_eq, prop_assert_ne, proptest};

use super::*;
use crate::chat::{Media, MediaSource, Part, Role, Tool};
use crate::pricing::Price;

fn price(input: &str, output: &str) -> Price {
    Price::per_million(input.parse().unwrap(), output.parse().unwrap())
}

/// Who answers `calls` questions, by target.
async fn served(client: &LlmClient, options: &CallOptions, calls: usize) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for _ in 0..calls {
        let answer = client.chat_with(ChatRequest::user("?"), options).await.unwrap();
        *counts.entry(answer.target().to_owned()).or_default() += 1;
    }
    counts
}

fn sequence(seed: u64, strategy: Strategy, weights: &[u32], calls: usize) -> Vec<String> {
    let clock = ManualClock::default();
    let client = weights.iter().enumerate().fold(
        builder(&clock).random(Random::seeded(seed)).strategy(strategy),
        |builder, (at, weight)| {
            let target = LlmTarget::new(Puppet::new(&format!("t{at}")).with_keys(1 + at % 3), "m");
            builder.target(target.weight(*weight))
        },
    );
    let client = client.build().unwrap();
    let ask = async |client: &LlmClient| {
        let answer = client.ask("?").await.unwrap();
        answer.attempts().last().unwrap().target.clone()
    };
    futures::executor::block_on(async {
        let mut who = Vec::new();
        for _ in 0..calls {
            who.push(ask(&client).await);
        }
        who
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn the_same_seed_takes_the_same_ways(
        seed: u64,
        weights in proptest::collection::vec(0_u32..5, 1..6),
        at in 0_usize..4,
    ) {
        let strategies = [Strategy::Priority, Strategy::Weighted, Strategy::LowestLatency, Strategy::LowestCost];
        let strategy = strategies[at];
        prop_assert_eq!(sequence(seed, strategy, &weights, 20), sequence(seed, strategy, &weights, 20));
    }

    #[test]
    fn who_sticks_moves_only_when_his_target_is_away(texts in proptest::collection::vec("[a-z]{1,12}", 1..20)) {
        let puppets = ["a", "b", "c", "d"].map(Puppet::new);
        let client = puppets.iter().fold(builder(&ManualClock::default()).strategy(Strategy::Weighted), |builder, puppet| {
            builder.provider(puppet.clone(), "m")
        });
        let client = client.build().unwrap();
        let target = |text: &str| futures::executor::block_on(async {
            let options = CallOptions::default().sticky(text);
            client.chat_with(ChatRequest::user("?"), &options).await.unwrap().target().to_owned()
        });
        let before: Vec<_> = texts.iter().map(|text| target(text)).collect();
        client.inner.fallback.set_mode("b/m", aurora_core::fallback::Mode::Disabled).unwrap();
        for (text, before) in texts.iter().zip(&before) {
            let now = target(text);
            prop_assert_ne!(&now, "b/m");
            prop_assert!(before == "b/m" || now == *before, "only those of b move");
        }
        client.inner.fallback.set_mode("b/m", aurora_core::fallback::Mode::Enabled).unwrap();
        prop_assert_eq!(texts.iter().map(|text| target(text)).collect::<Vec<_>>(), before, "and they come back");
    }
}

#[tokio::test]
async fn weights_share_the_calls_of_targets_not_of_keys() {
    let client = builder(&ManualClock::default())
        .strategy(Strategy::Weighted)
        .target(LlmTarget::new(Puppet::new("many").with_keys(5), "m"))
        .target(LlmTarget::new(Puppet::new("one"), "m"))
        .target(LlmTarget::new(Puppet::new("spare"), "m").weight(0))
        .build()
        .unwrap();
    let counts = served(&client, &CallOptions::default(), 1_000).await;
    assert_eq!(counts.len(), 2, "{counts:?}");
    assert!((400..600).contains(&counts["one/m"]), "{counts:?}");
}

#[tokio::test]
async fn calls_spread_over_the_keys_of_a_target_and_try_all_of_them() {
    let many = Puppet::new("many").with_keys(3);
    let client = client_of([&many]);
    for _ in 0..60 {
        client.ask("?").await.unwrap();
    }
    let keys = |puppet: &Puppet| {
        puppet
            .calls
            .lock()
            .unwrap()
            .iter()
            .map(|call| call.key)
            .collect::<Vec<_>>()
    };
    for key in 0..3 {
        let share = keys(&many).iter().filter(|used| **used == key).count();
        assert!(share > 5, "key {key}: {share}");
    }
    let refused = Puppet::new("refused")
        .with_keys(3)
        .fails(ErrorKind::Authentication)
        .fails(ErrorKind::Authentication);
    client_of([&refused]).ask("?").await.unwrap();
    let mut used = keys(&refused);
    used.sort_unstable();
    assert_eq!(used, [0, 1, 2], "each once");
}

#[tokio::test]
async fn the_cheapest_for_this_request_is_asked_and_who_has_no_price_last() {
    let client = builder(&ManualClock::default())
        .strategy(Strategy::LowestCost)
        .provider(Puppet::new("unpriced"), "m")
        .target(LlmTarget::new(Puppet::new("reads"), "m").price(price("1", "30")))
        .target(LlmTarget::new(Puppet::new("writes"), "m").price(price("5", "10")))
        .build()
        .unwrap();
    let long = ChatRequest::user("a".repeat(400_000)).max_tokens(100);
    assert_eq!(client.chat(long).await.unwrap().target(), "reads/m");
    let short = ChatRequest::user("?").max_tokens(4_000);
    assert_eq!(client.chat(short).await.unwrap().target(), "writes/m");
    let none = CallOptions::default().strategy(Strategy::Priority);
    let answer = client.chat_with(ChatRequest::user("?"), &none).await.unwrap();
    assert_eq!(
        answer.target(),
        "unpriced/m",
        "a call may have a strategy of its own"
    );
}

#[tokio::test]
async fn the_fastest_of_late_gets_most_calls() {
    let clock = ManualClock::default();
    let takes = |name: &str, millis: u64| {
        let moves = (0..200).map(|_| Move::Takes(clock.clone(), Duration::from_millis(millis)));
        Puppet::new(name).does(moves)
    };
    let (slow, quick) = (takes("slow", 90), takes("quick", 10));
    let client = builder(&clock)
        .strategy(Strategy::LowestLatency)
        .provider(slow, "m")
        .provider(quick, "m")
        .build()
        .unwrap();
    let counts = served(&client, &CallOptions::default(), 100).await;
    assert!(counts["quick/m"] > 80, "{counts:?}");
}

#[tokio::test]
async fn an_alias_keeps_the_order_in_which_it_lists_its_targets() {
    let client = builder(&ManualClock::default())
        .provider(Puppet::new("a").fails(ErrorKind::Permission), "m")
        .target(LlmTarget::new(Puppet::new("b").fails(ErrorKind::Permission), "m").priority(9))
        .provider(Puppet::new("c"), "m")
        .alias("smart", ["b/m", "a/m", "c/m"])
        .alias("cheap", ["b/m", "c/m"])
        .alias_strategy("cheap", Strategy::LowestCost)
        .build()
        .unwrap();
    let answer = client.chat(ChatRequest::user("?").model("smart")).await.unwrap();
    let asked: Vec<_> = answer
        .attempts()
        .iter()
        .map(|attempt| attempt.target.as_str())
        .collect();
    assert_eq!(asked, ["b/m", "a/m", "c/m"]);
}

fn with_image() -> ChatRequest {
    let image = Media::new("image/png", MediaSource::Bytes(vec![1].into()));
    ChatRequest::new(vec![Message::new(
        Role::User,
        vec![Part::text("?"), Part::Image(image)],
    )])
}

#[tokio::test]
async fn the_first_rule_that_holds_says_where_a_request_goes() {
    let tool = || Tool::new("now", "Tells the time.", serde_json::json!({"type": "object"}));
    let client = ["plain", "eyes", "own", "long", "tools"]
        .iter()
        .fold(builder(&ManualClock::default()), |builder, name| {
            builder.provider(Puppet::new(name), "m")
        })
        .alias("large", ["long/m"])
        .rule(Rule::when(Condition::tenant("wsp_7")).to_targets(["own/m"]))
        .rule(Rule::when(Condition::Images).to_targets(["eyes/m"]))
        .rule(Rule::when(Condition::InputTokensAbove(1_000).and(!Condition::Tools)).to_alias("large"))
        .rule(Rule::when(Condition::custom(|of| of.needs.tools)).to_targets(["tools/m"]))
        .rule(
            Rule::when(Condition::metadata("tier", "gold*").or(Condition::model("best")))
                .to_targets(["own/m"]),
        )
        .build()
        .unwrap();
    let mut labelled = ChatRequest::user("?");
    labelled.metadata.insert("tier".into(), "golden".into());
    let nobody = CallOptions::default();
    let seven = CallOptions::default().caller(Caller::tenant("wsp_7"));
    for (request, options, target) in [
        (ChatRequest::user("?"), &nobody, "plain/m"),
        (with_image(), &nobody, "eyes/m"),
        (with_image(), &seven, "own/m"),
        (ChatRequest::user("a".repeat(8_000)), &nobody, "long/m"),
        (
            ChatRequest::user("a".repeat(8_000)).tool(tool()),
            &nobody,
            "tools/m",
        ),
        (labelled, &nobody, "own/m"),
        (ChatRequest::user("?").model("best"), &nobody, "own/m"),
    ] {
        assert_eq!(client.chat_with(request, options).await.unwrap().target(), target);
    }
    let elsewhere = client
        .chat_with(ChatRequest::user("?").provider("plain"), &seven)
        .await
        .unwrap_err();
    assert_eq!(
        elsewhere.kind(),
        ErrorKind::ModelNotFound,
        "the named provider stays a condition"
    );
}

#[test]
fn what_is_wrong_with_aliases_and_rules_is_told_at_once() {
    let error = builder(&ManualClock::default())
        .provider(Puppet::new("a"), "m")
        .alias_strategy("empty", Strategy::Weighted)
        .rule(Rule::when(Condition::Always).to_targets(["b/m"]))
        .rule(Rule::when(Condition::Always).to_alias("nobody"))
        .rule(Rule::when(Condition::Always))
        .rule(
            Rule::when(Condition::Always)
                .to_alias("empty")
                .to_targets(["a/m"]),
        )
        .build()
        .unwrap_err();
    let told = error.to_string();
    for problem in [
        r#"alias "empty" names no target"#,
        r#"rule 1 names the unknown target "b/m""#,
        r#"rule 2 names the unknown alias "nobody""#,
        "rule 3 says nothing",
        "rule 4 has both",
    ] {
        assert!(told.contains(problem), "{problem}: {told}");
    }
}

#[tokio::test]
async fn a_conversation_goes_where_it_fits_before_anybody_refuses_it() {
    let (small, large) = (
        Puppet::new("small").context(1_000),
        Puppet::new("large").context(100_000),
    );
    let client = client_of([&small, &large]);
    assert_eq!(
        client.ask("a".repeat(6_000)).await.unwrap().text(),
        "large",
        "about 1,500 tokens"
    );
    assert!(small.asked().is_empty());
    let only = client_of([&small]);
    assert_eq!(
        only.ask("a".repeat(6_000)).await.unwrap().text(),
        "small",
        "an estimate may be wrong"
    );
    let error = only.ask("a".repeat(60_000)).await.unwrap_err();
    assert_eq!(
        (error.kind(), small.asked().len()),
        (ErrorKind::ContextOverflow, 1),
        "nothing was sent"
    );
}
