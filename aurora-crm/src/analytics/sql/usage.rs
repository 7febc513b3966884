use crate::analytics::period::Period;
use crate::analytics::usage::{NewUsage, UsageSum};
use crate::context::Context;
use crate::error::Error;
use crate::store::{Store, reading, writing};
use aurora_core::store;

use super::over;

aurora_core::store::statements! {
    ADD = "insert into usage (workspace_id, idempotency_key, metric, label, quantity, cost_nanos, at)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict (workspace_id, idempotency_key) do nothing";
    SUMS = "select metric, label, count(*), cast(sum(quantity) as bigint), cast(sum(cost_nanos) as bigint) from usage
        where workspace_id = $1 and at >= $2 and at < $3 group by metric, label";
}

/// Whether it was new. No audit entry: these rows are a log themselves, and there are many.
pub(in crate::analytics) async fn add(
    store: &Store,
    context: &Context,
    new: &NewUsage,
) -> Result<bool, Error> {
    let now = store.now();
    let outcome = writing!(store, context, |tx| {
        let done = sqlx::query(ADD)
            .bind(context.workspace)
            .bind(&new.key)
            .bind(&new.metric)
            .bind(&new.label)
            .bind(new.quantity)
            .bind(new.cost.nanos())
            .bind(now)
            .execute(&mut *tx)
            .await?;
        Ok(done.rows_affected() > 0)
    });
    outcome.map_err(|error| match error.stored().map(store::Error::kind) {
        Some(store::ErrorKind::ForeignKey) => Error::not_found("workspace"),
        _ => error,
    })
}

pub(in crate::analytics) async fn sums(
    store: &Store,
    context: &Context,
    period: Period,
) -> Result<Vec<UsageSum>, Error> {
    let rows: Vec<(String, String, i64, i64, i64)> = reading!(store, context, |tx| {
        Ok(over!(SUMS, context, period).fetch_all(&mut *tx).await?)
    })?;
    let mut sums: Vec<UsageSum> = rows
        .into_iter()
        .map(|(metric, label, records, quantity, cost_nanos)| UsageSum {
            metric,
            label,
            records,
            quantity,
            cost_nanos,
        })
        .collect();
    sums.sort_by(|a, b| (&a.metric, &a.label).cmp(&(&b.metric, &b.label)));
    Ok(sums)
}
