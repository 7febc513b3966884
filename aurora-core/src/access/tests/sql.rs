//! The conditional writes that the parts ask of whoever stores, on every database and from two replicas: of many at
//! once exactly one changes a row (F43).

use std::time::Duration;

use futures::future::join_all;

use crate::execute;
use crate::store::Database;
use crate::testing::each_database;

const LONG: Duration = Duration::from_secs(120);
/// As it stands in the description of `totp`.
const SPEND_STEP: &str = "update second_factor set last_step = $1 \
    where user_id = $2 and (last_step is null or last_step < $1)";
/// As it stands in the description of `recovery`.
const SPEND_CODE: &str = "update recovery_codes set used_at = $1 where id = $2 and used_at is null";

/// How many of fifty at once change a row, half of them through each replica.
async fn at_once(replicas: &[Database; 2], statement: &'static str, value: i64) -> u64 {
    let one = |number: usize| async move {
        let [a, b] = replicas;
        let database = if number.is_multiple_of(2) { a } else { b };
        execute!(database, sqlx::query(statement).bind(value).bind("1")).unwrap()
    };
    join_all((0..50).map(one)).await.into_iter().sum()
}

#[tokio::test]
async fn a_code_is_spent_once_whoever_asks() {
    each_database(|db| async move {
        // Fifty at once stand in line for one writer of SQLite; how long that takes is not the question.
        let patient = || {
            Database::builder(db.url.clone())
                .acquire_timeout(LONG)
                .busy_timeout(LONG)
        };
        let replicas = [patient().open().await.unwrap(), patient().open().await.unwrap()];
        for prepare in [
            "create table second_factor (user_id text primary key, last_step bigint)",
            "create table recovery_codes (id text primary key, used_at bigint)",
            "insert into second_factor (user_id) values ('1'), ('2')",
            "insert into recovery_codes (id) values ('1'), ('2')",
        ] {
            execute!(&db.database, sqlx::query(prepare)).unwrap();
        }
        assert_eq!(
            at_once(&replicas, SPEND_STEP, 60_000_000).await,
            1,
            "the first one"
        );
        assert_eq!(
            at_once(&replicas, SPEND_STEP, 59_999_999).await,
            0,
            "of the step before"
        );
        assert_eq!(at_once(&replicas, SPEND_STEP, 60_000_000).await, 0, "again");
        assert_eq!(
            at_once(&replicas, SPEND_STEP, 60_000_001).await,
            1,
            "of the next step"
        );
        assert_eq!(at_once(&replicas, SPEND_CODE, 1_800_000_000).await, 1);
        assert_eq!(at_once(&replicas, SPEND_CODE, 1_800_000_001).await, 0);
        for replica in replicas {
            replica.close().await;
        }
    })
    .await;
}
