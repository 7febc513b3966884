use std::collections::VecDeque;

use aurora_core::time::Timestamp;

/// One value at one instant.
pub(crate) type Sample = (Timestamp, f64);

/// The last samples of one series, oldest first; the fresh ones at its end have not been looked at yet.
#[derive(Debug)]
pub(crate) struct Ring {
    samples: VecDeque<Sample>,
    fresh: usize,
    capacity: usize,
    /// How many samples stay after they were looked at.
    history: usize,
    last_at: Option<Timestamp>,
    pushed: u64,
}

impl Ring {
    pub(crate) const fn new(capacity: usize, history: usize) -> Self {
        Self {
            samples: VecDeque::new(),
            fresh: 0,
            capacity,
            history,
            last_at: None,
            pushed: 0,
        }
    }

    /// Adds a sample; whether a fresh one was lost for it.
    pub(crate) fn push(&mut self, at: Timestamp, value: f64) -> bool {
        let at = self.last_at.map_or(at, |last| at.max(last));
        self.last_at = Some(at);
        let mut lost = false;
        if self.samples.len() >= self.capacity {
            self.samples.pop_front();
            lost = self.fresh > self.samples.len();
            self.fresh = self.fresh.min(self.samples.len());
        }
        self.samples.push_back((at, value));
        self.fresh += 1;
        self.pushed += 1;
        lost
    }

    pub(crate) fn resize(&mut self, capacity: usize, history: usize) {
        self.capacity = capacity;
        self.history = history;
        while self.samples.len() > capacity {
            self.samples.pop_front();
        }
        self.fresh = self.fresh.min(self.samples.len());
    }

    /// Copies the samples into `into` and gives the number of those that were looked at before.
    pub(crate) fn take(&mut self, now: Timestamp, into: &mut Vec<Sample>) -> usize {
        self.settle(now);
        into.clear();
        into.extend(self.samples.iter());
        let old = self.samples.len() - self.fresh;
        self.fresh = 0;
        let spare = self.samples.len().saturating_sub(self.history);
        self.samples.drain(..spare);
        old
    }

    /// Samples from the future are of now: a machine's clock was set back, or another runs ahead.
    fn settle(&mut self, now: Timestamp) {
        self.last_at = self.last_at.map(|last| last.min(now));
        for (at, _) in self.samples.iter_mut().rev() {
            if *at <= now {
                break;
            }
            *at = now;
        }
    }

    /// When the last sample was.
    pub(crate) const fn last_at(&self) -> Option<Timestamp> {
        self.last_at
    }

    /// Copies the samples after `since` into `into`, and gives how many were ever pushed.
    pub(crate) fn copy(&mut self, since: Option<Timestamp>, now: Timestamp, into: &mut Vec<Sample>) -> u64 {
        self.settle(now);
        into.clear();
        let from = since.map_or(0, |since| self.samples.partition_point(|(at, _)| *at <= since));
        into.extend(self.samples.range(from..));
        self.pushed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(secs: i64) -> Timestamp {
        Timestamp::from_secs(secs)
    }

    #[test]
    fn the_oldest_are_lost_and_only_fresh_ones_count_as_lost() {
        let mut ring = Ring::new(2, 2);
        let mut seen = Vec::new();
        assert!(!ring.push(at(1), 1.0));
        assert!(!ring.push(at(2), 2.0));
        assert!(ring.push(at(3), 3.0), "1 was never looked at");
        assert_eq!(ring.take(at(9), &mut seen), 0);
        assert_eq!(seen, [(at(2), 2.0), (at(3), 3.0)]);
        assert!(!ring.push(at(4), 4.0), "2 was looked at");
        assert_eq!(ring.take(at(9), &mut seen), 1);
        assert_eq!(seen, [(at(3), 3.0), (at(4), 4.0)]);
    }

    #[test]
    fn time_never_runs_backwards_nor_ahead_of_the_tick() {
        let mut ring = Ring::new(9, 9);
        let mut seen = Vec::new();
        for (second, value) in [(5, 1.0), (3, 2.0), (5, 3.0), (90, 4.0)] {
            ring.push(at(second), value);
        }
        ring.take(at(10), &mut seen);
        assert_eq!(seen, [(at(5), 1.0), (at(5), 2.0), (at(5), 3.0), (at(10), 4.0)]);
        ring.take(at(2), &mut seen);
        assert!(
            seen.iter().all(|(at_, _)| *at_ == at(2)),
            "the clock was set back: {seen:?}"
        );
    }

    #[test]
    fn without_a_window_nothing_stays() {
        let mut ring = Ring::new(9, 0);
        let mut seen = Vec::new();
        ring.push(at(1), 1.0);
        ring.take(at(1), &mut seen);
        assert_eq!(ring.take(at(2), &mut seen), 0);
        assert!(seen.is_empty());
        assert_eq!(ring.last_at(), Some(at(1)));
    }
}
