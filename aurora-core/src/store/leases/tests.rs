//! Every test runs on SQLite and, where one is provided, on PostgreSQL.

mod paused;

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::{Lease, Leases};
use crate::store::{Database, Error, ErrorKind, execute, in_transaction};
use crate::testing::{TestDatabase, each_database};
use crate::time::{Clock as _, ManualClock, SystemClock, Timestamp};

const TTL: Duration = Duration::from_secs(9);
const SECOND: Duration = Duration::from_secs(1);

async fn two(db: &TestDatabase) -> (Leases, Leases, ManualClock) {
    let clock = ManualClock::default();
    let open = |holder: &str| {
        let builder = Leases::builder(db.database.clone());
        builder.clock(clock.clone()).holder(holder).open()
    };
    (open("a").await.unwrap(), open("b").await.unwrap(), clock)
}

async fn take(leases: &Leases, name: &str) -> Option<Lease> {
    leases.acquire(name, TTL).await.unwrap()
}

#[tokio::test]
async fn one_holder_at_a_time_and_each_with_a_higher_fence() {
    each_database(|db| async move {
        let (a, b, clock) = two(&db).await;
        let first = take(&a, "x").await.unwrap();
        assert!(take(&b, "x").await.is_none());
        assert!(take(&a, "x").await.is_none(), "it is taken, be it by ourselves");
        assert!(take(&b, "y").await.is_some());
        let record = a.get("x").await.unwrap().unwrap();
        assert_eq!((record.holder.as_str(), record.fence), ("a", first.fence()));
        first.release().await.unwrap();
        assert!(!first.is_valid());
        let second = take(&b, "x").await.unwrap();
        assert!(second.fence() > first.fence());
        first.release().await.unwrap(); // of no effect any more
        assert!(take(&a, "x").await.is_none());
        clock.advance(TTL);
        assert!(!second.is_valid());
        let third = take(&a, "x").await.unwrap();
        assert!(third.fence() > second.fence());
        assert_eq!(second.renew().await.unwrap_err().kind(), ErrorKind::LeaseLost);
    })
    .await;
}

#[tokio::test]
async fn a_lease_lasts_as_long_as_it_is_renewed_and_not_a_moment_after_its_time() {
    each_database(|db| async move {
        let (a, b, clock) = two(&db).await;
        let lease = take(&a, "x").await.unwrap();
        for _ in 0..5 {
            clock.advance(TTL - SECOND);
            lease.renew().await.unwrap();
            assert!(take(&b, "x").await.is_none());
        }
        clock.advance(TTL);
        // refused although nobody has taken over
        assert_eq!(lease.renew().await.unwrap_err().kind(), ErrorKind::LeaseLost);
        lease.lost().await;
    })
    .await;
}

#[tokio::test]
async fn fences_never_go_back_also_after_a_purge_and_when_the_clock_is_set_back() {
    each_database(|db| async move {
        let (a, _, clock) = two(&db).await;
        let mut highest = 0;
        for round in 0..4_u32 {
            for name in ["x", "y", "x"] {
                let lease = take(&a, name).await.unwrap();
                assert!(lease.fence() > 0);
                if name == "x" {
                    assert!(lease.fence() > highest);
                    highest = lease.fence();
                }
                lease.release().await.unwrap();
            }
            clock.advance(Duration::from_secs(25 * 3_600));
            let purged = a.purge(Duration::ZERO).await.unwrap();
            assert!(purged >= 1, "{purged}");
            if round == 2 {
                clock.set_wall(clock.now() - Duration::from_secs(10));
            }
        }
    })
    .await;
}

