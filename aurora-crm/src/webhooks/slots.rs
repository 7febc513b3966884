//! How many requests to one endpoint are under way at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::EndpointId;

/// Counts the requests of this process; it holds no more entries than requests are under way.
#[derive(Debug, Clone)]
pub(super) struct Slots {
    most: u32,
    taken: Arc<Mutex<HashMap<EndpointId, u32>>>,
}

/// A request that is under way, until it is dropped.
#[derive(Debug)]
pub(super) struct Slot {
    endpoint: EndpointId,
    taken: Arc<Mutex<HashMap<EndpointId, u32>>>,
}

impl Slots {
    pub(super) fn new(most: u32) -> Self {
        Self {
            most,
            taken: Arc::default(),
        }
    }

    /// A place for a request, if there is one.
    pub(super) fn take(&self, endpoint: EndpointId) -> Option<Slot> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let count = taken.entry(endpoint).or_default();
        if *count >= self.most {
            return None;
        }
        *count += 1;
        Some(Slot {
            endpoint,
            taken: Arc::clone(&self.taken),
        })
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = taken.get_mut(&self.endpoint) {
            *count = count.saturating_sub(1);
            if *count == 0 {
                taken.remove(&self.endpoint);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use aurora_core::time::Timestamp;

    use super::*;

    #[test]
    fn one_endpoint_does_not_take_the_places_of_another() {
        let slots = Slots::new(2);
        let (slow, other) = (
            EndpointId::new(Timestamp::UNIX_EPOCH),
            EndpointId::new(Timestamp::UNIX_EPOCH),
        );
        let held = [slots.take(slow), slots.take(slow)];
        assert!(held.iter().all(Option::is_some));
        assert!(slots.take(slow).is_none());
        assert!(slots.take(other).is_some());
        drop(held);
        assert!(slots.take(slow).is_some());
        assert!(slots.taken.lock().unwrap().is_empty());
    }
}
