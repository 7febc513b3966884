//! *AtendeAI 2.0*: the services behind its gateway, each under its path; tokens of 15 minutes, limits, headers.

use serde_json::{Value, json};

use super::{Person, assert_status, guarded};

const WHATSAPP: &str = "[whatsapp]\napp_id = \"1\"\napp_secret = \"the-secret-of-the-Meta-app\"\nverify_token = \"a-word\"\n\
                        [limits]\nauth_per_minute = 0\n";

#[tokio::test]
async fn each_service_answers_under_its_path() {
    let (server, setup) = guarded(WHATSAPP).await;

    // Headers of safety, as its gateway set them.
    let health = server.get("/health").await;
    for (header, value) in [
        ("x-content-type-options", "nosniff"),
        ("x-frame-options", "DENY"),
        ("referrer-policy", "no-referrer"),
        ("x-service", "aurora"),
        ("x-version", env!("CARGO_PKG_VERSION")),
    ] {
        assert_eq!(health.header(header), Some(value));
    }
    assert!(health.header("content-security-policy").is_some());

    // Auth and user service: 15 minutes, refreshed.
    let ana = Person::founder(&server, &setup).await;
    let login = json!({"email": super::EMAIL, "password": super::PASSWORD}).to_string();
    let tokens = assert_status(&server.post("/api/v1/auth/login", &login).await, 200);
    assert_eq!(tokens["expires_in"], 900);
    let refresh = json!({"refresh_token": tokens["refresh_token"]}).to_string();
    assert_status(&server.post("/api/v1/auth/refresh", &refresh).await, 200);
    assert_eq!(
        assert_status(&ana.get(&server, "/api/v1/users/me").await, 200)["email"],
        super::EMAIL
    );

    // Clinic service: a tenant, made by an administrator with both factors, selected by its header.
    let ana = ana.with_two_factors(&server).await;
    let clinic = json!({"name": "Clínica Sol"});
    let clinic = assert_status(&ana.ask(&server, "POST", "/api/v1/clinics", &clinic).await, 201);
    let here = [("x-clinic-id", clinic["id"].as_str().unwrap())];
    let foreign = [("x-clinic-id", "wsp_00000000000070008000000000000009")];
    let clients = ana
        .asks_with(&server, "GET", "/api/v1/clients", &here, &Value::Null)
        .await;
    assert_status(&clients, 200);
    assert_eq!(
        clients.header("ratelimit-policy"),
        Some(r#""api";q=100;w=60, "api-h";q=1000;w=3600"#)
    );
    let hidden = ana
        .asks_with(&server, "GET", "/api/v1/clients", &foreign, &Value::Null)
        .await;
    hidden.problem(404, "not_found");

    // Conversation, appointment, WhatsApp and calendar service.
    for path in [
        "/api/v1/conversations",
        "/api/v1/appointments",
        "/api/v1/professionals",
        "/api/v1/services",
        "/api/v1/whatsapp/numbers",
        "/api/v1/calendar/links",
    ] {
        assert_status(
            &ana.asks_with(&server, "GET", path, &here, &Value::Null).await,
            200,
        );
    }

    // `/webhook/whatsapp`, as Meta calls it.
    let handshake = "/webhook/whatsapp?hub.mode=subscribe&hub.verify_token=a-word&hub.challenge=1158201444";
    let answer = server.get(handshake).await;
    assert_eq!(
        (answer.status, answer.body.as_slice()),
        (200, b"1158201444".as_slice())
    );
    assert!(server.get(&handshake.replace("a-word", "another")).await.status >= 400);
    let unsigned = server
        .post(
            "/webhook/whatsapp",
            r#"{"object":"whatsapp_business_account","entry":[]}"#,
        )
        .await;
    assert!([401, 403].contains(&unsigned.status), "{}", unsigned.status);
    server.stopped().await.unwrap();
}

#[tokio::test]
async fn sign_in_is_limited_to_five_a_minute() {
    let (server, _) = guarded("").await;
    let login = json!({"email": "nobody@example.com", "password": "um prato de trigo"}).to_string();
    for _ in 0..5 {
        server
            .post("/api/v1/auth/login", &login)
            .await
            .problem(401, "unauthenticated");
    }
    let refused = server.post("/api/v1/auth/login", &login).await;
    refused.problem(429, "too_many_requests");
    assert_eq!(
        refused.header("ratelimit-policy"),
        Some(r#""auth";q=5;w=60, "auth-h";q=100;w=3600"#)
    );
    assert!(refused.header("retry-after").is_some());
    server.stopped().await.unwrap();
}
