//! No secret is told: not in a log, a metric, an error, an answer, the settings as they are shown, the database or a backup.

use std::path::Path;

use aurora_core::access::totp::{Totp, TotpSecret};
use aurora_core::time::{Clock as _, SystemClock};
use serde_json::{Value, json};

use crate::harness::{Answer, Connection, request};
use crate::program::{aurora, ended, signal};

/// What is looked for; every secret that is given holds it, and nothing else does.
const CANARY: &str = "c4n4ry";

/// A variable with a secret, and its value.
fn settings() -> Vec<(&'static str, String)> {
    let long = |name: &str| format!("{CANARY}{name}0123456789abcdefghijklmnopqrstuvwxyz");
    // Nobody listens there: what is sent with the secrets fails, and is told.
    let nowhere = "http://127.0.0.1:9/v1".to_owned();
    vec![
        ("OPENAI_API_KEY", format!("sk-{}", long("openai"))),
        ("OPENAI_BASE_URL", nowhere.clone()),
        ("ANTHROPIC_API_KEY", long("anthropic")),
        ("ANTHROPIC_BASE_URL", nowhere),
        ("CNPJA_PRIMARY_KEY", long("cnpja1")),
        ("CNPJA_SECONDARY_KEY", long("cnpja2")),
        ("WHATSAPP_APP_SECRET", long("app")),
        ("WHATSAPP_VERIFY_TOKEN", long("verify")),
        (
            "JWT_SECRET",
            format!("{CANARY}/Zr8+QmT3vL0xWb7KfJ2yHdUsN9pEaGiC5oB1"),
        ),
        (
            "SLACK_WEBHOOK_URL",
            format!("http://127.0.0.1:9/services/{}", long("slack")),
        ),
        ("SMTP_HOST", "127.0.0.1".to_owned()),
        ("SMTP_PORT", "9".to_owned()),
        ("SMTP_USER", "aurora".to_owned()),
        ("SMTP_PASSWORD", long("smtp")),
        ("FROM_EMAIL", "aurora@example.com".to_owned()),
    ]
}

struct Visit {
    address: String,
    bearer: String,
    /// Everything that was answered.
    told: Vec<(String, Vec<u8>)>,
}

impl Visit {
    async fn ask(&mut self, method: &str, path: &str, body: &Value) -> Answer {
        self.ask_under(None, method, path, body).await
    }

    /// The same under an idempotency key.
    async fn ask_under(&mut self, key: Option<&str>, method: &str, path: &str, body: &Value) -> Answer {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let mut headers = vec![("content-type", "application/json")];
        headers.extend(key.map(|key| ("idempotency-key", key)));
        if !self.bearer.is_empty() {
            headers.push(("authorization", self.bearer.as_str()));
        }
        let mut connection = Connection::to(self.address.parse().unwrap()).await;
        connection.send(&request(method, path, &headers, &body)).await;
        let answer = connection.answer().await;
        let told = format!("{:?}", answer.headers).into_bytes();
        self.told
            .push((format!("{method} {path}"), [told, answer.body.clone()].concat()));
        answer
    }

    /// An answer that shows a secret, once, to whoever it is for: not to those who repeat the call.
    async fn shown(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let key = format!("once {path}");
        let answer = self.ask_under(Some(&key), method, path, body).await;
        assert!([200, 201].contains(&answer.status), "{path}: {answer:?}");
        self.told.pop();
        if !self.bearer.is_empty() {
            let again = self.ask_under(Some(&key), method, path, body).await;
            assert_eq!(again.status, 409, "{path}: {again:?}");
        }
        answer.json()
    }

