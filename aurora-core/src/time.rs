//! Time as a value that tests can move.
//!
//! Nothing in Aurora asks the operating system for the time: it asks a [`Clock`]. Two notions are kept apart:
//! [`Timestamp`] is wall-clock time, good for records and for people; [`Clock::elapsed`] is monotonic, good for
//! time limits, and unaffected when somebody sets the machine's clock.

use std::fmt;
use std::ops::{Add, Sub};
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use chrono::{DateTime, SecondsFormat, Utc};
use tokio::sync::watch;

/// An instant in UTC with microsecond precision, the precision that PostgreSQL keeps.
///
/// Shown and serialised as RFC 3339 (`2026-07-01T12:00:00.000000Z`); stored as `timestamptz` in PostgreSQL and as
/// `INTEGER` microseconds in SQLite.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Timestamp(i64);

impl Timestamp {
    /// The Unix epoch, 1970-01-01T00:00:00Z.
    pub const UNIX_EPOCH: Self = Self(0);

    /// Makes a timestamp from microseconds since the Unix epoch.
    #[must_use]
    pub const fn from_micros(micros: i64) -> Self {
        Self(micros)
    }

    /// Makes a timestamp from whole seconds since the Unix epoch.
    #[must_use]
    pub const fn from_secs(secs: i64) -> Self {
        Self(secs.saturating_mul(1_000_000))
    }

    /// Microseconds since the Unix epoch.
    #[must_use]
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// Milliseconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0.div_euclid(1_000)
    }

    /// Whole seconds since the Unix epoch, rounded down.
    #[must_use]
    pub const fn as_secs(self) -> i64 {
        self.0.div_euclid(1_000_000)
    }

    /// The time that has passed since `earlier`; zero when `earlier` is later.
    #[must_use]
    pub fn since(self, earlier: Self) -> Duration {
        let micros = self.0.saturating_sub(earlier.0);
        Duration::from_micros(u64::try_from(micros).unwrap_or(0))
    }

    /// Parses RFC 3339 with any offset.
    ///
    /// # Errors
    /// When the text is not RFC 3339.
    pub fn parse(text: &str) -> Result<Self, ParseTimestampError> {
        let parsed = DateTime::parse_from_rfc3339(text).map_err(|_| ParseTimestampError)?;
        Ok(parsed.with_timezone(&Utc).into())
    }
}

/// The text was not an RFC 3339 time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an RFC 3339 time such as 2026-07-01T12:00:00Z")]
pub struct ParseTimestampError;

impl From<DateTime<Utc>> for Timestamp {
    fn from(value: DateTime<Utc>) -> Self {
        Self(value.timestamp_micros())
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match DateTime::<Utc>::from_timestamp_micros(self.0) {
            Some(time) => f.write_str(&time.to_rfc3339_opts(SecondsFormat::Micros, true)),
            None => write!(f, "{}us", self.0),
        }
    }
}

impl fmt::Debug for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Timestamp {
    type Err = ParseTimestampError;

    fn from_str(text: &str) -> Result<Self, ParseTimestampError> {
        Self::parse(text)
    }
}

impl Add<Duration> for Timestamp {
    type Output = Self;

    fn add(self, rhs: Duration) -> Self {
        Self(
            self.0
                .saturating_add(i64::try_from(rhs.as_micros()).unwrap_or(i64::MAX)),
        )
    }
}

impl Sub<Duration> for Timestamp {
    type Output = Self;

    fn sub(self, rhs: Duration) -> Self {
        Self(
            self.0
                .saturating_sub(i64::try_from(rhs.as_micros()).unwrap_or(i64::MAX)),
        )
    }
}

crate::serde_as_text!(Timestamp);

/// The only source of time in Aurora.
#[async_trait]
pub trait Clock: fmt::Debug + Send + Sync + 'static {
    /// The wall-clock time.
    fn now(&self) -> Timestamp;

    /// Monotonic time since an arbitrary fixed point; never goes back.
    fn elapsed(&self) -> Duration;

    /// Waits until `duration` has passed on this clock.
    ///
    /// # Cancel safety
    /// Dropping the future ends the wait and has no other effect.
    async fn sleep(&self, duration: Duration);
}

#[async_trait]
impl<C: Clock + ?Sized> Clock for Arc<C> {
    fn now(&self) -> Timestamp {
        (**self).now()
    }

    fn elapsed(&self) -> Duration {
        (**self).elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        (**self).sleep(duration).await;
    }
}

/// The operating system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

