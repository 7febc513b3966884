//! Settings that have to fit together.

use super::documented::LONG;
use super::*;

#[test]
fn what_does_not_fit_together_is_refused() {
    let rows: &[(&[(&str, &str)], &str)] = &[
        (
            &[("server.cors_origins", "*"), ("server.cors_credentials", "true")],
            "server.cors_credentials (command line): not allowed together with *",
        ),
        (
            &[("access.jwt_algorithm", "EdDSA")],
            "access.jwt_private_key (not set): required with access.jwt_algorithm EdDSA or RS256; allowed is a private \
             key in PEM form",
        ),
        (
            &[("access.jwt_algorithm", "RS256")],
            "access.jwt_private_key (not set)",
        ),
        (
            &[("email.host", "h")],
            "email.from (not set): required with email.host",
        ),
        (
            &[("email.username", "u")],
            "email.password (not set): required with email.username; allowed is a text, in quotes in a file, also when \
             it is all digits; set it in aurora.toml or as SMTP_PASSWORD",
        ),
        (
            &[("email.password", "p")],
            "email.username (not set): required with email.password",
        ),
        (
            &[("telegram.bot_token", "1:a")],
            "telegram.chat_ids (not set): required with telegram.bot_token",
        ),
        (
            &[("whatsapp.app_secret", "s")],
            "whatsapp.verify_token (not set): required with whatsapp.app_secret",
        ),
        (
            &[("backup.every", "24h"), ("database.url", "postgres://a@h/d")],
            "backup.postgres_url (not set): required with backup.every on PostgreSQL",
        ),
        (
            &[
                ("environment", "production"),
                ("database.url", "postgres://a@h/d"),
                (
                    "access.seal_keys",
                    "first=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
                ),
            ],
            "access.jwt_secret (not set): required with production on PostgreSQL, the same on every server (`aurora setup \
             --keys` prints new ones)",
        ),
        (
            &[
                ("environment", "production"),
                ("database.url", "postgres://a@h/d"),
                ("access.jwt_secret", LONG),
            ],
            "access.seal_keys (not set): required with production on PostgreSQL",
        ),
        (
            &[("backup.postgres_url", "sqlite:a.db")],
            "backup.postgres_url (command line): not allowed (its value is not shown); allowed is an address that begins \
             with postgres://, no blanks around it",
        ),
        (
            &[("google.client_id", "i")],
            "google.client_secret (not set): required with google.client_id",
        ),
        (
            &[("llm.order", "openai,grok")],
            "llm.order (command line): found \"grok\", which is no provider",
        ),
    ];
    for (settings, expected) in rows {
        let problems = wrong(Loader::new().overrides(settings.iter().copied()));
        assert_eq!(problems.len(), 1, "{problems:?}");
        assert!(problems[0].starts_with(expected), "{problems:?}");
    }
    // All of them at once, beside one that is wrong by itself.
    let all = rows[..6]
        .iter()
        .flat_map(|(settings, _)| settings.iter().copied());
    let problems = wrong(Loader::new().overrides(all).overrides([("server.port", "x")]));
    assert!(problems.len() >= 4, "{problems:?}");
}

#[test]
fn what_fits_together_loads() {
    let rows: &[&[(&str, &str)]] = &[
        &[("server.cors_origins", "*")],
        &[
            ("server.cors_origins", "https://a.example"),
            ("server.cors_credentials", "true"),
        ],
        &[
            ("email.host", "h"),
            ("email.username", "u@example.com"),
            ("email.password", "p"),
        ],
        &[("email.host", "h"), ("email.from", "u@example.com")],
        &[("backup.every", "24h"), ("database.url", "sqlite:a.db")],
        &[
            ("backup.every", "24h"),
            ("database.url", "postgres://a@h/d"),
            ("backup.postgres_url", "postgres://b@h/d"),
        ],
        &[("telegram.bot_token", "1:a"), ("telegram.chat_ids", "1")],
        &[
            ("access.jwt_algorithm", "EdDSA"),
            (
                "access.jwt_private_key",
                "-----BEGIN PRIVATE KEY-----\nx\n-----END PRIVATE KEY-----",
            ),
        ],
    ];
    for settings in rows {
        let loaded = Loader::new().overrides(settings.iter().copied()).load();
        assert!(loaded.is_ok(), "{settings:?}: {}", loaded.unwrap_err());
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_not_utf8_is_told() {
    let mut loader = Loader::new();
    loader.unreadable = vec!["OPENAI_API_KEY".to_owned(), "SOMEBODY_ELSES".to_owned()];
    assert_eq!(
        wrong(loader),
        ["environment variable OPENAI_API_KEY: its value is not UTF-8"]
    );
}
