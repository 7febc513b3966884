//! Looking at everything that the settings name.

use serde_json::Value;

use super::{OK, REFUSED, Ran, run, run_with, sink};

/// Nobody outside is asked.
const ALONE: &str = "cnpj.free_url=http://127.0.0.1:1";

fn of(checks: &Value, name: &str) -> Value {
    let found = checks["checks"]
        .as_array()
        .unwrap()
        .iter()
        .find(|check| check["name"] == name);
    found.unwrap_or_else(|| panic!("{name}: {checks}")).clone()
}

fn report(ran: &Ran) -> Value {
    serde_json::from_str(&ran.out).unwrap_or_else(|_| panic!("{ran:?}"))
}

#[test]
fn a_new_installation_is_told_what_to_do_next() {
    let folder = tempfile::tempdir().unwrap();
    let new = run(folder.path(), &["check", "--json", "--set", ALONE]).json();
    assert_eq!(new["ok"], true);
    assert_eq!(
        (&of(&new, "database")["status"], &of(&new, "database")["next"]),
        (&"warn".into(), &"aurora migrate".into())
    );
    assert_eq!(of(&new, "settings")["status"], "ok");
    assert_eq!(of(&new, "channels")["status"], "warn");
    assert!(!folder.path().join("data").exists(), "looking made something");
    run(folder.path(), &["migrate"]).text();
    let migrated = run(folder.path(), &["check", "--json", "--set", ALONE]).json();
    assert_eq!(of(&migrated, "database")["status"], "ok");
    assert!(
        of(&migrated, "users")["next"]
            .as_str()
            .unwrap()
            .starts_with("aurora user create")
    );
    let words = run(folder.path(), &["check", "--set", ALONE]);
    assert!(
        words.text().contains("ok    settings") && words.text().contains("→ aurora"),
        "{words:?}"
    );
}

/// Whoever made a user has a whole database.
#[test]
fn after_the_first_user_nothing_of_the_database_is_pending() {
    let folder = tempfile::tempdir().unwrap();
    let create = ["user", "create", "ana@example.com", "--admin"];
    run_with(folder.path(), &create, &[], "três pratos de trigo para tigres\n").text();
    let found = run(folder.path(), &["check", "--json", "--set", ALONE]).json();
    for name in ["database", "users"] {
        assert_eq!(of(&found, name)["status"], "ok", "{found}");
    }
}

#[test]
fn wrong_settings_are_all_told() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = [
        ("DASHBOARD_PORT", "eighty"),
        ("ALERT_ERROR_RATE_THRESHOLD", "200"),
    ];
    let wrong = run_with(folder.path(), &["check", "--json"], &wrong, "");
    assert_eq!(wrong.code, Some(1), "{wrong:?}");
    let told = report(&wrong);
    assert_eq!(
        (&told["ok"], told["checks"].as_array().unwrap().len()),
        (&false.into(), 2),
        "{told}"
    );
    assert!(wrong.error("settings").contains('2'));
}

#[test]
fn what_does_not_answer_fails_and_what_is_sent_arrives() {
    let folder = tempfile::tempdir().unwrap();
    let (slack, asked) = sink(OK);
    let (models, _) = sink(REFUSED);
    let slack = format!("http://{slack}/s3cret");
    let models = format!("http://{models}/v1");
    let variables = [
        ("SLACK_WEBHOOK_URL", slack.as_str()),
        ("OPENAI_API_KEY", "sk-s3cret"),
        ("OPENAI_BASE_URL", models.as_str()),
        ("REDIS_URL", "redis://:s3cret@127.0.0.1:1/0"),
        ("SMTP_HOST", "127.0.0.1"),
        ("SMTP_PORT", "1"),
        ("FROM_EMAIL", "a@example.com"),
        ("SMTP_TO", "b@example.com"),
    ];
    let arguments = ["check", "--json", "--set", ALONE];
    let ran = run_with(folder.path(), &arguments, &variables, "");
    assert_eq!(ran.code, Some(1), "{ran:?}");
    assert!(
        !ran.out.contains("s3cret") && !ran.err.contains("s3cret"),
        "{ran:?}"
    );
    let told = report(&ran);
    for name in ["redis", "channel email", "provider openai/gpt-5-mini"] {
        assert_eq!(of(&told, name)["status"], "fail", "{told}");
        assert!(of(&told, name)["next"].is_string(), "{told}");
    }
    assert_eq!(of(&told, "channel slack")["status"], "ok");
    assert!(
        asked.try_recv().is_err(),
        "something was sent that nobody asked for"
    );

    let sends = run_with(
        folder.path(),
        &["check", "--json", "--send", "--set", ALONE],
        &variables[..1],
        "",
    );
    let told = report(&sends);
    assert_eq!(of(&told, "channel slack")["detail"], "took a message", "{told}");
    assert!(asked.recv().unwrap().to_lowercase().contains("test"));
}

