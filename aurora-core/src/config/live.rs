//! Settings that follow their sources while a program runs.

use std::fmt;
use std::future::Future;
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use metrics::{counter, gauge};
use tokio::sync::watch;

use super::disk::{Disk, Passed, Prints};
use super::{Error, Loaded, Loader, Origin, Problem};
use crate::time::{Clock, SystemClock};

/// Counts readings by `outcome`: `applied`, `unchanged` or `refused`.
pub const RELOADS: &str = "aurora_config_reloads_total";
/// 1 while the settings in force are those of the sources, 0 while what stands there is refused.
pub const UP_TO_DATE: &str = "aurora_config_up_to_date";

const SHORTEST_INTERVAL: Duration = Duration::from_millis(100);
const LONGEST_INTERVAL: Duration = Duration::from_secs(3_600);

/// The settings in force, replaced as a whole when their sources change. Clones are handles to the same settings.
///
/// Everybody who asks [`Live::current`] gets one snapshot, old or new, never a mix of both. New settings that are wrong
/// in any way are refused: the old ones stay in force, and [`Live::refused`] tells why.
///
/// Nothing happens by itself: [`Live::reload`] is the call, [`Live::run`] is the future that watches files and, if
/// wanted, SIGHUP.
///
/// # Examples
/// ```
/// use aurora_core::config::{Live, Loader};
///
/// let folder = tempfile::tempdir()?;
/// let file = folder.path().join("aurora.toml");
/// std::fs::write(&file, "[log]\nlevel = \"info\"\n")?;
/// let live = Live::builder(Loader::new().folder(folder.path())).build()?;
///
/// std::fs::write(&file, "[log]\nlevel = \"debug\"\n")?;
/// assert_eq!(live.reload()?, ["log.level"]);
///
/// std::fs::write(&file, "[log]\nlevel = \"loud\"\n")?;
/// assert!(live.reload().is_err());
/// assert_eq!(live.current().settings().log.level.as_str(), "debug");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct Live {
    shared: Arc<Shared>,
}

struct Shared {
    loader: Loader,
    clock: Arc<dyn Clock>,
    interval: Duration,
    listens_to_hangup: bool,
    current: watch::Sender<Loaded>,
    /// Held while files are read, which can take long.
    reading: Mutex<Reading>,
    refused: Mutex<Option<Error>>,
}

/// What is known of the sources.
struct Reading {
    /// Of the settings in force.
    accepted: Prints,
    /// Of the last reading, accepted or not.
    latest: Prints,
    passed: Passed,
}

/// How a [`Live`] shall watch.
#[must_use = "call `build` to get the settings"]
pub struct LiveBuilder {
    loader: Loader,
    clock: Arc<dyn Clock>,
    interval: Duration,
    listens_to_hangup: bool,
}

impl LiveBuilder {
    /// Where time comes from; the system unless told.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// How often [`Live::run`] looks at the files, from 100 ms to 1 h; 2 s unless told. A change counts once two looks in
    /// a row saw the same.
    pub fn interval(mut self, interval: Duration) -> Self {
        self.interval = interval;
        self
    }

    /// Makes [`Live::run`] read the settings at each SIGHUP too. From then on, and also after `run` ended, the signal no
    /// longer ends the process. Has no effect on systems without that signal.
    pub fn on_hangup(mut self) -> Self {
        self.listens_to_hangup = true;
        self
    }

    /// Reads the settings for the first time.
    ///
    /// # Errors
    /// As [`Loader::load`]; also when the interval is out of its range.
    pub fn build(self) -> Result<Live, Error> {
        let mut disk = Disk::default();
        let outcome = self.loader.read(&mut disk);
        let interval_fits = (SHORTEST_INTERVAL..=LONGEST_INTERVAL).contains(&self.interval);
        if !interval_fits {
            let message = format!("the interval is {:?}; allowed is 100ms to 1h", self.interval);
            let others = outcome.err().unwrap_or_else(|| Error::new(Vec::new()));
            return Err(others.and(Problem::general(message)));
        }
        let loaded = outcome?;
        let (prints, passed) = disk.into_parts();
        Ok(Live {
            shared: Arc::new(Shared {
                loader: self.loader,
                clock: self.clock,
                interval: self.interval,
                listens_to_hangup: self.listens_to_hangup,
                current: watch::Sender::new(loaded),
                reading: Mutex::new(Reading {
                    accepted: prints.clone(),
                    latest: prints,
                    passed,
                }),
                refused: Mutex::new(None),
            }),
        })
    }
}

