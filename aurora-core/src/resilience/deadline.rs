//! Until when work makes sense.

use std::time::Duration;

use crate::time::Clock;

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

    /// Whether it has passed.
    #[must_use]
    pub fn is_past(self, clock: &dyn Clock) -> bool {
        self.remaining(clock).is_some_and(|left| left.is_zero())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::ManualClock;

    #[test]
    fn the_earlier_deadline_wins_and_none_is_never() {
        let clock = ManualClock::default();
        let near = Deadline::after(&clock, Duration::from_secs(1));
        let far = Deadline::after(&clock, Duration::from_secs(2));
        assert_eq!(near.earlier(far), near);
        assert_eq!(Deadline::NONE.earlier(far), far);
        assert_eq!(Deadline::NONE.remaining(&clock), None);
        assert!(Deadline::NONE.allows(&clock, Duration::MAX));
    }

    #[test]
    fn a_passed_deadline_allows_nothing() {
        let clock = ManualClock::default();
        let deadline = Deadline::after(&clock, Duration::from_secs(1));
        clock.advance(Duration::from_secs(5));
        assert!(deadline.is_past(&clock));
        assert!(!deadline.allows(&clock, Duration::ZERO));
    }
}