#[test]
fn folders_that_others_can_read_are_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    std::fs::create_dir(&data).unwrap();
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o755)).unwrap();
    let open = run(folder.path(), &["check", "--json", "--set", ALONE]).json();
    assert!(
        of(&open, "data folder")["next"]
            .as_str()
            .unwrap()
            .starts_with("chmod"),
        "{open}"
    );
    std::fs::set_permissions(&data, std::fs::Permissions::from_mode(0o700)).unwrap();
    let closed = run(folder.path(), &["check", "--json", "--set", ALONE]).json();
    assert_eq!(of(&closed, "data folder")["status"], "ok");
    let shared = [
        ("ENVIRONMENT", "production"),
        ("DATABASE_URL", "postgres://aurora:s3cret@127.0.0.1:1/aurora"),
    ];
    let shared = run_with(folder.path(), &["check", "--json", "--set", ALONE], &shared, "");
    let lacking = report(&shared);
    let lacking = lacking["checks"].as_array().unwrap();
    for (check, key) in lacking.iter().zip(["access.jwt_secret", "access.seal_keys"]) {
        assert_eq!(check["status"], "fail", "{check}");
        assert!(check["detail"].as_str().unwrap().starts_with(key), "{check}");
    }
    assert!(!shared.out.contains("s3cret"), "{shared:?}");
    // Elsewhere a server makes them for itself alone.
    let shared = [("DATABASE_URL", "postgres://aurora:s3cret@127.0.0.1:1/aurora")];
    let shared = run_with(folder.path(), &["check", "--json", "--set", ALONE], &shared, "");
    let keys = of(&report(&shared), "keys");
    assert_eq!(
        (&keys["status"], &keys["next"]),
        (&"warn".into(), &"aurora setup --yes".into())
    );
    assert_eq!(of(&report(&shared), "database")["status"], "fail");
}

#[test]
fn what_several_servers_in_production_need_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let told = |more: &[&str]| {
        let variables = [
            ("ENVIRONMENT", "production"),
            ("DATABASE_URL", "postgres://aurora:s3cret@127.0.0.1:1/aurora"),
            ("JWT_SECRET", "a secret of its own that is longer than 32 bytes"),
            (
                "AURORA_SEAL_KEYS",
                "first=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
            ),
        ];
        let arguments = [&["check", "--json", "--set", ALONE][..], more].concat();
        report(&run_with(folder.path(), &arguments, &variables, ""))
    };
    let alone = told(&[]);
    let files = of(&alone, "files");
    assert_eq!(files["status"], "warn", "{alone}");
    assert!(
        files["next"].as_str().unwrap().contains("files.folder"),
        "{alone}"
    );
    assert!(
        of(&alone, "backups")["detail"]
            .as_str()
            .unwrap()
            .contains("backup.postgres_url"),
        "{alone}"
    );
    let shared = told(&[
        "--set",
        "files.folder=/srv/files",
        "--set",
        "backup.every=24h",
        "--set",
        "backup.postgres_url=postgres://backup@127.0.0.1:1/aurora",
    ]);
    let names = shared["checks"].as_array().unwrap().iter();
    let names: Vec<&str> = names.map(|check| check["name"].as_str().unwrap()).collect();
    assert!(
        !names.contains(&"files") && !names.contains(&"backups"),
        "{shared}"
    );
}
