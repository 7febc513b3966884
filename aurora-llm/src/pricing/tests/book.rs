use aurora_core::time::Timestamp;

use crate::pricing::{Cost, Price, PriceBook};
use crate::usage::Usage;

fn at(day: &str) -> Timestamp {
    Timestamp::parse(&format!("{day}T12:00:00Z")).unwrap()
}

fn usd(text: &str) -> Cost {
    Cost::Priced(text.parse().unwrap())
}

fn million() -> Usage {
    Usage::new(1_000_000, 0)
}

#[test]
fn an_unknown_model_is_unpriced_never_free_and_never_guessed() {
    let book = PriceBook::built_in();
    let cost = |kind, model| book.cost(kind, model, at("2026-11-20"), Some(&million()));
    for (kind, model) in [
        ("openai", "gpt-5-mini-2030"),
        ("openai", "gpt-5-micro"),
        ("openai", "gpt-5.9"),
        ("openai", "gpt-"),
        ("openai", ""),
        ("openai", "ft:gpt-4o:acme"),
        ("openai", "claude-opus-4-8"),
        ("anthropic", "claude-opus-4-9"),
        ("anthropic", "claude-opus-4-8-fast"),
        ("gemini", "gemini-3.1-pro"),
        ("cohere", "command-a-plus-05-2026"),
        ("azure.ai.openai", "gpt-4o"),
        ("openai_compatible", "gpt-4o"),
        ("huggingface", "openai/gpt-4o"),
        ("simulated", "any"),
    ] {
        assert_eq!(cost(kind, model), Cost::Unpriced, "{kind} {model}");
    }
    assert_eq!(cost("openai", "gpt-5"), usd("1.25"));
    assert_eq!(cost("openai", "gpt-5-mini"), usd("0.25"));
    assert_eq!(cost("ollama", "anything:8b"), usd("0"), "declared to be free");
}

#[test]
fn a_dated_snapshot_costs_what_its_family_costs() {
    let book = PriceBook::built_in();
    let cost = |kind, model| book.cost(kind, model, at("2026-11-20"), Some(&million()));
    for (kind, model, price) in [
        ("openai", "gpt-5-2025-08-07", "1.25"),
        ("openai", "gpt-4o-2024-08-06", "2.5"),
        ("openai", "gpt-4o-2024-05-13", "5"),
        ("anthropic", "claude-haiku-4-5-20251001", "1"),
        ("anthropic", "claude-opus-4-20250514", "15"),
        ("anthropic", "claude-sonnet-4-5@20250929", "6"),
        ("gcp.gemini", "models/gemini-2.5-flash", "0.3"),
    ] {
        assert_eq!(cost(kind, model), usd(price), "{model}");
    }
}

#[test]
fn a_call_costs_what_it_cost_when_it_was_made() {
    let book = PriceBook::built_in();
    let cost = |day| book.cost("gemini", "gemini-3.8-flash", at(day), Some(&million()));
    assert_eq!(cost("2026-12-31"), usd("0.75"));
    assert_eq!(cost("2027-01-01"), usd("1.5"));
    let luna = |day| book.cost("openai", "gpt-5.6-luna", at(day), Some(&Usage::new(100_000, 0)));
    assert_eq!(luna("2026-07-29"), usd("0.1"));
    assert_eq!(luna("2026-07-30"), usd("0.02"));
}

#[test]
fn without_a_usage_there_is_no_cost() {
    let book = PriceBook::built_in();
    assert_eq!(
        book.cost("openai", "gpt-5", at("2026-11-20"), None),
        Cost::Unpriced
    );
    let nothing = Usage::default();
    assert_eq!(
        book.cost("openai", "gpt-5", at("2026-11-20"), Some(&nothing)),
        usd("0")
    );
}

#[test]
fn what_the_user_says_goes_before_what_is_built_in() {
    let dear = Price::per_million("9".parse().unwrap(), "9".parse().unwrap());
    let book = PriceBook::built_in()
        .set("openai", "gpt-5", dear)
        .set("openai", "house-*", dear)
        .set_during("openai", "gpt-4o", Some(at("2027-06-01")), None, dear);
    let cost = |model, day| book.cost("openai", model, at(day), Some(&million()));
    assert_eq!(cost("gpt-5-2025-08-07", "2026-11-20"), usd("9"));
    assert_eq!(cost("house-made", "2026-11-20"), usd("9"));
    assert_eq!(
        cost("gpt-4o", "2027-05-31"),
        usd("2.5"),
        "until then what was known holds"
    );
    assert_eq!(cost("gpt-4o", "2027-06-02"), usd("9"));
    let untouched = PriceBook::built_in();
    let before = untouched.cost("openai", "gpt-5", at("2026-11-20"), Some(&million()));
    assert_eq!(before, usd("1.25"), "a book is not changed through its clones");
}

#[test]
fn a_deployment_costs_what_the_model_behind_it_costs() {
    let book = PriceBook::built_in()
        .same("azure.ai.openai", "our-chat", "openai", "gpt-4o-2024-08-06")
        .unwrap();
    assert_eq!(
        book.cost("azure.ai.openai", "our-chat", at("2026-11-20"), Some(&million())),
        usd("2.5")
    );
    let error = PriceBook::built_in()
        .same("azure.ai.openai", "x", "openai", "gpt-99")
        .unwrap_err();
    assert!(error.to_string().contains("gpt-99"), "{error}");
}

#[test]
fn prices_come_from_text_and_wrong_ones_are_named() {
    let text = r#"{"kinds": ["acme"], "source": "https://acme.example/prices", "read": "2026-12-01", "models": [
        {"models": ["big", "big-*"], "prices": [{"input": "1", "output": "2", "request": "0.001"}]},
        {"kind": "openai", "models": ["gpt-5"], "prices": [{"input": "7", "output": "8"}]}
    ]}"#;
    let book = PriceBook::built_in().json(text).unwrap();
    assert_eq!(book.date(), Some("2026-12-01"));
    assert_eq!(
        book.cost("acme", "big-2", at("2026-11-20"), Some(&million())),
        usd("1.001")
    );
    assert_eq!(
        book.cost("openai", "gpt-5", at("2026-11-20"), Some(&million())),
        usd("7")
    );
    let entry = book.entry("acme", "big", at("2026-11-20")).unwrap();
    assert_eq!(entry.source.as_deref(), Some("https://acme.example/prices"));

    let wrong =
        r#"{"models": [{"kind": "acme", "models": ["big"], "prices": [{"input": "free", "output": "0"}]}]}"#;
    let error = PriceBook::built_in().json(wrong).unwrap_err().to_string();
    assert!(error.contains("models[0] (big): prices[0]"), "{error}");
}

#[test]
fn the_book_tells_its_date_and_its_sources() {
    let book = PriceBook::built_in();
    assert_eq!(book.date(), Some("2026-11-20"));
    let entry = book
        .entry("anthropic", "claude-opus-5-5", at("2026-11-20"))
        .unwrap();
    assert_eq!(
        entry.source.as_deref(),
        Some("https://platform.claude.com/docs/en/about-claude/pricing")
    );
    assert_eq!(PriceBook::empty().date(), None);
}
