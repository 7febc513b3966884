//! What is done costs a claim nothing.

use super::super::sql;
use super::{LEASE, message, open, texts};
use crate::store::{Engine, execute};
use crate::testing::each_database;

const COLUMNS: &str =
    "(id, queue, tenant, holds_key, idempotency_key, payload, headers, priority, state, on_dead,
    due_at, attempts, max_attempts, fence, created_at, finished_at)";

#[tokio::test]
async fn a_claim_finds_what_is_ready_by_an_index_among_a_hundred_thousand_that_are_done() {
    each_database(|db| async move {
        let (outbox, _) = open(&db).await;
        let fill = match db.database.engine() {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(_) => format!(
                "with recursive n (n) as (select 1 union all select n + 1 from n where n < 100000)
                insert into aurora_outbox {COLUMNS} select randomblob(16), 'q', '', 0, n, x'00', '[]', n % 4, 'done',
                    'skip', 0, 1, 10, 1, 0, 0 from n"
            ),
            #[cfg(feature = "postgres")]
            Engine::Postgres(_) => format!(
                "insert into aurora_outbox {COLUMNS} select gen_random_uuid(), 'q', '', false, n, '', '[]', n % 4,
                    'done', 'skip', now(), 1, 10, 1, now(), now() from generate_series(1, 100000) as n"
            ),
        };
        execute!(db.database, sqlx::query(sqlx::AssertSqlSafe(fill.clone()))).unwrap();
        execute!(db.database, sqlx::query("analyze")).unwrap();
        outbox.enqueue(&message("one")).await.unwrap();
        let plan: String = match db.database.engine() {
            #[cfg(feature = "sqlite")]
            Engine::Sqlite(pools) => {
                let explain = format!("explain query plan {}", sql::sqlite::CLAIM);
                let rows: Vec<(i64, i64, i64, String)> = sqlx::query_as(sqlx::AssertSqlSafe(explain))
                    .fetch_all(pools.writer())
                    .await
                    .unwrap();
                let lines: Vec<String> = rows.into_iter().map(|row| row.3).collect();
                lines.join("\n")
            }
            #[cfg(feature = "postgres")]
            Engine::Postgres(pool) => {
                let claim = sql::postgres::CLAIM
                    .replace("$1", "'q'")
                    .replace("$2", "now()")
                    .replace("$3", "10")
                    .replace("$4", "'h'")
                    .replace("$5", "now()");
                let rows: Vec<String> = sqlx::query_scalar(sqlx::AssertSqlSafe(format!("explain {claim}")))
                    .fetch_all(pool)
                    .await
                    .unwrap();
                rows.join("\n")
            }
        };
        assert!(plan.contains("aurora_outbox_ready"), "{plan}");
        for scan in ["SCAN aurora_outbox\n", "Seq Scan on aurora_outbox "] {
            assert!(!plan.contains(scan), "{plan}");
        }
        assert_eq!(texts(&outbox.claim("q", 10, LEASE).await.unwrap()), ["one"]);
    })
    .await;
}
