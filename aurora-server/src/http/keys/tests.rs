use std::time::Duration;

use serde_json::json;

use crate::http::testing::{House, PASSWORD, token_of};

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
        make(&ana, &["metrics:read", "workspace:close"]).await.status,
        201,
        "an administrator who owns it"
    );
    let admin = house.member(&ana, "adao@example.com", "admin").await;
    let admin = house.with_factor(admin).await;
    assert_eq!(make(&admin, &["client:write"]).await.status, 201);
    for more in ["workspace:close", "metrics:read", "operation:write", "usage:read"] {
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

#[tokio::test]
async fn the_usage_of_all_workspaces_is_nothing_that_keys_of_one_show() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let admin = house.member(&ana, "adao@example.com", "admin").await;
    let admin = house.with_factor(admin).await;
    let key = async |who, scope: &str| {
        let new = json!({"name": "k", "scopes": [scope]});
        let made = house.post(who, "/api/v1/api-keys", &new).await.good(201);
        made["key"].as_str().unwrap().to_owned()
    };
    let (own, all) = (key(&admin, "llm:read").await, key(&ana, "usage:read").await);
    let usage = "/api/v1/llm/usage";
    let installation = "/api/v1/llm/usage/installation";
    for (key, path, status) in [
        (&own, usage, 200),
        (&own, installation, 403),
        (&all, installation, 200),
    ] {
        let answer = house.server.send("GET", path, &[("x-api-key", key)], "").await;
        assert_eq!(answer.status, status, "{path}: {}", answer.body);
    }
    assert_eq!(house.get(&admin, installation).await.status, 403);
    assert_eq!(house.get(&ana, installation).await.status, 200);
}

#[tokio::test]
async fn what_somebody_has_handed_out_opens_nothing_while_they_are_disabled() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let bia = house.member(&ana, "bia@example.com", "admin").await;
    let bia = house.with_factor(bia).await;
    let new = json!({"name": "k", "scopes": ["client:read"]});
    let key = house.post(&bia, "/api/v1/api-keys", &new).await.good(201);
    let place = format!("/api/v1/workspaces/{}/invitations", house.server.state.workspace);
    let new = json!({"email": "rui@example.com", "roles": ["viewer"]});
    let token = token_of(&house.post(&bia, &place, &new).await.good(201));
    let shown = [("x-api-key", key["key"].as_str().unwrap())];
    let clients = async || {
        house
            .server
            .send("GET", "/api/v1/clients", &shown, "")
            .await
            .status
    };
    assert_eq!(clients().await, 200);

    let user = format!("/api/v1/users/{}", bia.id);
    let set = async |what: &str, tag: &str| {
        let path = format!("{user}/{what}");
        let answer = house.ask(&ana, "POST", &path, &[("if-match", tag)], "").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.header("etag").unwrap().to_owned()
    };
    let tag = set("disable", "\"v1\"").await;
    house.clock.advance(Duration::from_millis(1_001)); // what was known of the key is over within a second
    assert_eq!(clients().await, 401);
    let body = json!({"token": token, "name": "Rui", "password": PASSWORD});
    let refused = house.server.post("/api/v1/auth/register", &body).await;
    refused.problem(401, "unauthenticated");

    set("enable", &tag).await;
    house.clock.advance(Duration::from_millis(1_001));
    assert_eq!(clients().await, 200, "they may again");
    house.server.post("/api/v1/auth/register", &body).await.good(201);
}

#[tokio::test]
async fn keys_to_the_installation_open_it_while_their_maker_is_an_administrator() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let bia = house.member(&ana, "bia@example.com", "admin").await;
    let place = format!("/api/v1/users/{}/administrator", bia.id);
    let set = async |method: &str, tag: &str| {
        let answer = house.ask(&ana, method, &place, &[("if-match", tag)], "").await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.header("etag").unwrap().to_owned()
    };
    let tag = set("PUT", "\"v1\"").await;
    let bia = house.signed_in(&bia.email).await;
    let bia = house.with_factor(bia).await;
    let new = json!({"name": "k", "scopes": ["status:read", "client:read"]});
    let key = house.post(&bia, "/api/v1/api-keys", &new).await.good(201);
    let shown = [("x-api-key", key["key"].as_str().unwrap())];
    let ask = async |path: &str| house.server.send("GET", path, &shown, "").await.status;
    assert_eq!(
        (ask("/api/status").await, ask("/api/v1/clients").await),
        (200, 200)
    );

    let tag = set("DELETE", &tag).await;
    house.clock.advance(Duration::from_millis(1_001)); // what was known of the key is over within a second
    assert_eq!(
        (ask("/api/status").await, ask("/api/v1/clients").await),
        (403, 200)
    );
    set("PUT", &tag).await;
    house.clock.advance(Duration::from_millis(1_001));
    assert_eq!(ask("/api/status").await, 200, "they look after it again");
}

#[tokio::test]
async fn a_key_is_made_once_and_shown_once() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let new = json!({"name": "site", "scopes": ["client:read"]}).to_string();
    let headers = [("idempotency-key", "k-1")];
    let made = house.ask(&ana, "POST", "/api/v1/api-keys", &headers, &new).await;
    made.good(201);
    let again = house.ask(&ana, "POST", "/api/v1/api-keys", &headers, &new).await;
    again.problem(409, "conflict");
    assert_eq!(again.header("idempotent-replayed"), None);
    let list = house.get(&ana, "/api/v1/api-keys").await.good(200);
    assert_eq!(list["items"].as_array().unwrap().len(), 1);
}
