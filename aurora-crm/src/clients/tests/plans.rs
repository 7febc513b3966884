use aurora_core::store::on_reader;
use aurora_core::time::ManualClock;
use sqlx::Row as _;

use super::crm;
use crate::clients::{DUPLICATES, LIST, NOTES, REACH, SEARCH, TAGS};
use crate::testing::each_database;

/// What people wait for: none of it walks a table or sorts a list, except what is asked for by search and duplicates,
/// which sort what they have found.
#[tokio::test]
async fn everything_is_read_from_an_index() {
    each_database(|db| async move {
        let engine = db.database.engine_name();
        crm(db.database, &ManualClock::default()).await;
        let mut seen = 0;
        for (module, statements) in [
            ("list", LIST),
            ("search", SEARCH),
            ("duplicates", DUPLICATES),
            ("notes", NOTES),
            ("reach", REACH),
            ("tags", TAGS),
        ] {
            for (name, sql) in statements.iter().filter(|(_, sql)| sql.starts_with("select")) {
                // counting the labels reads all of them
                if *name == "COUNTS" {
                    continue;
                }
                let may_sort = matches!(module, "search" | "duplicates" | "reach");
                let plan = if engine == "postgres" {
                    postgres(&db.owner, sql).await
                } else {
                    sqlite(&db.owner, sql).await
                };
                let wrong = |line: &&String| {
                    let line = line.trim_start_matches(['-', '>', ' ']);
                    let table = line.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
                    let walks = line.starts_with("Seq Scan")
                        || table.is_some_and(|name| {
                            ["c", "f", "k", "m", "o"].contains(&name) || name.contains("client")
                        });
                    let sorts = line.starts_with("Sort") || line.starts_with("USE TEMP B-TREE FOR ORDER BY");
                    walks || (sorts && !may_sort)
                };
                assert_eq!(
                    plan.iter().find(wrong),
                    None,
                    "{module}::{name}: {}",
                    plan.join("\n")
                );
                if *name == "WITH_TAG" {
                    let told = plan.join("\n");
                    assert!(plan.is_empty() || told.contains("client_facets_newest"), "{told}");
                }
                seen += 1;
            }
        }
        assert!(seen >= 13, "{seen}");
    })
    .await;
}

pub(crate) async fn sqlite(db: &aurora_core::store::Database, sql: &str) -> Vec<String> {
    let explain = format!("explain query plan {sql}");
    on_reader!(db, |pool| async {
        let rows = sqlx::query(sqlx::AssertSqlSafe(explain.as_str()))
            .fetch_all(pool)
            .await?;
        Ok::<_, sqlx::Error>(rows.iter().map(|row| row.get::<String, _>("detail")).collect())
    })
    .unwrap()
}

/// The generic plan under row-level security, as for any parameters; on tables as small as a test's, walking one would be right unless told.
#[cfg(feature = "postgres")]
pub(crate) async fn postgres(db: &aurora_core::store::Database, sql: &str) -> Vec<String> {
    let count = (1..=30)
        .rev()
        .find(|n| sql.contains(&format!("${n}")))
        .unwrap_or(0);
    let nulls = vec!["null"; count].join(", ");
    let script = format!(
        "set role aurora_test_app; set enable_seqscan = off; set enable_bitmapscan = off; set enable_hashjoin = off; set enable_mergejoin = off;
         set plan_cache_mode = force_generic_plan; prepare probe as {sql}"
    );
    let explain = format!("explain (costs off) execute probe({nulls})");
    use sqlx::Executor as _;

    let mut transaction = match db.engine() {
        aurora_core::store::Engine::Postgres(pool) => pool.acquire().await.unwrap(),
        #[cfg(feature = "sqlite")]
        aurora_core::store::Engine::Sqlite(_) => return Vec::new(),
    };
    transaction
        .execute(sqlx::AssertSqlSafe(script.as_str()))
        .await
        .unwrap();
    let rows = transaction
        .fetch_all(sqlx::AssertSqlSafe(explain.as_str()))
        .await
        .unwrap();
    let plan = rows.iter().map(|row| row.get::<String, _>(0)).collect();
    transaction.execute("deallocate probe; reset role").await.unwrap();
    plan
}

#[cfg(not(feature = "postgres"))]
fn postgres(_: &aurora_core::store::Database, _: &str) -> std::future::Ready<Vec<String>> {
    std::future::ready(Vec::new())
}