#[async_trait]
impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place that everything else asks"
    )]
    fn now(&self) -> Timestamp {
        Utc::now().into()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place that everything else asks"
    )]
    fn elapsed(&self) -> Duration {
        use std::sync::OnceLock;
        use std::time::Instant;
        // A fixed point to count from; it carries no state that two users could see of each other.
        static ORIGIN: OnceLock<Instant> = OnceLock::new();
        ORIGIN.get_or_init(Instant::now).elapsed()
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "this is the place that everything else asks"
    )]
    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

/// A clock that stands still until it is told to move; clones share the same time.
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aurora_core::time::{Clock, ManualClock, Timestamp};
///
/// let clock = ManualClock::at(Timestamp::from_secs(1_000));
/// clock.advance(Duration::from_secs(5));
/// assert_eq!(clock.now(), Timestamp::from_secs(1_005));
/// ```
#[derive(Debug, Clone)]
pub struct ManualClock {
    inner: Arc<ManualInner>,
}

#[derive(Debug)]
struct ManualInner {
    wall: Mutex<Timestamp>,
    elapsed: watch::Sender<Duration>,
}

impl ManualClock {
    /// A clock that shows `now`.
    #[must_use]
    pub fn at(now: Timestamp) -> Self {
        let (elapsed, _) = watch::channel(Duration::ZERO);
        Self {
            inner: Arc::new(ManualInner {
                wall: Mutex::new(now),
                elapsed,
            }),
        }
    }

    /// Moves wall and monotonic time forward and wakes whoever waited for it.
    pub fn advance(&self, by: Duration) {
        {
            let mut wall = self.inner.wall.lock().unwrap_or_else(PoisonError::into_inner);
            *wall = *wall + by;
        }
        self.inner
            .elapsed
            .send_modify(|elapsed| *elapsed = elapsed.saturating_add(by));
    }

    /// Sets the wall clock alone, as when somebody corrects the machine's clock.
    pub fn set_wall(&self, now: Timestamp) {
        *self.inner.wall.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    /// How many tasks wait in [`Clock::sleep`] right now.
    #[must_use]
    pub fn sleepers(&self) -> usize {
        self.inner.elapsed.receiver_count()
    }
}

impl Default for ManualClock {
    /// A clock that shows 2026-01-01T00:00:00Z.
    fn default() -> Self {
        Self::at(Timestamp::from_secs(1_767_225_600))
    }
}

#[async_trait]
impl Clock for ManualClock {
    fn now(&self) -> Timestamp {
        *self.inner.wall.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn elapsed(&self) -> Duration {
        *self.inner.elapsed.borrow()
    }

    async fn sleep(&self, duration: Duration) {
        let mut elapsed = self.inner.elapsed.subscribe();
        let due = elapsed.borrow().saturating_add(duration);
        // The sender lives in `self`, so waiting can only end by the time being reached.
        if elapsed.wait_for(|now| *now >= due).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rfc_3339_goes_both_ways_and_offsets_become_utc() {
        let parsed = Timestamp::parse("2026-07-01T09:30:00.123456-03:00").unwrap();
        assert_eq!(parsed.to_string(), "2026-07-01T12:30:00.123456Z");
        assert_eq!(Timestamp::parse(&parsed.to_string()).unwrap(), parsed);
        assert!(Timestamp::parse("yesterday").is_err());
    }

    #[test]
    fn arithmetic_saturates_at_the_ends() {
        let end = Timestamp::from_micros(i64::MAX);
        assert_eq!(end + Duration::from_secs(1), end);
        assert_eq!(Timestamp::UNIX_EPOCH.since(end), Duration::ZERO);
        assert_eq!(Timestamp::from_micros(-1).as_secs(), -1);
    }

    #[tokio::test]
    async fn manual_sleep_ends_only_when_time_is_moved() {
        let clock = ManualClock::default();
        let sleeper = {
            let clock = clock.clone();
            tokio::task::spawn(async move { clock.sleep(Duration::from_secs(10)).await })
        };
        while clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        clock.advance(Duration::from_secs(9));
        tokio::task::yield_now().await;
        assert!(!sleeper.is_finished());
        clock.advance(Duration::from_secs(1));
        sleeper.await.unwrap();
    }

    #[test]
    fn setting_the_wall_leaves_monotonic_time_alone() {
        let clock = ManualClock::default();
        clock.set_wall(Timestamp::from_secs(5));
        assert_eq!(clock.elapsed(), Duration::ZERO);
    }
}
