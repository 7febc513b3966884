//! The files that one reading of the settings touches.

use std::collections::BTreeMap;
use std::fs::File;
use std::hash::{DefaultHasher, Hasher as _};
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};

use crate::secret::Secret;

/// No settings, no key and no address are longer; a larger file was named by mistake.
const LONGEST_BYTES: u64 = 1024 * 1024;

/// Files that were read, each of them once, so that what was read and its prints cannot differ.
#[derive(Debug, Default)]
pub(super) struct Disk {
    read: BTreeMap<PathBuf, Result<Secret, ErrorKind>>,
    prints: BTreeMap<PathBuf, Print>,
}

/// What is remembered of a file to see that it changed. Contents, not times: a swapped symbolic link, an editor that
/// renames, or a copy that keeps its times can leave the times as they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Print {
    Content(u64),
    Absent,
    Failed(ErrorKind),
    /// A pipe or the like, see [`Passed`].
    Passing,
}

/// What is remembered of all files of a reading.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Prints(BTreeMap<PathBuf, Print>);

/// What came out of pipes and the like. It can be read only once, and to wait for more could take for ever, so it is
/// kept for the readings to come.
#[derive(Debug, Clone, Default)]
pub(super) struct Passed(BTreeMap<PathBuf, Secret>);

impl Disk {
    /// For a reading after others.
    pub(super) fn after(passed: &Passed) -> Self {
        let mut disk = Self::default();
        for (path, text) in passed.0.iter().filter(|(path, _)| !is_ordinary(path)) {
            disk.read.insert(path.clone(), Ok(text.clone()));
            disk.prints.insert(path.clone(), Print::Passing);
        }
        disk
    }

    /// The text of a file.
    pub(super) fn read(&mut self, path: &Path) -> Result<Secret, ErrorKind> {
        if let Some(text) = self.read.get(path) {
            return text.clone();
        }
        let (text, print) = read(path);
        self.prints.insert(path.to_owned(), print);
        self.read.insert(path.to_owned(), text.clone());
        text
    }

    pub(super) fn into_parts(self) -> (Prints, Passed) {
        let Self { read, prints } = self;
        let passed = read
            .into_iter()
            .filter(|(path, _)| prints.get(path) == Some(&Print::Passing))
            .filter_map(|(path, text)| Some((path, text.ok()?)));
        let passed = Passed(passed.collect());
        (Prints(prints), passed)
    }
}

impl Prints {
    /// The prints of the same files as they are now.
    pub(super) fn taken_again(&self) -> Self {
        let again = self.0.iter().map(|(path, print)| match print {
            Print::Passing if !is_ordinary(path) => (path.clone(), *print),
            _ => (path.clone(), read(path).1),
        });
        Self(again.collect())
    }

    /// Files that were there in `self` and are missed in `later`.
    pub(super) fn gone_in<'a>(&'a self, later: &'a Self) -> impl Iterator<Item = &'a Path> {
        let gone = later.0.iter().filter(|(path, print)| {
            **print == Print::Absent && matches!(self.0.get(*path), Some(Print::Content(_)))
        });
        gone.map(|(path, _)| path.as_path())
    }
}

/// Why a file cannot be read, for people.
pub(super) fn in_words(kind: ErrorKind) -> String {
    match kind {
        ErrorKind::NotFound => "there is none".to_owned(),
        ErrorKind::InvalidData => "it is not UTF-8 text".to_owned(),
        ErrorKind::FileTooLarge => "it is larger than 1 MiB".to_owned(),
        other => other.to_string(),
    }
}

/// Whether a file can be read again; one that is not there any more can.
fn is_ordinary(path: &Path) -> bool {
    std::fs::metadata(path).map_or(true, |about| about.is_file() || about.is_dir())
}

fn read(path: &Path) -> (Result<Secret, ErrorKind>, Print) {
    match bytes(path) {
        Ok((bytes, is_passing)) => {
            let mut hasher = DefaultHasher::new();
            hasher.write(&bytes);
            let print = match is_passing {
                true => Print::Passing,
                false => Print::Content(hasher.finish()),
            };
            (
                String::from_utf8(bytes)
                    .map(Secret::new)
                    .map_err(|_| ErrorKind::InvalidData),
                print,
            )
        }
        Err(ErrorKind::NotFound) => (Err(ErrorKind::NotFound), Print::Absent),
        Err(kind) => (Err(kind), Print::Failed(kind)),
    }
}

fn bytes(path: &Path) -> Result<(Vec<u8>, bool), ErrorKind> {
    let file = File::open(path).map_err(|error| error.kind())?;
    let about = file.metadata().map_err(|error| error.kind())?;
    let mut bytes = Vec::new();
    file.take(LONGEST_BYTES + 1)
        .read_to_end(&mut bytes)
        .map_err(|error| error.kind())?;
    if bytes.len() as u64 > LONGEST_BYTES {
        return Err(ErrorKind::FileTooLarge);
    }
    Ok((bytes, !about.is_file()))
}
