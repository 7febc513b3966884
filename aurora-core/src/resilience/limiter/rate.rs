//! The arithmetic of the limits: integers, in microseconds. Nothing here reads a clock.
//!
//! The scripts of the Redis store add and compare what is computed here, and nothing else.

use std::collections::VecDeque;

use super::policy::Kind;

/// The longest log: what a key costs at most is this many numbers.
pub(super) const LONGEST_LOG: u32 = 128;

/// The wait for what will never be allowed.
pub(super) const NEVER: u64 = u64::MAX;

/// The numbers of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rate {
    pub(super) kind: Kind,
    pub(super) limit: u32,
    pub(super) period: u64,
    pub(super) burst: u32,
    /// The note's `τ + T`: the time in which a whole burst comes back.
    pub(super) capacity: u64,
}

impl Rate {
    /// Every number may be out of its range: whoever builds a policy says so.
    pub(super) fn new(kind: Kind, limit: u32, period: u64, burst: u32) -> Self {
        let limit = limit.max(1);
        let mut rate = Self {
            kind,
            limit,
            period,
            burst,
            capacity: 0,
        };
        rate.capacity = rate.time_of(burst);
        rate
    }

    /// `n · T`, rounded up: a rounding never lets more through.
    pub(super) fn time_of(&self, units: u32) -> u64 {
        let (units, limit) = (u64::from(units), u64::from(self.limit));
        match units.checked_mul(self.period) {
            Some(product) => product.div_ceil(limit),
            None => u64::try_from((u128::from(units) * u128::from(self.period)).div_ceil(u128::from(limit)))
                .unwrap_or(u64::MAX),
        }
    }

    /// How many units fit into `time`.
    pub(super) fn units_in(&self, time: u64) -> u32 {
        let limit = u64::from(self.limit);
        let units = match time.checked_mul(limit) {
            Some(product) => product / self.period,
            None => u64::try_from(u128::from(time) * u128::from(limit) / u128::from(self.period))
                .unwrap_or(u64::MAX),
        };
        u32::try_from(units).unwrap_or(u32::MAX)
    }

    /// The most units that are ever allowed at once.
    pub(super) const fn most(&self) -> u32 {
        match self.kind {
            Kind::SlidingLog => self.limit,
            Kind::Gcra => self.burst,
        }
    }

    /// What is left when `used` (time of a bucket, entries of a log) is used.
    pub(super) fn remaining(&self, used: u64) -> u32 {
        match self.kind {
            Kind::SlidingLog => self.limit.saturating_sub(u32::try_from(used).unwrap_or(u32::MAX)),
            Kind::Gcra => self.units_in(self.capacity.saturating_sub(used)),
        }
    }

    /// The part of one of several replicas: a part of the units; where that is none, one unit in a longer period.
    pub(super) fn share(&self, replicas: u32) -> Self {
        let replicas = replicas.max(1);
        let limit = self.limit / replicas;
        let burst = (self.burst / replicas).max(1);
        if limit > 0 {
            return Self::new(self.kind, limit, self.period, burst);
        }
        let period = self
            .period
            .saturating_mul(u64::from(replicas))
            .div_ceil(u64::from(self.limit));
        Self::new(self.kind, 1, period, 1)
    }
}

/// Where a key stands with a policy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Standing {
    pub(super) remaining: u32,
    /// Until nothing is used any more.
    pub(super) reset: u64,
    /// Until the same would pass; zero when it did, or [`NEVER`].
    pub(super) retry: u64,
    /// See [`Bucket::returned`].
    pub(super) returned: u64,
}

/// What a key has used of a policy.
#[derive(Debug)]
pub(super) enum Used {
    Bucket(Bucket),
    /// When each unit was taken, the oldest first.
    Log(VecDeque<u64>),
}

/// One number tells what is used; the others are for what is put back.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Bucket {
    /// The theoretical arrival time: until when the bucket is not full.
    tat: u64,
    /// From when on it has not been full.
    since: u64,
    /// What was put back since then, or was forgotten because a quota was made smaller.
    returned: u64,
}

/// When something was taken, by the store's clock, and until when it shows at most.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Taken {
    pub(super) at: u64,
    pub(super) until: u64,
    /// See [`Bucket::returned`].
    pub(super) returned: u64,
}

impl Bucket {
    fn take(&mut self, now: u64, time: u64) {
        if self.tat <= now {
            *self = Self {
                tat: now,
                since: now,
                returned: 0,
            };
        }
        self.tat = self.tat.saturating_add(time);
    }

