//! Numbers that Meta has told to wait.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// After the throughput of a second was used up.
const SHORT: Duration = Duration::from_secs(5);
/// After what counts in hours, or how people take the messages.
const LONG: Duration = Duration::from_secs(60);
/// The longest that a number waits before Meta is asked again.
const LONGEST: Duration = Duration::from_secs(15 * 60);
/// How many numbers are remembered before those that have waited are forgotten.
const REMEMBERED: usize = 1_000;

/// Until when each number waits; by the elapsed time of a clock. Each process has its own.
#[derive(Debug, Default)]
pub(super) struct Holds(Mutex<BTreeMap<String, Hold>>);

#[derive(Debug, Clone, Copy)]
struct Hold {
    until: Duration,
    length: Duration,
}

impl Holds {
    /// How long a number still waits.
    pub(super) fn left(&self, number: &str, now: Duration) -> Option<Duration> {
        let hold = *self.all().get(number)?;
        hold.until.checked_sub(now).filter(|left| !left.is_zero())
    }

    /// Lets a number wait, twice as long as the last time unless a good answer came since.
    pub(super) fn hold(&self, number: &str, code: Option<i64>, now: Duration) {
        let mut all = self.all();
        let first = match code {
            None | Some(130_429) => SHORT,
            Some(_) => LONG,
        };
        let length = match all.get(number) {
            // Several requests were under way, and one of them has told so already.
            Some(hold) if now < hold.until => return,
            Some(hold) => (hold.length * 2).clamp(first, LONGEST),
            None => first,
        };
        if all.len() >= REMEMBERED {
            all.retain(|_, hold| now < hold.until);
        }
        let until = now + length;
        all.insert(number.to_owned(), Hold { until, length });
    }

    /// Forgets how long a number has waited; one that waits goes on, because the answer was asked for before.
    pub(super) fn release(&self, number: &str, now: Duration) {
        let mut all = self.all();
        if all.get(number).is_some_and(|hold| hold.until <= now) {
            all.remove(number);
        }
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Hold>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
