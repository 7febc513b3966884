//! The attempts of a worker that are under way.

use std::collections::HashMap;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::task::{AbortHandle, Id, JoinError, JoinSet};
use tracing::Instrument as _;

use crate::failure::FailureClass;
use crate::time::Clock;

use super::super::{Delivery, Failed, Handler, Outcome, telemetry};
use super::Worker;

/// How often what is left at the end is written when the database fails.
const LAST_TRIES: u32 = 3;
/// How long that, and waiting for attempts that were aborted, may take.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// Dropping it drops all attempts.
pub(super) struct Flight<'w> {
    worker: &'w Worker,
    attempts: JoinSet<Outcome>,
    running: HashMap<Id, Running>,
    /// What has become of attempts and is not written yet.
    unsettled: Vec<(Delivery, Outcome, Duration)>,
    next_look: Duration,
    next_beat: Duration,
    pause: Duration,
}

struct Running {
    delivery: Delivery,
    abort: AbortHandle,
    /// Until when nobody else can have the message, by our own monotonic clock.
    safe_until: Duration,
}

/// Counts an attempt as under way until it is dropped.
struct InFlight(String);

impl Drop for InFlight {
    fn drop(&mut self) {
        telemetry::landed(&self.0);
    }
}

impl<'w> Flight<'w> {
    pub(super) fn new(worker: &'w Worker) -> Self {
        let now = worker.outbox.times.clock().elapsed();
        Self {
            worker,
            attempts: JoinSet::new(),
            running: HashMap::new(),
            unsettled: Vec::new(),
            next_look: now,
            next_beat: now,
            pause: worker.settings.shortest_pause,
        }
    }

    fn now(&self) -> Duration {
        self.worker.outbox.times.clock().elapsed()
    }

    fn room(&self) -> usize {
        let concurrency = usize::try_from(self.worker.settings.concurrency).unwrap_or(1);
        concurrency.saturating_sub(self.running.len() + self.unsettled.len())
    }

    /// Everything that it is time for.
    pub(super) async fn round(&mut self) {
        self.settle().await;
        self.beat().await;
        self.look().await;
    }

    /// Looks into the queue again at once, and often for a while.
    pub(super) fn hurry(&mut self) {
        self.pause = self.worker.settings.shortest_pause;
        self.next_look = self.now();
    }

    fn rest(&mut self) {
        self.next_look = self.now() + self.pause;
        self.pause = (self.pause * 2).min(self.worker.settings.longest_pause);
    }

    fn failed(&mut self, error: &crate::store::Error, doing: &'static str) {
        telemetry::store_failed(&self.worker.queue);
        tracing::warn!(queue = %self.worker.queue, %error, doing, "the outbox's database failed");
        self.rest();
    }

    /// Claims messages and begins their attempts, when it is time and there is room.
    async fn look(&mut self) {
        let (room, now) = (self.room(), self.now());
        if room == 0 || now < self.next_look {
            return;
        }
        let lease = self.worker.settings.lease;
        let most = u32::try_from(room).unwrap_or(u32::MAX);
        let claimed = self.worker.outbox.claim(&self.worker.queue, most, lease).await;
        let safe_until = now + lease;
        match claimed {
            Ok(deliveries) => {
                if deliveries.len() < room {
                    if !deliveries.is_empty() {
                        self.pause = self.worker.settings.shortest_pause;
                    }
                    self.rest();
                }
                if self.running.is_empty() {
                    self.next_beat = now + lease / 3;
                }
                let seen = self.worker.outbox.times.clock().now();
                for delivery in deliveries {
                    let waited = seen.since(delivery.due_at).as_secs_f64();
                    self.begin(delivery, safe_until, waited);
                }
            }
            Err(error) => self.failed(&error, "claim"),
        }
    }

    fn begin(&mut self, delivery: Delivery, safe_until: Duration, waited: f64) {
        // We may have been stopped since we asked.
        if self.now() >= safe_until {
            return;
        }
        telemetry::claimed(&delivery.queue, waited);
        let span = tracing::info_span!("outbox.attempt", queue = %delivery.queue, id = %delivery.id,
            attempt = delivery.attempt);
        let worker = self.worker.clone();
        let in_flight = InFlight(delivery.queue.clone());
        let own = delivery.clone();
        let attempt = async move {
            let _in_flight = in_flight;
            worker.attempt(&own).await
        };
        let abort = self.attempts.spawn(attempt.instrument(span));
        self.running.insert(
            abort.id(),
            Running {
                delivery,
                abort,
                safe_until,
            },
        );
    }

    /// Waits for an attempt to end; for ever when there is none.
    pub(super) async fn landed(&mut self) {
        match self.attempts.join_next_with_id().await {
            Some(ended) => self.keep(ended),
            None => std::future::pending().await,
        }
        while let Some(ended) = self.attempts.try_join_next_with_id() {
            self.keep(ended);
        }
    }

    fn keep(&mut self, ended: Result<(Id, Outcome), JoinError>) {
        let id = match &ended {
            Ok((id, _)) => *id,
            Err(error) => error.id(),
        };
        let Some(running) = self.running.remove(&id) else {
            return;
        };
        let outcome = match ended {
            Ok((_, outcome)) => outcome,
            // Its handler panicked where nobody catches it: when it was dropped. It must count, or it never ends.
            Err(error) if error.is_panic() => self.worker.judge(&running.delivery, panicked()),
            // It was aborted, because its lease was lost or time is up.
            Err(_) => Outcome::Release,
        };
        self.unsettled
            .push((running.delivery, outcome, running.safe_until));
    }

