//! All SQL of webhooks.

#[cfg(all(feature = "access", feature = "http"))]
pub(super) mod deliveries;
#[cfg(all(feature = "access", feature = "http"))]
pub(super) mod endpoints;
#[cfg(all(feature = "access", feature = "http"))]
pub(super) mod outcome;

use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::Json;

use super::fan_out::NewDelivery;
use super::{EndpointId, EventTypes};
use crate::context::Context;

aurora_core::store::statements! {
    WANTING = "select id, event_types from webhook_endpoints where workspace_id = $1 and deleted_at is null
        and disabled_at is null order by id";
    INSERT_DELIVERY = "insert into webhook_deliveries (workspace_id, id, endpoint_id, event_id, event_type, payload,
            state, run, run_attempts, attempts, next_attempt_at, created_at)
        values ($1, $2, $3, $4, $5, $6, 'pending', 1, 0, 0, $7, $7)";
}

/// The endpoints that are told of events, with what they want.
pub(super) async fn wanting(
    tx: &mut Connection<'_>,
    context: &Context,
) -> Result<Vec<(EndpointId, EventTypes)>, store::Error> {
    let rows: Vec<(EndpointId, Json<EventTypes>)> = on_connection!(tx, |tx| sqlx::query_as(WANTING)
        .bind(context.workspace)
        .fetch_all(&mut *tx))?;
    Ok(rows.into_iter().map(|(id, types)| (id, types.0)).collect())
}

/// Stores a delivery that is due at once.
pub(super) async fn insert_delivery(
    tx: &mut Connection<'_>,
    context: &Context,
    now: Timestamp,
    delivery: &NewDelivery,
) -> Result<(), store::Error> {
    execute_on!(
        tx,
        sqlx::query(INSERT_DELIVERY)
            .bind(context.workspace)
            .bind(delivery.id)
            .bind(delivery.endpoint)
            .bind(delivery.event)
            .bind(&delivery.event_type)
            .bind(&delivery.payload)
            .bind(now)
    )?;
    Ok(())
}

/// Every statement of webhooks.
#[cfg(test)]
pub(crate) fn statements() -> Vec<(&'static str, &'static [(&'static str, &'static str)])> {
    vec![
        ("webhooks", ALL),
        #[cfg(all(feature = "access", feature = "http"))]
        ("webhooks::endpoints", endpoints::ALL),
        #[cfg(all(feature = "access", feature = "http"))]
        ("webhooks::deliveries", deliveries::ALL),
        #[cfg(all(feature = "access", feature = "http"))]
        ("webhooks::outcome", outcome::ALL),
    ]
}
