use aurora_core::store::{
    Database, Migration, Migrations, Scope, execute, on_reader, read_within, write_within,
};
use aurora_core::time::ManualClock;

use super::Scoped as _;
use crate::clients::NewClient;
use crate::context::Context;
use crate::crm::Crm;
use crate::error::{Error, ErrorKind};
use crate::migrations::{MIGRATIONS, UNSCOPED};
#[cfg(feature = "postgres")]
use crate::testing::TEST_ROLE;
use crate::testing::each_database;
use crate::workspaces::{NewWorkspace, WorkspaceKind};

/// Every statement of the crate, by module.
fn statements() -> Vec<(&'static str, &'static [(&'static str, &'static str)])> {
    let mut all: Vec<(&str, &[_])> = vec![
        ("activities", crate::activities::STATEMENTS),
        ("audit", crate::audit::STATEMENTS),
        ("clients", crate::clients::STATEMENTS),
        ("clients::batch", crate::clients::BATCH),
        ("clients::blocking", crate::clients::BLOCKING),
        ("clients::deleted", crate::clients::DELETED),
        ("clients::duplicates", crate::clients::DUPLICATES),
        ("clients::imports", crate::clients::IMPORTS),
        ("clients::list", crate::clients::LIST),
        ("clients::merge", crate::clients::MERGE),
        ("clients::names", crate::clients::NAMES),
        ("clients::notes", crate::clients::NOTES),
        ("clients::reach", crate::clients::REACH),
        ("clients::references", crate::clients::sql::references::ALL),
        ("clients::rows", crate::clients::ROWS),
        ("clients::search", crate::clients::SEARCH),
        ("clients::tags", crate::clients::TAGS),
        ("custom_fields", crate::custom_fields::STATEMENTS),
        #[cfg(feature = "files")]
        ("files", crate::files::STATEMENTS),
        #[cfg(feature = "access")]
        ("invitations", crate::workspaces::INVITATION_STATEMENTS),
        ("journal", crate::journal::STATEMENTS),
        ("tasks", crate::tasks::STATEMENTS),
        ("tasks::sent", crate::tasks::SENT_STATEMENTS),
        #[cfg(feature = "access")]
        ("members", crate::workspaces::MEMBER_STATEMENTS),
        #[cfg(feature = "web-chat")]
        ("web_chat", crate::channels::web_chat::STATEMENTS),
        ("workspaces", crate::workspaces::STATEMENTS),
    ];
    #[cfg(feature = "access")]
    all.extend(
        crate::accounts::STATEMENTS
            .into_iter()
            .map(|statements| ("accounts", statements)),
    );
    all.extend(crate::webhooks::statements());
    all.extend(crate::conversations::STATEMENTS);
    #[cfg(feature = "whatsapp")]
    all.extend(crate::channels::whatsapp::STATEMENTS);
    #[cfg(feature = "google-calendar")]
    all.extend(crate::channels::google_calendar::STATEMENTS);
    all.extend(crate::leads::STATEMENTS);
    all.extend(crate::appointments::STATEMENTS);
    all.extend(crate::privacy::STATEMENTS);
    all.extend(crate::analytics::STATEMENTS);
    #[cfg(feature = "assistant")]
    all.extend(crate::assistant::STATEMENTS);
    all.extend(crate::scheduling::STATEMENTS);
    #[cfg(feature = "knowledge")]
    all.extend(crate::knowledge::STATEMENTS);
    all
}

