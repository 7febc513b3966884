use aurora_core::store::on_reader;
use sqlx::Row as _;

use super::Clinic;
use crate::scheduling::STATEMENTS;
use crate::testing::each_database;

/// Everything is found through an index; lists do not sort. Only what a statement has found for one service is sorted.
#[tokio::test]
async fn everything_is_read_from_an_index() {
    each_database(|db| async move {
        let engine = db.database.engine_name();
        Clinic::open(db.database).await;
        let mut seen = 0;
        for (module, statements) in STATEMENTS {
            for (name, sql) in statements.iter().filter(|(_, sql)| !sql.starts_with("insert")) {
                let plan = if engine == "postgres" {
                    postgres(&db.owner, sql).await
                } else {
                    sqlite(&db.owner, sql).await
                };
                let may_sort = name.contains("OF_") || matches!(*name, "PROFESSIONALS" | "ROOMS");
                let wrong = |line: &&String| {
                    let line = line.trim_start_matches(['-', '>', ' ']);
                    let walks = line.starts_with("Seq Scan")
                        || (line.starts_with("SCAN ")
                            && line != "SCAN s"
                            && !line.starts_with("SCAN CONSTANT"));
                    let sorts = line.starts_with("Sort") || line.starts_with("USE TEMP B-TREE FOR ORDER BY");
                    walks || (sorts && !may_sort)
                };
                let told = plan.join("\n");
                assert_eq!(plan.iter().find(wrong), None, "{module}::{name}: {told}");
                if module == "scheduling::taken" && engine == "sqlite" {
                    assert!(told.contains("appointments_blocking_"), "{name}: {told}");
                }
                if *name == "OF_SERVICE" && module == "scheduling::busy" && engine == "sqlite" {
                    assert!(told.contains("calendar_busy_by_end"), "{told}");
                }
                seen += 1;
            }
        }
        assert!(seen >= 40, "{seen}");
    })
    .await;
}

async fn sqlite(db: &aurora_core::store::Database, sql: &str) -> Vec<String> {
    let explain = format!("explain query plan {sql}");
    on_reader!(db, |pool| async {
        let rows = sqlx::query(sqlx::AssertSqlSafe(explain.as_str()))
            .fetch_all(pool)
            .await?;
        Ok::<_, sqlx::Error>(rows.iter().map(|row| row.get::<String, _>("detail")).collect())
    })
    .unwrap()
}

/// The generic plan under row-level security; on tables as small as a test's, walking one would be right unless told.
async fn postgres(db: &aurora_core::store::Database, sql: &str) -> Vec<String> {
    use sqlx::Executor as _;

    let count = (1..=60)
        .rev()
        .find(|n| sql.contains(&format!("${n}")))
        .unwrap_or(0);
    let nulls = vec!["null"; count].join(", ");
    let script = format!(
        "set role aurora_test_app; set enable_seqscan = off; set enable_bitmapscan = off; set enable_hashjoin = off;
         set enable_mergejoin = off; set plan_cache_mode = force_generic_plan; prepare probe as {sql}"
    );
    let explain = format!("explain (costs off) execute probe({nulls})");
    let mut connection = match db.engine() {
        #[cfg(feature = "postgres")]
        aurora_core::store::Engine::Postgres(pool) => pool.acquire().await.unwrap(),
        #[cfg(feature = "sqlite")]
        aurora_core::store::Engine::Sqlite(_) => return Vec::new(),
    };
    connection
        .execute(sqlx::AssertSqlSafe(script.as_str()))
        .await
        .unwrap();
    let rows = connection
        .fetch_all(sqlx::AssertSqlSafe(explain.as_str()))
        .await
        .unwrap();
    let plan = rows.iter().map(|row| row.get::<String, _>(0)).collect();
    connection.execute("deallocate probe; reset role").await.unwrap();
    plan
}
