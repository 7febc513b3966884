use std::time::Duration;

use super::*;

mod documented;
mod following;
mod generated;
mod live;
mod secrets;
mod together;
mod variables;

fn wrong(loader: Loader) -> Vec<String> {
    let error = loader.load().expect_err("the settings should not load");
    error.problems().iter().map(ToString::to_string).collect()
}

#[test]
fn the_built_in_defaults_load_alone() {
    let loaded = Loader::new().load().unwrap();
    let settings = loaded.settings();
    assert_eq!(settings.environment, Environment::Development);
    assert_eq!(settings.server.host.to_string(), "127.0.0.1");
    assert_eq!(settings.server.port, 8080);
    assert_eq!(settings.alerts.success_rate_threshold, 80.0);
    assert_eq!(settings.alerts.response_time_threshold, Duration::from_secs(2));
    assert_eq!(settings.limits.body_bytes, 1024 * 1024);
    assert_eq!(settings.limits.model_body_bytes, 20 * 1024 * 1024);
    assert!(settings.llm.order.is_empty());
    assert!(settings.database.url.is_none());
    assert_eq!(loaded.origin_of("server.port"), Some(&Origin::Default));
    assert_eq!(loaded.origin_of("database.url"), None);
}

/// Each layer sets the port; each row adds one layer more, whose value must win.
#[test]
fn each_layer_is_stronger_than_the_one_before() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    let port = |environment: &[(&str, &str)], overrides: &[(&str, &str)]| {
        let loader = Loader::new().overrides(overrides.iter().copied());
        let loader = loader
            .environment(environment.iter().copied())
            .folder(folder.path());
        let loaded = loader.load().unwrap();
        (
            loaded.settings().server.port,
            loaded.origin_of("server.port").unwrap().clone(),
        )
    };
    assert_eq!(port(&[], &[]).0, 8080);
    write("aurora.toml", "environment = \"staging\"\nserver.port = 1\n");
    assert_eq!(port(&[], &[]).0, 1);
    write("aurora.production.toml", "[server]\nport = 99\n");
    assert_eq!(port(&[], &[]).0, 1, "another environment's file");
    write("aurora.staging.toml", "[server]\nport = 2\n");
    assert_eq!(port(&[], &[]).0, 2);
    write(".env", "# port\nexport DASHBOARD_PORT=3 # three\n");
    let (number, origin) = port(&[], &[]);
    assert_eq!(number, 3);
    assert!(origin.to_string().starts_with("DASHBOARD_PORT in ") && origin.to_string().ends_with(".env:2"));
    assert_eq!(port(&[("DASHBOARD_PORT", "4")], &[]).0, 4);
    assert_eq!(
        port(&[("DASHBOARD_PORT", "4"), ("AURORA__SERVER__PORT", "5")], &[]).0,
        5
    );
    let (number, origin) = port(&[("AURORA__SERVER__PORT", "5")], &[("server.port", "6")]);
    assert_eq!((number, origin), (6, Origin::CommandLine));
    assert_eq!(
        port(&[("DASHBOARD_PORT", "")], &[]).0,
        3,
        "an empty variable is not set"
    );
}

