//! A transaction that is begun on PostgreSQL without leaving one behind.

use sqlx::pool::PoolConnection;
use sqlx::{AssertSqlSafe, Connection as _, PgPool, Postgres, Transaction};

use super::Scope;

/// A connection on which a transaction begins.
///
/// sqlx rolls nothing back when the caller goes away while `begin` is under way, and the connection would go back to
/// the pool with a transaction open. Here such a connection is closed instead.
#[derive(Debug)]
#[doc(hidden)]
pub struct Opening {
    connection: Option<PoolConnection<Postgres>>,
    is_sound: bool,
}

impl Opening {
    #[must_use]
    pub const fn new() -> Self {
        Self {
            connection: None,
            is_sound: true,
        }
    }

    /// Begins a transaction in which `scope` is set.
    ///
    /// # Errors
    /// Whatever keeps the transaction from beginning.
    pub async fn begin(
        &mut self,
        pool: &PgPool,
        begin: &'static str,
        scope: Option<&Scope>,
    ) -> Result<Transaction<'_, Postgres>, sqlx::Error> {
        let statement = match scope {
            Some(scope) => scope
                .statement(begin)
                .map_err(|error| sqlx::Error::Configuration(Box::new(error)))?,
            None => begin.to_owned(),
        };
        let connection = self.connection.insert(pool.acquire().await?);
        self.is_sound = false;
        let transaction = connection.begin_with(AssertSqlSafe(statement)).await?;
        self.is_sound = true;
        Ok(transaction)
    }
}

impl Default for Opening {
    fn default() -> Self {
        Self::new()
    }
}

impl Drop for Opening {
    fn drop(&mut self) {
        if let Some(connection) = self.connection.as_mut().filter(|_| !self.is_sound) {
            connection.close_on_drop();
        }
    }
}
