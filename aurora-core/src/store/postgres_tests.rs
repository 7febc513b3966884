//! What happens when PostgreSQL is slow, loses connections or has none free.

use std::time::Duration;

use sqlx::PgPool;

use super::{Database, Engine, ErrorKind, execute, on_reader};
use crate::testing::each_database;

fn postgres(db: &Database) -> Option<&PgPool> {
    match db.engine() {
        Engine::Postgres(pool) => Some(pool),
        #[cfg(feature = "sqlite")]
        Engine::Sqlite(_) => None,
    }
}

#[tokio::test]
async fn postgres_gives_up_a_long_statement_and_comes_back_after_losing_its_connections() {
    each_database(|db| async move {
        if postgres(&db.database).is_none() {
            return;
        }
        let hasty = Database::builder(db.url.clone()).statement_timeout(Duration::from_millis(500));
        let hasty = hasty.open().await.unwrap();
        let slow = on_reader!(hasty, |pool| async {
            sqlx::query_scalar::<_, i32>("select 1 from (select pg_sleep(60)) as slept")
                .fetch_one(pool)
                .await
        });
        let error = slow.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Timeout, Some("57014")));
        // as after a restart of the server: every connection is gone, the next statement finds a new one
        let ended = execute!(
            db.database,
            sqlx::query(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity
                    where datname = current_database() and pid <> pg_backend_pid()"
            )
        );
        assert!(ended.unwrap() > 0);
        hasty.ping().await.unwrap();
        hasty.close().await;
    })
    .await;
}

#[tokio::test]
async fn too_many_callers_wait_for_a_connection_and_then_give_up() {
    each_database(|db| async move {
        let narrow = Database::builder(db.url)
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(3)); // connecting itself takes a while on a busy machine
        let narrow = narrow.open().await.unwrap();
        let Some(pool) = postgres(&narrow) else { return };
        let held = pool.acquire().await.unwrap();
        assert_eq!(narrow.ping().await.unwrap_err().kind(), ErrorKind::Unavailable);
        drop(held);
        narrow.ping().await.unwrap();
        narrow.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_database_or_a_password_that_is_not_there_is_told_apart() {
    each_database(|db| async move {
        if postgres(&db.database).is_none() {
            return;
        }
        let url = db.url.expose();
        let (server, name) = url.rsplit_once('/').unwrap();
        let nowhere = format!("{server}/aurora_nowhere");
        let stranger = format!(
            "postgres://aurora_stranger:wrong@{}/{name}",
            server.rsplit_once('@').unwrap().1
        );
        for (url, words) in [
            (nowhere, "does not exist"),
            (stranger, "refuses the user or the password"),
        ] {
            let error = Database::open(&url.into()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Denied);
            assert!(error.to_string().contains(words), "{error}");
        }
    })
    .await;
}
