//! The program as people start it.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use serde_json::Value;

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
    let open = ["serve", "--listen", "0.0.0.0:0", "--set", "access.open=true"];
    let (code, _, err) = outcome(&open, &[]);
    assert_eq!(code, Some(1), "{err}");
    assert!(err.contains("access.open is set"), "{err}");
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
    let at_once = [
        "serve",
        "--listen",
        "127.0.0.1:0",
        "--set",
        "database.startup_wait=1ms",
    ];
    let (code, _, err) = outcome(&at_once, &secret);
    assert_eq!(code, Some(1), "{err}");
    assert!(!err.contains("hunter2"), "{err}");
}

#[test]
fn whoever_stops_it_while_it_waits_for_its_database_waits_for_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let mut command = aurora(folder.path(), &["serve", "--listen", "127.0.0.1:0"]);
    command.env("DATABASE_URL", "postgres://aurora:hunter2@127.0.0.1:1/aurora");
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap().contains("does not answer yet")));
    signal(&child, "-TERM");
    let (code, err) = ended(child);
    assert_eq!(code, Some(0), "{err}");
    assert!(!lines.any(|line| line.unwrap().contains("hunter2")) && !err.contains("hunter2"));
}

/// Starts `serve` and reads where it listens from what it tells.
fn serving(folder: &std::path::Path, variables: &[(&str, &str)]) -> (Child, String, String) {
    let mut command = aurora(folder, &["--listen", "127.0.0.1:0", "--set", "access.open=true"]);
    started(command.envs(variables.iter().copied()), "Ctrl-C")
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

pub(crate) fn signal(child: &Child, name: &str) {
    assert!(
        Command::new("kill")
            .args([name, &child.id().to_string()])
            .status()
            .unwrap()
            .success()
    );
}

pub(crate) fn ended(mut child: Child) -> (Option<i32>, String) {
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
    assert_eq!(get(&address, "/ready").await.status, 200);
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
    for (name, least) in [
        ("aurora_process_uptime_seconds", 0.0),
        ("process_cpu_seconds_total", 0.0),
        ("process_resident_memory_bytes", 1.0),
        ("process_open_fds", 1.0),
        ("aurora_http_open_connections", 1.0), // this one; those before may be closing still
        ("aurora_health_status{component=\"database\"}", 1.0),
        ("aurora_health_status{component=\"providers\"}", 1.0),
    ] {
        let mut lines = metrics.lines().filter_map(|line| line.rsplit_once(' '));
        let value = lines.find(|(series, _)| *series == name).map(|(_, value)| value);
        let value: Option<f64> = value.and_then(|value| value.parse().ok());
        assert!(value.is_some_and(|value| value >= least), "{name}: {metrics}");
    }
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
    let url = format!("http://{address}");
    for (verb, target, code) in [("break", "sim-b", 0), ("break", "sim-z", 1), ("heal", "sim-b", 0)] {
        let turned = aurora(folder.path(), &["demo", verb, target, "--url", &url])
            .output()
            .unwrap();
        assert_eq!(turned.status.code(), Some(code), "{verb} {target}: {turned:?}");
        let told = String::from_utf8(turned.stdout).unwrap();
        let heal = format!("aurora demo heal {target} --url {url}\n");
        assert_eq!(told.ends_with(&heal), (verb, code) == ("break", 0), "{told}");
    }
    let far = outcome(&["demo", "break", "sim-b", "--url", "http://aurora.example"], &[]);
    assert_eq!(far.0, Some(1), "only a demo on this machine is asked: {far:?}");
    signal(&child, "-INT");
    let (code, err) = ended(child);
    assert_eq!(code, Some(0), "{err}");
    assert!(
        std::fs::read_dir(folder.path()).unwrap().next().is_none(),
        "the demo left something behind"
    );
}

/// Starts `serve` in production, where standard output is JSON lines alone, and waits until it listens.
pub(crate) fn serving_for_machines(
    folder: &std::path::Path,
    variables: &[(&str, &str)],
) -> (Child, String, impl Iterator<Item = Value> + use<>) {
    let mut command = aurora(folder, &["--listen", "127.0.0.1:0"]);
    command
        .env("ENVIRONMENT", "production")
        .envs(variables.iter().copied());
    let mut child = command.spawn().unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut lines = lines.map(|line| {
        let line = line.unwrap();
        serde_json::from_str::<Value>(&line).expect("standard output has a line that is no JSON")
    });
    let listening = lines
        .find(|line| line["message"] == "listening")
        .expect("it does not listen");
    let address = listening["address"].as_str().unwrap().to_owned();
    (child, address, lines)
}

pub(crate) async fn ask(address: &str, path: &str, headers: &[(&str, &str)]) -> crate::harness::Answer {
    let mut connection = Connection::to(address.parse().unwrap()).await;
    connection.send(&request("GET", path, headers, "")).await;
    connection.answer().await
}

#[tokio::test]
async fn in_production_lines_are_json_with_the_id_of_their_request() {
    let folder = tempfile::tempdir().unwrap();
    let variables = [
        ("LOG_LEVEL", "debug"),
        ("LOG_FILE", "logs/all.log"),
        ("LOG_ERROR_FILE", "logs/errors.log"),
    ];
    let (child, address, lines) = serving_for_machines(folder.path(), &variables);
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let secret = ("authorization", "Bearer c4n4ry");
    let known = [("x-request-id", "first"), ("traceparent", parent), secret];
    assert_eq!(ask(&address, "/health?token=c4n4ry", &known).await.status, 200);
    let unknown = [("x-request-id", "second"), secret];
    assert_eq!(ask(&address, "/api/v1/clients/cli_7", &unknown).await.status, 401);
    signal(&child, "-INT");
    let (code, err) = ended(child);
    assert_eq!(code, Some(0), "{err}");
    assert!(
        err.contains("aurora user create") && !err.contains("SIMULATED"),
        "{err}"
    );

    let lines: Vec<Value> = lines.collect();
    let of_requests = lines.iter().filter(|line| {
        line["target"]
            .as_str()
            .unwrap()
            .starts_with("aurora_server::http")
    });
    let mut told = Vec::new();
    for line in of_requests {
        let id = line["request_id"]
            .as_str()
            .unwrap_or_else(|| panic!("no id: {line}"));
        told.push((
            id,
            line["message"].as_str().unwrap(),
            line["http.response.status_code"].as_u64(),
        ));
        let trace = line["trace_id"].as_str().unwrap();
        assert_eq!(
            trace == "4bf92f3577b34da6a3ce929d0e0e4736",
            id == "first",
            "{line}"
        );
        assert!(
            line["span_id"] != "00f067aa0ba902b7" && line["http.route"].is_string(),
            "{line}"
        );
        let stable = ["timestamp", "level", "service", "environment", "version"];
        assert!(stable.iter().all(|name| line[name].is_string()), "{line}");
    }
    let expected = [
        ("first", "answered", Some(200)),
        ("second", "an access token was refused", None),
        ("second", "request refused", None),
        ("second", "answered", Some(401)),
    ];
    assert_eq!(told, expected);
    let file = std::fs::read_to_string(folder.path().join("logs/all.log")).unwrap();
    assert!(file.lines().count() >= lines.len(), "{file}");
    assert!(!file.contains("c4n4ry"), "{file}");
    assert_eq!(
        std::fs::read_to_string(folder.path().join("logs/errors.log")).unwrap(),
        ""
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
    let open = ["serve", "--listen", "0.0.0.0:0", "--set", "access.open=true"];
    let refused = aurora(folder.path(), &open).output().unwrap();
    assert_eq!(refused.status.code(), Some(1));
    assert!(!folder.path().join("data").exists(), "a database was made");
}

#[test]
fn a_hangup_reads_the_settings_anew_and_wrong_ones_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aurora.toml");
    std::fs::write(&path, "log.level = \"info\"\n").unwrap();
    let (child, _, mut lines) = serving_for_machines(folder.path(), &[]);
    std::fs::write(&path, "log.level = \"error\"\n").unwrap();
    signal(&child, "-HUP");
    let changed = lines.find(|line| line["keys"] == "log.level").unwrap();
    assert_eq!(changed["message"], "new settings are in force");
    std::fs::write(&path, "log.level = \"loud\"\n").unwrap();
    signal(&child, "-HUP");
    let refused = lines.next().unwrap();
    let report = refused["error"].as_str().unwrap();
    assert!(report.contains("trace, debug, info, warn or error"), "{report}");
    signal(&child, "-TERM");
    assert!(lines.next().is_none(), "what is no error is not logged any more");
    let (code, err) = ended(child);
    assert_eq!(code, Some(0), "{err}");
}
