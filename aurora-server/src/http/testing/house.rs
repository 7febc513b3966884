//! A guarded server with people in it. Its time stands still until a test moves it.

use std::time::Duration;

use aurora_alerts::AlertEngine;
use aurora_core::access::totp::{Totp, TotpSecret};
use aurora_core::config::{Live, Loader};
use aurora_core::store::Database;
use aurora_core::time::{Clock as _, ManualClock, Timestamp};
use aurora_crm::accounts::NewApiKey;
use aurora_crm::{Context, Crm};
use serde_json::{Value, json};

use super::{Answer, Server};
use crate::App;

/// The password of everybody here.
pub(crate) const PASSWORD: &str = "três pratos de trigo";

pub(crate) struct House {
    pub(crate) server: Server,
    pub(crate) clock: ManualClock,
}

/// Somebody who is signed in.
#[derive(Debug, Clone)]
pub(crate) struct Person {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) token: String,
    pub(crate) refresh: String,
    /// The secret of their authenticator.
    pub(crate) secret: Option<String>,
    pub(crate) recovery_codes: Vec<String>,
}

impl Person {
    /// The value of `authorization`.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }
}

impl House {
    pub(crate) async fn new() -> Self {
        Self::with(&[]).await
    }

    /// A house with settings of its own.
    pub(crate) async fn with(settings: &[(&str, &str)]) -> Self {
        let clock = ManualClock::at(Timestamp::from_secs(1_800_000_000));
        // Everybody here comes from one address, within one frozen minute.
        let free = [
            ("limits.auth_per_minute", "0"),
            ("limits.auth_per_hour", "0"),
            ("limits.api_per_minute", "0"),
        ];
        let given = free
            .iter()
            .chain(settings)
            .map(|(key, value)| (*key, (*value).to_owned()));
        let live = Live::builder(Loader::new().overrides(given)).build().unwrap();
        let database = Database::open(&"sqlite::memory:".into()).await.unwrap();
        let crm = Crm::builder(database).clock(clock.clone()).build().await.unwrap();
        let alerts = AlertEngine::builder().clock(clock.clone()).build().unwrap();
        let app = App::builder(crm, alerts)
            .unwrap()
            .settings(live.current().settings().clone())
            .clock(clock.clone())
            .live(live)
            .build()
            .await
            .unwrap();
        Self {
            server: Server::run(app).await,
            clock,
        }
    }

    /// The next code of an authenticator; the one before is over.
    pub(crate) fn code(&self, secret: &str) -> String {
        self.clock.advance(Duration::from_secs(30));
        let secret = TotpSecret::from_base32(secret).unwrap();
        Totp::default()
            .code(&secret, self.clock.now())
            .expose()
            .to_owned()
    }

    /// What the first link of a new installation ends with.
    pub(crate) async fn setup_token(&self) -> String {
        let accounts = self.server.state.doors.accounts();
        let token = accounts.setup_token(&Context::installation("first start")).await;
        token.unwrap().expose().to_owned()
    }

    /// The first administrator, signed in with the password alone.
    pub(crate) async fn founder(&self) -> Person {
        let body = json!({"token": self.setup_token().await, "email": "ana@example.com", "name": "Ana Souza",
            "password": PASSWORD});
        let answer = self.server.post("/api/v1/auth/setup", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        self.signed_in("ana@example.com").await
    }

    /// The first administrator, signed in with two factors.
    pub(crate) async fn administrator(&self) -> Person {
        let founder = self.founder().await;
        self.with_factor(founder).await
    }

    /// The same person, who has shown a second factor.
    pub(crate) async fn with_factor(&self, mut person: Person) -> Person {
        let enrolment = self.post(&person, "/api/v1/auth/factors", &json!({})).await;
        assert_eq!(enrolment.status, 201, "{}", enrolment.body);
        let secret = enrolment.json()["secret"].as_str().unwrap().to_owned();
        let body = json!({"code": self.code(&secret)});
        let codes = self.post(&person, "/api/v1/auth/factors/activate", &body).await;
        assert_eq!(codes.status, 200, "{}", codes.body);
        let codes = codes.json()["recovery_codes"].as_array().unwrap().clone();
        person.recovery_codes = codes
            .iter()
            .map(|code| code.as_str().unwrap().to_owned())
            .collect();
        person.secret = Some(secret);
        person
    }

    /// Somebody whom `inviter` asks into the first workspace.
    pub(crate) async fn member(&self, inviter: &Person, email: &str, role: &str) -> Person {
        let place = format!("/api/v1/workspaces/{}/invitations", self.server.state.workspace);
        let body = json!({"email": email, "roles": [role]});
        let invited = self.post(inviter, &place, &body).await;
        assert_eq!(invited.status, 201, "{}", invited.body);
        let body = json!({"token": token_of(&invited.json()), "name": "Somebody", "password": PASSWORD});
        let answer = self.server.post("/api/v1/auth/register", &body).await;
        assert_eq!(answer.status, 201, "{}", answer.body);
        self.signed_in(email).await
    }

    pub(crate) async fn login(&self, email: &str, password: &str) -> Answer {
        let body = json!({"email": email, "password": password});
        self.server.post("/api/v1/auth/login", &body).await
    }

    /// Somebody with the password of everybody here and without a second factor.
    pub(crate) async fn signed_in(&self, email: &str) -> Person {
        let answer = self.login(email, PASSWORD).await;
        assert_eq!(answer.status, 200, "{}", answer.body);
        let tokens = answer.json();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Person {
            id: text(&tokens["user"]["id"]),
            email: email.to_owned(),
            token: text(&tokens["access_token"]),
            refresh: text(&tokens["refresh_token"]),
            secret: None,
            recovery_codes: Vec::new(),
        }
    }

    pub(crate) async fn get(&self, person: &Person, path: &str) -> Answer {
        self.ask(person, "GET", path, &[], "").await
    }

    pub(crate) async fn post(&self, person: &Person, path: &str, body: &Value) -> Answer {
        self.ask(person, "POST", path, &[], &body.to_string()).await
    }

    /// A request with the person's access token.
    pub(crate) async fn ask(
        &self,
        person: &Person,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let bearer = person.bearer();
        let mut all = vec![("authorization", bearer.as_str())];
        all.extend_from_slice(headers);
        self.server.send(method, path, &all, body).await
    }
}

impl Server {
    /// The value of `authorization` of a program in the first workspace whose key carries these permissions.
    pub(crate) async fn program(&self, scopes: &[&str]) -> String {
        let context = Context::new(self.state.workspace, "test");
        let new = scopes
            .iter()
            .fold(NewApiKey::new("test"), |new, scope| new.scope(*scope));
        let keys = self.state.doors.accounts().api_keys();
        let made = keys.create(&context, new).await.unwrap();
        format!("Bearer {}", made.secret.expose())
    }
}

/// The token in the link that an invitation is handed over with.
pub(crate) fn token_of(invited: &Value) -> String {
    let link = invited["handover"]["link"].as_str().unwrap();
    link.split_once("?token=").unwrap().1.to_owned()
}
