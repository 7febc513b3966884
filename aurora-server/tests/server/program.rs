//! The program as people start it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use crate::harness::{Connection, PATIENCE, request};

/// The program in a folder and an environment of its own.
pub(crate) fn aurora(folder: &std::path::Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_aurora"));
    command.args(arguments).current_dir(folder).env_clear();
    command
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

pub(crate) fn outcome(arguments: &[&str], variables: &[(&str, &str)]) -> (Option<i32>, String, String) {
    let folder = tempfile::tempdir().unwrap();
    let mut command = aurora(folder.path(), arguments);
    let Output {
        status,
        stdout,
        stderr,
    } = command.envs(variables.iter().copied()).output().unwrap();
    (
        status.code(),
        String::from_utf8(stdout).unwrap(),
        String::from_utf8(stderr).unwrap(),
    )
}

#[test]
fn it_tells_its_version_and_its_commands() {
    let (code, out, _) = outcome(&["--version"], &[]);
    assert_eq!(
        (code, out),
        (Some(0), format!("aurora {}\n", env!("CARGO_PKG_VERSION")))
    );
    let (code, out, _) = outcome(&["--help"], &[]);
    assert_eq!(code, Some(0));
    assert!(
        out.contains("serve") && out.contains("demo") && out.contains("--listen"),
        "{out}"
    );
}

#[test]
fn what_has_to_be_put_right_outside_ends_with_one() {
    let (code, _, err) = outcome(&["--colour"], &[]);
    assert_eq!(code, Some(1), "{err}");
    let (code, _, err) = outcome(&["serve", "--listen", "0.0.0.0:0"], &[]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("no authentication yet"), "{err}");
    let wrong = [
        ("DASHBOARD_PORT", "eighty"),
        ("ALERT_ERROR_RATE_THRESHOLD", "200"),
    ];
    let (code, _, err) = outcome(&["serve"], &wrong);
    assert_eq!(code, Some(1), "{err}");
    assert!(
        err.contains("DASHBOARD_PORT") && err.contains("ALERT_ERROR_RATE_THRESHOLD"),
        "all at once: {err}"
    );
    let (code, _, err) = outcome(
        &["serve", "--listen", "127.0.0.1:0", "--data", "/proc/nowhere"],
        &[],
    );
    assert_eq!(code, Some(1), "{err}");
    let secret = [("DATABASE_URL", "postgres://aurora:hunter2@127.0.0.1:1/aurora")];
    let (code, _, err) = outcome(&["serve", "--listen", "127.0.0.1:0"], &secret);
    assert_eq!(code, Some(1), "{err}");
    assert!(!err.contains("hunter2"), "{err}");
}

/// Starts `serve` and reads where it listens from what it tells.
fn serving(folder: &std::path::Path, variables: &[(&str, &str)]) -> (Child, String, String) {
    let mut command = aurora(folder, &["--listen", "127.0.0.1:0"]);
    started(command.envs(variables.iter().copied()), "loopback only")
}

/// Starts a command and reads where it listens from what it tells, up to the words that end its introduction.
fn started(command: &mut Command, last_words: &str) -> (Child, String, String) {
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    while !text.contains(last_words) {
        assert!(
            lines.read_line(&mut text).unwrap() > 0,
            "it ended before it served: {text}"
        );
    }
    let address = text
        .split("http://")
        .nth(1)
        .unwrap()
        .split('/')
        .next()
        .unwrap()
        .to_owned();
    (child, address, text)
}

fn signal(child: &Child, name: &str) {
    assert!(
        Command::new("kill")
            .args([name, &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
}

fn ended(mut child: Child) -> (Option<i32>, String) {
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        sender.send((child.wait().unwrap().code(), err)).unwrap();
    });
    receiver.recv_timeout(PATIENCE).expect("it does not end")
}

async fn get(address: &str, path: &str) -> crate::harness::Answer {
    let mut connection = Connection::to(address.parse().unwrap()).await;
    connection.send(&request("GET", path, &[], "")).await;
    connection.answer().await
}

#[tokio::test]
async fn it_tells_where_it_is_measures_and_ends_at_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    let (child, address, text) = serving(folder.path(), &[]);
    assert!(
        text.contains("/docs") && text.contains("/health") && text.contains("SIMULATED"),
        "{text}"
    );
    assert_eq!(get(&address, "/health").await.status, 200);
    let metrics = get(&address, "/metrics").await;
    assert_eq!(
        metrics.header("content-type"),
        Some("text/plain; version=0.0.4; charset=utf-8")
    );
    let metrics = String::from_utf8(metrics.body).unwrap();
    assert!(
        metrics.contains("aurora_http_requests_total{route=\"/health\",method=\"GET\",status=\"2xx\"} 1"),
        "{metrics}"
    );
    assert!(
        metrics.contains("aurora_http_request_duration_seconds_bucket{"),
        "{metrics}"
    );
    assert!(metrics.contains("aurora_process_uptime_seconds "), "{metrics}");
    assert!(folder.path().join("data/aurora.db").is_file());
    signal(&child, "-TERM");
    let (code, err) = ended(child);
    assert_eq!(code, Some(0), "{err}");
}

#[tokio::test]
async fn the_demo_says_that_it_is_simulated_keeps_nothing_and_ends_at_a_signal() {
    let folder = tempfile::tempdir().unwrap();
    // A key that is lying about must not let the demo spend money.
    let mut command = aurora(folder.path(), &["demo", "--listen", "127.0.0.1:0"]);
    let (child, address, text) = started(command.env("OPENAI_API_KEY", "sk-real"), "Ctrl-C");
    assert!(
        text.contains("SIMULATED") && text.contains("sim-a, sim-b, sim-c"),
        "{text}"
    );
    assert_eq!(get(&address, "/health").await.status, 200);
    let status = String::from_utf8(get(&address, "/api/status").await.body).unwrap();
    assert!(status.contains("sim-a") && !status.contains("openai"), "{status}");
    signal(&child, "-INT");
    let (code, err) = ended(child);
    assert_eq!(code, Some(0), "{err}");
    assert!(
        std::fs::read_dir(folder.path()).unwrap().next().is_none(),
        "the demo left something behind"
    );
}

#[tokio::test]
async fn in_production_lines_are_json_and_nothing_is_simulated() {
    let folder = tempfile::tempdir().unwrap();
    let (child, address, text) = serving(folder.path(), &[("ENVIRONMENT", "production")]);
    assert!(!text.contains("SIMULATED"), "{text}");
    assert_eq!(get(&address, "/health").await.status, 200);
    signal(&child, "-INT");
    let (code, err) = ended(child);
    assert_eq!(code, Some(0), "{err}");
    let lines: Vec<serde_json::Value> = err
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let answered = lines.iter().find(|line| line["message"] == "answered").unwrap();
    assert_eq!(answered["status"], 200);
    assert!(
        answered["span"]["request_id"]
            .as_str()
            .unwrap()
            .starts_with("req_"),
        "{answered}"
    );
}

#[tokio::test]
async fn a_second_signal_does_not_wait_for_requests() {
    let folder = tempfile::tempdir().unwrap();
    let (child, address, _) = serving(folder.path(), &[]);
    let mut connection = Connection::to(address.parse().unwrap()).await;
    let json = ("content-type", "application/json");
    let head = request(
        "POST",
        "/api/v1/clients",
        &[json, ("expect", "100-continue"), ("content-length", "9")],
        "",
    );
    connection.send(&head).await;
    assert_eq!(connection.answer().await.status, 100);
    signal(&child, "-INT");
    while tokio::net::TcpStream::connect(&address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    signal(&child, "-INT");
    let waited = tokio::time::timeout(
        Duration::from_secs(8),
        tokio::task::spawn_blocking(|| ended(child)),
    );
    let (code, err) = waited.await.expect("it waits for the request").unwrap();
    assert_eq!(code, Some(2), "requests were cut off: {err}");
}

#[test]
fn a_refused_address_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let refused = aurora(folder.path(), &["serve", "--listen", "0.0.0.0:0"])
        .output()
        .unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(!folder.path().join("data").exists(), "a database was made");
}