#[test]
fn one_error_lists_everything_with_place_and_what_is_allowed() {
    let text = "\
debug = 3
[server]
prot = 1
port = \"http\"
host = [1]
[llm]
order = [\"openai\", \"grok\"]
openai_api_key = 12345
[llm.openai_compatible.groq]
api_key = \"gsk\"
[[log]]
";
    let problems = wrong(
        Loader::new()
            .toml("aurora.toml", text)
            .environment([
                ("AURORA__SERVER__PROT", "1"),
                ("AURORA__REDIS", "1"),
                ("DATABASE_URL", "mysql://root:hunter2@h/d"),
                ("PATH", "/bin"),
            ])
            .overrides([("limits.body_byte", "5"), ("limits.body_bytes", "5")]),
    );
    let expected = [
        "server.prot (aurora.toml:3:1): unknown setting; did you mean server.port?",
        "server.host (aurora.toml:5:8): found array; allowed is an IP address such as 127.0.0.1 or ::1, or localhost",
        "log (aurora.toml:11:3): found array of tables; this is a section: [log]",
        "server.prot (environment variable AURORA__SERVER__PROT): unknown setting; did you mean AURORA__SERVER__PORT?",
        "redis (environment variable AURORA__REDIS): unknown setting",
        "limits.body_byte (command line): unknown setting; did you mean limits.body_bytes?",
        "debug (aurora.toml:1:9): found 3; allowed is true or false",
        "server.port (aurora.toml:4:8): found \"http\"; allowed is a whole number from 0 to 65535",
        "database.url (environment variable DATABASE_URL): not allowed (its value is not shown); \
         allowed is an address that begins with sqlite: or postgres://, no blanks around it",
        "llm.openai_api_key (aurora.toml:8:18): not allowed (its value is not shown); \
         allowed is a key of visible ASCII characters, no blanks and no line breaks; in quotes in a file, also when it is \
         all digits",
        "llm.openai_compatible.groq.base_url (not set): required; allowed is an address that begins with http:// or \
         https:// and holds no password; set it in aurora.toml or as AURORA__LLM__OPENAI_COMPATIBLE__GROQ__BASE_URL",
        "limits.body_bytes (command line): found \"5\"; allowed is a whole number of bytes from 1024 to 1073741824",
        "llm.order (aurora.toml:7:9): found \"grok\", which is no provider; allowed are anthropic, cohere, gemini, groq, \
         huggingface, ollama, openai",
    ];
    assert_eq!(problems, expected);
}

#[test]
fn values_that_are_not_allowed_are_refused() {
    let rows = [
        ("server.port", "65536"),
        ("server.port", "-1"),
        ("server.host", "example.com"),
        ("server.data_dir", " "),
        ("environment", "prod"),
        ("llm.openai_base_url", "api.openai.com"),
        ("llm.openai_base_url", "https://user:pw@api.example"),
        ("llm.openai_base_url", "https://"),
        ("llm.openai_compatible.Groq.base_url", "https://g.example"),
        ("llm.openai_compatible.a__b.base_url", "https://g.example"),
        ("alerts.success_rate_threshold", "101"),
        ("alerts.success_rate_threshold", "NaN"),
        ("alerts.response_time_threshold", "0"),
        ("alerts.response_time_threshold", "25h"),
        ("alerts.response_time_threshold", "2 days"),
        ("alerts.webhook_url", "ftp://h"),
        ("redis.url", "redis://"),
        ("log.level", "loud"),
        ("log.format", "xml"),
        ("log.max_bytes", "10"),
        ("log.keep", "1001"),
        ("log.targets", "sqlx=info,loud"),
        ("log.targets", "sqlx=loud"),
        ("log.targets", "=info"),
        ("log.targets", "a=b=info"),
        ("debug", "maybe"),
    ];
    for (key, value) in rows {
        let problems = wrong(Loader::new().overrides([(key, value)]));
        assert!(
            problems.iter().any(|problem| problem.starts_with(key)),
            "{key}={value}: {problems:?}"
        );
    }
}

#[test]
fn a_setting_that_has_moved_is_told_its_new_place() {
    let loader = Loader::new()
        .toml("aurora.toml", "[database]\nbackup_url = \"postgres://a@h/d\"\n")
        .environment([("AURORA__DATABASE__BACKUP_URL", "postgres://a@h/d")]);
    assert_eq!(
        wrong(loader),
        [
            "database.backup_url (aurora.toml:2:1): unknown setting; did you mean backup.postgres_url?",
            "database.backup_url (environment variable AURORA__DATABASE__BACKUP_URL): unknown setting; did you mean \
             AURORA__BACKUP__POSTGRES_URL?",
        ]
    );
}

#[test]
fn a_wrong_value_that_a_stronger_layer_replaces_does_not_matter() {
    let loader = Loader::new().toml("aurora.toml", "server.port = 70000");
    assert_eq!(wrong(loader.clone()).len(), 1);
    assert_eq!(
        loader
            .overrides([("server.port", "7")])
            .load()
            .unwrap()
            .settings()
            .server
            .port,
        7
    );
}

#[test]
fn a_wrong_section_is_told_which_was_meant() {
    let text = "[alrets]\nx = 1\n[llm.openai_compatable.groq]\nbase_url = \"http://x\"\n[elsewhere]\n";
    assert_eq!(
        wrong(Loader::new().toml("aurora.toml", text)),
        [
            "alrets (aurora.toml:1:2): unknown section; did you mean [alerts]?",
            "llm.openai_compatable (aurora.toml:3:6): unknown section; did you mean [llm.openai_compatible]?",
            "elsewhere (aurora.toml:5:2): unknown section",
        ]
    );
}

#[test]
fn a_secret_can_stand_in_a_file_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("key");
    std::fs::write(&path, "sk-from-file\n").unwrap();
    let path = path.to_str().unwrap();
    for variable in ["OPENAI_API_KEY_FILE", "AURORA__LLM__OPENAI_API_KEY_FILE"] {
        let loaded = Loader::new().environment([(variable, path)]).load().unwrap();
        let key = loaded.settings().llm.openai_api_key.clone().unwrap();
        assert_eq!(key.expose(), "sk-from-file");
        assert!(
            loaded
                .origin_of("llm.openai_api_key")
                .unwrap()
                .to_string()
                .ends_with(variable)
        );
    }
    let both = [("OPENAI_API_KEY", "sk"), ("OPENAI_API_KEY_FILE", path)];
    assert!(wrong(Loader::new().environment(both))[0].contains("set together with OPENAI_API_KEY;"));
    let absent = wrong(Loader::new().environment([("OPENAI_API_KEY_FILE", "/nowhere/key")]));
    assert!(
        absent[0].contains("OPENAI_API_KEY_FILE): the file that it names cannot be read: there is none"),
        "{absent:?}"
    );
    // Only secrets have such a variable: this one is no setting at all.
    assert!(wrong(Loader::new().environment([("AURORA__SERVER__PORT_FILE", path)]))[0].contains("unknown"));
}

