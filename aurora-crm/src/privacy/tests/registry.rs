use std::collections::BTreeSet;

use aurora_core::store::on_reader;

use crate::privacy::exempt::NOT_OF_SUBJECTS;
use crate::privacy::registry::holdings;
use crate::testing::each_database;

/// What could hold something personal in SQLite and in PostgreSQL.
const SQLITE: &str = "select distinct m.name from sqlite_master m, pragma_table_info(m.name) c
    where m.type = 'table' and m.name not like 'sqlite_%' and c.type in ('TEXT', 'text', 'BLOB', 'blob')
        and not (c.name = 'id' or c.name like '%_id')";
const POSTGRES: &str = "select distinct table_name::text from information_schema.columns
    where table_schema = current_schema() and data_type in ('text', 'jsonb', 'json', 'bytea', 'character varying')";

#[tokio::test]
async fn every_table_that_could_hold_something_personal_is_known() {
    each_database(|db| async move {
        let sql = if db.owner.engine_name() == "sqlite" {
            SQLITE
        } else {
            POSTGRES
        };
        let tables: BTreeSet<String> = on_reader!(db.owner, |pool| sqlx::query_scalar(sql).fetch_all(pool))
            .unwrap()
            .into_iter()
            .collect();
        assert!(
            tables.contains("clients") && tables.contains("client_notes"),
            "{tables:?}"
        );
        let known = |table: &str| {
            // Rows of one table can belong to different classes, each once.
            let of_table = holdings().filter(|holding| holding.table == table);
            let classes: Vec<_> = of_table.map(|holding| holding.class).collect();
            let differ = (1..classes.len()).all(|n| !classes[..n].contains(&classes[n]));
            let held = if differ { classes.len().min(1) } else { 2 };
            held + NOT_OF_SUBJECTS.iter().filter(|(name, _)| *name == table).count()
        };
        let forgotten: Vec<&String> = tables.iter().filter(|table| known(table) != 1).collect();
        assert!(
            forgotten.is_empty(),
            "these belong into privacy/registry.rs, once: {forgotten:?}"
        );
    })
    .await;
}

#[test]
fn every_entry_says_what_it_does() {
    for holding in holdings() {
        let table = holding.table;
        assert!(
            !holding.rectified_by.is_empty() && !holding.kept.is_empty(),
            "{table}"
        );
        let statements = holding.erasure.iter().map(|(_, sql)| *sql);
        for sql in statements.chain(holding.document.iter().map(|document| document.statement)) {
            assert!(
                sql.contains(&format!(" {table}")),
                "{table} is not what {sql} is about"
            );
        }
        if let Some(document) = &holding.document {
            let listed = document
                .statement
                .split(" from ")
                .next()
                .unwrap()
                .trim_start_matches("select ");
            let listed: Vec<&str> = listed.split(',').map(str::trim).collect();
            let names: Vec<&str> = document.columns.iter().map(|(name, _)| *name).collect();
            assert_eq!(listed, names, "{table}");
        }
    }
}
