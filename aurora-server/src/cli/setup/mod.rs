//! `aurora setup`.

mod entry;
mod files;
mod questions;
mod remarks;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use aurora_core::access::token;
use aurora_core::config::{Loader, Settings};
use aurora_core::secret::Secret;
use aurora_crm::accounts::NewUser;
use aurora_crm::workspaces::{Role, Roles};
use clap::Args;
use serde_json::json;

use super::demo::locale;
use super::output::{Output, refused, say_aside};
use super::place::{Local, of_settings, pair};
use super::user::{Candidate, make};
use super::{ask, block_on};
use crate::demo::Words;
use crate::error::{Error, ErrorKind};
use crate::wiring;
use files::Draft;

/// How the settings are gathered.
#[derive(Debug, Clone, Args)]
pub(super) struct SetupOptions {
    /// Ask nothing: write what --set and --set-from say.
    #[arg(long)]
    yes: bool,
    /// A setting by its dotted key; others on this machine can see it, so secrets are better given by --set-from.
    #[arg(long = "set", value_name = "KEY=VALUE", value_parser = pair)]
    settings: Vec<(String, String)>,
    /// A file with a line KEY=VALUE for each setting, by its dotted key; - is standard input.
    #[arg(long, value_name = "FILE")]
    set_from: Option<PathBuf>,
    /// Print new keys that sign tokens and seal secrets, as lines for .env, and do nothing else.
    #[arg(long, conflicts_with_all = ["yes", "settings", "set_from"])]
    keys: bool,
    /// The folder of aurora.toml and .env [default: the present one].
    #[arg(long, value_name = "DIR", default_value = ".", hide_default_value = true)]
    folder: PathBuf,
}

/// Settings by their keys.
type Answers = BTreeMap<String, Secret>;

pub(super) fn run(options: &SetupOptions, output: Output) -> Result<(), Error> {
    if options.keys {
        return keys(output);
    }
    if !options.folder.is_dir() {
        let message = format!("--folder {}: there is no such folder", options.folder.display());
        return Err(Error::new(ErrorKind::Settings, message));
    }
    let given = given(options)?;
    if options.yes {
        let draft = drafted(&options.folder, &given)?;
        draft.write()?;
        if draft.changes().is_empty() {
            output.remark("nothing to write: name settings with --set KEY=VALUE or --set-from FILE");
        }
        told(&draft, None, output)?;
        output.remark(remarks::farewell(Words::of(&locale())));
        return Ok(());
    }
    if output.is_json() {
        return Err(refused(
            "with --json nothing can be asked: say --yes and name the settings with --set",
        ));
    }
    let words = Words::of(&locale());
    let asked = questions::ask_all(words, given)?;
    let draft = drafted(&options.folder, &asked.settings)?;
    if draft.changes().is_empty() {
        say_aside(&format!("{}\n", remarks::nothing(words)));
    } else {
        say_aside(&remarks::shown(words, &draft));
        if !ask::agreed(remarks::agreement(words, &draft))? {
            return Err(refused(remarks::declined(words)));
        }
        draft.write()?;
    }
    let administrator = match asked.administrator {
        Some(person) => Some(first_administrator(&options.folder, person)?),
        None => None,
    };
    told(&draft, administrator, output)?;
    output.remark(remarks::farewell(words));
    Ok(())
}

/// New keys, which every server on one database shares.
fn keys(output: Output) -> Result<(), Error> {
    let (signing, sealing) = new_keys()?;
    let view = json!({"jwt_secret": signing.expose(), "seal_keys": sealing.expose()});
    output.result(&view, |_| {
        format!(
            "# access.jwt_secret and access.seal_keys: the same on every server, and kept with the backups\n\
             JWT_SECRET={}\nAURORA_SEAL_KEYS={}\n",
            signing.expose(),
            sealing.expose()
        )
    })
}

fn new_keys() -> Result<(Secret, Secret), Error> {
    let no_key = |source: aurora_core::access::Error| {
        Error::new(ErrorKind::Internal, "no key can be made").caused_by(source)
    };
    let signing = token().map_err(no_key)?;
    let sealing = wiring::new_seal_keys().map_err(no_key)?;
    Ok((signing, sealing))
}

/// What the command line and a file say.
fn given(options: &SetupOptions) -> Result<Answers, Error> {
    let mut answers = Answers::new();
    if let Some(path) = &options.set_from {
        let text = files::read_input(path)?;
        for (number, line) in (1..).zip(text.expose().lines()) {
            if line.trim().is_empty() || line.trim_start().starts_with('#') {
                continue;
            }
            // The line is not shown: it may hold a secret.
            let (key, value) =
                pair(line).map_err(|what| refused(format!("--set-from, line {number}: {what}")))?;
            answers.insert(key, Secret::new(value));
        }
    }
    for (key, value) in &options.settings {
        answers.insert(key.clone(), Secret::new(value));
    }
    Ok(answers)
}

/// The files as they would be, looked through as the server would.
fn drafted(folder: &Path, answers: &Answers) -> Result<Draft, Error> {
    let mut draft = Draft::of(folder)?;
    for (key, value) in answers {
        draft.set(key, value)?;
    }
    // Several servers can work on one PostgreSQL, and need the same keys.
    let lacking = draft.lacking()?;
    if !lacking.is_empty() {
        let (signing, sealing) = new_keys()?;
        for (key, value) in [(wiring::JWT_SECRET, &signing), (wiring::SEAL_KEYS, &sealing)] {
            if lacking.contains(&key) {
                draft.set(key, value)?;
            }
        }
    }
    let settings = in_folder(folder, draft.check()?);
    // What a server here has sealed already stays readable.
    if lacking.contains(&wiring::SEAL_KEYS)
        && let Some(kept) = wiring::sealing_of_folder(&settings)?
    {
        draft.set(wiring::SEAL_KEYS, &kept)?;
        draft.check()?;
    }
    Ok(draft)
}

