use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::super::{BackupCheck, ErrorKind, Kind, Stage};
use super::{backups, builder, count, files, fill, with_target};
use crate::health::{HealthCheck as _, Status, contract};
use crate::store::leases::Leases;
use crate::store::outbox::Outbox;
use crate::testing::each_database;
use crate::time::{Clock as _, ManualClock, SystemClock};

#[tokio::test]
async fn a_backup_is_described_verified_and_comes_back() {
    each_database(|db| async move {
        let folder = tempfile::tempdir().unwrap();
        fill(&db.database, 1_000).await;
        Leases::open(db.database.clone()).await.unwrap();
        Outbox::open(db.database.clone()).await.unwrap();
        let stages = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&stages);
        let backups = builder(&db, folder.path())
            .on_progress(move |progress| seen.lock().unwrap().push(progress))
            .build()
            .unwrap();
        let made = backups.create(&db.database).await.unwrap();
        assert!(made.is_verified());
        assert_eq!(made.tables["items"], 1_000);
        assert_eq!(made.schema["_aurora_leases_migrations"], 1);
        assert!(made.schema["_aurora_outbox_migrations"] >= 1);
        assert!(made.bytes > 0 && !made.engine_version.is_empty());
        let found = backups.list().await.unwrap();
        assert_eq!(found.backups, std::slice::from_ref(&made));
        assert!(found.bad.is_empty());
        let extension = if made.kind == Kind::Sqlite { "db" } else { "dump" };
        assert_eq!(
            files(folder.path()),
            [
                format!("{}.{extension}", made.name),
                format!("{}.json", made.name)
            ]
        );
        // The hash is that of other people's tool, where there is one.
        let file = folder
            .path()
            .join("backups")
            .join(format!("{}.{extension}", made.name));
        if let Ok(sum) = std::process::Command::new("sha256sum").arg(&file).output() {
            assert!(String::from_utf8(sum.stdout).unwrap().starts_with(&made.sha256));
        }
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            assert_eq!(
                std::fs::metadata(&file).unwrap().permissions().mode() & 0o777,
                0o600
            );
        }
        let stages: Vec<Stage> = stages
            .lock()
            .unwrap()
            .iter()
            .map(|progress| progress.stage)
            .collect();
        assert_eq!(
            (stages.first(), stages.last()),
            (Some(&Stage::Copying), Some(&Stage::Done))
        );
        backups.verify(&made.name).await.unwrap();
        with_target(&db, |target, empty| {
            let (backups, name) = (&backups, &made.name);
            async move {
                backups.restore(name, &target).await.unwrap();
                let restored = empty.open().await;
                assert_eq!(count(&restored).await, 1_000);
                Outbox::open(restored.clone()).await.unwrap();
                restored.close().await;
            }
        })
        .await;
    })
    .await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn a_database_in_memory_is_backed_up_too() {
    use super::super::Backups;
    use crate::store::Database;

    let folder = tempfile::tempdir().unwrap();
    let database = Database::open(&"sqlite::memory:".into()).await.unwrap();
    fill(&database, 10).await;
    let backups = Backups::builder(folder.path()).build().unwrap();
    let made = backups.create(&database).await.unwrap();
    assert_eq!((made.is_verified(), made.tables["items"]), (true, 10));
}

#[tokio::test]
async fn one_who_goes_away_leaves_nothing_behind() {
    each_database(|db| async move {
        let folder = tempfile::tempdir().unwrap();
        fill(&db.database, 20_000).await;
        let backups = backups(&db, folder.path());
        for milliseconds in [0, 3, 10, 30, 100, 300] {
            tokio::select! {
                biased;
                made = backups.create(&db.database) => drop(made),
                () = SystemClock.sleep(Duration::from_millis(milliseconds)) => {}
            }
        }
        let made = loop {
            match backups.create(&db.database).await {
                // What blocks a thread ends a moment later.
                Err(error) if error.kind() == ErrorKind::Busy => {
                    SystemClock.sleep(Duration::from_millis(10)).await;
                }
                made => break made.unwrap(),
            }
        };
        let found = backups.list().await.unwrap();
        assert_eq!(found.backups.first(), Some(&made));
        assert_eq!(found.bad, [""; 0]);
        assert_eq!(
            files(folder.path()).len(),
            2 * found.backups.len(),
            "nothing under way"
        );
    })
    .await;
}