#[test]
fn no_secret_is_ever_shown() {
    let secret = "hunter2";
    let good = Loader::new()
        .toml(
            "a.toml",
            format!("[llm.openai_compatible.x]\nbase_url = \"http://x\"\napi_key = \"{secret}\"\n"),
        )
        .environment([
            ("DATABASE_URL", format!("postgres://u:{secret}@h/d")),
            ("OPENAI_API_KEY", secret.into()),
        ])
        .overrides([("alerts.webhook_url", format!("https://h/{secret}"))]);
    let loaded = good.load().unwrap();
    let effective = loaded.effective();
    assert!(
        !effective.contains(secret) && !format!("{:?}", loaded.settings()).contains(secret),
        "{effective}"
    );
    assert!(effective.contains("llm.openai_api_key = [redacted]  (environment variable OPENAI_API_KEY)\n"));
    assert!(effective.contains("server.port = 8080  (built-in default)\n"));
    assert!(effective.contains("redis.url is not set\n"));

    let bad = Loader::new()
        .toml("a.toml", format!("[llm]\nopenai_api_key = \"{secret}"))
        .toml(
            "b.toml",
            format!("[llm]\nopenai_api_key = [\"{secret}\"]\nopenai_base_url = 3\n"),
        )
        .environment([("REDIS_URL", format!("http://:{secret}@h"))]);
    let problems = wrong(bad).join("\n");
    assert!(
        problems.contains("a.toml:2:") && problems.contains("redis.url"),
        "{problems}"
    );
    assert!(!problems.contains(secret), "{problems}");
}

#[test]
fn a_key_that_no_header_can_carry_is_refused_without_being_shown() {
    for key in ["sk-hunter2\n", "sk-\nhunter2", "sk hunter2", "sk-hünter2"] {
        for variable in ["OPENAI_API_KEY", "AURORA__LLM__OPENAI_COMPATIBLE__LOCAL__API_KEY"] {
            let loader =
                Loader::new().overrides([("llm.openai_compatible.local.base_url", "http://127.0.0.1:9/v1")]);
            let problems = wrong(loader.environment([(variable, key)]));
            assert!(
                problems.len() == 1 && problems[0].contains(variable),
                "{problems:?}"
            );
            assert!(!problems[0].contains("nter2"), "{problems:?}");
        }
    }
}

