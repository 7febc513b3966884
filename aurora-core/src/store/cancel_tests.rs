//! What happens when a caller goes away.

use std::time::Duration;

use super::{Database, Error, execute, in_transaction, on_reader};
use crate::testing::each_database;

async fn numbers(db: &Database) -> i64 {
    on_reader!(db, |pool| sqlx::query_scalar("select count(*) from numbers")
        .fetch_one(pool))
    .unwrap()
}

#[tokio::test]
async fn a_transaction_whose_caller_goes_away_is_rolled_back_and_leaves_the_connection_usable() {
    each_database(|db| async move {
        let db = db.database;
        execute!(db, sqlx::query("create table numbers (n bigint not null)")).unwrap();
        for _ in 0..20 {
            let work = async {
                let outcome: Result<(), Error> = in_transaction!(db, |tx| {
                    sqlx::query("insert into numbers values (1)")
                        .execute(&mut *tx)
                        .await?;
                    std::future::pending::<()>().await;
                    Ok::<_, Error>(())
                });
                outcome
            };
            // Long enough for the insert on a quiet machine; on a busy one it is dropped earlier, which must do as well.
            assert!(
                tokio::time::timeout(Duration::from_millis(5), work)
                    .await
                    .is_err()
            );
        }
        let outcome: Result<(), Error> = in_transaction!(db, |tx| {
            sqlx::query("insert into numbers values (2)")
                .execute(&mut *tx)
                .await?;
            Ok::<_, Error>(())
        });
        outcome.unwrap();
        assert_eq!(numbers(&db).await, 1);
    })
    .await;
}
