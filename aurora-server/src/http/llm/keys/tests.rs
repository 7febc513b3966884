//! Who may keep virtual keys, over the socket of a guarded server.

use serde_json::{Value, json};

use crate::http::testing::House;

const KEYS: &str = "/api/v1/llm/keys";
const GENERAL: &str = "/api/v1/api-keys";

#[tokio::test]
async fn virtual_keys_are_kept_as_all_keys_are_by_people_with_a_fresh_second_factor() {
    let house = House::new().await;
    let founder = house.founder().await;
    let new = json!({"name": "shop"});
    let refused = house.post(&founder, KEYS, &new).await;
    refused.problem(401, "step_up_required");
    let ana = house.with_factor(founder.clone()).await;
    let made = house.post(&ana, KEYS, &new).await.good(201);
    let place = format!("{KEYS}/{}", made["id"].as_str().unwrap());

    // A program that may set budgets mints, changes and takes back no keys.
    let writes = json!({"name": "writes", "scopes": ["llm:write", "llm:read", "llm:use"]});
    let writes = house.post(&ana, GENERAL, &writes).await.good(201);
    let bearer = format!("Bearer {}", writes["key"].as_str().unwrap());
    let headers = [("authorization", bearer.as_str()), ("if-match", "\"v1\"")];
    for (method, path, body) in [
        ("POST", KEYS, &new),
        ("PUT", place.as_str(), &json!({})),
        ("DELETE", place.as_str(), &Value::Null),
    ] {
        let answer = house.server.send(method, path, &headers, body).await;
        assert_eq!(
            answer.problem(403, "forbidden")["permission"],
            "key:write",
            "{method}"
        );
    }
    let kept = house.get(&ana, &place).await.good(200);
    assert_eq!((&kept["revoked_at"], &kept["version"]), (&Value::Null, &json!(1)));
    assert_eq!(house.ask(&ana, "DELETE", &place, &[], "").await.status, 204);
}

#[tokio::test]
async fn a_key_that_carries_more_is_limited_here_and_taken_back_elsewhere() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let more = json!({"name": "website", "scopes": ["client:read", "llm:use"]});
    let more = house.post(&ana, GENERAL, &more).await.good(201);
    let id = more["id"].as_str().unwrap();
    let place = format!("{KEYS}/{id}");
    let limits = json!({"models": ["m-a"]}).to_string();
    let limited = house
        .ask(&ana, "PUT", &place, &[("if-match", "\"v0\"")], &limits)
        .await;
    assert_eq!(limited.good(200)["models"], json!(["m-a"]));
    let refused = house.ask(&ana, "DELETE", &place, &[], "").await;
    refused.problem(409, "conflict");
    let shown = [("x-api-key", more["key"].as_str().unwrap())];
    assert_eq!(
        house
            .server
            .send("GET", "/api/v1/clients", &shown, "")
            .await
            .status,
        200
    );
    let general = format!("{GENERAL}/{id}");
    assert_eq!(house.ask(&ana, "DELETE", &general, &[], "").await.status, 204);
}
