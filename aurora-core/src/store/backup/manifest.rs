//! What is written beside each backup.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::time::Timestamp;

use super::{Error, ErrorKind};

/// The version of the manifest that this program writes, and the newest that it reads.
pub(super) const FORMAT: u32 = 1;
/// The longest manifest that is read, in bytes; one of 10,000 tables has a tenth of it.
pub(super) const LONGEST: u64 = 8 * 1_024 * 1_024;

/// Which database a backup is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Kind {
    /// A SQLite file, which can be opened as it is.
    Sqlite,
    /// An archive of `pg_dump --format=custom`, for `pg_restore`.
    Postgres,
}

impl Kind {
    pub(super) const fn extension(self) -> &'static str {
        match self {
            Self::Sqlite => "db",
            Self::Postgres => "dump",
        }
    }
}

/// One backup, as its manifest describes it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Manifest {
    /// The version of this description.
    pub format: u32,
    /// The name of the backup; names sort by time.
    pub name: String,
    /// Which database it is of.
    pub kind: Kind,
    /// The version of the PostgreSQL server or the SQLite library that it was made from.
    pub engine_version: String,
    /// The version of this crate that made it.
    pub made_by: String,
    /// When it was begun. What was committed before is in it.
    pub started_at: Timestamp,
    /// When it was written.
    pub finished_at: Timestamp,
    /// The size of its file.
    pub bytes: u64,
    /// The SHA-256 of its file, 64 lower-case hexadecimal digits.
    pub sha256: String,
    /// The highest applied version of each `_…_migrations` table.
    pub schema: BTreeMap<String, i64>,
    /// The number of rows of each table.
    pub tables: BTreeMap<String, u64>,
    /// Whether tables have row-level security, so that a role that restores them must be above it.
    pub row_security: bool,
    /// When and how it was restored as a test. Without it nobody knows whether it can be.
    pub verified: Option<Verification>,
    /// Why it is not verified.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unverified: Option<String>,
}

/// When and how a backup was tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Verification {
    /// When.
    pub at: Timestamp,
    /// What was done.
    pub how: String,
}

impl Manifest {
    /// Whether it was restored as a test, and held.
    #[must_use]
    pub const fn is_verified(&self) -> bool {
        self.verified.is_some()
    }

    pub(super) fn file(&self) -> String {
        format!("{}.{}", self.name, self.kind.extension())
    }

    pub(super) fn to_json(&self) -> Result<Vec<u8>, Error> {
        serde_json::to_vec_pretty(self)
            .map_err(|_| Error::new(ErrorKind::Io, "the manifest cannot be written"))
    }

    /// Reads the manifest of the backup `name`.
    pub(super) fn parse(name: &str, json: &[u8]) -> Result<Self, Error> {
        #[derive(Deserialize)]
        struct Format {
            format: u32,
        }
        let damaged = |_| Error::new(ErrorKind::Corrupt, "the manifest of a backup cannot be read");
        let Format { format } = serde_json::from_slice(json).map_err(damaged)?;
        if format > FORMAT {
            return Err(Error::new(
                ErrorKind::Newer,
                format!("the backup is described in format {format}, and this program reads up to {FORMAT}"),
            ));
        }
        let manifest: Self = serde_json::from_slice(json).map_err(damaged)?;
        if manifest.name != name {
            return Err(Error::new(
                ErrorKind::Corrupt,
                "the manifest of a backup is that of another one",
            ));
        }
        Ok(manifest)
    }
}

/// Whether `name` can be the name of a backup, so that it cannot lead out of the folder.
pub(super) fn check_name(name: &str) -> Result<(), Error> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    if (1..=100).contains(&name.len()) && name.bytes().all(allowed) {
        Ok(())
    } else {
        Err(Error::new(
            ErrorKind::Invalid,
            "the name of a backup is 1 to 100 of a-z, A-Z, 0-9 and -",
        ))
    }
}

/// `20260701T120000Z-0123456789ab`: sorts by time, and is unique.
pub(super) fn new_name(at: Timestamp) -> String {
    let digits: String = at
        .to_string()
        .chars()
        .take_while(|c| *c != '.')
        .filter(|c| !matches!(c, '-' | ':'))
        .collect();
    let unique = uuid::Uuid::now_v7().simple().to_string();
    format!("{digits}Z-{}", unique.get(20..).unwrap_or(&unique))
}

/// Whether a file belongs to a backup, so that nothing else in the folder is touched.
pub(super) fn is_ours(file: &str) -> bool {
    let name = file.split('.').next().unwrap_or_default();
    let Some((time, unique)) = name.split_once('-') else {
        return false;
    };
    let is_time = time.len() == 16
        && time.bytes().enumerate().all(|(at, byte)| match at {
            8 => byte == b'T',
            15 => byte == b'Z',
            _ => byte.is_ascii_digit(),
        });
    is_time && unique.len() == 12 && unique.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// What is in a database, as far as a restore test compares it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Inventory {
    pub(super) schema: BTreeMap<String, i64>,
    pub(super) tables: BTreeMap<String, u64>,
    pub(super) row_security: bool,
}

impl Inventory {
    /// The first difference from what the manifest says, in words without stored values.
    pub(super) fn compare(&self, manifest: &Manifest) -> Result<(), Error> {
        let differs = |words: String| Err(Error::new(ErrorKind::Corrupt, words));
        if self.schema != manifest.schema {
            return differs("the restored schema has other versions than the backup".to_owned());
        }
        for (table, rows) in &manifest.tables {
            match self.tables.get(table) {
                None => return differs(format!("the restored database lacks the table {table}")),
                Some(found) if found != rows => {
                    return differs(format!(
                        "the table {table} has {found} rows after the restore and had {rows}"
                    ));
                }
                Some(_) => {}
            }
        }
        if self.tables.len() != manifest.tables.len() {
            return differs("the restored database has tables that the backup does not know".to_owned());
        }
        Ok(())
    }
}
