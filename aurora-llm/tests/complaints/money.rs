//! What calls cost, and what they may cost.

use aurora_core::money::NanoUsd;
use aurora_core::time::{Clock as _, ManualClock};
use aurora_llm::ErrorKind;
use aurora_llm::chat::ChatRequest;
use aurora_llm::client::{Caller, LlmTarget};
use aurora_llm::ledger::{Budget, BudgetScope, Budgets, Ledger as _, MemoryLedger, Period};
use aurora_llm::pricing::{Cost, Price, PriceBook, Total};
use aurora_llm::providers::simulated::Simulated;
use aurora_llm::wire::anthropic::AnthropicMessages;
use aurora_llm::wire::gemini::GenerateContent;
use aurora_llm::wire::openai_chat::OpenAiChat;
use aurora_llm::wire::{Codec, ResponseHead};
use futures::future::join_all;
use serde_json::{Value, json};

use crate::scripted::{SECOND, Scripted, builder, in_time, of};

fn usd(text: &str) -> NanoUsd {
    text.parse().unwrap()
}

fn price() -> Price {
    Price::per_million(usd("3"), usd("15")).cached(usd("0.3"), usd("3.75"))
}

#[test]
fn complaint_04_cached_and_reasoning_tokens_are_billed_once_and_at_their_rate() {
    // 200 tokens read, 800 from the cache, 100 said, 400 thought: in the words of three vendors who count differently.
    let openai = json!({"id": "1", "model": "m", "choices": [{"index": 0, "finish_reason": "stop",
        "message": {"role": "assistant", "content": "Hi"}}],
        "usage": {"prompt_tokens": 1000, "prompt_tokens_details": {"cached_tokens": 800},
            "completion_tokens": 500, "completion_tokens_details": {"reasoning_tokens": 400}, "total_tokens": 1500}});
    let anthropic = json!({"id": "1", "type": "message", "role": "assistant", "model": "m", "stop_reason": "end_turn",
        "content": [{"type": "text", "text": "Hi"}],
        "usage": {"input_tokens": 200, "cache_read_input_tokens": 800, "output_tokens": 500,
            "output_tokens_details": {"thinking_tokens": 400}}});
    let gemini = json!({"responseId": "1", "modelVersion": "m", "candidates": [{"finishReason": "STOP",
        "content": {"role": "model", "parts": [{"text": "Hi"}]}}],
        "usageMetadata": {"promptTokenCount": 1000, "cachedContentTokenCount": 800, "candidatesTokenCount": 100,
            "thoughtsTokenCount": 400, "totalTokenCount": 1500}});
    let answers: [(&dyn Codec, &Value); 3] = [
        (&OpenAiChat::openai(), &openai),
        (&AnthropicMessages::new("anthropic".into()), &anthropic),
        (&GenerateContent::new("gemini".into()), &gemini),
    ];
    for (codec, body) in answers {
        let head = ResponseHead::new(200, http::HeaderMap::new());
        let answer = codec.decode(&head, body.to_string().as_bytes()).unwrap();
        let usage = answer.usage.unwrap();
        let parts = (usage.input, usage.cache_read, usage.output, usage.reasoning);
        assert_eq!(parts, (200, 800, 100, 400), "{codec:?}");
        // 200 × $3 + 800 × $0.30 + 500 × $15, a million each.
        assert_eq!(price().cost(&usage), Cost::Priced(usd("0.00834")), "{codec:?}");
    }
}

#[tokio::test]
async fn complaint_05_an_unknown_model_is_unpriced_never_free_and_never_guessed() {
    let book = PriceBook::built_in();
    let now = ManualClock::default().now();
    for unknown in ["gpt-5-ultra", "gpt-55", "ft:gpt-4o:me", "claude-sonnet-99", ""] {
        assert!(book.price("openai", unknown, now).is_none(), "{unknown}");
        assert!(book.price("anthropic", unknown, now).is_none(), "{unknown}");
    }
    let client = builder(&ManualClock::default())
        .target(
            LlmTarget::new(Simulated::new("sim"), "known")
                .price(price())
                .serves("*"),
        )
        .build()
        .unwrap();
    let known = client.chat(ChatRequest::user("?").model("known")).await.unwrap();
    let unknown = client
        .chat(ChatRequest::user("?").model("unknown"))
        .await
        .unwrap();
    assert_ne!(known.cost(), Cost::Unpriced);
    assert_eq!(unknown.cost(), Cost::Unpriced);
    let total: Total = [known.cost(), unknown.cost()].into_iter().sum();
    assert_eq!(total.cost(), Cost::Unpriced, "a sum does not forget it");
}

#[tokio::test]
async fn complaint_06_concurrent_calls_never_overshoot_a_budget() {
    let clock = ManualClock::default();
    let provider = Scripted::new("a", &clock).takes(SECOND);
    let ledger = MemoryLedger::new().clock(clock.clone());
    // An answer costs $0.0105, and can cost up to $0.0107 or so: nine fit.
    let daily = Budget::cost(BudgetScope::Tenant, Period::Day, usd("0.1"));
    let client = builder(&clock)
        .target(LlmTarget::new(provider.clone(), "m").price(price()))
        .budgets(Budgets::new(ledger.clone()).budget(daily.clone()))
        .build()
        .unwrap();
    let options = of("t");
    let request = || ChatRequest::user("?".repeat(1_000)).max_tokens(500);
    let calls = join_all((0..100).map(|_| client.chat_with(request(), &options)));
    let outcomes = in_time(&clock, calls).await;
    let served = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert!((8..=9).contains(&served), "{served} were served");
    assert_eq!(
        provider.asked(),
        served,
        "who is refused is refused before anything is sent"
    );
    for error in outcomes.into_iter().filter_map(Result::err) {
        assert_eq!(error.kind(), ErrorKind::BudgetExceeded);
    }
    assert_eq!(client.flush(SECOND).await, 0);
    let account = daily.account(&Caller::tenant("t"), "m", clock.now()).unwrap();
    let stands = ledger.standings(&[account]).await.unwrap();
    assert_eq!(stands[0].reserved.cost, NanoUsd::ZERO);
    assert!(stands[0].spent.cost <= usd("0.1"), "{:?}", stands[0].spent);
}