/// Makes the first administrator in the database of the new settings.
fn first_administrator(folder: &Path, person: questions::Person) -> Result<String, Error> {
    let loaded = Loader::from_process(folder).load().map_err(of_settings)?;
    let settings = in_folder(folder, loaded.into_settings());
    block_on(async move {
        let local = Local::open(settings).await?;
        let candidate = Candidate {
            new: NewUser::new(person.email, person.name).locale(person.locale),
            is_administrator: true,
            roles: Roles::of([Role::Owner]),
            workspace: None,
            password: Some(person.password),
        };
        let (user, _) = make(&local, candidate).await?;
        Ok(user.id.to_string())
    })
}

/// A data folder that is named from the settings' folder on, as the server sees it when it is started there.
fn in_folder(folder: &Path, mut settings: Settings) -> Settings {
    if settings.server.data_dir.is_relative() {
        settings.server.data_dir = folder.join(&settings.server.data_dir);
    }
    settings
}

fn told(draft: &Draft, administrator: Option<String>, output: Output) -> Result<(), Error> {
    let view = json!({
        "files": draft.written(),
        "settings": draft.changes().iter().map(|change| &change.key).collect::<Vec<_>>(),
        "administrator": administrator,
    });
    output.result(&view, |_| {
        let files = draft.written().into_iter().map(|path| format!("wrote {path}\n"));
        let mut text: String = files.collect();
        if let Some(id) = &administrator {
            text.push_str(&format!("made {id}\n"));
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    const LONG: &str = "a-secret-of-its-own-that-is-longer-than-32-bytes";
    const SEALING: &str = "mine=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";

    /// What `.env` says after `answers` were given over what stood there before.
    fn written(toml: &str, dotenv: &str, answers: &[(&str, &str)]) -> String {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("aurora.toml"), toml).unwrap();
        fs::write(folder.path().join(".env"), dotenv).unwrap();
        of_folder(folder.path(), answers)
    }

    fn of_folder(folder: &Path, answers: &[(&str, &str)]) -> String {
        let answers = answers
            .iter()
            .map(|(key, value)| ((*key).to_owned(), Secret::new(*value)));
        drafted(folder, &answers.collect()).unwrap().write().unwrap();
        fs::read_to_string(folder.join(".env")).unwrap()
    }

    const POSTGRES: (&str, &str) = ("database.url", "postgres://a:b@h/d");

    #[test]
    fn each_key_that_is_there_stays_and_each_that_is_not_is_made() {
        let jwt = format!("JWT_SECRET={LONG}\n");
        let kept = written("", &jwt, &[POSTGRES]);
        assert!(kept.contains(&jwt), "{kept}");
        assert!(kept.contains("AURORA_SEAL_KEYS=\"first="), "{kept}");

        let given = written("", "", &[POSTGRES, ("access.jwt_secret", LONG)]);
        assert!(given.contains(&format!("JWT_SECRET=\"{LONG}\"")), "{given}");
        assert!(given.contains("AURORA_SEAL_KEYS=\"first="), "{given}");

        let sealing = format!("AURORA_SEAL_KEYS={SEALING}\n");
        let signed = written("", &sealing, &[POSTGRES]);
        assert!(signed.contains(&sealing), "{signed}");
        assert!(signed.contains("JWT_SECRET=\""), "{signed}");

        let named = written("", &format!("SECRET_KEY={LONG}\n{sealing}"), &[POSTGRES]);
        assert!(!named.contains("JWT_SECRET"), "by another name: {named}");
        let alone = written("", "", &[("server.port", "9000"), ("llm.openai_api_key", "sk")]);
        assert!(!alone.contains("JWT_SECRET"), "{alone}");
    }

    #[test]
    fn keys_are_made_also_where_the_database_was_named_before() {
        let port = [("server.port", "9000")];
        for environment in ["", "environment = \"production\"\n"] {
            let dotenv = written(environment, "DATABASE_URL=postgres://a:b@h/d\n", &port);
            assert!(dotenv.contains("JWT_SECRET=\""), "{dotenv}");
            assert!(dotenv.contains("AURORA_SEAL_KEYS=\"first="), "{dotenv}");
        }
        // Each by itself in production, too.
        let lacking = format!("DATABASE_URL=postgres://a:b@h/d\nJWT_SECRET={LONG}\n");
        let dotenv = written("environment = \"production\"\n", &lacking, &port);
        assert!(dotenv.starts_with(&lacking), "{dotenv}");
        assert!(dotenv.contains("AURORA_SEAL_KEYS=\"first="), "{dotenv}");
    }

    #[test]
    fn what_the_data_folder_sealed_with_is_sealed_with_on() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("data")).unwrap();
        fs::write(folder.path().join("data/sealing.keys"), SEALING).unwrap();
        let dotenv = of_folder(folder.path(), &[POSTGRES]);
        assert_eq!(dotenv.matches("AURORA_SEAL_KEYS=").count(), 1, "{dotenv}");
        assert!(
            dotenv.contains(&format!("AURORA_SEAL_KEYS=\"{SEALING}\"")),
            "{dotenv}"
        );
    }
}
