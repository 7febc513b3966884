#[cfg(all(feature = "sqlite", feature = "postgres", feature = "simulated"))]
mod processes;

use aurora_core::time::ManualClock;

use super::*;

#[cfg(feature = "testing")]
#[tokio::test]
async fn the_ledger_in_memory_keeps_the_contract() {
    let clock = ManualClock::default();
    contract::ledger(Box::new(MemoryLedger::new().clock(clock.clone())), &clock).await;
}

#[cfg(all(feature = "sqlite", feature = "postgres", feature = "testing"))]
mod databases {
    use aurora_core::store::on_reader;
    use aurora_core::testing::each_database;
    use sqlx::{Executor as _, SqlSafeStr as _};

    use super::*;

    #[tokio::test]
    async fn every_statement_prepares_on_both_databases() {
        each_database(|db| async move {
            let db = SqlLedger::open(db.database).await.unwrap().database().clone();
            let own = match db.engine_name() {
                "postgres" => sql::statements::postgres::ALL,
                _ => &[],
            };
            let shared = sql::statements::ALL
                .iter()
                .filter(|(name, _)| db.engine_name() == "sqlite" || *name != "OPEN_SQLITE");
            for (name, sql) in shared.chain(own) {
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
    async fn the_ledger_in_a_database_keeps_the_contract() {
        each_database(|db| async move {
            let clock = ManualClock::default();
            let ledger = SqlLedger::open(db.database).await.unwrap().clock(clock.clone());
            contract::ledger(Box::new(ledger), &clock).await;
        })
        .await;
    }
}
