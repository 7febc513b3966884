//! Two processes on one PostgreSQL and one Redis are one server.

use std::net::Ipv4Addr;
use std::sync::Mutex;
use std::sync::mpsc::Receiver;

use aurora_core::access::totp::{Totp, TotpSecret};
use aurora_core::testing::provided;
use aurora_core::time::{Clock as _, SystemClock};
use futures::future::join_all;
use serde_json::{Value, json};
use tokio::net::TcpSocket;

use crate::commands::postgres::Server as Database;
use crate::commands::{OK, Running, serving, sink};
use crate::harness::{Answer, Connection, PATIENCE, request};

const PASSWORD: &str = "três pratos de trigo para tigres";

/// Both replicas, with the same keys, and somebody who reads what they tell.
struct Pair {
    _folder: tempfile::TempDir,
    servers: [(Running, String); 2],
    told: Mutex<Receiver<String>>,
    /// The administrator's token.
    token: String,
    /// Limits count by address: this run has some of its own.
    network: [u8; 2],
}

impl Pair {
    async fn start(database: &Database, redis: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (hook, told) = sink(OK);
        let hook = format!("alerts.webhook_url=http://{hook}/hook");
        let settings = ["limits.api_per_minute=0", "limits.api_per_hour=0", &hook];
        let arguments: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
        let [app, owner] = database.urls();
        let variables = [
            ("DATABASE_URL", app.as_str()),
            ("DATABASE_OWNER_URL", &owner),
            ("REDIS_URL", redis),
        ];
        let start = || serving(folder.path(), &arguments, &variables);
        let (one, setup) = start();
        let (two, told_by_two) = start();
        let address = |told: &Value| told["address"].as_str().unwrap().to_owned();
        let servers = [(one, address(&setup)), (two, address(&told_by_two))];
        let mut pair = Self {
            _folder: folder,
            servers,
            told: Mutex::new(told),
            token: String::new(),
            network: std::process::id().to_be_bytes()[2..].try_into().unwrap(),
        };
        let link = setup["setup"].as_str().unwrap();
        let (_, token) = link.split_once("token=").unwrap();
        let body = json!({"token": token, "email": "ana@example.com", "name": "Ana", "password": PASSWORD});
        assert_eq!(pair.post(1, "/api/v1/auth/setup", &body).await.status, 201);
        pair.token = pair.sign_in(1).await;
        pair
    }

    async fn sign_in(&self, server: usize) -> String {
        let body = json!({"email": "ana@example.com", "password": PASSWORD});
        let tokens = self.post(server, "/auth/login", &body).await;
        assert_eq!(tokens.status, 200, "{}", tokens.json());
        tokens.json()["access_token"].as_str().unwrap().to_owned()
    }

    async fn send(
        &self,
        server: usize,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        self.send_from(1, server, method, path, headers, body).await
    }

    /// One request from one of the run's own addresses.
    async fn send_from(
        &self,
        host: u8,
        server: usize,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let [high, low] = self.network;
        let socket = TcpSocket::new_v4().unwrap();
        let own = Ipv4Addr::new(127, high.max(1), low, host);
        socket.bind((own, 0).into()).unwrap();
        let address = self.servers[server].1.parse().unwrap();
        let mut connection = Connection::over(socket.connect(address).await.unwrap());
        let bearer = format!("Bearer {}", self.token);
        let mut all = vec![("content-type", "application/json")];
        if !self.token.is_empty() && !headers.iter().any(|(name, _)| *name == "authorization") {
            all.push(("authorization", &bearer));
        }
        all.extend(headers);
        connection.send(&request(method, path, &all, body)).await;
        connection.answer().await
    }

    async fn get(&self, server: usize, path: &str) -> Answer {
        self.send(server, "GET", path, &[], "").await
    }

    async fn post(&self, server: usize, path: &str, body: &Value) -> Answer {
        self.send(server, "POST", path, &[], &body.to_string()).await
    }

    /// Asks until the answer is as it should become.
    async fn until(
        &self,
        server: usize,
        path: &str,
        headers: &[(&str, &str)],
        is_so: impl Fn(&Answer) -> bool + Send + Sync,
    ) {
        let asked = async {
            loop {
                let answer = self.send(server, "GET", path, headers, "").await;
                if is_so(&answer) {
                    return;
                }
            }
        };
        let asked = tokio::time::timeout(PATIENCE, asked).await;
        asked.unwrap_or_else(|_| panic!("{path} never became so"));
    }

