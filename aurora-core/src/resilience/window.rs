//! The last outcomes of a target, in fixed memory.

/// A ring over the last `capacity` outcomes with running totals.
#[derive(Debug)]
pub(super) struct OutcomeWindow {
    ring: Box<[Slot]>,
    next: usize,
    filled: usize,
    failures: usize,
    slow: usize,
}

#[derive(Debug, Clone, Copy, Default)]
struct Slot {
    failed: bool,
    slow: bool,
}

impl OutcomeWindow {
    pub(super) fn new(capacity: usize) -> Self {
        let ring = vec![Slot::default(); capacity.max(1)].into_boxed_slice();
        Self {
            ring,
            next: 0,
            filled: 0,
            failures: 0,
            slow: 0,
        }
    }

    pub(super) fn push(&mut self, failed: bool, slow: bool) {
        let full = self.filled == self.ring.len();
        if let Some(slot) = self.ring.get_mut(self.next) {
            if full {
                self.failures -= usize::from(slot.failed);
                self.slow -= usize::from(slot.slow);
            }
            *slot = Slot { failed, slow };
        }
        self.failures += usize::from(failed);
        self.slow += usize::from(slow);
        self.filled += usize::from(!full);
        self.next = (self.next + 1) % self.ring.len();
    }

    pub(super) fn clear(&mut self) {
        (self.next, self.filled, self.failures, self.slow) = (0, 0, 0, 0);
    }

    pub(super) const fn len(&self) -> usize {
        self.filled
    }

    /// Whether failed outcomes are at least `percent` of all.
    pub(super) const fn failures_reach(&self, percent: u8) -> bool {
        self.failures * 100 >= self.filled * percent as usize
    }

    /// Whether slow outcomes are at least `percent` of all.
    pub(super) const fn slow_reach(&self, percent: u8) -> bool {
        self.slow * 100 >= self.filled * percent as usize
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn totals_equal_a_count_over_the_last_outcomes(
            capacity in 1_usize..20, outcomes in proptest::collection::vec(any::<(bool, bool)>(), 0..100),
        ) {
            let mut window = OutcomeWindow::new(capacity);
            for (failed, slow) in &outcomes {
                window.push(*failed, *slow);
            }
            let last = &outcomes[outcomes.len().saturating_sub(capacity)..];
            prop_assert_eq!(window.len(), last.len());
            prop_assert_eq!(window.failures, last.iter().filter(|(failed, _)| *failed).count());
            prop_assert_eq!(window.slow, last.iter().filter(|(_, slow)| *slow).count());
        }
    }
}
