//! What variables do, each documented one by its name.

use std::time::Duration;

use super::documented::{DOCUMENTED, LONG, Row, SECRETS, is};
use super::*;

/// What some settings ask to be set with them.
fn loader(variable: &str) -> Loader {
    Loader::new().overrides(
        match variable {
            "SMTP_SERVER" | "SMTP_HOST" => &[("email.from", "a@example.com")][..],
            "SMTP_USERNAME" | "SMTP_USER" => &[("email.password", "p")],
            "SMTP_PASSWORD" => &[("email.username", "u")],
            "TELEGRAM_BOT_TOKEN" => &[("telegram.chat_ids", "1")],
            "WHATSAPP_APP_SECRET" => &[("whatsapp.verify_token", "w")],
            "WHATSAPP_VERIFY_TOKEN" => &[("whatsapp.app_secret", "s")],
            "GOOGLE_CLIENT_ID" => &[("google.client_secret", "s")],
            "GOOGLE_CLIENT_SECRET" => &[("google.client_id", "i")],
            _ => &[],
        }
        .iter()
        .copied(),
    )
}

#[test]
fn every_documented_variable_sets_its_setting() {
    for row in DOCUMENTED {
        let loaded = loader(row.variable)
            .environment([(row.variable, row.value)])
            .load();
        let loaded = loaded.unwrap_or_else(|error| panic!("{}: {error}", row.variable));
        assert!((row.holds)(loaded.settings()), "{}={}", row.variable, row.value);
        assert!(loaded.warnings().is_empty());
    }
}

#[test]
fn every_documented_variable_works_in_a_dotenv_file() {
    let folder = tempfile::tempdir().unwrap();
    for row in DOCUMENTED {
        let value = row.value.replace('"', "\\\"").replace('\n', "\\n");
        std::fs::write(
            folder.path().join(".env"),
            format!("{}=\"{value}\"\n", row.variable),
        )
        .unwrap();
        let loaded = loader(row.variable).folder(folder.path()).load();
        let loaded = loaded.unwrap_or_else(|error| panic!("{}: {error}", row.variable));
        assert!((row.holds)(loaded.settings()), "{}", row.variable);
    }
}

#[test]
fn a_wrong_value_is_reported_by_the_name_of_its_variable() {
    for row in DOCUMENTED {
        let Some(value) = row.wrong else { continue };
        let problems = wrong(loader(row.variable).environment([(row.variable, value)]));
        let place = format!("(environment variable {}): ", row.variable);
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(
            problems[0].contains(&place) && problems[0].contains("allowed is "),
            "{problems:?}"
        );
    }
}

#[test]
fn each_secret_can_stand_in_a_file_and_nothing_else_can() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("secret");
    for row in DOCUMENTED {
        std::fs::write(&path, format!("{}\n", row.value)).unwrap();
        let variable = format!("{}_FILE", row.variable);
        let of_file = |path: &str| loader(row.variable).environment([(variable.as_str(), path)]);
        let is_secret = SECRETS.contains(&row.variable);
        let loaded = of_file(path.to_str().unwrap()).load();
        match loaded {
            Ok(loaded) => assert_eq!(
                (row.holds)(loaded.settings()),
                is_secret || is_default(row),
                "{variable}"
            ),
            Err(error) => assert!(
                !is_secret && error.to_string().contains("(not set)"),
                "{variable}: {error}"
            ),
        }
        if is_secret {
            let problems = wrong(of_file("/nowhere/secret"));
            assert!(
                problems[0].contains(&variable) && problems[0].contains("cannot be read"),
                "{problems:?}"
            );
        }
    }
}

fn is_default(row: &Row) -> bool {
    (row.holds)(Loader::new().load().unwrap().settings())
}

#[test]
fn no_variable_is_undocumented() {
    for variable in catalogue().iter().flat_map(|row| row.variables) {
        assert!(
            DOCUMENTED.iter().any(|row| row.variable == *variable),
            "no row for {variable}"
        );
    }
    let secrets = catalogue().into_iter().filter(|row| row.is_secret);
    for variable in secrets.flat_map(|row| row.variables) {
        assert!(SECRETS.contains(variable), "{variable} is a secret");
    }
    let page = include_str!("../../../../docs/core/config.md");
    for row in DOCUMENTED {
        assert!(
            page.contains(&format!("`{}`", row.variable)),
            "docs/core/config.md names no {}",
            row.variable
        );
    }
}

#[test]
fn settings_have_variables_of_their_own() {
    let loaded = Loader::new()
        .environment([
            ("AURORA__LIMITS__HEADER_READ_TIMEOUT", "500ms"),
            ("AURORA__LLM__ORDER", "anthropic, openai"),
            ("AURORA__LOG__FORMAT", "json"),
            ("AURORA__LOG__ROTATION", "hourly"),
            (
                "AURORA__LLM__OPENAI_COMPATIBLE__GROQ__BASE_URL",
                "https://g.example/v1",
            ),
        ])
        .load()
        .unwrap();
    let settings = loaded.settings();
    assert_eq!(settings.limits.header_read_timeout, Duration::from_millis(500));
    assert_eq!(settings.llm.order, ["anthropic", "openai"]);
    assert_eq!(settings.log_format(), LogFormat::Json);
    assert_eq!(settings.log.rotation, LogRotation::Hourly);
    assert_eq!(
        settings.llm.openai_compatible["groq"].base_url,
        "https://g.example/v1"
    );
}

