//! Settings that change while the program runs.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use serde_json::Value;

use crate::harness::{Answer, PATIENCE};
use crate::program::{ask, ended, serving_for_machines, signal};

/// The lines of a program, as they come.
struct Lines(Receiver<Value>);

impl Lines {
    fn of(lines: impl Iterator<Item = Value> + Send + 'static) -> Self {
        let (sender, receiver) = channel();
        std::thread::spawn(move || lines.for_each(|line| drop(sender.send(line))));
        Self(receiver)
    }

    /// The next line with this message.
    fn next(&self, message: &str) -> Value {
        loop {
            let line = self.0.recv_timeout(PATIENCE).expect(message);
            if line["message"] == message {
                return line;
            }
        }
    }

    /// Asks for what is not there until the log tells of it, which it does from `debug` on.
    async fn until_refusals_are_told(&mut self, address: &str) {
        let mut is_told = false;
        for _ in 0..1_000 {
            missing(address, "asked").await;
            let line = self.0.recv_timeout(Duration::from_millis(20));
            assert_ne!(line, Err(RecvTimeoutError::Disconnected), "it ended");
            if line.is_ok_and(|line| line["message"] == "request refused") {
                is_told = true;
                break;
            }
        }
        assert!(is_told, "the level stays what it was");
    }
}

async fn missing(address: &str, id: &str) -> Answer {
    ask(address, "/api/v1/clients/cli_7", &[("x-request-id", id)]).await
}

async fn metrics(address: &str) -> String {
    String::from_utf8(ask(address, "/metrics", &[]).await.body).unwrap()
}

#[tokio::test]
async fn the_log_follows_the_settings_and_wrong_ones_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let write = |text: &str| std::fs::write(folder.path().join("aurora.toml"), text).unwrap();
    write("[log]\nlevel = \"info\"\n");
    let (child, address, lines) = serving_for_machines(folder.path(), &[]);
    let mut lines = Lines::of(lines);

    assert!(
        metrics(&address).await.contains("aurora_config_up_to_date 1\n"),
        "measured from the start"
    );
    missing(&address, "quiet").await;
    while lines.next("answered")["request_id"] != "quiet" {}

    write("[log]\nlevel = \"debug\"\nkeep = 3\n");
    signal(&child, "-HUP");
    assert_eq!(
        lines.next("new settings are in force")["keys"],
        "log.keep, log.level"
    );
    assert_eq!(
        lines.next("these settings count from the next start on")["keys"],
        "log.keep"
    );
    lines.until_refusals_are_told(&address).await;

    write("[log]\nlevel = \"debug\"\ntargets = [\"aurora_server\"]\n");
    signal(&child, "-HUP");
    let refused = lines.next("new settings are refused, the old ones stay in force");
    assert_eq!(refused["level"], "error");
    assert!(
        refused["error"].as_str().unwrap().contains("log.targets"),
        "{refused}"
    );
    missing(&address, "still").await;
    while lines.next("request refused")["request_id"] != "still" {}

    // Back by a signal, and on again by looking at the file alone.
    write("[log]\nlevel = \"info\"\n");
    signal(&child, "-HUP");
    assert!(lines.next("new settings are in force")["keys"].is_string());
    write("[log]\nlevel = \"info\"\ntargets = [\"aurora_server::http=debug\"]\n");
    assert_eq!(lines.next("new settings are in force")["keys"], "log.targets");
    lines.until_refusals_are_told(&address).await;

    let metrics = metrics(&address).await;
    for line in [
        "aurora_config_up_to_date 1\n",
        "aurora_config_reloads_total{outcome=\"applied\"} 3\n",
        "aurora_config_reloads_total{outcome=\"refused\"} ",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    signal(&child, "-TERM");
    let (code, err) = ended(child);
    assert_eq!(code, Some(0), "{err}");
}
