//! An engine in a process of its own that is told what to do over its standard input, and a receiver that writes down
//! what the engine tells.

#![expect(clippy::unwrap_used, reason = "a test fails by it")]

pub(crate) mod child;
pub(crate) mod ledger;
pub(crate) mod receiver;

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use aurora_alerts::PostedAlert;
use tokio::sync::mpsc;

/// The labels of an alert of the tests.
pub(crate) fn alert(name: &str, severity: &str) -> PostedAlert {
    PostedAlert::new([("alertname", name), ("severity", severity)])
}

/// A setting that the parent gave this process.
#[expect(
    clippy::disallowed_methods,
    reason = "how the parent tells the child what to do, and whoever runs the tests how many"
)]
pub(crate) fn told(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Ends a process with SIGKILL, from wherever that is decided.
#[derive(Debug, Clone)]
pub(crate) struct Killer(Arc<Mutex<Child>>);

impl Killer {
    pub(crate) fn kill(&self) {
        self.0.lock().unwrap().kill().unwrap();
    }
}

/// A child process that runs one ignored test of this binary.
#[derive(Debug)]
pub(crate) struct Process {
    child: Killer,
    stdin: ChildStdin,
    lines: mpsc::Receiver<String>,
}

impl Process {
    pub(crate) fn spawn(test: &str, settings: &[(&str, &str)]) -> Self {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["--exact", test, "--ignored", "--nocapture"])
            .envs(settings.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let stdout = BufReader::new(child.stdout.take().unwrap());
        let (sender, lines) = mpsc::channel(256);
        std::thread::spawn(move || {
            // What it had printed when it was killed is still read and still counts.
            for line in stdout.lines().map_while(Result::ok) {
                if sender.blocking_send(line).is_err() {
                    return;
                }
            }
        });
        Self {
            child: Killer(Arc::new(Mutex::new(child))),
            stdin,
            lines,
        }
    }

    pub(crate) fn killer(&self) -> Killer {
        self.child.clone()
    }

    /// Tells it something; whether that arrived says only its answer.
    pub(crate) fn tell(&mut self, line: &str) {
        drop(writeln!(self.stdin, "{line}"));
    }

    /// What it says next, of what this protocol knows: number, whether it was done, and what else it said. None at its
    /// end.
    ///
    /// # Cancel safety
    /// Nothing is lost by dropping the future.
    pub(crate) async fn answer(&mut self) -> Option<(u64, bool, String)> {
        loop {
            let line = self.lines.recv().await?;
            let mut words = line.splitn(3, ' ');
            let number = words.next().and_then(|word| word.parse().ok());
            let (Some(number), Some(done @ ("ok" | "no"))) = (number, words.next()) else {
                continue; // what the test runner of the child prints
            };
            return Some((number, done == "ok", words.next().unwrap_or_default().to_owned()));
        }
    }

    /// Waits until it has ended.
    pub(crate) fn ended(self) -> ExitStatus {
        self.child.0.lock().unwrap().wait().unwrap()
    }
}
