//! No secret is shown, wherever it was written and however wrong it is.

use super::*;

const CANARY: &str = "canary5d1f";

/// A value with the canary that each secret setting takes.
fn good(row: &Setting) -> String {
    match row.key {
        "database.url" => format!("postgres://u:{CANARY}@h/d"),
        "redis.url" => format!("redis://:{CANARY}@h"),
        "telegram.bot_token" => format!("1:{CANARY}"),
        "pagerduty.routing_key" => format!("{CANARY:0<32}"),
        "access.jwt_private_key" => format!("-----BEGIN PRIVATE KEY-----{CANARY}-----END PRIVATE KEY-----"),
        key if key.ends_with("webhook_url") => format!("https://h/{CANARY}"),
        _ => format!("{CANARY}-abcdefghijklmnopqrstuvwxyz-0123456789"),
    }
}

/// Everything that can be shown of one attempt to load.
fn shown(loader: Loader) -> String {
    let mut text = format!("{loader:?}");
    match loader.clone().load() {
        Ok(loaded) => {
            text.push_str(&format!(
                "{loaded:?} {} {:?}",
                loaded.effective(),
                loaded.settings()
            ));
            text.push_str(&serde_json::to_string(&loaded.entries()).unwrap());
            text.push_str(&format!("{:?}", loaded.warnings()));
            let live = Live::builder(loader).build().unwrap();
            text.push_str(&format!("{live:?} {:?}", live.subscribe()));
        }
        Err(error) => {
            text.push_str(&format!("{error} {error:?}"));
            text.push_str(&serde_json::to_string(error.problems()).unwrap());
        }
    }
    text
}

fn is_quiet(what: &str, loader: Loader) {
    let text = shown(loader);
    assert!(!text.contains(CANARY), "{what}: {text}");
}

#[test]
fn no_source_of_any_secret_shows_it() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("aurora.toml");
    let secret = folder.path().join("secret");
    for row in catalogue().into_iter().filter(|row| row.is_secret) {
        let key = row.key.replace('*', "name");
        let own = Setting::variable_of(&key);
        let mut names: Vec<String> = row.variables.iter().map(|name| (*name).to_owned()).collect();
        names.push(own);
        let right = good(row);
        let wrongs = [
            format!("{CANARY} with blanks"),
            format!("https://{CANARY}@h"),
            format!("{CANARY}\nsecond line"),
        ];
        for value in wrongs.iter().chain([&right]) {
            is_quiet(&key, Loader::new().overrides([(key.clone(), value.clone())]));
            let quoted = value.replace('\n', "\\n");
            let nearly = key
                .replace("key", "kye")
                .replace("url", "ulr")
                .replace("secret", "secert");
            let texts = [
                format!("{key} = \"{quoted}\""),
                format!("{key} = \"{quoted}"),
                format!("{key} = [\"{quoted}\"]"),
                format!("{key} = {{ x = \"{quoted}\" }}"),
                format!("{key}.x = \"{quoted}\""),
                format!("{key} = {quoted}"),
                format!("{nearly} = \"{quoted}\""),
            ];
            for text in texts {
                is_quiet(&text, Loader::new().toml("aurora.toml", text.clone()));
            }
            for name in &names {
                is_quiet(name, Loader::new().environment([(name.clone(), value.clone())]));
                // The secret itself, where the path of its file belongs.
                is_quiet(
                    name,
                    Loader::new().environment([(format!("{name}_FILE"), value.clone())]),
                );
                is_quiet(
                    name,
                    Loader::new().environment([(format!("{name}X"), value.clone())]),
                );
                std::fs::write(&secret, value).unwrap();
                let of_file = [(format!("{name}_FILE"), secret.to_str().unwrap().to_owned())];
                is_quiet(name, Loader::new().environment(of_file));
                for line in [
                    format!("{name}={quoted}"),
                    format!("{name} \"{quoted}"),
                    format!("{name}='{quoted}"),
                ] {
                    std::fs::write(&path, line).unwrap();
                    is_quiet(name, Loader::new().dotenv(&path));
                }
            }
        }
    }
}

#[test]
fn an_address_with_a_password_is_not_shown_where_none_belongs() {
    for key in [
        "llm.openai_base_url",
        "cnpj.paid_url",
        "email.host",
        "server.cors_origins",
        "log.level",
    ] {
        let value = format!("https://user:{CANARY}@host");
        is_quiet(key, Loader::new().overrides([(key, value.as_str())]));
        is_quiet(
            key,
            Loader::new().toml("aurora.toml", format!("{key} = \"{value}\"")),
        );
        is_quiet(
            key,
            Loader::new().toml("aurora.toml", format!("{key} = [\"{value}\"]")),
        );
    }
    is_quiet(
        "OLLAMA_HOST",
        Loader::new().environment([("OLLAMA_HOST", format!("http://u:{CANARY}@h"))]),
    );
    is_quiet(
        "OLLAMA_HOST",
        Loader::new().environment([("OLLAMA_HOST", format!("u:{CANARY}@h"))]),
    );
}

/// A key in PEM form as people paste it; a line of it may look like a variable.
#[test]
fn no_line_of_a_secret_is_taken_for_a_variable() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(".env");
    let key = format!("-----BEGIN PRIVATE KEY-----\n{CANARY}=\n{CANARY}=\"\n-----END PRIVATE KEY-----");
    for (quote, end, reads_on) in [
        ("'", "'", true),
        ("'", "", false),
        ("\"", "", true),
        ("", "", false),
    ] {
        let text = format!("JWT_PRIVATE_KEY={quote}{key}{end}\nDASHBOARD_PORT=x\n");
        std::fs::write(&path, &text).unwrap();
        let problems = wrong(Loader::new().dotenv(&path));
        let port = problems.iter().any(|problem| problem.contains(".env:5)"));
        assert_eq!(port, reads_on, "{problems:?}");
        is_quiet(&text, Loader::new().dotenv(&path));
    }
}
