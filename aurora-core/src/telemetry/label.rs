//! A label of a metric whose values stay few.

use std::collections::HashSet;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// What every value beyond the limit is called.
const OTHER: &str = "other";

/// Longest value in bytes; a longer one counts as `other`.
const MAX_LEN: usize = 128;

/// Lets the first values of a label through and calls every further one `other`.
///
/// Each combination of label values is a time series for as long as the process lives, so a label that outsiders can
/// fill (a model, a path, a user agent) grows without end unless somebody counts. Clones share what they have seen.
///
/// # Examples
/// ```
/// use aurora_core::telemetry::BoundedLabel;
///
/// let model = BoundedLabel::new(2);
/// assert_eq!(&*model.of("small"), "small");
/// assert_eq!(&*model.of("large"), "large");
/// assert_eq!(&*model.of("made-up-1"), "other");
/// assert_eq!(&*model.of("small"), "small");
/// ```
#[derive(Clone)]
pub struct BoundedLabel {
    limit: usize,
    seen: Arc<RwLock<HashSet<Arc<str>>>>,
    other: Arc<str>,
}

impl BoundedLabel {
    /// A label with at most `limit` values besides `other`.
    #[must_use]
    pub fn new(limit: usize) -> Self {
        Self {
            limit,
            seen: Arc::default(),
            other: Arc::from(OTHER),
        }
    }

    /// A label that knows some values from the beginning; they count towards the limit, which is at least their number.
    #[must_use]
    pub fn with_known<'a>(limit: usize, known: impl IntoIterator<Item = &'a str>) -> Self {
        let seen: HashSet<Arc<str>> = known.into_iter().map(Arc::from).collect();
        Self {
            limit: limit.max(seen.len()),
            seen: Arc::new(RwLock::new(seen)),
            other: Arc::from(OTHER),
        }
    }

    /// The value to record: the given one while there is room for it, else `other`.
    ///
    /// A value that was let through once always is.
    #[must_use]
    pub fn of(&self, value: &str) -> Arc<str> {
        {
            let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner);
            if let Some(known) = seen.get(value) {
                return Arc::clone(known);
            }
            if seen.len() >= self.limit || value.len() > MAX_LEN || value.is_empty() {
                return Arc::clone(&self.other);
            }
        }
        let mut seen = self.seen.write().unwrap_or_else(PoisonError::into_inner);
        // Another thread may have filled the room meanwhile.
        if seen.len() >= self.limit && !seen.contains(value) {
            return Arc::clone(&self.other);
        }
        let value: Arc<str> = Arc::from(value);
        seen.insert(Arc::clone(&value));
        value
    }
}

impl fmt::Debug for BoundedLabel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seen = self.seen.read().unwrap_or_else(PoisonError::into_inner).len();
        f.debug_struct("BoundedLabel")
            .field("limit", &self.limit)
            .field("seen", &seen)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn however_many_threads_ask_the_limit_holds_and_what_was_let_through_stays() {
        let label = BoundedLabel::new(10);
        std::thread::scope(|scope| {
            for thread in 0..8 {
                let label = label.clone();
                scope.spawn(move || {
                    for value in 0..1_000 {
                        let value = format!("v{}", (value * 7 + thread) % 500);
                        let given = label.of(&value);
                        assert!(*given == *value || &*given == OTHER);
                        if *given == *value {
                            assert_eq!(&*label.of(&value), value);
                        }
                    }
                });
            }
        });
        let through: Vec<_> = (0..500).map(|value| label.of(&format!("v{value}"))).collect();
        let distinct: HashSet<_> = through.iter().filter(|value| &***value != OTHER).collect();
        assert_eq!(distinct.len(), 10);
    }

    #[test]
    fn known_values_have_their_place_and_odd_ones_never_do() {
        let label = BoundedLabel::with_known(1, ["a", "b"]);
        assert_eq!(&*label.of("b"), "b");
        assert_eq!(&*label.of("c"), OTHER);
        let label = BoundedLabel::new(10);
        assert_eq!(&*label.of(""), OTHER);
        assert_eq!(&*label.of(&"x".repeat(129)), OTHER);
        assert_eq!(&*label.of(&"x".repeat(128)), "x".repeat(128));
    }

    #[test]
    fn a_recorder_sees_no_more_series_than_the_limit_and_one() {
        let recorder = metrics_util::debugging::DebuggingRecorder::new();
        let snapshotter = recorder.snapshotter();
        let label = BoundedLabel::new(3);
        metrics::with_local_recorder(&recorder, || {
            for number in 0..100 {
                let model = label.of(&number.to_string());
                metrics::counter!("calls", "model" => model.to_string()).increment(1);
            }
        });
        assert_eq!(snapshotter.snapshot().into_vec().len(), 4);
    }
}
