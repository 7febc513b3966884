//! Talking to models from the terminal.

use super::{run, run_with, serving};

#[test]
fn one_question_gets_one_answer() {
    let folder = tempfile::tempdir().unwrap();
    let answer = run(folder.path(), &["chat", "Why", "is the sky blue?"]);
    assert!(answer.text().trim().len() > 3, "{answer:?}");
    assert!(answer.err.contains("simulated"), "{answer:?}");
    let piped = run_with(
        folder.path(),
        &["chat", "--json", "--system", "Be brief."],
        &[],
        "Why is the sky blue?\n",
    );
    let piped = piped.json();
    assert_eq!(piped["provider"], "simulated");
    assert!(
        piped["content"].is_string() && piped["usage"].is_object() && piped["attempts"].is_array(),
        "{piped}"
    );
    assert!(!folder.path().join("data").exists(), "a question made a database");
}

#[test]
fn a_conversation_goes_on_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let talk = "Hello\n/new\n/model simulated\n/what\n\nHello again\n/exit\nnot asked\n";
    let said = run_with(folder.path(), &["chat", "-i"], &[], talk);
    assert_eq!(
        said.text().lines().filter(|line| !line.is_empty()).count(),
        2,
        "{said:?}"
    );
    assert!(said.err.contains("there are /model, /new and /exit"), "{said:?}");
    let wrong = run_with(folder.path(), &["chat", "-i", "-m", "simulated"], &[], "");
    assert_eq!(wrong.text(), "");
}

#[test]
fn what_cannot_be_answered_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let nothing = run(folder.path(), &["chat", "--json"]);
    assert!(nothing.error("refused").contains("no question"), "{nothing:?}");
    let production = [("ENVIRONMENT", "production")];
    let nobody = run_with(folder.path(), &["chat", "Hello", "--json"], &production, "");
    assert!(
        nobody.error("settings").contains("no provider is configured"),
        "{nobody:?}"
    );
    let down = [
        ("OPENAI_API_KEY", "sk-test"),
        ("OPENAI_BASE_URL", "http://127.0.0.1:1/v1"),
    ];
    let down = run_with(folder.path(), &["chat", "Hello"], &down, "");
    assert!(
        down.refused().contains("no model answered") && !down.err.contains("sk-test"),
        "{down:?}"
    );
}

#[test]
fn a_running_server_is_asked_with_a_key() {
    let folder = tempfile::tempdir().unwrap();
    let (_server, told) = serving(folder.path(), &[], &[]);
    let url = told["url"].as_str().unwrap();
    let key = run(folder.path(), &["key", "create", "--scope", "llm:use"]);
    let key = key.text().trim_end().to_owned();
    let elsewhere = tempfile::tempdir().unwrap();
    let without = run(elsewhere.path(), &["chat", "--url", url, "Hello"]);
    assert!(
        without.refused().contains("401") && without.err.contains("AURORA_API_KEY"),
        "{without:?}"
    );
    let with = [("AURORA_API_KEY", key.as_str())];
    let answer = run_with(elsewhere.path(), &["chat", "--url", url, "Hello"], &with, "");
    assert!(
        answer.text().trim().len() > 3 && answer.err.contains("simulated"),
        "{answer:?}"
    );
    std::fs::write(elsewhere.path().join("key"), format!("{key}\n")).unwrap();
    let arguments = ["chat", "--url", url, "--key-file", "key", "--json", "Hello"];
    assert_eq!(run(elsewhere.path(), &arguments).json()["provider"], "simulated");
    let nobody = run(
        elsewhere.path(),
        &["chat", "--url", "http://127.0.0.1:1", "Hello"],
    );
    assert!(nobody.refused().contains("did not answer"), "{nobody:?}");
    let wrong = run(elsewhere.path(), &["chat", "--url", "ftp://x", "Hello", "--json"]);
    assert!(wrong.error("refused").contains("http://"), "{wrong:?}");
}
