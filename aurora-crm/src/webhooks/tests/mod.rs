//! From the event to the receiver, on every database, with a real server on the other side.

mod endpoints;
mod failing;
mod guard;
mod operation;
mod sending;

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use aurora_core::access::seal::{LocalKeys, Sealer};
use aurora_core::http::Egress;
use aurora_core::page::PageRequest;
use aurora_core::rng::Random;
use aurora_core::store::Database;
use aurora_core::store::outbox::{self, Handler as _};
use aurora_core::time::{Clock as _, ManualClock};
use serde_json::{Map, Value, json};
use wiremock::matchers::method;
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use super::{
    Attempt, Delivery, DeliveryFilter, DeliveryId, NewEndpoint, NewSecret, QUEUE, Webhooks, WebhooksBuilder,
};
use crate::clients::NewClient;
use crate::context::Context;
use crate::crm::Crm;
use crate::workspaces::{NewWorkspace, WorkspaceKind};

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

/// A workspace with its webhooks, on a clock that stands still.
struct House {
    crm: Crm,
    webhooks: Webhooks,
    context: Context,
    clock: ManualClock,
    sealer: Sealer,
}

impl House {
    async fn new(database: Database) -> Self {
        Self::with(database, |builder| builder).await
    }

    /// Own network and plain http allowed, as the receivers of these tests need it.
    async fn with(database: Database, set: impl FnOnce(WebhooksBuilder) -> WebhooksBuilder) -> Self {
        let clock = ManualClock::default();
        let crm = Crm::builder(database).clock(clock.clone()).build().await.unwrap();
        let sealer = Sealer::new(LocalKeys::generate("test").unwrap());
        let builder = crm
            .webhooks(sealer.clone())
            .egress(Egress::Any)
            .allow_http()
            .random(Random::seeded(7));
        Self {
            webhooks: set(builder).build().unwrap(),
            context: workspace(&crm).await,
            crm,
            clock,
            sealer,
        }
    }

    async fn endpoint(&self, server: &MockServer) -> NewSecret {
        let new = NewEndpoint::new(format!("{}/hook", server.uri()));
        self.webhooks.create(&self.context, new).await.unwrap()
    }

    /// Something happens: a client is made.
    async fn event(&self) {
        let new = NewClient::person("Ana Souza").email("ana@example.com");
        self.crm.clients().create(&self.context, new).await.unwrap();
    }

    fn outbox(&self) -> &outbox::Outbox {
        self.webhooks.store.outbox()
    }

    /// Does what a worker does, one message after the other, until nothing is due; tells how many there were.
    async fn work(&self) -> usize {
        let mut count = 0;
        loop {
            let claimed = self.outbox().claim(QUEUE, 10, MINUTE).await.unwrap();
            if claimed.is_empty() {
                return count;
            }
            for message in claimed {
                count += 1;
                match self.webhooks.attempts.handle(&message).await {
                    Ok(()) => self.outbox().done(&message).await.unwrap(),
                    Err(failed) => self.outbox().retry(&message, MINUTE, failed).await.unwrap(),
                }
            }
        }
    }

    /// The newest first.
    async fn deliveries(&self) -> Vec<Delivery> {
        let (all, first) = (DeliveryFilter::all(), PageRequest::first(200));
        let page = self.webhooks.deliveries(&self.context, &all, &first).await;
        page.unwrap().items
    }

    async fn attempts(&self, id: DeliveryId) -> Vec<Attempt> {
        let first = PageRequest::first(200);
        let page = self.webhooks.attempts(&self.context, id, &first).await;
        page.unwrap().items
    }
}

async fn workspace(crm: &Crm) -> Context {
    let new = NewWorkspace::new(WorkspaceKind::Clinic, "Clínica");
    Context::new(crm.workspaces().create(new).await.unwrap().id, "test")
}

async fn answering(template: ResponseTemplate) -> MockServer {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .respond_with(template)
        .mount(&server)
        .await;
    server
}

async fn requests(server: &MockServer) -> Vec<Request> {
    server.received_requests().await.unwrap()
}

fn header<'r>(request: &'r Request, name: &str) -> &'r str {
    request.headers.get(name).unwrap().to_str().unwrap()
}

/// What the official library says of a request, where Python is provided.
fn official(request: &Request, secret: &str, now: i64) -> Option<Value> {
    let python = aurora_core::testing::provided("python", "AURORA_TEST_PYTHON")?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/python/webhooks.py");
    let headers: Map<String, Value> = request
        .headers
        .iter()
        .map(|(name, value)| (name.to_string(), value.to_str().unwrap().into()))
        .collect();
    let body = std::str::from_utf8(&request.body).unwrap();
    let ask = json!({"request": "verify", "secret": secret, "headers": headers, "body": body, "now": now})
        .to_string();
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(ask.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// The library accepts it, or there is no library.
fn assert_genuine(request: &Request, secret: &NewSecret, clock: &ManualClock) {
    if let Some(answer) = official(request, secret.secret.expose(), clock.now().as_secs()) {
        let body: Value = serde_json::from_slice(&request.body).unwrap();
        assert_eq!(answer["accepted"], body);
    }
}
