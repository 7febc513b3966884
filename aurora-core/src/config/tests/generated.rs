//! What is made from the table: templates, schema, print-out.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value as Json, json};

use super::*;

/// A template with everything in it, and with the one list that another example asks for.
fn with_everything() -> String {
    uncommented(&template(), true).replace("chat_ids = []", "chat_ids = [\"1\"]")
}

/// The lines that begin with `#` and a key or a section, without the `#`; those of examples only when they are wanted.
fn uncommented(template: &str, with_examples: bool) -> String {
    let line = |line: &str| {
        let is_commented = line.starts_with('#') && !line.starts_with("# ") && !line.starts_with("#:");
        let is_example = line.ends_with("# example");
        match line
            .strip_prefix('#')
            .filter(|_| is_commented && (with_examples || !is_example))
        {
            Some(line) => format!("{line}\n"),
            None => format!("{line}\n"),
        }
    };
    template.lines().map(line).collect()
}

#[test]
fn the_uncommented_template_gives_the_defaults() {
    let defaults = Loader::new().load().unwrap();
    for text in [template(), uncommented(&template(), false)] {
        let loaded = Loader::new().toml("aurora.toml", text).load().unwrap();
        assert!(
            loaded.differences(&defaults).is_empty(),
            "{:?}",
            loaded.differences(&defaults)
        );
    }
    let text = uncommented(&template(), false);
    let loaded = Loader::new().toml("aurora.toml", text).load().unwrap();
    for row in catalogue().into_iter().filter(|row| row.default.is_some()) {
        let origin = loaded.origin_of(row.key).unwrap();
        assert!(
            matches!(origin, Origin::File { .. }),
            "{} is not in the template",
            row.key
        );
    }
}

#[test]
fn every_example_of_the_template_is_allowed() {
    let loaded = Loader::new().toml("aurora.toml", with_everything()).load();
    let loaded = loaded.unwrap_or_else(|error| panic!("{error}"));
    for row in catalogue() {
        let key = row.key.replace('*', "example");
        let origin = loaded.origin_of(&key).unwrap();
        assert!(
            matches!(origin, Origin::File { .. }),
            "{key} is not in the template"
        );
        assert!(template().contains(row.about.split(' ').next().unwrap()), "{key}");
    }
}

#[test]
fn the_dotenv_template_gives_the_defaults_and_its_examples_are_allowed() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    let defaults = Loader::new().load().unwrap();
    let text = dotenv_template();
    let mut lines: Vec<&str> = Vec::new();
    let mut all = String::new();
    for line in text.lines() {
        let setting = line.strip_prefix('#').filter(|rest| !rest.starts_with(' '));
        if let Some(setting) = setting {
            all.push_str(&format!("{setting}\n"));
            if lines.last() != Some(&"# example") {
                lines.push(setting);
                continue;
            }
        }
        lines.push(line);
    }
    std::fs::write(&path, lines.join("\n")).unwrap();
    let loaded = Loader::new().dotenv(&path).load().unwrap();
    assert!(
        loaded.differences(&defaults).is_empty(),
        "{:?}",
        loaded.differences(&defaults)
    );
    let all = all.replace("CHAT_ID=", "CHAT_ID=1");
    std::fs::write(&path, &all).unwrap();
    let loaded = Loader::new()
        .dotenv(&path)
        .load()
        .unwrap_or_else(|error| panic!("{error}"));
    let unset = |row: &&&Setting| loaded.origin_of(&row.key.replace('*', "example")).is_none();
    assert!(loaded.warnings().is_empty(), "{:?}", loaded.warnings());
    assert_eq!(all.lines().count(), catalogue().len());
    assert!(!catalogue().iter().any(|row| unset(&row) && row.default.is_none()));
}

#[test]
fn the_print_out_holds_every_setting_with_its_origin() {
    let loader = Loader::new()
        .toml("aurora.toml", "server.port = 9\nlimits.request_timeout = 90\n")
        .environment([
            ("DATABASE_URL", "postgres://u:p@h/d"),
            ("CORS_ORIGINS", "https://a.example"),
        ]);
    let loaded = loader.load().unwrap();
    let json = serde_json::to_value(loaded.entries()).unwrap();
    let entry = |key: &str| {
        let entries = json.as_array().unwrap();
        entries.iter().find(|entry| entry["key"] == key).unwrap().clone()
    };
    assert_eq!(
        entry("server.port"),
        json!({"key": "server.port", "value": 9, "is_secret": false,
            "origin": {"kind": "file", "path": "aurora.toml", "line": 1, "column": 15}})
    );
    assert_eq!(entry("limits.request_timeout")["value"], "90s");
    assert_eq!(
        entry("server.cors_origins")["value"],
        json!(["https://a.example"])
    );
    assert_eq!(
        entry("database.url"),
        json!({"key": "database.url", "value": "[redacted]", "is_secret": true,
            "origin": {"kind": "variable", "variable": "DATABASE_URL"}})
    );
    assert_eq!(entry("redis.url")["origin"], Json::Null);
    assert_eq!(entry("debug")["origin"], json!({"kind": "default"}));
    let text = loaded.effective();
    assert!(
        text.contains("limits.request_timeout = \"90s\"  (aurora.toml:2:26)\n"),
        "{text}"
    );
    for row in catalogue().into_iter().filter(|row| !row.key.contains('*')) {
        assert!(
            text.lines().any(|line| line.starts_with(row.key)),
            "{} is missing",
            row.key
        );
    }
}

