//! Gathers the layers and reads the settings from them.

use std::fmt;
use std::io::ErrorKind;
use std::path::PathBuf;

use super::disk::{Disk, in_words};
use super::reader::Assigned;
use super::setting::{Setting, catalogue};
use super::value::{Raw, Value};
use super::variables::{self, Found, Variable, meant};
use super::{Environment, Error, Loaded, Origin, Problem, dotenv, file};
use crate::secret::Secret;

/// Gathers layers of settings; nothing is read from the process unless it is told to.
///
/// Layers of one kind are stronger the later they were added. Among the kinds the order is fixed, however they were
/// added: defaults, files, `.env`, environment, overrides.
#[derive(Clone, Default)]
pub struct Loader {
    folder: Option<PathBuf>,
    files: Vec<Document>,
    dotenvs: Vec<Document>,
    environment: Vec<(String, Secret)>,
    /// Names of variables whose values are not UTF-8.
    pub(super) unreadable: Vec<String>,
    overrides: Vec<(String, Secret)>,
}

/// A file to be read, or a text that stands for one.
#[derive(Clone)]
struct Document {
    path: PathBuf,
    text: Option<Secret>,
}

// Names alone: what was gathered holds secrets.
impl fmt::Debug for Loader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let paths = |documents: &[Document]| {
            documents
                .iter()
                .map(|document| document.path.clone())
                .collect::<Vec<_>>()
        };
        let names =
            |pairs: &[(String, Secret)]| pairs.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
        f.debug_struct("Loader")
            .field("folder", &self.folder)
            .field("files", &paths(&self.files))
            .field("dotenvs", &paths(&self.dotenvs))
            .field("environment", &names(&self.environment))
            .field("overrides", &names(&self.overrides))
            .finish()
    }
}