#[test]
fn ollama_takes_a_host_in_all_its_forms() {
    for (value, url) in [
        ("gpu", "http://gpu:11434"),
        ("0.0.0.0", "http://127.0.0.1:11434"),
        (":8000", "http://127.0.0.1:8000"),
        ("[::]:8000", "http://[::1]:8000"),
        ("fe80::1", "http://[fe80::1]:11434"),
        ("https://o.example/base/", "https://o.example/base"),
    ] {
        let loaded = Loader::new()
            .environment([("OLLAMA_HOST", value)])
            .load()
            .unwrap();
        assert_eq!(
            loaded.settings().llm.ollama_base_url.as_deref(),
            Some(url),
            "{value}"
        );
    }
}

#[test]
fn of_two_variables_the_stronger_counts_and_a_disagreement_is_told() {
    let both = |one: (&'static str, &'static str), two: (&'static str, &'static str)| {
        let loaded = Loader::new().environment([two, one]).load().unwrap();
        let warnings: Vec<String> = loaded.warnings().iter().map(ToString::to_string).collect();
        (loaded, warnings)
    };
    let other = "b3RoZXItc2VjcmV0LW90aGVyLXNlY3JldC0xMjM0NTY=";
    let (loaded, warnings) = both(("JWT_SECRET", LONG), ("SECRET_KEY", other));
    assert!(is(&loaded.settings().access.jwt_secret, LONG));
    assert_eq!(
        warnings,
        [
            "access.jwt_secret (environment variable SECRET_KEY): left aside, for JWT_SECRET is set to something else \
          and is stronger"
        ]
    );
    assert!(both(("JWT_SECRET", LONG), ("SECRET_KEY", LONG)).1.is_empty());
    // The same time in two units.
    let (loaded, warnings) = both(("JWT_EXPIRATION", "1800"), ("ACCESS_TOKEN_EXPIRE_MINUTES", "30"));
    assert!(warnings.is_empty() && loaded.settings().access.token_life == Duration::from_secs(1800));
    assert_eq!(
        both(("JWT_EXPIRATION", "1800"), ("ACCESS_TOKEN_EXPIRE_MINUTES", "15"))
            .1
            .len(),
        1
    );
    let (loaded, _) = both(("GOOGLE_API_KEY", "g"), ("GEMINI_API_KEY", "x"));
    assert!(is(&loaded.settings().llm.gemini_api_key, "g"));
    let (loaded, _) = both(("COHERE_API_KEY", "c"), ("CO_API_KEY", "x"));
    assert!(is(&loaded.settings().llm.cohere_api_key, "c"));
    // Aurora's own name is meant to win, so nothing is told.
    let (loaded, warnings) = both(("AURORA__SERVER__PORT", "5"), ("DASHBOARD_PORT", "4"));
    assert!(warnings.is_empty() && loaded.settings().server.port == 5);
}

#[test]
fn a_typo_in_a_dotenv_file_is_told() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(
        folder.path().join(".env"),
        "DASHBOARD_PROT=1\nPATH=x\nPOSTGRES_PASSWORD=y\n",
    )
    .unwrap();
    let loaded = Loader::new().folder(folder.path()).load().unwrap();
    assert_eq!(loaded.warnings().len(), 1, "{:?}", loaded.warnings());
    assert!(
        loaded.warnings()[0]
            .to_string()
            .ends_with("did you mean DASHBOARD_PORT?")
    );
}

/// The typo is why the other one is missing.
#[test]
fn a_typo_is_told_with_what_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let text = "SMTP_SERVER=smtp.example.com\nFRM_EMAIL=a@example.com\n";
    std::fs::write(folder.path().join(".env"), text).unwrap();
    let error = Loader::new().folder(folder.path()).load().unwrap_err();
    assert_eq!(
        (error.problems().len(), error.warnings().len()),
        (1, 1),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .ends_with(".env:2: no setting has this variable; did you mean FROM_EMAIL?"),
        "{error}"
    );
}

#[test]
fn dotenv_values_are_taken_as_they_stand() {
    let rows = [
        ("REDIS_URL=redis://h", Some("redis://h")),
        ("export REDIS_URL = redis://h   # cache", Some("redis://h")),
        ("REDIS_URL=redis://:pa$word#1@h", Some("redis://:pa$word#1@h")),
        ("REDIS_URL='redis://:a b\\n@h'", Some("redis://:a b\\n@h")),
        (
            "REDIS_URL=\"redis://:a\\\"b\\$c@h\" # x",
            Some("redis://:a\"b$c@h"),
        ),
        (
            "REDIS_URL=redis://first\nREDIS_URL=redis://last",
            Some("redis://last"),
        ),
        ("\u{feff}REDIS_URL=redis://h\r\n", Some("redis://h")),
        ("REDIS_URL=   # redis://h", None),
        ("REDIS_URL=redis://h\t# cache", Some("redis://h")),
        ("REDIS_URL=redis://h#1 ", Some("redis://h#1")),
        (
            "A=\"1\r\n2\"\nREDIS_URL=\"redis://a\r\nb\" # x\r\nB=1",
            Some("redis://a\nb"),
        ),
        (
            "A='\nREDIS_URL=redis://no\n'\nREDIS_URL=redis://h",
            Some("redis://h"),
        ),
        ("REDIS_URL=\"redis://h", None),
        ("REDIS_URL='redis://h' x", None),
        ("REDIS_URL", None),
        ("1X=3", None),
    ];
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("env");
    for (text, expected) in rows {
        std::fs::write(&path, text).unwrap();
        let loaded = Loader::new().dotenv(&path).load();
        let url = loaded.ok().and_then(|loaded| loaded.into_settings().redis.url);
        assert_eq!(
            url.as_ref().map(crate::secret::Secret::expose),
            expected,
            "{text}"
        );
    }
}
