//! Not sending what would be refused.

use std::sync::Arc;
use std::time::Duration;

use super::breaker::Outcome;
use super::shed::{Shed, ShedReason};
use crate::failure::FailureClass;
use crate::rng::Random;
use crate::sync::{Mutex, PoisonError};
use crate::time::{Clock, SystemClock};

/// 12 buckets of 10 s: two minutes.
const BUCKETS: usize = 12;
const BUCKET_SECS: u64 = 10;
/// So many calls pass for each that the target accepts.
const K: f64 = 2.0;
/// At least one call in ten passes, or nobody would see that the target is back.
const MOST: f64 = 0.9;

/// Client-side throttling: the more a target refuses, the fewer calls are sent to it.
///
/// A call is refused here with the probability `max(0, (requests − K·accepts) / (requests + 1))`, K = 2, at most 0.9,
/// over the last two minutes ("Handling Overload" in Google's SRE book). A request counts from before it is sent, and what
/// is refused here counts too. So a target in trouble gets about twice what it can take and not all that there is,
/// without a state that opens and closes.
///
/// Accepted is what the target worked on: also a call that it answered as wrong. Throttled, failed and late is not.
/// A call that is given up counts as if it had never been. Clones share the counts.
///
/// # Examples
/// ```
/// use aurora_core::{failure::FailureClass, resilience::{ClientThrottle, Outcome}};
///
/// let throttle = ClientThrottle::default();
/// for _ in 0..100 {
///     if let Ok(permit) = throttle.try_acquire() {
///         permit.record(Outcome::Failed(FailureClass::Throttled, None));
///     }
/// }
/// assert!(throttle.rejects() > 0.85);
/// ```
#[derive(Debug, Clone)]
pub struct ClientThrottle {
    counts: Arc<Mutex<Counts>>,
    clock: Arc<dyn Clock>,
    random: Random,
}

#[derive(Debug, Default)]
struct Counts {
    buckets: [Bucket; BUCKETS],
}

#[derive(Debug, Clone, Copy, Default)]
struct Bucket {
    number: u64,
    requests: u32,
    accepts: u32,
}

impl Counts {
    fn bucket(&mut self, number: u64) -> Option<&mut Bucket> {
        let place = usize::try_from(number % BUCKETS as u64).unwrap_or(0);
        let bucket = self.buckets.get_mut(place)?;
        if bucket.number < number {
            *bucket = Bucket {
                number,
                ..Bucket::default()
            };
        }
        // What is older than the window is not counted any more.
        (bucket.number == number).then_some(bucket)
    }

    fn rejects(&self, now: u64) -> f64 {
        let live = self
            .buckets
            .iter()
            .filter(|bucket| bucket.number + BUCKETS as u64 > now);
        let (requests, accepts) = live.fold((0.0, 0.0), |(requests, accepts), bucket| {
            (
                requests + f64::from(bucket.requests),
                accepts + f64::from(bucket.accepts),
            )
        });
        ((requests - K * accepts) / (requests + 1.0)).clamp(0.0, MOST)
    }
}

impl Default for ClientThrottle {
    fn default() -> Self {
        Self {
            counts: Arc::default(),
            clock: Arc::new(SystemClock),
            random: Random::system(),
        }
    }
}

impl ClientThrottle {
    /// Takes time from `clock`.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// Takes chance from `random`.
    #[must_use]
    pub fn random(mut self, random: Random) -> Self {
        self.random = random;
        self
    }

    /// Asks to send one call.
    ///
    /// # Errors
    /// [`Shed`] when the target would probably refuse it.
    pub fn try_acquire(&self) -> Result<ThrottlePermit, Shed> {
        let (chance, number) = (self.random.unit(), self.now());
        let rejected = self.with(|counts| {
            let rejects = counts.rejects(number);
            if let Some(bucket) = counts.bucket(number) {
                bucket.requests = bucket.requests.saturating_add(1);
            }
            chance < rejects
        });
        if rejected {
            return Err(Shed::new(
                ShedReason::ClientThrottled,
                Duration::from_secs(BUCKET_SECS),
            ));
        }
        Ok(ThrottlePermit {
            throttle: self.clone(),
            number,
            open: true,
        })
    }

    /// The share of calls that are refused here now: 0 to 0.9.
    #[must_use]
    pub fn rejects(&self) -> f64 {
        let now = self.now();
        self.with(|counts| counts.rejects(now))
    }

    fn now(&self) -> u64 {
        // From 1, so that a bucket never used is older than any time.
        self.clock.elapsed().as_secs() / BUCKET_SECS + 1
    }

    fn with<R>(&self, act: impl FnOnce(&mut Counts) -> R) -> R {
        act(&mut self.counts.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Leave to send one call. Dropping it without an outcome takes the request back, unless the thread panics.
#[derive(Debug)]
#[must_use = "tell how the call went"]
pub struct ThrottlePermit {
    throttle: ClientThrottle,
    number: u64,
    open: bool,
}

impl ThrottlePermit {
    /// Tells how the call went.
    pub fn record(mut self, outcome: Outcome) {
        self.open = matches!(outcome, Outcome::Failed(FailureClass::Cancelled, _));
        let accepted = matches!(
            outcome,
            Outcome::Success | Outcome::Failed(FailureClass::Rejected | FailureClass::Credential, _)
        );
        if accepted {
            self.throttle.with(|counts| {
                if let Some(bucket) = counts.bucket(self.number) {
                    bucket.accepts = bucket.accepts.saturating_add(1);
                }
            });
        }
    }
}

impl Drop for ThrottlePermit {
    fn drop(&mut self) {
        if self.open && !std::thread::panicking() {
            self.throttle.with(|counts| {
                if let Some(bucket) = counts.bucket(self.number) {
                    bucket.requests = bucket.requests.saturating_sub(1);
                }
            });
        }
    }
}
