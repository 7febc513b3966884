use std::time::Duration;

use super::{Database, Error, ErrorKind, Migration, Migrations, execute, in_transaction, on_reader};
use crate::id::{Id, IdKind};
use crate::secret::Secret;
use crate::testing::each_database;
use crate::time::Timestamp;

#[derive(Debug)]
struct Note;
impl IdKind for Note {
    const PREFIX: &'static str = "not";
}

const FIRST: Migration = Migration {
    version: 1,
    name: "notes",
    sqlite: "create table notes (
        tenant blob not null, id blob not null, code text not null, at integer not null, parent blob,
        constraint notes_pkey primary key (tenant, id),
        constraint notes_code_short check (length(code) < 9),
        constraint notes_tenant_parent_fkey foreign key (tenant, parent) references notes (tenant, id)
    ) strict, without rowid;
    create unique index notes_tenant_code_key on notes (tenant, code) where code <> '';",
    postgres: "create table notes (
        tenant uuid not null, id uuid not null, code text not null, at timestamptz not null, parent uuid,
        constraint notes_pkey primary key (tenant, id),
        constraint notes_code_short check (length(code) < 9),
        constraint notes_tenant_parent_fkey foreign key (tenant, parent) references notes (tenant, id)
    );
    create unique index notes_tenant_code_key on notes (tenant, code) where code <> '';",
};
const SECOND: Migration = Migration {
    version: 2,
    name: "notes have a colour",
    sqlite: "alter table notes add column colour text;",
    postgres: "alter table notes add column colour text;",
};
pub(super) const OLD: Migrations = Migrations::new("_notes_migrations", &[FIRST]);
const NEW: Migrations = Migrations::new("_notes_migrations", &[FIRST, SECOND]);

fn id(n: u128) -> Id<Note> {
    Id::from_uuid(uuid::Uuid::from_u128(n))
}

pub(super) async fn insert(
    db: &Database,
    key: u128,
    code: Option<&str>,
    parent: Option<u128>,
) -> Result<(), Error> {
    execute!(
        db,
        sqlx::query("insert into notes (tenant, id, code, at, parent) values ($1, $2, $3, $4, $5)")
            .bind(id(1))
            .bind(id(key))
            .bind(code)
            .bind(Timestamp::from_micros(1_234_567))
            .bind(parent.map(id))
    )
    .map(drop)
}

pub(super) async fn count(db: &Database) -> i64 {
    on_reader!(db, |pool| sqlx::query_scalar("select count(*) from notes")
        .fetch_one(pool))
    .unwrap()
}

#[tokio::test]
async fn ids_and_timestamps_come_back_as_they_went_in() {
    each_database(|db| async move {
        let db = db.database;
        db.migrate(&OLD).await.unwrap();
        for (n, micros) in [
            (1, 0),
            (2, -1),
            (3, 1_767_225_600_123_456),
            (4, -62_135_596_800_000_000),
        ] {
            let at = Timestamp::from_micros(micros);
            let rows = execute!(
                db,
                sqlx::query("insert into notes (tenant, id, code, at) values ($1, $2, $3, $4)")
                    .bind(id(7))
                    .bind(id(n))
                    .bind(n.to_string())
                    .bind(at)
            );
            assert_eq!(rows.unwrap(), 1);
            let read: (Id<Note>, Timestamp) = on_reader!(db, |pool| sqlx::query_as(
                "select id, at from notes where id = $1 and at = $2"
            )
            .bind(id(n))
            .bind(at)
            .fetch_one(pool))
            .unwrap();
            assert_eq!(read, (id(n), at));
        }
        let order: Vec<Timestamp> =
            on_reader!(db, |pool| sqlx::query_scalar("select at from notes order by at")
                .fetch_all(pool))
            .unwrap();
        assert!(order.is_sorted(), "{order:?}");
    })
    .await;
}

