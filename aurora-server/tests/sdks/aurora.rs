//! The real binary in a process of its own, and the official clients in others.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::reaction::Gate;

/// Longer than anything here takes on a slow machine; a test that waits so long has failed.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running `aurora serve`.
pub(crate) struct Aurora {
    child: Child,
    url: String,
    /// Kept open, so that the server can write to it.
    _output: Lines<BufReader<ChildStdout>>,
    _data: tempfile::TempDir,
}

impl Aurora {
    /// Starts the server on a free port with these variables and no others of Aurora's.
    pub(crate) async fn serve(variables: &[(&str, &str)]) -> Self {
        let data = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(env!("CARGO_BIN_EXE_aurora"))
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(data.path())
            .current_dir(data.path())
            .env_clear()
            .env("LOG_LEVEL", "error") // what a test prints is about the test
            .env("AURORA__ACCESS__OPEN", "true") // for keys to be made
            .envs(variables.iter().copied())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the binary starts");
        let mut output = BufReader::new(child.stdout.take().expect("piped")).lines();
        let url = timeout(PATIENCE, async {
            while let Some(line) = output.next_line().await.expect("text") {
                if let Some((_, address)) = line.split_once("http://") {
                    return format!("http://{}", address.trim_end_matches('/'));
                }
            }
            panic!("the server ended before it told its address");
        });
        let url = url.await.expect("the server tells its address");
        Self {
            child,
            url,
            _output: output,
            _data: data,
        }
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// A key for models, made through the open doors of a loopback server.
    pub(crate) async fn key(&self, limits: &Value) -> String {
        let made = self.call("POST", "/api/v1/llm/keys", &limits.to_string()).await;
        let key = made["key"].as_str();
        key.unwrap_or_else(|| panic!("no key: {made}")).to_owned()
    }

    /// What is booked of the only call, as soon as it is.
    pub(crate) async fn booked(&self) -> Value {
        let booked = timeout(PATIENCE, async {
            loop {
                let page = self.call("GET", "/api/v1/llm/usage/entries", "").await;
                if let [entry] = page["items"].as_array().expect("a page").as_slice() {
                    return entry.clone();
                }
            }
        });
        booked.await.expect("the call is booked")
    }

    async fn call(&self, method: &str, path: &str, body: &str) -> Value {
        let host = self.url.trim_start_matches("http://");
        let mut stream = TcpStream::connect(host).await.expect("the server listens");
        let request = format!(
            "{method} {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {}\r\n\r\n{body}",
            body.len()
        );
        stream.write_all(request.as_bytes()).await.expect("it reads");
        let mut answer = String::new();
        let read = timeout(PATIENCE, stream.read_to_string(&mut answer)).await;
        read.expect("it answers").expect("text");
        let (_, body) = answer.split_once("\r\n\r\n").expect("a body");
        serde_json::from_str(body).unwrap_or_else(|_| panic!("{path}: {answer}"))
    }

    /// Asks the server to stop, as a supervisor does, and sees it end in order.
    pub(crate) async fn stop(mut self) {
        let id = self.child.id().expect("still running").to_string();
        let asked = Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .await
            .expect("kill is there");
        assert!(asked.success());
        let ended = timeout(PATIENCE, self.child.wait())
            .await
            .expect("the server ends")
            .expect("its code");
        assert!(ended.success(), "the server ended with {ended}");
    }
}

/// One official client: a vendor's SDK in a language.
#[derive(Debug, Clone)]
pub(crate) struct Sdk {
    program: String,
    arguments: Vec<String>,
    modules: Option<String>,
    /// What a failed assertion names.
    pub(crate) name: &'static str,
}

impl Sdk {
    /// The clients of this vendor that there are, in Python and JavaScript.
    pub(crate) fn all_of(vendor: &'static str) -> Vec<Self> {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests");
        let mut all = Vec::new();
        if let Some(program) = aurora_core::testing::provided("python", "AURORA_TEST_PYTHON") {
            all.push(Self {
                program,
                arguments: vec![format!("{folder}/python/{vendor}_client.py")],
                modules: None,
                name: "Python",
            });
        }
        if let Some(program) = aurora_core::testing::provided("node", "AURORA_TEST_NODE") {
            all.push(Self {
                program,
                arguments: vec![format!("{folder}/js/sdks.mjs"), vendor.to_owned()],
                modules: aurora_core::testing::provided("node", "AURORA_TEST_NODE_MODULES"),
                name: "JavaScript",
            });
        }
        all
    }

    /// Runs one scenario and reads the line that it prints.
    pub(crate) async fn run(&self, base_url: &str, key: &str, scenario: &str, retries: u32) -> Value {
        let child = self.start(base_url, key, scenario, retries);
        self.result(child, scenario).await
    }

    /// Runs one scenario against an upstream that says no more until the client has shown the first piece.
    pub(crate) async fn run_gated(&self, base_url: &str, key: &str, scenario: &str, gate: &Gate) -> Value {
        let mut child = self.start(base_url, key, scenario, 0);
        let mut shown = BufReader::new(child.stderr.take().expect("piped")).lines();
        let first = timeout(PATIENCE, shown.next_line()).await;
        let first = first.expect("the first piece arrives before the second is sent");
        assert!(first.expect("text").is_some(), "{}: nothing was shown", self.name);
        gate.open();
        self.result(child, scenario).await
    }

    fn start(&self, base_url: &str, key: &str, scenario: &str, retries: u32) -> Child {
        Command::new(&self.program)
            .args(&self.arguments)
            .args([base_url, key, scenario, &retries.to_string()])
            .env_clear()
            .envs(
                self.modules
                    .iter()
                    .map(|folder| ("AURORA_TEST_NODE_MODULES", folder)),
            )
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the interpreter starts")
    }

    async fn result(&self, child: Child, scenario: &str) -> Value {
        let output = timeout(PATIENCE, child.wait_with_output()).await;
        let output = output.expect("the client ends").expect("its output");
        let (told, complained) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(
            output.status.success(),
            "{} failed in {scenario}:\n{told}\n{complained}",
            self.name
        );
        serde_json::from_str(told.trim()).expect("one line of JSON")
    }
}
