//! Gathers the layers and reads the settings from them.

use std::ffi::OsString;
use std::fmt;
use std::path::{Path, PathBuf};

use super::reader::Assigned;
use super::setting::{Setting, catalogue};
use super::value::{Raw, Value};
use super::variables::{self, Found, Variable, meant};
use super::{Environment, Error, Loaded, Origin, Problem, dotenv, file};

/// Gathers layers of settings; nothing is read from the process unless it is told to.
///
/// Layers of one kind are stronger the later they were added. Among the kinds the order is fixed, however they were
/// added: defaults, files, `.env`, environment, overrides.
#[derive(Clone, Default)]
pub struct Loader {
    folder: Option<PathBuf>,
    files: Vec<Document>,
    dotenvs: Vec<Document>,
    environment: Vec<(String, String)>,
    overrides: Vec<(String, String)>,
}

/// A file to be read, or a text that stands for one.
#[derive(Clone)]
struct Document {
    path: PathBuf,
    text: Option<String>,
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
            |pairs: &[(String, String)]| pairs.iter().map(|(name, _)| name.clone()).collect::<Vec<_>>();
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
        let text = |text: OsString| text.into_string().ok();
        let variables = std::env::vars_os().filter_map(|(name, value)| Some((text(name)?, text(value)?)));
        Self::new().folder(folder).environment(variables)
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
            text: Some(text.into()),
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
            .map(|(name, value)| (name.into(), value.into()));
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
            .map(|(key, value)| (key.into(), value.into()));
        self.overrides.extend(settings);
        self
    }

    /// Reads all layers.
    ///
    /// # Errors
    /// When anything is wrong: a file that cannot be read, an unknown setting, a value that is not allowed, a required
    /// setting that is missing. The error lists all of them. A wrong value that a stronger layer replaces is not looked at.
    pub fn load(self) -> Result<Loaded, Error> {
        let rows = catalogue();
        let mut layers = vec![defaults(&rows)];
        if let Some(folder) = &self.folder {
            layers.extend(file_layer(&folder.join("aurora.toml"), &rows));
        }
        layers.extend(self.files.iter().map(|document| document.toml(&rows)));
        let at_environment_file = layers.len();
        let dotenvs = self
            .folder
            .iter()
            .map(|folder| folder.join(".env"))
            .filter(|path| path.is_file());
        let dotenvs = dotenvs.map(|path| Document { path, text: None });
        layers.extend(dotenvs.chain(self.dotenvs).map(|document| document.dotenv(&rows)));
        layers.push(variables::read(from_environment(self.environment), &rows));
        layers.push(overrides(self.overrides, &rows));
        // Only now is it known which environment's file counts; it is weaker than the variables all the same.
        if let Some(folder) = &self.folder {
            let path = folder.join(format!("aurora.{}.toml", environment(&layers).as_str()));
            if let Some(layer) = file_layer(&path, &rows) {
                layers.insert(at_environment_file, without_environment(layer));
            }
        }
        Loaded::from_layers(layers, &rows)
    }
}

impl Document {
    fn toml(&self, rows: &[&'static Setting]) -> Found {
        match self.read() {
            Ok(text) => file::read(&self.path, &text, rows),
            Err(problem) => Found {
                problems: vec![problem],
                ..Found::default()
            },
        }
    }

    fn dotenv(&self, rows: &[&'static Setting]) -> Found {
        match self.read() {
            Ok(text) => {
                let (variables, problems) = dotenv::read(&self.path, &text);
                let mut found = variables::read(variables, rows);
                found.problems.splice(0..0, problems);
                found
            }
            Err(problem) => Found {
                problems: vec![problem],
                ..Found::default()
            },
        }
    }

    fn read(&self) -> Result<String, Problem> {
        if let Some(text) = &self.text {
            return Ok(text.clone());
        }
        std::fs::read_to_string(&self.path).map_err(|error| {
            let origin = Origin::File {
                path: self.path.clone(),
                line: 1,
                column: 1,
            };
            Problem::of_source(origin, format!("the file cannot be read: {}", error.kind()))
        })
    }
}

fn file_layer(path: &Path, rows: &[&'static Setting]) -> Option<Found> {
    path.is_file().then(|| {
        Document {
            path: path.to_owned(),
            text: None,
        }
        .toml(rows)
    })
}

fn defaults(rows: &[&'static Setting]) -> Found {
    let values = rows.iter().filter_map(|row| {
        let raw = Raw::Text(row.default?.to_owned());
        Some((
            row.key.to_owned(),
            Assigned {
                raw,
                origin: Origin::Default,
            },
        ))
    });
    Found {
        values: values.collect(),
        problems: Vec::new(),
    }
}

fn from_environment(variables: Vec<(String, String)>) -> Vec<Variable> {
    let variable = |(name, value): (String, String)| Variable {
        origin: Origin::Variable {
            variable: name.clone(),
        },
        name,
        value,
    };
    variables.into_iter().map(variable).collect()
}

fn overrides(settings: Vec<(String, String)>, rows: &[&'static Setting]) -> Found {
    let mut found = Found::default();
    for (key, value) in settings {
        if rows.iter().any(|row| row.is_at(&key)) {
            let raw = Raw::Text(value);
            found.values.push((
                key,
                Assigned {
                    raw,
                    origin: Origin::CommandLine,
                },
            ));
        } else {
            let message = format!("unknown setting{}", meant(&key, rows, str::to_owned));
            found
                .problems
                .push(Problem::new(key, Origin::CommandLine, message));
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
