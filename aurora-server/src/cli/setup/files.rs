//! aurora.toml and .env: what stands in them stays, and what is set is put in its place.

use std::fs::{self, OpenOptions};
use std::io::{ErrorKind as Io, Read as _, Write as _};
use std::path::{Path, PathBuf};

use aurora_core::config::{Loaded, Loader, Settings};
use aurora_core::secret::Secret;
use toml_edit::DocumentMut;

use super::entry::{literal, own_variable, put, row, with_variable};
use crate::cli::output::refused;
use crate::cli::place::of_settings;
use crate::error::{Error, ErrorKind};
use crate::wiring;

/// Of a file with settings.
const LONGEST: u64 = 1024 * 1024;
const HEADING: &str =
    "# Settings of Aurora; `aurora config template` shows all of them. Secrets stand in .env.\n\n";
const SECRET_HEADING: &str = "# Secrets of Aurora. Keep this file out of version control.\n\n";

/// One setting that is put into a file.
#[derive(Debug)]
pub(super) struct Change {
    pub(super) key: String,
    /// `aurora.toml` or `.env`.
    pub(super) file: &'static str,
    /// As people may see it.
    pub(super) shown: String,
}

/// The two files as they would be.
#[derive(Debug)]
pub(super) struct Draft {
    folder: PathBuf,
    toml: DocumentMut,
    /// Never shown: it holds secrets.
    dotenv: Secret,
    has_toml: bool,
    has_dotenv: bool,
    changes: Vec<Change>,
}

/// What a file or standard input has, up to a limit.
pub(super) fn read_input(path: &Path) -> Result<Secret, Error> {
    let mut text = String::new();
    let read = if path.as_os_str() == "-" {
        std::io::stdin().lock().take(LONGEST).read_to_string(&mut text)
    } else {
        fs::File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text))
    };
    read.map_err(|error| refused(format!("{} cannot be read", path.display())).caused_by(error))?;
    Ok(Secret::new(text))
}

fn existing(path: &Path) -> Result<Option<String>, Error> {
    let mut text = String::new();
    let read = fs::File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text));
    match read {
        Ok(_) => Ok(Some(text)),
        Err(error) if error.kind() == Io::NotFound => Ok(None),
        Err(error) => Err(
            Error::new(ErrorKind::Settings, format!("{} cannot be read", path.display())).caused_by(error),
        ),
    }
}

impl Draft {
    /// What stands in the folder now.
    pub(super) fn of(folder: &Path) -> Result<Self, Error> {
        let path = folder.join("aurora.toml");
        let toml = existing(&path)?;
        let document = toml.as_deref().unwrap_or_default().parse::<DocumentMut>();
        // What is wrong may stand beside a secret: only the place is told.
        let document = document.map_err(|_| {
            refused(format!(
                "{} is no TOML: `aurora config check` says where",
                path.display()
            ))
        })?;
        let dotenv = existing(&folder.join(".env"))?;
        Ok(Self {
            folder: folder.to_owned(),
            toml: document,
            has_toml: toml.is_some(),
            has_dotenv: dotenv.is_some(),
            dotenv: Secret::new(dotenv.unwrap_or_default()),
            changes: Vec::new(),
        })
    }

    pub(super) fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// Whether one of the files that change is there already.
    pub(super) fn replaces(&self) -> bool {
        let is_changed = |file| self.changes.iter().any(|change| change.file == file);
        (self.has_toml && is_changed("aurora.toml")) || (self.has_dotenv && is_changed(".env"))
    }

    /// Puts a setting into the file where it belongs.
    ///
    /// # Errors
    /// `Settings` when there is no such setting.
    pub(super) fn set(&mut self, key: &str, value: &Secret) -> Result<(), Error> {
        self.changes.retain(|change| change.key != key);
        let Some(row) = row(key) else {
            // The loader knows what was probably meant.
            let known = Loader::new().overrides([(key, String::new())]).load();
            return Err(known.map_or_else(of_settings, |_| refused(format!("{key}: unknown setting"))));
        };
        if row.is_secret {
            let name = row
                .variables
                .first()
                .map_or_else(|| own_variable(key), |name| (*name).to_owned());
            let text = with_variable(self.dotenv.expose(), &name, value.expose());
            self.dotenv = Secret::new(text);
            self.changes.push(Change {
                key: key.to_owned(),
                file: ".env",
                shown: format!("{name}=••••"),
            });
        } else {
            let value = literal(row, value.expose());
            let shown = format!("{key} = {value}");
            put(&mut self.toml, key, value)
                .ok_or_else(|| refused(format!("{key}: aurora.toml has something else in its place")))?;
            self.changes.push(Change {
                key: key.to_owned(),
                file: "aurora.toml",
                shown,
            });
        }
        Ok(())
    }

    /// The settings as the server would read them from these files.
    ///
    /// # Errors
    /// `Settings` with everything that is wrong.
    pub(super) fn check(&self) -> Result<Settings, Error> {
        Ok(self.load()?.map_err(of_settings)?.into_settings())
    }

