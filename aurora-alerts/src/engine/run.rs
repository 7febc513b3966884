use std::future::Future;
use std::time::Duration;

use aurora_core::time::Clock;
use futures::StreamExt;
use futures::future::join_all;
use futures::stream::FuturesUnordered;
use tracing::warn;

use super::AlertEngine;
use super::turn::Occasion;

/// How far an engine has come on its way to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// It takes samples.
    Open,
    /// It takes nothing more and delivers what is left.
    Draining,
    /// It is over.
    Closed,
}

/// The least wait of `run` between two turns that nobody asked for.
const LEAST_WAIT: Duration = Duration::from_millis(5);

impl AlertEngine {
    /// Judges what is new, lets time pass, then sends everything that is due: on all targets at once, one after the
    /// other on each.
    ///
    /// It returns when everything that was due has been tried once; each attempt has its limit
    /// ([`send_timeout`](super::AlertEngineBuilder::send_timeout)). Where a slow channel must not delay the next evaluation,
    /// use [`run`](Self::run). After a [`shutdown`](Self::shutdown) it only delivers what was left. Where the store does
    /// not answer nothing is sent; the next tick tries again.
    ///
    /// # Cancel safety
    /// Nothing is lost by dropping the future: what was being sent is sent again under the same id.
    pub async fn tick(&self) {
        let mut occasion = if self.is_ending() {
            Occasion::Wake
        } else {
            Occasion::Tick
        };
        if occasion == Occasion::Tick {
            self.sample();
        }
        loop {
            if !self.try_turn(occasion).await {
                return;
            }
            occasion = Occasion::Wake;
            let sendings = self.claim();
            if sendings.is_empty() {
                return;
            }
            join_all(sendings.into_iter().map(|sending| self.send(sending))).await;
        }
    }

    /// Judges every [`interval`](super::AlertEngineBuilder::interval) and delivers, until `until` is ready or the engine
    /// is shut down.
    ///
    /// Each target is sent to on its own within this future: evaluation waits for none of them, and none for another.
    /// What is posted, acknowledged or silenced meanwhile is taken in at once. When told to end, it brings the sends in
    /// flight to their end, each within its limit, and returns; what still waits stays for [`shutdown`](Self::shutdown)
    /// or, in a store that outlives the process, for the next engine.
    ///
    /// # Cancel safety
    /// Nothing is lost by dropping the future: what was being sent is sent again under the same id.
    ///
    /// # Examples
    /// ```
    /// # use std::time::Duration;
    /// # use aurora_alerts::AlertEngine;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), aurora_alerts::Error> {
    /// # let engine = AlertEngine::builder().build()?;
    /// # let ctrl_c = std::future::ready(());
    /// tokio::join!(engine.run(std::future::pending()), async {
    ///     ctrl_c.await;
    ///     engine.shutdown(Duration::from_secs(2)).await;
    /// });
    /// # Ok(())
    /// # }
    /// ```
    pub async fn run(&self, until: impl Future<Output = ()> + Send) {
        tokio::select! {
            () = self.work(until) => {}
            () = self.reached(Stage::Closed) => {}
        }
    }

    async fn work(&self, until: impl Future<Output = ()> + Send) {
        let inner = &self.inner;
        let clock = &inner.clock;
        tokio::pin!(until);
        let mut flights = FuturesUnordered::new();
        let mut judged: Option<Duration> = None;
        loop {
            let elapsed = clock.elapsed();
            let due = judged.is_none_or(|at| elapsed.saturating_sub(at) >= inner.interval);
            if due {
                judged = Some(elapsed);
                self.sample();
            }
            if self
                .try_turn(if due { Occasion::Tick } else { Occasion::Wake })
                .await
            {
                flights.extend(self.claim().into_iter().map(|sending| self.send(sending)));
            }
            let next = judged.map_or(Duration::ZERO, |at| {
                (at + inner.interval).saturating_sub(clock.elapsed())
            });
            let wait = self.until_due().map_or(next, |due| due.min(next)).max(LEAST_WAIT);
            tokio::select! {
                () = &mut until => break,
                () = self.reached(Stage::Draining) => break,
                Some(()) = flights.next(), if !flights.is_empty() => {}
                () = inner.desk.filled() => {}
                () = clock.sleep(wait) => {}
            }
        }
        while flights.next().await.is_some() {}
        self.try_turn(Occasion::Ask).await;
    }

    /// Ends the engine: takes nothing more, delivers what waits, retries included, for at most `limit`, and gives the
    /// lead back.
    ///
    /// Gives the number of notifications that could not be delivered in that time, which is also logged; in a store that
    /// outlives the process they are delivered by the next engine. A [`run`](Self::run) in progress ends too, at the
    /// latest when `limit` is over.
    ///
    /// # Cancel safety
    /// Dropping the future ends the delivering early; the engine takes nothing after that.
    pub async fn shutdown(&self, limit: Duration) -> usize {
        let inner = &self.inner;
        self.advance(Stage::Draining);
        tokio::select! {
            biased;
            () = self.drain() => {}
            () = inner.clock.sleep(limit) => {}
        }
        self.advance(Stage::Closed);
        tokio::select! {
            biased;
            () = self.resign() => {}
            () = inner.clock.sleep(inner.send_timeout) => {}
        }
        let left = self.brain().core.pipeline().waiting();
        if left > 0 {
            warn!(left, "notifications not delivered before the end");
        }
        left
    }

    /// Delivers until nothing waits. Where another replica leads there is nothing to deliver here.
    async fn drain(&self) {
        // What was recorded before the end is judged once more.
        self.sample();
        self.try_turn(Occasion::Tick).await;
        loop {
            self.tick().await;
            let (leads, waiting) = {
                let brain = self.brain();
                (brain.lead.is_some(), brain.core.pipeline().waiting())
            };
            if !leads || waiting == 0 {
                return;
            }
            // A `run` that ends brings its last sends to their end meanwhile; what comes after them is for this one.
            let interval = self.inner.interval;
            let due = self.until_due().map_or(interval, |due| due.min(interval));
            tokio::select! {
                () = self.inner.desk.filled() => {}
                () = self.inner.clock.sleep(due.max(LEAST_WAIT)) => {}
            }
        }
    }

    async fn resign(&self) {
        let Some(lead) = self.brain().lead else { return };
        if self.checkpoint(lead).await.is_ok() {
            self.brain().lead = None;
            if let Err(error) = self.inner.store.resign(lead).await {
                warn!(%error, "the lead could not be given back; it ends by itself");
            }
        }
    }

    async fn try_turn(&self, occasion: Occasion) -> bool {
        match self.turn(occasion).await {
            Ok(()) => {
                self.inner.store_works();
                true
            }
            Err(error) => {
                self.inner.store_fails(&error);
                false
            }
        }
    }

    fn advance(&self, to: Stage) {
        self.inner.stage.send_if_modified(|stage| {
            let before = *stage;
            *stage = before.max(to);
            *stage != before
        });
    }

    async fn reached(&self, wanted: Stage) {
        let mut stage = self.inner.stage.subscribe();
        // The sender lives as long as `self`, so an error cannot be.
        drop(stage.wait_for(|stage| *stage >= wanted).await);
    }
}
