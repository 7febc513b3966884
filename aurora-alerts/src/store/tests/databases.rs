//! The store in SQLite and PostgreSQL.

use std::sync::atomic::{AtomicUsize, Ordering};

use aurora_core::store::{Database, on_reader};
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
