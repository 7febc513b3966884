//! Signing in at a guarded server, over its socket.

mod alike;
mod claimed;
mod cookies;
mod entry;
mod factors;
mod forged;
mod sessions;
mod together;

use serde_json::json;

use crate::http::testing::{House, PASSWORD, Person};

#[tokio::test]
async fn the_first_link_makes_the_administrator_once_and_signs_nobody_in() {
    let house = House::new().await;
    let token = house.setup_token().await;
    let body = |token: &str| json!({"token": token, "email": "ana@example.com", "name": "Ana Souza", "password": PASSWORD});
    let weak = json!({"token": token, "email": "ana@example.com", "name": "Ana", "password": "12345678"});
    let answer = house.server.post("/api/v1/auth/setup", &weak).await;
    assert_eq!(
        (answer.status, answer.json()["errors"][0]["field"].as_str()),
        (422, Some("password"))
    );

    let answer = house.server.post("/api/v1/auth/setup", &body(&token)).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    let made = answer.json();
    assert_eq!(made["user"]["is_administrator"], true);
    assert_eq!(made["workspace"]["id"], house.server.state.workspace.to_string());
    assert!(!answer.body.contains("_token") && answer.header("set-cookie").is_none());
    for spent in [token.as_str(), "aur_setup_0000000000000000000000000000", ""] {
        assert_eq!(
            house.server.post("/api/v1/auth/setup", &body(spent)).await.status,
            401
        );
    }

    let ana = house.signed_in("Ana@Example.com").await;
    let here = house.get(&ana, "/api/v1/auth/me").await.json();
    assert_eq!(here["workspace"]["id"], house.server.state.workspace.to_string());
    assert_eq!(here["workspaces"][0]["roles"], json!(["owner"]));
    let permissions = here["permissions"].as_array().unwrap();
    assert!(permissions.contains(&json!("workspace:close")) && permissions.contains(&json!("llm:use")));
    assert_eq!(house.get(&ana, "/api/v1/clients").await.status, 200);
    assert_eq!(house.server.get("/api/v1/clients").await.status, 401);
    house.server.stop().await.unwrap();
}

#[tokio::test]
async fn nobody_is_told_of_permissions_that_the_installation_refuses() {
    let house = House::new().await;
    let ana = house.founder().await;
    let bia = house.member(&ana, "bia@example.com", "admin").await;
    let has = async |person: &Person, name: &str| {
        let me = house.get(person, "/api/v1/auth/me").await.good(200);
        me["permissions"].as_array().unwrap().contains(&json!(name))
    };
    for (name, path) in [
        ("status:read", "/api/status"),
        ("alert:read", "/api/v1/alerts"),
        ("usage:read", "/api/v1/llm/usage/installation"),
        ("event:read", "/api/v1/events/log"),
        ("client:read", "/api/v1/clients"),
    ] {
        for person in [&ana, &bia] {
            let answer = house.get(person, path).await;
            let is_let_in = has(person, name).await;
            assert_eq!(
                answer.status == 403,
                !is_let_in,
                "{name} of {}: {}",
                person.email,
                answer.body
            );
        }
        let is_wide = !["event:read", "client:read"].contains(&name);
        assert_eq!(has(&bia, name).await, !is_wide, "{name}");
    }
    house.server.stop().await.unwrap();
}

#[tokio::test]
async fn an_unknown_person_and_a_wrong_password_are_answered_alike() {
    let house = House::new().await;
    house.founder().await;
    let told = async |email: &str, password: &str| {
        let answer = house.login(email, password).await;
        let mut body = answer.json();
        body.as_object_mut().unwrap().remove("request_id");
        let headers: Vec<String> = answer.usual_headers().iter().map(|it| (*it).to_owned()).collect();
        (answer.status, headers, body)
    };
    let wrong = told("ana@example.com", "wrong horse battery").await;
    assert_eq!(wrong.0, 401);
    assert_eq!(wrong, told("nobody@example.com", "wrong horse battery").await);
    assert_eq!(wrong, told("no address", "").await);
    // after five failures a right password waits like a wrong one
    for _ in 0..4 {
        told("ana@example.com", "wrong horse battery").await;
    }
    assert_eq!(wrong, told("ana@example.com", PASSWORD).await);
    let same = json!({"email": "ana@example.com"});
    let other = json!({"email": "nobody@example.com"});
    for body in [&same, &other] {
        let answer = house.server.post("/api/v1/auth/password/reset", body).await;
        assert_eq!((answer.status, answer.body.as_str()), (202, ""));
    }
}

