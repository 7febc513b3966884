//! *Documentação do Core* of AI Agency: settings, monitoring, sign-in with roles, models with fallback and cost.

use serde_json::{Value, json};

use super::{Person, assert_status, guarded};

#[tokio::test]
async fn the_core_is_watched_signs_people_in_and_asks_models() {
    // `JWT_EXPIRATION=3600`, the longest that the document allows.
    let (server, setup) = guarded("[access]\ntoken_life = \"1h\"").await;
    for (path, kind) in [
        ("/health", "application/json"),
        ("/ready", "application/json"),
        ("/metrics", ""),
    ] {
        let answer = server.get(path).await;
        assert!(
            answer.status == 200 || (path == "/metrics" && answer.status == 501),
            "{path} {}",
            answer.status
        );
        assert!(
            answer
                .header("content-type")
                .unwrap_or_default()
                .starts_with(kind),
            "{path}"
        );
    }

    // `@auth.require_auth`: a protected route and the same with a token.
    let refused = server.post("/llm/chat", r#"{"prompt":"Hello, AI!"}"#).await;
    refused.problem(401, "unauthenticated");
    let ana = Person::founder(&server, &setup).await;
    let me = assert_status(&ana.get(&server, "/api/v1/auth/me").await, 200);
    assert!(
        me["permissions"].as_array().unwrap().contains(&json!("llm:use")),
        "{me}"
    );

    // `ai_client.generate(prompt, provider)`: the answer, who gave it, and its cost.
    let asked = json!({"prompt": "Hello, AI!", "provider": "simulated"});
    let answer = assert_status(&ana.ask(&server, "POST", "/llm/chat", &asked).await, 200);
    assert!(!answer["content"].as_str().unwrap().is_empty());
    assert_eq!(answer["provider"], "simulated", "what is made up says so");
    assert!(answer["usage"]["total_tokens"].as_u64().unwrap() > 0);
    assert_eq!(answer["attempts"][0]["outcome"], "served");
    let unknown = json!({"prompt": "Hello", "provider": "nobody"});
    assert_status(&ana.ask(&server, "POST", "/llm/chat", &unknown).await, 422);

    // Every sensitive operation is in the log.
    let audit = assert_status(&ana.get(&server, "/api/v1/audit").await, 200);
    assert!(audit["items"].is_array());

    // Logout is at once.
    assert!(
        ana.ask(&server, "POST", "/api/v1/auth/logout", &Value::Null)
            .await
            .status
            < 300
    );
    ana.get(&server, "/api/v1/auth/me")
        .await
        .problem(401, "unauthenticated");
    server.stopped().await.unwrap();
}
