//! Readiness from named checks, cheap enough to be asked at any rate.
//!
//! Liveness needs none of this: a process that answers is alive. Readiness asks what the process depends on. All
//! checks run at once, each in a task of its own and within its time limit; the report is kept for two seconds, and
//! whoever asks while the checks run waits for the same run, which goes on when a caller goes away. A storm of probes
//! therefore costs one check of each component, and a check that panics or hangs is `down` and holds nobody up.
//!
//! A failed component says what it is (`down`, `degraded`); its [`Criticality`] says what that means for the whole.
//! [`HealthRegistry::drain`] makes the process unready at once, whatever its components say.
//!
//! # Examples
//! ```
//! use aurora_core::health::{Criticality, HealthCheck, HealthError, HealthRegistry, Status};
//!
//! #[derive(Debug)]
//! struct Queue;
//!
//! #[async_trait::async_trait]
//! impl HealthCheck for Queue {
//!     fn name(&self) -> &str {
//!         "queue"
//!     }
//!
//!     async fn check(&self) -> Result<(), HealthError> {
//!         Err(HealthError::new("the queue is full"))
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), aurora_core::health::Error> {
//! let health = HealthRegistry::builder().check(Criticality::Degraded, Queue).build()?;
//! let report = health.report().await;
//! assert_eq!(report.components[0].status, Status::Down);
//! assert_eq!(report.status, Status::Degraded, "the process can do without it");
//! assert!(report.is_ready());
//! # Ok(())
//! # }
//! ```

mod checks;
#[cfg(feature = "testing")]
pub mod contract;
mod registry;
mod run;

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use serde::{Serialize, Serializer};

use crate::failure::Failure;
use crate::time::Timestamp;

#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use checks::DatabaseCheck;
pub use checks::{CacheCheck, FallbackCheck, FnCheck};
pub use registry::{HealthRegistry, HealthRegistryBuilder};

/// Something that the process depends on and that can say whether it works.
///
/// Every implementation passes the suite in `contract`, which stands behind the feature `testing`.
#[async_trait]
pub trait HealthCheck: fmt::Debug + Send + Sync + 'static {
    /// Name of the component in reports and metrics; the same for the life of the process, unique in a registry. From
    /// 1 to 64 of `a-z`, `0-9`, `_`, `-`, `.` and `:`.
    fn name(&self) -> &str;

    /// Asks the component.
    ///
    /// # Errors
    /// When the component does not work, or works worse than it should, with the reason in fixed words.
    ///
    /// # Cancel safety
    /// The future is dropped when its time limit has passed, so it has to be cancel-safe. It should not block the
    /// thread; one that does is not asked again until it has come back.
    async fn check(&self) -> Result<(), HealthError>;

    /// Time that the check may take, where it should be shorter than the registry's own limit.
    fn time_limit(&self) -> Option<Duration> {
        None
    }
}

/// Why a component is not well.
///
/// Made of fixed words alone, because reports reach people who may see neither an address nor a secret.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{detail}")]
pub struct HealthError {
    detail: &'static str,
    status: Status,
}

impl HealthError {
    /// The component does not work; the reason in fixed words, lower case.
    #[must_use]
    pub const fn new(detail: &'static str) -> Self {
        Self {
            detail,
            status: Status::Down,
        }
    }

    /// The component works, but worse than it should; the reason in fixed words, lower case.
    #[must_use]
    pub const fn degraded(detail: &'static str) -> Self {
        Self {
            detail,
            status: Status::Degraded,
        }
    }

    /// The component does not work; the class of the failure, such as `timeout`, without its text.
    #[must_use]
    pub fn of(failure: &impl Failure) -> Self {
        Self::new(failure.class().as_str())
    }

    /// The reason.
    #[must_use]
    pub const fn detail(&self) -> &'static str {
        self.detail
    }

    /// [`Status::Down`] or [`Status::Degraded`].
    #[must_use]
    pub const fn status(&self) -> Status {
        self.status
    }
}

/// What the failure of a component means for the whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Criticality {
    /// Nothing works without it: the database.
    Critical,
    /// Something works worse without it: a cache, a model provider, a channel.
    Degraded,
}

impl Criticality {
    /// What the state of a component means for the whole.
    #[must_use]
    pub fn weigh(self, status: Status) -> Status {
        match self {
            Self::Critical => status,
            Self::Degraded => status.min(Status::Degraded),
        }
    }
}

/// How well a component or the whole is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    /// Everything works.
    Ok,
    /// It serves, but worse than it should.
    Degraded,
    /// It cannot serve.
    Down,
}

impl Status {
    /// `ok`, `degraded` or `down`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Degraded => "degraded",
            Self::Down => "down",
        }
    }
}

/// The state of the whole and of each component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Report {
    /// The worst of what the components mean for the whole.
    pub status: Status,
    /// Whether the process is about to stop.
    pub draining: bool,
    /// Each component, in the order in which they were registered.
    pub components: Vec<Component>,
}

impl Report {
    /// Whether requests should be sent here.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.status != Status::Down && !self.draining
    }
}

/// The state of one component.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Component {
    /// Name of the check.
    pub name: String,
    /// Its own state.
    pub status: Status,
    /// What its state means for the whole.
    pub criticality: Criticality,
    /// Why it is not well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detail: Option<&'static str>,
    /// When the check began.
    pub checked_at: Timestamp,
    /// How long the check took; serialised as `latency_ms`, in milliseconds.
    #[serde(rename = "latency_ms", serialize_with = "milliseconds")]
    pub latency: Duration,
    /// Since when it is in this state, as far as checks have seen it.
    pub since: Timestamp,
    /// When a check last found it well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub last_ok_at: Option<Timestamp>,
}

/// What is wrong with a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// Another check has the name.
    Duplicate,
    /// The name cannot be a label.
    Name,
    /// The registry has 256 checks already.
    TooMany,
}

/// A check cannot be registered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    name: String,
}

impl Error {
    /// What is wrong.
    #[must_use]
    pub const fn kind(&self) -> ErrorKind {
        self.kind
    }

    /// Whether the same check can be registered later; once another one was removed.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        false
    }
}

impl std::error::Error for Error {}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = &self.name;
        match self.kind {
            ErrorKind::Duplicate => write!(f, "two health checks are named {name:?}"),
            ErrorKind::Name => write!(
                f,
                "a health check cannot be named {name:?}; allowed are 1 to 64 of a-z, 0-9, _, -, . and :"
            ),
            ErrorKind::TooMany => write!(f, "there is no room for the health check {name:?}"),
        }
    }
}

fn milliseconds<S: Serializer>(latency: &Duration, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_f64(latency.as_secs_f64() * 1_000.0)
}

#[cfg(test)]
mod tests;
