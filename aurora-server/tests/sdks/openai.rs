//! OpenAI's clients.

use serde_json::{Value, json};

use crate::aurora::{Aurora, Sdk};
use crate::reaction::{Gate, Reaction};
use crate::upstream::Upstream;
use crate::{base_of, each, each_gated, refusals, serve};

const VENDOR: &str = "openai";

/// An answer that asks for a tool.
pub(crate) fn calls_weather() -> Reaction {
    let call = json!({"id": "call_7", "type": "function",
        "function": {"name": "get_weather", "arguments": "{\"city\":\"Recife\"}"}});
    let asks = json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "gpt-test",
        "choices": [{"index": 0, "finish_reason": "tool_calls",
            "message": {"role": "assistant", "content": null, "tool_calls": [call]}}],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
    });
    Reaction::json(200, &[], &asks)
}

/// The same in pieces.
pub(crate) fn streams_weather_call() -> Reaction {
    let chunk = |delta: Value, finish: Value| {
        json!({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-test",
            "choices": [{"index": 0, "delta": delta, "finish_reason": finish}]})
    };
    let fragment = |call: Value| chunk(json!({"tool_calls": [call]}), Value::Null);
    let begin = json!({"index": 0, "id": "call_7", "type": "function",
        "function": {"name": "get_weather", "arguments": ""}});
    Reaction::stream()
        .event(&fragment(begin))
        .event(&fragment(json!({"index": 0, "function": {"arguments": "{\"ci"}})))
        .event(&fragment(
            json!({"index": 0, "function": {"arguments": "ty\":\"Recife\"}"}}),
        ))
        .event(&chunk(json!({}), json!("tool_calls")))
        .done()
}

/// `29 degrees` in two pieces with a gate between them, and usage.
pub(crate) fn speaks(gate: &Gate) -> Reaction {
    let usage = json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "gpt-test", "choices": [],
        "usage": {"prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12},
    });
    Reaction::stream()
        .opens()
        .says("29 ")
        .wait(gate)
        .says("degrees")
        .stops()
        .event(&usage)
        .done()
}

/// A limit of the provider that passes after so many seconds.
pub(crate) fn busy(seconds: &str) -> Reaction {
    let headers = [("retry-after", seconds)];
    Reaction::error_with(429, &headers, "rate_limit_exceeded", "Rate limit reached")
}

