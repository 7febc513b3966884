//! A server on a real socket with simulated providers, and a client that sees every byte.

mod answer;
mod house;
mod post;
mod sent;
mod shape;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use aurora_alerts::AlertEngine;
use aurora_core::config::Loader;
use aurora_core::monitor::Monitor;
use aurora_core::resilience::RetryPolicy;
use aurora_core::store::Database;
use aurora_core::time::{Clock as _, SystemClock};
use aurora_crm::Crm;
use aurora_llm::LlmClient;
use aurora_llm::client::{ClientBuilder, LlmTarget};
use aurora_llm::ledger::Budgets;
use aurora_llm::pricing::Price;
use aurora_llm::providers::simulated::Simulated;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) use answer::Answer;
pub(crate) use house::{House, PASSWORD, Person, token_of};
pub(crate) use post::mail_server;
use sent::Sent;
use shape::shape;

use crate::app::AppBuilder;
use crate::http::Books;
use crate::state::AppState;
use crate::{App, Error};

/// Longer than anything here takes; only a hang reaches it.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) struct Server {
    pub(crate) state: AppState,
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    running: JoinHandle<Result<(), Error>>,
}

impl Server {
    /// A server whose client has one target per provider, named like it, with the model `m-` and its name, and one
    /// attempt each; the alias `all` means every target.
    pub(crate) async fn with(providers: impl IntoIterator<Item = (&'static str, Simulated)>) -> Self {
        Self::watched(providers, no_alerts()).await
    }

    /// The same, watched by an alert engine.
    pub(crate) async fn watched(
        providers: impl IntoIterator<Item = (&'static str, Simulated)>,
        alerts: AlertEngine,
    ) -> Self {
        Self::made(providers, alerts, &[], |builder| builder).await
    }

    /// One without providers, with settings by their dotted keys.
    pub(crate) async fn set(settings: &[(&str, &str)]) -> Self {
        Self::made([], no_alerts(), settings, |builder| builder).await
    }

    /// One that lets nobody in without credentials.
    pub(crate) async fn guarded(settings: &[(&str, &str)]) -> Self {
        let closed = [&[("access.open", "false")], settings].concat();
        Self::set(&closed).await
    }

    /// One without providers, whose parts are put together in another way.
    pub(crate) async fn adapted(adapt: impl FnOnce(AppBuilder) -> AppBuilder) -> Self {
        Self::made([], no_alerts(), &[], adapt).await
    }

    /// One over the targets of this client, one attempt each.
    pub(crate) async fn of(client: ClientBuilder) -> Self {
        Self::assembled(Some(client), no_alerts(), &[], |builder| builder).await
    }

    /// One with all of it said.
    pub(crate) async fn made(
        providers: impl IntoIterator<Item = (&'static str, Simulated)>,
        alerts: AlertEngine,
        settings: &[(&str, &str)],
        adapt: impl FnOnce(AppBuilder) -> AppBuilder,
    ) -> Self {
        let mut builder = LlmClient::builder();
        let mut names = Vec::new();
        for (name, provider) in providers {
            let price = Price::per_million("1".parse().unwrap(), "10".parse().unwrap());
            let model = format!("m-{name}");
            builder = builder.target(LlmTarget::new(provider, &model).name(name).price(price));
            names.push(name);
        }
        let client = (!names.is_empty()).then(|| builder.alias("all", names));
        Self::assembled(client, alerts, settings, adapt).await
    }

    async fn assembled(
        client: Option<ClientBuilder>,
        alerts: AlertEngine,
        settings: &[(&str, &str)],
        adapt: impl FnOnce(AppBuilder) -> AppBuilder,
    ) -> Self {
        let monitor = Monitor::new(SystemClock);
        let books = Books::default();
        let client = client.map(|builder| {
            let budgets = Budgets::new(Arc::clone(&books.ledger)).source(books.allowances.clone());
            let builder = builder.retry(RetryPolicy::never()).monitor(monitor.clone());
            builder.budgets(budgets).build().unwrap()
        });
        let database = Database::open(&"sqlite::memory:".into()).await.unwrap();
        let crm = Crm::builder(database).build().await.unwrap();
        let mut all = vec![("access.open", "true")];
        all.retain(|(key, _)| settings.iter().all(|(other, _)| other != key));
        all.extend(settings);
        let loaded = Loader::new().overrides(all).load().unwrap();
        let mut builder = App::builder(crm, alerts)
            .unwrap()
            .settings(loaded.settings().clone())
            .books(books)
            .monitor(monitor);
        if let Some(client) = client {
            builder = builder.llm(client);
        }
        Self::run(adapt(builder).build().await.unwrap()).await
    }

    /// An app on a socket.
    pub(crate) async fn run(app: App) -> Self {
        let state = app.state().clone();
        let bound = app.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = bound.local_addr();
        let (stop, stopped) = oneshot::channel::<()>();
        let running = tokio::spawn(bound.run(async move {
            drop(stopped.await);
        }));
        Self {
            state,
            address,
            stop,
            running,
        }
    }

    pub(crate) async fn stop(self) -> Result<(), Error> {
        self.stop.send(()).unwrap();
        within(self.running).await.unwrap()
    }

    /// How it ended by itself.
    pub(crate) async fn ended(self) -> Result<(), Error> {
        let ended = within(self.running).await.unwrap();
        drop(self.stop);
        ended
    }

    pub(crate) const fn address(&self) -> SocketAddr {
        self.address
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[], body).await
    }

    /// A request with headers of its own; its body is JSON unless they say otherwise.
    pub(crate) async fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Sent,
    ) -> Answer {
        let mut open = self.open_with(method, path, headers, body).await;
        open.rest().await;
        open.answer()
    }

    /// A change of what was read with this etag.
    pub(crate) async fn change(&self, method: &str, path: &str, etag: &str, body: &Value) -> Answer {
        self.send(method, path, &[("if-match", etag)], body).await
    }

    pub(crate) async fn put(&self, path: &str, version: i64, body: &Value) -> Answer {
        self.change("PUT", path, &format!("\"v{version}\""), body).await
    }

    /// An action on something at a version.
    pub(crate) async fn act(&self, path: &str, version: i64, body: &Value) -> Answer {
        self.change("POST", path, &format!("\"v{version}\""), body).await
    }

    /// Asks again until what comes is what is waited for.
    pub(crate) async fn until(&self, path: &str, holds: impl Fn(&Value) -> bool + Send + Sync) -> Value {
        within(async {
            loop {
                let answer = self.get(path).await;
                assert_eq!(answer.status, 200, "{}", answer.body);
                let json = answer.json();
                if holds(&json) {
                    return json;
                }
                SystemClock.sleep(Duration::from_millis(20)).await;
            }
        })
        .await
    }

    /// A connection without a word on it.
    pub(crate) async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    /// Whether something has the form that the description of the API gives it under a name.
    pub(crate) fn assert_shape(&self, schema: &str, value: &Value) {
        let (_, api) = crate::http::collect(&self.state);
        let api: Value = serde_json::from_str(&api.to_json().unwrap()).unwrap();
        let wanted = &api["components"]["schemas"][schema];
        assert!(wanted.is_object(), "there is no schema {schema}");
        shape(&api, schema, wanted, value);
    }

    /// Sends a request and reads nothing yet.
    pub(crate) async fn open(&self, method: &str, path: &str, body: &str) -> Open {
        self.open_with(method, path, &[], body).await
    }

    pub(crate) async fn open_with(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Sent,
    ) -> Open {
        let is_told = headers.iter().any(|(name, _)| *name == "content-type");
        let json = (!is_told).then_some(("content-type", "application/json"));
        let all: Vec<_> = json.into_iter().chain(headers.iter().copied()).collect();
        self.open_bare(method, path, &all, body).await
    }

    /// A request that says no more of its body than its headers do.
    pub(crate) async fn exchange(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: impl Sent,
    ) -> Answer {
        let mut open = self.open_bare(method, path, headers, body).await;
        open.rest().await;
        open.answer()
    }

    async fn open_bare(&self, method: &str, path: &str, headers: &[(&str, &str)], body: impl Sent) -> Open {
        let body = body.bytes();
        let length = body.len().to_string();
        let usual = [("connection", "close"), ("content-length", length.as_str())];
        let usual = usual
            .iter()
            .filter(|(name, _)| headers.iter().all(|(other, _)| other != name));
        let mut head = format!("{method} {path} HTTP/1.1\r\nhost: localhost\r\n");
        for (name, value) in usual.chain(headers) {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        head.push_str("\r\n");
        let mut stream = self.connect().await;
        stream.write_all(head.as_bytes()).await.unwrap();
        // A server that refuses need not read to the end.
        drop(stream.write_all(&body).await);
        Open {
            stream,
            read: Vec::new(),
        }
    }
}

fn no_alerts() -> AlertEngine {
    AlertEngine::builder().build().unwrap()
}

/// An answer that is being read. Dropping it closes the connection.
pub(crate) struct Open {
    stream: TcpStream,
    read: Vec<u8>,
}

impl Open {
    /// Reads until `text` has come.
    pub(crate) async fn until(&mut self, text: &str) {
        while !String::from_utf8_lossy(&self.read).contains(text) {
            let more = within(self.stream.read_buf(&mut self.read)).await.unwrap();
            assert!(
                more > 0,
                "ended without {text:?}: {}",
                String::from_utf8_lossy(&self.read)
            );
        }
    }

    /// Reads until a chunk of the body that holds the text has come to its end.
    pub(crate) async fn until_whole(&mut self, text: &str) {
        self.until("\r\n\r\n").await;
        while !self.answer().body.contains(text) {
            let more = within(self.stream.read_buf(&mut self.read)).await.unwrap();
            assert!(more > 0, "ended without {text:?}");
        }
    }

    /// Reads until the server closes.
    pub(crate) async fn rest(&mut self) {
        within(self.stream.read_to_end(&mut self.read)).await.unwrap();
    }

    pub(crate) fn answer(&self) -> Answer {
        Answer::read(&self.read)
    }
}

pub(crate) async fn within<T>(work: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, work).await.expect("it hangs")
}

/// Waits until `holds`, for what another task does.
pub(crate) async fn eventually(holds: impl Fn() -> bool + Send + Sync) {
    within(async {
        while !holds() {
            SystemClock.sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}
