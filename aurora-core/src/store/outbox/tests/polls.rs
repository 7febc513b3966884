//! A future that is dropped at any of its polls loses nothing and keeps nothing.

use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};
use std::time::Duration;

use async_trait::async_trait;

use super::super::{Delivery, Failed, Handler, Outbox, Outcome, State};
use super::{LEASE, message, open, text};
use crate::store::Database;
use crate::testing::each_database;
use crate::time::{Clock as _, ManualClock, SystemClock};

/// Polls a future `left` times and gives `None` when it has not ended by then.
struct Polls<F> {
    future: Pin<Box<F>>,
    left: u32,
}

impl<F: Future> Future for Polls<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        match self.future.as_mut().poll(context) {
            Poll::Ready(value) => Poll::Ready(Some(value)),
            Poll::Pending if self.left == 0 => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}

fn polls<F: Future>(times: u32, future: F) -> Polls<F> {
    Polls {
        future: Box::pin(future),
        left: times,
    }
}

#[tokio::test]
async fn enqueue_claim_and_settle_can_be_dropped_at_every_poll() {
    each_database(|db| async move {
        // So few connections that one that is not given back is missed.
        let database = Database::builder(db.url.clone()).max_connections(2);
        let database = database.open().await.unwrap();
        let clock = ManualClock::default();
        let outbox = super::with_clock(&database, &clock).await;
        let mut ended = 0;
        for times in 1.. {
            let key = format!("{times}");
            let new = message(&key)
                .idempotency_key(&key)
                .ordering_key("k")
                .max_attempts(1_000);
            drop(polls(times, outbox.enqueue(&new)).await);
            outbox.enqueue(&new).await.unwrap(); // whether it was stored or not
            let claimed = polls(times, outbox.claim("q", 9, LEASE)).await;
            let claimed = match claimed {
                Some(claimed) => claimed.unwrap(),
                None => claim_what_is_leased_to_nobody(&outbox, &clock).await,
            };
            assert_eq!(super::texts(&claimed), [key]);
            let done = [(claimed[0].clone(), Outcome::Done)];
            let settled = polls(times, outbox.settle(&done)).await;
            assert!(outbox.settle(&done).await.unwrap().is_empty());
            // A poll can be for nothing, so one that has ended early does not say that all do.
            ended = if settled.is_some() { ended + 1 } else { 0 };
            if ended == 3 {
                break;
            }
        }
        let counts = outbox.counts().await.unwrap();
        assert!(
            counts.iter().all(|count| count.state == State::Done),
            "{counts:?}"
        );
        database.close().await;
    })
    .await;
}

/// The server can still be at work on the claim that was dropped.
async fn claim_what_is_leased_to_nobody(outbox: &Outbox, clock: &ManualClock) -> Vec<Delivery> {
    for _ in 0..1_000 {
        clock.advance(LEASE);
        let claimed = outbox.claim("q", 9, LEASE).await.unwrap();
        if !claimed.is_empty() {
            return claimed;
        }
        SystemClock.sleep(Duration::from_millis(5)).await;
    }
    panic!("it never came back")
}

#[derive(Debug, Clone, Default)]
struct Noting(Arc<Mutex<Vec<(String, String)>>>);

#[async_trait]
impl Handler for Noting {
    async fn handle(&self, delivery: &Delivery) -> Result<(), Failed> {
        tokio::task::yield_now().await;
        let note = (text(delivery), delivery.idempotency_key.clone());
        self.0.lock().unwrap().push(note);
        Ok(())
    }
}

#[tokio::test]
async fn a_worker_can_be_dropped_at_every_poll_and_the_next_does_what_it_left() {
    each_database(|db| async move {
        let (outbox, clock) = open(&db).await;
        let many: Vec<_> = (0..40)
            .map(|n| message(&n.to_string()).ordering_key(n % 20).max_attempts(1_000))
            .collect();
        let enqueued = outbox.enqueue_all(&many).await.unwrap();
        let noting = Noting::default();
        let worker = outbox.worker("q", noting.clone()).concurrency(3).build().unwrap();
        for times in 1..=40 {
            // When there is nothing left to do nobody polls it.
            let some = polls(times, worker.run(std::future::pending()));
            drop(tokio::time::timeout(Duration::from_millis(200), some).await);
            clock.advance(LEASE);
        }
        let done = async {
            while !outbox
                .counts()
                .await
                .unwrap()
                .iter()
                .all(|count| count.state == State::Done)
            {
                clock.advance(LEASE / 6);
                SystemClock.sleep(Duration::from_millis(5)).await;
            }
        };
        worker.run(done).await;
        let noted = noting.0.lock().unwrap().clone();
        for (n, enqueued) in enqueued.iter().enumerate() {
            let of: Vec<_> = noted.iter().filter(|note| note.0 == n.to_string()).collect();
            assert!(!of.is_empty(), "{n} was never handled");
            assert!(of.iter().all(|note| note.1 == enqueued.id().to_string()));
        }
    })
    .await;
}
