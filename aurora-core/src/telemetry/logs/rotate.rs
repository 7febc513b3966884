//! A file that begins anew when its time is over or when it is full.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use crate::time::{Clock, Timestamp};

/// How often a file begins anew.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Period {
    /// Only when it is full.
    Never,
    /// Every full hour.
    Hour,
    /// At midnight, UTC.
    Day,
}

/// When a file begins anew and what stays of the old ones.
///
/// `app.log` becomes `app.log.1`, that one `app.log.2`, and so on; the oldest goes. Together they never take more than
/// `max_bytes × (keep + 1)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rotation {
    /// How often it begins anew (daily).
    pub every: Period,
    /// Size in bytes that it never passes, from 128 KiB (100 MiB).
    pub max_bytes: u64,
    /// How many old files stay, at most 1000 (7).
    pub keep: u16,
}

impl Default for Rotation {
    fn default() -> Self {
        Self {
            every: Period::Day,
            max_bytes: 100 * 1024 * 1024,
            keep: 7,
        }
    }
}

impl Period {
    /// The number of the period that a time is in.
    const fn of(self, at: Timestamp) -> i64 {
        match self {
            Self::Never => 0,
            Self::Hour => at.as_secs().div_euclid(3_600),
            Self::Day => at.as_secs().div_euclid(86_400),
        }
    }
}

/// The writing end; each call of `write` gets whole lines.
#[derive(Debug)]
pub(super) struct RotatingFile {
    path: PathBuf,
    rotation: Rotation,
    clock: Arc<dyn Clock>,
    open: Option<Open>,
}

#[derive(Debug)]
struct Open {
    file: File,
    bytes: u64,
    period: i64,
}

impl RotatingFile {
    /// Opens the file and makes its folder.
    pub(super) fn open(path: &Path, rotation: Rotation, clock: Arc<dyn Clock>) -> io::Result<Self> {
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            fs::create_dir_all(folder)?;
        }
        let mut file = Self {
            path: path.to_owned(),
            rotation,
            clock,
            open: None,
        };
        file.open = Some(file.reopen()?);
        Ok(file)
    }

    fn reopen(&self) -> io::Result<Open> {
        let mut options = OpenOptions::new();
        options.create(true).append(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
        let file = options.open(&self.path)?;
        let metadata = file.metadata()?;
        let now = self.clock.now();
        // What stands in it already belongs to the time when it was last written to.
        let written = metadata
            .modified()
            .ok()
            .filter(|_| metadata.len() > 0)
            .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
            .and_then(|since| i64::try_from(since.as_micros()).ok())
            .map_or(now, |micros| Timestamp::from_micros(micros).min(now));
        Ok(Open {
            file,
            bytes: metadata.len(),
            period: self.rotation.every.of(written),
        })
    }

    /// The file to write `more` bytes to.
    fn ready(&mut self, more: u64) -> io::Result<&mut Open> {
        let open = match self.open.take() {
            Some(open) => open,
            None => self.reopen()?,
        };
        let is_full = open.bytes + more > self.rotation.max_bytes;
        let is_over = self.rotation.every.of(self.clock.now()) > open.period;
        if open.bytes == 0 || !(is_full || is_over) {
            return Ok(self.open.insert(open));
        }
        match self.shift() {
            Ok(()) => {
                let open = self.reopen()?;
                Ok(self.open.insert(open))
            }
            // Better a file that spans two days than lost lines; but never one that passes its size.
            Err(_) if !is_full => Ok(self.open.insert(open)),
            Err(error) => Err(error),
        }
    }

    /// Makes room for a new file.
    fn shift(&self) -> io::Result<()> {
        let keep = self.rotation.keep;
        if keep == 0 {
            return fs::remove_file(&self.path);
        }
        for number in (1..keep).rev() {
            let from = self.numbered(number);
            if from.exists() {
                fs::rename(from, self.numbered(number + 1))?;
            }
        }
        fs::rename(&self.path, self.numbered(1))
    }

    fn numbered(&self, number: u16) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(format!(".{number}"));
        name.into()
    }
}

