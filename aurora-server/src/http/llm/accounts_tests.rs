//! Keys, budgets, limits and usage, on every face.

mod bounds;

use aurora_llm::LlmClient;
use aurora_llm::client::{LlmTarget, Task};
use aurora_llm::pricing::Price;
use aurora_llm::providers::simulated::Simulated;
use serde_json::{Value, json};

use crate::http::testing::{Answer, Server};

const KEYS: &str = "/api/v1/llm/keys";

/// Two chat models, `m-a` and `m-b`, and models for vectors and rerank.
async fn server() -> Server {
    let price = || Price::per_million("1".parse().unwrap(), "10".parse().unwrap());
    let chat = |name: &'static str, model: &'static str| {
        LlmTarget::new(Simulated::new(name).says("It is blue."), model)
            .name(name)
            .price(price())
    };
    let builder = LlmClient::builder()
        .target(chat("sim-a", "m-a"))
        .target(chat("sim-b", "m-b"))
        .target(LlmTarget::embeddings(Simulated::new("sim-e"), "e-1").price(price()))
        .target(
            LlmTarget::new(Simulated::new("sim-r"), "r-1")
                .task(Task::Rerank)
                .price(Price::FREE),
        );
    Server::of(builder).await
}

async fn key(server: &Server, limits: Value) -> (String, String) {
    let mut body = json!({"name": "shop"});
    for (name, value) in limits.as_object().unwrap() {
        body[name] = value.clone();
    }
    let made = server.post(KEYS, &body).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let made = made.json();
    let text = |name: &str| made[name].as_str().unwrap().to_owned();
    assert!(text("key").starts_with("aur_"));
    (text("id"), text("key"))
}

/// A chat on each face: OpenAI's two, Anthropic's, ours.
async fn chats(server: &Server, key: &str, model: &str) -> [Answer; 4] {
    let bearer = format!("Bearer {key}");
    let auth = [("authorization", bearer.as_str())];
    let messages = json!([{"role": "user", "content": "Why?"}]);
    let chat = json!({"model": model, "messages": messages, "max_tokens": 100});
    let response = json!({"model": model, "input": "Why?", "max_output_tokens": 100});
    [
        server.send("POST", "/v1/chat/completions", &auth, &chat).await,
        server.send("POST", "/v1/responses", &auth, &response).await,
        server
            .send(
                "POST",
                "/v1/messages",
                &[("x-api-key", key), ("anthropic-version", "2023-06-01")],
                &chat,
            )
            .await,
        server.send("POST", "/api/v1/llm/chat", &auth, &chat).await,
    ]
}

