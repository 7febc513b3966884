//! A server that runs, and the plainest of clients.

use std::net::SocketAddr;
use std::time::Duration;

use aurora_core::config::Loader;
use aurora_server::{App, Error};
use serde_json::Value;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;

/// Longest that any answer may take before a test gives up.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// An app that serves until it is dropped or stopped.
pub(crate) struct Server {
    pub(crate) address: SocketAddr,
    stop: CancellationToken,
    running: JoinHandle<Result<(), Error>>,
}

impl Server {
    pub(crate) async fn start() -> Self {
        Self::with("").await
    }

    /// A server with settings as a file has them.
    pub(crate) async fn with(toml: &str) -> Self {
        let memory = [("DATABASE_URL", "sqlite::memory:")];
        let loaded = Loader::new()
            .toml("aurora.toml", toml)
            .overrides([("access.open", "true".to_owned())])
            .environment(memory)
            .load()
            .unwrap();
        let app = App::build(loaded.settings().clone()).await.unwrap();
        Self::run(&app).await
    }

    pub(crate) async fn run(app: &App) -> Self {
        let bound = app.listen("127.0.0.1:0".parse().unwrap()).await.unwrap();
        let address = bound.local_addr();
        let stop = CancellationToken::new();
        let running = tokio::spawn(bound.run(stop.clone().cancelled_owned()));
        Self {
            address,
            stop,
            running,
        }
    }

    /// Tells the server to stop without waiting for it.
    pub(crate) fn tell_to_stop(&self) {
        self.stop.cancel();
    }

    pub(crate) async fn stopped(self) -> Result<(), Error> {
        self.stop.cancel();
        tokio::time::timeout(PATIENCE, self.running)
            .await
            .unwrap()
            .unwrap()
    }

    pub(crate) async fn connect(&self) -> Connection {
        Connection {
            stream: TcpStream::connect(self.address).await.unwrap(),
            unread: Vec::new(),
        }
    }

    /// One request on a connection of its own.
    pub(crate) async fn ask(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut connection = self.connect().await;
        connection.send(&request(method, path, headers, body)).await;
        connection.answer().await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &[], "").await
    }

    pub(crate) async fn post(&self, path: &str, body: &str) -> Answer {
        self.ask("POST", path, &[("content-type", "application/json")], body)
            .await
    }
}

/// The text of a request; a header that is given takes the place of the usual one.
pub(crate) fn request(method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> String {
    let mut text = format!("{method} {path} HTTP/1.1\r\n");
    if !headers.iter().any(|(name, _)| *name == "host") {
        text.push_str("host: localhost\r\n");
    }
    if !body.is_empty() {
        text.push_str(&format!("content-length: {}\r\n", body.len()));
    }
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str("\r\n");
    text + body
}

pub(crate) struct Connection {
    pub(crate) stream: TcpStream,
    unread: Vec<u8>,
}

impl Connection {
    pub(crate) async fn to(address: SocketAddr) -> Self {
        Self {
            stream: TcpStream::connect(address).await.unwrap(),
            unread: Vec::new(),
        }
    }

    #[cfg(target_os = "linux")]
    pub(crate) const fn over(stream: TcpStream) -> Self {
        Self {
            stream,
            unread: Vec::new(),
        }
    }

    pub(crate) async fn send(&mut self, text: &str) {
        self.stream.write_all(text.as_bytes()).await.unwrap();
    }

    /// The next answer, which must have a length.
    pub(crate) async fn answer(&mut self) -> Answer {
        tokio::time::timeout(PATIENCE, self.read_answer())
            .await
            .expect("no answer in time")
    }

    async fn read_answer(&mut self) -> Answer {
        let head_end = loop {
            if let Some(at) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                break at;
            }
            assert!(
                self.read_some().await,
                "the connection ended within a head: {:?}",
                self.unread
            );
        };
        let head = String::from_utf8(self.unread.drain(..head_end + 4).collect()).unwrap();
        let mut lines = head.split("\r\n");
        let status = lines.next().unwrap().split(' ').nth(1).unwrap().parse().unwrap();
        let headers: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(": "))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
            .collect();
        let mut answer = Answer {
            status,
            headers,
            body: Vec::new(),
        };
        let length: usize = answer
            .header("content-length")
            .map_or(0, |length| length.parse().unwrap());
        while self.unread.len() < length {
            assert!(self.read_some().await, "the connection ended within a body");
        }
        answer.body = self.unread.drain(..length).collect();
        answer
    }

    /// Reads until the text has come, and keeps it unread.
    pub(crate) async fn until(&mut self, text: &str) {
        let read = async {
            while !String::from_utf8_lossy(&self.unread).contains(text) {
                assert!(self.read_some().await, "the connection ended before {text:?}");
            }
        };
        tokio::time::timeout(PATIENCE, read)
            .await
            .expect("it does not come");
    }

    /// Everything up to the end of the connection.
    pub(crate) async fn rest(&mut self) -> String {
        let read = async { while self.read_some().await {} };
        tokio::time::timeout(PATIENCE, read)
            .await
            .expect("the connection stays open");
        String::from_utf8_lossy(&self.unread).into_owned()
    }

    /// The same of a connection that the server may break off.
    pub(crate) async fn rest_if_any(&mut self) -> String {
        let read = async {
            let mut piece = [0; 4_096];
            while let Ok(count @ 1..) = self.stream.read(&mut piece).await {
                self.unread.extend_from_slice(&piece[..count]);
            }
        };
        tokio::time::timeout(PATIENCE, read)
            .await
            .expect("the connection stays open");
        String::from_utf8_lossy(&self.unread).into_owned()
    }

    async fn read_some(&mut self) -> bool {
        let mut piece = [0; 4_096];
        let count = self.stream.read(&mut piece).await.unwrap();
        self.unread.extend_from_slice(&piece[..count]);
        count > 0
    }

    /// Waits until the server ends the connection.
    pub(crate) async fn is_ended(&mut self) {
        let ended = async {
            let mut piece = [0; 4_096];
            while !matches!(self.stream.read(&mut piece).await, Ok(0) | Err(_)) {}
        };
        tokio::time::timeout(PATIENCE, ended)
            .await
            .expect("the connection stays open");
    }
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The members of a problem, after a look at what every problem must have.
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let shown = String::from_utf8_lossy(&self.body);
        assert_eq!(self.status, status, "{shown}");
        assert_eq!(
            self.header("content-type"),
            Some("application/problem+json"),
            "{shown}"
        );
        let problem = self.json();
        assert_eq!(problem["status"], status, "{shown}");
        assert_eq!(problem["code"], code, "{shown}");
        assert_eq!(problem["type"], format!("urn:aurora:problem:{code}"), "{shown}");
        assert!(
            problem["title"].is_string() && problem["detail"].is_string(),
            "{shown}"
        );
        assert!(problem["errors"].is_array(), "{shown}");
        assert_eq!(
            problem["request_id"].as_str(),
            self.header("x-request-id"),
            "{shown}"
        );
        problem
    }

    pub(crate) fn wrong_fields(&self) -> Vec<String> {
        let errors = self.json()["errors"].as_array().unwrap().clone();
        errors
            .iter()
            .map(|error| error["field"].as_str().unwrap().to_owned())
            .collect()
    }
}
