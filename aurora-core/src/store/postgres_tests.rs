//! What happens when PostgreSQL is slow, loses connections or has none free.

use std::time::Duration;

use sqlx::PgPool;

use super::{
    Database, Engine, Error, ErrorKind, Migration, Migrations, Scope, execute, in_transaction, on_reader,
    read_within, write_within,
};
use crate::testing::each_database;
use crate::testing::proxy::{Proxy, Weather};

fn postgres(db: &Database) -> Option<&PgPool> {
    match db.engine() {
        Engine::Postgres(pool) => Some(pool),
        #[cfg(feature = "sqlite")]
        Engine::Sqlite(_) => None,
    }
}

#[tokio::test]
async fn postgres_gives_up_a_long_statement_and_comes_back_after_losing_its_connections() {
    each_database(|db| async move {
        if postgres(&db.database).is_none() {
            return;
        }
        let hasty = Database::builder(db.url.clone()).statement_timeout(Duration::from_millis(500));
        let hasty = hasty.open().await.unwrap();
        let slow = on_reader!(hasty, |pool| async {
            sqlx::query_scalar::<_, i32>("select 1 from (select pg_sleep(60)) as slept")
                .fetch_one(pool)
                .await
        });
        let error = slow.unwrap_err();
        assert_eq!((error.kind(), error.code()), (ErrorKind::Timeout, Some("57014")));
        // as after a restart of the server: every connection is gone, the next statement finds a new one
        let ended = execute!(
            db.database,
            sqlx::query(
                "select pg_terminate_backend(pid, 5000) from pg_stat_activity
                    where datname = current_database() and pid <> pg_backend_pid()"
            )
        );
        assert!(ended.unwrap() > 0);
        hasty.ping().await.unwrap();
        hasty.close().await;
    })
    .await;
}

