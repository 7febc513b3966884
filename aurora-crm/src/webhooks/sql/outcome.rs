//! What the worker reads before an attempt and writes after it.

use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;

use super::super::sending::Outcome;
use super::super::{DeliveryId, DeliveryState, DisabledReason, EndpointId};
use crate::context::Context;
use crate::error::Error;

aurora_core::store::statements! {
    TASK = "select d.run, d.run_attempts, d.state, d.payload, e.id as endpoint_id, e.url, e.secret, e.previous_secret,
            e.previous_secret_until, e.headers, e.disabled_at is null and e.deleted_at is null as is_enabled
        from webhook_deliveries d
        join webhook_endpoints e on e.workspace_id = d.workspace_id and e.id = d.endpoint_id
        where d.workspace_id = $1 and d.id = $2";
    /// Numbers the attempt, and holds the row until the transaction ends.
    ADVANCE = "update webhook_deliveries set attempts = attempts + 1, last_status = $3, last_error = $4
        where workspace_id = $1 and id = $2 returning attempts";
    INSERT_ATTEMPT = "insert into webhook_attempts (workspace_id, delivery_id, number, began_at, duration_ms, status,
            error, body)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    SETTLE = "update webhook_deliveries set state = $4, run_attempts = $5, next_attempt_at = $6, finished_at = $7
        where workspace_id = $1 and id = $2 and run = $3 and state = 'pending'";
    GIVE_UP = "update webhook_deliveries set state = 'failed', last_error = $4, next_attempt_at = null,
            finished_at = $5
        where workspace_id = $1 and id = $2 and run = $3 and state = 'pending'";
    SUCCEEDED = "update webhook_endpoints set failing_since = null, failed_deliveries = 0
        where workspace_id = $1 and id = $2 and failing_since is not null";
    FAILED = "update webhook_endpoints set failing_since = coalesce(failing_since, $3),
            failed_deliveries = failed_deliveries + $4
        where workspace_id = $1 and id = $2 returning failing_since, failed_deliveries";
    SWITCH_OFF = "update webhook_endpoints set disabled_at = $3, disabled_reason = $4, version = version + 1,
            updated_at = $3
        where workspace_id = $1 and id = $2 and disabled_at is null and deleted_at is null";
}

/// A delivery with what it takes to send it.
#[derive(sqlx::FromRow)]
pub(in super::super) struct Task {
    pub(in super::super) run: i64,
    pub(in super::super) run_attempts: i64,
    state: String,
    pub(in super::super) payload: String,
    pub(in super::super) endpoint_id: EndpointId,
    pub(in super::super) url: String,
    pub(in super::super) secret: String,
    pub(in super::super) previous_secret: Option<String>,
    pub(in super::super) previous_secret_until: Option<Timestamp>,
    pub(in super::super) headers: Option<String>,
    pub(in super::super) is_enabled: bool,
}

impl Task {
    pub(in super::super) fn is_pending(&self) -> bool {
        self.state == DeliveryState::Pending.as_str()
    }
}

/// The delivery; `None` when it was purged.
pub(in super::super) async fn task(
    tx: &mut Connection<'_>,
    context: &Context,
    id: DeliveryId,
) -> Result<Option<Task>, store::Error> {
    on_connection!(tx, |tx| sqlx::query_as(TASK)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))
}

/// Writes the attempt down, whatever becomes of the delivery.
pub(in super::super) async fn log(
    tx: &mut Connection<'_>,
    context: &Context,
    id: DeliveryId,
    outcome: &Outcome,
) -> Result<(), Error> {
    let status = outcome.status.map(i32::from);
    let number: Option<i64> = on_connection!(tx, |tx| sqlx::query_scalar(ADVANCE)
        .bind(context.workspace)
        .bind(id)
        .bind(status)
        .bind(outcome.error)
        .fetch_optional(&mut *tx))?;
    // It was purged while the request was under way.
    let Some(number) = number else { return Ok(()) };
    execute_on!(
        tx,
        sqlx::query(INSERT_ATTEMPT)
            .bind(context.workspace)
            .bind(id)
            .bind(number)
            .bind(outcome.began_at)
            .bind(i64::try_from(outcome.duration.as_millis()).unwrap_or(i64::MAX))
            .bind(status)
            .bind(outcome.error)
            .bind(outcome.body.as_deref())
    )?;
    Ok(())
}

/// Says where the delivery stands; false when it was replayed meanwhile, and another run decides.
pub(in super::super) async fn settle(
    tx: &mut Connection<'_>,
    context: &Context,
    (id, run): (DeliveryId, i64),
    (state, run_attempts): (DeliveryState, i64),
    next_attempt_at: Option<Timestamp>,
    now: Timestamp,
) -> Result<bool, store::Error> {
    let finished_at = (state != DeliveryState::Pending).then_some(now);
    let touched = execute_on!(
        tx,
        sqlx::query(SETTLE)
            .bind(context.workspace)
            .bind(id)
            .bind(run)
            .bind(state.as_str())
            .bind(run_attempts)
            .bind(next_attempt_at)
            .bind(finished_at)
    )?;
    Ok(touched > 0)
}

/// Gives a delivery up without an attempt.
pub(in super::super) async fn give_up(
    tx: &mut Connection<'_>,
    context: &Context,
    (id, run): (DeliveryId, i64),
    error: &'static str,
    now: Timestamp,
) -> Result<(), store::Error> {
    execute_on!(
        tx,
        sqlx::query(GIVE_UP)
            .bind(context.workspace)
            .bind(id)
            .bind(run)
            .bind(error)
            .bind(now)
    )?;
    Ok(())
}

pub(in super::super) async fn succeeded(
    tx: &mut Connection<'_>,
    context: &Context,
    endpoint: EndpointId,
) -> Result<(), store::Error> {
    execute_on!(tx, sqlx::query(SUCCEEDED).bind(context.workspace).bind(endpoint))?;
    Ok(())
}

/// Counts a failure and gives since when there are only failures, and how many deliveries have ended so.
pub(in super::super) async fn failed(
    tx: &mut Connection<'_>,
    context: &Context,
    endpoint: EndpointId,
    at: Timestamp,
    is_last: bool,
) -> Result<(Timestamp, i64), store::Error> {
    on_connection!(tx, |tx| sqlx::query_as(FAILED)
        .bind(context.workspace)
        .bind(endpoint)
        .bind(at)
        .bind(i64::from(is_last))
        .fetch_one(&mut *tx))
}

/// Whether it was enabled until now.
pub(in super::super) async fn switch_off(
    tx: &mut Connection<'_>,
    context: &Context,
    endpoint: EndpointId,
    reason: DisabledReason,
    now: Timestamp,
) -> Result<bool, store::Error> {
    let touched = execute_on!(
        tx,
        sqlx::query(SWITCH_OFF)
            .bind(context.workspace)
            .bind(endpoint)
            .bind(now)
            .bind(reason.as_str())
    )?;
    Ok(touched > 0)
}