    async fn enter(&mut self, token: &str, password: &str) -> String {
        let who = json!({"token": token, "email": "ana@example.com", "name": "Ana", "password": password});
        assert_eq!(self.ask("POST", "/api/v1/auth/setup", &who).await.status, 201);
        let wrong = json!({"email": "ana@example.com", "password": format!("{CANARY} wrong")});
        assert_eq!(self.ask("POST", "/api/v1/auth/login", &wrong).await.status, 401);
        let right = json!({"email": "ana@example.com", "password": password});
        let tokens = self.shown("POST", "/api/v1/auth/login", &right).await;
        self.bearer = format!("Bearer {}", tokens["access_token"].as_str().unwrap());
        let enrolment = self.shown("POST", "/api/v1/auth/factors", &json!({})).await;
        let secret = enrolment["secret"].as_str().unwrap().to_owned();
        let key = TotpSecret::from_base32(&secret).unwrap();
        let code = Totp::default().code(&key, SystemClock.now());
        let body = json!({"code": code.expose()});
        self.shown("POST", "/api/v1/auth/factors/activate", &body).await;
        secret
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_told_to_nobody_but_to_whom_it_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let settings = settings();
    let start = || {
        let mut command = aurora(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
        command.envs(settings.iter().map(|(name, value)| (name, value)));
        command.env("LOG_LEVEL", "debug").env("LOG_FILE", "logs/all.log");
        command
    };
    let (child, first) = crate::access::told(start());
    let link = first.lines().find(|line| line.contains("/setup?token=")).unwrap();
    let (address, token) = link
        .trim()
        .strip_prefix("http://")
        .unwrap()
        .split_once("/setup?token=")
        .unwrap();
    let mut visit = Visit {
        address: address.to_owned(),
        bearer: String::new(),
        told: Vec::new(),
    };
    let password = format!("três pratos de {CANARY}");
    let factor = visit.enter(token, &password).await;

    // Secrets that people give, and those that are made for them.
    let given = json!({"secret": format!("sk-{CANARY}-provider")});
    assert_eq!(
        visit
            .ask("PUT", "/api/v1/provider-keys/openai", &given)
            .await
            .status,
        200
    );
    let hook = json!({"url": "https://hooks.example/aurora", "event_types": ["client.created"],
        "headers": [["authorization", format!("Bearer {CANARY}")]]});
    let hook = visit.shown("POST", "/api/v1/webhooks", &hook).await;
    let hook = hook["secret"].as_str().unwrap().to_owned();
    let key = json!({"name": "Site", "scopes": ["client:read", "client:write"]});
    let key = visit.shown("POST", "/api/v1/api-keys", &key).await;
    let key = key["key"].as_str().unwrap().to_owned();

    // Calls that work, and calls that fail with a secret in them.
    let person = std::mem::replace(&mut visit.bearer, format!("Bearer {key}"));
    assert_eq!(
        visit.ask("GET", "/api/v1/clients", &Value::Null).await.status,
        200
    );
    visit.bearer = format!("Bearer aur_live_{CANARY}");
    assert_eq!(
        visit.ask("GET", "/api/v1/clients", &Value::Null).await.status,
        401
    );
    visit.bearer = person;
    visit.ask("POST", "/llm/chat", &json!({"prompt": "Olá"})).await;
    visit
        .ask("GET", "/api/v1/cnpj/33000167000101", &Value::Null)
        .await;
    let message = json!({"title": "Olá", "content": "Olá"});
    let sent = visit.ask("POST", "/api/v1/notifications/send", &message).await;
    assert_eq!(sent.status, 200, "{sent:?}");
    let reset = json!({"email": "ana@example.com"});
    visit.ask("POST", "/api/v1/auth/password/reset", &reset).await;
    for path in [
        "/metrics",
        "/ready",
        "/openapi.json",
        "/api/status",
        "/api/performance",
        "/api/fallback",
        "/api/notifications",
        "/api/alerts",
        "/admin/config",
        "/api/v1/users",
        "/api/v1/auth/sessions",
        "/api/v1/api-keys",
        "/api/v1/provider-keys",
        "/api/v1/audit",
        "/api/v1/llm/requests",
        "/api/v1/no/such/path?token=c4n4ry",
    ] {
        visit.ask("GET", path, &Value::Null).await;
    }

    let mut command = aurora(folder.path(), &["backup", "--json"]);
    let backed_up = command
        .envs(settings.iter().map(|(name, value)| (name, value)))
        .output()
        .unwrap();
    assert!(backed_up.status.success(), "{backed_up:?}");
    for arguments in [["config", "--json"], ["check", "--json"]] {
        let mut command = aurora(folder.path(), &arguments);
        let output = command
            .envs(settings.iter().map(|(name, value)| (name, value)))
            .output()
            .unwrap();
        visit
            .told
            .push((arguments.join(" "), [output.stdout, output.stderr].concat()));
    }
    signal(&child, "-TERM");
    let (code, err) = ended(child);
    assert_eq!(code, Some(0), "{err}");
    visit.told.push(("standard error".to_owned(), err.into_bytes()));
    visit.told.push((
        "standard output".to_owned(),
        first.replace(token, "").into_bytes(),
    ));
    files(folder.path(), &mut visit.told);

    let secrets = [
        CANARY,
        &key,
        &hook,
        token,
        &factor,
        visit.bearer.trim_start_matches("Bearer "),
    ];
    assert!(visit.told.len() > 30, "{}", visit.told.len());
    for (place, bytes) in &visit.told {
        for secret in secrets {
            let mut found = bytes.windows(secret.len()).filter(|it| *it == secret.as_bytes());
            assert!(
                found.next().is_none(),
                "{secret:?} in {place}: {}",
                String::from_utf8_lossy(bytes)
            );
        }
    }
}

/// Every file of a folder with what is in it.
fn files(folder: &Path, told: &mut Vec<(String, Vec<u8>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, told);
        } else if !path.ends_with("data/sealing.keys") && !path.ends_with("data/signing.pem") {
            told.push((path.display().to_string(), std::fs::read(&path).unwrap()));
        }
    }
}
