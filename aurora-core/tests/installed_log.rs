//! The log of a process; alone in its file because a process has one.
#![cfg(feature = "telemetry")]

use aurora_core::telemetry::{ErrorKind, Logs};
use tracing::Level;

#[test]
fn records_of_the_log_facade_follow_the_level_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("app.log");
    let logs = Logs::builder("test").own("mine").file(&path).build().unwrap();
    logs.install().unwrap();
    log::debug!(target: "mine", "too early");
    log::info!(target: "mine", "first");
    logs.set_level(Level::DEBUG).unwrap();
    log::debug!(target: "mine", "second");
    logs.set_filter(Level::WARN, ["theirs=trace"]).unwrap();
    log::trace!(target: "theirs", "third");
    log::info!(target: "mine", "too late");
    let other = Logs::builder("other").build().unwrap();
    assert_eq!(other.install().unwrap_err().kind(), ErrorKind::Installed);
    other.set_level(Level::ERROR).unwrap();
    log::trace!(target: "theirs", "fourth");
    drop(logs); // writes what waits
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap());
    let told: Vec<_> = lines
        .map(|line| format!("{} {}", line["target"], line["message"]))
        .collect();
    let expected = [
        r#""mine" "first""#,
        r#""mine" "second""#,
        r#""theirs" "third""#,
        r#""theirs" "fourth""#,
    ];
    assert_eq!(told, expected);
}
