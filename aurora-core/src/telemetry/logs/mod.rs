//! The log of a process.

mod builder;
mod error;
mod fields;
mod filter;
mod layer;
mod line;
mod queue;
mod redact;
mod rotate;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use tracing::{Level, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::SubscriberExt as _;
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt as _;

pub use builder::LogsBuilder;
pub use error::{Error, ErrorKind};
pub use line::Format;
pub use rotate::{Period, Rotation};

use filter::{Wanted, Wish};
use layer::{LineLayer, Shared};

/// Longest that the end of a log waits for a stream or a file.
const END_LIMIT: Duration = Duration::from_secs(1);

/// The log of a process: where its lines go, and which; clones are handles to the same log.
///
/// Lines are written by threads of their own. Who logs never waits: when a disk stands still or is full, lines are lost
/// and counted (`aurora_log_lines_lost_total`, [`Logs::lost`]). When the last handle is dropped, what waits is written,
/// for at most a second per stream or file; keep one until the end of `main`.
///
/// # Examples
/// ```
/// use aurora_core::telemetry::{Format, Logs};
/// use tracing_subscriber::layer::SubscriberExt as _;
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = tempfile::tempdir()?;
/// let path = folder.path().join("app.log");
/// let logs = Logs::builder("app").own("app").file(&path).build()?;
/// // A program says `logs.install()?`; here the log is used for one piece of code alone.
/// let subscriber = tracing_subscriber::registry().with(logs.layer());
/// tracing::subscriber::with_default(subscriber, || {
///     let _request = tracing::info_span!(target: "app", "request", request_id = "req_17").entered();
///     tracing::warn!(target: "app", disk = "sda", password = "hunter2", "slow disk");
/// });
/// drop(logs);
/// let line: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
/// assert_eq!(line["message"], "slow disk");
/// assert_eq!(line["request_id"], "req_17");
/// assert_eq!(line["password"], "[redacted]");
/// # Ok(())
/// # }
/// ```
#[derive(Clone)]
#[must_use = "the log ends with its last handle"]
pub struct Logs {
    inner: Arc<Inner>,
}

struct Inner {
    shared: Arc<Shared>,
    wanted: Arc<Wanted>,
}

impl Logs {
    /// A log of the service of this name, which goes nowhere until it is told where.
    pub fn builder(service: impl Into<String>) -> LogsBuilder {
        LogsBuilder::new(service.into())
    }

    /// The log as a layer of a subscriber that an application builds itself.
    #[must_use]
    pub fn layer<S>(&self) -> impl Layer<S> + Send + Sync + use<S>
    where
        S: Subscriber + for<'a> LookupSpan<'a>,
    {
        LineLayer(Arc::clone(&self.inner.shared)).with_filter(Wish(Arc::clone(&self.inner.wanted)))
    }

    /// Makes this the log of the process. For programs; a library never does this.
    ///
    /// Records of the `log` facade arrive here too.
    ///
    /// # Errors
    /// [`ErrorKind::Installed`] when the process has a subscriber already, which stays.
    pub fn install(&self) -> Result<(), Error> {
        let installed = tracing_subscriber::registry().with(self.layer()).try_init();
        installed.map_err(|source| {
            Error::new(ErrorKind::Installed, "the process has a log already").caused_by(source)
        })?;
        self.inner.wanted.installed();
        Ok(())
    }

    /// The level of the own targets.
    #[must_use]
    pub fn level(&self) -> Level {
        self.inner.wanted.level()
    }

    /// Changes the level of the own targets at once, for instance when the configuration was read again.
    ///
    /// # Errors
    /// Never in practice: the directives were checked before.
    pub fn set_level(&self, level: Level) -> Result<(), Error> {
        self.inner.wanted.change(level, None)
    }

    /// Changes the level and the directives for single targets at once.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when one is no directive; then nothing changes.
    pub fn set_filter(
        &self,
        level: Level,
        directives: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<(), Error> {
        let directives = directives.into_iter().map(Into::into).collect();
        self.inner.wanted.change(level, Some(directives))
    }

    /// Takes over the level and the directives of settings that were read again; the rest holds from the next start.
    ///
    /// # Errors
    /// [`ErrorKind::Invalid`] when one is no directive; then nothing changes.
    #[cfg(feature = "config")]
    pub fn apply(&self, settings: &crate::config::Settings) -> Result<(), Error> {
        self.set_filter(settings.log.level.into(), settings.log.targets.iter().cloned())
    }

    /// Lines that were lost since the beginning, because a stream or file was too slow, full or gone.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.inner.shared.sinks.iter().map(|sink| sink.queue.lost()).sum()
    }
}

impl fmt::Debug for Logs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Logs")
            .field("level", &self.level())
            .field("lost", &self.lost())
            .finish_non_exhaustive()
    }
}

impl Drop for Inner {
    fn drop(&mut self) {
        let queues = || self.shared.sinks.iter().map(|sink| &sink.queue);
        queues().for_each(queue::Queue::close);
        queues().for_each(|queue| queue.wait(END_LIMIT));
    }
}

#[cfg(test)]
mod tests;
