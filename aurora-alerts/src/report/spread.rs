use std::collections::BTreeMap;

use serde::Serialize;

/// How values are spread, by nearest rank.
///
/// Values below 1,024 are exact; above, a value is shown at most 0.2 % too large.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Spread {
    /// The value that half of all do not exceed.
    pub p50: u64,
    /// The value that 95 % of all do not exceed.
    pub p95: u64,
    /// The value that 99 % of all do not exceed.
    pub p99: u64,
}

/// Values below 2¹⁰ have a bucket each; above, each doubling has 2⁹.
const BITS: u32 = 10;

/// Counts by value, in at most 28,672 buckets however many values there are.
#[derive(Debug, Clone, Default)]
pub(super) struct Counts {
    buckets: BTreeMap<u64, u64>,
    all: u64,
}

impl Counts {
    pub(super) fn record(&mut self, value: u64) {
        *self.buckets.entry(bucket(value)).or_default() += 1;
        self.all += 1;
    }

    /// `None` where nothing was recorded.
    pub(super) fn spread(&self) -> Option<Spread> {
        (self.all > 0).then(|| Spread {
            p50: self.percentile(50),
            p95: self.percentile(95),
            p99: self.percentile(99),
        })
    }

    fn percentile(&self, percent: u64) -> u64 {
        let rank = self.all.saturating_mul(percent).div_ceil(100);
        let mut seen = 0;
        let found = self.buckets.iter().find(|(_, count)| {
            seen += **count;
            seen >= rank
        });
        found.map_or(0, |(value, _)| *value)
    }
}

/// The largest value of the bucket of a value.
const fn bucket(value: u64) -> u64 {
    let bits = u64::BITS - value.leading_zeros();
    let dropped = bits.saturating_sub(BITS);
    value | ((1 << dropped) - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranks_are_the_nearest() {
        let mut counts = Counts::default();
        assert_eq!(counts.spread(), None);
        for value in (1..=200).rev() {
            counts.record(value);
        }
        assert_eq!(
            counts.spread(),
            Some(Spread {
                p50: 100,
                p95: 190,
                p99: 198
            })
        );
        let mut few = Counts::default();
        few.record(7);
        few.record(9);
        assert_eq!(
            few.spread(),
            Some(Spread {
                p50: 7,
                p95: 9,
                p99: 9
            })
        );
    }

    #[test]
    fn buckets_are_narrow() {
        for value in [0, 1, 1_023] {
            assert_eq!(bucket(value), value);
        }
        assert_eq!(bucket(1_024), 1_025);
        assert_eq!(bucket(u64::MAX), u64::MAX);
        for value in (1..100_000).map(|n| n * 7_919) {
            let excess = bucket(value) - value;
            assert!(excess * 500 <= value, "{value}: {excess}");
        }
    }
}