    /// The keys that several servers share and that nothing sets: neither the files, nor the variables of this process.
    pub(super) fn lacking(&self) -> Result<Vec<&'static str>, Error> {
        Ok(match self.load()? {
            Ok(loaded) if wiring::is_postgres(loaded.settings()) => wiring::own_keys(loaded.settings()),
            Ok(_) => Vec::new(),
            // In production they are what is wrong; anything else is told when all is there.
            Err(error) => {
                let is_missing = |key: &&str| {
                    let mut problems = error.problems().iter();
                    problems.any(|problem| problem.key() == Some(key) && problem.origin().is_none())
                };
                let keys = [wiring::JWT_SECRET, wiring::SEAL_KEYS];
                keys.into_iter().filter(is_missing).collect()
            }
        })
    }

    fn load(&self) -> Result<Result<Loaded, aurora_core::config::Error>, Error> {
        let folder = tempfile::tempdir().map_err(|error| {
            Error::new(ErrorKind::Internal, "there is no folder for temporary files").caused_by(error)
        })?;
        let path = folder.path().join("secrets.env");
        write_private(&path, self.dotenv.expose())?;
        // With the variables of this process: what is required may stand there.
        let loader = Loader::from_process(folder.path())
            .toml("aurora.toml", self.toml.to_string())
            .dotenv(&path);
        Ok(loader.load())
    }

    /// The paths of what is written.
    pub(super) fn written(&self) -> Vec<String> {
        ["aurora.toml", ".env"]
            .into_iter()
            .filter(|file| self.changes.iter().any(|change| change.file == *file))
            .map(|file| self.folder.join(file).display().to_string())
            .collect()
    }

    /// Writes what has changed, each file whole or not at all.
    pub(super) fn write(&self) -> Result<(), Error> {
        for path in self.written() {
            let path = PathBuf::from(path);
            if path.ends_with(".env") {
                let heading = if self.has_dotenv { "" } else { SECRET_HEADING };
                replace(&path, &format!("{heading}{}", self.dotenv.expose()), true)?;
            } else {
                let heading = if self.has_toml { "" } else { HEADING };
                replace(&path, &format!("{heading}{}", self.toml), false)?;
            }
        }
        Ok(())
    }
}

fn unwritten(path: &Path) -> impl Fn(std::io::Error) -> Error + '_ {
    move |error| {
        Error::new(
            ErrorKind::Storage,
            format!("{} cannot be written", path.display()),
        )
        .caused_by(error)
    }
}

/// Under another name first, then in its place.
fn replace(path: &Path, text: &str, is_private: bool) -> Result<(), Error> {
    let draft = path.with_file_name(format!(
        ".{}.{}",
        path.file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .trim_start_matches('.'),
        std::process::id()
    ));
    let written = if is_private {
        write_private(&draft, text)
    } else {
        fs::write(&draft, text).map_err(unwritten(&draft))
    };
    let placed = written.and_then(|()| fs::rename(&draft, path).map_err(unwritten(path)));
    if placed.is_err() {
        drop(fs::remove_file(&draft));
    }
    placed
}

/// Readable by its owner alone from its first byte on.
fn write_private(path: &Path, text: &str) -> Result<(), Error> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
        .open(path)
        .and_then(|mut file| {
            file.write_all(text.as_bytes())?;
            file.sync_all()
        })
        .map_err(unwritten(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(toml: &str, dotenv: &str) -> Draft {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("aurora.toml"), toml).unwrap();
        fs::write(folder.path().join(".env"), dotenv).unwrap();
        Draft::of(folder.path()).unwrap()
    }

    #[test]
    fn what_stands_in_the_files_stays() {
        let mut draft = draft(
            "# mine\n[server]\nport = 1 # low\n\n[log]\nlevel = \"warn\"\n",
            "# keys\nexport OTHER=1\nOPENAI_API_KEY=old\n",
        );
        draft.set("server.port", &"9000".into()).unwrap();
        draft.set("alerts.error_rate_threshold", &"12.5".into()).unwrap();
        draft
            .set("email.to", &"a@example.com, b@example.com".into())
            .unwrap();
        draft.set("llm.openai_api_key", &"new\"$k".into()).unwrap();
        draft
            .set(
                "llm.openai_compatible.local.base_url",
                &"http://localhost:1/v1".into(),
            )
            .unwrap();
        draft
            .set("llm.openai_compatible.local.api_key", &"sk".into())
            .unwrap();
        let toml = draft.toml.to_string();
        assert!(
            toml.starts_with("# mine\n[server]\nport = 9000 # low\n\n[log]\nlevel = \"warn\"\n"),
            "{toml}"
        );
        assert!(toml.contains("error_rate_threshold = 12.5"), "{toml}");
        assert!(
            toml.contains("to = [\"a@example.com\", \"b@example.com\"]"),
            "{toml}"
        );
        assert!(toml.contains("[llm.openai_compatible.local]"), "{toml}");
        assert_eq!(
            draft.dotenv.expose(),
            "# keys\nexport OTHER=1\nOPENAI_API_KEY=\"new\\\"\\$k\"\nAURORA__LLM__OPENAI_COMPATIBLE__LOCAL__API_KEY=\"sk\"\n"
        );
        assert!(draft.changes().iter().all(|change| !change.shown.contains("sk")));
        draft.check().unwrap();
    }

    #[test]
    fn what_is_wrong_or_unknown_is_told() {
        let mut wrong = draft("", "");
        wrong.set("server.port", &"eighty".into()).unwrap();
        assert!(wrong.check().unwrap_err().to_string().contains("server.port"));
        let unknown = wrong.set("server.prot", &"1".into()).unwrap_err();
        assert!(unknown.to_string().contains("server.port"), "{unknown}");
        let mut taken = draft("server = 1\n", "");
        assert!(taken.set("server.port", &"1".into()).is_err());
    }
}