impl Write for RotatingFile {
    fn write(&mut self, lines: &[u8]) -> io::Result<usize> {
        let more = u64::try_from(lines.len()).unwrap_or(u64::MAX);
        let open = self.ready(more)?;
        if let Err(error) = open.file.write_all(lines) {
            // Half a line would spoil the next one; on a full disk the old length is there again.
            let _shortened = open.file.set_len(open.bytes).is_ok();
            self.open = None;
            return Err(error);
        }
        open.bytes += more;
        Ok(lines.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.open.as_mut().map_or(Ok(()), |open| open.file.flush())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::time::ManualClock;

    const LINE: &[u8; 100] = &[b'x'; 100];

    fn texts(folder: &Path) -> Vec<(String, u64)> {
        let mut found: Vec<_> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| {
                let entry = entry.unwrap();
                (
                    entry.file_name().into_string().unwrap(),
                    entry.metadata().unwrap().len(),
                )
            })
            .collect();
        found.sort();
        found
    }

    #[test]
    fn however_much_is_written_the_files_take_no_more_than_they_may() {
        let folder = tempfile::tempdir().unwrap();
        let rotation = Rotation {
            every: Period::Never,
            max_bytes: 1_000,
            keep: 3,
        };
        let path = folder.path().join("logs/app.log");
        let mut file = RotatingFile::open(&path, rotation, Arc::new(ManualClock::default())).unwrap();
        for written in 1..=500_u64 {
            file.write_all(LINE).unwrap();
            let files = texts(&folder.path().join("logs"));
            let total: u64 = files.iter().map(|(_, bytes)| bytes).sum();
            assert!(
                files.len() <= 4 && files.iter().all(|(_, bytes)| *bytes <= 1_000),
                "{files:?}"
            );
            assert_eq!(
                total,
                if written <= 40 {
                    written * 100
                } else {
                    3_000 + ((written - 1) % 10 + 1) * 100
                }
            );
        }
    }

    #[test]
    fn a_new_day_begins_a_new_file_and_a_clock_set_back_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::default();
        let rotation = Rotation {
            every: Period::Day,
            keep: 2,
            ..Rotation::default()
        };
        let path = folder.path().join("app.log");
        let mut file = RotatingFile::open(&path, rotation, Arc::new(clock.clone())).unwrap();
        for day in 0..4 {
            file.write_all(&LINE[..day + 1]).unwrap();
            clock.advance(Duration::from_secs(86_400));
        }
        let expected = [("app.log", 4), ("app.log.1", 3), ("app.log.2", 2)];
        assert_eq!(
            texts(folder.path()),
            expected.map(|(name, bytes)| (name.to_owned(), bytes))
        );
        clock.set_wall(Timestamp::from_secs(0));
        file.write_all(LINE).unwrap();
        assert_eq!(texts(folder.path())[0], ("app.log".to_owned(), 104));
    }

    #[test]
    fn a_file_of_yesterday_is_not_continued_today() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("app.log");
        fs::write(&path, "yesterday\n").unwrap();
        // The file has the time of this machine, so the clock has to be ahead of it.
        let modified = fs::metadata(&path).unwrap().modified().unwrap();
        let tomorrow = modified.duration_since(UNIX_EPOCH).unwrap() + Duration::from_secs(86_400);
        let clock = ManualClock::at(Timestamp::from_secs(i64::try_from(tomorrow.as_secs()).unwrap()));
        let mut file = RotatingFile::open(&path, Rotation::default(), Arc::new(clock)).unwrap();
        file.write_all(b"today\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "today\n");
        assert_eq!(
            fs::read_to_string(folder.path().join("app.log.1")).unwrap(),
            "yesterday\n"
        );
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn a_full_disk_is_an_error_and_no_half_line_stays() {
        let mut file = RotatingFile {
            path: "/dev/full".into(),
            rotation: Rotation::default(),
            clock: Arc::new(ManualClock::default()),
            open: None,
        };
        for _ in 0..3 {
            assert_eq!(file.write(LINE).unwrap_err().kind(), io::ErrorKind::StorageFull);
        }
    }

    #[test]
    fn a_file_that_cannot_be_moved_does_not_grow_without_end() {
        let folder = tempfile::tempdir().unwrap();
        let rotation = Rotation {
            every: Period::Never,
            max_bytes: 250,
            keep: 1,
        };
        let path = folder.path().join("app.log");
        let mut file = RotatingFile::open(&path, rotation, Arc::new(ManualClock::default())).unwrap();
        fs::create_dir_all(folder.path().join("app.log.1/in the way")).unwrap();
        let outcomes: Vec<_> = (0..4).map(|_| file.write_all(LINE).is_ok()).collect();
        assert_eq!(outcomes, [true, true, false, false]);
        fs::remove_dir_all(folder.path().join("app.log.1")).unwrap();
        file.write_all(LINE).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), 100);
    }
}