#[tokio::test]
async fn a_key_reaches_its_models_alone_on_every_face() {
    let server = server().await;
    let (_, key) = key(&server, json!({"models": ["m-a"]})).await;
    for answer in chats(&server, &key, "m-a").await {
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    let [completion, response, message, own] = chats(&server, &key, "m-b").await;
    for answer in [completion, response] {
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (403, &json!("permission_denied")),
            "{}",
            answer.body
        );
        assert!(answer.body.contains("this key may not use the model"));
    }
    assert_eq!(
        (message.status, &message.json()["error"]["type"]),
        (403, &json!("permission_error"))
    );
    assert_eq!(
        (own.status, &own.json()["code"]),
        (403, &json!("model_not_allowed"))
    );
    let auth = format!("Bearer {key}");
    let auth = [("authorization", auth.as_str())];
    let steered = json!({"model": "m-a", "models": ["m-b"], "messages": [{"role": "user", "content": "?"}]});
    let steered = server.send("POST", "/v1/chat/completions", &auth, &steered).await;
    assert_eq!(
        steered.status, 403,
        "a gateway behind us would choose: {}",
        steered.body
    );
    let unnamed = server
        .send("POST", "/llm/chat", &auth, &json!({"prompt": "?"}))
        .await;
    assert_eq!(unnamed.json()["model"], "m-a", "the first that it may use");
    let list = server.send("GET", "/v1/models", &auth, &Value::Null).await.json();
    assert_eq!(list["data"].as_array().unwrap().len(), 1);
    assert_eq!(list["data"][0]["id"], "m-a");
    let vectors = json!({"model": "e-1", "input": "a"});
    let vectors = server.send("POST", "/v1/embeddings", &auth, &vectors).await;
    assert_eq!(vectors.status, 403);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_used_up_budget_is_told_in_the_words_of_each_face() {
    let server = server().await;
    // 100 tokens of output may cost 1,000,000 nano-dollars.
    let (id, key) = key(
        &server,
        json!({"budgets": [{"period": "day", "limit_usd": "0.0005"}]}),
    )
    .await;
    let [completion, response, message, own] = chats(&server, &key, "m-a").await;
    for answer in [completion, response] {
        assert_eq!(
            (answer.status, &answer.json()["error"]["code"]),
            (429, &json!("insufficient_quota")),
            "{}",
            answer.body
        );
        assert_eq!(answer.header("x-should-retry"), Some("false"));
    }
    let body = message.json();
    assert_eq!(
        (message.status, &body["error"]["type"]),
        (429, &json!("rate_limit_error"))
    );
    assert_eq!(body["request_id"], message.header("request-id").unwrap());
    assert_eq!(
        (own.status, &own.json()["code"]),
        (429, &json!("budget_exceeded"))
    );

    // The whole workspace, and a model.
    let (_, free) = self::key(&server, json!({})).await;
    let budget = json!({"budgets": [{"period": "month", "limit_tokens": 10}]});
    for path in ["/api/v1/llm/budgets/models/m-b", "/api/v1/llm/budgets/workspace"] {
        let read = server.get(path).await;
        assert_eq!(read.header("etag"), Some("\"v0\""));
        let missing = server.send("PUT", path, &[], &budget).await;
        assert_eq!(missing.status, 428);
        let put = server.send("PUT", path, &[("if-match", "\"v0\"")], &budget).await;
        assert_eq!(
            (put.status, &put.json()["version"]),
            (200, &json!(1)),
            "{}",
            put.body
        );
        let stale = server.send("PUT", path, &[("if-match", "\"v0\"")], &budget).await;
        assert_eq!((stale.status, &stale.json()["current_version"]), (412, &json!(1)));
        for answer in chats(&server, &free, "m-b").await {
            assert_eq!(answer.status, 429, "{path}: {}", answer.body);
        }
        if path.ends_with("m-b") {
            assert_eq!(chats(&server, &free, "m-a").await[0].status, 200, "another model");
        }
    }
    let list = server.get("/api/v1/llm/budgets").await.json();
    assert_eq!(list["items"].as_array().unwrap().len(), 2);

    // More for the key.
    let path = format!("/api/v1/llm/budgets/keys/{id}");
    let of_key = server.get(&path).await;
    assert_eq!(of_key.json()["budgets"][0]["limit"]["usd"], "0.000500");
    let none = json!({"budgets": []});
    for (path, tag) in [
        (path.as_str(), "\"v1\""),
        ("/api/v1/llm/budgets/workspace", "\"v1\""),
    ] {
        let put = server.send("PUT", path, &[("if-match", tag)], &none).await;
        assert_eq!(put.status, 200, "{}", put.body);
    }
    for answer in chats(&server, &key, "m-a").await {
        assert_eq!(answer.status, 200, "{}", answer.body);
    }
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_key_has_a_pace_of_its_own() {
    let server = server().await;
    let (_, slow) = key(&server, json!({"requests_per_minute": 1})).await;
    let [completion, response, message, own] = chats(&server, &slow, "m-a").await;
    assert_eq!(completion.status, 200);
    assert_eq!(
        (response.status, &response.json()["error"]["code"]),
        (429, &json!("rate_limit_exceeded"))
    );
    assert!(response.header("retry-after").unwrap().parse::<u64>().unwrap() <= 60);
    assert_eq!(message.json()["error"]["type"], "rate_limit_error");
    assert_eq!(
        (own.status, &own.json()["code"]),
        (429, &json!("too_many_requests"))
    );
    let (_, small) = key(&server, json!({"tokens_per_minute": 150})).await;
    let [first, second, ..] = chats(&server, &small, "m-a").await;
    assert_eq!(first.status, 200, "{}", first.body);
    assert_eq!(
        second.status, 200,
        "what was not used comes back: {}",
        second.body
    );
    server.stop().await.unwrap();
}

#[tokio::test]
async fn keys_are_listed_changed_and_taken_back() {
    let server = server().await;
    let wrong = json!({"name": "", "models": [], "requests_per_minute": 0,
        "budgets": [{"period": "day", "limit_usd": "much"}, {"period": "day"}]});
    let refused = server.post(KEYS, &wrong).await.json();
    let fields: Vec<&str> = refused["errors"]
        .as_array()
        .unwrap()
        .iter()
        .map(|error| error["field"].as_str().unwrap())
        .collect();
    assert_eq!(
        fields,
        [
            "budgets[0].limit_usd",
            "models",
            "requests_per_minute",
            "budgets[1]"
        ]
    );
    let (id, key) = key(
        &server,
        json!({"models": ["m-a"], "budgets": [{"period": "month", "limit_usd": "1", "offset_minutes": -180}]}),
    )
    .await;
    assert_eq!(chats(&server, &key, "m-a").await[0].status, 200);
    let list = server.get(KEYS).await.json();
    let item = &list["items"][0];
    assert_eq!((&item["id"], &item["models"]), (&json!(id), &json!(["m-a"])));
    let budget = &item["budgets"][0];
    assert!(budget["spent"]["nanos"].as_i64().unwrap() > 0, "{budget}");
    assert!(budget["resets_at"].is_string());
    assert!(!list.to_string().contains(&key), "the key is shown once");
    let path = format!("{KEYS}/{id}");
    let read = server.get(&path).await;
    assert_eq!(read.header("etag"), Some("\"v1\""));
    let any = server
        .send("PUT", &path, &[("if-match", "\"v1\"")], &json!({}))
        .await;
    assert_eq!((any.status, &any.json()["models"]), (200, &Value::Null));
    assert_eq!(chats(&server, &key, "m-b").await[0].status, 200);
    let gone = server.send("DELETE", &path, &[], &Value::Null).await;
    assert_eq!(gone.status, 204);
    let [completion, _, message, own] = chats(&server, &key, "m-a").await;
    assert_eq!(
        (completion.status, &completion.json()["error"]["code"]),
        (401, &json!("invalid_api_key"))
    );
    assert_eq!(message.json()["error"]["type"], "authentication_error");
    assert_eq!(own.json()["code"], "unauthenticated");
    let nobody = server.get(&format!("{KEYS}/key_{}", "0".repeat(32))).await;
    assert_eq!(nobody.status, 404);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn a_key_for_models_opens_nothing_else() {
    let server = server().await;
    let (_, key) = key(&server, json!({})).await;
    let auth = format!("Bearer {key}");
    let auth = [("authorization", auth.as_str())];
    for path in [
        KEYS,
        "/api/v1/llm/usage",
        "/api/v1/llm/budgets",
        "/api/v1/clients",
    ] {
        let refused = server.send("GET", path, &auth, &Value::Null).await;
        assert_eq!(refused.status, 403, "{path}");
    }
    let refused = server.send("POST", KEYS, &auth, &json!({"name": "more"})).await;
    assert_eq!(refused.status, 403);
    server.stop().await.unwrap();
}

#[tokio::test]
async fn usage_tells_who_spent_what() {
    let server = server().await;
    let (id, key) = key(&server, json!({})).await;
    chats(&server, &key, "m-a").await;
    let auth = format!("Bearer {key}");
    let auth = [("authorization", auth.as_str())];
    let vectors = json!({"input": ["a river", "a bank"]});
    let vectors = server
        .send("POST", "/api/v1/llm/embeddings", &auth, &vectors)
        .await;
    assert_eq!(
        vectors.json()["embeddings"].as_array().unwrap().len(),
        2,
        "{}",
        vectors.body
    );
    let ranked = json!({"query": "a river", "documents": ["a bank", "a river"], "top_n": 1});
    let ranked = server.send("POST", "/api/v1/llm/rerank", &auth, &ranked).await;
    assert_eq!(ranked.json()["results"][0]["index"], 1, "{}", ranked.body);
    let count = server
        .send(
            "POST",
            "/api/v1/llm/tokens/count",
            &auth,
            &json!({"prompt": "Why?"}),
        )
        .await;
    assert!(count.json()["tokens"].as_u64().unwrap() > 0);
    server
        .post("/llm/chat", &json!({"prompt": "?", "stream": true}))
        .await;
    let client = server.state.gateway.client().unwrap();
    client.flush(std::time::Duration::from_secs(5)).await;

    let by_key = server.get("/api/v1/llm/usage?group=key").await.json();
    let items = by_key["items"].as_array().unwrap();
    let mine = items.iter().find(|item| item["group"] == id.as_str()).unwrap();
    assert_eq!(mine["calls"], 6);
    assert!(mine["cost"]["nanos"].as_i64().unwrap() > 0);
    let nanos = mine["cost"]["nanos"].as_i64().unwrap();
    assert_eq!(mine["cost"]["usd"], format!("0.{nanos:09}").trim_end_matches('0'));
    let by_model = server.get("/api/v1/llm/usage?group=model").await.json();
    assert!(by_model["items"].as_array().unwrap().len() >= 3);
    for path in [
        "/api/v1/llm/usage?group=provider",
        "/api/v1/llm/usage/installation?group=provider",
    ] {
        let by_provider = server.get(path).await.json();
        let groups = by_provider["items"].as_array().unwrap().iter();
        let groups: Vec<&str> = groups.filter_map(|item| item["group"].as_str()).collect();
        assert_eq!(groups, ["sim-a", "sim-e", "sim-r"], "{path}");
    }
    let entries = server
        .get(&format!("/api/v1/llm/usage/entries?key={id}&limit=2"))
        .await
        .json();
    assert_eq!(entries["items"].as_array().unwrap().len(), 2);
    assert_eq!(entries["items"][0]["key"], id.as_str());
    assert!(entries["next"].is_string());
    let all = server
        .get("/api/v1/llm/usage/installation?group=workspace")
        .await
        .json();
    assert_eq!(all["items"][0]["group"], server.state.workspace.to_string());
    for wrong in ["group=week", "group=workspace", "from=yesterday", "colour=red"] {
        let refused = server.get(&format!("/api/v1/llm/usage?{wrong}")).await;
        assert_eq!(refused.status, 400, "{wrong}");
    }

    let calls = server.get("/api/v1/llm/requests").await.json();
    let newest = &calls["items"][0];
    assert_eq!(
        (&newest["outcome"], &newest["stream"]),
        (&json!("served"), &json!(true))
    );
    assert_eq!(newest["attempts"][0]["outcome"], "served");
    assert_eq!(calls["items"].as_array().unwrap().len(), 7);
    let models = server.get("/api/v1/llm/models").await.json();
    assert_eq!(
        (&models["chat"], &models["embeddings"], &models["rerank"]),
        (&json!(["m-a", "m-b"]), &json!(["e-1"]), &json!(["r-1"]))
    );
    let prices = server.get("/api/v1/llm/prices").await.json();
    assert_eq!(prices["items"][0]["rates"]["output"], "10");
    let one = server
        .get("/api/v1/llm/prices?kind=openai&model=gpt-5-mini")
        .await
        .json();
    assert!(one["items"][0]["source"].is_string(), "{one}");
    server.stop().await.unwrap();
}