    /// Writes what has become of attempts; what cannot be written is kept for as long as the lease lasts.
    async fn settle(&mut self) {
        let now = self.now();
        self.unsettled.retain(|(delivery, outcome, safe_until)| {
            let is_ours = now < *safe_until;
            if !is_ours {
                telemetry::settled(&delivery.queue, "lost");
                let outcome = outcome.as_str();
                tracing::warn!(id = %delivery.id, outcome, "a lease ran out before its outcome was written");
            }
            is_ours
        });
        if self.unsettled.is_empty() {
            return;
        }
        let outcomes: Vec<(Delivery, Outcome)> = self
            .unsettled
            .iter()
            .map(|(delivery, outcome, _)| (delivery.clone(), outcome.clone()))
            .collect();
        match self.worker.outbox.settle(&outcomes).await {
            Ok(lost) => {
                for id in lost {
                    tracing::warn!(%id, "the lease was lost before the outcome was written");
                }
                self.unsettled.clear();
                self.next_look = self.now(); // there is room again
            }
            Err(error) => self.failed(&error, "settle"),
        }
    }

    /// Renews the leases when it is time, and drops attempts whose lease is lost.
    async fn beat(&mut self) {
        let now = self.now();
        if now < self.next_beat || self.running.is_empty() {
            return;
        }
        let lease = self.worker.settings.lease;
        self.next_beat = now + lease / 3;
        let deliveries: Vec<Delivery> = self
            .running
            .values()
            .map(|running| running.delivery.clone())
            .collect();
        let lost = match self.worker.outbox.extend(&deliveries, lease).await {
            Ok(lost) => lost,
            Err(error) => {
                self.failed(&error, "extend");
                self.next_beat = now + (lease / 12).max(self.worker.settings.shortest_pause);
                for running in self.running.values().filter(|running| running.safe_until <= now) {
                    running.abort.abort();
                }
                return;
            }
        };
        for running in self.running.values_mut() {
            if lost.contains(&running.delivery.id) {
                running.abort.abort();
            } else {
                running.safe_until = now + lease;
            }
        }
    }

    /// How long there is nothing to do.
    pub(super) fn pause(&self) -> Duration {
        let now = self.now();
        let mut next = Duration::MAX;
        if self.room() > 0 || !self.unsettled.is_empty() {
            next = next.min(self.next_look);
        }
        if !self.running.is_empty() {
            next = next.min(self.next_beat);
        }
        next.saturating_sub(now).min(self.worker.settings.lease)
    }

    /// Lets attempts end until time is up, and gives back those that do not.
    pub(super) async fn end(mut self, time_is_up: impl Future<Output = ()> + Send) {
        let clock = Arc::clone(self.worker.outbox.times.clock());
        tokio::select! {
            biased;
            () = self.let_land(&*clock) => {}
            () = time_is_up => {}
        }
        tokio::select! {
            biased;
            () = self.give_back(&*clock) => {}
            () = clock.sleep(LAST_WORDS) => {
                tracing::warn!(queue = %self.worker.queue, "stopped without writing what has become of attempts");
            }
        }
    }

    async fn let_land(&mut self, clock: &dyn Clock) {
        while !self.running.is_empty() {
            // No work is looked for any more; what could not be written is tried again.
            let next = if self.unsettled.is_empty() {
                self.next_beat
            } else {
                self.next_beat.min(self.next_look)
            };
            let pause = next.saturating_sub(self.now());
            tokio::select! {
                biased;
                () = self.landed() => {}
                () = clock.sleep(pause) => self.beat().await,
            }
            self.settle().await;
        }
    }

    async fn give_back(&mut self, clock: &dyn Clock) {
        self.attempts.abort_all();
        while let Some(ended) = self.attempts.join_next_with_id().await {
            self.keep(ended);
        }
        for _ in 0..LAST_TRIES {
            self.settle().await;
            if self.unsettled.is_empty() {
                break;
            }
            clock.sleep(self.worker.settings.shortest_pause).await;
        }
    }
}

impl Worker {
    async fn attempt(&self, delivery: &Delivery) -> Outcome {
        let clock = self.outbox.times.clock();
        let began = clock.elapsed();
        let result = bounded(&*self.handler, delivery, &**clock, self.settings.deadline).await;
        telemetry::attempted(
            &delivery.queue,
            clock.elapsed().saturating_sub(began).as_secs_f64(),
        );
        match result {
            Ok(()) => Outcome::Done,
            Err(failed) => self.judge(delivery, failed),
        }
    }

    /// What becomes of a message whose attempt has failed.
    fn judge(&self, delivery: &Delivery, failed: Failed) -> Outcome {
        let outcome = self
            .settings
            .schedule
            .decide(delivery, failed, &self.settings.random);
        match &outcome {
            Outcome::Dead(reason, failed) => {
                tracing::warn!(
                    reason = reason.as_str(),
                    failure = failed.text(),
                    "a message is dead"
                );
            }
            Outcome::Retry(wait, failed) => {
                tracing::info!(
                    wait = wait.as_secs_f64(),
                    failure = failed.text(),
                    "an attempt failed"
                );
            }
            Outcome::Done | Outcome::Release => {}
        }
        outcome
    }
}

fn panicked() -> Failed {
    Failed::again(FailureClass::Transient, "the handler panicked")
}

/// One call of the handler, within its time limit and with its panics caught.
async fn bounded(
    handler: &dyn Handler,
    delivery: &Delivery,
    clock: &dyn Clock,
    deadline: Duration,
) -> Result<(), Failed> {
    // Whatever the handler shares it must itself keep whole across a panic; we hold nothing of it.
    let call = AssertUnwindSafe(async { handler.handle(delivery).await }).catch_unwind();
    tokio::select! {
        biased;
        result = call => result.unwrap_or_else(|_| Err(panicked())),
        () = clock.sleep(deadline) => Err(Failed::again(FailureClass::Timeout, "the attempt took too long")),
    }
}