impl fmt::Debug for LiveBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LiveBuilder")
            .field("loader", &self.loader)
            .field("interval", &self.interval)
            .finish_non_exhaustive()
    }
}

impl Live {
    /// Settings that follow what `loader` gathers. Its variables and overrides stay what they are; its files, and those
    /// that `…_FILE` variables name, are read anew.
    pub fn builder(loader: Loader) -> LiveBuilder {
        LiveBuilder {
            loader,
            clock: Arc::new(SystemClock),
            interval: Duration::from_secs(2),
            listens_to_hangup: false,
        }
    }

    /// The settings in force. Costs a short read lock and a count; whoever needs several values that fit together asks
    /// once and keeps the answer.
    #[must_use]
    pub fn current(&self) -> Loaded {
        self.shared.current.borrow().clone()
    }

    /// Changes from now on.
    #[must_use]
    pub fn subscribe(&self) -> Changes {
        let mut receiver = self.shared.current.subscribe();
        let seen = receiver.borrow_and_update().clone();
        Changes { receiver, seen }
    }

    /// Why what the sources say now is not in force; nothing when it is.
    #[must_use]
    pub fn refused(&self) -> Option<Error> {
        locked(&self.shared.refused).clone()
    }

    /// Reads the settings anew and answers the keys that changed; none of them changed when there are none. Blocks while
    /// it reads files.
    ///
    /// # Errors
    /// When the new settings are wrong, or a file that was read before is gone: a file system that is not there must not
    /// turn everything back to defaults. The old settings stay in force.
    pub fn reload(&self) -> Result<Vec<String>, Error> {
        let mut reading = locked(&self.shared.reading);
        let mut disk = Disk::after(&reading.passed);
        let outcome = self.shared.loader.read(&mut disk);
        let (prints, passed) = disk.into_parts();
        reading.passed = passed;
        let gone: Vec<Problem> = reading.accepted.gone_in(&prints).map(is_gone).collect();
        let outcome = match outcome {
            Ok(loaded) if gone.is_empty() => Ok(loaded),
            Ok(_) => Err(Error::new(gone)),
            Err(error) => Err(error),
        };
        reading.latest = prints;
        match outcome {
            Ok(loaded) => {
                reading.accepted = reading.latest.clone();
                self.tell(None);
                Ok(self.replace(loaded))
            }
            Err(error) => {
                counter!(RELOADS, "outcome" => "refused").increment(1);
                tracing::error!(%error, "new settings are refused, the old ones stay in force");
                self.tell(Some(error.clone()));
                Err(error)
            }
        }
    }

    /// Keeps and measures whether the sources are followed.
    fn tell(&self, refused: Option<Error>) {
        *locked(&self.shared.refused) = refused;
        self.measure();
    }

    fn measure(&self) {
        let is_refused = locked(&self.shared.refused).is_some();
        gauge!(UP_TO_DATE).set(if is_refused { 0.0 } else { 1.0 });
    }

    /// Puts new settings in force. Also the same values may have other origins now.
    fn replace(&self, loaded: Loaded) -> Vec<String> {
        let keys = loaded.differences(&self.current());
        for warning in loaded.warnings() {
            tracing::warn!(%warning, "settings");
        }
        if keys.is_empty() {
            counter!(RELOADS, "outcome" => "unchanged").increment(1);
        } else {
            counter!(RELOADS, "outcome" => "applied").increment(1);
            tracing::info!(keys = keys.join(", "), "new settings are in force");
        }
        self.shared.current.send_replace(loaded);
        keys
    }

