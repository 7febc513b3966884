//! Units that are taken before it is known how many will be used.

use std::fmt;

use super::handle::{Limiter, Via};
use super::policy::{Counts, MAX_POLICIES, Policies, Rule};
use super::rate::Taken;
use super::subject::Subject;
use super::verdict::Verdict;

/// What is put back of a reservation, or taken on top of it. Made by [`Reservation`].
#[derive(Debug, Clone)]
pub struct Adjustment {
    pub(super) subject: Subject,
    pub(super) policies: Policies,
    taken: [Option<Taken>; MAX_POLICIES],
    reserved: u32,
    /// Nothing when the request was not made at all.
    used: Option<u32>,
}

/// What becomes of one policy.
#[derive(Debug, Clone, Copy)]
pub(super) struct Movement {
    pub(super) taken: Taken,
    pub(super) back: u32,
    pub(super) extra: u32,
}

impl Adjustment {
    /// Of what was counted under the policies of `verdict`, `used` units were used, or the request was not made.
    pub(super) fn new(subject: &Subject, verdict: &Verdict, reserved: u32, used: Option<u32>) -> Self {
        Self {
            subject: subject.clone(),
            policies: verdict.policies().clone(),
            taken: verdict.taken(),
            reserved,
            used,
        }
    }

    /// Policy by policy; without those that have not counted the request.
    pub(super) fn movements(&self) -> impl Iterator<Item = (&Rule, Movement)> {
        let pairs = self.policies.rules().iter().zip(self.taken);
        pairs.filter_map(|(rule, taken)| {
            let before = rule.units(self.reserved);
            let after = match (self.used, rule.counts) {
                (None, _) => 0,
                (Some(_), Counts::Requests) => before,
                (Some(units), Counts::Cost) => units,
            };
            let movement = Movement {
                taken: taken?,
                back: before.saturating_sub(after),
                extra: after.saturating_sub(before),
            };
            Some((rule, movement))
        })
    }
}

/// Units that were taken as an upper bound, to be settled when it is known how many were used.
///
/// Dropped before [`spend`](Self::spend), it puts everything back: whoever gave up before the request was made has
/// used nothing. Dropped after it, it keeps the upper bound: what was used is not known.
///
/// What comes back never exceeds what would be there had it never been taken: units that the passing time has given
/// back already do not come twice.
#[must_use = "dropped at once, it puts back what it has taken"]
pub struct Reservation {
    limiter: Limiter,
    verdict: Verdict,
    via: Via,
    /// Nothing when it is done with.
    open: Option<Adjustment>,
    is_spent: bool,
}

impl Reservation {
    pub(super) fn new(
        limiter: Limiter,
        subject: &Subject,
        reserved: u32,
        verdict: Verdict,
        via: Via,
    ) -> Self {
        Self {
            open: Some(Adjustment {
                policies: via.policies(verdict.policies()),
                ..Adjustment::new(subject, &verdict, reserved, None)
            }),
            limiter,
            verdict,
            via,
            is_spent: false,
        }
    }

    /// What the limiter said when it was taken.
    #[must_use]
    pub const fn verdict(&self) -> &Verdict {
        &self.verdict
    }

    /// How many units were taken.
    #[must_use]
    pub fn units(&self) -> u32 {
        self.open.as_ref().map_or(0, |open| open.reserved)
    }

    /// Says that the request is being made. From here on only [`settle`](Self::settle) puts something back.
    pub const fn spend(&mut self) {
        self.is_spent = true;
    }

    /// Puts back what was not used; what was used above the reservation is taken on top, as far as the policies can
    /// count it.
    ///
    /// When the store cannot be asked, it is tried again with the limiter's next requests; when that is not to be, the
    /// reservation stays counted, which errs on the strict side.
    ///
    /// # Cancel safety
    /// When the future is dropped, it may have been settled or not.
    pub async fn settle(mut self, used: u32) {
        if let Some(mut open) = self.open.take() {
            open.used = Some(used);
            self.limiter.adjust(open, self.via).await;
        }
    }

    /// As [`settle`](Self::settle), for whoever cannot wait: with a store outside it goes along with the limiter's next
    /// request.
    pub fn settle_later(mut self, used: u32) {
        if let Some(mut open) = self.open.take() {
            open.used = Some(used);
            self.limiter.adjust_later(open, self.via);
        }
    }

    /// Puts everything back, as a drop before [`spend`](Self::spend) does, and waits until the store has done it.
    ///
    /// # Cancel safety
    /// When the future is dropped, it may have been put back or not.
    pub async fn cancel(mut self) {
        if let Some(open) = self.open.take() {
            self.limiter.adjust(open, self.via).await;
        }
    }
}

impl Drop for Reservation {
    fn drop(&mut self) {
        if let Some(open) = self.open.take()
            && !self.is_spent
        {
            self.limiter.adjust_later(open, self.via);
        }
    }
}

impl fmt::Debug for Reservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reservation")
            .field("units", &self.units())
            .field("is_spent", &self.is_spent)
            .finish_non_exhaustive()
    }
}
