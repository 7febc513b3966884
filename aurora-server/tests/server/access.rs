//! The first administrator of a program that has just been started, and the restart that they ask for.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command};

use aurora_core::access::totp::{Totp, TotpSecret};
use aurora_core::time::{Clock as _, SystemClock};
use serde_json::{Value, json};

use crate::harness::{Answer, Connection, request};
use crate::program::{aurora, ended, signal};

/// Starts a guarded server and reads what it tells.
fn started(folder: &std::path::Path) -> (Child, String) {
    let arguments = ["--listen", "127.0.0.1:0", "--set", "server.allow_restart=true"];
    told(aurora(folder, &arguments))
}

/// Starts a server and reads what it tells.
pub(crate) fn told(mut command: Command) -> (Child, String) {
    let mut child = command.spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap());
    let mut text = String::new();
    while !text.contains("Ctrl-C") {
        assert!(lines.read_line(&mut text).unwrap() > 0, "it ended: {text}");
    }
    // What else it writes is taken, so that it never waits for a reader.
    std::thread::spawn(move || lines.read_to_string(&mut String::new()));
    (child, text)
}

async fn post(address: &str, path: &str, token: Option<&str>, body: &Value) -> Answer {
    let bearer = token.map(|token| format!("Bearer {token}"));
    let mut headers = vec![("content-type", "application/json")];
    headers.extend(bearer.as_deref().map(|bearer| ("authorization", bearer)));
    let mut connection = Connection::to(address.parse().unwrap()).await;
    connection
        .send(&request("POST", path, &headers, &body.to_string()))
        .await;
    connection.answer().await
}

#[tokio::test]
async fn a_first_start_tells_a_link_and_a_restart_ends_with_seventy_five() {
    let folder = tempfile::tempdir().unwrap();
    let (child, text) = started(folder.path());
    let link = text
        .lines()
        .find(|line| line.contains("/setup?token="))
        .unwrap()
        .trim();
    let (address, token) = link
        .strip_prefix("http://")
        .unwrap()
        .split_once("/setup?token=")
        .unwrap();
    let password = "três pratos de trigo";
    let body = json!({"token": token, "email": "ana@example.com", "name": "Ana", "password": password});
    assert_eq!(post(address, "/api/v1/auth/setup", None, &body).await.status, 201);
    let body = json!({"email": "ana@example.com", "password": password});
    let tokens = post(address, "/auth/login", None, &body).await.json();
    let bearer = tokens["access_token"].as_str();
    let early = post(address, "/admin/restart", bearer, &json!({})).await;
    early.problem(401, "step_up_required");

    let enrolment = post(address, "/api/v1/auth/factors", bearer, &json!({}))
        .await
        .json();
    let secret = TotpSecret::from_base32(enrolment["secret"].as_str().unwrap()).unwrap();
    let code = Totp::default().code(&secret, SystemClock.now());
    let body = json!({"code": code.expose()});
    let activated = post(address, "/api/v1/auth/factors/activate", bearer, &body).await;
    assert_eq!(activated.status, 200);
    assert_eq!(
        post(address, "/admin/restart", bearer, &json!({})).await.status,
        202
    );
    let (code, err) = ended(child);
    assert_eq!(code, Some(75), "{err}");
    assert!(
        err.contains("stopped: an administrator asked for a restart"),
        "{err}"
    );
    assert!(!err.contains(token) && !err.contains(password), "{err}");

    let (child, text) = started(folder.path());
    assert!(!text.contains("/setup?token="), "there is somebody: {text}");
    signal(&child, "-TERM");
    assert_eq!(ended(child).0, Some(0));
}