#[tokio::test]
async fn too_many_callers_wait_for_a_connection_and_then_give_up() {
    each_database(|db| async move {
        let narrow = Database::builder(db.url)
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(3)); // connecting itself takes a while on a busy machine
        let narrow = narrow.open().await.unwrap();
        let Some(pool) = postgres(&narrow) else { return };
        let held = pool.acquire().await.unwrap();
        assert_eq!(narrow.ping().await.unwrap_err().kind(), ErrorKind::Unavailable);
        drop(held);
        narrow.ping().await.unwrap();
        narrow.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_database_or_a_password_that_is_not_there_is_told_apart() {
    each_database(|db| async move {
        if postgres(&db.database).is_none() {
            return;
        }
        let url = db.url.expose();
        let (server, name) = url.rsplit_once('/').unwrap();
        let nowhere = format!("{server}/aurora_nowhere");
        let stranger = format!(
            "postgres://aurora_stranger:wrong@{}/{name}",
            server.rsplit_once('@').unwrap().1
        );
        for (url, words) in [
            (nowhere, "does not exist"),
            (stranger, "refuses the user or the password"),
        ] {
            let error = Database::open(&url.into()).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Denied);
            assert!(error.to_string().contains(words), "{error}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_caller_that_goes_away_while_a_transaction_begins_leaves_none_open() {
    each_database(|db| async move {
        let narrow = Database::builder(db.url).max_connections(1).open().await.unwrap();
        if postgres(&narrow).is_none() {
            return;
        }
        execute!(narrow, sqlx::query("create table numbers (n bigint not null)")).unwrap();
        let mut dropped = 0;
        for step in 0..60_u64 {
            let work = async {
                let outcome: Result<(), Error> = in_transaction!(narrow, |_tx| {
                    std::future::pending::<()>().await;
                    Ok::<_, Error>(())
                });
                outcome
            };
            let given = Duration::from_micros(20 * step);
            dropped += u64::from(tokio::time::timeout(given, work).await.is_err());
            execute!(narrow, sqlx::query("insert into numbers values (1)")).unwrap();
            // Another connection sees what is committed, and nothing of what waits in a transaction left open.
            let seen: i64 = on_reader!(db.database, |pool| sqlx::query_scalar(
                "select count(*) from numbers"
            )
            .fetch_one(pool))
            .unwrap();
            assert_eq!(u64::try_from(seen).unwrap(), step + 1);
        }
        assert_eq!(dropped, 60);
        narrow.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_scope_shows_its_rows_and_ends_with_its_transaction() {
    each_database(|db| async move {
        let narrow = Database::builder(db.url).max_connections(1).open().await.unwrap();
        let Some(pool) = postgres(&narrow) else { return };
        let prepare = "create table notes (tenant uuid not null, body text not null);
            alter table notes enable row level security;
            create policy notes_of_tenant on notes
                using (tenant = nullif(current_setting('test.tenant', true), '')::uuid);
            do $$ begin create role aurora_scope_test; exception when duplicate_object or unique_violation then null; end $$;
            grant select, insert on notes to aurora_scope_test";
        sqlx::raw_sql(prepare).execute(pool).await.unwrap();
        let [mine, theirs] = [1_u128, 2].map(uuid::Uuid::from_u128);
        let scope = |id| Scope::new().id("test.tenant", id);
        let write = async |scope: &Scope, tenant| -> Result<(), Error> {
            write_within!(narrow, scope, |tx| {
                sqlx::query("set local role aurora_scope_test").execute(&mut *tx).await?;
                sqlx::query("insert into notes values ($1, 'x')").bind(tenant).execute(&mut *tx).await?;
                Ok(())
            })
        };
        let count = async |scope: &Scope| -> Result<i64, Error> {
            read_within!(narrow, scope, |tx| {
                sqlx::query("set local role aurora_scope_test").execute(&mut *tx).await?;
                Ok(sqlx::query_scalar("select count(*) from notes").fetch_one(&mut *tx).await?)
            })
        };
        write(&scope(mine), mine).await.unwrap();
        write(&scope(theirs), theirs).await.unwrap();
        let refused = write(&scope(mine), theirs).await.unwrap_err();
        assert_eq!((refused.kind(), refused.code()), (ErrorKind::Denied, Some("42501")));
        assert_eq!(count(&scope(mine)).await.unwrap(), 1);
        assert_eq!(count(&Scope::new()).await.unwrap(), 0, "without a scope nothing shows");
        let refused: Result<(), Error> = read_within!(narrow, &scope(mine), |tx| {
            sqlx::query("insert into notes values ($1, 'x')").bind(mine).execute(&mut *tx).await?;
            Ok(())
        });
        assert_eq!(refused.unwrap_err().code(), Some("25006"), "a reading transaction does not write");
        let named = Scope::new().on("test.x; drop table notes");
        assert_eq!(write(&named, mine).await.unwrap_err().kind(), ErrorKind::InvalidUrl);
        narrow.close().await;
    })
    .await;
}

#[tokio::test]
async fn an_account_that_may_not_change_the_schema_uses_one_that_is_up_to_date() {
    const STEPS: Migrations = Migrations::new(
        "_limited_migrations",
        &[Migration {
            version: 1,
            name: "limited",
            sqlite: "create table limited (id integer primary key) strict",
            postgres: "create table limited (id bigint primary key)",
        }],
    );
    each_database(|db| async move {
        if postgres(&db.database).is_none() {
            return;
        }
        assert_eq!(
            STEPS.tables().collect::<Vec<_>>(),
            ["_limited_migrations", "limited"]
        );
        let role = "do $$ begin create role aurora_limited_test login password 'limited';
            exception when duplicate_object or unique_violation then null; end $$";
        execute!(db.database, sqlx::query(role)).unwrap();
        let (scheme, rest) = db.url.expose().split_once("://").unwrap();
        let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
        let url = format!("{scheme}://aurora_limited_test:limited@{host}");
        let limited = Database::open(&url.into()).await.unwrap();
        assert_eq!(
            limited.migrate(&STEPS).await.unwrap_err().kind(),
            ErrorKind::Denied
        );
        db.database.migrate(&STEPS).await.unwrap();
        execute!(
            db.database,
            sqlx::query("grant select on _limited_migrations to aurora_limited_test")
        )
        .unwrap();
        limited.migrate(&STEPS).await.unwrap();
        limited.close().await;
    })
    .await;
}

#[tokio::test]
async fn a_write_whose_answer_is_lost_may_have_been_made_and_any_other_was_not() {
    each_database(|db| async move {
        if postgres(&db.database).is_none() {
            return;
        }
        execute!(
            db.database,
            sqlx::query("create table numbers (n bigint primary key)")
        )
        .unwrap();
        let insert = "insert into numbers select count(*) from numbers";
        let line = Proxy::before(db.url.expose()).await;
        let far = Database::builder(line.url.as_str()).open().await.unwrap();
        let is_open = |done: Result<(), Error>| {
            let error = done.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
            error.may_have_been_made()
        };

        let done: Result<(), Error> = in_transaction!(far, |tx| {
            line.set(Weather::ResetAtAnswer);
            sqlx::query(insert).execute(&mut *tx).await?;
            Ok::<_, Error>(())
        });
        assert!(!is_open(done), "nothing was committed");
        line.set(Weather::Clear);
        let done: Result<(), Error> = in_transaction!(far, |tx| {
            sqlx::query(insert).execute(&mut *tx).await?;
            line.set(Weather::ResetAtAnswer);
            Ok::<_, Error>(())
        });
        assert!(is_open(done), "the answer to the commit is lost");
        line.set(Weather::Clear);
        far.ping().await.unwrap();
        let done = execute!(far, {
            line.set(Weather::ResetAtAnswer);
            sqlx::query(insert)
        });
        assert!(is_open(done.map(drop)), "the statement is its own transaction");
        line.set(Weather::Clear);
        let taken: Result<(), Error> = in_transaction!(far, |tx| {
            sqlx::query("insert into numbers values (0)")
                .execute(&mut *tx)
                .await?;
            Ok::<_, Error>(())
        });
        assert!(!taken.unwrap_err().may_have_been_made());
        far.close().await;

        let made: i64 = on_reader!(db.database, |pool| sqlx::query_scalar(
            "select count(*) from numbers"
        )
        .fetch_one(pool))
        .unwrap();
        assert!(made >= 1, "{made}");
    })
    .await;
}
