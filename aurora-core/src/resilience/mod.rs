//! Mechanisms that keep a call going when what it calls does not; each can be used alone.
//!
//! ```text
//! RetryPolicy   how long to wait before the next attempt: exponential, full jitter, Retry-After
//! RetryBudget   how many retries the whole process may spend, so that retries never become the outage
//! Breaker       whether a target is worth calling at all
//! Bulkhead      how many calls may be under way, fairly shared by tenants
//! ClientThrottle  not sending what an overloaded target would refuse
//! Hedge         a second attempt when the first takes longer than it should
//! AdaptiveLimit how many calls at once can be served, found out while they are made
//! Deadline      until when any of it makes sense
//! CallBudget    what one logical call may spend in all: retry, hedge and fallback draw from it
//! limiter       how much of something each key may use in a time, in process or shared through Redis
//! ```
//!
//! [`crate::fallback`] composes them over several targets.

mod breaker;
mod budget;
mod bulkhead;
mod call;
mod concurrency;
mod deadline;
mod gate;
mod guarded;
mod hedge;
pub mod limiter;
mod retry;
mod shed;
#[cfg(test)]
mod tests;
mod throttle;
mod window;

pub use breaker::{
    Breaker, BreakerBuilder, BreakerSnapshot, BreakerState, IllegalTransition, Outcome, Permit, Rejected,
    Transition, TransitionReason, Transitions,
};
pub use budget::{RetryBudget, Withdrawal};
pub use bulkhead::{Bulkhead, BulkheadSlot};
pub use call::{CallAttempt, CallBudget, CallExhausted};
pub use concurrency::{AdaptiveLimit, Class, LimitSlot};
pub use deadline::{Deadline, Overdue, TIMEOUT_HEADER};
pub use guarded::Guarded;
pub use hedge::{Hedge, Hedged, HedgedCall};
pub use retry::{Backoff, GaveUp, Idempotency, Retry, RetryError, RetryPolicy};
pub use shed::{Shed, ShedReason};
pub use throttle::{ClientThrottle, ThrottlePermit};
