use super::*;
use crate::chat::ChatRequest;

#[test]
fn every_file_can_be_read_and_says_where_its_prices_stand() {
    let mut prices = 0;
    for file in FILES {
        let known = read(file).unwrap();
        for model in &known {
            for entry in &model.prices {
                let source = entry.source.as_deref().unwrap_or_default();
                assert!(source.starts_with("https://"), "{} {}", model.kind, model.pattern);
                assert!(entry.read.is_some(), "{} {}", model.kind, model.pattern);
                prices += 1;
            }
        }
    }
    assert!(prices > 80, "{prices}");
}

#[test]
fn no_price_is_by_a_prefix_but_where_nobody_bills() {
    for known in built_in().filter(|known| !known.prices.is_empty()) {
        assert!(
            !known.pattern.ends_with('*') || known.kind == "ollama",
            "{}",
            known.pattern
        );
    }
}

#[test]
fn no_model_has_two_prices_at_one_moment() {
    let all: Vec<Known> = built_in().collect();
    for (index, one) in all.iter().enumerate() {
        let same = |two: &&Known| (&two.kind, &two.pattern) == (&one.kind, &one.pattern);
        assert!(
            !all[..index].iter().any(|two| same(&two)),
            "{} twice",
            one.pattern
        );
        for (index, first) in one.prices.iter().enumerate() {
            for second in &one.prices[..index] {
                let apart = |early: &crate::pricing::PriceEntry, late: &crate::pricing::PriceEntry| matches!((early.until, late.from), (Some(end), Some(start)) if end <= start);
                assert!(apart(first, second) || apart(second, first), "{}", one.pattern);
            }
        }
    }
}

#[test]
fn sampling_of_any_kind_is_refused_where_the_model_takes_none() {
    let mut nucleus = ChatRequest::user("Hi");
    nucleus.top_p = Some(0.9);
    let mut top = ChatRequest::user("Hi");
    top.top_k = Some(40);
    for request in [ChatRequest::user("Hi").temperature(0.5), nucleus, top] {
        let lacks = |model| {
            let able = capabilities("anthropic", model).unwrap();
            able.missing(&request.needs())
        };
        for newest in [
            "claude-opus-5-5",
            "claude-sonnet-5",
            "claude-haiku-5-5",
            "claude-opus-4-7",
        ] {
            assert_eq!(lacks(newest), Some("sampling"), "{newest} {request:?}");
        }
        for earlier in [
            "claude-opus-4-6",
            "claude-sonnet-4-5-20250929",
            "claude-3-5-haiku-latest",
        ] {
            assert_eq!(lacks(earlier), None, "{earlier} {request:?}");
        }
    }
}

#[test]
fn abilities_are_those_of_the_model_and_a_new_model_is_usable() {
    let able = |kind, model| capabilities(kind, model).unwrap();
    assert_eq!(
        able("openai", "gpt-4o-mini-2024-07-18").context_tokens,
        Some(128_000)
    );
    assert!(!able("openai", "o3").sampling && able("openai", "gpt-4o").sampling);
    assert!(!able("openai", "gpt-4o").audio && able("openai", "gpt-audio").audio);
    assert!(!able("openai", "gpt-3.5-turbo-16k").images);
    assert!(able("anthropic", "claude-sonnet-4-5-20250929").prefill);
    assert!(!able("anthropic", "claude-opus-4-6").prefill && able("anthropic", "claude-opus-4-6").sampling);
    assert!(!able("anthropic", "claude-opus-5-5").sampling);
    assert!(!able("anthropic", "claude-2.1").tools);
    // A Claude that is newer than this list takes what the newest takes; what others serve is not known.
    assert!(!able("anthropic", "claude-next").sampling && able("anthropic", "somebody-else").sampling);
    assert_eq!(able("gemini", "models/gemini-2.5-pro").max_stop, Some(5));
    for (kind, model) in [
        ("openai", "gpt-9"),
        ("anthropic", "claude-next"),
        ("cohere", "command-z"),
    ] {
        let new = able(kind, model);
        assert!(new.streaming && new.tools, "{model}");
        assert!(!new.prefill && new.context_tokens.is_none(), "{model}");
    }
    assert!(capabilities("openai_compatible", "gpt-4o").is_none());
}

#[test]
fn what_is_wrong_is_named_with_its_entry_all_at_once() {
    let text = r#"{"kinds": ["x"], "families": {"f": {"can": ["fly"]}}, "models": [
        {"models": ["a"], "prices": [{"input": "1,5", "output": "2"}]},
        {"models": ["b"], "prices": [{"input": "1", "output": "2", "cached": "1"}]},
        {"models": ["c"], "prices": [{"input": "1"}]},
        {"models": ["d"], "prices": [{"input": "-1", "output": "2"}]},
        {"models": ["e"], "prices": [{"input": "1", "output": "2", "from": "2026-02-30"}]},
        {"models": ["g"], "prices": [{"input": "1", "output": "2", "from": "2027-01-01", "until": "2026-01-01"}]},
        {"models": ["h"], "family": "f"},
        {"models": ["i"], "family": "none"},
        {"models": ["j"], "context": 5},
        {"models": []},
        {"model": "k"},
        {"models": ["fine"], "prices": [{"input": "1", "output": "2"}]}
    ]}"#;
    let problems = read(text).unwrap_err();
    let wanted = [
        ("models[0] (a): prices[0]", "decimal amount"),
        ("models[1] (b): prices[0]", "cached"),
        ("models[2] (c): prices[0]", "output"),
        ("models[3] (d): prices[0]", "below zero"),
        ("models[4] (e): prices[0]", "2026-02-30"),
        ("models[5] (g): prices[0]", "begins before it ends"),
        ("models[6] (h)", "fly"),
        ("models[7] (i)", "none"),
        ("models[8] (j)", "family"),
        ("models[9]", "at least one model"),
        ("models[10]", "model"),
    ];
    assert_eq!(problems.len(), wanted.len(), "{problems:#?}");
    for (problem, (place, what)) in problems.iter().zip(wanted) {
        assert!(problem.starts_with(place) && problem.contains(what), "{problem}");
    }
    assert!(read("{").is_err());
    let kindless = read(r#"{"models": [{"models": ["a"]}]}"#).unwrap_err();
    assert!(kindless[0].contains("no kind"), "{kindless:?}");
}
