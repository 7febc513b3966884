//! Channels and rules from the terminal.

use super::{OK, REFUSED, run, run_with, sink};

const RULES: &str = "rules:\n  - name: Error rate high\n    when: error_rate > 20\n    severity: critical\n";
const SAMPLES: &str = "2026-10-01T00:00:00Z,error_rate,zone=a,31\n2026-10-01T00:00:15Z,error_rate,zone=a,4\n";

#[test]
fn a_test_goes_out_through_the_real_channel() {
    let folder = tempfile::tempdir().unwrap();
    let (address, asked) = sink(OK);
    let url = format!("http://{address}/services/s3cret");
    let slack = [("SLACK_WEBHOOK_URL", url.as_str())];
    let sent = run_with(folder.path(), &["alerts", "test", "--json"], &slack, "").json();
    assert_eq!(
        sent["items"],
        serde_json::json!([{"channel": "slack", "ok": true, "error": null}])
    );
    let request = asked.recv().unwrap();
    assert!(
        request.starts_with("POST /services/s3cret") && request.to_lowercase().contains("test"),
        "{request}"
    );
    let unknown = run_with(folder.path(), &["alerts", "test", "pager"], &slack, "");
    assert!(unknown.refused().contains("slack"), "{unknown:?}");
    let none = run(folder.path(), &["alerts", "test", "--json"]);
    assert!(none.error("settings").contains("no channel"), "{none:?}");
    let (address, _asked) = sink(REFUSED);
    let url = format!("http://{address}/services/s3cret");
    let failed = run_with(
        folder.path(),
        &["alerts", "test"],
        &[("SLACK_WEBHOOK_URL", &url)],
        "",
    );
    assert_eq!(failed.code, Some(1), "{failed:?}");
    assert!(
        failed.out.contains("fail") && !failed.out.contains("s3cret") && !failed.err.contains("s3cret"),
        "{failed:?}"
    );
}

#[test]
fn rules_are_checked_with_the_place_of_each_problem() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yaml"), RULES).unwrap();
    let good = run(folder.path(), &["alerts", "check", "rules.yaml", "--json"]).json();
    assert_eq!((&good["ok"], &good["rules"]), (&true.into(), &1.into()));
    std::fs::write(
        folder.path().join("bad.yaml"),
        RULES.replace("severity", "severty"),
    )
    .unwrap();
    let bad = run(folder.path(), &["alerts", "check", "bad.yaml"]);
    assert_eq!(bad.code, Some(1));
    assert!(
        bad.out.contains("bad.yaml:4:5") && bad.out.contains("did you mean"),
        "{bad:?}"
    );
    std::fs::write(
        folder.path().join("lost.yaml"),
        format!("{RULES}route:\n  receiver: nobody\n"),
    )
    .unwrap();
    let lost = run(folder.path(), &["alerts", "check", "lost.yaml", "--json"]);
    let told: serde_json::Value = serde_json::from_str(&lost.out).unwrap();
    assert!(
        told["problems"][0]["message"]
            .as_str()
            .unwrap()
            .contains("nobody"),
        "{told}"
    );
    assert!(lost.error("refused").contains("1 problem"), "{lost:?}");
    assert!(lost.error("refused").contains("lost.yaml"));
}

#[test]
fn rules_are_tried_on_what_was_recorded_and_nothing_fires_at_first() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("rules.yaml"), RULES).unwrap();
    std::fs::write(folder.path().join("samples.csv"), SAMPLES).unwrap();
    let arguments = ["alerts", "backtest", "samples.csv", "--rules", "rules.yaml"];
    let report = run(folder.path(), &arguments);
    assert!(report.text().contains("Error rate high"), "{report:?}");
    let json = run(folder.path(), &[&arguments[..], &["--json"]].concat()).json();
    assert_eq!(json["samples"], 2);
    assert!(
        json["rules"]
            .as_array()
            .unwrap()
            .iter()
            .any(|rule| rule["rule"] == "Error rate high"),
        "{json}"
    );
    let missing = run(folder.path(), &["alerts", "backtest", "nowhere.csv"]);
    assert!(missing.refused().contains("nowhere.csv"), "{missing:?}");
    std::fs::write(folder.path().join("samples.csv"), "yesterday,x,,1\n").unwrap();
    assert_eq!(run(folder.path(), &arguments).code, Some(1));

    run(folder.path(), &["migrate"]).text();
    assert_eq!(run(folder.path(), &["alerts", "list"]).text(), "nothing fires\n");
    assert_eq!(
        run(folder.path(), &["alerts", "list", "--json"]).json()["items"],
        serde_json::json!([])
    );
}
