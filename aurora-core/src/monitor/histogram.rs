//! Latencies counted in buckets of bounded relative width, with nothing but atomic additions.

use std::sync::atomic::{AtomicU32, Ordering};

/// Each doubling is divided into 2⁴ buckets: a bucket is at most 6.25 % wide, its middle at most 3.2 % off.
const SUB_BITS: u32 = 4;
const SUB: usize = 1 << SUB_BITS;
/// Longer calls are counted as this long: 2³¹ − 1 µs, almost 36 minutes.
pub(crate) const LONGEST: u64 = (1 << 31) - 1;
pub(crate) const BUCKETS: usize = SUB * (31 - SUB_BITS as usize + 1);

/// A histogram from 1 µs to [`LONGEST`]: 1,792 bytes.
#[derive(Debug)]
pub(crate) struct Histogram {
    buckets: Box<[AtomicU32]>,
}

impl Histogram {
    pub(crate) fn new() -> Self {
        Self {
            buckets: (0..BUCKETS).map(|_| AtomicU32::new(0)).collect(),
        }
    }

    pub(crate) fn record(&self, micros: u64) {
        if let Some(bucket) = self.buckets.get(index(micros)) {
            bucket.fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn clear(&self) {
        for bucket in &self.buckets {
            bucket.store(0, Ordering::Relaxed);
        }
    }

    pub(crate) fn add_to(&self, sum: &mut Counted) {
        for (sum, bucket) in sum.0.iter_mut().zip(&self.buckets) {
            *sum += u64::from(bucket.load(Ordering::Relaxed));
        }
    }
}

/// Counts taken out of histograms.
#[derive(Debug, Clone)]
pub(crate) struct Counted(Vec<u64>);

impl Counted {
    pub(crate) fn new() -> Self {
        Self(vec![0; BUCKETS])
    }

    pub(crate) fn add(&mut self, other: &Self) {
        for (sum, more) in self.0.iter_mut().zip(&other.0) {
            *sum += more;
        }
    }

    /// The latency, in microseconds, that `percent` of the calls did not exceed: the middle of its bucket.
    pub(crate) fn percentile(&self, percent: f64) -> Option<f64> {
        let all: u64 = self.0.iter().sum();
        if all == 0 {
            return None;
        }
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a count is a count"
        )]
        let rank = ((all as f64 * percent / 100.0).ceil() as u64).clamp(1, all);
        let mut seen = 0;
        let bucket = self.0.iter().position(|count| {
            seen += count;
            seen >= rank
        });
        bucket.map(middle)
    }
}

fn index(micros: u64) -> usize {
    let micros = micros.min(LONGEST);
    // At most 2³¹ − 1 and so within any usize that this runs on.
    let value = usize::try_from(micros).unwrap_or(0);
    if value < SUB {
        return value;
    }
    let shift = (usize::BITS - 1 - value.leading_zeros()).saturating_sub(SUB_BITS);
    (shift as usize + 1) * SUB + (value >> shift) - SUB
}

fn middle(bucket: usize) -> f64 {
    if bucket < SUB {
        return bucket as f64;
    }
    let shift = bucket / SUB - 1;
    let low = (SUB + bucket % SUB) << shift;
    low as f64 + ((1_usize << shift) - 1) as f64 / 2.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_value_has_a_bucket_and_its_middle_is_close() {
        assert_eq!(index(0), 0);
        assert_eq!(index(LONGEST), BUCKETS - 1);
        assert_eq!(index(u64::MAX), BUCKETS - 1);
        let mut last = 0;
        for micros in (0..40_u32).flat_map(|bit| [1_u64 << bit, (1 << bit) + 1, (1 << bit) * 3 / 2]) {
            let micros = micros.min(LONGEST);
            let bucket = index(micros);
            assert!(
                bucket >= last || micros < LONGEST,
                "larger values have larger buckets"
            );
            last = bucket;
            let off = (middle(bucket) - micros as f64).abs() / micros as f64;
            assert!(off <= 0.0323, "{micros} µs is read as {} µs", middle(bucket));
        }
    }

    proptest! {
        /// The reference is the widely used HdrHistogram with three digits.
        #[test]
        fn percentiles_are_those_of_a_finer_histogram(
            micros in proptest::collection::vec(1_u64..LONGEST, 1..300), percent in 1.0_f64..100.0,
        ) {
            let ours = Histogram::new();
            let mut theirs = hdrhistogram::Histogram::<u64>::new_with_bounds(1, LONGEST, 3).unwrap();
            for micros in &micros {
                ours.record(*micros);
                theirs.record(*micros).unwrap();
            }
            let mut counted = Counted::new();
            ours.add_to(&mut counted);
            let (ours, theirs) = (counted.percentile(percent).unwrap(), theirs.value_at_percentile(percent) as f64);
            prop_assert!((ours - theirs).abs() <= theirs * 0.035 + 1.0, "{ours} instead of {theirs}");
        }
    }
}
