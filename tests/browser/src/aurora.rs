//! The real binary in a process of its own.

use std::process::Stdio;

use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};
use tokio::time::timeout;

use crate::{PATIENCE, provided};

/// A server that ends with its test.
pub struct Aurora {
    pub url: String,
    /// The link to the first administrator, where there is one.
    pub setup: Option<String>,
    _child: Child,
    /// Kept open, so that the server can write to it.
    _output: Lines<BufReader<ChildStdout>>,
    _data: tempfile::TempDir,
}

impl Aurora {
    /// The demonstration; its story at four times the pace where a test waits for its end.
    pub async fn demo(pace: &[&str]) -> Option<Self> {
        let arguments = [&["--json", "demo", "--listen", "127.0.0.1:0"], pace].concat();
        Self::start(&arguments, &[], |line| {
            let event: Value = serde_json::from_str(line).ok()?;
            (event["event"] == "listening").then(|| (event["url"].as_str().unwrap().to_owned(), None))
        })
        .await
    }

    /// A server that nobody has set up yet, with settings beside the usual ones.
    pub async fn serve(settings: &[(&str, &str)]) -> Option<Self> {
        let arguments = ["serve", "--listen", "127.0.0.1:0", "--data", "."];
        Self::start(&arguments, settings, |line| {
            let (url, _) = line.trim().split_once("/setup?token=")?;
            Some((url.to_owned(), Some(line.trim().to_owned())))
        })
        .await
    }

    async fn start(
        arguments: &[&str],
        settings: &[(&str, &str)],
        mut told: impl FnMut(&str) -> Option<(String, Option<String>)>,
    ) -> Option<Self> {
        let program = provided("aurora", "AURORA_TEST_BINARY")?;
        let data = tempfile::tempdir().expect("a folder");
        let mut child = Command::new(program)
            .args(arguments)
            .current_dir(data.path())
            .env_clear()
            .env("LOG_LEVEL", "error") // what a test prints is about the test
            .envs([
                ("AURORA__LIMITS__API_PER_MINUTE", "0"),
                ("AURORA__LIMITS__API_PER_HOUR", "0"),
            ])
            .envs(settings.iter().copied())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("the binary starts");
        let mut output = BufReader::new(child.stdout.take().expect("piped")).lines();
        let told = timeout(PATIENCE, async {
            while let Some(line) = output.next_line().await.expect("text") {
                if let Some(told) = told(&line) {
                    return told;
                }
            }
            panic!("the server ended before it told its address");
        });
        let (url, setup) = told.await.expect("the server tells its address");
        Some(Self {
            url,
            setup,
            _child: child,
            _output: output,
            _data: data,
        })
    }
}
