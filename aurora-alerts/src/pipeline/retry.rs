//! When a failed delivery is tried again.

use std::time::Duration;

use aurora_core::failure::{Failure, FailureClass};
use aurora_core::resilience::{Backoff, RetryPolicy};
use aurora_core::rng::Random;

use crate::notifier::{NotifyError, NotifyErrorKind};

/// The policy for channels: patient, for nobody waits for the answer and what was accepted is to be told.
///
/// 600 attempts with full jitter under 1 s, 2 s, 4 s … 5 minutes: about a day in the mean. What the channel asks for is
/// obeyed up to 24 hours.
pub(crate) fn patient() -> RetryPolicy {
    RetryPolicy::default()
        .attempts(600)
        .base(Duration::from_secs(1))
        .throttle_base(Duration::from_secs(1))
        .cap(Duration::from_secs(300))
        .max_wait(Duration::from_secs(24 * 60 * 60))
}

/// How long to wait after the `made`-th attempt (from 1) failed; `None` gives up.
pub(super) fn wait(
    policy: &RetryPolicy,
    made: u32,
    error: &NotifyError,
    random: &Random,
) -> Option<Duration> {
    let class = match error.kind() {
        // An attempt that we ended ourselves says nothing against another.
        NotifyErrorKind::Cancelled => FailureClass::Transient,
        // Until the channel is switched off, somebody may correct it.
        NotifyErrorKind::Auth => FailureClass::Transient,
        _ => error.class(),
    };
    match policy.backoff(made, class, error.retry_after(), random) {
        Backoff::Wait(wait) => Some(wait),
        // There is no other target to turn to, so the longest wait must do.
        Backoff::TooLong(_) => Some(policy.longest_wait()),
        Backoff::GiveUp => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn after(made: u32, error: &NotifyError) -> Option<Duration> {
        wait(&patient(), made, error, &Random::seeded(7))
    }

    #[test]
    fn waits_grow_up_to_the_cap_and_end() {
        let error = NotifyError::new(NotifyErrorKind::Server, "down");
        let mut widest = Duration::from_secs(1);
        for made in 1..600 {
            assert!(after(made, &error).unwrap() <= widest, "attempt {made}");
            widest = (widest * 2).min(Duration::from_secs(300));
        }
        assert_eq!(after(600, &error), None);
    }

    #[test]
    fn a_wish_of_the_channel_is_not_undercut_up_to_a_day() {
        let hour = Duration::from_secs(3_600);
        let throttled =
            |wish| NotifyError::new(NotifyErrorKind::RateLimited, "slow down").with_retry_after(wish);
        assert!(after(1, &throttled(hour)).unwrap() >= hour);
        assert_eq!(after(1, &throttled(hour * 1_000)), Some(hour * 24));
    }

    #[test]
    fn what_can_succeed_later_is_tried_again_and_so_is_a_refused_credential() {
        for kind in [
            NotifyErrorKind::Auth,
            NotifyErrorKind::RateLimited,
            NotifyErrorKind::Client,
            NotifyErrorKind::Gone,
            NotifyErrorKind::Server,
            NotifyErrorKind::Timeout,
            NotifyErrorKind::Cancelled,
            NotifyErrorKind::Other,
        ] {
            let error = NotifyError::new(kind, "no");
            let expected = error.is_retryable() || kind == NotifyErrorKind::Auth;
            assert_eq!(after(1, &error).is_some(), expected, "{kind:?}");
        }
    }
}
