//! Until when work makes sense.

use std::time::Duration;

use futures::future::{Either, select};

use crate::failure::{Failure, FailureClass};
use crate::time::Clock;

/// The header in which a deadline travels between processes: the milliseconds that are left.
///
/// It is relative, because two machines do not agree on the time; what the network takes is lost to neither, since each
/// side counts from when it has read or written it.
pub const TIMEOUT_HEADER: &str = "x-request-timeout-ms";

/// A point in monotonic time after which nobody waits for the answer any more.
///
/// It travels with the call, and every wait inside is cut to what remains.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aurora_core::{resilience::Deadline, time::ManualClock};
///
/// let clock = ManualClock::default();
/// let deadline = Deadline::after(&clock, Duration::from_secs(10));
/// clock.advance(Duration::from_secs(4));
/// assert_eq!(deadline.remaining(&clock), Some(Duration::from_secs(6)));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Deadline {
    /// [`Clock::elapsed`] at the deadline; `None` is never.
    at: Option<Duration>,
}

impl Deadline {
    /// No deadline.
    pub const NONE: Self = Self { at: None };

    /// A deadline `limit` from now.
    #[must_use]
    pub fn after(clock: &dyn Clock, limit: Duration) -> Self {
        Self {
            at: Some(clock.elapsed().saturating_add(limit)),
        }
    }

    /// The earlier of the two.
    #[must_use]
    pub fn earlier(self, other: Self) -> Self {
        match (self.at, other.at) {
            (Some(a), Some(b)) => Self { at: Some(a.min(b)) },
            (at, None) | (None, at) => Self { at },
        }
    }

    /// The time that is left: zero when it has passed, `None` when there is no deadline.
    #[must_use]
    pub fn remaining(self, clock: &dyn Clock) -> Option<Duration> {
        self.at.map(|at| at.saturating_sub(clock.elapsed()))
    }

    /// Whether a wait of this length ends before the deadline.
    #[must_use]
    pub fn allows(self, clock: &dyn Clock, wait: Duration) -> bool {
        self.remaining(clock).is_none_or(|left| wait < left)
    }

    /// The value of [`TIMEOUT_HEADER`] for a request that is sent now; `None` when there is no deadline.
    ///
    /// Rounded down, so that the other side never believes to have more time.
    #[must_use]
    pub fn to_header(self, clock: &dyn Clock) -> Option<String> {
        self.remaining(clock)
            .map(|left| left.as_millis().min(MOST_MS).to_string())
    }

    /// The deadline of a request that came in now, from [`TIMEOUT_HEADER`] or gRPC's `grpc-timeout`; `longest` from now
    /// if it has none, or asks for more, or says what cannot be understood.
    ///
    /// The value is 1 to 8 digits and a unit as in the gRPC protocol: `H`, `M`, `S`, `m`, `u`, `n`; without one it is
    /// milliseconds.
    #[must_use]
    pub fn from_header(clock: &dyn Clock, value: Option<&str>, longest: Duration) -> Self {
        let asked = value.and_then(|value| timeout(value.trim()));
        Self::after(clock, asked.map_or(longest, |asked| asked.min(longest)))
    }

    /// Waits for `future`, but not beyond the deadline. Nothing of it is polled when that has passed already.
    ///
    /// # Errors
    /// [`Overdue`] when the deadline came first; the future has been dropped then.
    ///
    /// # Cancel safety
    /// As `future`.
    pub async fn run<F: Future>(self, clock: &dyn Clock, future: F) -> Result<F::Output, Overdue> {
        let Some(left) = self.remaining(clock) else {
            return Ok(future.await);
        };
        if left.is_zero() {
            return Err(Overdue);
        }
        let future = std::pin::pin!(future);
        match select(future, clock.sleep(left)).await {
            Either::Left((output, _)) => Ok(output),
            Either::Right(((), _)) => Err(Overdue),
        }
    }

    /// Whether it has passed.
    #[must_use]
    pub fn is_past(self, clock: &dyn Clock) -> bool {
        self.remaining(clock).is_some_and(|left| left.is_zero())
    }
}

/// Eight digits, the most that the header may have.
const MOST_MS: u128 = 99_999_999;

fn timeout(value: &str) -> Option<Duration> {
    let digits = value.trim_end_matches(|last: char| last.is_ascii_alphabetic());
    if digits.is_empty() || digits.len() > 8 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
        return None;
    }
    let number = digits.parse().ok()?;
    match value.get(digits.len()..)? {
        "H" => Some(Duration::from_secs(number * 3_600)),
        "M" => Some(Duration::from_secs(number * 60)),
        "S" => Some(Duration::from_secs(number)),
        "" | "m" => Some(Duration::from_millis(number)),
        "u" => Some(Duration::from_micros(number)),
        "n" => Some(Duration::from_nanos(number)),
        _ => None,
    }
}

/// The deadline came before the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the deadline has passed")]
#[non_exhaustive]
pub struct Overdue;

impl Failure for Overdue {
    fn class(&self) -> FailureClass {
        FailureClass::Timeout
    }
}
