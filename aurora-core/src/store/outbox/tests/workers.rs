use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;

use super::super::{Delivery, Failed, Handler, Message, Outbox, State, Worker};
use super::{SECOND, message, open, text};
use crate::failure::FailureClass;
use crate::store::{Database, ErrorKind, in_transaction};
use crate::testing::each_database;
use crate::time::{Clock as _, ManualClock, SystemClock};

/// Far longer than any test takes.
const HANG: Duration = Duration::from_secs(120);

type Seen = Arc<Mutex<Vec<(String, String, u32)>>>;

/// Notes what it is given, and does what the payload says.
#[derive(Debug, Clone, Default)]
struct Script {
    seen: Seen,
    dropped: Arc<Mutex<u32>>,
    go: Arc<tokio::sync::Notify>,
}

struct Dropped(Arc<Mutex<u32>>);
impl Drop for Dropped {
    fn drop(&mut self) {
        *self.0.lock().unwrap() += 1;
    }
}

struct PanicsWhenDropped;
impl Drop for PanicsWhenDropped {
    fn drop(&mut self) {
        panic!("on purpose");
    }
}

impl Script {
    fn count(&self) -> usize {
        self.seen.lock().unwrap().len()
    }
}

#[async_trait]
impl Handler for Script {
    async fn handle(&self, delivery: &Delivery) -> Result<(), Failed> {
        let text = text(delivery);
        self.seen
            .lock()
            .unwrap()
            .push((text.clone(), delivery.idempotency_key.clone(), delivery.attempt));
        let is_first = delivery.attempt == 1;
        match text.split(' ').next().unwrap() {
            "panics" if is_first => panic!("on purpose"),
            "fails" if is_first => Err(Failed::again(FailureClass::Transient, "503").after(SECOND * 30)),
            "rejects" => Err(Failed::rejected("410")),
            "breaks" if is_first => {
                let _breaks = PanicsWhenDropped;
                std::future::pending().await
            }
            "hangs" if is_first => {
                let _dropped = Dropped(Arc::clone(&self.dropped));
                std::future::pending().await
            }
            "waits" => {
                self.go.notified().await;
                Ok(())
            }
            "yields" => {
                tokio::task::yield_now().await;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

/// Waits until the block is true.
macro_rules! until {
    ($what:block) => {
        tokio::time::timeout(HANG, async {
            while !$what {
                SystemClock.sleep(Duration::from_millis(2)).await;
            }
        })
        .await
        .expect("it never happened")
    };
}

async fn state(outbox: &Outbox, id: super::super::MessageId) -> State {
    outbox.get(id).await.unwrap().state
}

fn start(worker: Worker) -> (tokio::sync::oneshot::Sender<()>, tokio::task::JoinHandle<()>) {
    let (stop, stopped) = tokio::sync::oneshot::channel();
    let running = tokio::spawn(async move {
        worker.run(async { drop(stopped.await) }).await;
    });
    (stop, running)
}

#[tokio::test]
async fn each_message_is_handled_once_by_eight_workers_when_nobody_dies() {
    each_database(|db| async move {
        let outbox = Outbox::open(db.database.clone()).await.unwrap();
        let many: Vec<Message> = (0..240)
            .map(|n| {
                let message = message(&format!("yields {n}"));
                if n % 3 == 0 {
                    message.ordering_key(n % 5)
                } else {
                    message
                }
            })
            .collect();
        outbox.enqueue_all(&many).await.unwrap();
        let script = Script::default();
        let running: Vec<_> = futures::future::join_all((0..8).map(|_| async {
            let other = Database::builder(db.url.clone())
                .max_connections(3)
                .open()
                .await
                .unwrap();
            let outbox = Outbox::open(other).await.unwrap();
            start(outbox.worker("q", script.clone()).concurrency(5).build().unwrap())
        }))
        .await;
        until!({
            let counts = outbox.counts().await.unwrap();
            counts.iter().all(|count| count.state == State::Done)
        });
        for (stop, running) in running {
            stop.send(()).unwrap();
            running.await.unwrap();
        }
        let mut handled = BTreeMap::new();
        for (text, key, attempt) in script.seen.lock().unwrap().iter() {
            assert_eq!(*attempt, 1);
            *handled.entry(key.clone()).or_insert(0) += 1;
            let _unused = text;
        }
        assert_eq!(handled.len(), 240);
        assert!(handled.values().all(|times| *times == 1), "{handled:?}");
    })
    .await;
}

async fn manual(db: &crate::testing::TestDatabase) -> (Outbox, ManualClock, Script, Worker) {
    let (outbox, clock) = open(db).await;
    let script = Script::default();
    let worker = outbox.worker("q", script.clone()).concurrency(4).build().unwrap();
    (outbox, clock, script, worker)
}

#[tokio::test]
async fn panics_and_failures_are_tried_again_with_the_same_key_and_rejections_are_not() {
    each_database(|db| async move {
        let (outbox, clock, script, worker) = manual(&db).await;
        let (stop, running) = start(worker);
        let mut ids = Vec::new();
        for text in ["panics", "fails", "rejects", "works"] {
            ids.push(outbox.enqueue(&message(text)).await.unwrap().id());
        }
        until!({ script.count() == 4 && state(&outbox, ids[3]).await == State::Done });
        until!({ state(&outbox, ids[2]).await == State::Dead });
        until!({ outbox.get(ids[0]).await.unwrap().failure.is_some() });
        until!({ outbox.get(ids[1]).await.unwrap().failure.is_some() });
        let failed = outbox.get(ids[1]).await.unwrap();
        assert!(
            failed.due_at.since(clock.now()) >= SECOND * 30,
            "Retry-After is a floor"
        );
        let panicked = outbox.get(ids[0]).await.unwrap();
        assert_eq!(panicked.failure.as_deref(), Some("the handler panicked"));
        clock.advance(SECOND * 50);
        until!({
            clock.advance(SECOND);
            state(&outbox, ids[0]).await == State::Done && state(&outbox, ids[1]).await == State::Done
        });
        stop.send(()).unwrap();
        running.await.unwrap();
        let seen = script.seen.lock().unwrap().clone();
        assert_eq!(seen.len(), 6);
        for text in ["panics", "fails"] {
            let of: Vec<_> = seen.iter().filter(|seen| seen.0 == text).collect();
            assert_eq!((of[0].2, of[1].2), (1, 2));
            assert_eq!(of[0].1, of[1].1, "the idempotency key");
        }
    })
    .await;
}

#[tokio::test]
async fn an_attempt_that_takes_too_long_is_dropped_and_tried_again() {
    each_database(|db| async move {
        let (outbox, clock, script, worker) = manual(&db).await;
        let (stop, running) = start(worker);
        let id = outbox.enqueue(&message("hangs")).await.unwrap().id();
        until!({ script.count() == 1 });
        until!({
            clock.advance(SECOND);
            state(&outbox, id).await == State::Done
        });
        assert_eq!(*script.dropped.lock().unwrap(), 1);
        let failure = outbox.get(id).await.unwrap().failure;
        assert_eq!(failure.as_deref(), Some("the attempt took too long"));
        stop.send(()).unwrap();
        running.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn an_attempt_that_panics_when_it_is_dropped_is_a_failed_one() {
    each_database(|db| async move {
        let (outbox, clock, script, worker) = manual(&db).await;
        let (stop, running) = start(worker);
        let id = outbox.enqueue(&message("breaks")).await.unwrap().id();
        until!({ script.count() == 1 });
        until!({
            clock.advance(SECOND);
            state(&outbox, id).await == State::Done
        });
        let attempts: Vec<u32> = script.seen.lock().unwrap().iter().map(|seen| seen.2).collect();
        assert_eq!(attempts, [1, 2], "it counts");
        stop.send(()).unwrap();
        running.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_worker_whose_database_hangs_stops_all_the_same() {
    each_database(|db| async move {
        open(&db).await;
        let hour = SECOND * 3_600;
        let patient = Database::builder(db.url.clone())
            .acquire_timeout(hour)
            .busy_timeout(hour)
            .statement_timeout(hour);
        let patient = patient.open().await.unwrap();
        let clock = ManualClock::default();
        let outbox = super::with_clock(&patient, &clock).await;
        outbox.enqueue(&message("works")).await.unwrap();
        let script = Script::default();
        let worker = outbox.worker("q", script.clone()).build().unwrap();
        let outcome: Result<(), crate::store::Error> = in_transaction!(db.database, |tx| {
            // Nobody else can write while this is open.
            sqlx::query("update aurora_outbox set holder = null where state = 'ready'")
                .execute(&mut *tx)
                .await?;
            #[cfg(feature = "postgres")]
            if db.database.engine_name() == "postgres" {
                sqlx::query("lock table aurora_outbox in access exclusive mode")
                    .execute(&mut *tx)
                    .await?;
            }
            let (stop, running) = start(worker);
            SystemClock.sleep(Duration::from_millis(100)).await;
            stop.send(()).unwrap();
            until!({
                clock.advance(SECOND);
                running.is_finished()
            });
            assert_eq!(script.count(), 0);
            Ok(())
        });
        outcome.unwrap();
    })
    .await;
}

#[tokio::test]
async fn leases_are_renewed_while_an_attempt_goes_on() {
    each_database(|db| async move {
        let (outbox, clock) = open(&db).await;
        let script = Script::default();
        let worker = outbox
            .worker("q", script.clone())
            .lease(SECOND * 60)
            .deadline(SECOND * 59);
        let (stop, running) = start(worker.build().unwrap());
        let id = outbox.enqueue(&message("hangs")).await.unwrap().id();
        until!({ script.count() == 1 });
        let first = outbox.get(id).await.unwrap().lease_until.unwrap();
        clock.advance(SECOND * 21);
        until!({ outbox.get(id).await.unwrap().lease_until.unwrap() > first });
        // whoever loses the lease all the same drops the attempt
        let sql = "update aurora_outbox set fence = fence + 1";
        crate::store::execute!(db.database, sqlx::query(sql)).unwrap();
        clock.advance(SECOND * 21);
        until!({ *script.dropped.lock().unwrap() == 1 });
        stop.send(()).unwrap();
        running.await.unwrap();
        assert_eq!(state(&outbox, id).await, State::Leased); // not touched by who lost it
    })
    .await;
}

#[tokio::test]
async fn a_worker_that_is_stopped_gives_back_what_has_not_ended_and_one_that_is_dropped_loses_nothing() {
    each_database(|db| async move {
        let (outbox, clock, script, worker) = manual(&db).await;
        let id = outbox.enqueue(&message("hangs")).await.unwrap().id();
        let (stop, running) = start(worker.clone());
        until!({ script.count() == 1 });
        stop.send(()).unwrap();
        until!({
            clock.advance(SECOND);
            *script.dropped.lock().unwrap() == 1
        });
        tokio::time::timeout(HANG, running).await.unwrap().unwrap();
        let stored = outbox.get(id).await.unwrap();
        assert_eq!((stored.state, stored.attempts), (State::Ready, 0));
        assert_eq!(*script.dropped.lock().unwrap(), 1);

        let (_stop, running) = start(worker);
        until!({ script.count() == 2 });
        running.abort();
        assert!(running.await.unwrap_err().is_cancelled());
        until!({ *script.dropped.lock().unwrap() == 2 });
        assert!(outbox.claim("q", 1, SECOND).await.unwrap().is_empty());
        clock.advance(SECOND * 60);
        assert_eq!(outbox.claim("q", 1, SECOND).await.unwrap()[0].attempt, 2);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_worker_that_waits_for_its_last_attempt_rests_meanwhile() {
    each_database(|db| async move {
        let (outbox, clock, script, worker) = manual(&db).await;
        outbox.enqueue(&message("hangs")).await.unwrap();
        let waits = outbox.enqueue(&message("waits")).await.unwrap().id();
        let (stop, running) = start(worker);
        until!({ script.count() == 2 });
        stop.send(()).unwrap();
        script.go.notify_one();
        until!({ state(&outbox, waits).await == State::Done });
        // For the end of the grace, for the next heartbeat, and for the deadline of the attempt; and it stays so.
        until!({
            let mut is_resting = true;
            for _ in 0..100 {
                SystemClock.sleep(Duration::from_millis(1)).await;
                is_resting &= clock.sleepers() == 3;
            }
            is_resting
        });
        until!({
            clock.advance(SECOND);
            running.is_finished()
        });
        running.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn a_worker_outlives_a_database_that_fails() {
    each_database(|db| async move {
        let (outbox, clock, script, worker) = manual(&db).await;
        let rename = |from: &str, to: &str| sqlx::AssertSqlSafe(format!("alter table {from} rename to {to}"));
        let (stop, running) = start(worker);
        crate::store::execute!(db.database, sqlx::query(rename("aurora_outbox", "away"))).unwrap();
        outbox.wake();
        clock.advance(SECOND * 5);
        until!({
            outbox.wake();
            clock.sleepers() > 0
        });
        crate::store::execute!(db.database, sqlx::query(rename("away", "aurora_outbox"))).unwrap();
        outbox.enqueue(&message("works")).await.unwrap();
        until!({
            clock.advance(SECOND);
            script.count() == 1
        });
        stop.send(()).unwrap();
        running.await.unwrap();
    })
    .await;
}

#[tokio::test]
async fn settings_that_make_no_sense_are_refused_together() {
    each_database(|db| async move {
        let (outbox, _) = open(&db).await;
        let wrong = outbox
            .worker("a b", Script::default())
            .concurrency(0)
            .lease(Duration::ZERO)
            .deadline(SECOND)
            .pauses(SECOND, Duration::ZERO)
            .grace(Duration::MAX)
            .build();
        let error = wrong.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
        for word in ["queue", "concurrency", "lease", "deadline", "pauses", "grace"] {
            assert!(error.to_string().contains(word), "{error}");
        }
    })
    .await;
}
