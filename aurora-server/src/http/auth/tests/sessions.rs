use std::time::Duration;

use serde_json::json;

use crate::http::testing::{House, PASSWORD};

const REUSE: Duration = Duration::from_secs(31);

#[tokio::test]
async fn a_spent_refresh_token_ends_the_session() {
    let house = House::new().await;
    let ana = house.founder().await;
    let refresh = async |token: &str| {
        house
            .server
            .post("/api/v1/auth/refresh", &json!({"refresh_token": token}))
            .await
    };
    let second = refresh(&ana.refresh).await;
    assert_eq!(second.status, 200, "{}", second.body);
    let second = second.json();
    let newest = second["refresh_token"].as_str().unwrap().to_owned();
    assert_ne!(newest, ana.refresh);
    assert_eq!(
        refresh(&ana.refresh).await.json()["refresh_token"],
        newest,
        "who asks twice gets the same"
    );
    let mut again = ana.clone();
    again.token = second["access_token"].as_str().unwrap().to_owned();
    assert_eq!(house.get(&again, "/api/v1/clients").await.status, 200);

    house.clock.advance(REUSE);
    assert_eq!(refresh(&ana.refresh).await.status, 401, "it was copied");
    assert_eq!(refresh(&newest).await.status, 401, "the session is over");
    assert_eq!(house.get(&again, "/api/v1/clients").await.status, 401, "at once");
    for nothing in ["", "abc", &ana.token] {
        assert_eq!(refresh(nothing).await.status, 401);
    }
    assert_eq!(
        house.server.post("/api/v1/auth/refresh", &json!({})).await.status,
        401
    );
}

#[tokio::test]
async fn signing_out_ends_it_at_once() {
    let house = House::new().await;
    let (ana, elsewhere) = (house.founder().await, house.signed_in("ana@example.com").await);
    assert_eq!(house.get(&ana, "/api/v1/auth/me").await.status, 200);
    let answer = house.post(&ana, "/api/v1/auth/logout", &json!({})).await;
    assert_eq!(answer.status, 204);
    let refused = house.get(&ana, "/api/v1/auth/me").await;
    assert_eq!(
        (refused.status, refused.header("www-authenticate")),
        (401, Some("Bearer"))
    );
    let body = json!({"refresh_token": ana.refresh});
    assert_eq!(house.server.post("/api/v1/auth/refresh", &body).await.status, 401);
    assert_eq!(
        house.get(&elsewhere, "/api/v1/auth/me").await.status,
        200,
        "the other device"
    );
}

#[tokio::test]
async fn sessions_are_listed_and_ended_and_only_ones_own() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let bia = house.member(&ana, "bia@example.com", "agent").await;
    let other = house.signed_in("bia@example.com").await;
    let list = house.get(&bia, "/api/v1/auth/sessions").await.json();
    let items = list["items"].as_array().unwrap();
    assert_eq!(items.len(), 2);
    assert_eq!(items.iter().filter(|it| it["is_current"] == true).count(), 1);
    let theirs = items.iter().find(|it| it["is_current"] == false).unwrap();
    let path = format!("/api/v1/auth/sessions/{}", theirs["id"].as_str().unwrap());
    assert_eq!(
        house.ask(&ana, "DELETE", &path, &[], "").await.status,
        404,
        "somebody else's"
    );
    assert_eq!(house.ask(&bia, "DELETE", &path, &[], "").await.status, 204);
    assert_eq!(house.get(&other, "/api/v1/auth/me").await.status, 401);

    let third = house.signed_in("bia@example.com").await;
    let kept = "/api/v1/auth/sessions?keep_current=true";
    assert_eq!(house.ask(&bia, "DELETE", kept, &[], "").await.status, 204);
    assert_eq!(house.get(&third, "/api/v1/auth/me").await.status, 401);
    assert_eq!(
        house
            .ask(&bia, "DELETE", "/api/v1/auth/sessions", &[], "")
            .await
            .status,
        204
    );
    assert_eq!(house.get(&bia, "/api/v1/auth/me").await.status, 401);
}