#[tokio::test]
async fn the_published_address_signs_in_too_and_fields_that_are_not_asked_for_are_refused() {
    let house = House::new().await;
    let ana = house.founder().await;
    let body = json!({"email": ana.email, "password": PASSWORD});
    let answer = house.server.post("/auth/login", &body).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    let tokens = answer.json();
    assert_eq!(
        (&tokens["token_type"], &tokens["expires_in"]),
        (&json!("Bearer"), &json!(900))
    );
    assert_eq!(tokens["session"]["is_current"], true);

    let more = json!({"email": ana.email, "password": PASSWORD, "is_administrator": true});
    let answer = house.server.post("/api/v1/auth/login", &more).await;
    assert_eq!(
        (answer.status, answer.json()["errors"][0]["code"].as_str()),
        (422, Some("unknown"))
    );
    for (field, value) in [
        ("is_administrator", json!(true)),
        ("status", json!("active")),
        ("id", json!(ana.id)),
        ("email", json!("other@example.com")),
        ("created_at", json!("2026-01-01T00:00:00Z")),
    ] {
        let body = json!({"name": "Ana", field: value}).to_string();
        let answer = house
            .ask(
                &ana,
                "PATCH",
                "/api/v1/users/me",
                &[("if-match", "\"v1\"")],
                &body,
            )
            .await;
        assert_eq!(answer.status, 422, "{field}: {}", answer.body);
    }
    let answer = house
        .ask(
            &ana,
            "PATCH",
            "/api/v1/users/me",
            &[("if-match", "\"v1\"")],
            r#"{"name":"Ana B"}"#,
        )
        .await;
    assert_eq!((answer.status, answer.header("etag")), (200, Some("\"v2\"")));
}

#[tokio::test]
async fn a_workspace_that_is_not_theirs_lets_nobody_in() {
    let house = House::new().await;
    let ana = house.founder().await;
    let other = "wsp_0190a8b0c0de7000800000000000000a";
    let body = json!({"email": ana.email, "password": PASSWORD, "workspace": other});
    assert_eq!(house.server.post("/api/v1/auth/login", &body).await.status, 404);
    let sessions = house.get(&ana, "/api/v1/auth/sessions").await.json();
    assert_eq!(
        sessions["items"].as_array().unwrap().len(),
        1,
        "none is left open"
    );
    for header in ["x-workspace-id", "x-clinic-id"] {
        let answer = house
            .ask(&ana, "GET", "/api/v1/clients", &[(header, other)], "")
            .await;
        assert_eq!(answer.status, 404, "{header}");
    }
}

#[tokio::test]
async fn the_published_keys_hold_no_secret() {
    let house = House::new().await;
    for path in ["/.well-known/jwks.json", "/api/v1/auth/.well-known/jwks.json"] {
        let answer = house.server.get(path).await;
        let keys = answer.json()["keys"].as_array().unwrap().clone();
        assert_eq!((answer.status, keys.len()), (200, 1));
        for secret in ["d", "k", "p", "q", "dp", "dq", "qi", "oth"] {
            assert!(keys[0].get(secret).is_none(), "{secret}");
        }
        assert!(keys[0]["x"].is_string() && keys[0]["kid"].is_string());
    }
}

/// Where a person chooses a password the rule stands in words, in both languages.
#[test]
fn pages_tell_the_rule_of_passwords_as_it_is() {
    use aurora_core::access::password::{LONGEST, SHORTEST};
    for page in [
        include_str!("../account.js"),
        include_str!("../../../dashboard/assets/pages/users/words.js"),
    ] {
        let english = format!("{SHORTEST} to {LONGEST} characters, not easily guessed");
        let portuguese = format!("{SHORTEST} a {LONGEST} caracteres, difícil de adivinhar");
        assert!(page.contains(&english) && page.contains(&portuguese), "{page}");
    }
    let form = include_str!("../account.html");
    let bounds = format!("minlength=\"{SHORTEST}\" maxlength=\"{LONGEST}\"");
    assert!(form.contains(&bounds), "{form}");
}

#[tokio::test]
async fn the_pages_of_links_are_served_with_everything_from_here() {
    let house = House::new().await;
    for path in [
        "/setup?token=x",
        "/reset",
        "/invite",
        "/join",
        "/verify",
        "/account/account.js",
        "/account/account.css",
    ] {
        let answer = house.server.get(path).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(
            answer
                .header("content-security-policy")
                .unwrap()
                .contains("script-src 'self'")
        );
        assert_eq!(answer.header("referrer-policy"), Some("no-referrer"));
        assert!(
            !answer.body.contains("http:")
                && !answer.body.contains("innerHTML")
                && !answer.body.contains(" style=")
        );
    }
}
