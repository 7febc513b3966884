use std::time::Duration;

use aurora_llm::ErrorKind;
use aurora_llm::providers::simulated::{Fault, Simulated, Step};
use serde_json::{Value, json};

use crate::http::testing::{Answer, Server, eventually};

const COMPLETIONS: &str = "/v1/chat/completions";

fn asks(stream: bool) -> Value {
    json!({"model": "m-sim-a", "messages": [{"role": "user", "content": "Why?"}], "stream": stream,
        "stream_options": {"include_usage": true}})
}

async fn answer_to(step: Step, stream: bool) -> Answer {
    let server = Server::with([(
        "sim-a",
        Simulated::new("sim-a").says("It is blue.").script([step]),
    )])
    .await;
    let answer = server.post(COMPLETIONS, &asks(stream)).await;
    server.stop().await.unwrap();
    answer
}

#[tokio::test]
async fn a_completion_has_the_vendors_form() {
    let answer = answer_to(Step::Ok, false).await;
    assert!(answer.header("x-request-id").is_some());
    let answer = answer.json();
    assert_eq!(
        (&answer["object"], &answer["model"]),
        (&json!("chat.completion"), &json!("m-sim-a"))
    );
    assert_eq!(answer["choices"][0]["message"]["content"], "It is blue.");
    assert!(answer["usage"]["total_tokens"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn a_stream_has_the_vendors_chunks() {
    let answer = answer_to(Step::Ok, true).await;
    assert!(
        answer
            .header("content-type")
            .unwrap()
            .starts_with("text/event-stream")
    );
    let data: Vec<&str> = answer
        .body
        .lines()
        .filter_map(|line| line.strip_prefix("data: "))
        .collect();
    let (done, chunks) = data.split_last().unwrap();
    assert_eq!(*done, "[DONE]");
    let chunks: Vec<Value> = chunks
        .iter()
        .map(|chunk| serde_json::from_str(chunk).unwrap())
        .collect();
    let text: String = chunks
        .iter()
        .filter_map(|chunk| chunk["choices"][0]["delta"]["content"].as_str())
        .collect();
    assert_eq!(text, "It is blue.");
    let last = chunks.last().unwrap();
    assert_eq!(last["choices"], json!([]));
    assert!(last["usage"]["total_tokens"].as_u64().unwrap() > 0);
}

#[tokio::test]
async fn errors_have_the_vendors_form_and_status() {
    let busy = Step::status(429).retry_after(Duration::from_secs(7));
    let table = [
        (Step::status(401), 401, "invalid_api_key"),
        (busy, 429, "rate_limit_exceeded"),
        (Step::kind(ErrorKind::ModelNotFound), 404, "model_not_found"),
        (
            Step::kind(ErrorKind::ContextOverflow),
            400,
            "context_length_exceeded",
        ),
        (Step::kind(ErrorKind::Overloaded), 503, "overloaded"),
        (Step::status(500), 502, "server_error"),
    ];
    for (step, status, code) in table {
        for stream in [false, true] {
            let answer = answer_to(step.clone(), stream).await;
            assert_eq!(
                (answer.status, &answer.json()["error"]["code"]),
                (status, &json!(code)),
                "stream: {stream}"
            );
            if status == 429 {
                assert_eq!(answer.header("retry-after"), Some("7"));
            }
        }
    }
}

#[tokio::test]
async fn a_wrong_key_of_ours_is_not_shown_and_not_blamed_where_others_failed_otherwise() {
    let answer = answer_to(Step::status(401), false).await;
    let message = answer.json()["error"]["message"].as_str().unwrap().to_owned();
    assert!(message.contains("this server is configured with"), "{message}");
    let providers = [Step::status(500), Step::status(401)];
    let providers = ["sim-a", "sim-b"].into_iter().zip(providers);
    let server =
        Server::with(providers.map(|(name, step)| (name, Simulated::new(name).script([step])))).await;
    let body = json!({"model": "all", "messages": [{"role": "user", "content": "Why?"}]});
    let answer = server.post(COMPLETIONS, &body).await;
    assert_eq!(answer.status, 502, "{}", answer.body);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_stream_that_breaks_ends_with_an_error_and_without_done() {
    let answer = answer_to(Step::FailAfter(2, Fault::status(500)), true).await;
    assert_eq!(answer.status, 200);
    let last = answer
        .body
        .lines()
        .rfind(|line| line.starts_with("data: "))
        .unwrap();
    let last: Value = serde_json::from_str(last.trim_start_matches("data: ")).unwrap();
    assert_eq!(last["error"]["type"], "server_error");
    assert!(!answer.body.contains("[DONE]"));
}

#[tokio::test]
async fn what_no_handler_answers_has_the_vendors_form_too() {
    let server = Server::with([("sim-a", Simulated::new("sim-a"))]).await;
    let nowhere = server.get("/v1/nowhere").await;
    assert_eq!(
        (nowhere.status, &nowhere.json()["error"]["type"]),
        (404, &json!("invalid_request_error"))
    );
    let body = json!({"model": "other", "messages": [{"role": "user", "content": "?"}]});
    let unknown = server.post(COMPLETIONS, &body).await;
    assert_eq!(
        (unknown.status, &unknown.json()["error"]["code"]),
        (404, &json!("model_not_found"))
    );
    let wrong = server.post(COMPLETIONS, &json!({"model": "m-sim-a"})).await;
    assert_eq!(
        (wrong.status, &wrong.json()["error"]["code"]),
        (400, &json!("invalid_request"))
    );
    server.stop().await.unwrap();
    let server = Server::with([]).await;
    let none = server.post(COMPLETIONS, &asks(false)).await;
    assert_eq!(
        (none.status, &none.json()["error"]["code"]),
        (503, &json!("no_provider")),
        "{}",
        none.body
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn models_are_listed_and_found() {
    let server = Server::with([
        ("sim-a", Simulated::new("sim-a")),
        ("sim-b", Simulated::new("sim-b")),
    ])
    .await;
    let list = server.get("/v1/models").await.json();
    let names: Vec<&str> = list["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|card| card["id"].as_str().unwrap())
        .collect();
    assert_eq!(names, ["all", "m-sim-a", "m-sim-b"]);
    assert_eq!(server.get("/v1/models/m-sim-a").await.json()["object"], "model");
    let missing = server.get("/v1/models/other/one").await;
    assert_eq!(
        (missing.status, &missing.json()["error"]["code"]),
        (404, &json!("model_not_found"))
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_client_that_goes_away_takes_the_call_with_it() {
    let stalls = Simulated::new("sim-a")
        .says("One two three.")
        .script([Step::StallAfter(2)]);
    let handle = stalls.handle();
    let server = Server::with([("sim-a", stalls)]).await;
    let mut open = server.open("POST", COMPLETIONS, &asks(true).to_string()).await;
    open.until("two").await;
    drop(open);
    eventually(|| handle.cancelled() == 1).await;
    server.stop().await.unwrap();
}

#[tokio::test]
async fn responses_and_embeddings_have_the_vendors_form() {
    use aurora_llm::LlmClient;
    use aurora_llm::client::LlmTarget;

    let builder = LlmClient::builder()
        .target(LlmTarget::new(
            Simulated::new("sim-a").says("It is blue."),
            "m-sim-a",
        ))
        .target(LlmTarget::embeddings(Simulated::new("sim-e"), "e-1"));
    let server = Server::of(builder).await;
    let body = json!({"model": "m-sim-a", "input": "Why?"});
    let whole = server.post("/v1/responses", &body).await.json();
    assert_eq!(
        (&whole["object"], &whole["status"]),
        (&json!("response"), &json!("completed"))
    );
    assert_eq!(whole["output"][0]["content"][0]["text"], "It is blue.");
    let body = json!({"model": "m-sim-a", "input": "Why?", "stream": true});
    let streamed = server.post("/v1/responses", &body).await;
    let events = streamed.events();
    assert_eq!(
        (events[0], *events.last().unwrap()),
        ("response.created", "response.completed")
    );
    let stored = json!({"model": "m-sim-a", "input": "?", "previous_response_id": "resp_1"});
    let refused = server.post("/v1/responses", &stored).await;
    assert_eq!(
        (refused.status, &refused.json()["error"]["code"]),
        (400, &json!("unsupported"))
    );
    for (format, is_text) in [("float", false), ("base64", true)] {
        let body = json!({"model": "e-1", "input": ["a", "b"], "encoding_format": format});
        let vectors = server.post("/v1/embeddings", &body).await.json();
        assert_eq!(vectors["data"].as_array().unwrap().len(), 2);
        assert_eq!(vectors["data"][1]["index"], 1);
        assert_eq!(vectors["data"][0]["embedding"].is_string(), is_text);
        assert!(vectors["usage"]["total_tokens"].as_u64().unwrap() > 0);
    }
    let unknown = json!({"model": "m-sim-a", "input": "a"});
    let refused = server.post("/v1/embeddings", &unknown).await;
    assert_eq!(refused.json()["error"]["code"], "model_not_found");
    server.stop().await.unwrap();
}