    /// Reads the settings anew whenever their files change, and at SIGHUP if that is wanted, until `stop` is ready.
    ///
    /// Files are looked at from time to time by their contents rather than by events of the file system: those differ
    /// between systems, are missing on network file systems, and follow the file that a path named at first, not the one
    /// that a swapped symbolic link (a mounted Kubernetes `ConfigMap`) or an editor's renaming puts there.
    ///
    /// # Errors
    /// When the system does not let us listen to SIGHUP.
    ///
    /// # Cancel safety
    /// Dropping the future ends the watching. A reading that has begun comes to its end.
    ///
    /// # Panics
    /// Outside a Tokio runtime.
    pub async fn run(&self, stop: impl Future<Output = ()>) -> Result<(), Error> {
        let mut hangup = Hangup::listen(self.shared.listens_to_hangup)?;
        let mut stop = pin!(stop);
        let mut settled: Option<Prints> = None;
        loop {
            self.measure(); // time and again, for who measures may begin after we did
            let is_asked = tokio::select! {
                biased;
                () = &mut stop => return Ok(()),
                () = hangup.next() => true,
                () = self.shared.clock.sleep(self.shared.interval) => false,
            };
            let live = self.clone();
            let before = settled.take();
            let looked = tokio::task::spawn_blocking(move || match is_asked {
                true => live.reload_and_forget(),
                false => live.look(before),
            });
            // It fails only when the runtime ends; then so does this future.
            settled = looked.await.unwrap_or_default();
        }
    }

    /// Looks at the files; answers what it saw when that is new, to be compared at the next look.
    fn look(&self, before: Option<Prints>) -> Option<Prints> {
        let latest = locked(&self.shared.reading).latest.clone();
        let now = latest.taken_again();
        if now == latest {
            return None;
        }
        if before.as_ref() != Some(&now) {
            return Some(now); // somebody may be writing still
        }
        self.reload_and_forget()
    }

    /// The outcome is logged, counted and kept already.
    fn reload_and_forget(&self) -> Option<Prints> {
        drop(self.reload());
        None
    }
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn is_gone(path: &std::path::Path) -> Problem {
    let origin = Origin::File {
        path: path.to_owned(),
        line: 1,
        column: 1,
    };
    Problem::of_source(origin, "the file is gone; restart to do without it")
}

impl fmt::Debug for Live {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Live")
            .field("loader", &self.shared.loader)
            .finish_non_exhaustive()
    }
}

/// Tells of new settings, see [`Live::subscribe`].
#[derive(Debug)]
pub struct Changes {
    receiver: watch::Receiver<Loaded>,
    seen: Loaded,
}

/// New settings, and which of them differ from those that the subscriber was told of before.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Change {
    /// The settings in force.
    pub loaded: Loaded,
    /// The keys whose values are others now, in their order.
    pub keys: Vec<String>,
}

impl Changes {
    /// Waits for settings that differ from the last ones told. A slow subscriber is told of several changes at once.
    /// Nothing once all [`Live`] handles are gone.
    ///
    /// # Cancel safety
    /// Dropping the future loses no change.
    pub async fn next(&mut self) -> Option<Change> {
        loop {
            self.receiver.changed().await.ok()?;
            let loaded = self.receiver.borrow_and_update().clone();
            let keys = loaded.differences(&self.seen);
            self.seen = loaded.clone();
            if !keys.is_empty() {
                return Some(Change { loaded, keys });
            }
        }
    }
}

/// SIGHUP, where it exists and is wanted.
struct Hangup {
    #[cfg(unix)]
    signal: Option<tokio::signal::unix::Signal>,
}

impl Hangup {
    #[cfg(unix)]
    fn listen(is_wanted: bool) -> Result<Self, Error> {
        use tokio::signal::unix::{SignalKind, signal};
        let signal = is_wanted.then(|| signal(SignalKind::hangup())).transpose();
        let signal = signal.map_err(|error| {
            let message = format!("SIGHUP cannot be listened to: {}", error.kind());
            Error::new(vec![Problem::general(message)])
        })?;
        Ok(Self { signal })
    }

    #[cfg(unix)]
    async fn next(&mut self) {
        let received = match &mut self.signal {
            Some(signal) => signal.recv().await,
            None => None,
        };
        if received.is_none() {
            std::future::pending::<()>().await;
        }
    }

    #[cfg(not(unix))]
    fn listen(_is_wanted: bool) -> Result<Self, Error> {
        Ok(Self {})
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        std::future::pending::<()>().await;
    }
}
