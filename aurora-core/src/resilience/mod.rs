//! Mechanisms that keep a call going when what it calls does not; each can be used alone.
//!
//! ```text
//! RetryPolicy   how long to wait before the next attempt: exponential, full jitter, Retry-After
//! RetryBudget   how many retries the whole process may spend, so that retries never become the outage
//! Breaker       whether a target is worth calling at all
//! Deadline      until when any of it makes sense
//! ```
//!
//! [`crate::fallback`] composes them over several targets.

mod breaker;
mod budget;
mod deadline;
mod retry;
mod window;

pub use breaker::{Breaker, BreakerBuilder, BreakerState, Outcome, Permit, Rejected};
pub use budget::{RetryBudget, Withdrawal};
pub use deadline::Deadline;
pub use retry::{Backoff, Retry, RetryPolicy};