#[tokio::test]
async fn another_password_takes_the_present_one_and_ends_other_sessions() {
    let house = House::new().await;
    let (ana, other) = (house.founder().await, house.signed_in("ana@example.com").await);
    let change = async |current: &str, new: &str| {
        let body = json!({"current_password": current, "new_password": new});
        house.post(&ana, "/api/v1/auth/password", &body).await
    };
    let wrong = change("wrong horse battery", "cinco vacas amarelas").await;
    wrong.problem(422, "invalid");
    assert_eq!(wrong.wrong_fields(), ["current_password"]);
    let weak = change(PASSWORD, "password").await;
    assert_eq!(
        (weak.status, weak.json()["errors"][0]["field"].as_str()),
        (422, Some("new_password"))
    );
    assert_eq!(change(PASSWORD, "cinco vacas amarelas").await.status, 204);
    assert_eq!(house.get(&ana, "/api/v1/auth/me").await.status, 200);
    assert_eq!(house.get(&other, "/api/v1/auth/me").await.status, 401);
    assert_eq!(house.login("ana@example.com", PASSWORD).await.status, 401);
    assert_eq!(
        house
            .login("ana@example.com", "cinco vacas amarelas")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn a_refresh_token_signs_out_in_the_body_too() {
    let house = House::new().await;
    let ana = house.founder().await;
    house.clock.advance(Duration::from_secs(16 * 60));
    assert_eq!(house.get(&ana, "/api/v1/auth/me").await.status, 401);
    let body = json!({"refresh_token": ana.refresh});
    assert_eq!(house.post(&ana, "/api/v1/auth/logout", &body).await.status, 204);
    assert_eq!(house.server.post("/api/v1/auth/refresh", &body).await.status, 401);
    for nothing in [json!({"refresh_token": "abc"}), json!({}), body] {
        let answer = house.server.post("/api/v1/auth/logout", &nothing).await;
        assert_eq!(answer.status, 204, "nobody is signed in");
    }
    let ana = house.signed_in("ana@example.com").await;
    let ana = house.with_factor(ana).await;
    let new = json!({"name": "k"});
    let key = house.post(&ana, "/api/v1/api-keys", &new).await.good(201);
    let shown = [("x-api-key", key["key"].as_str().unwrap())];
    let empty = [("authorization", "Bearer")];
    let bia = house.member(&ana, "bia@example.com", "viewer").await;
    let body = json!({"refresh_token": bia.refresh});
    let out = house
        .server
        .send("POST", "/api/v1/auth/logout", &empty, &body)
        .await;
    assert_eq!(out.status, 204, "{}", out.body);
    let refreshed = house.server.post("/api/v1/auth/refresh", &body).await;
    refreshed.problem(401, "unauthenticated");
    let program = house.server.send("POST", "/api/v1/auth/logout", &shown, "").await;
    program.problem(403, "forbidden");
}

#[tokio::test]
async fn people_behind_one_address_stay_signed_in() {
    // The first administrator and their login take what sign-in has for this address.
    let house = House::with(&[("limits.auth_per_minute", "2"), ("limits.api_per_minute", "3")]).await;
    let ana = house.founder().await;
    assert_eq!(house.login(&ana.email, PASSWORD).await.status, 429);
    let refresh = async |token: &str| {
        let body = json!({"refresh_token": token});
        house.server.post("/api/v1/auth/refresh", &body).await
    };
    let mut token = ana.refresh.clone();
    for left in [2, 1, 0] {
        let answer = refresh(&token).await;
        let limit = answer.header("ratelimit").unwrap().to_owned();
        assert!(limit.contains(&format!("\"refresh\";r={left}")), "{limit}");
        answer.good(200)["refresh_token"]
            .as_str()
            .unwrap()
            .clone_into(&mut token);
    }
    refresh(&token).await.problem(429, "too_many_requests");
    house.clock.advance(Duration::from_secs(60));
    refresh(&token).await.good(200); // who waited has lost nothing

    // Guesses count for the address, and keep nobody out who has a token.
    for _ in 0..3 {
        assert_eq!(refresh("guess").await.status, 401);
    }
    refresh("guess").await.problem(429, "too_many_requests");
    let ana = house.signed_in("ana@example.com").await;
    refresh(&ana.refresh).await.good(200);
}

#[tokio::test]
async fn a_refresh_token_ends_with_the_session_and_with_its_user() {
    let house = House::new().await;
    let ana = house.administrator().await;
    let bia = house.member(&ana, "bia@example.com", "agent").await;
    let refresh = async |token: &str| {
        let body = json!({"refresh_token": token});
        house.server.post("/api/v1/auth/refresh", &body).await
    };
    let path = format!("/api/v1/users/{}/disable", bia.id);
    let disabled = house
        .ask(&ana, "POST", &path, &[("if-match", "\"v1\"")], "")
        .await;
    assert_eq!(disabled.status, 200, "{}", disabled.body);
    assert_eq!(refresh(&bia.refresh).await.status, 401);
    assert_eq!(refresh(&ana.refresh).await.status, 200);
    assert_eq!(
        house.post(&ana, "/api/v1/auth/logout", &json!({})).await.status,
        204
    );
    assert_eq!(refresh(&ana.refresh).await.status, 401);
}