#[tokio::test]
async fn what_else_is_in_the_folder_is_left_alone() {
    each_database(|db| async move {
        let folder = tempfile::tempdir().unwrap();
        fill(&db.database, 10).await;
        let backups = backups(&db, folder.path());
        let at = folder.path().join("backups");
        std::fs::create_dir(&at).unwrap();
        let others = ["app.db", "app.json", "x.dump", "x.tmp", "y.db.bad"];
        for other in others {
            std::fs::write(at.join(other), "mine").unwrap();
        }
        let stale = "20200101T000000Z-0123456789ab";
        for ours in [".db", ".dump.tmp", ".db.tmp-journal", ".json.tmp"] {
            std::fs::write(at.join(format!("{stale}{ours}")), "stale").unwrap();
        }
        assert!(backups.list().await.unwrap().backups.is_empty());
        let made = backups.create(&db.database).await.unwrap();
        backups.prune(super::super::Keep::last(1)).await.unwrap();
        let mut expected: Vec<String> = others.map(str::to_owned).to_vec();
        expected.extend([made.file(), format!("{}.json", made.name)]);
        expected.sort();
        assert_eq!(files(folder.path()), expected);
        assert!(backups.list().await.unwrap().bad.is_empty());
    })
    .await;
}

#[tokio::test]
async fn what_happens_is_counted() {
    each_database(|db| async move {
        use metrics_util::debugging::{DebugValue, DebuggingRecorder};

        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::at(crate::time::Timestamp::from_secs(1_800_000_000));
        fill(&db.database, 10).await;
        let backups = builder(&db, folder.path()).clock(clock).build().unwrap();
        let made = backups.create(&db.database).await;
        let bytes = made.as_ref().unwrap().bytes;
        let recorder = DebuggingRecorder::new();
        let snapshotter = recorder.snapshotter();
        metrics::with_local_recorder(&recorder, || {
            super::super::telemetry::ended(&made, Duration::from_secs(3));
            let failed = Err(super::super::Error::new(ErrorKind::NoSpace, "full"));
            super::super::telemetry::ended(&failed, Duration::from_secs(1));
        });
        let mut seen = std::collections::BTreeMap::new();
        for (key, _, _, value) in snapshotter.snapshot().into_vec() {
            let labels: Vec<String> = key.key().labels().map(|label| label.value().to_owned()).collect();
            let value = match value {
                DebugValue::Counter(count) => count.to_string(),
                DebugValue::Gauge(value) => value.to_string(),
                DebugValue::Histogram(values) => values.len().to_string(),
            };
            seen.insert(format!("{} {}", key.key().name(), labels.join(" ")), value);
        }
        let expected = [
            ("aurora_backup_bytes ", bytes.to_string()),
            ("aurora_backup_duration_seconds ", "2".to_owned()),
            (
                "aurora_backup_last_success_timestamp_seconds ",
                "1800000000".to_owned(),
            ),
            ("aurora_backup_runs_total failed no_space", "1".to_owned()),
            ("aurora_backup_runs_total verified none", "1".to_owned()),
        ];
        assert_eq!(
            seen,
            expected.map(|(name, value)| (name.to_owned(), value)).into()
        );
    })
    .await;
}

#[tokio::test]
async fn one_folder_has_one_who_writes() {
    each_database(|db| async move {
        let folder = tempfile::tempdir().unwrap();
        fill(&db.database, 10).await;
        let (one, other) = (backups(&db, folder.path()), backups(&db, folder.path()));
        let (first, second) = tokio::join!(one.create(&db.database), other.create(&db.database));
        let errors: Vec<ErrorKind> = [&first, &second]
            .into_iter()
            .filter_map(|made| made.as_ref().err().map(super::super::Error::kind))
            .collect();
        assert_eq!(errors, [ErrorKind::Busy], "{first:?} {second:?}");
        assert_eq!(one.list().await.unwrap().backups.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn health_is_degraded_without_a_young_verified_backup() {
    each_database(|db| async move {
        let folder = tempfile::tempdir().unwrap();
        let clock = ManualClock::default();
        fill(&db.database, 10).await;
        let backups = builder(&db, folder.path()).clock(clock.clone()).build().unwrap();
        let check = BackupCheck::new(backups.clone(), Duration::from_secs(100));
        let error = check.check().await.unwrap_err();
        assert_eq!(
            (error.status(), error.detail()),
            (Status::Degraded, "there is no verified backup")
        );
        backups.create(&db.database).await.unwrap();
        check.check().await.unwrap();
        clock.advance(Duration::from_secs(100));
        check.check().await.unwrap();
        clock.advance(Duration::from_secs(1));
        let error = check.check().await.unwrap_err();
        assert_eq!(
            (error.status(), error.detail()),
            (Status::Degraded, "the last verified backup is too old")
        );
        contract::check(&check).await;
    })
    .await;
}
