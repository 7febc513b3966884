use std::future::Future;
use std::time::Duration;

use aurora_core::time::Clock;
use futures::future::{join, join_all};
use tokio::sync::watch;
use tracing::warn;

use super::AlertEngine;

/// How far an engine has come on its way to the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// It takes samples.
    Open,
    /// It takes no more samples and delivers what is left.
    Draining,
    /// It is over.
    Closed,
}

impl AlertEngine {
    /// Evaluates every [`interval`](super::AlertEngineBuilder::interval) and delivers, until `until` is ready or the
    /// engine is shut down.
    ///
    /// Each channel has a worker of its own within this future: evaluation waits for none of them, and none for
    /// another. When told to end, it brings the sends in flight to their end, each within its limit, and returns; what
    /// still waits stays for [`shutdown`](Self::shutdown).
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
        let inner = &self.inner;
        let (stop, stopped) = watch::channel(false);
        let workers = inner
            .channels
            .iter()
            .map(|channel| channel.deliver_until(&inner.courier, stopped.clone()));
        let evaluation = async {
            tokio::pin!(until);
            loop {
                self.evaluate();
                tokio::select! {
                    () = &mut until => break,
                    () = self.reached(Stage::Draining) => break,
                    () = inner.courier.clock.sleep(inner.interval) => {}
                }
            }
            stop.send_replace(true);
        };
        tokio::select! {
            _ = join(evaluation, join_all(workers)) => {}
            () = self.reached(Stage::Closed) => {}
        }
    }

    /// Ends the engine: takes no more samples, delivers what waits, retries included, for at most `limit`.
    ///
    /// Gives the number of notifications that could not be delivered in that time, which is also logged. A
    /// [`run`](Self::run) in progress
    /// ends too, at the latest when `limit` is over.
    ///
    /// # Cancel safety
    /// Dropping the future ends the delivering early; the engine takes no samples after that.
    pub async fn shutdown(&self, limit: Duration) -> usize {
        let inner = &self.inner;
        {
            let _evaluation = self.lock();
            self.advance(Stage::Draining);
        }
        tokio::select! {
            biased;
            _ = join_all(inner.channels.iter().map(|channel| channel.drain(&inner.courier))) => {}
            () = inner.courier.clock.sleep(limit) => {}
        }
        self.advance(Stage::Closed);
        let mut left = 0;
        for status in self.channels().iter().filter(|status| status.queued > 0) {
            let (channel, queued) = (status.channel.as_str(), status.queued);
            warn!(channel, queued, "notifications not delivered before the end");
            left += queued;
        }
        left
    }

    pub(super) async fn deliver(&self) {
        let inner = &self.inner;
        join_all(
            inner
                .channels
                .iter()
                .map(|channel| channel.deliver_due(&inner.courier)),
        )
        .await;
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
