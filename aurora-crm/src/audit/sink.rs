//! Where checkpoints are kept outside of the database.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use tokio::sync::Mutex;

use super::statement::SignedCheckpoint;
use super::verify::Fault;
use crate::workspaces::WorkspaceId;

/// The longest line of a file of checkpoints, in bytes.
const LONGEST_LINE: u64 = 8 * 1024;

/// Takes checkpoints to a place that whoever may write to the database cannot write to: another machine, a store that
/// only adds, a mailbox, paper.
#[async_trait]
pub trait AuditSink: Send + Sync + std::fmt::Debug + 'static {
    /// Keeps a checkpoint. It is kept once this returns `Ok`, and may be handed over again after an error.
    ///
    /// # Errors
    /// When it is not kept.
    async fn append(&self, checkpoint: &SignedCheckpoint) -> io::Result<()>;

    /// A chain that was to be signed is not whole, and was not signed. It is logged as an error besides.
    async fn alarm(&self, _chain: WorkspaceId, _fault: Fault) {}
}

/// A file to which each checkpoint is added as a line, and forced to the disk.
///
/// It is as safe as its place: on the machine of the database, with the rights of the database's administrator, it
/// proves nothing.
#[derive(Debug, Clone)]
pub struct FileSink {
    path: Arc<Path>,
    /// One line at a time.
    turn: Arc<Mutex<()>>,
}

impl FileSink {
    /// A sink into the file at `path`, which is made with the first checkpoint.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self {
            path: path.into().into(),
            turn: Arc::default(),
        }
    }

    /// The checkpoints of a file, in its order. A line whose writing was cut off is passed over, and so is anything else
    /// that is not a checkpoint: whether those that are there are genuine, their signatures tell.
    ///
    /// # Errors
    /// When the file cannot be read; `InvalidData` for a line longer than 8 KiB.
    pub fn read(path: impl AsRef<Path>) -> io::Result<Vec<SignedCheckpoint>> {
        let mut reader = BufReader::new(File::open(path)?);
        let mut found = Vec::new();
        let mut line = Vec::new();
        loop {
            line.clear();
            let length = (&mut reader).take(LONGEST_LINE).read_until(b'\n', &mut line)?;
            if length == 0 {
                return Ok(found);
            }
            if line.last() != Some(&b'\n') && u64::try_from(length).is_ok_and(|length| length == LONGEST_LINE)
            {
                return Err(io::Error::new(
                    io::ErrorKind::InvalidData,
                    "a line is longer than 8 KiB",
                ));
            }
            found.extend(
                std::str::from_utf8(&line)
                    .ok()
                    .and_then(SignedCheckpoint::of_text),
            );
        }
    }
}

#[async_trait]
impl AuditSink for FileSink {
    async fn append(&self, checkpoint: &SignedCheckpoint) -> io::Result<()> {
        let turn = Arc::clone(&self.turn).lock_owned().await;
        let (path, text) = (Arc::clone(&self.path), checkpoint.to_string());
        tokio::task::spawn_blocking(move || {
            let _turn = turn; // also when nobody waits any more
            append(&path, &text)
        })
        .await
        .map_err(io::Error::other)?
    }
}

fn append(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new()
        .read(true)
        .append(true)
        .create(true)
        .open(path)?;
    let mut line = format!("{text}\n");
    if file.seek(SeekFrom::End(0))? > 0 {
        file.seek(SeekFrom::End(-1))?;
        let mut last = [0];
        file.read_exact(&mut last)?;
        if last != *b"\n" {
            line.insert(0, '\n'); // after a line that a crash has cut off
        }
    }
    file.write_all(line.as_bytes())?;
    file.sync_all()
}