impl Loader {
    /// A loader with the built-in defaults alone.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A loader with what this process was given: the files of `folder` and the environment variables.
    #[must_use]
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place that everything else asks"
    )]
    pub fn from_process(folder: impl Into<PathBuf>) -> Self {
        let mut loader = Self::new().folder(folder);
        for (name, value) in std::env::vars_os() {
            // What has no name in UTF-8 is none of ours.
            match (name.into_string(), value.into_string()) {
                (Ok(name), Ok(value)) => loader.environment.push((name, Secret::new(value))),
                (Ok(name), Err(_)) => loader.unreadable.push(name),
                (Err(_), _) => {}
            }
        }
        loader
    }

    /// Adds `aurora.toml`, `aurora.<environment>.toml` and `.env` of a folder, those that exist.
    #[must_use]
    pub fn folder(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    /// Adds a TOML file that has to exist.
    #[must_use]
    pub fn file(mut self, path: impl Into<PathBuf>) -> Self {
        self.files.push(Document {
            path: path.into(),
            text: None,
        });
        self
    }

    /// Adds a TOML text; `name` stands for its path in origins.
    #[must_use]
    pub fn toml(mut self, name: impl Into<PathBuf>, text: impl Into<String>) -> Self {
        self.files.push(Document {
            path: name.into(),
            text: Some(Secret::new(text)),
        });
        self
    }

    /// Adds a `.env` file that has to exist.
    #[must_use]
    pub fn dotenv(mut self, path: impl Into<PathBuf>) -> Self {
        self.dotenvs.push(Document {
            path: path.into(),
            text: None,
        });
        self
    }

    /// Adds environment variables.
    #[must_use]
    pub fn environment<N: Into<String>, V: Into<String>>(
        mut self,
        variables: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let variables = variables
            .into_iter()
            .map(|(name, value)| (name.into(), Secret::new(value)));
        self.environment.extend(variables);
        self
    }

    /// Adds settings by their dotted keys, as a command line gives them.
    #[must_use]
    pub fn overrides<K: Into<String>, V: Into<String>>(
        mut self,
        settings: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        let settings = settings
            .into_iter()
            .map(|(key, value)| (key.into(), Secret::new(value)));
        self.overrides.extend(settings);
        self
    }

    /// Reads all layers.
    ///
    /// # Errors
    /// When anything is wrong: a file that cannot be read, an unknown setting, a value that is not allowed, a required
    /// setting that is missing. The error lists all of them. A wrong value that a stronger layer replaces is not looked at.
    pub fn load(self) -> Result<Loaded, Error> {
        self.read(&mut Disk::default())
    }

    /// Reads all layers, every file through `disk`.
    pub(super) fn read(&self, disk: &mut Disk) -> Result<Loaded, Error> {
        let rows = catalogue();
        let mut layers = vec![defaults(&rows)];
        if let Some(folder) = &self.folder {
            layers.extend(
                Document::optional(folder.join("aurora.toml"), disk).map(|file| file.toml(&rows, disk)),
            );
        }
        layers.extend(self.files.iter().map(|document| document.toml(&rows, disk)));
        let at_environment_file = layers.len();
        let dotenv = self
            .folder
            .as_ref()
            .and_then(|folder| Document::optional(folder.join(".env"), disk));
        for document in dotenv.iter().chain(&self.dotenvs) {
            layers.push(document.dotenv(&rows, disk));
        }
        layers.push(self.variables(&rows, disk));
        layers.push(overrides(&self.overrides, &rows));
        // Only now is it known which environment's file counts; it is weaker than the variables all the same.
        if let Some(folder) = &self.folder {
            let path = folder.join(format!("aurora.{}.toml", environment(&layers).as_str()));
            if let Some(file) = Document::optional(path, disk) {
                layers.insert(at_environment_file, without_environment(file.toml(&rows, disk)));
            }
        }
        Loaded::from_layers(layers)
    }

    fn variables(&self, rows: &[&'static Setting], disk: &mut Disk) -> Found {
        let origin = |name: &String| Origin::Variable {
            variable: name.clone(),
        };
        let variables = self.environment.iter().map(|(name, value)| Variable {
            name: name.clone(),
            value: value.clone(),
            origin: origin(name),
        });
        let mut found = variables::read(variables.collect(), rows, disk);
        let ours = self
            .unreadable
            .iter()
            .filter(|name| variables::is_known(name, rows));
        found
            .problems
            .extend(ours.map(|name| Problem::of_source(origin(name), "its value is not UTF-8")));
        found
    }
}

impl Document {
    /// A file that may be missing.
    fn optional(path: PathBuf, disk: &mut Disk) -> Option<Self> {
        let is_there = disk.read(&path).err() != Some(ErrorKind::NotFound);
        is_there.then_some(Self { path, text: None })
    }

    fn toml(&self, rows: &[&'static Setting], disk: &mut Disk) -> Found {
        match self.read(disk) {
            Ok(text) => file::read(&self.path, text.expose(), rows),
            Err(problem) => Found {
                problems: vec![problem],
                ..Found::default()
            },
        }
    }

    fn dotenv(&self, rows: &[&'static Setting], disk: &mut Disk) -> Found {
        match self.read(disk) {
            Ok(text) => {
                let (variables, problems) = dotenv::read(&self.path, text.expose(), rows);
                let typos: Vec<Problem> = variables
                    .iter()
                    .filter_map(|variable| variables::likely_typo(variable, rows))
                    .collect();
                let mut found = variables::read(variables, rows, disk);
                found.problems.splice(0..0, problems);
                found.warnings.extend(typos);
                found
            }
            Err(problem) => Found {
                problems: vec![problem],
                ..Found::default()
            },
        }
    }

    fn read(&self, disk: &mut Disk) -> Result<Secret, Problem> {
        if let Some(text) = &self.text {
            return Ok(text.clone());
        }
        disk.read(&self.path).map_err(|kind| {
            let origin = Origin::File {
                path: self.path.clone(),
                line: 1,
                column: 1,
            };
            Problem::of_source(origin, format!("the file cannot be read: {}", in_words(kind)))
        })
    }
}

fn defaults(rows: &[&'static Setting]) -> Found {
    let values = rows.iter().filter_map(|row| {
        let raw = Raw::text(row.default?);
        Some((row.key.to_owned(), Assigned::new(raw, Origin::Default)))
    });
    Found {
        values: values.collect(),
        ..Found::default()
    }
}

fn overrides(settings: &[(String, Secret)], rows: &[&'static Setting]) -> Found {
    let mut found = Found::default();
    for (key, value) in settings {
        if rows.iter().any(|row| row.is_at(key)) {
            let assigned = Assigned::new(Raw::Text(value.clone()), Origin::CommandLine);
            found.values.push((key.clone(), assigned));
        } else {
            let message = format!("unknown setting{}", meant(key, rows, str::to_owned));
            found
                .problems
                .push(Problem::new(key.as_str(), Origin::CommandLine, message));
        }
    }
    found
}

/// The environment that the layers choose; a wrong one is reported when all is read.
fn environment(layers: &[Found]) -> Environment {
    let values = layers.iter().rev().flat_map(|layer| layer.values.iter().rev());
    let chosen = values.into_iter().find(|(key, _)| key == "environment");
    chosen
        .and_then(|(_, assigned)| Environment::read(&assigned.raw))
        .unwrap_or_default()
}

/// The file of an environment cannot choose another one.
fn without_environment(mut layer: Found) -> Found {
    let (choosing, others): (Vec<_>, Vec<_>) = layer
        .values
        .into_iter()
        .partition(|(key, _)| key == "environment");
    layer.values = others;
    for (key, assigned) in choosing {
        let message = "the file of an environment cannot choose the environment";
        layer.problems.push(Problem::new(key, assigned.origin, message));
    }
    layer
}
