//! One operation, several targets: whoever is healthy answers.
//!
//! A [`Fallback`] knows named targets with a priority and whatever a caller needs to reach them (an API client, a URL,
//! a provider and model). A call tries them in the order of a [`Selection`]: each behind its circuit breaker, retried
//! within one budget, until one answers, none is left, the deadline passes, or the error says that nobody could answer.
//! Targets come and go while calls run; [`Checks`] find a target that is down before a user does.
//!
//! # Examples
//! ```
//! use aurora_core::fallback::{Fallback, Target};
//! # #[derive(Debug, thiserror::Error)] #[error("down")] struct Down;
//! # impl aurora_core::failure::Failure for Down {
//! #     fn class(&self) -> aurora_core::failure::FailureClass { aurora_core::failure::FailureClass::Credential }
//! # }
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), aurora_core::fallback::Error> {
//! let fallback = Fallback::builder()
//!     .target(Target::new("primary", "https://a.example"))
//!     .target(Target::new("backup", "https://b.example").priority(2))
//!     .build()?;
//! let served = fallback
//!     .call()
//!     .run(|attempt| async move {
//!         if attempt.name() == "primary" { Err(Down) } else { Ok(*attempt.payload()) }
//!     })
//!     .await
//!     .unwrap();
//! assert_eq!(served.target(), "backup");
//! assert_eq!(served.into_value(), "https://b.example");
//! # Ok(())
//! # }
//! ```

mod builder;
mod call;
mod checks;
mod error;
mod member;
mod order;
mod outcome;
mod plan;
mod registry;
mod run;
mod selection;
mod statistics;
mod target;

use std::fmt;
use std::sync::{Arc, RwLock};

use tokio::sync::Notify;

use crate::monitor::Monitor;
use crate::resilience::{BreakerBuilder, RetryPolicy};
use crate::rng::Random;
use crate::time::Clock;
use member::Member;
use statistics::Calls;

pub use builder::FallbackBuilder;
pub use call::Call;
pub use checks::{CheckReport, Checks};
pub use error::{Error, ErrorKind};
pub use member::{LastError, Mode};
pub use outcome::{AttemptOutcome, AttemptRecord, Exhausted, Lease, Served};
pub use plan::{Action, Admission, ByClass, Gate, Plan};
pub use selection::{ByPriority, Candidate, HealthiestFirst, LowestCost, LowestLatency, Selection, Weighted};
pub use statistics::{LatencyStatus, Statistics, TargetStatus};
pub use target::{Attempt, Operation, Target};

/// Named targets of one operation; clones share their health.
pub struct Fallback<T> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    /// Replaced as a whole, so that a call under way keeps the list with which it began.
    targets: RwLock<Arc<[Arc<Member<T>>]>>,
    selection: Arc<dyn Selection>,
    policy: RetryPolicy,
    budget: builder::Budget,
    breaker: BreakerBuilder,
    last_resort: bool,
    checks: Option<Checks<T>>,
    /// Tells the loop of checks that it has to look again.
    changed: Notify,
    calls: Calls,
    monitor: Monitor,
    clock: Arc<dyn Clock>,
    random: Random,
}

impl<T> Fallback<T> {
    /// Begins with no target.
    pub fn builder() -> FallbackBuilder<T> {
        FallbackBuilder::default()
    }

    /// Where every attempt is recorded under its target's name.
    #[must_use]
    pub fn monitor(&self) -> &Monitor {
        &self.inner.monitor
    }
}

impl<T> Clone for Fallback<T> {
    fn clone(&self) -> Self {
        Self {
            inner: Arc::clone(&self.inner),
        }
    }
}

impl<T> fmt::Debug for Fallback<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Fallback")
            .field("targets", &self.names())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
