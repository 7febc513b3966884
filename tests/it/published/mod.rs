//! Journeys over HTTP, one for each of the five documents of the systems that Aurora replaces: what they publish answers as
//! published. The table of it is `docs/server/published.md`.
#![expect(
    clippy::expect_used,
    clippy::indexing_slicing,
    reason = "a test may stop at what it did not expect, in its helpers too"
)]

#[expect(dead_code, reason = "the server's own tests use the rest of it")]
#[path = "../../../aurora-server/tests/server/harness.rs"]
mod harness;

mod ai_agency_core;
mod atendeai;
mod aurora_platform;
mod rapidapi_production;
mod synapscale;

use aurora_core::access::totp::{Totp, TotpSecret};
use aurora_core::config::Loader;
use aurora_core::time::{Clock as _, SystemClock, Timestamp};
use aurora_server::App;
use serde_json::{Value, json};

use harness::{Answer, Server};

const EMAIL: &str = "ana@example.com";
const PASSWORD: &str = "três pratos de trigo";

/// A guarded server, and the link by which its first administrator is made.
async fn guarded(toml: &str) -> (Server, String) {
    let loaded = Loader::new()
        .toml("aurora.toml", toml)
        .environment([("DATABASE_URL", "sqlite::memory:")])
        .load()
        .unwrap();
    let app = App::build(loaded.settings().clone()).await.unwrap();
    let server = Server::run(&app).await;
    let link = app.first_link().await.unwrap().expect("nobody is there yet");
    let (_, token) = link
        .expose()
        .split_once("token=")
        .expect("the link ends with a token");
    (server, token.to_owned())
}

/// Somebody with an access token.
struct Person {
    token: String,
}

impl Person {
    /// The first administrator, signed in with a password.
    async fn founder(server: &Server, setup: &str) -> Self {
        let body = json!({"token": setup, "email": EMAIL, "name": "Ana Souza", "password": PASSWORD});
        let made = server.post("/api/v1/auth/setup", &body.to_string()).await;
        assert_eq!(made.status, 201, "{}", text(&made));
        let login = json!({"email": EMAIL, "password": PASSWORD}).to_string();
        let signed_in = server.post("/auth/login", &login).await;
        Self::of(&signed_in)
    }

    fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, 200, "{}", text(answer));
        let tokens = answer.json();
        assert_eq!(tokens["token_type"], "Bearer");
        Self {
            token: tokens["access_token"].as_str().unwrap().to_owned(),
        }
    }

    async fn ask(&self, server: &Server, method: &str, path: &str, body: &Value) -> Answer {
        self.asks_with(server, method, path, &[], body).await
    }

    async fn asks_with(
        &self,
        server: &Server,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let own = [
            ("authorization", bearer.as_str()),
            ("content-type", "application/json"),
        ];
        let text = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        server.ask(method, path, &[&own, headers].concat(), &text).await
    }

    async fn get(&self, server: &Server, path: &str) -> Answer {
        self.ask(server, "GET", path, &Value::Null).await
    }

    /// Takes up an authenticator and signs in with both factors.
    async fn with_two_factors(self, server: &Server) -> Self {
        let enrolled = self.ask(server, "POST", "/api/v1/auth/factors", &json!({})).await;
        let secret = enrolled.json()["secret"]
            .as_str()
            .expect("a secret to enter")
            .to_owned();
        // Each code is taken once: that of half a minute ago, then that of now.
        let code = |at: Timestamp| {
            let secret = TotpSecret::from_base32(&secret).unwrap();
            Totp::default().code(&secret, at).expose().to_owned()
        };
        let now = SystemClock.now();
        let earlier = json!({"code": code(now - std::time::Duration::from_secs(30))});
        let active = self
            .ask(server, "POST", "/api/v1/auth/factors/activate", &earlier)
            .await;
        assert!(active.status < 300, "{}", text(&active));

        let login = json!({"email": EMAIL, "password": PASSWORD}).to_string();
        let challenged = server.post("/api/v1/auth/login", &login).await;
        assert_eq!(challenged.status, 200, "{}", text(&challenged));
        let challenge = challenged.json()["challenge"]
            .as_str()
            .expect("a second factor")
            .to_owned();
        let answer = json!({"challenge": challenge, "code": code(SystemClock.now())}).to_string();
        Self::of(&server.post("/api/v1/auth/challenge", &answer).await)
    }
}

fn text(answer: &Answer) -> String {
    format!("{} {}", answer.status, String::from_utf8_lossy(&answer.body))
}

fn assert_status(answer: &Answer, status: u16) -> Value {
    assert_eq!(answer.status, status, "{}", text(answer));
    serde_json::from_slice(&answer.body).unwrap_or_default()
}
