use std::ops::Range;

use aurora_core::time::Timestamp;

/// From one instant to another that does not belong to it, in microseconds since 1970 in UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::scheduling) struct Interval {
    pub(in crate::scheduling) from: i64,
    pub(in crate::scheduling) until: i64,
}

pub(in crate::scheduling) const MINUTE: i64 = 60 * 1_000_000;
pub(in crate::scheduling) const DAY: i64 = 24 * 60 * MINUTE;

impl Interval {
    pub(in crate::scheduling) const fn new(from: i64, until: i64) -> Self {
        Self { from, until }
    }

    const fn meets(self, other: Self) -> bool {
        self.from < other.until && other.from < self.until
    }
}

impl From<Range<Timestamp>> for Interval {
    fn from(range: Range<Timestamp>) -> Self {
        Self::new(range.start.as_micros(), range.end.as_micros())
    }
}

/// The same instants as few intervals in order, none of which meets or touches another.
pub(in crate::scheduling) fn merged(mut intervals: Vec<Interval>) -> Vec<Interval> {
    intervals.retain(|interval| interval.from < interval.until);
    intervals.sort_unstable();
    let mut merged: Vec<Interval> = Vec::with_capacity(intervals.len());
    for interval in intervals {
        match merged.last_mut() {
            Some(last) if interval.from <= last.until => last.until = last.until.max(interval.until),
            _ => merged.push(interval),
        }
    }
    merged
}

/// Whether merged intervals hold all of one.
pub(in crate::scheduling) fn cover(merged: &[Interval], one: Interval) -> bool {
    let next = merged.partition_point(|interval| interval.until < one.until);
    merged
        .get(next)
        .is_some_and(|interval| interval.from <= one.from && one.until <= interval.until)
}

/// Whether merged intervals hold an instant of one.
pub(in crate::scheduling) fn meet(merged: &[Interval], one: Interval) -> bool {
    let next = merged.partition_point(|interval| interval.until <= one.from);
    merged.get(next).is_some_and(|interval| interval.meets(one))
}
