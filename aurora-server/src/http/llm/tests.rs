use std::time::Duration;

use aurora_llm::ErrorKind;
use aurora_llm::providers::simulated::{Fault, Simulated, Step};
use serde_json::json;

use super::gateway::End;
use crate::http::testing::{Server, eventually};

const CHAT: &str = "/llm/chat";

fn sim(name: &'static str) -> (&'static str, Simulated) {
    (name, Simulated::new(name).says("It is blue."))
}

fn fails(name: &'static str, step: Step) -> (&'static str, Simulated) {
    (name, Simulated::new(name).script([step]))
}

#[tokio::test]
async fn an_answer_says_who_gave_it_and_what_it_took() {
    let server = Server::with([fails("sim-a", Step::status(503)), sim("sim-b")]).await;
    let answer = server.post(CHAT, &json!({"prompt": "Why?"})).await;
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (200, Some("application/json"))
    );
    let answer = answer.json();
    assert_eq!(answer["content"], "It is blue.");
    assert_eq!(
        (&answer["provider"], &answer["target"]),
        (&json!("simulated"), &json!("sim-b"))
    );
    assert_eq!(
        (&answer["model"], &answer["cached"]),
        (&json!("m-sim-b"), &json!(false))
    );
    let usage = &answer["usage"];
    let nanos =
        usage["input_tokens"].as_i64().unwrap() * 1_000 + usage["output_tokens"].as_i64().unwrap() * 10_000;
    assert_eq!(answer["cost"]["nanos"], nanos);
    assert_eq!(answer["cost"]["usd"], format!("0.{:06}", nanos / 1_000));
    let attempts = answer["attempts"].as_array().unwrap();
    let told: Vec<_> = attempts
        .iter()
        .map(|attempt| (&attempt["target"], &attempt["outcome"]))
        .collect();
    assert_eq!(
        told,
        [
            (&json!("sim-a"), &json!("failed")),
            (&json!("sim-b"), &json!("served"))
        ]
    );
    assert_eq!(attempts[0]["status"], 503);
    assert_eq!(server.state.gateway.fallbacks(), 1);
    let calls = server.state.gateway.calls().unwrap();
    assert_eq!((calls.total, calls.failed), (1, 0), "who asked got an answer");
    assert_eq!(
        server
            .post("/api/v1/llm/chat", &json!({"prompt": "Why?"}))
            .await
            .status,
        200
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_stream_has_typed_events_and_one_end() {
    let server = Server::with([fails("sim-a", Step::status(500)), sim("sim-b")]).await;
    let answer = server
        .post(CHAT, &json!({"prompt": "Why?", "stream": true}))
        .await;
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("text/event-stream")
    );
    assert_eq!(answer.events(), ["start", "text", "text", "text", "finish"]);
    let data: Vec<serde_json::Value> = answer
        .body
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .map(|data| serde_json::from_str(data).unwrap())
        .collect();
    assert_eq!(
        (&data[0]["provider"], &data[0]["target"]),
        (&json!("simulated"), &json!("sim-b"))
    );
    assert_eq!(data[1], json!({"text": "It "}));
    let finish = &data[4];
    assert_eq!(
        (&finish["provider"], &finish["finish_reason"]),
        (&json!("simulated"), &json!("stop"))
    );
    assert_eq!(finish["attempts"][0]["outcome"], "failed");
    assert!(
        finish["cost"]["nanos"].as_i64().unwrap() > 0
            && finish["usage"]["output_tokens"].as_u64().unwrap() > 0
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_stream_that_breaks_ends_with_a_problem() {
    let server = Server::with([
        fails("sim-a", Step::FailAfter(2, Fault::status(500))),
        sim("sim-b"),
    ])
    .await;
    let answer = server
        .post(CHAT, &json!({"prompt": "Why?", "stream": true}))
        .await;
    assert_eq!(
        answer.events(),
        ["start", "text", "text", "error"],
        "after the first word nobody else may answer"
    );
    let problem = answer
        .body
        .lines()
        .rfind(|line| line.starts_with("data: "))
        .unwrap();
    let problem: serde_json::Value = serde_json::from_str(problem.trim_start_matches("data: ")).unwrap();
    assert_eq!(
        (&problem["status"], &problem["code"]),
        (&json!(502), &json!("provider_failed"))
    );
    assert_eq!(
        Some(problem["request_id"].as_str().unwrap()),
        answer.header("x-request-id")
    );
    assert_eq!(server.state.gateway.calls().unwrap().failed, 1);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn tools_are_called_in_both_forms() {
    let tools =
        json!([{"type": "function", "function": {"name": "weather", "parameters": {"type": "object"}}}]);
    let provider = Simulated::new("sim-a").calls_tool("weather", json!({"city": "Rio"}));
    let server = Server::with([("sim-a", provider)]).await;
    let whole = server
        .post(CHAT, &json!({"prompt": "Hot?", "tools": tools}))
        .await
        .json();
    assert_eq!(whole["finish_reason"], "tool_calls");
    assert_eq!(whole["tool_calls"][0]["name"], "weather");
    assert_eq!(whole["tool_calls"][0]["arguments"], r#"{"city":"Rio"}"#);
    let streamed = server
        .post(CHAT, &json!({"prompt": "Hot?", "tools": tools, "stream": true}))
        .await;
    assert_eq!(
        streamed.events(),
        ["start", "tool_call", "tool_call_delta", "tool_call_end", "finish"]
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn every_failure_is_a_problem_with_a_stable_code() {
    let busy = Step::status(429).retry_after(Duration::from_millis(1_500));
    let table = [
        (busy, 429, "too_many_requests"),
        (Step::status(401), 502, "provider_refused"),
        (Step::status(500), 502, "provider_failed"),
        (Step::kind(ErrorKind::ContextOverflow), 422, "context_too_long"),
        (Step::kind(ErrorKind::Overloaded), 503, "provider_busy"),
    ];
    for (step, status, code) in table {
        let server = Server::with([fails("sim-a", step)]).await;
        let answer = server.post(CHAT, &json!({"prompt": "Why?"})).await;
        assert_eq!(answer.header("content-type"), Some("application/problem+json"));
        assert_eq!((answer.status, &answer.json()["code"]), (status, &json!(code)));
        assert_eq!(answer.json()["attempts"][0]["outcome"], "failed", "{code}");
        if status == 429 {
            assert_eq!(answer.header("retry-after"), Some("2"), "rounded up");
        }
        server.stop().await.unwrap();
    }
}

#[tokio::test]
async fn what_cannot_be_asked_is_refused_before_anybody_is_asked() {
    let (name, provider) = sim("sim-a");
    let handle = provider.handle();
    let server = Server::with([(name, provider)]).await;
    let table = [
        (json!({"prompt": "Why?", "provider": "nobody"}), 422, "invalid"),
        (
            json!({"prompt": "Why?", "model": "nothing"}),
            404,
            "model_not_found",
        ),
        (json!({}), 422, "invalid"),
        (
            json!({"messages": [{"role": "nobody", "content": "Why?"}]}),
            422,
            "invalid",
        ),
    ];
    for (body, status, code) in table {
        let answer = server.post(CHAT, &body).await;
        assert_eq!(
            (answer.status, &answer.json()["code"]),
            (status, &json!(code)),
            "{body}"
        );
    }
    assert_eq!(handle.calls(), 0);
    assert!(
        server.state.gateway.calls().is_none_or(|calls| calls.failed == 0),
        "their own mistakes"
    );
    server.stop().await.unwrap();

    let server = Server::with([]).await;
    let answer = server.post(CHAT, &json!({"prompt": "Why?"})).await;
    assert_eq!(
        (answer.status, &answer.json()["code"]),
        (503, &json!("no_provider"))
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn the_last_calls_are_found_by_what_became_of_them() {
    let server = Server::with([fails("sim-a", Step::status(503)), sim("sim-b")]).await;
    for body in [
        json!({"prompt": "Why?"}),
        json!({"prompt": "Why?", "model": "m-sim-b"}),
    ] {
        assert_eq!(server.post(CHAT, &body).await.status, 200);
    }
    for (query, count) in [
        ("", 2),
        ("?outcome=served", 2),
        ("?outcome=failed", 0),
        ("?fallback=true", 1),
        ("?fallback=false", 1),
        ("?cached=true", 0),
        ("?cached=false", 2),
        ("?target=sim-a", 1),
        ("?target=sim-b", 2),
        ("?target=sim-b&fallback=false", 1),
        ("?target=sim", 0),
    ] {
        let calls = server.get(&format!("/api/v1/llm/requests{query}")).await.json();
        assert_eq!(calls["items"].as_array().unwrap().len(), count, "{query}");
    }
    for wrong in ["outcome=lost", "cached=maybe", "fallback=1"] {
        let refused = server.get(&format!("/api/v1/llm/requests?{wrong}")).await;
        assert_eq!(refused.status, 400, "{wrong}");
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_client_that_goes_away_takes_the_call_with_it() {
    for body in [r#"{"prompt":"Why?","stream":true}"#, r#"{"prompt":"Why?"}"#] {
        let stalls = Simulated::new("sim-a")
            .says("One two three.")
            .script([Step::StallAfter(2)]);
        let handle = stalls.handle();
        let server = Server::with([("sim-a", stalls)]).await;
        let mut open = server.open("POST", CHAT, body).await;
        if body.contains("stream") {
            open.until("two").await;
        } else {
            eventually(|| handle.in_flight() == 1).await;
        }
        assert_eq!(handle.cancelled(), 0);
        drop(open);
        eventually(|| handle.cancelled() == 1).await;
        assert_eq!(handle.in_flight(), 0);
        let workspace = server.state.workspace.to_string();
        eventually(|| {
            let calls = server.state.gateway.recent().of(&workspace, 1, |_| true);
            calls.iter().any(|call| matches!(call.end, End::GivenUp))
        })
        .await;
        server.stop().await.unwrap();
    }
}
