//! The store in SQLite and PostgreSQL.

use std::sync::atomic::{AtomicUsize, Ordering};

use aurora_core::store::{Database, execute, on_reader};
use aurora_core::testing::{TestDatabase, each_database};
use sqlx::{Executor as _, SqlSafeStr as _};

use super::*;
use crate::store::sql::statements;

/// A second connection to the same database, as another process has one.
async fn again(db: &TestDatabase) -> Database {
    Database::open(&db.url).await.unwrap()
}

async fn keeps_the_contract(databases: [Database; 2]) {
    let clock = ManualClock::default();
    let opened = AtomicUsize::new(0);
    let open = |name| {
        let number = opened.fetch_add(1, Ordering::SeqCst) % databases.len();
        let (database, clock) = (databases[number].clone(), clock.clone());
        async move {
            let store = SqlAlertStore::open(database, name).await.unwrap();
            Box::new(store.clock(clock)) as Box<dyn AlertStore>
        }
    };
    contract::check(open, &clock).await;
}

#[tokio::test]
async fn the_store_in_a_database_keeps_the_contract() {
    each_database(|db| async move { keeps_the_contract([db.database.clone(), again(&db).await]).await })
        .await;
}

#[tokio::test]
async fn the_store_in_a_database_in_memory_keeps_the_contract() {
    let database = Database::open(&"sqlite::memory:".into()).await.unwrap();
    keeps_the_contract([database.clone(), database]).await;
}

#[tokio::test]
async fn every_statement_prepares_on_both_databases() {
    each_database(|db| async move {
        let db = SqlAlertStore::open(db.database, "a")
            .await
            .unwrap()
            .database()
            .clone();
        let own = match db.engine_name() {
            "postgres" => statements::postgres::ALL,
            _ => statements::sqlite::ALL,
        };
        for (name, sql) in statements::ALL.iter().chain(own) {
            let prepared = on_reader!(db, |pool| async {
                let sql: &'static str = sql;
                pool.acquire().await?.prepare(sql.into_sql_str()).await.map(drop)
            });
            prepared.unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    })
    .await;
}

#[tokio::test]
async fn leads_go_by_the_time_of_the_server_or_the_machine() {
    each_database(|db| async move {
        let one = SqlAlertStore::open(db.database.clone(), "a").await.unwrap();
        let two = SqlAlertStore::open(again(&db).await, "a").await.unwrap();
        let first = one.lead("one", Duration::from_secs(600)).await.unwrap().unwrap();
        assert_eq!(two.lead("two", Duration::ZERO).await.unwrap(), None);
        one.resign(first).await.unwrap();
        // Over as soon as it is taken.
        let second = two.lead("two", Duration::ZERO).await.unwrap().unwrap();
        let third = one.lead("one", Duration::from_secs(600)).await.unwrap().unwrap();
        assert!(first.fence < second.fence && second.fence < third.fence);
    })
    .await;
}

#[tokio::test]
async fn a_store_can_be_opened_by_many_at_once() {
    each_database(|db| async move {
        let databases = [again(&db).await, again(&db).await, again(&db).await];
        let opening = databases
            .iter()
            .cycle()
            .take(9)
            .map(|database| SqlAlertStore::open(database.clone(), "a"));
        let stores = futures::future::join_all(opening).await;
        let stores: Vec<SqlAlertStore> = stores.into_iter().map(Result::unwrap).collect();
        let lead = stores[0]
            .lead("a", Duration::from_secs(600))
            .await
            .unwrap()
            .unwrap();
        stores[1].commit(lead, &put("a", "1")).await.unwrap();
        let reopened = SqlAlertStore::open(db.database, "a").await.unwrap();
        assert_eq!(reopened.load().await.unwrap().state, put("a", "1").puts);
    })
    .await;
}

#[tokio::test]
async fn names_of_engines_are_short_and_readable() {
    let database = Database::open(&"sqlite::memory:".into()).await.unwrap();
    for name in ["", "a\nb", "nul \0", &"x".repeat(129)] {
        let outcome = SqlAlertStore::open(database.clone(), name).await;
        assert_eq!(outcome.unwrap_err().kind(), StoreErrorKind::Invalid, "{name:?}");
    }
    SqlAlertStore::open(database, "ação 🚨").await.unwrap();
}

#[tokio::test]
async fn what_a_newer_version_wrote_is_left_alone() {
    each_database(|db| async move {
        let store = SqlAlertStore::open(db.database.clone(), "a").await.unwrap();
        let lead = store.lead("a", Duration::from_secs(600)).await.unwrap().unwrap();
        let newer =
            "insert into aurora_alert_state (engine, kind, key, body) values ('a', 'on_call', 'k', '{}')";
        execute!(db.database, sqlx::query(newer)).unwrap();
        store.commit(lead, &put("k", "1")).await.unwrap();
        assert_eq!(store.load().await.unwrap().state, put("k", "1").puts);
        let left: i64 = on_reader!(db.database, |pool| {
            sqlx::query_scalar("select count(*) from aurora_alert_state where kind = 'on_call'")
                .fetch_one(pool)
        })
        .unwrap();
        assert_eq!(left, 1);
    })
    .await;
}

#[tokio::test]
async fn errors_say_what_to_do_and_show_nothing_that_is_stored() {
    each_database(|db| async move {
        let store = SqlAlertStore::open(db.database.clone(), "shop").await.unwrap();
        let damaged = "insert into aurora_alert_history (engine, seq, at, kind, body)
            select 'shop', 1, expires_at, 'alert', '{\"token\":\"hunter2\"}' from aurora_alert_engines";
        let lead = store.lead("a", Duration::from_secs(600)).await.unwrap().unwrap();
        execute!(db.database, sqlx::query(damaged)).unwrap();
        let outcome = store
            .history(&HistoryQuery::default(), &PageRequest::default())
            .await;
        let corrupt = outcome.unwrap_err();
        assert_eq!(corrupt.kind(), StoreErrorKind::Corrupt);
        assert!(!corrupt.is_retryable());

        execute!(db.database, sqlx::query("drop table aurora_alert_outbox")).unwrap();
        let dropped = store.load().await.unwrap_err();
        assert_eq!(dropped.kind(), StoreErrorKind::Corrupt);

        db.database.close().await;
        let closed = store.commit(lead, &put("hunter2", "hunter2")).await.unwrap_err();
        assert_eq!(closed.kind(), StoreErrorKind::Unavailable);
        assert!(closed.is_retryable());
        for error in [corrupt, dropped, closed] {
            let source = std::error::Error::source(&error).map(ToString::to_string);
            let shown = format!("{error} {source:?} {error:?}");
            for secret in ["hunter2", "shop", "127.0.0.1", "select "] {
                assert!(!shown.contains(secret), "{shown}");
            }
        }
    })
    .await;
}