    /// What is told up to the first that names this, each as it was posted.
    fn told_until(&self, name: &str) -> Vec<String> {
        let mut all = Vec::new();
        loop {
            let told = self.told.lock().unwrap().recv_timeout(PATIENCE);
            all.push(told.unwrap_or_else(|_| panic!("{name} is not told: {all:?}")));
            if all.last().is_some_and(|told| told.contains(name)) {
                return all;
            }
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_processes_on_one_database_are_one_server() {
    let postgres = provided("postgres", "AURORA_TEST_POSTGRES_URL");
    let redis = provided("redis", "AURORA_TEST_REDIS_URL");
    let (Some(postgres), Some(redis)) = (postgres, redis) else {
        return;
    };
    let database = Database::new(&postgres, "aurora_replicas");
    let mut pair = Pair::start(&database, &redis).await;
    a_session_is_good_everywhere_until_it_ends(&pair).await;
    sign_ins_are_counted_together(&pair).await;
    a_key_has_one_pace_and_one_budget(&pair).await;
    an_alert_is_told_once(&pair).await;
    a_rule_is_in_force_everywhere(&pair).await;
    when_one_is_killed_the_other_goes_on(&mut pair).await;
}

async fn a_session_is_good_everywhere_until_it_ends(pair: &Pair) {
    let bearer = format!("Bearer {}", pair.sign_in(0).await);
    let shown = [("authorization", bearer.as_str())];
    for server in [0, 1] {
        let seen = pair
            .send(server, "GET", "/api/v1/auth/sessions", &shown, "")
            .await;
        assert_eq!(seen.status, 200);
    }
    let ended = pair.send(0, "POST", "/api/v1/auth/logout", &shown, "{}").await;
    assert_eq!(ended.status, 204);
    let is_over = |answer: &Answer| answer.status == 401;
    pair.until(1, "/api/v1/auth/sessions", &shown, is_over).await;
}

async fn sign_ins_are_counted_together(pair: &Pair) {
    let tries = join_all((0..10).map(|number| async move {
        let body = json!({"email": format!("nobody{number}@example.com"), "password": PASSWORD}).to_string();
        let answer = pair.send_from(2, number % 2, "POST", "/auth/login", &[], &body);
        answer.await.status
    }));
    let mut statuses = tries.await;
    statuses.sort_unstable();
    assert_eq!(statuses, [[401; 5], [429; 5]].concat());
}

/// Whoever makes keys has shown a second factor.
async fn show_a_second_factor(pair: &Pair) {
    let enrolment = pair.post(0, "/api/v1/auth/factors", &json!({})).await.json();
    let secret = TotpSecret::from_base32(enrolment["secret"].as_str().unwrap()).unwrap();
    let code = Totp::default().code(&secret, SystemClock.now());
    let body = json!({"code": code.expose()});
    let activated = pair.post(0, "/api/v1/auth/factors/activate", &body).await;
    assert_eq!(activated.status, 200, "{}", activated.json());
}

async fn key(pair: &Pair, limits: Value) -> String {
    let made = pair.post(0, "/api/v1/llm/keys", &limits).await;
    assert_eq!(made.status, 201, "{}", made.json());
    format!("Bearer {}", made.json()["key"].as_str().unwrap())
}

async fn asks(pair: &Pair, server: usize, key: &str) -> u16 {
    let body = json!({"prompt": "Why?", "max_tokens": 50}).to_string();
    let shown = [("authorization", key)];
    pair.send(server, "POST", "/llm/chat", &shown, &body).await.status
}

async fn a_key_has_one_pace_and_one_budget(pair: &Pair) {
    show_a_second_factor(pair).await;
    let paced = key(pair, json!({"name": "paced", "requests_per_minute": 2})).await;
    let calls = join_all((0..12).map(|number| asks(pair, number % 2, &paced)));
    let mut statuses = calls.await;
    statuses.sort_unstable();
    assert_eq!(statuses, [vec![200; 2], vec![429; 10]].concat());

    let budget = json!({"period": "total", "limit_tokens": 300});
    let poor = key(pair, json!({"name": "poor", "budgets": [budget]})).await;
    let mut served = 0;
    while asks(pair, served % 2, &poor).await == 200 {
        served += 1;
        assert!(served <= 300, "it is never used up");
    }
    assert!(served > 0);
    for server in [0, 1] {
        assert_eq!(asks(pair, server, &poor).await, 429);
    }
}

async fn an_alert_is_told_once(pair: &Pair) {
    let alert = |name: &str| json!([{"labels": {"alertname": name}}]);
    let posted = [0, 1].map(|server| async move {
        let posted = pair.post(server, "/api/v2/alerts", &alert("of-both")).await;
        assert_eq!(posted.status, 200);
    });
    join_all(posted).await;
    let mut told = pair.told_until("of-both");
    pair.post(1, "/api/v2/alerts", &alert("later")).await;
    told.extend(pair.told_until("later"));
    let count = told.iter().filter(|told| told.contains("of-both")).count();
    assert_eq!(count, 1, "{told:?}");
}

async fn a_rule_is_in_force_everywhere(pair: &Pair) {
    const RULES: &str = "/api/v1/alerts/rules";
    let path = format!("{RULES}/of-a-replica");
    let rule = json!({"name": "of-a-replica", "metric": "queue", "operator": ">", "threshold": 10});
    // Whoever takes a rule also shows it, whichever of the two judges.
    assert_eq!(pair.post(1, RULES, &rule).await.status, 201);
    assert_eq!(pair.get(1, &path).await.status, 200);
    pair.until(0, &path, &[], |answer| answer.status == 200).await;
    assert_eq!(pair.post(0, RULES, &rule).await.status, 409);

    let other = json!({"metric": "queue", "operator": ">", "threshold": 20}).to_string();
    let changes = join_all([0, 1].map(|server| {
        let headers = [("if-match", "\"v1\"")];
        let (path, other) = (&path, &other);
        async move { pair.send(server, "PUT", path, &headers, other).await.status }
    }));
    let mut statuses = changes.await;
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 412]);

    let unknown = "/api/v1/alerts/silences/sil_0190a8b0c0de7000800000000000000a";
    for server in [0, 1] {
        let headers = [("if-match", "\"v1\"")];
        let none = pair.send(server, "DELETE", unknown, &headers, "").await;
        assert_eq!(none.status, 404);
    }
    for server in [0, 1] {
        let is_changed = |answer: &Answer| answer.header("etag") == Some("\"v2\"");
        pair.until(server, &path, &[], is_changed).await;
    }
    // Until it works by the rule, a replica passes over what no other rule looks at.
    let sample = json!({"samples": [{"metric": "queue", "value": 30}]});
    let told = async {
        loop {
            let pushed = pair.post(0, "/api/v1/metrics/push", &sample).await;
            assert!((200..300).contains(&pushed.status), "{}", pushed.json());
            if pair
                .told
                .lock()
                .unwrap()
                .try_iter()
                .any(|told| told.contains("of-a-replica"))
            {
                return;
            }
        }
    };
    let told = tokio::time::timeout(PATIENCE, told).await;
    told.expect("the other replica judges by the rule");
}

async fn when_one_is_killed_the_other_goes_on(pair: &mut Pair) {
    let client = json!({"kind": "person", "legal_name": "Ana"});
    let made = pair.post(0, "/api/v1/clients", &client).await;
    assert_eq!(made.status, 201);
    let id = made.json()["id"].as_str().unwrap().to_owned();
    let alert = json!([{"labels": {"alertname": "before-the-end"}}]);
    assert_eq!(pair.post(0, "/api/v2/alerts", &alert).await.status, 200);
    // SIGKILL: nothing is told, nothing is given back.
    pair.servers[0].0.0.kill().unwrap();
    pair.servers[0].0.0.wait().unwrap();

    assert_eq!(pair.get(1, &format!("/api/v1/clients/{id}")).await.status, 200);
    assert_eq!(pair.post(1, "/api/v1/clients", &client).await.status, 201);
    pair.told_until("before-the-end");
    let silence = json!({"matchers": ["alertname=\"before-the-end\""], "lasts_seconds": 60});
    assert_eq!(
        pair.post(1, "/api/v1/alerts/silences", &silence).await.status,
        201
    );
    let rules = pair.get(1, "/api/v1/alerts/rules/of-a-replica").await;
    assert_eq!(rules.header("etag"), Some("\"v2\""));
}
