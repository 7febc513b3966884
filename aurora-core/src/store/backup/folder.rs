//! The folder that backups are kept in, such that a kill at any moment leaves no half backup that looks whole.
//!
//! | file | what |
//! | --- | --- |
//! | `NAME.db`, `NAME.dump` | the data |
//! | `NAME.json` | the manifest; written last, and without it the data is not a backup |
//! | `….tmp` | under way, or left behind and swept by the next backup |
//! | `….bad` | failed its test |
//! | `.lock` | locked by whoever writes here, and free as soon as that process ends |

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};

use super::manifest::{LONGEST, check_name, is_ours};
use super::{Error, ErrorKind, Manifest};

const TEMPORARY: &str = ".tmp";
const BAD: &str = ".bad";
const MANIFEST: &str = ".json";
const DATA: [&str; 2] = [".db", ".dump"];

/// What is in the folder.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Listing {
    /// The backups, newest first.
    pub backups: Vec<Manifest>,
    /// The names of files that need a look: set aside as `.bad` because a test failed, or a manifest that cannot be read
    /// or whose data is missing or of another size.
    pub bad: Vec<String>,
}

/// A folder of backups.
#[derive(Debug, Clone)]
pub(super) struct Folder {
    path: Arc<Path>,
}

/// The right to write in the folder; clones are the same right, which ends with the last one.
#[derive(Debug, Clone)]
pub(super) struct Lock {
    _file: Arc<File>,
}

/// A file under way, removed unless it becomes something.
#[derive(Debug)]
pub(super) struct Temporary {
    path: PathBuf,
    _lock: Lock,
}

impl Temporary {
    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        // What cannot be removed now, the next backup sweeps. After the renaming there is nothing to remove.
        drop(fs::remove_file(&self.path));
    }
}

/// Runs blocking work on the threads that are meant for it.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Error> + Send + 'static,
) -> Result<T, Error> {
    tokio::task::spawn_blocking(work)
        .await
        .unwrap_or_else(|_| Err(Error::new(ErrorKind::Io, "the work on the files broke off")))
}

impl Folder {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path: path.into() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the folder when it is missing and takes the right to write in it.
    pub(super) fn lock(&self) -> Result<Lock, Error> {
        let doing = "making the folder of the backups";
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder
            .create(&self.path)
            .map_err(|error| Error::io(doing, error))?;
        let file = private()
            .create(true)
            .truncate(false)
            .open(self.path.join(".lock"))
            .map_err(|error| Error::io("locking the folder of the backups", error))?;
        match file.try_lock() {
            Ok(()) => Ok(Lock {
                _file: Arc::new(file),
            }),
            Err(TryLockError::WouldBlock) => Err(Error::new(
                ErrorKind::Busy,
                "another backup is under way in this folder",
            )),
            Err(TryLockError::Error(error)) => Err(Error::io("locking the folder of the backups", error)),
        }
    }

    /// Removes what a process that died has left. The lock shows that nobody is at work.
    pub(super) fn sweep(&self, _lock: &Lock) -> Result<(), Error> {
        for name in self.names()? {
            let data = DATA.iter().find_map(|extension| name.strip_suffix(extension));
            // SQLite puts a journal beside what it writes, under the same name and more.
            if name.contains(TEMPORARY) {
                self.remove(&name)?;
            } else if let Some(backup) = data
                && !self.exists(&format!("{backup}{MANIFEST}"))
            {
                // Setting aside takes the manifest first, removing too: without either it never became a backup.
                if self.exists(&format!("{backup}{MANIFEST}{BAD}")) {
                    self.rename(&name, &format!("{name}{BAD}"))?;
                } else {
                    self.remove(&name)?;
                }
            }
        }
        self.sync()
    }

    /// A new, empty, private file under way.
    pub(super) fn temporary(&self, file: &str, lock: &Lock) -> Result<Temporary, Error> {
        let temporary = Temporary {
            path: self.path.join(format!("{file}{TEMPORARY}")),
            _lock: lock.clone(),
        };
        // One of that name is from somebody who died: the lock is ours.
        drop(fs::remove_file(&temporary.path));
        private()
            .create_new(true)
            .open(&temporary.path)
            .map_err(|error| Error::io("making the file of the backup", error))?;
        Ok(temporary)
    }

