//! Anthropic's clients, in front of an upstream that speaks another dialect.

use serde_json::{Value, json};

use crate::aurora::Sdk;
use crate::openai::{busy, calls_weather, speaks, streams_weather_call};
use crate::reaction::{Gate, Reaction};
use crate::upstream::Upstream;
use crate::{base_of, each, each_gated, refusals, serve};

const VENDOR: &str = "anthropic";

#[tokio::test(flavor = "multi_thread")]
async fn a_message_is_answered_by_another_vendors_model() {
    for seen in each(VENDOR, "message", 0, &[Reaction::chat("29 degrees")]).await {
        assert_eq!(
            (&seen.value["text"], &seen.value["stop"], &seen.value["type"]),
            (&json!("29 degrees"), &json!("end_turn"), &json!("message")),
            "{}",
            seen.sdk
        );
        assert_eq!(
            (&seen.value["input_tokens"], &seen.value["output_tokens"]),
            (&json!(9), &json!(3))
        );
        let received = &seen.upstream.received()[0];
        assert_eq!(
            received.header("authorization"),
            Some("Bearer sk-of-the-server"),
            "never the caller's key"
        );
        let body = received.json();
        assert_eq!(body["messages"][0]["content"], "Be brief.");
        assert_eq!(body["messages"][1]["content"], "What is the weather in Recife?");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_arrives_piece_by_piece() {
    for seen in each_gated(VENDOR, "stream", speaks, serve).await {
        assert_eq!(
            seen.value,
            json!({"pieces": ["29 ", "degrees"], "text": "29 degrees", "stop": "end_turn", "output_tokens": 3}),
            "{}",
            seen.sdk
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_is_called_and_its_result_goes_back() {
    let script = [calls_weather(), Reaction::chat("29 degrees")];
    for seen in each(VENDOR, "tool_call", 0, &script).await {
        assert_eq!(
            seen.value,
            json!({"stop": "tool_use", "id": "call_7", "name": "get_weather",
                "arguments": {"city": "Recife"}, "second": "29 degrees"}),
            "{}",
            seen.sdk
        );
        let second = seen.upstream.received()[1].json();
        assert_eq!(second["messages"][1]["tool_calls"][0]["id"], "call_7");
        assert_eq!(second["messages"][2]["tool_call_id"], "call_7");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_can_have_a_schema() {
    let script = [Reaction::chat(r#"{"city":"Recife"}"#)];
    for seen in each(VENDOR, "structured", 0, &script).await {
        assert_eq!(seen.value, json!({"city": "Recife"}), "{}", seen.sdk);
        let format = seen.upstream.received()[0].json()["response_format"].clone();
        assert_eq!(
            (
                &format["type"],
                &format["json_schema"]["schema"]["properties"]["city"]["type"]
            ),
            (&json!("json_schema"), &json!("string"))
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tool_call_can_be_streamed() {
    for seen in each(VENDOR, "stream_tool_call", 0, &[streams_weather_call()]).await {
        assert_eq!(
            seen.value,
            json!({"name": "get_weather", "arguments": {"city": "Recife"}, "stop": "tool_use"}),
            "{}",
            seen.sdk
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
        let booked = aurora.booked().await;
        assert_eq!(
            (&booked["estimated"], &booked["tokens"]["output"]),
            (&json!(true), &json!(1)),
            "{booked}"
        );
        aurora.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn tokens_are_counted_and_models_listed_over_several_pages() {
    for seen in each(VENDOR, "count_tokens", 0, &[Reaction::chat("unused")]).await {
        assert_eq!(seen.value, json!({"counted": true}), "{}", seen.sdk);
        assert_eq!(seen.upstream.count(), 0, "nobody is asked for an answer");
    }
    for seen in each(VENDOR, "models", 0, &[Reaction::chat("unused")]).await {
        let ids = seen.value["ids"].as_array().expect("a list");
        assert!(ids.len() > 1, "{}: {}", seen.sdk, seen.value);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn errors_are_the_clients_own_classes() {
    let table = [
        (
            Reaction::error(401, "invalid_api_key", "Incorrect API key"),
            "AuthenticationError",
            401,
            "authentication_error",
        ),
        (
            Reaction::error(404, "model_not_found", "There is no such model"),
            "NotFoundError",
            404,
            "not_found_error",
        ),
        (busy("30"), "RateLimitError", 429, "rate_limit_error"),
    ];
    for (reaction, class, status, kind) in table {
        for seen in each(VENDOR, "error", 0, &[reaction]).await {
            let value = seen.value;
            assert_eq!(
                (&value["class"], &value["status"], &value["type"]),
                (&json!(class), &json!(status), &json!(kind)),
                "{}",
                seen.sdk
            );
            assert!(value["request_id"].is_string(), "{}: {value}", seen.sdk);
            assert_eq!(value["retry_after"].is_string(), status == 429);
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_comes_back_when_it_is_told_to() {
    for seen in each(VENDOR, "message", 2, &[busy("7"), Reaction::chat("29 degrees")]).await {
        assert_eq!(seen.value["text"], "29 degrees", "{}", seen.sdk);
        assert_eq!(seen.upstream.count(), 2, "nobody asked too early");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_key_may_not_do_is_told_in_the_clients_own_classes() {
    let expected = [
        ("PermissionDeniedError", 403, "permission_error"),
        // The class that the clients have for what waiting does not help against.
        ("EnforcedSpendLimitReachedError", 429, "rate_limit_error"),
        ("AuthenticationError", 401, "authentication_error"),
    ];
    for seen in refusals(VENDOR).await {
        for (seen, (class, status, kind)) in seen.into_iter().zip(expected) {
            assert_eq!(
                (&seen["class"], &seen["status"], &seen["type"]),
                (&json!(class), &json!(status), &json!(kind))
            );
        }
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
    }
}
