//! A bounded memory of the latest.

use std::collections::VecDeque;

/// The last few of something.
#[derive(Debug)]
pub(crate) struct Ring<T> {
    items: VecDeque<T>,
    capacity: usize,
}

impl<T: Clone> Ring<T> {
    pub(crate) fn new(capacity: usize) -> Self {
        Self {
            items: VecDeque::new(),
            capacity,
        }
    }

    pub(crate) fn push(&mut self, item: T) {
        if self.items.len() >= self.capacity {
            self.items.pop_front();
        }
        if self.capacity > 0 {
            self.items.push_back(item);
        }
    }

    /// At most `limit`, the newest first.
    pub(crate) fn newest(&self, limit: usize) -> Vec<T> {
        self.items.iter().rev().take(limit).cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ring_keeps_the_newest() {
        let mut ring = Ring::new(2);
        for n in 0..4 {
            ring.push(n);
        }
        assert_eq!(ring.newest(10), [3, 2]);
        assert_eq!(ring.newest(1), [3]);
        let mut none = Ring::new(0);
        none.push(1);
        assert!(none.newest(1).is_empty());
    }
}
