use std::sync::atomic::{AtomicU64, Ordering};

use metrics::{GaugeFn, HistogramFn};

/// So many of the bits of a number tell buckets apart: sign, exponent, and three of the fraction, so that eight buckets
/// double the value.
const SHIFT: u32 = 49;
/// The first bucket holds everything below 2⁻³⁰.
const LOWEST: u64 = (1_023 - 30) << 3;
/// 64 doublings, and one bucket each for what is below and above.
const BUCKETS: usize = 64 * 8 + 2;

/// Counts of values by their size, and their sum.
#[derive(Debug)]
pub(super) struct Buckets {
    counts: Box<[AtomicU64]>,
    sum: AtomicU64,
}

impl Default for Buckets {
    fn default() -> Self {
        Self {
            counts: (0..BUCKETS).map(|_| AtomicU64::new(0)).collect(),
            sum: AtomicU64::new(0.0_f64.to_bits()),
        }
    }
}

impl HistogramFn for Buckets {
    fn record(&self, value: f64) {
        self.record_many(value, 1);
    }

    fn record_many(&self, value: f64, count: usize) {
        if !value.is_finite() {
            return;
        }
        if let Some(bucket) = self.counts.get(bucket(value)) {
            bucket.fetch_add(u64::try_from(count).unwrap_or(u64::MAX), Ordering::Relaxed);
        }
        GaugeFn::increment(&self.sum, value * count as f64);
    }
}

/// The bucket of a value; negative values are below everything.
fn bucket(value: f64) -> usize {
    if value <= 0.0 {
        return 0;
    }
    let number = (value.to_bits() >> SHIFT).saturating_sub(LOWEST - 1);
    usize::try_from(number).map_or(BUCKETS - 1, |number| number.min(BUCKETS - 1))
}

/// The middle of a bucket.
fn middle(bucket: usize) -> f64 {
    let bound = |number: u64| f64::from_bits((LOWEST + number) << SHIFT);
    match u64::try_from(bucket) {
        Ok(number @ 1..) => f64::midpoint(bound(number - 1), bound(number)),
        _ => 0.0,
    }
}

impl Buckets {
    /// Moves the counts into an interval, and gives the sum of everything so far.
    pub(super) fn take(&self, into: &mut Interval) -> f64 {
        let sum = f64::from_bits(self.sum.load(Ordering::Relaxed));
        into.counts.clear();
        into.counts
            .extend(self.counts.iter().map(|count| count.swap(0, Ordering::Relaxed)));
        sum
    }
}

/// What came between two samplings.
#[derive(Debug, Default)]
pub(super) struct Interval {
    counts: Vec<u64>,
}

impl Interval {
    pub(super) fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// A percentile by nearest rank, as the middle of its bucket.
    pub(super) fn percentile(&self, percent: u64) -> Option<f64> {
        let rank = (self.count() * percent).div_ceil(100).max(1);
        let mut below = 0;
        let found = self.counts.iter().position(|count| {
            below += count;
            below >= rank
        });
        found.map(middle)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_lies_within_a_sixteenth_of_the_middle_of_its_bucket() {
        let mut value = 1e-9;
        while value < 1.5e10 {
            let middle = middle(bucket(value));
            assert!((middle - value).abs() <= value / 15.9, "{value} {middle}");
            value *= 1.01;
        }
        assert_eq!(bucket(-5.0), bucket(0.0));
        assert_eq!(bucket(f64::MAX), BUCKETS - 1);
        assert_eq!(bucket(f64::MIN_POSITIVE), 0);
    }

    #[test]
    fn percentiles_are_of_the_nearest_rank() {
        let buckets = Buckets::default();
        for value in 1..=100 {
            buckets.record(f64::from(value));
        }
        let mut interval = Interval::default();
        assert_eq!(buckets.take(&mut interval), 5_050.0);
        for (percent, expected) in [(50, 50.0), (95, 95.0), (99, 99.0)] {
            let value = interval.percentile(percent).unwrap();
            assert!((value - expected).abs() <= expected / 15.9, "{percent}: {value}");
        }
        buckets.take(&mut interval);
        assert_eq!((interval.count(), interval.percentile(50)), (0, None));
    }
}
