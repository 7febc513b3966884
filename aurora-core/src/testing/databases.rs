//! A test "on every database", each in a database of its own.

use std::future::Future;
use std::panic::AssertUnwindSafe;

use futures::FutureExt as _;

use crate::secret::Secret;
use crate::store::Database;

/// A throwaway database, open and empty.
#[derive(Debug, Clone)]
pub struct TestDatabase {
    /// The handle.
    pub database: Database,
    /// The URL, for tests that open the database again or in another process.
    pub url: Secret,
}

/// Runs `test` on every database: always on a SQLite file, and on PostgreSQL when `AURORA_TEST_POSTGRES_URL` names a
/// throwaway server (as its superuser).
///
/// Each run has a database of its own, dropped afterwards, also when the test panics. Without the variable a note
/// says that PostgreSQL was skipped; when `AURORA_TEST_REQUIRE` contains `postgres` that is a failure.
///
/// # Panics
/// When the test does, or when a database cannot be made.
///
/// # Examples
/// ```
/// # #[cfg(feature = "sqlite")]
/// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
/// aurora_core::testing::each_database(|db| async move {
///     db.database.ping().await.unwrap();
/// })
/// .await;
/// # });
/// ```
pub async fn each_database<T, F>(test: T)
where
    T: Fn(TestDatabase) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    #[cfg(feature = "sqlite")]
    on_sqlite(&test).await;
    #[cfg(feature = "postgres")]
    on_postgres(&test).await;
}

async fn run<T, F>(test: &T, database: TestDatabase) -> std::thread::Result<()>
where
    T: Fn(TestDatabase) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    let handle = database.database.clone();
    eprintln!("on {}", handle.engine_name());
    let outcome = AssertUnwindSafe(test(database)).catch_unwind().await;
    handle.close().await;
    outcome
}

/// A folder that goes with its owner.
#[cfg(feature = "sqlite")]
#[derive(Debug)]
struct Folder(std::path::PathBuf);

#[cfg(feature = "sqlite")]
impl Drop for Folder {
    fn drop(&mut self) {
        // A test that left a process behind keeps its files; the system's own cleaning gets them.
        drop(std::fs::remove_dir_all(&self.0));
    }
}

#[cfg(feature = "sqlite")]
#[expect(clippy::panic, reason = "a test without its database has failed")]
async fn on_sqlite<T, F>(test: &T)
where
    T: Fn(TestDatabase) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    let folder = Folder(std::env::temp_dir().join(unique_name()));
    let opened = async {
        std::fs::create_dir_all(&folder.0).map_err(|error| error.to_string())?;
        let url = Secret::new(format!("sqlite://{}", folder.0.join("test.db").display()));
        let database = Database::open(&url).await.map_err(|error| error.to_string())?;
        Ok::<_, String>(TestDatabase { database, url })
    };
    let database = opened
        .await
        .unwrap_or_else(|error| panic!("no SQLite database for the test: {error}"));
    let outcome = run(test, database).await;
    drop(folder);
    if let Err(panic) = outcome {
        std::panic::resume_unwind(panic);
    }
}

#[cfg(feature = "postgres")]
#[expect(clippy::panic, reason = "a test without its database has failed")]
async fn on_postgres<T, F>(test: &T)
where
    T: Fn(TestDatabase) -> F + Send + Sync,
    F: Future<Output = ()> + Send,
{
    let Some(server) = super::provided("postgres", "AURORA_TEST_POSTGRES_URL") else {
        return;
    };
    let name = unique_name();
    let opened = async {
        administer(&server, format!("create database {name} template template0")).await?;
        let url = Secret::new(with_database(&server, &name));
        let database = Database::open(&url).await.map_err(|error| error.to_string())?;
        Ok::<_, String>(TestDatabase { database, url })
    };
    let database = opened
        .await
        .unwrap_or_else(|error| panic!("no PostgreSQL database for the test: {error}"));
    let outcome = run(test, database).await;
    let dropped = administer(&server, format!("drop database {name} with (force)")).await;
    match (outcome, dropped) {
        (Err(panic), _) => std::panic::resume_unwind(panic),
        (Ok(()), Err(error)) => panic!("the test's database cannot be dropped: {error}"),
        (Ok(()), Ok(())) => {}
    }
}

#[cfg(feature = "postgres")]
async fn administer(server: &str, statement: String) -> Result<(), String> {
    use sqlx::{AssertSqlSafe, Connection as _, Executor as _, PgConnection};

    let mut connection = PgConnection::connect(server)
        .await
        .map_err(|error| error.to_string())?;
    connection
        .execute(AssertSqlSafe(statement))
        .await
        .map_err(|error| error.to_string())?;
    connection.close().await.map_err(|error| error.to_string())
}

/// The same server's URL with another database.
#[cfg(feature = "postgres")]
fn with_database(url: &str, name: &str) -> String {
    let (address, query) = url
        .split_once('?')
        .map_or((url, None), |(address, query)| (address, Some(query)));
    let (scheme, rest) = address.split_once("://").unwrap_or(("postgres", address));
    let authority = rest.split('/').next().unwrap_or_default();
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{scheme}://{authority}/{name}{query}")
}

fn unique_name() -> String {
    format!("aurora_test_{}", uuid::Uuid::now_v7().simple())
}

#[cfg(all(test, feature = "postgres"))]
mod tests {
    use super::*;

    #[test]
    fn the_database_in_a_url_is_replaced_and_the_rest_is_kept() {
        for (url, expected) in [
            (
                "postgres://u:p@h:1/old?sslmode=disable",
                "postgres://u:p@h:1/new?sslmode=disable",
            ),
            ("postgres://u@h", "postgres://u@h/new"),
            ("postgres:///old?host=/run/pg", "postgres:///new?host=/run/pg"),
        ] {
            assert_eq!(with_database(url, "new"), expected);
        }
    }
}