    /// Makes the written file a backup: the data first, the manifest last.
    pub(super) fn commit(&self, data: &Temporary, manifest: &Manifest, lock: &Lock) -> Result<(), Error> {
        let file = self.path.join(manifest.file());
        fs::rename(&data.path, file).map_err(|error| Error::io("keeping the backup", error))?;
        self.sync()?;
        self.describe(manifest, lock)
    }

    /// Writes or replaces a manifest.
    pub(super) fn describe(&self, manifest: &Manifest, lock: &Lock) -> Result<(), Error> {
        self.write(
            &format!("{}{MANIFEST}", manifest.name),
            &manifest.to_json()?,
            lock,
        )
    }

    /// Keeps what failed its test aside, never having been a backup.
    pub(super) fn reject(&self, data: &Temporary, manifest: &Manifest, lock: &Lock) -> Result<(), Error> {
        let file = self.path.join(format!("{}{BAD}", manifest.file()));
        fs::rename(&data.path, file).map_err(|error| Error::io("setting the backup aside", error))?;
        let name = format!("{}{MANIFEST}{BAD}", manifest.name);
        self.write(&name, &manifest.to_json()?, lock)
    }

    /// Sets a backup aside that was one and failed its test now.
    pub(super) fn set_aside(&self, manifest: &Manifest, _lock: &Lock) -> Result<(), Error> {
        let (name, file) = (format!("{}{MANIFEST}", manifest.name), manifest.file());
        self.rename(&name, &format!("{name}{BAD}"))?;
        self.sync()?;
        self.rename(&file, &format!("{file}{BAD}"))?;
        self.sync()
    }

    /// Removes a backup: the manifest first, so that what is left of it is none.
    pub(super) fn delete(&self, manifest: &Manifest, _lock: &Lock) -> Result<(), Error> {
        self.remove(&format!("{}{MANIFEST}", manifest.name))?;
        self.sync()?;
        self.remove(&manifest.file())?;
        self.sync()
    }

    /// Removes all of what was set aside but the newest `keep`.
    pub(super) fn delete_bad(&self, keep: usize, _lock: &Lock) -> Result<(), Error> {
        let mut names: Vec<String> = self.names()?;
        names.retain(|name| name.ends_with(BAD));
        let stem = |name: &str| name.split('.').next().unwrap_or_default().to_owned();
        let mut stems: Vec<String> = names.iter().map(|name| stem(name)).collect();
        stems.sort();
        stems.dedup();
        let surplus = stems.len().saturating_sub(keep);
        stems.truncate(surplus);
        for name in names.iter().filter(|name| stems.contains(&stem(name))) {
            self.remove(name)?;
        }
        Ok(())
    }

    pub(super) fn list(&self) -> Result<Listing, Error> {
        let mut listing = Listing::default();
        for name in self.names()? {
            if name.ends_with(BAD) {
                listing.bad.push(name);
            } else if let Some(backup) = name.strip_suffix(MANIFEST) {
                match self.read(backup) {
                    Ok(manifest) if self.has_data(&manifest) => listing.backups.push(manifest),
                    // Removed since the folder was read.
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    _ if !self.exists(&name) => {}
                    _ => listing.bad.push(name),
                }
            }
        }
        listing
            .backups
            .sort_by(|a, b| (b.started_at, &b.name).cmp(&(a.started_at, &a.name)));
        listing.bad.sort();
        Ok(listing)
    }

    /// The manifest of the backup `name`.
    pub(super) fn read(&self, name: &str) -> Result<Manifest, Error> {
        check_name(name)?;
        let reading = |error: io::Error| match error.kind() {
            io::ErrorKind::NotFound => Error::new(ErrorKind::NotFound, "there is no backup of that name"),
            _ => Error::io("reading the manifest of a backup", error),
        };
        let file = File::open(self.path.join(format!("{name}{MANIFEST}"))).map_err(reading)?;
        let mut json = Vec::new();
        file.take(LONGEST).read_to_end(&mut json).map_err(reading)?;
        Manifest::parse(name, &json)
    }

