//! A clock for tests with real sockets.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::time::{Clock, ManualClock, Timestamp};

/// Short waits pass at once, time moving along; long ones, which are limits, end only when the test moves the time.
///
/// So a retry never delays a test, and a limit never runs out by itself, however slow the machine is.
#[derive(Debug, Clone)]
pub(crate) struct TestClock {
    time: ManualClock,
    skipped: Arc<Mutex<Vec<Duration>>>,
    is_short: fn(Duration) -> bool,
}

impl TestClock {
    /// Waits of up to ten seconds are short.
    pub(crate) fn new() -> Self {
        Self::skipping(|wait| wait <= Duration::from_secs(10))
    }

    pub(crate) fn skipping(is_short: fn(Duration) -> bool) -> Self {
        Self {
            time: ManualClock::default(),
            skipped: Arc::default(),
            is_short,
        }
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.time.advance(by);
    }

    /// The short waits so far.
    pub(crate) fn waits(&self) -> Vec<Duration> {
        self.skipped.lock().unwrap().clone()
    }
}

#[async_trait]
impl Clock for TestClock {
    fn now(&self) -> Timestamp {
        self.time.now()
    }

    fn elapsed(&self) -> Duration {
        self.time.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        if (self.is_short)(duration) {
            self.skipped.lock().unwrap().push(duration);
            self.time.advance(duration);
        } else {
            self.time.sleep(duration).await;
        }
    }
}
