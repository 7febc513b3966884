//! How often and by whom codes may be tried.

use std::time::Duration;

use super::super::entropy;
use crate::time::Timestamp;

/// One prompt for a code: five attempts within five minutes, from where it was opened.
///
/// Who knows the password can open another one: how often an account may is for the application's limiter.
///
/// It is stored beside the session; attempts are counted before the code is looked at, in the same transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Challenge {
    /// SHA-256 of what it is bound to.
    pub binding: [u8; 32],
    /// When it was opened.
    pub opened_at: Timestamp,
    /// How many codes were tried.
    pub attempts: u8,
}

/// Whether a code may be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum Attempt {
    /// It may; the attempt is counted, store the challenge.
    Allowed,
    /// All attempts are spent.
    Exhausted,
    /// It was opened too long ago, or in the future.
    Expired,
    /// It belongs to another session or network.
    Foreign,
}

impl Challenge {
    /// How many codes may be tried.
    pub const ATTEMPTS: u8 = 5;
    /// For how long.
    pub const LIFE: Duration = Duration::from_secs(300);

    /// Opens a challenge for a session and the prefix of the network that it comes from, such as `203.0.113.0/24`.
    #[must_use]
    pub fn open(session: &str, network: &str, now: Timestamp) -> Self {
        Self {
            binding: binding(session, network),
            opened_at: now,
            attempts: 0,
        }
    }

    /// Counts an attempt, if one is left.
    pub fn attempt(&mut self, session: &str, network: &str, now: Timestamp) -> Attempt {
        if !entropy::same(&self.binding, &binding(session, network)) {
            return Attempt::Foreign;
        }
        if now < self.opened_at || now.since(self.opened_at) >= Self::LIFE {
            return Attempt::Expired;
        }
        if self.attempts >= Self::ATTEMPTS {
            return Attempt::Exhausted;
        }
        self.attempts += 1;
        Attempt::Allowed
    }
}

fn binding(session: &str, network: &str) -> [u8; 32] {
    entropy::sha256_of_fields(&[session.as_bytes(), network.as_bytes()])
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_secs(1_800_000_000);

    #[test]
    fn five_codes_may_be_tried() {
        let mut challenge = Challenge::open("s", "n", NOW);
        for _ in 0..5 {
            assert_eq!(challenge.attempt("s", "n", NOW), Attempt::Allowed);
        }
        assert_eq!(challenge.attempt("s", "n", NOW), Attempt::Exhausted);
    }

    #[test]
    fn five_minutes_and_no_clock_set_back() {
        let mut challenge = Challenge::open("s", "n", NOW);
        let late = NOW + Duration::from_secs(300);
        assert_eq!(challenge.attempt("s", "n", late), Attempt::Expired);
        let before = Timestamp::from_secs(1_799_999_999);
        assert_eq!(challenge.attempt("s", "n", before), Attempt::Expired);
        let last = NOW + Duration::from_secs(299);
        assert_eq!(challenge.attempt("s", "n", last), Attempt::Allowed);
    }

    #[test]
    fn it_is_of_one_session_and_one_network() {
        let mut challenge = Challenge::open("s", "n", NOW);
        for (session, network) in [("t", "n"), ("s", "m"), ("sn", ""), ("", "sn")] {
            assert_eq!(challenge.attempt(session, network, NOW), Attempt::Foreign);
        }
        assert_eq!(challenge.attempts, 0);
    }
}