    /// Where the data of a backup is.
    pub(super) fn data(&self, manifest: &Manifest) -> PathBuf {
        self.path.join(manifest.file())
    }

    fn has_data(&self, manifest: &Manifest) -> bool {
        fs::metadata(self.data(manifest)).is_ok_and(|data| data.len() == manifest.bytes)
    }

    /// The files of backups; what else is in the folder is somebody else's.
    fn names(&self) -> Result<Vec<String>, Error> {
        let reading = |error| Error::io("reading the folder of the backups", error);
        let entries = match fs::read_dir(&self.path) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(reading(error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let name = entry.map_err(reading)?.file_name().into_string();
            if let Ok(name) = name
                && is_ours(&name)
            {
                names.push(name);
            }
        }
        Ok(names)
    }

    fn exists(&self, name: &str) -> bool {
        self.path.join(name).exists()
    }

    fn rename(&self, from: &str, to: &str) -> Result<(), Error> {
        fs::rename(self.path.join(from), self.path.join(to))
            .map_err(|error| Error::io("setting a backup aside", error))
    }

    fn remove(&self, name: &str) -> Result<(), Error> {
        match fs::remove_file(self.path.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(Error::io("removing an old file", error))
            }
            _ => Ok(()),
        }
    }

    fn write(&self, name: &str, bytes: &[u8], lock: &Lock) -> Result<(), Error> {
        let writing = |error| Error::io("writing the manifest of a backup", error);
        let temporary = self.temporary(name, lock)?;
        let mut file = private().open(&temporary.path).map_err(writing)?;
        file.write_all(bytes).map_err(writing)?;
        file.sync_all().map_err(writing)?;
        fs::rename(&temporary.path, self.path.join(name)).map_err(writing)?;
        self.sync()
    }

    fn sync(&self) -> Result<(), Error> {
        sync_folder(&self.path)
    }
}

/// Makes new names in a folder last through a power cut, where the system knows how.
pub(super) fn sync_folder(path: &Path) -> Result<(), Error> {
    #[cfg(unix)]
    File::open(path)
        .and_then(|folder| folder.sync_all())
        .map_err(|error| Error::io("flushing the folder", error))?;
    #[cfg(not(unix))]
    let _: &Path = path;
    Ok(())
}

/// Flushes a file to the disk and gives its size.
pub(super) fn sync_file(path: &Path) -> Result<u64, Error> {
    let flushing = |error| Error::io("flushing the backup to the disk", error);
    let file = OpenOptions::new().write(true).open(path).map_err(flushing)?;
    file.sync_all().map_err(flushing)?;
    Ok(file.metadata().map_err(flushing)?.len())
}

/// The size and the SHA-256 of a file, which is written to `copy` at the same time if there is one.
pub(super) fn read_through(path: &Path, mut copy: Option<&mut File>) -> Result<(u64, String), Error> {
    let reading = |error| Error::io("reading the backup", error);
    let mut file = File::open(path).map_err(reading)?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 256 * 1_024];
    let mut bytes = 0_u64;
    loop {
        let count = match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(reading(error)),
        };
        let chunk = buffer.get(..count).unwrap_or_default();
        hash.update(chunk);
        if let Some(copy) = copy.as_mut() {
            copy.write_all(chunk)
                .map_err(|error| Error::io("copying the backup", error))?;
        }
        bytes = bytes.saturating_add(u64::try_from(count).unwrap_or(0));
    }
    let digest = hash.finalize();
    let hexadecimal = digest.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok((bytes, hexadecimal))
}

/// Whether what was read is what was written.
pub(super) fn compare(read: &(u64, String), manifest: &Manifest) -> Result<(), Error> {
    if read.0 == manifest.bytes && read.1 == manifest.sha256 {
        Ok(())
    } else {
        Err(Error::new(
            ErrorKind::Corrupt,
            "the backup is not what was written: its size or SHA-256 differs from the manifest",
        ))
    }
}

/// A file that only its owner can read: a backup holds everything.
pub(super) fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
