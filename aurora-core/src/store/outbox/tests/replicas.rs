//! What several processes do to each other.

use std::time::Duration;

use super::super::{Outbox, sql};
use super::{LEASE, message, open, texts};
use crate::store::{Database, Engine, Error, ErrorKind, in_transaction};
use crate::testing::each_database;

#[tokio::test]
async fn every_statement_is_understood_by_its_engine() {
    each_database(|db| async move {
        open(&db).await;
        crate::store::leases::Leases::open(db.database.clone())
            .await
            .unwrap();
        use sqlx::{Executor as _, SqlSafeStr as _};
        let shared = sql::ALL.iter().chain(crate::store::leases::sql::ALL);
        match db.database.engine() {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(pools) => {
                let own = sql::sqlite::ALL
                    .iter()
                    .chain(crate::store::leases::sql::sqlite::ALL);
                for (name, sql) in shared.chain(own) {
                    let prepared = pools.writer().prepare((*sql).into_sql_str()).await;
                    prepared.unwrap_or_else(|error| panic!("{name}: {error}"));
                }
            }
            #[cfg(feature = "postgres")]
            Engine::Postgres(pool) => {
                let own = sql::postgres::ALL
                    .iter()
                    .chain(crate::store::leases::sql::postgres::ALL);
                for (name, sql) in shared.chain(own) {
                    let prepared = pool.prepare((*sql).into_sql_str()).await;
                    prepared.unwrap_or_else(|error| panic!("{name}: {error}"));
                }
            }
        }
    })
    .await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn a_row_that_somebody_works_on_is_passed_over_without_waiting() {
    each_database(|db| async move {
        let Engine::Postgres(pool) = db.database.engine() else {
            return;
        };
        let (outbox, _) = open(&db).await;
        outbox
            .enqueue_all(&[message("a"), message("b"), message("c")])
            .await
            .unwrap();
        let mut other = pool.begin().await.unwrap();
        let locked =
            "select id from aurora_outbox where seq = (select min(seq) from aurora_outbox) for update";
        sqlx::query(locked).execute(&mut *other).await.unwrap();
        // without `skip locked` this would wait until the lock is gone, which is after it
        let claimed = tokio::time::timeout(Duration::from_secs(20), outbox.claim("q", 9, LEASE));
        assert_eq!(texts(&claimed.await.unwrap().unwrap()), ["b", "c"]);
        other.rollback().await.unwrap();
        assert_eq!(texts(&outbox.claim("q", 9, LEASE).await.unwrap()), ["a"]);
    })
    .await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn whoever_finds_the_sqlite_file_busy_is_told_so_and_succeeds_later() {
    each_database(|db| async move {
        let Engine::Sqlite(_) = db.database.engine() else {
            return;
        };
        let (outbox, _) = open(&db).await;
        let hasty = Database::builder(db.url.clone()).busy_timeout(Duration::from_millis(20));
        let hasty = Outbox::open(hasty.open().await.unwrap()).await.unwrap();
        let outcome: Result<(), Error> = in_transaction!(db.database, |tx| {
            outbox.enqueue_in(&mut (&mut *tx).into(), &message("a")).await?;
            let error = hasty.claim("q", 1, LEASE).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Busy);
            assert!(error.is_retryable());
            assert_eq!(
                hasty.enqueue(&message("b")).await.unwrap_err().kind(),
                ErrorKind::Busy
            );
            Ok(())
        });
        outcome.unwrap();
        hasty.enqueue(&message("b")).await.unwrap();
        hasty.database().close().await;
    })
    .await;
}

#[tokio::test]
async fn many_that_claim_at_once_share_without_overlap() {
    each_database(|db| async move {
        let (outbox, _) = open(&db).await;
        let many: Vec<_> = (0..100).map(|n| message(&n.to_string())).collect();
        outbox.enqueue_all(&many).await.unwrap();
        let claims = futures::future::join_all((0..10).map(|_| outbox.claim("q", 10, LEASE))).await;
        let mut all: Vec<_> = claims
            .into_iter()
            .flat_map(|claim| texts(&claim.unwrap()))
            .collect();
        all.extend(texts(&outbox.claim("q", 100, LEASE).await.unwrap()));
        all.sort_unstable();
        all.dedup();
        assert_eq!(all.len(), 100);
    })
    .await;
}
