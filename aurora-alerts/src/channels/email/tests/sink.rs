//! The mail server of `tests/python/smtp_sink.py`.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use serde_json::Value;

/// A mail server in a process of its own; it ends when this is dropped.
pub(super) struct Sink {
    child: Child,
    stdin: Option<ChildStdin>,
    lines: Receiver<Value>,
    pub(super) port: u16,
    pub(super) root: String,
}

impl Sink {
    /// Starts one with these arguments; `None` where Python is not provided.
    pub(super) fn start(arguments: &[&str]) -> Option<Self> {
        let python = aurora_core::testing::provided("python", "AURORA_TEST_PYTHON")?;
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/python/smtp_sink.py");
        let mut child = Command::new(python)
            .arg(script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().unwrap());
        std::thread::spawn(move || {
            for line in output.lines().map_while(Result::ok) {
                if sender.send(serde_json::from_str(&line).unwrap()).is_err() {
                    return;
                }
            }
        });
        let stdin = child.stdin.take();
        let mut sink = Self {
            child,
            stdin,
            lines,
            port: 0,
            root: String::new(),
        };
        let first = sink.line();
        sink.port = first["port"].as_u64().unwrap().try_into().unwrap();
        first["root"].as_str().unwrap().clone_into(&mut sink.root);
        Some(sink)
    }

    fn line(&self) -> Value {
        // Long, for the machine may be busy; a test that works waits no longer than the server takes.
        self.lines.recv_timeout(Duration::from_secs(60)).unwrap()
    }

    /// The next event of a kind; others before it are passed over.
    pub(super) fn next(&self, event: &str) -> Value {
        loop {
            let line = self.line();
            if line["event"] == event {
                return line;
            }
        }
    }

    /// Ends the server, and gives every event that was not asked for.
    pub(super) fn rest(mut self) -> Vec<Value> {
        self.stdin = None;
        self.child.wait().unwrap();
        self.lines.iter().collect()
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.stdin = None;
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// The values of a header of a mail.
pub(super) fn header(mail: &Value, name: &str) -> Vec<String> {
    mail["headers"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|header| header[0].as_str().unwrap().eq_ignore_ascii_case(name))
        .map(|header| header[1].as_str().unwrap().to_owned())
        .collect()
}
