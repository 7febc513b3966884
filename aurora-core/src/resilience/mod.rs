//! Mechanisms that keep a call going when what it calls does not; each can be used alone.
//!
//! ```text
//! RetryPolicy   how long to wait before the next attempt: exponential, full jitter, Retry-After
//! RetryBudget   how many retries the whole process may spend, so that retries never become the outage
//! Breaker       whether a target is worth calling at all
//! Deadline      until when any of it makes sense
//! CallBudget    what one logical call may spend in all: retry, hedge and fallback draw from it
//! limiter       how much of something each key may use in a time, in process or shared through Redis
//! ```
//!
//! [`crate::fallback`] composes them over several targets.

mod breaker;
mod budget;
mod call;
mod deadline;
mod guarded;
pub mod limiter;
mod retry;
#[cfg(test)]
mod tests;
mod window;

pub use breaker::{
    Breaker, BreakerBuilder, BreakerSnapshot, BreakerState, IllegalTransition, Outcome, Permit, Rejected,
    Transition, TransitionReason, Transitions,
};
pub use budget::{RetryBudget, Withdrawal};
pub use call::{CallAttempt, CallBudget, CallExhausted};
pub use deadline::{Deadline, Overdue, TIMEOUT_HEADER};
pub use guarded::Guarded;
pub use retry::{Backoff, GaveUp, Idempotency, Retry, RetryError, RetryPolicy};
