//! `aurora config`.

use std::process::Output;

use serde_json::Value;

use crate::program::{aurora, outcome};

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect(text)
}

#[test]
fn print_shows_values_and_origins_and_no_secret() {
    let variables = [("OPENAI_API_KEY", "sk-hunter2"), ("DASHBOARD_PORT", "9000")];
    let (code, out, err) = outcome(&["config", "print", "--set", "log.level=warn"], &variables);
    assert_eq!(code, Some(0), "{err}");
    for line in [
        "server.port = 9000  (environment variable DASHBOARD_PORT)\n",
        "log.level = \"warn\"  (command line)\n",
        "llm.openai_api_key = [redacted]  (environment variable OPENAI_API_KEY)\n",
        "redis.url is not set\n",
    ] {
        assert!(out.contains(line), "{out}");
    }
    let (code, out, _) = outcome(&["config", "print", "--json"], &variables);
    let report = json(&out);
    let settings = report["settings"].as_array().unwrap();
    let port = settings
        .iter()
        .find(|entry| entry["key"] == "server.port")
        .unwrap();
    assert_eq!(
        (code, &port["value"], &port["origin"]["variable"]),
        (Some(0), &9000.into(), &"DASHBOARD_PORT".into())
    );
    assert!(!out.contains("hunter2"));
}

#[test]
fn check_lists_everything_that_is_wrong_and_ends_with_one() {
    let (code, out, _) = outcome(&["config", "check"], &[]);
    assert_eq!((code, out.as_str()), (Some(0), "the settings are in order\n"));
    let wrong = [
        ("DASHBOARD_PORT", "eighty"),
        ("JWT_SECRET", "hunter2"),
        ("AURORA__SERVER__PROT", "1"),
    ];
    let (code, _, err) = outcome(&["config", "check"], &wrong);
    assert_eq!(code, Some(1), "{err}");
    for part in [
        "DASHBOARD_PORT",
        "at least 32 bytes",
        "did you mean AURORA__SERVER__PORT?",
    ] {
        assert!(err.contains(part), "{err}");
    }
    let (code, out, err) = outcome(&["config", "check", "--json"], &wrong);
    let report = json(&out);
    assert_eq!((code, &report["ok"]), (Some(1), &Value::Bool(false)));
    assert_eq!(report["problems"].as_array().unwrap().len(), 3, "{out}");
    assert!(!out.contains("hunter2") && !err.contains("hunter2"));
}

#[test]
fn check_tells_a_typo_with_what_is_missing_and_a_folder_that_is_not_there() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join(".env"),
        "SMTP_SERVER=h\nFRM_EMAIL=a@example.com\n",
    )
    .unwrap();
    let output = aurora(folder.path(), &["config", "check", "--json"])
        .output()
        .unwrap();
    let report = json(std::str::from_utf8(&output.stdout).unwrap());
    assert_eq!(report["problems"][0]["key"], "email.from");
    let warning = report["warnings"][0]["message"].as_str().unwrap();
    assert!(warning.contains("did you mean FROM_EMAIL?"), "{warning}");
    let (code, out, err) = outcome(&["config", "check", "--folder", "nowhere"], &[]);
    assert_eq!((code, out.as_str()), (Some(1), ""));
    assert!(err.contains("--folder nowhere: there is no such folder"), "{err}");
}

#[test]
fn check_warns_of_variables_that_disagree() {
    let variables = [("GOOGLE_API_KEY", "one"), ("GEMINI_API_KEY", "two")];
    let (code, _, err) = outcome(&["config", "check"], &variables);
    assert!(
        code == Some(0) && err.contains("warning: llm.gemini_api_key"),
        "{err}"
    );
    let (_, out, _) = outcome(&["config", "check", "--json"], &variables);
    assert_eq!(json(&out)["warnings"][0]["key"], "llm.gemini_api_key");
}

#[test]
fn the_templates_are_settings_that_load() {
    let folder = tempfile::tempdir().unwrap();
    for (arguments, name) in [
        (&["config", "template"][..], "aurora.toml"),
        (&["config", "template", "--env"], ".env"),
        (&["config", "schema"], "aurora.schema.json"),
    ] {
        let (code, out, err) = outcome(arguments, &[]);
        assert_eq!((code, err.as_str()), (Some(0), ""));
        std::fs::write(folder.path().join(name), out).unwrap();
    }
    let Output { status, stderr, .. } = aurora(folder.path(), &["config", "check"]).output().unwrap();
    assert!(status.success(), "{}", String::from_utf8_lossy(&stderr));
    let schema = std::fs::read_to_string(folder.path().join("aurora.schema.json")).unwrap();
    assert_eq!(
        json(&schema)["properties"]["server"]["properties"]["port"]["default"],
        8080
    );
}
