use std::time::Duration;

use aurora_core::time::Timestamp;

use crate::condition::{Selector, SeriesView, SeriesVisitor};
use crate::series::SeriesStore;

/// What a condition of the application's own can read.
pub(super) struct View<'a> {
    pub(super) series: &'a SeriesStore,
    pub(super) now: Timestamp,
}

impl SeriesView for View<'_> {
    fn visit(&self, selector: &Selector, window: Duration, visitor: &mut SeriesVisitor<'_>) {
        // Copied first, so that no lock is held while foreign code runs.
        let (mut slots, mut samples) = (Vec::new(), Vec::new());
        self.series
            .matching(&selector.metric, &selector.matchers, &mut slots);
        for slot in slots {
            slot.copy(Some(self.now - window), self.now, &mut samples);
            visitor(&slot.labels, &samples);
        }
    }
}