    /// Puts back what was taken so, but no more than would be there had it never been taken.
    ///
    /// A bucket fills by itself, and what it loses by being full must not come back on top. Without the taking it would
    /// have been full, and have lost, for no longer than it is since it would have become full if nothing else had been
    /// taken after it. That is known when the taking is: at `until` less what was taken. What is put back of others
    /// brings it forward, by no more than is put back. And a bucket that was full in between has nothing to get back.
    fn give_back(&mut self, now: u64, time: u64, taken: Taken) {
        if taken.at < self.since {
            return;
        }
        let moved = self.returned.saturating_sub(taken.returned);
        let still_missing = taken.until.saturating_sub(moved).saturating_sub(now);
        let back = time.min(still_missing).min(self.tat.saturating_sub(now));
        self.tat -= back;
        self.returned = self.returned.saturating_add(back);
    }

    fn cut(&mut self, longest: u64) {
        let over = self.tat.saturating_sub(longest);
        self.tat -= over;
        self.returned = self.returned.saturating_add(over);
    }
}

impl Used {
    pub(super) fn nothing(rate: &Rate) -> Self {
        match rate.kind {
            Kind::Gcra => Self::Bucket(Bucket::default()),
            Kind::SlidingLog => Self::Log(VecDeque::with_capacity(usize::try_from(rate.limit).unwrap_or(0))),
        }
    }

    pub(super) const fn is_of(&self, kind: Kind) -> bool {
        matches!(
            (self, kind),
            (Self::Bucket(_), Kind::Gcra) | (Self::Log(_), Kind::SlidingLog)
        )
    }

    /// Forgets what is over. A quota that was made smaller cannot hold more than it would ever have held.
    pub(super) fn settle(&mut self, rate: &Rate, now: u64) {
        match self {
            Self::Bucket(bucket) => bucket.cut(now.saturating_add(rate.capacity)),
            Self::Log(log) => {
                while log
                    .front()
                    .is_some_and(|at| at.saturating_add(rate.period) <= now)
                {
                    log.pop_front();
                }
            }
        }
    }

    /// How long until `units` can be taken: zero for now.
    pub(super) fn wait(&self, rate: &Rate, now: u64, units: u32) -> u64 {
        if units == 0 {
            return 0;
        }
        if units > rate.most() {
            return NEVER;
        }
        match self {
            Self::Bucket(bucket) => bucket
                .tat
                .max(now)
                .saturating_add(rate.time_of(units))
                .saturating_sub(rate.capacity)
                .saturating_sub(now),
            Self::Log(log) => {
                let units = usize::try_from(units).unwrap_or(usize::MAX);
                let most = usize::try_from(rate.limit).unwrap_or(usize::MAX);
                let too_many = log.len().saturating_add(units).saturating_sub(most);
                let leaves_last = too_many.checked_sub(1).and_then(|index| log.get(index));
                leaves_last.map_or(0, |at| at.saturating_add(rate.period).saturating_sub(now))
            }
        }
    }

    pub(super) fn take(&mut self, rate: &Rate, now: u64, units: u32) {
        match self {
            Self::Bucket(bucket) if units > 0 => bucket.take(now, rate.time_of(units)),
            Self::Bucket(_) => {}
            Self::Log(log) => {
                let most = usize::try_from(rate.limit).unwrap_or(0);
                // Nothing when there is room already; more when the limit was raised.
                log.reserve(most.saturating_sub(log.len()));
                for _ in 0..units {
                    log.push_back(now);
                }
            }
        }
    }

    /// Puts back `units` of what was taken so.
    pub(super) fn give_back(&mut self, rate: &Rate, now: u64, units: u32, taken: Taken) {
        match self {
            Self::Bucket(bucket) => bucket.give_back(now, rate.time_of(units), taken),
            Self::Log(log) => {
                let mut left = units;
                log.retain(|at| {
                    let goes = left > 0 && *at == taken.at;
                    left -= u32::from(goes);
                    !goes
                });
            }
        }
    }

    /// Takes more than was asked for, as far as the policy can count it.
    pub(super) fn charge(&mut self, rate: &Rate, now: u64, units: u32) {
        let units = match self {
            Self::Bucket(_) => units,
            Self::Log(log) => units.min(rate.remaining(u64::try_from(log.len()).unwrap_or(u64::MAX))),
        };
        self.take(rate, now, units);
        self.settle(rate, now);
    }

    pub(super) fn standing(&self, rate: &Rate, now: u64, retry: u64) -> Standing {
        let reset = self.empty_at(rate).saturating_sub(now);
        let (used, returned) = match self {
            Self::Bucket(bucket) => (reset, bucket.returned),
            Self::Log(log) => (u64::try_from(log.len()).unwrap_or(u64::MAX), 0),
        };
        Standing {
            remaining: rate.remaining(used),
            reset,
            retry,
            returned,
        }
    }

    /// From when on nothing is used.
    pub(super) fn empty_at(&self, rate: &Rate) -> u64 {
        match self {
            Self::Bucket(bucket) => bucket.tat,
            Self::Log(log) => log.back().map_or(0, |at| at.saturating_add(rate.period)),
        }
    }
}
