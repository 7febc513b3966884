use std::collections::BTreeMap;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Mutex, PoisonError};

use aurora_core::time::Timestamp;
use serde::Serialize;
use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;
use tracing::error;

use super::status::Counts;
use crate::alert::{Alert, AlertEvent};
use crate::history::{DeliveryRecord, Record};
use crate::labels::Fingerprint;
use crate::ring::Ring;
use crate::state::{Phase, RESOLVED_SHOWN};

/// How many events a slow subscriber may lag behind before it misses the oldest.
const LAG: usize = 256;

/// Something that happened in an engine.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
#[non_exhaustive]
pub enum Event {
    /// An alert changed.
    Alert(AlertEvent),
    /// An attempt to deliver ended, or a notification had none.
    Delivery(DeliveryRecord),
    /// Anything else that the history keeps: acknowledgements, escalations, silences, channels.
    Record(Record),
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
    counts: Mutex<BTreeMap<String, Counts>>,
    callbacks: Vec<Callback>,
}

/// An action of the application's own.
pub(super) struct Callback(Box<dyn Fn(&Event) + Send + Sync>);

impl Callback {
    pub(super) fn new(action: impl Fn(&Event) + Send + Sync + 'static) -> Self {
        Self(Box::new(action))
    }

    /// A mistake in somebody's action stops no delivery.
    fn call(&self, event: &Event) {
        if catch_unwind(AssertUnwindSafe(|| (self.0)(event))).is_err() {
            error!("an action on an event panicked");
        }
    }
}

impl fmt::Debug for Callback {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Callback")
    }
}

impl Journal {
    pub(super) fn new(history: usize, deliveries: usize, callbacks: Vec<Callback>) -> Self {
        Self {
            events: broadcast::channel(LAG).0,
            history: Mutex::new(Ring::new(history)),
            deliveries: Mutex::new(Ring::new(deliveries)),
            counts: Mutex::default(),
            callbacks,
        }
    }

    pub(super) fn alert(&self, event: AlertEvent) {
        self.history
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(event.clone());
        self.publish(Event::Alert(event));
    }

    pub(super) fn record(&self, record: &Record) {
        if let Some(delivery) = DeliveryRecord::of(record) {
            self.counts
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(delivery.channel.clone())
                .or_default()
                .count(&delivery);
            self.deliveries
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .push(delivery.clone());
            self.publish(Event::Delivery(delivery));
        } else if !matches!(record.entry, crate::history::Entry::Alert { .. }) {
            self.publish(Event::Record(record.clone()));
        }
    }

    pub(super) fn history(&self, limit: usize) -> Vec<AlertEvent> {
        self.history
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .newest(limit)
    }

    /// An alert whose end this process saw so lately that it is still shown.
    pub(super) fn ended(&self, fingerprint: Fingerprint, now: Timestamp) -> Option<Alert> {
        let mut alerts = self.history(usize::MAX).into_iter().map(|event| event.alert);
        let last = alerts.find(|alert| alert.fingerprint == fingerprint)?;
        let is_shown = matches!(last.state.phase, Phase::Resolved { resolved_at, .. }
            if now.since(resolved_at) < RESOLVED_SHOWN);
        is_shown.then_some(last)
    }

    pub(super) fn deliveries(&self, limit: usize) -> Vec<DeliveryRecord> {
        self.deliveries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .newest(limit)
    }

    /// Since the engine was built, by channel; the names are those of channels, so that there are few.
    pub(super) fn counts(&self) -> BTreeMap<String, Counts> {
        self.counts.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn subscribe(&self) -> Subscription {
        Subscription {
            receiver: self.events.subscribe(),
            missed: 0,
        }
    }

    fn publish(&self, event: Event) {
        for callback in &self.callbacks {
            callback.call(&event);
        }
        // An error only says that nobody listens.
        drop(self.events.send(event));
    }
}
