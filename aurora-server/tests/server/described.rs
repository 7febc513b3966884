//! Nothing that the description of the interface allows makes the server fail, and no answer is one that the description does
//! not name. Somebody else reads it: [schemathesis](https://schemathesis.io).

use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use tokio::process::Command;

use crate::program::{aurora, ended, signal};

/// Streams that last as long as somebody listens, registries outside, and a Google that nobody has configured.
const LEFT_OUT: &str = "/events$|/events/|/reminders$|/line$|/ws$|/cnpj/|/calendar/oauth/";
const CHECKS: &str = "not_a_server_error,status_code_conformance,content_type_conformance,\
    response_headers_conformance,response_schema_conformance,unsupported_method,allow_header_conformance";
/// Of fuzzing, for each of some 480 operations. By hand there can be more: see `docs/server/README.md`.
const EXAMPLES: &str = "3";
const PATIENCE: Duration = Duration::from_secs(15 * 60);

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_is_one_that_the_description_names() {
    let Some(python) = aurora_core::testing::provided("python", "AURORA_TEST_PYTHON") else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let mut arguments = vec!["serve", "--listen", "127.0.0.1:0", "--set", "access.open=true"];
    for limit in [
        "limits.api_per_minute=0",
        "limits.api_per_hour=0",
        "limits.auth_per_minute=0",
        "limits.auth_per_hour=0",
    ] {
        arguments.extend(["--set", limit]);
    }
    let (child, introduction) = crate::access::told(aurora(folder.path(), &arguments));
    let address = introduction
        .split("http://")
        .nth(1)
        .and_then(|it| it.split('/').next());
    let address = address.unwrap();
    let program = Path::new(&python).with_file_name("schemathesis");
    let running = Command::new(program)
        .arg("run")
        .arg(format!("http://{address}/openapi.json"))
        .args(["--phases", "examples,fuzzing", "--checks", CHECKS])
        .args([
            "--max-examples",
            EXAMPLES,
            "--generation-deterministic",
            "--no-shrink",
        ])
        .args(["--exclude-path-regex", LEFT_OUT, "--suppress-health-check", "all"])
        .args([
            "--continue-on-failure",
            "--max-failures",
            "40",
            "--warnings",
            "off",
            "--no-color",
        ])
        .current_dir(folder.path())
        .env_clear()
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(PATIENCE, running).await.unwrap().unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(
        output.status.success(),
        "{text}\n{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(text.contains("No issues found"), "{text}");
    signal(&child, "-TERM");
    assert_eq!(ended(child).0, Some(0));
}
