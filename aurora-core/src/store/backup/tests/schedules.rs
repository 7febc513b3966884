use std::time::Duration;

use super::super::{ErrorKind, Keep, Schedule};
use super::{builder, fill};
use crate::store::Database;
use crate::testing::each_database;
use crate::time::{Clock as _, ManualClock, SystemClock};

const PERIOD: Duration = Duration::from_secs(600);

/// Gives the others a moment in real time.
async fn moment() {
    SystemClock.sleep(Duration::from_millis(10)).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_replicas_one_makes_one_backup_in_each_period() {
    each_database(|db| async move {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::default();
        fill(&db.database, 10).await;
        let other = Database::open(&db.url).await.unwrap();
        let schedule = Schedule::every(PERIOD).keep(Keep::last(2));
        let [one, two] = [(); 2].map(|()| builder(&db, folder.path()).clock(clock.clone()).build().unwrap());
        let (stop, stopped) = tokio::sync::watch::channel(false);
        let wait = || {
            let mut stopped = stopped.clone();
            async move { drop(stopped.wait_for(|stopped| *stopped).await) }
        };
        let looking = async {
            let mut seen = std::collections::BTreeMap::new();
            for period in 1..=4 {
                // The clock all but stands still until the backup that is due is there.
                let mut looks = 0;
                let began = SystemClock.elapsed();
                while seen.len() < period {
                    moment().await;
                    for backup in one.list().await.unwrap().backups {
                        assert!(backup.is_verified());
                        seen.insert(backup.name, backup.started_at);
                    }
                    assert!(
                        SystemClock.elapsed() - began < Duration::from_secs(60),
                        "no backup: {seen:?}"
                    );
                    // On a slow machine a lease can be lost, and is asked for in its own time.
                    looks += 1;
                    if looks % 10 == 0 {
                        clock.advance(Duration::from_secs(1));
                    }
                }
                for _ in 0..PERIOD.as_secs() / 10 {
                    clock.advance(Duration::from_secs(10));
                    moment().await;
                }
            }
            stop.send_replace(true);
            seen
        };
        let (first, second, seen) = tokio::join!(
            Box::pin(one.run(&db.database, &schedule, wait())),
            Box::pin(two.run(&other, &schedule, wait())),
            looking
        );
        first.unwrap();
        second.unwrap();
        other.close().await;
        let mut times: Vec<_> = seen.into_values().collect();
        times.sort();
        for pair in times.windows(2) {
            assert!(pair[1].since(pair[0]) >= PERIOD, "{times:?}");
        }
        assert!(
            one.list().await.unwrap().backups.len() <= 3,
            "the rest is removed"
        );
    })
    .await;
}

#[tokio::test]
async fn schedules_that_make_no_sense_are_refused() {
    each_database(|db| async move {
        let folder = tempfile::tempdir().unwrap();
        let backups = super::backups(&db, folder.path());
        for schedule in [
            Schedule::every(Duration::from_secs(1)),
            Schedule::every(Duration::MAX),
            Schedule::every(PERIOD).jitter(PERIOD * 2),
        ] {
            let error = backups.run(&db.database, &schedule, async {}).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Invalid);
        }
        let error = builder(&db, folder.path())
            .time_limit(Duration::ZERO)
            .build()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Invalid);
    })
    .await;
}
