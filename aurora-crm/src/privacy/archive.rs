use std::fmt;
use std::io::{Cursor, Write as _};

use aurora_core::time::Timestamp;
use serde::Serialize;
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::sql::export as sql;
use super::{DataSubject, Privacy, csv};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;

/// The form of archives; grows when a program that reads them has to know.
const SCHEMA_VERSION: u32 = 1;
/// The most rows of a document.
const MOST_ROWS: usize = 100_000;
/// The most bytes of all documents.
const MOST_BYTES: usize = 64 * 1024 * 1024;
/// The most bytes of the files that an archive has in it.
#[cfg(feature = "files")]
const MOST_FILE_BYTES: u64 = 32 * 1024 * 1024;

/// All that is kept about a person. `Debug` shows none of it.
#[non_exhaustive]
pub struct Archive {
    /// A ZIP: `manifest.json`, `<document>.json` and `<document>.csv` for each document, and `files/…`.
    pub bytes: Vec<u8>,
    /// What is in it.
    pub manifest: ArchiveManifest,
}

impl fmt::Debug for Archive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Archive")
            .field("bytes", &self.bytes.len())
            .finish_non_exhaustive()
    }
}

/// What is in an archive; its entry `manifest.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ArchiveManifest {
    /// The form of the archive: 1.
    pub schema_version: u32,
    /// The id of the subject.
    pub subject: String,
    /// When it was made.
    pub exported_at: Timestamp,
    /// Its documents.
    pub documents: Vec<ArchiveDocument>,
    /// Its files.
    pub files: Vec<ArchiveFile>,
}

/// A kind of record in an archive, as JSON and as CSV.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ArchiveDocument {
    /// The name of its entries, without `.json` and `.csv`.
    pub name: String,
    /// How many records.
    pub rows: usize,
    /// SHA-256 of the JSON, in hexadecimal digits.
    pub json_sha256: String,
    /// SHA-256 of the CSV, in hexadecimal digits.
    pub csv_sha256: String,
}

/// A file of a subject.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ArchiveFile {
    /// Its id.
    pub id: String,
    /// Its size in bytes.
    pub size: u64,
    /// SHA-256 of its content, in hexadecimal digits.
    pub sha256: String,
    /// Its entry; `None` when it was too large, and is to be handed over by itself.
    pub entry: Option<String>,
}

type Entries = Vec<(String, Vec<u8>)>;

pub(super) async fn export(
    privacy: &Privacy,
    context: &Context,
    subject: DataSubject,
) -> Result<Archive, Error> {
    let store = &privacy.store;
    let limit = i64::try_from(MOST_ROWS + 1).unwrap_or(i64::MAX);
    let documents = sql::documents(store, context, subject, limit).await?;
    let mut manifest = ArchiveManifest {
        schema_version: SCHEMA_VERSION,
        subject: subject.to_string(),
        exported_at: store.now(),
        documents: Vec::new(),
        files: Vec::new(),
    };
    let (mut entries, mut bytes, mut count): (Entries, usize, usize) = (Vec::new(), 0, 0);
    for (document, rows) in &documents {
        if rows.len() > MOST_ROWS {
            return Err(too_large());
        }
        let body = json!({"schema_version": SCHEMA_VERSION, "document": document.name, "rows": rows});
        let json = serde_json::to_vec_pretty(&body).map_err(|_| Error::new(ErrorKind::Internal))?;
        let csv = csv::table(document.columns.iter().map(|(name, _)| *name), rows).into_bytes();
        bytes += json.len() + csv.len();
        count += rows.len();
        if bytes > MOST_BYTES {
            return Err(too_large());
        }
        manifest.documents.push(ArchiveDocument {
            name: document.name.to_owned(),
            rows: rows.len(),
            json_sha256: sha256(&json),
            csv_sha256: sha256(&csv),
        });
        entries.push((format!("{}.json", document.name), json));
        entries.push((format!("{}.csv", document.name), csv));
    }
    let files = documents.iter().find(|(document, _)| document.name == "files");
    add_files(
        privacy,
        context,
        files.map_or(&[][..], |(_, rows)| rows.as_slice()),
        &mut manifest,
        &mut entries,
    )
    .await?;
    let text = serde_json::to_vec_pretty(&manifest).map_err(|_| Error::new(ErrorKind::Internal))?;
    let hash = sha256(&text);
    entries.insert(0, ("manifest.json".to_owned(), text));
    // Compressing so much takes the time of many requests.
    let bytes = tokio::task::spawn_blocking(move || pack(&entries))
        .await
        .map_err(|_| Error::new(ErrorKind::Internal))?
        .map_err(|_| Error::new(ErrorKind::Internal))?;
    sql::record(store, context, subject, count, &hash).await?;
    Ok(Archive { bytes, manifest })
}

