use super::Desk;
use crate::clients::tests::plans::{postgres, sqlite};
use crate::conversations::STATEMENTS;
use crate::testing::each_database;

/// None of it walks a table. What is found by words, and the conversations of one client, are sorted when found.
#[tokio::test]
async fn everything_is_read_from_an_index() {
    const SORTED: [&str; 8] = [
        "SEARCH",
        "OF_CLIENT",
        "HEARD_AT",
        "CLIENTS",
        "UNREAD_COUNTS",
        "TAG_COUNTS",
        "FOUND",
        "WHATSAPP_ID",
    ];
    each_database(|db| async move {
        let engine = db.database.engine_name();
        Desk::open(db.database).await;
        let mut seen = 0;
        for (module, statements) in STATEMENTS {
            for (name, sql) in statements.iter().filter(|(_, sql)| sql.starts_with("select")) {
                let plan = if engine == "postgres" {
                    postgres(&db.owner, sql).await
                } else {
                    sqlite(&db.owner, sql).await
                };
                let wrong = |line: &&String| {
                    let line = line.trim_start_matches(['-', '>', ' ']);
                    let table = line.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
                    let is_found = |name: &str| ["t", "n", "w", "r"].contains(&name) || name.starts_with('(');
                    let walks = line.starts_with("Seq Scan") || table.is_some_and(|name| !is_found(name));
                    let sorts = line.starts_with("Sort") || line.starts_with("USE TEMP B-TREE FOR ORDER BY");
                    walks || (sorts && !SORTED.contains(name))
                };
                assert_eq!(
                    plan.iter().find(wrong),
                    None,
                    "{module}::{name}: {}",
                    plan.join("\n")
                );
                seen += 1;
            }
        }
        assert!(seen >= 25, "{seen}");
    })
    .await;
}
