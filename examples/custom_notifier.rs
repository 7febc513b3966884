//! A channel of one's own: an inbox in memory that is full at first. What it refuses is tried again.
//!
//! `cargo run --example custom_notifier` prints
//! ```text
//! attempt 1 of [WARNING] Queue long: queue_length 180 > 100: the inbox is full
//! attempt 2 of [WARNING] Queue long: queue_length 180 > 100: taken
//! attempt 1 of [RESOLVED] Queue long: taken
//! ```
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use aurora::alerts::{
    AlertEngine, Error, Limits, Notification, Notifier, NotifyError, NotifyErrorKind, Receipt, Rule,
};
use aurora::core::time::ManualClock;

/// An inbox with room for some messages more than it admits at first.
#[derive(Debug, Default)]
struct Inbox {
    asked: AtomicUsize,
}

#[async_trait]
impl Notifier for Inbox {
    fn name(&self) -> &str {
        "inbox"
    }

    // Left out, it is told of 20 alerts in a message as fast as it takes them.
    fn limits(&self) -> Limits {
        Limits::default().alerts(5)
    }

    async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError> {
        let is_full = self.asked.fetch_add(1, Ordering::Relaxed) == 0;
        let said = if is_full { "the inbox is full" } else { "taken" };
        println!("attempt {} of {notification}: {said}", notification.attempt);
        if is_full {
            // The kind says what can be done about it; this one is tried again, not before ten seconds are over.
            let error = NotifyError::new(NotifyErrorKind::RateLimited, "the inbox is full");
            return Err(error.with_retry_after(Duration::from_secs(10)));
        }
        // A repetition carries the same id: where the channel has a place for an idempotency key, pass it on.
        Ok(Receipt::named(notification.id.to_string()))
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    let clock = ManualClock::default();
    let engine = AlertEngine::builder()
        .rule(Rule::new("Queue long").metric("queue_length").above(100.0))
        .notify(Inbox::default())
        .clock(clock.clone())
        .build()?;
    for value in [180.0, 3.0] {
        engine.record("queue_length", value);
        for _ in 0..30 {
            engine.tick().await;
            clock.advance(Duration::from_secs(1));
        }
    }
    Ok(())
}
