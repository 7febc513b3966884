//! The loop that does the work.

mod flight;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use futures::FutureExt as _;

use crate::rng::Random;

use super::super::{Error, ErrorKind};
use super::claim::LEASE;
use super::message::is_name;
use super::{Delivery, Failed, Outbox, Schedule};

use self::flight::Flight;

/// Does what a message asks for.
///
/// It can be called more than once for the same message, with the same
/// [`idempotency_key`](Delivery::idempotency_key): hand it to the receiver, or write the effect together with
/// [`Outbox::done_in`]. A panic counts as a failed attempt.
#[async_trait]
pub trait Handler: fmt::Debug + Send + Sync + 'static {
    /// Makes one attempt. It is dropped when its time limit passes, when the lease is lost, and when the worker's time
    /// to stop is up.
    async fn handle(&self, delivery: &Delivery) -> Result<(), Failed>;
}

/// Works on one queue; a cheap handle.
#[derive(Debug, Clone)]
pub struct Worker {
    outbox: Outbox,
    queue: String,
    handler: Arc<dyn Handler>,
    settings: Settings,
}

#[derive(Debug, Clone)]
struct Settings {
    concurrency: u32,
    lease: Duration,
    deadline: Duration,
    shortest_pause: Duration,
    longest_pause: Duration,
    grace: Duration,
    schedule: Schedule,
    random: Random,
}

impl Outbox {
    /// Settings for a worker that hands the messages of `queue` to `handler`.
    pub fn worker(&self, queue: impl Into<String>, handler: impl Handler) -> WorkerBuilder {
        WorkerBuilder {
            outbox: self.clone(),
            queue: queue.into(),
            handler: Arc::new(handler),
            settings: Settings {
                concurrency: 8,
                lease: Duration::from_secs(60),
                deadline: Duration::from_secs(30),
                shortest_pause: Duration::from_millis(100),
                longest_pause: Duration::from_secs(2),
                grace: Duration::from_secs(10),
                schedule: Schedule::default(),
                random: Random::system(),
            },
        }
    }
}

/// Settings of a [`Worker`].
#[derive(Debug, Clone)]
#[must_use = "call `build` to get a worker"]
pub struct WorkerBuilder {
    outbox: Outbox,
    queue: String,
    handler: Arc<dyn Handler>,
    settings: Settings,
}

impl WorkerBuilder {
    /// How many attempts are under way at once, 1 to 256; 8 unless told.
    pub const fn concurrency(mut self, attempts: u32) -> Self {
        self.settings.concurrency = attempts;
        self
    }

    /// How long a message is leased, 100 ms to 24 h; 60 s unless told. Renewed after each third of it while an attempt
    /// is under way; so long does it take at most until another worker takes over from one that died.
    pub const fn lease(mut self, lease: Duration) -> Self {
        self.settings.lease = lease;
        self
    }

    /// How long one attempt may take, above zero and shorter than the lease; 30 s unless told.
    pub const fn deadline(mut self, deadline: Duration) -> Self {
        self.settings.deadline = deadline;
        self
    }

    /// The pauses between looks into an empty queue, which double from the first to the second, above zero and up to
    /// 10 minutes; 100 ms and 2 s unless told. What this process enqueues is seen sooner.
    pub const fn pauses(mut self, shortest: Duration, longest: Duration) -> Self {
        self.settings.shortest_pause = shortest;
        self.settings.longest_pause = longest;
        self
    }

    /// How long attempts may go on after the worker is told to stop, up to 1 hour; 10 s unless told.
    pub const fn grace(mut self, grace: Duration) -> Self {
        self.settings.grace = grace;
        self
    }

    /// When the next attempt is made; exponential from 1 s to 1 h unless told.
    pub fn schedule(mut self, schedule: Schedule) -> Self {
        self.settings.schedule = schedule;
        self
    }

    /// Takes jitter from `random`.
    pub fn random(mut self, random: Random) -> Self {
        self.settings.random = random;
        self
    }

    /// Gives the worker.
    ///
    /// # Errors
    /// `Invalid` with everything that is out of range.
    pub fn build(self) -> Result<Worker, Error> {
        let settings = &self.settings;
        let pauses = Duration::from_micros(1)..=Duration::from_secs(600);
        let checks = [
            (
                is_name(&self.queue),
                "queue must be 1 to 64 characters out of a-z A-Z 0-9 . _ -",
            ),
            (
                (1..=256).contains(&settings.concurrency),
                "concurrency must be within 1 to 256",
            ),
            (
                LEASE.contains(&settings.lease),
                "lease must be within 100 ms to 24 h",
            ),
            (
                !settings.deadline.is_zero() && settings.deadline < settings.lease,
                "deadline must be above zero and shorter than the lease",
            ),
            (
                pauses.contains(&settings.shortest_pause)
                    && pauses.contains(&settings.longest_pause)
                    && settings.shortest_pause <= settings.longest_pause,
                "pauses must be above zero and at most 10 minutes, the first not the longer",
            ),
            (
                settings.grace <= Duration::from_secs(3_600),
                "grace must be at most 1 hour",
            ),
        ];
        let wrong: Vec<&str> = checks
            .into_iter()
            .filter_map(|(holds, text)| (!holds).then_some(text))
            .collect();
        if !wrong.is_empty() {
            return Err(Error::new(ErrorKind::Invalid, wrong.join("; ")));
        }
        Ok(Worker {
            outbox: self.outbox,
            queue: self.queue,
            handler: self.handler,
            settings: self.settings,
        })
    }
}

impl Worker {
    /// Works until `stop` resolves, then lets attempts end within the grace, gives back what has not ended, and returns.
    ///
    /// It needs a tokio runtime. When the database fails it waits and goes on by itself; when it hangs, the worker
    /// returns within the grace and 5 s all the same.
    ///
    /// # Cancel safety
    /// Dropping the future drops all attempts. Nothing is lost: what was leased is anybody's when its lease runs out.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) {
        let stop = stop.shared();
        let clock = self.outbox.times.clock();
        // A database that hangs must not keep us from stopping.
        let time_is_up = async {
            stop.clone().await;
            clock.sleep(self.settings.grace).await;
        };
        let time_is_up = time_is_up.shared();
        let mut flight = Flight::new(self);
        loop {
            // From here on, so that what is enqueued while we look is not missed.
            let mut bell = std::pin::pin!(self.outbox.bell.notified());
            bell.as_mut().enable();
            tokio::select! {
                biased;
                () = flight.round() => {}
                () = time_is_up.clone() => break,
            }
            let pause = flight.pause();
            tokio::select! {
                biased;
                () = stop.clone() => break,
                () = flight.landed() => {}
                () = &mut bell => flight.hurry(),
                () = clock.sleep(pause) => {}
            }
        }
        flight.end(time_is_up).await;
    }
}
