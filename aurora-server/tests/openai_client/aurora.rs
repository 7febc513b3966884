//! The real binary in a process of its own, and the official client in another.

use std::process::Stdio;
use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

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

/// Runs one scenario of `tests/python/openai_client.py` and reads the line that it prints.
pub(crate) async fn official_client(python: &str, base_url: &str, scenario: &str) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/python/openai_client.py");
    let run = Command::new(python)
        .args([script, base_url, scenario])
        .env_clear()
        .kill_on_drop(true)
        .output();
    let output = timeout(PATIENCE, run)
        .await
        .expect("the client ends")
        .expect("python starts");
    let (told, complained) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success(),
        "the official client failed in {scenario}:\n{told}\n{complained}"
    );
    serde_json::from_str(told.trim()).expect("one line of JSON")
}
