use serde_json::json;

use crate::http::testing::House;

#[tokio::test]
async fn a_key_is_shown_once_does_what_it_carries_and_ends_when_taken_back() {
    let house = House::new().await;
    let founder = house.founder().await;
    let new = json!({"name": "website", "scopes": ["client:read", "llm:use"]});
    let refused = house.post(&founder, "/api/v1/api-keys", &new).await;
    assert_eq!(
        (refused.status, refused.json()["code"].as_str()),
        (401, Some("step_up_required"))
    );
    let ana = house.with_factor(founder).await;
    let made = house.post(&ana, "/api/v1/api-keys", &new).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let made = made.json();
    let (key, id) = (made["key"].as_str().unwrap(), made["id"].as_str().unwrap());
    let list = house.get(&ana, "/api/v1/api-keys").await;
    assert!(!list.body.contains(key) && list.body.contains(made["prefix"].as_str().unwrap()));

    let bearer = format!("Bearer {key}");
    let ask = async |method: &str, path: &str, headers: &[(&str, &str)], body: &str| {
        house.server.send(method, path, headers, body).await
    };
    let shown = [("authorization", bearer.as_str())];
    assert_eq!(ask("GET", "/api/v1/clients", &shown, "").await.status, 200);
    assert_eq!(
        ask("GET", "/api/v1/clients", &[("x-api-key", key)], "")
            .await
            .status,
        200
    );
    let client = r#"{"kind":"person","legal_name":"Bia"}"#;
    let denied = ask("POST", "/api/v1/clients", &shown, client).await;
    assert_eq!(
        (denied.status, denied.json()["permission"].as_str()),
        (403, Some("client:write"))
    );
    for path in [
        "/api/v1/auth/me",
        "/api/v1/users/me",
        "/api/v1/admin/users",
        "/api/v1/workspaces",
    ] {
        assert_eq!(
            ask("GET", path, &shown, "").await.status,
            403,
            "{path}: no person"
        );
    }
    let place = format!("/api/v1/api-keys/{id}");
    assert_eq!(house.ask(&ana, "DELETE", &place, &[], "").await.status, 204);
    assert_eq!(ask("GET", "/api/v1/clients", &shown, "").await.status, 401);
    assert_eq!(house.ask(&ana, "DELETE", &place, &[], "").await.status, 404);
}

#[tokio::test]
async fn a_key_carries_no_more_than_its_maker_has() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let make = async |who, scopes: &[&str]| {
        house
            .post(who, "/api/v1/api-keys", &json!({"name": "k", "scopes": scopes}))
            .await
    };
    let unknown = make(&ana, &["client:read", "client:everything", "*"]).await;
    assert_eq!(unknown.status, 422);
    let errors = unknown.json()["errors"].clone();
    assert_eq!(
        (&errors[0]["field"], &errors[1]["field"]),
        (&json!("scopes[1]"), &json!("scopes[2]"))
    );
    assert_eq!(
        make(&ana, &["config:read", "workspace:close"]).await.status,
        201,
        "an administrator who owns it"
    );
    let admin = house.member(&ana, "adao@example.com", "admin").await;
    let admin = house.with_factor(admin).await;
    assert_eq!(make(&admin, &["client:write"]).await.status, 201);
    for more in ["workspace:close", "config:read", "operation:write"] {
        let answer = make(&admin, &[more]).await;
        assert_eq!(
            (answer.status, answer.json()["errors"][0]["code"].as_str()),
            (422, Some("not_allowed")),
            "{more}"
        );
    }
    let past = json!({"name": "k", "expires_at": "2020-01-01T00:00:00Z"});
    assert_eq!(house.post(&ana, "/api/v1/api-keys", &past).await.status, 422);
    let more = json!({"name": "k", "created_by": "usr_1"});
    assert_eq!(house.post(&ana, "/api/v1/api-keys", &more).await.status, 422);
}

#[tokio::test]
async fn keys_of_providers_are_kept_and_never_shown() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let secret = "sk-canary-0123456789abcdef-wxyz";
    let body = json!({"secret": secret}).to_string();
    let set = house
        .ask(&ana, "PUT", "/api/v1/provider-keys/openai", &[], &body)
        .await;
    assert_eq!(
        (set.status, set.json()["hint"].as_str()),
        (200, Some("…wxyz")),
        "{}",
        set.body
    );
    let list = house.get(&ana, "/api/v1/provider-keys").await;
    assert_eq!(list.json()["items"][0]["provider"], "openai");
    assert!(!set.body.contains("canary") && !list.body.contains("canary"));
    assert_eq!(
        house
            .ask(&ana, "PUT", "/api/v1/provider-keys/Open%20AI", &[], &body)
            .await
            .status,
        422
    );
    assert_eq!(
        house
            .ask(
                &ana,
                "PUT",
                "/api/v1/provider-keys/openai",
                &[],
                r#"{"secret":""}"#
            )
            .await
            .status,
        422
    );
    assert_eq!(
        house
            .ask(&ana, "DELETE", "/api/v1/provider-keys/openai", &[], "")
            .await
            .status,
        204
    );
    assert_eq!(
        house
            .ask(&ana, "DELETE", "/api/v1/provider-keys/openai", &[], "")
            .await
            .status,
        404
    );
}
