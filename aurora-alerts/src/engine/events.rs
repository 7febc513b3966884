use std::sync::{Mutex, PoisonError};

use serde::Serialize;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::alert::AlertEvent;
use crate::pipeline::{DeliveryRecord, Ring};

/// How many events a slow subscriber may lag behind before it misses the oldest.
const LAG: usize = 256;

/// Something that happened in an engine.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// An alert changed.
    Alert(AlertEvent),
    /// An attempt to deliver ended.
    Delivery(DeliveryRecord),
}

/// The events of an engine from the moment of subscribing on.
#[derive(Debug)]
pub struct Subscription {
    receiver: broadcast::Receiver<Event>,
    missed: u64,
}

impl Subscription {
    /// Waits for the next event; `None` when the engine is gone.
    ///
    /// A subscriber that lags more than 256 events behind misses the oldest; [`missed`](Self::missed) counts them.
    ///
    /// # Cancel safety
    /// Dropping the future loses no event.
    pub async fn next(&mut self) -> Option<Event> {
        loop {
            match self.receiver.recv().await {
                Ok(event) => return Some(event),
                Err(RecvError::Lagged(count)) => self.missed = self.missed.saturating_add(count),
                Err(RecvError::Closed) => return None,
            }
        }
    }

    /// How many events were missed so far.
    #[must_use]
    pub const fn missed(&self) -> u64 {
        self.missed
    }
}

/// What has happened: the last of it kept, all of it told to whoever subscribed.
#[derive(Debug)]
pub(super) struct Journal {
    events: broadcast::Sender<Event>,
    history: Mutex<Ring<AlertEvent>>,
    deliveries: Mutex<Ring<DeliveryRecord>>,
}

impl Journal {
    pub(super) fn new(history: usize, deliveries: usize) -> Self {
        Self {
            events: broadcast::channel(LAG).0,
            history: Mutex::new(Ring::new(history)),
            deliveries: Mutex::new(Ring::new(deliveries)),
        }
    }

    pub(super) fn alert(&self, event: AlertEvent) {
        self.history
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(event.clone());
        self.publish(Event::Alert(event));
    }

    pub(super) fn delivery(&self, record: DeliveryRecord) {
        self.deliveries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(record.clone());
        self.publish(Event::Delivery(record));
    }

    pub(super) fn history(&self, limit: usize) -> Vec<AlertEvent> {
        self.history
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .newest(limit)
    }

    pub(super) fn deliveries(&self, limit: usize) -> Vec<DeliveryRecord> {
        self.deliveries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .newest(limit)
    }

    pub(super) fn subscribe(&self) -> Subscription {
        Subscription {
            receiver: self.events.subscribe(),
            missed: 0,
        }
    }

    fn publish(&self, event: Event) {
        // An error only says that nobody listens.
        drop(self.events.send(event));
    }
}
