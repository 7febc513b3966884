//! How much of something each key may use in a time, in process or shared through Redis.
//!
//! ```text
//! Policy        a limit under a name: 5 a minute, 90,000 tokens a minute with a burst of 30,000
//! Policies      those that hold together for one request: all let it pass, or none counts it
//! Subject       who is limited in what: a class of routes, a principal, a network
//! Limiter       check, wait, reserve; what decides while the store is away
//! RateLimiter   the store: MemoryLimiter within one process, RedisLimiter for all replicas
//! Verdict       passes or not, where the key stands with each policy; Headers for HTTP
//! ```
//!
//! The policies come with each request, so that every key can have a plan of its own, and a plan can change at any
//! time. What a policy has counted is kept under the subject and the policy's name.
//!
//! # What is promised
//! - [`Kind::SlidingLog`]: at most `limit` units in **any** window of one period.
//! - [`Kind::Gcra`], with `T = period / limit`: at most `burst + ⌊W / T⌋` units in any window `W`. `T` is exact; what a
//!   request takes is rounded up to a microsecond, and so is a full burst, which makes it `⌊(W + 1 µs) / T⌋` where `T`
//!   is not a whole number of microseconds.
//! - A request that is refused is not counted, by none of its policies.
//! - A quota that changes keeps what was used, as the same part of a bucket, or as the same units of a log. When the
//!   change makes a log of a bucket or the reverse, the policy begins anew; [`Policy::kind`] holds it.

mod builder;
#[cfg(feature = "testing")]
pub mod contract;
mod error;
mod handle;
mod headers;
mod lanes;
mod late;
mod ledger;
mod memory;
mod policy;
mod rate;
#[cfg(feature = "redis")]
mod redis;
mod reservation;
mod shard;
mod subject;
mod telemetry;
#[cfg(test)]
mod tests;
mod verdict;

use std::fmt::Debug;

use async_trait::async_trait;

pub use self::builder::{LimiterBuilder, Outage};
pub use self::error::{Error, ErrorKind};
pub use self::handle::Limiter;
pub use self::headers::Headers;
pub use self::memory::{MemoryLimiter, MemoryLimiterBuilder};
pub use self::policy::{Counts, Kind, MAX_NAME, MAX_PERIOD, MAX_POLICIES, MIN_PERIOD, Policies, Policy};
#[cfg(feature = "redis")]
pub use self::redis::RedisLimiter;
pub use self::reservation::{Adjustment, Reservation};
pub use self::subject::Subject;
pub use self::telemetry::{DECISIONS, DEGRADED, describe};
pub use self::verdict::{Decision, PolicyState, Verdict};

/// A place that counts.
///
/// Verdicts are made here alone; outside this crate it is implemented to wrap another, to count or to fail on purpose.
/// Every implementation passes the suite in `contract`, which stands behind the feature `testing`, and answers or fails
/// within a time limit of its own: [`Limiter::check`] waits for it.
#[async_trait]
pub trait RateLimiter: Debug + Send + Sync + 'static {
    /// Checks all policies, then counts `cost` units for all of them, or for none; a cost of zero asks only.
    ///
    /// # Errors
    /// When the store cannot be asked, in which case it may have counted unless the kind says otherwise.
    ///
    /// # Cancel safety
    /// When the future is dropped, it may have been counted or not.
    async fn check(&self, subject: &Subject, policies: &Policies, cost: u32) -> Result<Verdict, Error>;

    /// Puts back what was taken too much, or takes what was taken too little.
    ///
    /// # Errors
    /// When the store cannot be asked; with [`ErrorKind::Unavailable`] nothing was done.
    ///
    /// # Cancel safety
    /// When the future is dropped, it may have been done or not.
    async fn adjust(&self, adjustment: &Adjustment) -> Result<(), Error>;

    /// The same as [`check`](Self::check), by a store that has nothing to wait for; nothing by any other.
    fn check_now(&self, subject: &Subject, policies: &Policies, cost: u32) -> Option<Verdict> {
        let _ = (subject, policies, cost);
        None
    }

    /// The same as [`adjust`](Self::adjust), by a store that has nothing to wait for; whether it was done.
    fn adjust_now(&self, adjustment: &Adjustment) -> bool {
        let _ = adjustment;
        false
    }
}
