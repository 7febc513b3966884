//! A real Prometheus sends its alerts here, and `amtool` manages silences; both are Debian's packages.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use aurora_core::time::{Clock as _, SystemClock};
use serde_json::Value;
use tokio::process::{Child, Command};

use crate::harness::Server;

/// Where `prometheus` and `amtool` are; `None` where nobody says so.
fn programs() -> Option<PathBuf> {
    aurora_core::testing::provided("prometheus", "AURORA_TEST_PROMETHEUS").map(PathBuf::from)
}

async fn amtool(programs: &std::path::Path, server: &Server, arguments: &[&str]) -> (bool, String) {
    let output = Command::new(programs.join("amtool"))
        .arg(format!("--alertmanager.url=http://{}", server.address))
        .args(arguments)
        .env_clear()
        .kill_on_drop(true)
        .output();
    let output = tokio::time::timeout(Duration::from_secs(30), output)
        .await
        .unwrap()
        .unwrap();
    let is_good = output.status.success();
    // Beside what it was asked for it says that it is of another version than the server.
    let text = if is_good { output.stdout } else { output.stderr };
    (is_good, String::from_utf8(text).unwrap())
}

async fn told(programs: &std::path::Path, server: &Server, arguments: &[&str]) -> String {
    let (good, text) = amtool(programs, server, arguments).await;
    assert!(good, "amtool {arguments:?}: {text}");
    text
}

/// Waits until the alerts that fire are as `holds` wants them.
async fn eventually(server: &Server, holds: impl Fn(&Value) -> bool) -> Value {
    for _ in 0..600 {
        let alerts = server.get("/api/v2/alerts").await.json();
        if holds(&alerts) {
            return alerts;
        }
        SystemClock.sleep(Duration::from_millis(100)).await;
    }
    panic!("the alerts never became so");
}

#[tokio::test(flavor = "multi_thread")]
async fn amtool_adds_alerts_and_manages_silences() {
    let Some(programs) = programs() else { return };
    let server = Server::start().await;
    told(
        &programs,
        &server,
        &[
            "alert",
            "add",
            "DiskFull",
            "severity=critical",
            "host=db1",
            "--annotation=summary=90 %",
        ],
    )
    .await;
    let alerts = told(&programs, &server, &["alert", "query", "-o", "extended"]).await;
    assert!(
        alerts.contains("DiskFull") && alerts.contains("db1") && alerts.contains("active"),
        "{alerts}"
    );
    let none = told(&programs, &server, &["alert", "query", "host=db2"]).await;
    assert!(!none.contains("DiskFull"), "{none}");

    let id = told(
        &programs,
        &server,
        &[
            "silence",
            "add",
            "alertname=~Disk.*",
            "-a",
            "ana",
            "-c",
            "cleaning",
            "-d",
            "1h",
        ],
    )
    .await;
    let id = id.trim();
    let silences = told(&programs, &server, &["silence", "query"]).await;
    assert!(silences.contains(id), "{id}: {silences}");
    let held = told(
        &programs,
        &server,
        &["alert", "query", "--silenced", "-o", "json"],
    )
    .await;
    let held: Value = serde_json::from_str(&held).unwrap();
    assert_eq!(held[0]["status"]["silencedBy"][0], id, "{held}");
    let updated = told(&programs, &server, &["silence", "update", "-d", "2h", id]).await;
    assert!(updated.contains(id), "{updated}");
    told(&programs, &server, &["silence", "expire", id]).await;
    assert!(!told(&programs, &server, &["silence", "query"]).await.contains(id));
    assert!(
        told(&programs, &server, &["silence", "query", "--expired"])
            .await
            .contains(id)
    );
    let (good, complaint) = amtool(&programs, &server, &["silence", "expire", id]).await;
    assert!(!good, "what has ended cannot be ended: {complaint}");

    assert!(
        told(&programs, &server, &["config", "show"])
            .await
            .contains("receivers")
    );
    assert!(
        told(&programs, &server, &["cluster", "show"])
            .await
            .contains("disabled")
    );
    server.stopped().await.unwrap();
}

fn prometheus(programs: &std::path::Path, folder: &std::path::Path) -> Child {
    Command::new(programs.join("prometheus"))
        .arg(format!(
            "--config.file={}",
            folder.join("prometheus.yml").display()
        ))
        .arg(format!("--storage.tsdb.path={}", folder.join("data").display()))
        // What it cannot send yet while it starts, it sends again after this.
        .args([
            "--web.listen-address=127.0.0.1:0",
            "--log.level=warn",
            "--rules.alert.resend-delay=1s",
        ])
        .env_clear()
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn prometheus_sends_its_alerts_and_their_ends() {
    let Some(programs) = programs() else { return };
    let server = Server::start().await;
    let folder = tempfile::tempdir().unwrap();
    let config = format!(
        "global: {{evaluation_interval: 1s}}\nrule_files: [rules.yml]\n\
         alerting: {{alertmanagers: [{{api_version: v2, static_configs: [{{targets: ['{}']}}]}}]}}\n",
        server.address
    );
    std::fs::write(folder.path().join("prometheus.yml"), config).unwrap();
    let rules = |expression: &str| {
        format!(
            "groups: [{{name: g, rules: [{{alert: AlwaysOn, expr: '{expression}', labels: {{severity: critical}}, \
             annotations: {{summary: 'it is {{{{ $value }}}}'}}}}]}}]\n"
        )
    };
    std::fs::write(folder.path().join("rules.yml"), rules("vector(7) > 5")).unwrap();
    let child = prometheus(&programs, folder.path());
    let alerts = eventually(&server, |alerts| alerts[0]["labels"]["alertname"] == "AlwaysOn").await;
    assert_eq!(alerts[0]["annotations"]["summary"], "it is 7", "{alerts}");
    let own = server.get("/api/v1/alerts?rule=AlwaysOn").await.json();
    assert_eq!(own["items"][0]["severity"], "critical", "{own}");
    // The condition ends; Prometheus reads its rules anew and tells.
    std::fs::write(folder.path().join("rules.yml"), rules("vector(7) > 9")).unwrap();
    let id = child.id().unwrap().to_string();
    let hung_up = Command::new("kill").args(["-HUP", &id]).status().await.unwrap();
    assert!(hung_up.success());
    eventually(&server, |alerts| alerts.as_array().is_some_and(Vec::is_empty)).await;
    drop(child);
    server.stopped().await.unwrap();
}
