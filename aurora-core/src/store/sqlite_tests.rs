//! How a SQLite file is opened, and who waits for whom.

use std::time::Duration;

use super::tests::{OLD, count, insert};
use super::{Database, Durability, Error, ErrorKind, in_transaction, on_reader, on_writer};
use crate::secret::Secret;

#[tokio::test]
async fn a_sqlite_file_is_durable_checked_and_read_only_for_readers() {
    let folder = tempfile::tempdir().unwrap();
    for (durability, synchronous) in [(Durability::Full, 2), (Durability::Process, 1)] {
        let url = format!("sqlite://{}/{synchronous}.db", folder.path().display());
        let db = Database::builder(url)
            .durability(durability)
            .open()
            .await
            .unwrap();
        let journal: String = on_writer!(db, |pool| sqlx::query_scalar("pragma journal_mode")
            .fetch_one(pool))
        .unwrap();
        let sync: i64 = on_writer!(db, |pool| sqlx::query_scalar("pragma synchronous")
            .fetch_one(pool))
        .unwrap();
        let keys: i64 = on_writer!(db, |pool| sqlx::query_scalar("pragma foreign_keys")
            .fetch_one(pool))
        .unwrap();
        let zeroes: i64 = on_writer!(db, |pool| sqlx::query_scalar("pragma secure_delete")
            .fetch_one(pool))
        .unwrap();
        assert_eq!((journal.as_str(), sync, keys, zeroes), ("wal", synchronous, 1, 1));
        let write = on_reader!(db, |pool| sqlx::query_scalar::<_, i64>(
            "create table t (n integer)"
        )
        .fetch_optional(pool));
        assert_eq!(write.unwrap_err().kind(), ErrorKind::Denied);
    }
}

#[tokio::test]
async fn somebody_else_writing_makes_the_database_busy() {
    let folder = tempfile::tempdir().unwrap();
    let url = format!("sqlite://{}/busy.db", folder.path().display());
    let (a, b) = (
        Database::open(&Secret::new(url.clone())).await.unwrap(),
        Database::builder(url)
            .busy_timeout(Duration::from_millis(20))
            .open()
            .await
            .unwrap(),
    );
    a.migrate(&OLD).await.unwrap();
    let outcome: Result<(), Error> = in_transaction!(a, |tx| {
        sqlx::query("delete from notes").execute(&mut *tx).await?;
        let error = insert(&b, 1, Some("x"), None).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Busy, "{error}");
        assert!(error.is_retryable());
        assert_eq!(count(&b).await, 0); // readers are not held up
        Ok::<_, Error>(())
    });
    outcome.unwrap();
    insert(&b, 1, Some("x"), None).await.unwrap();
}

#[test]
fn many_who_open_and_migrate_a_new_file_at_once_all_succeed() {
    for round in 0..3 {
        let folder = tempfile::tempdir().unwrap();
        let url = format!("sqlite://{}/{round}.db", folder.path().display());
        let starts = std::sync::Barrier::new(8);
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| {
                    let runtime = tokio::runtime::Builder::new_current_thread()
                        .enable_all()
                        .build()
                        .unwrap();
                    starts.wait();
                    runtime.block_on(async {
                        let db = Database::open(&Secret::new(url.clone())).await.unwrap();
                        db.migrate(&OLD).await.unwrap();
                        db.close().await;
                    });
                });
            }
        });
    }
}
