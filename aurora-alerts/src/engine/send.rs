//! One attempt on one channel.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use aurora_core::time::Clock;
use futures::FutureExt;
use tracing::{info, warn};

use super::AlertEngine;
use crate::core::Input;
use crate::notification::DeliveryId;
use crate::notifier::{NotifyError, NotifyErrorKind, Receipt};
use crate::pipeline::{LaneKey, Sending};
use crate::telemetry;

impl AlertEngine {
    /// Sends one notification within its limit and puts the outcome down for the next turn.
    ///
    /// # Cancel safety
    /// Nobody knows whether it arrived: it goes out again, under the same id.
    pub(super) fn send(&self, sending: Sending) -> impl Future<Output = ()> + Send + '_ {
        // Made before the first poll, so that one that is never polled is given back too.
        let flight = Flight {
            engine: self,
            lane: sending.lane.clone(),
            aloft: Some(sending.notification.id),
        };
        self.attempt(sending, flight)
    }

    async fn attempt(&self, sending: Sending, mut flight: Flight<'_>) {
        let Sending { lane, notification } = sending;
        let clock = &self.inner.clock;
        let started = clock.elapsed();
        let result = match self.inner.notifier(&lane.channel) {
            None => Err(NotifyError::new(
                NotifyErrorKind::Other,
                "there is no such channel",
            )),
            Some(notifier) => tokio::select! {
                biased;
                result = AssertUnwindSafe(notifier.send(&notification)).catch_unwind() => result
                    .unwrap_or_else(|_| Err(NotifyError::new(NotifyErrorKind::Other, "the notifier panicked"))),
                () = clock.sleep(self.inner.send_timeout) => {
                    Err(NotifyError::new(NotifyErrorKind::Timeout, "the channel did not answer in time"))
                }
            },
        };
        let took = clock.elapsed().saturating_sub(started);
        telemetry::attempted(&lane.channel, took);
        tell(&lane, notification.attempt, &result);
        let id = notification.id;
        flight.aloft = None;
        drop(flight);
        self.inner.desk.put(Input::Outcome {
            lane,
            id,
            result,
            took,
        });
    }
}

fn tell(lane: &LaneKey, attempt: u32, result: &Result<Receipt, NotifyError>) {
    let channel = &*lane.channel;
    match result {
        Ok(_) => info!(channel, attempt, "notification delivered"),
        Err(error) => warn!(
            channel,
            attempt,
            reason = error.kind().as_str(),
            "notification not delivered"
        ),
    }
}

/// A claim that is given back when the attempt is dropped half-way.
struct Flight<'a> {
    engine: &'a AlertEngine,
    lane: LaneKey,
    aloft: Option<DeliveryId>,
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        if let Some(id) = self.aloft {
            self.engine.brain().core.unclaim(&self.lane, id);
        }
    }
}
