//! Allowances in SQLite or PostgreSQL.

use aurora_core::store::{self, execute, on_reader};
use aurora_core::time::{Clock as _, SystemClock, Timestamp};
use sqlx::types::Json;

use super::{SqlLedger, statements as sql};
use crate::ledger::Allowance;
use crate::ledger::allowance::Row;

/// Holder, content, version, time of the last change.
type Tuple = (String, Json<Allowance>, i64, Timestamp);

fn row((holder, Json(allowance), version, changed_at): Tuple) -> Row {
    Row {
        holder,
        allowance,
        version,
        changed_at,
    }
}

impl SqlLedger {
    pub(in crate::ledger) async fn allowances(
        &self,
        tenant: &str,
        range: (&str, &str),
        most: u32,
    ) -> Result<Vec<Row>, store::Error> {
        let rows: Vec<Tuple> = on_reader!(self.database, |pool| sqlx::query_as(sql::ALLOWANCES)
            .bind(tenant)
            .bind(range.0)
            .bind(range.1)
            .bind(i64::from(most))
            .fetch_all(pool))?;
        Ok(rows.into_iter().map(row).collect())
    }

    pub(in crate::ledger) async fn allowances_of(
        &self,
        tenant: &str,
        key: Option<&str>,
    ) -> Result<Vec<Row>, store::Error> {
        let rows: Vec<Tuple> = on_reader!(self.database, |pool| sqlx::query_as(sql::ALLOWANCES_OF)
            .bind(tenant)
            .bind(key)
            .fetch_all(pool))?;
        Ok(rows.into_iter().map(row).collect())
    }

    /// Whether the version was still the expected one; 0 is that of what is not there.
    pub(in crate::ledger) async fn put_allowance(
        &self,
        tenant: &str,
        holder: &str,
        allowance: &Allowance,
        expected: i64,
    ) -> Result<Option<Timestamp>, store::Error> {
        let now = self
            .clock
            .as_ref()
            .map_or_else(|| SystemClock.now(), |clock| clock.now());
        let content = Json(allowance);
        let changed = if expected == 0 {
            execute!(
                self.database,
                sqlx::query(sql::ADD_ALLOWANCE)
                    .bind(tenant)
                    .bind(holder)
                    .bind(content)
                    .bind(now)
            )?
        } else {
            execute!(
                self.database,
                sqlx::query(sql::CHANGE_ALLOWANCE)
                    .bind(tenant)
                    .bind(holder)
                    .bind(content)
                    .bind(now)
                    .bind(expected)
            )?
        };
        Ok((changed > 0).then_some(now))
    }

    pub(in crate::ledger) async fn remove_allowance(
        &self,
        tenant: &str,
        holder: &str,
    ) -> Result<(), store::Error> {
        execute!(
            self.database,
            sqlx::query(sql::REMOVE_ALLOWANCE).bind(tenant).bind(holder)
        )?;
        Ok(())
    }
}
