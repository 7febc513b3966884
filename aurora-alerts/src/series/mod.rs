//! What is known of the series that rules look at.
//!
//! | part | what it does |
//! | --- | --- |
//! | [`SeriesStore`] | the series of the watched metrics, each a ring of samples |
//! | [`SeriesHandle`] | one series, resolved once, for places that record often |
//! | [`SeriesLimits`] | how many there may be |
//! | [`Share`] | one replica's part of a mean that several measure |
//! | [`MetricsRecorder`] | the `metrics` facade as a source of samples |
//!
//! # Order and time
//! Samples of a series are taken in the order in which they come. One that is older than the last is moved to the
//! instant of the last; one from the future counts as of the tick that finds it. Several at the same instant are kept
//! and judged in their order. What is not a finite number is refused.
//!
//! # What is kept
//! Only series of metrics that a rule watches, and that a matcher of such a rule lets through. A series without a window
//! keeps what was recorded between two ticks; with a window as many samples as one a second would be. Both are limited
//! by [`SeriesLimits::samples`]: of what comes faster, the oldest are lost and counted. For the long windows of burn
//! rates the growth of a counter is kept by the minute.

mod coarse;
mod handle;
mod limits;
mod recorder;
mod ring;
mod share;
mod slot;
mod store;

pub use handle::SeriesHandle;
pub use limits::SeriesLimits;
pub use recorder::MetricsRecorder;
pub use share::Share;
pub use store::SeriesStore;

pub(crate) use limits::Refusal;
pub(crate) use ring::Sample;
pub(crate) use slot::Slot;
pub(crate) use store::{Needs, Watch};