#[tokio::test]
async fn pending_steps_are_told_and_a_newer_schema_is_refused() {
    each_database(|db| async move {
        let db = db.database;
        let versions = |steps: Vec<Migration>| steps.iter().map(|step| step.version).collect::<Vec<_>>();
        assert_eq!(versions(db.pending(&NEW).await.unwrap()), [1, 2]);
        assert!(!db.is_current(&NEW).await.unwrap(), "looking changes nothing");
        db.migrate(&OLD).await.unwrap();
        assert_eq!(versions(db.pending(&NEW).await.unwrap()), [2]);
        db.migrate(&NEW).await.unwrap();
        assert!(versions(db.pending(&NEW).await.unwrap()).is_empty());
        let error = db.pending(&OLD).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Migration);
        assert!(error.to_string().contains("newer than this program"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn violated_constraints_have_one_name_on_every_engine() {
    each_database(|db| async move {
        let db = db.database;
        db.migrate(&OLD).await.unwrap();
        insert(&db, 1, Some("secret-1"), None).await.unwrap();
        for (result, kind, constraint) in [
            (
                insert(&db, 2, Some("secret-1"), None).await,
                ErrorKind::Conflict,
                Some("notes_tenant_code_key"),
            ),
            (
                insert(&db, 1, Some("other"), None).await,
                ErrorKind::Conflict,
                Some("notes_pkey"),
            ),
            (
                insert(&db, 2, Some("far too long"), None).await,
                ErrorKind::Check,
                Some("notes_code_short"),
            ),
            (
                insert(&db, 2, None, None).await,
                ErrorKind::Check,
                Some("notes_code_not_null"),
            ),
        ] {
            let error = result.unwrap_err();
            assert_eq!((error.kind(), error.constraint()), (kind, constraint), "{error}");
            assert!(!error.is_retryable());
            assert!(!format!("{error} {error:?}").contains("secret"), "{error:?}");
        }
        let error = insert(&db, 2, Some("b"), Some(99)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ForeignKey, "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_faulty_statement_says_what_is_wrong_with_it() {
    each_database(|db| async move {
        let wrong = on_reader!(db.database, |pool| sqlx::query_scalar::<_, i32>(
            "select nothing_such from nowhere"
        )
        .fetch_one(pool));
        let error = wrong.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Other);
        assert!(error.to_string().contains("nowhere"), "{error}");
        let none = on_reader!(db.database, |pool| sqlx::query_scalar::<_, i32>(
            "select 1 where 1 = 0"
        )
        .fetch_one(pool));
        assert_eq!(none.unwrap_err().kind(), ErrorKind::NotFound);
    })
    .await;
}

#[tokio::test]
async fn a_transaction_happens_as_a_whole_or_not_at_all() {
    each_database(|db| async move {
        let db = db.database;
        db.migrate(&OLD).await.unwrap();
        let insert = "insert into notes (tenant, id, code, at) values ($1, $2, $3, $4)";
        for (keys, holds) in [([1, 2], true), ([3, 1], false)] {
            let outcome: Result<&str, Error> = in_transaction!(db, |tx| {
                for key in keys {
                    sqlx::query(insert)
                        .bind(id(1))
                        .bind(id(key))
                        .bind(key.to_string())
                        .bind(Timestamp::UNIX_EPOCH)
                        .execute(&mut *tx)
                        .await?;
                }
                Ok::<_, Error>("done")
            });
            assert_eq!(outcome.is_ok(), holds, "{outcome:?}");
            assert_eq!(count(&db).await, 2);
        }
    })
    .await;
}

#[tokio::test]
async fn transactions_that_lock_what_they_read_do_not_lose_updates() {
    each_database(|db| async move {
        let db = db.database;
        execute!(db, sqlx::query("create table counter (n bigint not null)")).unwrap();
        execute!(db, sqlx::query("insert into counter values (0)")).unwrap();
        let add = || async {
            let added: Result<(), Error> = in_transaction!(db, |tx| {
                let n: i64 = sqlx::query_scalar("update counter set n = n + 0 returning n")
                    .fetch_one(&mut *tx)
                    .await?;
                tokio::task::yield_now().await;
                sqlx::query("update counter set n = $1")
                    .bind(n + 1)
                    .execute(&mut *tx)
                    .await?;
                Ok::<_, Error>(())
            });
            added.unwrap();
        };
        futures::future::join_all((0..20).map(|_| add())).await;
        let n: i64 = on_reader!(db, |pool| sqlx::query_scalar("select n from counter")
            .fetch_one(pool))
        .unwrap();
        assert_eq!(n, 20);
    })
    .await;
}

#[tokio::test]
async fn migrations_can_run_again_and_at_once_and_go_forward() {
    each_database(|db| async move {
        let other = Database::open(&db.url).await.unwrap();
        let (a, b) = tokio::join!(db.database.migrate(&OLD), other.migrate(&OLD));
        a.unwrap();
        b.unwrap();
        insert(&db.database, 1, Some("kept"), None).await.unwrap();
        other.migrate(&NEW).await.unwrap();
        other.migrate(&NEW).await.unwrap();
        assert_eq!(count(&other).await, 1);
        other.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_schema_newer_than_the_program_or_changed_is_refused() {
    each_database(|db| async move {
        let db = db.database;
        db.migrate(&NEW).await.unwrap();
        let error = db.migrate(&OLD).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Migration);
        assert!(
            error.to_string().contains("newer than this program: migration 2"),
            "{error}"
        );

        const CHANGED: Migrations = Migrations::new(
            "_notes_migrations",
            &[
                Migration {
                    sqlite: "select 1;",
                    postgres: "select 1;",
                    ..FIRST
                },
                SECOND,
            ],
        );
        let error = db.migrate(&CHANGED).await.unwrap_err();
        assert!(error.to_string().contains("migration 1 was changed"), "{error}");
    })
    .await;
}

#[tokio::test]
async fn a_failing_migration_leaves_nothing_behind() {
    const BROKEN: Migrations = Migrations::new(
        "_notes_migrations",
        &[
            FIRST,
            Migration {
                version: 2,
                name: "broken",
                sqlite: "create table half (n integer) strict; insert into absent values (1);",
                postgres: "create table half (n bigint); insert into absent values (1);",
            },
        ],
    );
    each_database(|db| async move {
        let db = db.database;
        let error = db.migrate(&BROKEN).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Migration);
        assert!(error.to_string().contains("migration 2 failed"), "{error}");
        db.migrate(&NEW).await.unwrap();
        assert!(
            on_reader!(db, |pool| sqlx::query_scalar::<_, i64>("select n from half")
                .fetch_all(pool))
            .is_err()
        );
    })
    .await;
}

#[tokio::test]
async fn urls_that_cannot_be_opened_are_told_without_being_shown() {
    for (url, kind) in [
        ("mysql://root:hunter2@localhost/x", ErrorKind::InvalidUrl),
        ("hunter2", ErrorKind::InvalidUrl),
        ("", ErrorKind::InvalidUrl),
        // SQLite takes an empty name for a temporary file, another one for each connection.
        #[cfg(feature = "sqlite")]
        ("sqlite:", ErrorKind::InvalidUrl),
        #[cfg(feature = "sqlite")]
        ("sqlite://?mode=rwc", ErrorKind::InvalidUrl),
        #[cfg(feature = "sqlite")]
        ("sqlite:///no/such/folder/hunter2.db", ErrorKind::Unavailable),
        #[cfg(feature = "postgres")]
        ("postgres://aurora:hunter2@127.0.0.1:1/x", ErrorKind::Unavailable),
    ] {
        let error = Database::open(&Secret::new(url)).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert!(!format!("{error} {error:?}").contains("hunter2"), "{error:?}");
    }
    for builder in [
        Database::builder("sqlite::memory:").max_connections(0),
        Database::builder("sqlite::memory:").acquire_timeout(Duration::ZERO),
        Database::builder("sqlite::memory:").statement_timeout(Duration::ZERO),
        Database::builder("sqlite::memory:").acquire_timeout(Duration::MAX),
        Database::builder("sqlite::memory:").busy_timeout(Duration::MAX),
        Database::builder("sqlite::memory:").application_name("a\0user\0postgres"),
        Database::builder("sqlite::memory:").application_name("a".repeat(64)),
    ] {
        assert_eq!(builder.open().await.unwrap_err().kind(), ErrorKind::InvalidUrl);
    }
}

#[tokio::test]
async fn a_closed_database_is_unavailable() {
    each_database(|db| async move {
        db.database.ping().await.unwrap();
        db.database.close().await;
        assert_eq!(
            db.database.ping().await.unwrap_err().kind(),
            ErrorKind::Unavailable
        );
    })
    .await;
}
