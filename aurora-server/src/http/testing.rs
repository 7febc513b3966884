//! A server on a real socket with simulated providers, and a client that sees every byte.

use std::net::SocketAddr;
use std::time::Duration;

use aurora_alerts::AlertEngine;
use aurora_core::monitor::Monitor;
use aurora_core::resilience::RetryPolicy;
use aurora_core::store::Database;
use aurora_core::time::{Clock as _, SystemClock};
use aurora_crm::Crm;
use aurora_llm::LlmClient;
use aurora_llm::client::LlmTarget;
use aurora_llm::pricing::Price;
use aurora_llm::providers::simulated::Simulated;
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

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

pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head
            .lines()
            .find_map(|line| line.strip_prefix(&format!("{name}: ")))
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.body))
    }

    /// The names of the events in the body.
    pub(crate) fn events(&self) -> Vec<&str> {
        self.body
            .lines()
            .filter_map(|line| line.strip_prefix("event: "))
            .collect()
    }
}

impl Server {
    /// A server whose client has one target per provider, named like it, with the model `m-` and its name, and one
    /// attempt each; the alias `all` means every target.
    pub(crate) async fn with(providers: impl IntoIterator<Item = (&'static str, Simulated)>) -> Self {
        Self::watched(providers, AlertEngine::builder().build().unwrap()).await
    }

    /// The same, watched by an alert engine.
    pub(crate) async fn watched(
        providers: impl IntoIterator<Item = (&'static str, Simulated)>,
        alerts: AlertEngine,
    ) -> Self {
        let monitor = Monitor::new(SystemClock);
        let mut builder = LlmClient::builder()
            .retry(RetryPolicy::never())
            .monitor(monitor.clone());
        let mut names = Vec::new();
        for (name, provider) in providers {
            let price = Price::per_million("1".parse().unwrap(), "10".parse().unwrap());
            let model = format!("m-{name}");
            builder = builder.target(LlmTarget::new(provider, &model).name(name).price(price));
            names.push(name);
        }
        let client = (!names.is_empty()).then(|| builder.alias("all", names).build().unwrap());
        let database = Database::open(&"sqlite::memory:".into()).await.unwrap();
        let crm = Crm::builder(database).build().await.unwrap();
        let mut builder = App::builder(crm, alerts).unwrap().monitor(monitor);
        if let Some(client) = client {
            builder = builder.llm(client);
        }
        let app = builder.build().await.unwrap();
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

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Answer {
        self.ask("POST", path, &body.to_string()).await
    }

    async fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let mut open = self.open(method, path, body).await;
        open.rest().await;
        open.answer()
    }

    /// Sends a request and reads nothing yet.
    pub(crate) async fn open(&self, method: &str, path: &str, body: &str) -> Open {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).await.unwrap();
        stream.write_all(body.as_bytes()).await.unwrap();
        Open {
            stream,
            read: Vec::new(),
        }
    }
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
        let text = String::from_utf8(self.read.clone()).unwrap();
        let (head, body) = text.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        let chunked = head.contains("transfer-encoding: chunked");
        let body = if chunked { unchunked(body) } else { body.to_owned() };
        Answer {
            status,
            head: head.to_owned(),
            body,
        }
    }
}

fn unchunked(mut body: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = body.split_once("\r\n") {
        let Ok(size) = usize::from_str_radix(size, 16) else {
            break;
        };
        let Some(chunk) = rest.get(..size) else { break };
        whole.push_str(chunk);
        body = rest.get(size + 2..).unwrap_or_default();
    }
    whole
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
