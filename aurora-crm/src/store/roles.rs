//! The two accounts of PostgreSQL: one that owns the schema, and one that works in it and cannot get around row-level
//! security.

use aurora_core::store::{self, Database, Migrations, execute, leases, on_reader, outbox};

use crate::error::Error;
use crate::migrations::{APPEND_ONLY, MIGRATIONS};

/// Whether an account, the current one if none is named, could get around row-level security.
const ROLE: &str = "select r.rolsuper or r.rolbypassrls or exists (select from pg_roles x
            where (x.rolsuper or x.rolbypassrls) and x.oid <> r.oid and pg_has_role(r.oid, x.oid, 'member')),
        exists (select from pg_class c where c.relnamespace = to_regnamespace(current_schema())
            and c.relname = any($2::text::name[]) and pg_has_role(r.oid, c.relowner, 'member'))
    from pg_roles r where r.rolname = coalesce($1, current_user)";
const CURRENT_ROLE: &str = "select current_user::text";
const NOT_PREPARED: &str = "the database is not up to date and this account may not change it: run `Crm::install` with the \
     account that owns the tables, or give it to `CrmBuilder::owner`";
const QUOTED: &str = "select quote_ident($1)";

/// Brings the schema up to date as the account that owns it, and grants `role` what the CRM needs, and the same for the
/// schemas of `also`. On SQLite there are no accounts, and the schema alone is brought up to date.
///
/// # Errors
/// `Setup` when there is no such role, or it could get around row-level security.
pub(crate) async fn install(owner: &Database, role: &str, also: &[Migrations]) -> Result<(), Error> {
    let all = || histories().into_iter().chain(also);
    for migrations in all() {
        owner.migrate(migrations).await.map_err(lacking)?;
    }
    if owner.engine_name() != "postgres" {
        return Ok(());
    }
    refuse_unsafe(owner, Some(role)).await?;
    let quoted: String = on_reader!(owner, |pool| sqlx::query_scalar(QUOTED)
        .bind(role)
        .fetch_one(pool))?;
    let schema: String = on_reader!(owner, |pool| sqlx::query_scalar(
        "select quote_ident(current_schema())"
    )
    .fetch_one(pool))?;
    let mut grants = format!("grant usage on schema {schema} to {quoted}");
    for migrations in all() {
        for (position, table) in migrations.tables().enumerate() {
            let rights = match position {
                0 => "select", // the bookkeeping: enough to see that the schema is up to date
                _ if APPEND_ONLY.contains(&table) => "select, insert",
                _ => "select, insert, update, delete",
            };
            grants.push_str(&format!("; grant {rights} on table {table} to {quoted}"));
        }
    }
    // Names of tables come from this program, and those of the schema and the role from `quote_ident`.
    execute!(owner, sqlx::raw_sql(sqlx::AssertSqlSafe(grants.as_str())))?;
    Ok(())
}

/// What a server lacks that a migration needs; its message says what to do.
fn lacking(error: store::Error) -> Error {
    let told = error.to_string();
    if error.kind() == store::ErrorKind::Migration && told.contains("create extension") {
        Error::setup(told)
    } else {
        error.into()
    }
}

/// Brings the schema up to date where the account may, and refuses an account that could get around row-level security.
///
/// # Errors
/// `Setup` says what to do.
pub(crate) async fn check(database: &Database) -> Result<(), Error> {
    if database.engine_name() == "postgres" {
        refuse_unsafe(database, None).await?;
    }
    if database.engine_name() == "postgres" && !database.is_current(&MIGRATIONS).await? {
        // An account that may make the tables would own them, and be refused at the next start.
        return Err(Error::setup(NOT_PREPARED));
    }
    for migrations in histories() {
        database.migrate(migrations).await.map_err(|error| {
            if error.kind() == store::ErrorKind::Denied {
                Error::setup(NOT_PREPARED)
            } else {
                error.into()
            }
        })?;
    }
    Ok(())
}

/// The account that a database is open with; `None` on SQLite.
pub(crate) async fn current(database: &Database) -> Result<Option<String>, Error> {
    if database.engine_name() != "postgres" {
        return Ok(None);
    }
    Ok(Some(on_reader!(database, |pool| {
        sqlx::query_scalar(CURRENT_ROLE).fetch_one(pool)
    })?))
}

fn histories() -> [&'static Migrations; 3] {
    [&MIGRATIONS, &outbox::MIGRATIONS, &leases::MIGRATIONS]
}

async fn refuse_unsafe(database: &Database, role: Option<&str>) -> Result<(), Error> {
    let tables: Vec<String> = MIGRATIONS.tables().map(str::to_owned).collect();
    let tables = format!("{{{}}}", tables.join(","));
    let found: Option<(bool, bool)> = on_reader!(database, |pool| {
        sqlx::query_as(ROLE).bind(role).bind(&tables).fetch_optional(pool)
    })?;
    let fix = "make an account of its own, `create role aurora_app login password '…'`, name it to `Crm::install` \
               run by the account that owns the tables (or give that to `CrmBuilder::owner`), and open the CRM with it";
    match found {
        None => Err(Error::setup(format!("there is no such account: {fix}"))),
        Some((true, _)) => Err(Error::setup(format!(
            "the account may pass by row-level security (superuser or BYPASSRLS, or a member of one that may): {fix}"
        ))),
        Some((_, true)) => Err(Error::setup(format!(
            "the account owns the tables and could switch row-level security off: {fix}"
        ))),
        Some((false, false)) => Ok(()),
    }
}
