use std::time::Duration;

use aurora_llm::providers::simulated::{Fault, Simulated, Step};
use serde_json::{Value, json};

use crate::http::testing::{Answer, Server};

const MESSAGES: &str = "/v1/messages";
const VERSION: (&str, &str) = ("anthropic-version", "2026-10-21");

fn asks(stream: bool) -> Value {
    json!({"model": "m-sim-a", "max_tokens": 64, "stream": stream,
        "messages": [{"role": "user", "content": "Why?"}]})
}

async fn answer_to(step: Step, stream: bool) -> Answer {
    let provider = Simulated::new("sim-a").says("It is blue.").script([step]);
    let server = Server::with([("sim-a", provider)]).await;
    let answer = server.send("POST", MESSAGES, &[VERSION], &asks(stream)).await;
    server.stop().await.unwrap();
    answer
}

#[tokio::test]
async fn a_message_has_the_vendors_form() {
    let answer = answer_to(Step::Ok, false).await;
    assert_eq!(answer.header("request-id"), answer.header("x-request-id"));
    assert!(answer.header("request-id").is_some());
    let answer = answer.json();
    assert_eq!(
        (&answer["type"], &answer["role"], &answer["stop_reason"]),
        (&json!("message"), &json!("assistant"), &json!("end_turn"))
    );
    assert_eq!(answer["content"][0]["text"], "It is blue.");
    assert!(answer["usage"]["output_tokens"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn a_stream_has_the_vendors_events() {
    let answer = answer_to(Step::Ok, true).await;
    assert!(answer.header("request-id").is_some());
    let events = answer.events();
    assert_eq!(
        (events[0], *events.last().unwrap()),
        ("message_start", "message_stop")
    );
    assert!(events.contains(&"content_block_delta") && events.contains(&"message_delta"));
}

#[tokio::test]
async fn errors_have_the_vendors_form_and_status() {
    let busy = Step::status(429).retry_after(Duration::from_secs(7));
    let table = [
        (busy, 429, "rate_limit_error"),
        (Step::status(401), 401, "authentication_error"),
        (Step::status(503), 529, "overloaded_error"),
        (Step::status(500), 502, "api_error"),
    ];
    for (step, status, kind) in table {
        for stream in [false, true] {
            let answer = answer_to(step.clone(), stream).await;
            let body = answer.json();
            assert_eq!(
                (answer.status, &body["type"], &body["error"]["type"]),
                (status, &json!("error"), &json!(kind)),
                "stream: {stream}"
            );
            assert_eq!(body["request_id"], answer.header("request-id").unwrap());
            if status == 429 {
                assert_eq!(answer.header("retry-after"), Some("7"));
            }
        }
    }
    let broken = answer_to(Step::FailAfter(2, Fault::status(500)), true).await;
    assert_eq!((broken.status, *broken.events().last().unwrap()), (200, "error"));
}

#[tokio::test]
async fn what_no_handler_answers_has_the_vendors_form_too() {
    let server = Server::with([("sim-a", Simulated::new("sim-a"))]).await;
    let bad_key = [VERSION, ("x-api-key", "sk-ant-nobody")];
    let refused = server.send("POST", MESSAGES, &bad_key, &asks(false)).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]["type"]),
        (401, &json!("authentication_error"))
    );
    assert!(refused.header("request-id").is_some());
    let refused = server.send("GET", "/v1/models", &bad_key, &Value::Null).await;
    assert_eq!(refused.json()["type"], "error", "by the header alone");
    let plain = [("authorization", "Bearer sk-nobody")];
    let refused = server.send("GET", "/v1/models", &plain, &Value::Null).await;
    assert_eq!(refused.json()["error"]["code"], "invalid_api_key", "OpenAI's");
    let wrong = json!({"model": "m-sim-a", "messages": []});
    let wrong = server.send("POST", MESSAGES, &[VERSION], &wrong).await;
    assert_eq!(
        (wrong.status, &wrong.json()["error"]["type"]),
        (400, &json!("invalid_request_error"))
    );
    let unknown = json!({"model": "other", "max_tokens": 1, "messages": [{"role": "user", "content": "?"}]});
    let unknown = server.send("POST", MESSAGES, &[VERSION], &unknown).await;
    assert_eq!(
        (unknown.status, &unknown.json()["error"]["type"]),
        (404, &json!("not_found_error"))
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn tokens_are_counted_and_models_listed_page_by_page() {
    let providers = ["sim-a", "sim-b", "sim-c"].map(|name| (name, Simulated::new(name)));
    let server = Server::with(providers).await;
    let body = json!({"model": "m-sim-a", "messages": [{"role": "user", "content": "Why?"}]});
    let count = server
        .send("POST", "/v1/messages/count_tokens", &[VERSION], &body)
        .await;
    assert!(
        count.json()["input_tokens"].as_u64().unwrap() > 0,
        "{}",
        count.body
    );
    let page = |query: &'static str| {
        let server = &server;
        async move {
            let path = format!("/v1/models{query}");
            server.send("GET", &path, &[VERSION], &Value::Null).await.json()
        }
    };
    let first = page("?limit=3").await;
    assert_eq!(
        (&first["has_more"], &first["first_id"], &first["last_id"]),
        (&json!(true), &json!("all"), &json!("m-sim-b"))
    );
    let second = page("?limit=3&after_id=m-sim-b").await;
    assert_eq!(
        (&second["has_more"], &second["first_id"]),
        (&json!(false), &json!("m-sim-c"))
    );
    let back = page("?limit=1&before_id=m-sim-c").await;
    assert_eq!(back["first_id"], "m-sim-b");
    assert_eq!(page("?limit=0").await["error"]["type"], "invalid_request_error");
    let one = page("/m-sim-a").await;
    assert_eq!((&one["type"], &one["id"]), (&json!("model"), &json!("m-sim-a")));
    assert_eq!(page("/other").await["error"]["type"], "not_found_error");
    server.stop().await.unwrap();
}
