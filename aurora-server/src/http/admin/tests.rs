use serde_json::{Value, json};

use crate::error::ErrorKind;
use crate::http::testing::House;

#[tokio::test]
async fn the_settings_are_shown_with_their_origins_and_without_secrets() {
    let house = House::with(&[("llm.openai_api_key", "sk-canary-0123456789abcdef")]).await;
    let ana = house.administrator().await;
    for path in ["/api/v1/admin/config", "/admin/config"] {
        assert_eq!(house.server.get(path).await.status, 401);
        let answer = house.get(&ana, path).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        assert!(!answer.body.contains("canary"));
        let body = answer.json();
        let find = |key: &str| {
            let all = body["settings"].as_array().unwrap();
            all.iter().find(|it| it["key"] == key).unwrap().clone()
        };
        let key = find("llm.openai_api_key");
        assert_eq!(
            (&key["value"], &key["is_secret"]),
            (&json!("[redacted]"), &json!(true))
        );
        assert!(key["origin"]["kind"].is_string(), "{key}");
        assert_eq!(find("server.port")["value"], 8080);
        assert_eq!(body["refused"], Value::Null);
    }
    let reloaded = house.post(&ana, "/api/v1/admin/reload", &json!({})).await;
    assert_eq!((reloaded.status, reloaded.json()), (200, json!({"changed": []})));
}

#[tokio::test]
async fn a_restart_ends_the_server_in_order_where_it_is_allowed() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let refused = house.post(&ana, "/admin/restart", &json!({})).await;
    assert_eq!(refused.status, 403);
    assert!(
        refused.json()["detail"]
            .as_str()
            .unwrap()
            .contains("server.allow_restart")
    );
    house.server.stop().await.unwrap();

    let house = House::with(&[("server.allow_restart", "true")]).await;
    let ana = house.administrator().await;
    let agent = house.member(&ana, "gil@example.com", "admin").await;
    assert_eq!(house.post(&agent, "/admin/restart", &json!({})).await.status, 403);
    assert_eq!(house.post(&ana, "/admin/restart", &json!({})).await.status, 202);
    let error = house.server.ended().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Restart);
}

#[tokio::test]
async fn what_was_done_is_listed_verified_and_exported() {
    let house = House::new().await;
    let ana = house.administrator().await;
    house.member(&ana, "gil@example.com", "agent").await;
    let list = house
        .get(&ana, "/api/v1/audit?action=member.&limit=1")
        .await
        .json();
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
    assert!(
        list["items"][0]["action"]
            .as_str()
            .unwrap()
            .starts_with("member."),
        "{list}"
    );
    assert_eq!(list["items"][0]["origin"], "127.0.0.1");
    assert!(list["next"].is_string());
    assert_eq!(
        house.get(&ana, "/api/v1/audit?subject=7&colour=red").await.status,
        400
    );
    let verified = house.get(&ana, "/api/v1/audit/verify").await.json();
    assert_eq!(
        (&verified["ok"], &verified["fault"]),
        (&json!(true), &Value::Null)
    );
    let export = house.get(&ana, "/api/v1/audit/export").await;
    assert_eq!(
        (export.status, export.header("content-type")),
        (200, Some("application/jsonl"))
    );
    let lines: Vec<Value> = export
        .body
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let before = verified["entries"].as_u64().unwrap();
    assert_eq!(
        u64::try_from(lines.len()).unwrap(),
        before + 1,
        "the export is an entry itself"
    );
    assert!(
        house
            .get(&ana, "/api/v1/audit/export?format=csv")
            .await
            .body
            .starts_with("workspace,seq,")
    );

    // the installation's own chain, with what happened to accounts
    let own = house.get(&ana, "/api/v1/admin/audit").await.json();
    assert!(!own["items"].as_array().unwrap().is_empty());
    assert_eq!(
        house.get(&ana, "/api/v1/admin/audit/verify").await.json()["ok"],
        true
    );
    house.clock.advance(std::time::Duration::from_secs(16 * 60));
    let stale = house.get(&ana, "/api/v1/audit/export").await;
    assert_eq!(stale.status, 401);
}