#[tokio::test(flavor = "multi_thread")]
async fn a_chat_is_answered_and_the_upstream_gets_the_servers_key() {
    for seen in each(VENDOR, "chat", 0, &[Reaction::chat("29 degrees")]).await {
        assert_eq!(seen.value["content"], "29 degrees", "{}", seen.sdk);
        assert_eq!(
            (&seen.value["finish"], &seen.value["object"]),
            (&json!("stop"), &json!("chat.completion"))
        );
        assert_eq!(
            (&seen.value["prompt_tokens"], &seen.value["completion_tokens"]),
            (&json!(9), &json!(3))
        );
        let received = &seen.upstream.received()[0];
        assert_eq!(
            received.header("authorization"),
            Some("Bearer sk-of-the-server"),
            "never the caller's key"
        );
        let body = received.json();
        assert_eq!(body["model"], "gpt-test");
        assert_eq!(body["messages"][0]["content"], "What is the weather in Recife?");
        assert_eq!(body["temperature"], 0.5);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_arrives_piece_by_piece_with_its_usage() {
    for seen in each_gated(VENDOR, "stream", speaks, serve).await {
        assert_eq!(
            seen.value,
            json!({"pieces": ["29 ", "degrees"], "finish": "stop", "total_tokens": 12}),
            "{}",
            seen.sdk
        );
        assert_eq!(
            seen.upstream.received()[0].json()["stream_options"]["include_usage"],
            true
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_is_called_and_its_result_goes_back() {
    let script = [calls_weather(), Reaction::chat("29 degrees")];
    for seen in each(VENDOR, "tool_call", 0, &script).await {
        assert_eq!(
            seen.value,
            json!({"finish": "tool_calls", "id": "call_7", "name": "get_weather",
                "arguments": {"city": "Recife"}, "second": "29 degrees"}),
            "{}",
            seen.sdk
        );
        let received = seen.upstream.received();
        assert_eq!(received[0].json()["tools"][0]["function"]["name"], "get_weather");
        let second = received[1].json();
        assert_eq!(second["messages"][1]["tool_calls"][0]["id"], "call_7");
        assert_eq!(second["messages"][2]["role"], "tool");
        assert_eq!(second["messages"][2]["tool_call_id"], "call_7");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_call_can_be_streamed() {
    for seen in each(VENDOR, "stream_tool_call", 0, &[streams_weather_call()]).await {
        assert_eq!(
            seen.value,
            json!({"name": "get_weather", "arguments": {"city": "Recife"}, "finish": "tool_calls"}),
            "{}",
            seen.sdk
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_can_have_a_schema() {
    let script = [Reaction::chat(r#"{"city":"Recife"}"#)];
    for seen in each(VENDOR, "structured", 0, &script).await {
        assert_eq!(seen.value, json!({"city": "Recife"}), "{}", seen.sdk);
        let format = seen.upstream.received()[0].json()["response_format"].clone();
        assert_eq!(format["type"], "json_schema");
        assert_eq!(
            format["json_schema"]["schema"]["properties"]["city"]["type"],
            "string"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_is_answered_whole_and_in_events() {
    for seen in each(VENDOR, "responses", 0, &[Reaction::chat("29 degrees")]).await {
        assert_eq!(
            (&seen.value["text"], &seen.value["status"], &seen.value["object"]),
            (&json!("29 degrees"), &json!("completed"), &json!("response")),
            "{}",
            seen.sdk
        );
        assert_eq!(
            (&seen.value["input_tokens"], &seen.value["output_tokens"]),
            (&json!(9), &json!(3))
        );
        let body = seen.upstream.received()[0].json();
        assert_eq!(body["messages"][0]["content"], "Be brief.");
    }
    for seen in each_gated(VENDOR, "responses_stream", speaks, serve).await {
        assert_eq!(
            seen.value,
            json!({"pieces": ["29 ", "degrees"], "end": "29 degrees"}),
            "{}",
            seen.sdk
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_response_calls_tools_and_can_have_a_schema() {
    let script = [calls_weather(), Reaction::chat("29 degrees")];
    for seen in each(VENDOR, "responses_tool_call", 0, &script).await {
        assert_eq!(
            seen.value,
            json!({"id": "call_7", "name": "get_weather", "arguments": {"city": "Recife"}, "second": "29 degrees"}),
            "{}",
            seen.sdk
        );
        let received = seen.upstream.received();
        assert_eq!(received[0].json()["tools"][0]["function"]["name"], "get_weather");
        let second = received[1].json();
        assert_eq!(second["messages"][1]["tool_calls"][0]["id"], "call_7");
        assert_eq!(second["messages"][2]["tool_call_id"], "call_7");
    }
    let script = [Reaction::chat(r#"{"city":"Recife"}"#)];
    for seen in each(VENDOR, "responses_structured", 0, &script).await {
        assert_eq!(seen.value, json!({"city": "Recife"}), "{}", seen.sdk);
        let format = seen.upstream.received()[0].json()["response_format"].clone();
        assert_eq!(
            format["json_schema"]["schema"]["properties"]["city"]["type"],
            "string"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn vectors_come_back_as_they_were_made() {
    let vectors = json!({"object": "list", "model": "embed-test", "data": [
        {"object": "embedding", "index": 0, "embedding": [0.25, 0.5]},
        {"object": "embedding", "index": 1, "embedding": [-1.5, 0.25]},
    ], "usage": {"prompt_tokens": 4, "total_tokens": 4}});
    for sdk in Sdk::all_of(VENDOR) {
        let upstream = Upstream::always("upstream", Reaction::json(200, &[], &vectors)).await;
        // A server of one's own is asked for whatever vectors a request names.
        let local = "AURORA__LLM__OPENAI_COMPATIBLE__LOCAL__BASE_URL";
        let aurora = Aurora::serve(&[(local, &upstream.url())]).await;
        let key = aurora.key(&json!({"name": "vectors"})).await;
        let seen = sdk.run(&base_of(VENDOR, &aurora), &key, "embeddings", 0).await;
        aurora.stop().await;
        assert_eq!(
            seen,
            json!({"sums": [0.75, -1.25], "order": [0, 1], "tokens": 4}),
            "{}",
            sdk.name
        );
        assert_eq!(
            upstream.received()[0].json()["input"],
            json!(["a river", "a bank"])
        );
    }
}

/// What each client makes of an upstream that always answers so, and how often the upstream was asked.
async fn failures(reaction: Reaction) -> Vec<(Value, usize)> {
    let all = each(VENDOR, "error", 0, &[reaction]).await;
    let told = all.into_iter().map(|seen| {
        let (sdk, value) = (seen.sdk, seen.value);
        assert!(
            value["request_id"].is_string(),
            "{sdk}: every error can be found in the server's logs: {value}"
        );
        (value, seen.upstream.count())
    });
    told.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_key_is_a_401_and_asked_once() {
    for (seen, count) in failures(Reaction::error(401, "invalid_api_key", "Incorrect API key")).await {
        assert_eq!(
            (&seen["class"], &seen["status"]),
            (&json!("AuthenticationError"), &json!(401))
        );
        assert_eq!(count, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_unknown_model_is_a_404() {
    let refusal = Reaction::error(404, "model_not_found", "The model `gpt-test` does not exist");
    for (seen, count) in failures(refusal).await {
        assert_eq!(
            (&seen["class"], &seen["status"]),
            (&json!("NotFoundError"), &json!(404))
        );
        assert_eq!((&seen["code"], count), (&json!("model_not_found"), 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rate_limit_is_a_429_that_says_when_to_come_back() {
    for (seen, count) in failures(busy("30")).await {
        assert_eq!(
            (&seen["class"], &seen["status"]),
            (&json!("RateLimitError"), &json!(429))
        );
        let wait: u64 = seen["retry_after"]
            .as_str()
            .and_then(|text| text.parse().ok())
            .expect("seconds");
        assert!((1..=30).contains(&wait), "{seen}");
        assert_eq!(count, 1, "thirty seconds are too long to wait for");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_short_wait_is_the_servers_and_a_longer_one_the_clients() {
    // The client repeats nothing, and yet gets its answer.
    for seen in each(VENDOR, "chat", 0, &[busy("1"), Reaction::chat("29 degrees")]).await {
        assert_eq!(seen.value["content"], "29 degrees", "{}", seen.sdk);
        assert_eq!(seen.upstream.count(), 2);
    }
    // Longer than the server waits for: the client comes back when it is told to.
    for seen in each(VENDOR, "chat", 2, &[busy("7"), Reaction::chat("29 degrees")]).await {
        assert_eq!(seen.value["content"], "29 degrees", "{}", seen.sdk);
        assert_eq!(seen.upstream.count(), 2, "nobody asked too early");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_used_up_quota_is_a_429_that_is_never_repeated() {
    let used_up = Reaction::error(429, "insufficient_quota", "You exceeded your quota");
    for (seen, count) in failures(used_up).await {
        assert_eq!(
            (&seen["status"], &seen["code"]),
            (&json!(429), &json!("insufficient_quota"))
        );
        assert_eq!(count, 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_key_may_not_do_is_told_in_the_clients_own_classes() {
    let expected = [
        ("PermissionDeniedError", 403, "permission_denied"),
        ("RateLimitError", 429, "insufficient_quota"),
        ("AuthenticationError", 401, "invalid_api_key"),
    ];
    for seen in refusals(VENDOR).await {
        for (seen, (class, status, code)) in seen.into_iter().zip(expected) {
            assert_eq!(
                (&seen["class"], &seen["status"], &seen["code"]),
                (&json!(class), &json!(status), &json!(code))
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conversation_that_is_too_long_is_a_400_with_its_code() {
    let refusal = Reaction::error(
        400,
        "context_length_exceeded",
        "This model's maximum context length is 8192",
    );
    for (seen, count) in failures(refusal).await {
        assert_eq!(
            (&seen["class"], &seen["status"]),
            (&json!("BadRequestError"), &json!(400))
        );
        assert_eq!((&seen["code"], count), (&json!("context_length_exceeded"), 1));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_that_breaks_is_an_error_and_not_a_short_answer() {
    let broken = Reaction::stream().opens().says("29 ").reset();
    for seen in each(VENDOR, "stream_error", 0, &[broken]).await {
        assert_eq!(seen.value["pieces"], json!(["29 "]), "{}", seen.sdk);
        assert_ne!(
            seen.value["class"],
            Value::Null,
            "{}: the official client must raise",
            seen.sdk
        );
        assert_eq!(
            seen.upstream.count(),
            1,
            "nothing is repeated once something was handed out"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_leaves_stops_the_upstream_call() {
    for sdk in Sdk::all_of(VENDOR) {
        let upstream = Upstream::always("upstream", speaks(&Gate::closed())).await;
        let (aurora, key) = serve(&upstream).await;
        let seen = sdk.run(&base_of(VENDOR, &aurora), &key, "disconnect", 0).await;
        assert_eq!(seen["first"], "29 ", "{}", sdk.name);
        upstream.abandoned(1).await; // while the server goes on
        // The provider bills what it wrote, so that it is booked.
        let booked = aurora.booked().await;
        assert_eq!(
            (
                &booked["estimated"],
                &booked["model"],
                &booked["tokens"]["output"]
            ),
            (&json!(true), &json!("gpt-test"), &json!(1)),
            "{booked}"
        );
        assert!(booked["tokens"]["input"].as_u64().unwrap() > 0);
        aurora.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn models_are_listed() {
    for seen in each(VENDOR, "models", 0, &[Reaction::chat("unused")]).await {
        assert!(
            !seen.value["ids"].as_array().expect("a list").is_empty(),
            "{}: {}",
            seen.sdk,
            seen.value
        );
    }
}
