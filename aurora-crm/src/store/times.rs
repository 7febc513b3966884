//! What both databases can keep: the years 1 to 9999.

use std::ops::RangeInclusive;

use aurora_core::time::Timestamp;

/// Earlier than anything that is stored: 0001-01-01.
pub(crate) const START_OF_TIME: Timestamp = Timestamp::from_secs(-62_135_596_800);
/// Later than anything that is stored: 9999-12-31.
pub(crate) const END_OF_TIME: Timestamp = Timestamp::from_secs(253_402_214_400);
/// From the one to the other, in microseconds.
pub(crate) const TIMES: RangeInclusive<i64> = START_OF_TIME.as_micros()..=END_OF_TIME.as_micros();
