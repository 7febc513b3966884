//! How long an account that is guessed at waits.
//!
//! An attempt counts before the password is looked at, in a transaction that holds the row, so that parallel guesses
//! are as slow as guesses one after the other. Five attempts are free; each further one must wait 1, 2, 4 … up to 900 s
//! after the one before. A success forgets all, and every quarter of an hour without an attempt forgets one.

use std::time::Duration;

use aurora_core::time::Timestamp;

const FREE: i64 = 5;
const LONGEST: u64 = 900;
const FORGET_ONE: Duration = Duration::from_secs(900);
/// Enough for the longest delay; counting on would only take longer to forget.
const MOST: i64 = 16;

/// What is stored of a subject's attempts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Throttle {
    pub(super) failures: i64,
    pub(super) failed_at: Timestamp,
    pub(super) blocked_until: Timestamp,
}

impl Throttle {
    /// What to store for an attempt that may be made now; `None` while it has to wait.
    pub(super) fn attempt(self, now: Timestamp) -> Option<Self> {
        let longest = Duration::from_secs(LONGEST);
        // A clock that was set back must not lock for as long as it was set back.
        let waits = self.blocked_until > now && self.blocked_until.since(now) <= longest;
        if waits {
            return None;
        }
        let forgotten = now.since(self.failed_at).as_secs() / FORGET_ONE.as_secs();
        let forgotten = i64::try_from(forgotten).unwrap_or(MOST);
        let failures = self.failures.saturating_sub(forgotten).clamp(0, MOST) + 1;
        let delay =
            u32::try_from(failures - FREE).map_or(0, |over| 1_u64.checked_shl(over).unwrap_or(LONGEST));
        Some(Self {
            failures,
            failed_at: now,
            blocked_until: now + Duration::from_secs(delay.min(LONGEST)),
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);
    const NONE: Throttle = Throttle {
        failures: 0,
        failed_at: NOW,
        blocked_until: NOW,
    };

    #[test]
    fn five_are_free_and_then_the_wait_doubles_up_to_a_quarter_of_an_hour() {
        let (mut throttle, mut now, mut waits) = (NONE, NOW, Vec::new());
        for _ in 0..18 {
            throttle = throttle.attempt(now).unwrap();
            waits.push(throttle.blocked_until.since(now).as_secs());
            now = throttle.blocked_until;
        }
        assert_eq!(waits[..5], [0, 0, 0, 0, 1]);
        assert_eq!(waits[5..14], [2, 4, 8, 16, 32, 64, 128, 256, 512]);
        assert!(waits[14..].iter().all(|it| (512..=900).contains(it)), "{waits:?}");
    }

    #[test]
    fn a_wait_is_a_wait_and_quiet_hours_forget() {
        let mut throttle = NONE;
        for _ in 0..5 {
            throttle = throttle.attempt(NOW).unwrap();
        }
        assert_eq!(throttle.attempt(NOW), None);
        let quiet = NOW + FORGET_ONE * 3;
        assert_eq!(throttle.attempt(quiet).unwrap().failures, 3);
        let set_back = Timestamp::from_secs(1_700_000_000);
        assert!(throttle.attempt(set_back).is_some());
    }

    proptest! {
        /// However the attempts lie, nobody makes more of them in a day than the waits allow.
        #[test]
        fn a_day_of_guessing_stays_below_two_hundred(pauses in prop::collection::vec(0_u64..60, 1_000..4_000)) {
            let (mut throttle, mut now, mut made) = (NONE, NOW, 0);
            for pause in pauses {
                now = now + Duration::from_secs(pause);
                if now.since(NOW) > Duration::from_secs(86_400) {
                    break;
                }
                if let Some(next) = throttle.attempt(now) {
                    (throttle, made) = (next, made + 1);
                }
            }
            prop_assert!(made < 200, "{made}");
        }
    }
}