fn too_large() -> Error {
    let mut fields = Fields::default();
    fields.refuse(
        "subject",
        "too_large",
        "there are more records than one archive holds",
    );
    fields.finish(()).err().unwrap_or(Error::new(ErrorKind::Internal))
}

/// Puts the contents of files in as long as there is room, and names the others.
#[cfg_attr(
    not(feature = "files"),
    expect(clippy::unused_async, reason = "it waits for the bytes of files")
)]
async fn add_files(
    privacy: &Privacy,
    context: &Context,
    rows: &[Map<String, Value>],
    manifest: &mut ArchiveManifest,
    entries: &mut Entries,
) -> Result<(), Error> {
    #[cfg(feature = "files")]
    let mut room = MOST_FILE_BYTES;
    for row in rows {
        let text = |name: &str| {
            row.get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let file = ArchiveFile {
            id: text("id"),
            size: row.get("size").and_then(Value::as_u64).unwrap_or(0),
            sha256: text("sha256"),
            entry: None,
        };
        #[cfg(feature = "files")]
        if let Some(files) = privacy.files.as_ref().filter(|_| file.size <= room) {
            room -= file.size;
            let id = file.id.parse().map_err(|_| Error::new(ErrorKind::Internal))?;
            let entry = format!("files/{}{}", file.id, extension(&text("name")));
            entries.push((entry.clone(), content(files, context, id).await?));
            manifest.files.push(ArchiveFile {
                entry: Some(entry),
                ..file
            });
            continue;
        }
        #[cfg(not(feature = "files"))]
        let _ = (privacy, context, &mut *entries);
        manifest.files.push(file);
    }
    Ok(())
}

/// The content of a file, whole.
#[cfg(feature = "files")]
async fn content(
    files: &crate::files::Files,
    context: &Context,
    id: crate::files::FileId,
) -> Result<Vec<u8>, Error> {
    use futures::TryStreamExt as _;

    let mut content = files.download(context, id, None).await?.content;
    let mut bytes = Vec::new();
    while let Some(chunk) = content
        .try_next()
        .await
        .map_err(|_| Error::new(ErrorKind::Unavailable))?
    {
        bytes.extend_from_slice(&chunk);
    }
    Ok(bytes)
}

/// What stands behind the last dot of a name, if it is a harmless part of an entry's.
#[cfg(feature = "files")]
fn extension(name: &str) -> String {
    match name.rsplit_once('.') {
        Some((_, end))
            if (1..=8).contains(&end.len()) && end.bytes().all(|byte| byte.is_ascii_alphanumeric()) =>
        {
            format!(".{end}")
        }
        _ => String::new(),
    }
}

fn pack(entries: &Entries) -> zip::result::ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        archive.start_file(name, options)?;
        archive.write_all(bytes)?;
    }
    Ok(archive.finish()?.into_inner())
}

pub(super) fn sha256(bytes: &[u8]) -> String {
    super::sql::hex(&Sha256::digest(bytes))
}