#[test]
fn the_page_holds_the_table_of_settings() {
    let page = include_str!("../../../../docs/core/config.md");
    let mut table = String::from("| setting | variables | default | allowed |\n| --- | --- | --- | --- |\n");
    for row in catalogue() {
        let variables: Vec<String> = row.variables.iter().map(|name| format!("`{name}`")).collect();
        let secret = if row.is_secret { " (secret)" } else { "" };
        let default = match row.default {
            Some("") => "empty".to_owned(),
            Some(default) => format!("`{default}`"),
            None => String::new(),
        };
        let cells = [
            format!("`{}`{secret}", row.key),
            variables.join(", "),
            default,
            row.allowed.to_owned(),
        ];
        table.push_str(&format!("| {} |\n", cells.join(" | ")));
    }
    assert!(
        page.contains(&table),
        "docs/core/config.md has to hold this table:\n{table}"
    );
}

/// Judged by Python's `jsonschema` and `tomllib`.
#[test]
fn the_schema_takes_what_the_loader_takes() {
    let Some(python) = crate::testing::provided("python", "AURORA_TEST_PYTHON") else {
        return;
    };
    let good = vec![
        String::new(),
        template(),
        uncommented(&template(), false),
        with_everything(),
        "environment = \"production\"\n[server]\nport = 0\n".to_owned(),
        "limits.request_timeout = 2.5\nalerts.response_time_threshold = \"500ms\"\n".to_owned(),
        "[llm.openai_compatible.groq_1]\nbase_url = \"https://g.example/v1\"\n".to_owned(),
        "server.cors_origins = [\"*\"]\naccess.token_life = \"15m\"\n".to_owned(),
    ];
    let bad = vec![
        "prot = 1\n",
        "[server]\nprot = 1\n",
        "[serve]\nport = 1\n",
        "[server]\nport = 65536\n",
        "[server]\nport = \"http\"\n",
        "[server]\nhost = [1]\n",
        "environment = \"prod\"\n",
        "debug = 3\n",
        "[alerts]\nsuccess_rate_threshold = 101\n",
        "[alerts]\nwebhook_url = \"ftp://h\"\n",
        "[limits]\nbody_bytes = 5\n",
        "[limits]\nrequest_timeout = \"2 days\"\n",
        "[limits]\nrequest_timeout = 0\n",
        "[access]\ntoken_life = 3601\n",
        "[access]\njwt_algorithm = \"none\"\n",
        "[database]\nurl = \"mysql://h/d\"\n",
        "[redis]\nurl = \"http://h\"\n",
        "[llm]\nopenai_api_key = 12345\n",
        "[llm]\nopenai_api_key = \"a b\"\n",
        "[llm]\nopenai_base_url = \"https://user:pw@api.example\"\n",
        "[llm.openai_compatible.groq]\napi_key = \"gsk\"\n",
        "[llm.openai_compatible.Groq]\nbase_url = \"https://g.example\"\n",
        "[llm.openai_compatible.a__b]\nbase_url = \"https://g.example\"\n",
        "[server]\ncors_origins = [\"example.com\"]\n",
        "[telegram]\nchat_ids = [\"ops\"]\n",
        "[email]\nfrom = \"noreply\"\n",
        "[pagerduty]\nrouting_key = \"0123456789abcdef0123456789abcde\"\n",
        "[email]\nport = 0\n",
        "[[log]]\n",
    ];
    for text in &good {
        let loaded = Loader::new().toml("aurora.toml", text.clone()).load();
        assert!(loaded.is_ok(), "{text}\n{}", loaded.unwrap_err());
    }
    for text in &bad {
        assert!(Loader::new().toml("aurora.toml", *text).load().is_err(), "{text}");
    }
    let schema: Json = serde_json::from_str(&schema()).unwrap();
    let question = json!({"schema": schema, "good": good, "bad": bad}).to_string();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/python/config_schema.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child
        .stdin
        .take()
        .unwrap()
        .write_all(question.as_bytes())
        .unwrap();
    let output = child.wait_with_output().unwrap();
    let (out, err) = (
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr),
    );
    assert!(
        output.status.success() && out.contains("agreed on 37"),
        "{out}{err}"
    );
}