#[tokio::test]
async fn many_are_taken_and_renewed_at_once() {
    each_database(|db| async move {
        let (a, b, clock) = two(&db).await;
        let names: Vec<String> = (0..200).map(|n| format!("group-{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let (mine, theirs) = tokio::join!(a.acquire_all(&names, TTL), b.acquire_all(&names, TTL));
        let (mine, theirs) = (mine.unwrap(), theirs.unwrap());
        assert_eq!(mine.len() + theirs.len(), 200);
        clock.advance(TTL - SECOND);
        let all: Vec<&Lease> = mine.iter().chain(&theirs).collect();
        a.renew_all(&all).await.unwrap();
        clock.advance(TTL - SECOND);
        assert!(all.iter().all(|lease| lease.is_valid()));
        assert!(a.acquire_all(&names, TTL).await.unwrap().is_empty());
        clock.advance(SECOND);
        assert_eq!(b.acquire_all(&names, TTL).await.unwrap().len(), 200);
    })
    .await;
}

#[tokio::test]
async fn renewing_many_and_asking_for_the_same_at_once_do_not_lock_each_other_out() {
    each_database(|db| async move {
        let (a, b, _) = two(&db).await;
        let names: Vec<String> = (0..300).map(|n| format!("group-{n}")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let mine = a.acquire_all(&names, TTL).await.unwrap();
        let mine: Vec<&Lease> = mine.iter().collect();
        for _ in 0..20 {
            let (renewed, taken, again) =
                tokio::join!(a.renew_all(&mine), b.acquire_all(&names, TTL), a.renew_all(&mine));
            renewed.unwrap();
            again.unwrap();
            assert!(taken.unwrap().is_empty());
        }
    })
    .await;
}

#[tokio::test]
async fn writes_of_a_holder_that_comes_late_are_refused_with_their_transaction() {
    each_database(|db| async move {
        let (a, b, clock) = two(&db).await;
        execute!(
            db.database,
            sqlx::query("create table written (n bigint not null)")
        )
        .unwrap();
        let write = async |lease: &Lease| {
            let outcome: Result<(), Error> = in_transaction!(db.database, |tx| {
                sqlx::query("insert into written values (1)")
                    .execute(&mut *tx)
                    .await?;
                lease.check_in(&mut (&mut *tx).into()).await
            });
            outcome.map_err(|error| error.kind())
        };
        let old = take(&a, "x").await.unwrap();
        write(&old).await.unwrap();
        clock.advance(TTL);
        assert_eq!(write(&old).await, Err(ErrorKind::LeaseLost));
        let new = take(&b, "x").await.unwrap();
        assert_eq!(write(&old).await, Err(ErrorKind::LeaseLost));
        write(&new).await.unwrap();
        let written: i64 = crate::store::on_reader!(db.database, |pool| sqlx::query_scalar(
            "select count(*) from written"
        )
        .fetch_one(pool))
        .unwrap();
        assert_eq!(written, 2);
    })
    .await;
}

#[tokio::test]
async fn the_lead_changes_hands_when_the_leader_is_lost_and_when_it_stops() {
    each_database(|db| async move {
        let ttl = Duration::from_millis(600);
        let leaders = Arc::new(Mutex::new(Vec::new()));
        let leading = Arc::new(AtomicU32::new(0));
        let mut runs = Vec::new();
        for name in ["a", "b", "c"] {
            let database = Database::builder(db.url.clone())
                .max_connections(2)
                .open()
                .await
                .unwrap();
            let leases = Leases::builder(database).holder(name).open().await.unwrap();
            let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
            let (leaders, leading) = (Arc::clone(&leaders), Arc::clone(&leading));
            let run = tokio::spawn(async move {
                let work = |lease: Lease| {
                    let (leaders, leading) = (Arc::clone(&leaders), Arc::clone(&leading));
                    async move {
                        struct Leading(Arc<AtomicU32>);
                        impl Drop for Leading {
                            fn drop(&mut self) {
                                self.0.fetch_sub(1, Ordering::SeqCst);
                            }
                        }
                        assert_eq!(leading.fetch_add(1, Ordering::SeqCst), 0, "two lead at once");
                        let _leading = Leading(leading);
                        leaders.lock().unwrap().push((name, lease.fence()));
                        std::future::pending::<()>().await;
                    }
                };
                let stopped = async { drop(stopped.await) };
                leases.run_while_leader("lead", ttl, stopped, work).await.unwrap();
            });
            runs.push((name, Some(stop), run));
        }
        let leader = async |terms: usize| {
            loop {
                if let Some(leader) = leaders.lock().unwrap().get(terms - 1) {
                    return leader.0;
                }
                SystemClock.sleep(Duration::from_millis(5)).await;
            }
        };
        let leader = async |terms| {
            tokio::time::timeout(Duration::from_secs(60), leader(terms))
                .await
                .unwrap()
        };
        // the first is killed without a word, the second told to stop, the third loses the lease
        let first = leader(1).await;
        runs.iter().find(|run| run.0 == first).unwrap().2.abort();
        let second = leader(2).await;
        assert_ne!(second, first);
        let run = runs.iter_mut().find(|run| run.0 == second).unwrap();
        run.1.take().unwrap().send(()).unwrap();
        let third = leader(3).await;
        assert!(third != first && third != second);
        let steal = "update aurora_leases set fence = fence + 1, holder = 'thief'";
        execute!(db.database, sqlx::query(steal)).unwrap();
        assert_eq!(
            leader(4).await,
            third,
            "it notices, and takes it again when the thief's time is up"
        );
        for (name, stop, run) in runs {
            drop(stop);
            assert_eq!(run.await.is_err(), name == first);
        }
        assert!(leaders.lock().unwrap().is_sorted_by_key(|leader| leader.1));
        assert_eq!(leading.load(Ordering::SeqCst), 0);
    })
    .await;
}

#[tokio::test]
async fn whoever_leads_or_wants_to_stops_also_while_the_database_hangs() {
    each_database(|db| async move {
        let hour = Duration::from_secs(3_600);
        for leads in [true, false] {
            let patient = Database::builder(db.url.clone())
                .acquire_timeout(hour)
                .busy_timeout(hour)
                .statement_timeout(hour);
            let leases = Leases::open(patient.open().await.unwrap()).await.unwrap();
            let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
            let (took, taken) = tokio::sync::oneshot::channel::<()>();
            let run = async move {
                let mut took = Some(took);
                let work = |_| {
                    if let Some(took) = took.take() {
                        took.send(()).unwrap();
                    }
                    std::future::pending()
                };
                let stopped = async { drop(stopped.await) };
                let ttl = Duration::from_secs(3);
                leases.run_while_leader("x", ttl, stopped, work).await
            };
            let mut run = Some(run);
            let mut running = None;
            if leads {
                running = run.take().map(tokio::spawn);
                taken.await.unwrap();
            }
            let outcome: Result<(), Error> = in_transaction!(db.database, |tx| {
                // Nobody else can write while this is open.
                sqlx::query("update aurora_leases set holder = holder")
                    .execute(&mut *tx)
                    .await?;
                #[cfg(feature = "postgres")]
                if db.database.engine_name() == "postgres" {
                    let lock = "lock table aurora_leases in access exclusive mode";
                    sqlx::query(lock).execute(&mut *tx).await?;
                }
                let running = running.take().or_else(|| run.take().map(tokio::spawn)).unwrap();
                SystemClock.sleep(Duration::from_millis(100)).await;
                drop(stop);
                let ended = tokio::time::timeout(Duration::from_secs(60), running).await;
                ended.expect("it hangs with the database").unwrap()
            });
            outcome.unwrap();
        }
    })
    .await;
}

#[tokio::test]
async fn what_is_out_of_range_is_refused() {
    each_database(|db| async move {
        let (a, ..) = two(&db).await;
        let too_many = vec!["x"; 1_001];
        for (names, ttl) in [
            (vec![""], TTL),
            (vec!["a\0"], TTL),
            (vec!["x"], Duration::ZERO),
            (vec!["x"], Duration::MAX),
            (too_many, TTL),
        ] {
            let error = a.acquire_all(&names, ttl).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
        }
        let nobody = Leases::builder(db.database.clone()).holder("").open().await;
        assert_eq!(nobody.unwrap_err().kind(), ErrorKind::Invalid);
        let far = ManualClock::at(Timestamp::from_secs(4_000_000_000));
        let far = Leases::builder(db.database.clone())
            .clock(far)
            .open()
            .await
            .unwrap();
        assert!(take(&far, "x").await.is_some());
    })
    .await;
}