/// A secret is handed on as it stands, so what is around it would reach the database, the cache or the path of a call.
#[test]
fn a_secret_with_blanks_around_it_is_refused_where_it_could_not_work() {
    for (key, value) in [
        ("database.url", "postgres://u:p@h/d"),
        ("redis.url", "redis://h"),
        ("slack.webhook_url", "https://h/x"),
        ("telegram.bot_token", "1:a"),
        ("pagerduty.routing_key", "0123456789abcdef0123456789abcdef"),
        ("opsgenie.api_key", "key"),
    ] {
        let loader =
            |value: String| Loader::new().overrides([(key, value.as_str()), ("telegram.chat_ids", "1")]);
        assert!(loader(value.to_owned()).load().is_ok(), "{key}");
        for value in [format!(" {value}"), format!("{value} "), format!("{value}\r\n")] {
            let problems = wrong(loader(value));
            assert!(
                problems.len() == 1 && problems[0].starts_with(key),
                "{problems:?}"
            );
        }
    }
    let password = [("SMTP_PASSWORD", " p "), ("SMTP_USERNAME", "u")];
    let loaded = Loader::new().environment(password).load().unwrap();
    let password = loaded.settings().email.password.clone().unwrap();
    assert_eq!(password.expose(), " p ", "any text can be a password");
}

#[test]
fn debug_of_what_was_gathered_shows_no_secret() {
    let loader = Loader::new()
        .toml("a.toml", "llm.openai_api_key = \"hunter2\"")
        .environment([("OPENAI_API_KEY", "hunter2")])
        .overrides([("llm.openai_api_key", "hunter2")]);
    assert!(!format!("{loader:?}").contains("hunter2"));
    assert!(!format!("{:?}", loader.load().unwrap()).contains("hunter2"));
}

#[test]
fn a_file_that_has_to_exist_is_missed_and_the_file_of_an_environment_cannot_choose_another() {
    let problems = wrong(Loader::new().file("/nowhere/aurora.toml").dotenv("/nowhere/.env"));
    assert_eq!(problems.len(), 2);
    let folder = tempfile::tempdir().unwrap();
    let text = "environment = \"production\"";
    std::fs::write(folder.path().join("aurora.development.toml"), text).unwrap();
    let problems = wrong(Loader::new().folder(folder.path()));
    assert!(
        problems[0].contains("cannot choose the environment"),
        "{problems:?}"
    );
}

/// Something else altogether, given as settings.
#[test]
fn of_very_many_problems_the_first_hundred_are_shown_and_nothing_that_a_terminal_would_obey() {
    let text: String = (0..30_000)
        .map(|n| format!("\"{n}\\u001b[2J\\n\" = 1\n"))
        .collect();
    let error = Loader::new().toml("other.toml", text).load().unwrap_err();
    assert_eq!(error.problems().len(), 30_000);
    let shown = error.to_string();
    assert_eq!(shown.lines().count(), 102);
    assert!(shown.ends_with("\n  and 29900 more"), "{shown}");
    assert!(!shown.contains('\u{1b}'), "{shown}");
}

/// The table is what documentation and templates are made of, so it must be whole and in order.
#[test]
fn the_table_is_sound() {
    let rows = catalogue();
    let mut keys: Vec<_> = rows.iter().map(|row| row.key).collect();
    keys.sort_unstable();
    keys.dedup();
    assert_eq!(keys.len(), rows.len(), "a key stands twice");
    let mut variables: Vec<_> = rows.iter().flat_map(|row| row.variables).collect();
    let count = variables.len();
    variables.sort_unstable();
    variables.dedup();
    assert_eq!(variables.len(), count, "a variable sets two settings");
    for row in rows {
        assert!(row.about.ends_with('.') && !row.allowed.is_empty(), "{}", row.key);
        assert!(
            !(row.is_secret && row.default.is_some()),
            "{} has a secret default",
            row.key
        );
        // What a setting's own words for itself would look like as a variable must lead back to it.
        let key = row.key.replace('*', "name");
        assert!(row.is_at(&key), "{}", row.key);
    }
}
