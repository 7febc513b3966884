//! What is not concerned by a statement costs it nothing.

use aurora_core::store::{Engine, execute};
use aurora_core::testing::each_database;
use sqlx::AssertSqlSafe;

use super::*;
use crate::store::sql::statements::{self, postgres, sqlite};

/// Statements over a set of rows or a part of the history, with the index that they are to be answered by.
fn plans(own: [&'static str; 4], pages: [&'static str; 4]) -> [(&'static str, &'static str); 10] {
    let [delete, dequeue, enqueue, consume] = own;
    let [page, of_alert, of_rule, of_channel] = pages;
    [
        (delete, "aurora_alert_state"),
        (statements::PUT, "aurora_alert_state"),
        (dequeue, "aurora_alert_outbox"),
        (enqueue, "aurora_alert_outbox"),
        (consume, "aurora_alert_inbox"),
        (statements::INBOX, "aurora_alert_inbox"),
        (page, "aurora_alert_history_newest"),
        (of_alert, "aurora_alert_history_alert"),
        (of_rule, "aurora_alert_history_rule"),
        (of_channel, "aurora_alert_history_channel"),
    ]
}

const PAGES_OF_SQLITE: [&str; 4] = [
    sqlite::HISTORY,
    sqlite::HISTORY_OF_ALERT,
    sqlite::HISTORY_OF_RULE,
    sqlite::HISTORY_OF_CHANNEL,
];
const PAGES_OF_POSTGRES: [&str; 4] = [
    postgres::HISTORY,
    postgres::HISTORY_OF_ALERT,
    postgres::HISTORY_OF_RULE,
    postgres::HISTORY_OF_CHANNEL,
];

/// Thirty thousand rows of each, half of them of another engine.
const FILL: [&str; 4] = [
    "insert into aurora_alert_state (engine, kind, key, body)
        select case when n % 2 = 0 then 'a' else 'b' end, 'alert', n, '{}' from numbers",
    "insert into aurora_alert_outbox (engine, id, dedup, channel, target, created_at, attempts, not_before, body)
        select case when n % 2 = 0 then 'a' else 'b' end, id, n, '', '', at, 0, at, '{}' from numbers",
    "insert into aurora_alert_inbox (engine, seq, body)
        select case when n % 2 = 0 then 'a' else 'b' end, n, '{}' from numbers",
    "insert into aurora_alert_history (engine, seq, at, kind, fingerprint, rule, channel, body)
        select case when n % 2 = 0 then 'a' else 'b' end, n, at, 'alert', n % 10, n % 10, n % 10, '{}'
        from numbers",
];

#[tokio::test]
async fn no_statement_reads_what_it_is_not_about() {
    each_database(|db| async move {
        let store = SqlAlertStore::open(db.database, "a").await.unwrap();
        let db = store.database();
        let numbers = match db.engine() {
            Engine::Sqlite(_) => {
                "with recursive count (n) as (select 1 union all select n + 1 from count where n < 30000),
                    numbers (n, id, at) as (select n, randomblob(16), n from count)"
            }
            Engine::Postgres(_) => {
                "with numbers (n, id, at) as (select n, gen_random_uuid(), timestamptz 'epoch' + n * interval '1 s'
                    from generate_series(1, 30000) as n)"
            }
        };
        for fill in FILL {
            execute!(db, sqlx::query(AssertSqlSafe(format!("{numbers} {fill}")))).unwrap();
        }
        execute!(db, sqlx::query("analyze")).unwrap();
        let (own, pages) = match db.engine() {
            Engine::Sqlite(_) => (
                [sqlite::DELETE, sqlite::DEQUEUE, sqlite::ENQUEUE, sqlite::CONSUME],
                PAGES_OF_SQLITE,
            ),
            Engine::Postgres(_) => (
                [postgres::DELETE, postgres::DEQUEUE, postgres::ENQUEUE, postgres::CONSUME],
                PAGES_OF_POSTGRES,
            ),
        };
        for (sql, index) in plans(own, pages) {
            let plan = match db.engine() {
                Engine::Sqlite(pools) => {
                    let explain = AssertSqlSafe(format!("explain query plan {sql}"));
                    let rows: Vec<(i64, i64, i64, String)> =
                        sqlx::query_as(explain).fetch_all(pools.writer()).await.unwrap();
                    rows.into_iter().map(|row| row.3).collect::<Vec<_>>()
                }
                Engine::Postgres(pool) => {
                    let explain = AssertSqlSafe(format!("explain {}", with_values(sql)));
                    sqlx::query_scalar(explain).fetch_all(pool).await.unwrap()
                }
            };
            let plan = plan.join("\n");
            // SQLite says nothing of what an insert looks up.
            assert!(plan.contains(index) || sql.starts_with("insert"), "{sql}\n{plan}");
            for scan in ["SCAN aurora_alert", "Seq Scan on aurora_alert", "TEMP B-TREE FOR ORDER", "Sort"] {
                assert!(!plan.contains(scan), "{sql}\n{plan}");
            }
        }
    })
    .await;
}

fn with_values(sql: &str) -> String {
    let page = sql.starts_with("select body");
    let inbox = sql.starts_with("select seq");
    let id = "019b76dc-b75c-719f-8b6d-ec6f359cfdb2";
    let row =
        format!("'{{\"0\":{{\"id\":\"{id}\",\"kind\":\"alert\",\"key\":\"7\",\"seq\":7,\"dedup\":\"7\"}}}}'");
    let second = if page {
        "now()"
    } else if inbox {
        "100"
    } else {
        &row
    };
    let part = |statement: &str, number: &str| {
        if sql == statement {
            "'8'".to_owned()
        } else {
            format!("cast(null as {number})")
        }
    };
    sql.replace("$10", "cast(null as text)")
        .replace("$1", "'a'")
        .replace("$2", second)
        .replace("$3", "50")
        .replace("$4", "timestamptz 'epoch'")
        .replace("$5", &part(postgres::HISTORY_OF_ALERT, "text"))
        .replace("$6", &part(postgres::HISTORY_OF_RULE, "text"))
        .replace("$7", &part(postgres::HISTORY_OF_CHANNEL, "text"))
        .replace("$8", "cast(null as text)")
        .replace("$9", "51")
}
