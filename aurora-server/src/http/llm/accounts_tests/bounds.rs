//! What nobody may ask for, whoever asks.

use super::*;

#[tokio::test]
async fn a_name_that_no_model_has_is_refused_and_not_kept() {
    let server = server().await;
    let (_, key) = key(&server, json!({})).await;
    let long = "m".repeat(201);
    let [completion, response, message, own] = chats(&server, &key, &long).await;
    for answer in [completion, response] {
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (400, &json!("invalid_request")),
            "{}",
            answer.body
        );
    }
    assert_eq!(
        (message.status, &message.json()["error"]["type"]),
        (400, &json!("invalid_request_error"))
    );
    assert_eq!((own.status, &own.json()["code"]), (422, &json!("invalid")));
    let bearer = format!("Bearer {key}");
    let auth = [("authorization", bearer.as_str())];
    for (path, body) in [
        ("/v1/embeddings", json!({"model": long, "input": "a"})),
        (
            "/v1/messages/count_tokens",
            json!({"model": long, "messages": [{"role": "user", "content": "?"}]}),
        ),
        ("/api/v1/llm/embeddings", json!({"model": long, "input": ["a"]})),
        (
            "/api/v1/llm/rerank",
            json!({"model": long, "query": "a", "documents": ["b"]}),
        ),
        ("/api/v1/llm/tokens/count", json!({"model": long, "prompt": "?"})),
    ] {
        let answer = server.send("POST", path, &auth, &body).await;
        assert!([400, 422].contains(&answer.status), "{path}: {}", answer.body);
        assert!(
            answer.body.contains("at most 200 bytes"),
            "{path}: {}",
            answer.body
        );
    }
    let kept = server.get("/api/v1/llm/requests").await.json();
    assert_eq!(kept["items"], json!([]));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn what_can_never_fit_is_not_to_be_repeated() {
    let server = server().await;
    let (_, tiny) = key(&server, json!({"tokens_per_minute": 50})).await;
    let [completion, response, message, own] = chats(&server, &tiny, "m-a").await;
    for answer in [completion, response, message] {
        assert_eq!(answer.status, 400, "{}", answer.body);
        assert!(answer.body.contains("tokens in a minute"), "{}", answer.body);
    }
    assert_eq!((own.status, own.header("retry-after")), (422, None));
    server.stop().await.unwrap();
}

#[tokio::test]
async fn options_that_change_the_price_are_refused_under_a_hard_budget_alone() {
    let server = server().await;
    let budget = json!({"period": "day", "limit_usd": "5"});
    let (_, hard) = key(&server, json!({"budgets": [budget]})).await;
    let (_, free) = key(&server, json!({})).await;
    let chat = json!({"model": "m-a", "max_tokens": 100, "service_tier": "priority",
        "messages": [{"role": "user", "content": "Why?"}]});
    let response = json!({"model": "m-a", "input": "Why?", "service_tier": "priority"});
    for (path, body, status) in [
        ("/v1/chat/completions", &chat, 400),
        ("/v1/responses", &response, 400),
        ("/v1/messages", &chat, 400),
        ("/api/v1/llm/chat", &chat, 422),
    ] {
        for (key, status) in [(&hard, status), (&free, 200)] {
            let bearer = format!("Bearer {key}");
            let answer = server
                .send("POST", path, &[("authorization", &bearer)], body)
                .await;
            assert_eq!(answer.status, status, "{path}: {}", answer.body);
            assert_eq!(answer.body.contains("`service_tier`"), status != 200);
        }
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_key_sees_the_targets_that_it_may_name() {
    let server = server().await;
    let seen = async |limits: Value| {
        let (_, key) = key(&server, limits).await;
        let bearer = format!("Bearer {key}");
        let auth = [("authorization", bearer.as_str())];
        let models = server
            .send("GET", "/api/v1/llm/models", &auth, &Value::Null)
            .await;
        let targets = models.json()["targets"].clone();
        let names = targets
            .as_array()
            .unwrap()
            .iter()
            .map(|it| it["name"].as_str().unwrap().to_owned());
        names.collect::<Vec<_>>()
    };
    assert_eq!(seen(json!({"models": ["m-a"]})).await, ["sim-a"]);
    assert_eq!(seen(json!({"models": ["sim-b", "e-*"]})).await.len(), 2);
    assert_eq!(seen(json!({})).await.len(), 4);
    server.stop().await.unwrap();
}
