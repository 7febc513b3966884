//! The wizard, through a pipe, and its form without questions.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::{run, run_with};

/// An answer for each question; most take the default.
fn answers(changes: &[(usize, &str)], end: &[&str]) -> String {
    // environment; PostgreSQL, Redis; six providers; CNPJ; Slack, Discord, Telegram; mail; host, port, address; thresholds
    let mut lines = vec![""; 20];
    for (at, answer) in changes {
        lines[*at] = answer;
    }
    lines.extend(end);
    lines.join("\n") + "\n"
}

fn read(folder: &Path, name: &str) -> String {
    std::fs::read_to_string(folder.join(name)).unwrap_or_default()
}

#[test]
fn questions_become_files_that_the_server_takes() {
    let folder = tempfile::tempdir().unwrap();
    let given = answers(
        &[(0, "staging"), (3, "sk-s3cret$\""), (15, "9000"), (19, "12.5")],
        &[
            "ana@example.com",
            "Ana Souza",
            "três pratos de trigo para tigres",
            "y",
        ],
    );
    // The person is asked for before the files are written, and made after.
    let ran = run_with(folder.path(), &["setup"], &[("LANG", "en_US.UTF-8")], &given);
    assert!(
        ran.text().contains("wrote ./aurora.toml") && ran.text().contains("made usr_"),
        "{ran:?}"
    );
    assert!(
        ran.err.contains("Key of OpenAI") && ran.err.contains("server.port = 9000"),
        "{ran:?}"
    );
    assert!(
        !ran.out.contains("s3cret") && !ran.err.contains("s3cret"),
        "{ran:?}"
    );
    let toml = read(folder.path(), "aurora.toml");
    assert!(
        toml.contains("environment = \"staging\"") && toml.contains("port = 9000"),
        "{toml}"
    );
    assert!(
        toml.contains("error_rate_threshold = 12.5") && !toml.contains("s3cret"),
        "{toml}"
    );
    let dotenv = folder.path().join(".env");
    assert_eq!(
        std::fs::metadata(&dotenv).unwrap().permissions().mode() & 0o777,
        0o600
    );
    assert!(read(folder.path(), ".env").contains("OPENAI_API_KEY="));
    assert_eq!(
        run(folder.path(), &["config", "check"]).text(),
        "the settings are in order\n"
    );
    let users = run(folder.path(), &["user", "list", "--json"]).json();
    assert_eq!(users["items"][0]["is_administrator"], true);

    // A second time: what is not answered stays, and nothing is written without consent.
    let given = answers(&[(15, "9001")], &["", "n"]);
    let declined = run_with(folder.path(), &["setup"], &[], &given);
    assert!(declined.refused().contains("nothing was written"), "{declined:?}");
    assert!(
        declined.err.contains("The files are there already"),
        "{declined:?}"
    );
    assert_eq!(read(folder.path(), "aurora.toml"), toml);
    let given = answers(&[(15, "9001")], &["", "yes"]);
    run_with(folder.path(), &["setup"], &[], &given).text();
    assert_eq!(read(folder.path(), "aurora.toml"), toml.replace("9000", "9001"));
}

#[test]
fn it_asks_in_portuguese_where_that_is_spoken() {
    let folder = tempfile::tempdir().unwrap();
    let given = answers(&[(14, "127.0.0.2")], &["", "sim"]);
    let ran = run_with(folder.path(), &["setup"], &[("LANG", "pt_BR.UTF-8")], &given);
    assert!(ran.text().contains("aurora.toml"), "{ran:?}");
    assert!(
        ran.err.contains("Chave da OpenAI, oculta") && ran.err.contains("Gravar? [s/N]"),
        "{ran:?}"
    );
    assert!(!folder.path().join(".env").exists(), "no secret, no file for it");
}

#[test]
fn a_pipe_that_ends_or_errs_writes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let short = run_with(folder.path(), &["setup"], &[], "staging\n");
    assert!(short.refused().contains("the answers ended"), "{short:?}");
    let wrong = run_with(
        folder.path(),
        &["setup"],
        &[],
        &answers(&[(15, "eighty")], &["", "y"]),
    );
    assert!(wrong.refused().contains("server.port"), "{wrong:?}");
    let json = run(folder.path(), &["setup", "--json"]);
    assert!(json.error("refused").contains("--yes"), "{json:?}");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn settings_are_written_without_questions() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join("secrets"),
        "# keys\nllm.anthropic_api_key=sk-ant-1\n",
    )
    .unwrap();
    let arguments = [
        "setup",
        "--yes",
        "--json",
        "--set",
        "server.port=8090",
        "--set",
        "llm.order=anthropic",
        "--set-from",
        "secrets",
    ];
    let told = run(folder.path(), &arguments).json();
    assert_eq!(told["files"], serde_json::json!(["./aurora.toml", "./.env"]));
    assert_eq!(
        told["settings"],
        serde_json::json!(["llm.anthropic_api_key", "llm.order", "server.port"])
    );
    let printed = run(folder.path(), &["config", "print", "--json"]);
    assert!(
        printed.out.contains("8090") && !printed.out.contains("sk-ant-1"),
        "{printed:?}"
    );
    let unknown = run(
        folder.path(),
        &["setup", "--yes", "--json", "--set", "server.prot=1"],
    );
    assert!(unknown.error("settings").contains("server.port"), "{unknown:?}");
    let before = read(folder.path(), "aurora.toml");
    let together = run(
        folder.path(),
        &["setup", "--yes", "--set", "email.host=smtp.example.com"],
    );
    assert!(together.refused().contains("email.from"), "{together:?}");
    assert_eq!(read(folder.path(), "aurora.toml"), before);
    let nothing = run(folder.path(), &["setup", "--yes"]);
    assert_eq!(nothing.text(), "");
    assert!(nothing.err.contains("nothing to write"), "{nothing:?}");
    let from_pipe = ["setup", "--yes", "--set-from", "-"];
    run_with(
        folder.path(),
        &from_pipe,
        &[],
        "database.url=postgres://aurora:s3cret@localhost/aurora\n",
    )
    .text();
    let dotenv = read(folder.path(), ".env");
    assert!(
        dotenv.contains("DATABASE_URL=") && dotenv.contains("ANTHROPIC_API_KEY="),
        "{dotenv}"
    );
    assert!(
        dotenv.contains("JWT_SECRET=") && dotenv.contains("AURORA_SEAL_KEYS="),
        "several servers need the same keys"
    );
}

#[test]
fn new_keys_are_printed_and_taken() {
    let folder = tempfile::tempdir().unwrap();
    let keys = run(folder.path(), &["setup", "--keys"]);
    std::fs::write(folder.path().join(".env"), keys.text()).unwrap();
    assert_eq!(
        run(folder.path(), &["config", "check"]).text(),
        "the settings are in order\n"
    );
    run(folder.path(), &["key", "create"]).text();
    assert!(
        !folder.path().join("data/sealing.keys").exists(),
        "the keys of the settings are used"
    );
    let json = run(folder.path(), &["setup", "--keys", "--json"]).json();
    assert!(json["jwt_secret"].as_str().unwrap().len() >= 32);
    assert!(json["seal_keys"].as_str().unwrap().starts_with("first="));
    assert!(
        !keys.out.contains(json["jwt_secret"].as_str().unwrap()),
        "they are new each time"
    );
}