#[tokio::test]
async fn every_statement_prepares_on_both_databases() {
    each_database(|db| async move {
        let mut wrong = Vec::new();
        for (module, statements) in statements() {
            for (name, sql) in statements {
                let prepared = on_reader!(db.owner, |pool| async {
                    use sqlx::{Executor as _, SqlSafeStr as _};
                    pool.acquire().await?.prepare(sql.into_sql_str()).await.map(drop)
                });
                if let Err(error) = prepared {
                    wrong.push(format!("{module}::{name}: {error}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    })
    .await;
}

/// Statements that are asked before a workspace is known: what their first parameter names instead.
const OTHERWISE_SCOPED: &[(&str, &str)] = &[("members", "OF_USER")];

/// A statement of a table whose rows belong to workspaces names the workspace.
#[test]
fn every_statement_names_its_workspace() {
    let tables: Vec<&str> = MIGRATIONS
        .tables()
        .skip(1)
        .filter(|table| *table != "workspaces" && !UNSCOPED.contains(table))
        .collect();
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut wrong = Vec::new();
    for (module, statements) in statements() {
        for (name, sql) in statements {
            let touches = sql.split(|c| !is_word(c)).any(|word| tables.contains(&word));
            if touches
                && !OTHERWISE_SCOPED.contains(&(module, *name))
                && !sql.contains("workspace_id = $1")
                && !sql.contains("(workspace_id, ")
            {
                wrong.push(format!("{module}::{name}"));
            }
        }
    }
    assert!(wrong.is_empty(), "these know no workspace: {wrong:?}");
}

#[tokio::test]
async fn an_account_that_could_pass_by_row_level_security_is_refused_with_the_remedy() {
    each_database(|db| async move {
        if db.owner.engine_name() != "postgres" {
            return;
        }
        let error = Crm::builder(db.owner.clone()).build().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Setup);
        for words in [
            "superuser",
            "create role aurora_app",
            "Crm::install",
            "CrmBuilder::owner",
        ] {
            assert!(error.to_string().contains(words), "{error}");
        }
        let own = "do $$ declare t text; begin
            for t in select tablename from pg_tables where schemaname = current_schema() loop
                execute format('alter table %I owner to aurora_test_app', t);
            end loop; end $$";
        execute!(db.owner, sqlx::query(own)).unwrap();
        let error = Crm::builder(db.database).build().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Setup);
        assert!(error.to_string().contains("owns the tables"), "{error}");
        let error = Crm::install(&db.owner, "aurora_nobody").await.unwrap_err();
        assert!(error.to_string().contains("there is no such account"), "{error}");
    })
    .await;
}

/// The schema of another crate in the same database.
const ANOTHER: Migrations = Migrations::new(
    "_another_migrations",
    &[Migration {
        version: 1,
        name: "another",
        sqlite: "create table another (n integer not null) strict",
        postgres: "create table another (n integer not null)",
    }],
);

#[tokio::test]
async fn a_schema_that_is_missing_is_told_with_the_remedy_and_made_by_its_owner() {
    // for the role alone
    each_database(|_| async {}).await;
    aurora_core::testing::each_database(|db| async move {
        if db.database.engine_name() != "postgres" {
            return;
        }
        let url = crate::testing::as_role(&db.url);
        let limited = Database::open(&url).await.unwrap();
        let error = Crm::builder(limited.clone()).build().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Setup);
        assert!(error.to_string().contains("run `Crm::install`"), "{error}");
        let crm = Crm::builder(limited.clone())
            .owner(db.database.clone())
            .also([ANOTHER])
            .build()
            .await
            .unwrap();
        assert!(limited.is_current(&ANOTHER).await.unwrap());
        execute!(limited, sqlx::query("insert into another (n) values (1)")).unwrap();
        let house = NewWorkspace::new(WorkspaceKind::Company, "House");
        crm.workspaces().create(house).await.unwrap();
        // A second start, without the owner, finds everything in place.
        Crm::builder(limited.clone()).build().await.unwrap();
        limited.close().await;
    })
    .await;
}

#[tokio::test]
async fn an_account_that_would_own_the_tables_makes_none() {
    each_database(|_| async {}).await;
    aurora_core::testing::each_database(|db| async move {
        if db.database.engine_name() != "postgres" {
            return;
        }
        let grant = "grant create on schema public to aurora_test_app";
        execute!(db.database, sqlx::query(grant)).unwrap();
        let able = Database::open(&crate::testing::as_role(&db.url)).await.unwrap();
        let error = Crm::builder(able.clone()).build().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Setup);
        let made = "select count(*) from pg_tables where schemaname = 'public'";
        let made: i64 = on_reader!(able, |pool| sqlx::query_scalar(made).fetch_one(pool)).unwrap();
        assert_eq!(made, 0, "or it would be refused from the second start on");
        able.close().await;
    })
    .await;
}

#[cfg(feature = "postgres")]
#[tokio::test]
async fn every_table_of_a_workspace_has_forced_row_level_security() {
    each_database(|db| async move {
        if db.owner.engine_name() != "postgres" {
            return;
        }
        for table in MIGRATIONS.tables().skip(1) {
            let facts = "select c.relrowsecurity and c.relforcerowsecurity,
                    exists (select from pg_policy p where p.polrelid = c.oid and p.polpermissive and p.polcmd = '*'
                        and pg_get_expr(p.polqual, p.polrelid) like '%aurora.workspace%'),
                    exists (select from pg_attribute a where a.attrelid = c.oid and a.attname = 'workspace_id')
                from pg_class c where c.oid = to_regclass($1)";
            let (is_forced, has_policy, has_workspace): (bool, bool, bool) =
                on_reader!(db.owner, |pool| sqlx::query_as(facts).bind(table).fetch_one(pool)).unwrap();
            let expected = !UNSCOPED.contains(&table);
            assert_eq!((is_forced, has_policy), (expected, expected), "{table}");
            assert!(has_workspace || !expected || table == "workspaces", "{table}");
        }
        let rights = "select has_table_privilege($1, 'audit_entries', 'update')
            or has_table_privilege($1, 'audit_entries', 'delete')";
        let may_change: bool =
            on_reader!(db.owner, |pool| sqlx::query_scalar(rights).bind(TEST_ROLE).fetch_one(pool)).unwrap();
        assert!(!may_change);
    })
    .await;
}

/// The mutation that matters: a statement whose tenant predicate was forgotten.
#[tokio::test]
async fn a_statement_that_forgets_its_workspace_finds_nothing_in_postgresql() {
    each_database(|db| async move {
        let crm = Crm::builder(db.database.clone())
            .clock(ManualClock::default())
            .build()
            .await
            .unwrap();
        let mut houses = Vec::new();
        for name in ["Mine", "Theirs"] {
            let new = NewWorkspace::new(WorkspaceKind::Clinic, name);
            houses.push(Context::new(
                crm.workspaces().create(new).await.unwrap().id,
                "test",
            ));
        }
        let [mine, theirs] = houses.try_into().unwrap();
        let client = crm
            .clients()
            .create(&theirs, NewClient::person("Ana"))
            .await
            .unwrap();
        let forgetful = crate::clients::STATEMENTS
            .iter()
            .find(|(name, _)| *name == "GET")
            .map(|(_, sql)| sql.replace("c.workspace_id = $1", "$1 = $1"))
            .unwrap();
        assert!(forgetful.contains("$1 = $1"));
        let find = async |scope: &Scope| -> Result<usize, Error> {
            read_within!(db.database, scope, |tx| {
                let rows = sqlx::query(sqlx::AssertSqlSafe(forgetful.as_str()))
                    .bind(mine.workspace)
                    .bind(client.id)
                    .fetch_all(&mut *tx)
                    .await?;
                Ok(rows.len())
            })
        };
        assert_eq!(
            find(&theirs.scope()).await.unwrap(),
            1,
            "the statement itself works"
        );
        if db.database.engine_name() != "postgres" {
            return; // SQLite has the composite keys and the sweep, and no second wall.
        }
        for scope in [mine.scope(), Scope::new()] {
            assert_eq!(find(&scope).await.unwrap(), 0);
        }
        let overwrite = async |scope: &Scope, sql: &str| -> Result<u64, Error> {
            write_within!(db.database, scope, |tx| {
                let sql = sqlx::AssertSqlSafe(sql);
                Ok(sqlx::query(sql).execute(&mut *tx).await?.rows_affected())
            })
        };
        for sql in ["update clients set legal_name = 'x'", "delete from clients"] {
            assert_eq!(overwrite(&mine.scope(), sql).await.unwrap_or(0), 0, "{sql}");
        }
        let planted = format!(
            "insert into events (workspace_id, id, type, subject_kind, subject_id, data, occurred_at)
                select '{0}', '{0}', 'x', 'x', '{0}', '', now()",
            theirs.workspace.uuid()
        );
        let error = overwrite(&mine.scope(), &planted).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Forbidden);
        assert_eq!(crm.clients().get(&theirs, client.id).await.unwrap(), client);
    })
    .await;
}
