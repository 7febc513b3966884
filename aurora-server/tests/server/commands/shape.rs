//! What all commands have in common.

use std::process::Command;

use super::{run, run_with};

#[test]
fn help_tells_every_command_and_the_exit_codes() {
    let folder = tempfile::tempdir().unwrap();
    let help = run(folder.path(), &["--help"]);
    let help = help.text();
    let commands = [
        "serve",
        "demo",
        "setup",
        "config",
        "check",
        "migrate",
        "user",
        "key",
        "workspace",
        "backup",
        "restore",
        "import",
        "export",
        "chat",
        "alerts",
        "audit",
        "completions",
        "version",
    ];
    for command in commands {
        assert!(help.contains(&format!("\n  {command} ")), "{command}: {help}");
        assert!(
            run(folder.path(), &[command, "--help"]).text().contains("--json"),
            "{command}"
        );
    }
    for code in [
        "0  done",
        "1  something outside",
        "2  the program failed",
        "75  an administrator asked for a restart",
        "NO_COLOR",
    ] {
        assert!(help.contains(code), "{help}");
    }
}

#[test]
fn the_version_is_told_to_programs_too() {
    let folder = tempfile::tempdir().unwrap();
    let version = run(folder.path(), &["version", "--json"]).json();
    assert_eq!(version["version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(version["name"], "aurora");
    assert!(version["os"].is_string() && version["arch"].is_string());
}

#[test]
fn what_is_mistyped_is_told_in_the_form_that_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    let words = run(folder.path(), &["workspaces", "list"]);
    assert!(words.refused().contains("'workspace'"), "{words:?}");
    assert_eq!(words.out, "");
    let json = run(folder.path(), &["key", "create", "--json", "--colour"]);
    assert!(json.error("usage").contains("--colour"), "{json:?}");
    let bogus = run(folder.path(), &["--json", "bogus"]);
    assert!(
        bogus.error("usage").contains("unrecognized subcommand 'bogus'"),
        "{bogus:?}"
    );
    let no_settings = run(
        folder.path(),
        &["key", "list", "--json", "--set", "server.prot=1"],
    );
    assert!(
        no_settings.error("settings").contains("server.port"),
        "{no_settings:?}"
    );
    let nothing_there = run(folder.path(), &["key", "list", "--json"]);
    assert!(
        nothing_there.error("storage").contains("--data"),
        "{nothing_there:?}"
    );
    assert!(!folder.path().join("data").exists(), "looking made a database");
}

#[test]
fn shells_get_their_completions() {
    let folder = tempfile::tempdir().unwrap();
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = run(folder.path(), &["completions", shell]);
        assert!(script.text().contains("reset-password"), "{shell}");
    }
    assert!(
        run(folder.path(), &["completions", "tcsh"])
            .refused()
            .contains("bash")
    );
    let path = folder.path().join("aurora.bash");
    std::fs::write(&path, run(folder.path(), &["completions", "bash"]).text()).unwrap();
    let parsed = Command::new("bash").arg("-n").arg(&path).status().unwrap();
    assert!(parsed.success(), "bash does not take it");
}

#[test]
fn templates_and_the_schema_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let template = run(folder.path(), &["config", "template", "--json"]).json();
    assert!(template["text"].as_str().unwrap().contains("[server]"));
    let dotenv = run(folder.path(), &["config", "template", "--env"]);
    assert!(dotenv.text().contains("#DATABASE_URL="));
    assert!(run(folder.path(), &["config", "schema"]).json()["properties"].is_object());
    let printed = run(folder.path(), &["config", "print", "--json"]).json();
    assert!(printed["settings"].is_array());
}

/// Colours are for terminals, and not even there when nobody wants them.
#[test]
fn colours_are_for_terminals_that_want_them() {
    let folder = tempfile::tempdir().unwrap();
    let program = env!("CARGO_BIN_EXE_aurora");
    let on_terminal = |arguments: &str, variables: &[(&str, &str)]| {
        let mut command = Command::new("script");
        command
            .args(["-qec", &format!("{program} {arguments}"), "/dev/null"])
            .current_dir(folder.path())
            .env_clear()
            .env("PATH", "/usr/bin:/bin")
            .env("TERM", "xterm")
            .envs(variables.iter().copied());
        let output = command
            .output()
            .expect("`script` of util-linux runs a program on a terminal");
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let check = "check --set cnpj.free_url=http://127.0.0.1:1";
    let coloured = on_terminal(check, &[]);
    assert!(coloured.contains("\u{1b}[33mwarn\u{1b}[0m"), "{coloured:?}");
    for (arguments, variables) in [
        (check.to_owned(), vec![("NO_COLOR", "1")]),
        (check.to_owned(), vec![("TERM", "dumb")]),
        (format!("{check} --json"), vec![]),
    ] {
        let plain = on_terminal(&arguments, &variables);
        assert!(
            plain.contains("warn") && !plain.contains('\u{1b}'),
            "{arguments} {variables:?}: {plain:?}"
        );
    }
    let piped = run_with(
        folder.path(),
        &["check", "--set", "cnpj.free_url=http://127.0.0.1:1"],
        &[],
        "",
    );
    assert!(!piped.out.contains('\u{1b}'), "{piped:?}");
}

#[test]
fn a_schema_is_brought_up_to_date_and_looking_makes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let dry = run(folder.path(), &["migrate", "--dry-run", "--json"]).json();
    assert!(dry["steps"].as_array().unwrap().len() > 20, "{dry}");
    assert_eq!(dry["steps"][0]["history"], "_aurora_crm_migrations");
    assert!(!folder.path().join("data").exists());
    let done = run(folder.path(), &["migrate", "--json"]).json();
    assert_eq!(
        (&done["database"], &done["steps"]),
        (&"sqlite".into(), &dry["steps"])
    );
    let again = run(folder.path(), &["migrate", "--dry-run", "--json"]).json();
    assert_eq!(again["steps"].as_array().unwrap().len(), 0, "{again}");
    assert_eq!(
        run(folder.path(), &["migrate"]).text(),
        "the schema is up to date\n"
    );
}
