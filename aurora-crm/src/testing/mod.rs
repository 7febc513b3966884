//! A test "on every database", with the schema in place and as the account that an application uses.

mod messenger;

use std::future::Future;

use aurora_core::secret::Secret;
use aurora_core::store::Database;

use crate::crm::Crm;

pub use self::messenger::ScriptedMessenger;

/// The account that tests work as in PostgreSQL; it is made when missing, and shared by all tests of a server.
pub const TEST_ROLE: &str = "aurora_test_app";

/// A throwaway database whose schema is up to date.
#[derive(Debug, Clone)]
pub struct TestDatabase {
    /// The handle of the account that works under row-level security.
    pub database: Database,
    /// Its URL, for tests that open the database again or in another process.
    pub url: Secret,
    /// The same database as the account that owns the tables; on SQLite the same handle.
    pub owner: Database,
}

/// Runs `test` on every database, as [`aurora_core::testing::each_database`] does: always on a SQLite file, and on
/// PostgreSQL when `AURORA_TEST_POSTGRES_URL` names a throwaway server (as its superuser).
///
/// # Panics
/// When the test does, or when a database cannot be made.
#[expect(clippy::expect_used, reason = "a test without its database has failed")]
pub async fn each_database<T, F>(test: T)
where
    T: Fn(TestDatabase) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    let test = &test;
    aurora_core::testing::each_database(|db| async move {
        let owner = db.database;
        let url = if owner.engine_name() == "postgres" {
            make_role(&owner).await.expect("the role of the tests");
            as_role(&db.url)
        } else {
            db.url
        };
        Crm::install(&owner, TEST_ROLE).await.expect("the schema");
        let database = if owner.engine_name() == "postgres" {
            Database::open(&url).await.expect("the database of the test")
        } else {
            owner.clone()
        };
        test(TestDatabase {
            database: database.clone(),
            url,
            owner,
        })
        .await;
        database.close().await;
    })
    .await;
}

/// Many tests start at once and make the same role.
async fn make_role(owner: &Database) -> Result<(), aurora_core::store::Error> {
    let statement = "do $$ begin
            if not exists (select from pg_roles where rolname = 'aurora_test_app') then
                create role aurora_test_app login password 'aurora_test_app' nosuperuser nobypassrls;
            end if;
        exception when duplicate_object or unique_violation then null;
        end $$";
    aurora_core::store::execute!(owner, sqlx::query(statement))?;
    Ok(())
}

/// The same database as the account of the tests.
pub(crate) fn as_role(url: &Secret) -> Secret {
    let (scheme, rest) = url
        .expose()
        .split_once("://")
        .unwrap_or(("postgres", url.expose()));
    let host = rest.rsplit_once('@').map_or(rest, |(_, host)| host);
    Secret::new(format!("{scheme}://{TEST_ROLE}:{TEST_ROLE}@{host}"))
}
