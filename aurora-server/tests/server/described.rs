//! The description of the interface against its answers: schemathesis, which others made, asks every operation with what the
//! description allows and with what it forbids.

use std::process::Stdio;

use aurora_core::testing::provided;

use crate::harness::Server;

/// Cases of each operation; more are a matter of patience.
const CASES: &str = "4";
/// What each answer is held to.
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,response_headers_conformance,\
                      response_schema_conformance,unsupported_method,allow_header_conformance";

#[tokio::test]
async fn answers_are_as_described() {
    let Some(python) = provided("python", "AURORA_TEST_PYTHON") else {
        return;
    };
    // Quiet providers, no limits: every case is answered by its handler.
    let server = Server::with(
        "[limits]\napi_per_minute = 0\napi_per_hour = 0\nauth_per_minute = 0\nauth_per_hour = 0",
    )
    .await;
    let program = std::path::Path::new(&python).with_file_name("schemathesis");
    let folder = tempfile::tempdir().unwrap();
    let run = tokio::process::Command::new(program)
        .current_dir(folder.path())
        .args(["run", &format!("http://{}/openapi.json", server.address)])
        .args([
            "--checks",
            CHECKS,
            "--max-examples",
            CASES,
            "--seed",
            "1",
            "--request-timeout",
            "30",
        ])
        .args([
            "--phases",
            "examples,fuzzing",
            "--suppress-health-check",
            "all",
            "--continue-on-failure",
        ])
        // Streams that last as long as somebody listens; registries outside and a Google that nobody has configured, of which
        // 5xx tells.
        .args([
            "--exclude-path-regex",
            "/events$|/events/|/reminders$|/line$|/ws$|/cnpj/|/calendar/oauth/",
        ])
        .env("NO_COLOR", "1")
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output()
        .await
        .unwrap();
    let told = String::from_utf8_lossy(&run.stdout);
    assert!(
        run.status.success(),
        "{told}\n{}",
        String::from_utf8_lossy(&run.stderr)
    );
    server.stopped().await.unwrap();
}
