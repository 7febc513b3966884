//! From what happened to who is told: in the transaction in which it happened.

use aurora_core::store::outbox::Message;
use aurora_core::store::{self, Connection};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{DeliveryId, EndpointId, QUEUE, sql};
use crate::context::Context;
use crate::journal::{EventId, Record};
use crate::store::Store;
use crate::workspaces::WorkspaceId;

/// How many first attempts of one endpoint are under way at once, over all replicas.
const LANES: u128 = 4;
/// How many messages the outbox takes at once.
const MOST_AT_ONCE: usize = 1_000;

/// What a message of the outbox says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Job {
    pub(super) workspace: WorkspaceId,
    pub(super) delivery: DeliveryId,
    /// What it was enqueued for; see `webhook_deliveries.run`.
    pub(super) run: i64,
}

impl Job {
    /// The message for a first attempt: of one endpoint a few are worked on at a time, so that one that is slow does not
    /// take all the places, and nothing is claimed only to be put back.
    pub(super) fn first_attempt(self, endpoint: EndpointId) -> Result<Message, store::Error> {
        let lane = self.delivery.uuid().as_u128() % LANES;
        Ok(self.message()?.ordering_key(format_args!("{endpoint}/{lane}")))
    }

    /// A message that waits for nobody.
    pub(super) fn message(self) -> Result<Message, store::Error> {
        let message = Message::json(QUEUE, &self)?;
        Ok(message.tenant(self.workspace).max_attempts(1_000))
    }
}

/// A delivery that is not stored yet.
#[derive(Debug)]
pub(super) struct NewDelivery {
    pub(super) id: DeliveryId,
    pub(super) endpoint: EndpointId,
    pub(super) event: EventId,
    pub(super) event_type: String,
    pub(super) payload: String,
}

/// Writes a delivery of each event for each endpoint of the workspace that wants it, and the messages for the worker.
pub(crate) async fn fan_out(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    now: Timestamp,
    records: &[Record],
) -> Result<(), store::Error> {
    if records.iter().all(|record| record.event_id().is_none()) {
        return Ok(());
    }
    let endpoints = sql::wanting(tx, context).await?;
    let mut messages = Vec::new();
    for record in records {
        let Some(event) = record.event_id() else { continue };
        for (endpoint, types) in &endpoints {
            if !types.wants(record.action()) {
                continue;
            }
            let delivery = NewDelivery {
                id: DeliveryId::new(now),
                endpoint: *endpoint,
                event,
                event_type: record.action().to_owned(),
                payload: payload(record.action(), now, &record.data_text()),
            };
            messages.push(add(tx, context, now, &delivery).await?);
        }
    }
    for messages in messages.chunks(MOST_AT_ONCE) {
        store.outbox().enqueue_all_in(tx, messages).await?;
    }
    Ok(())
}

/// Stores a delivery and gives the message that is to be enqueued for it.
pub(super) async fn add(
    tx: &mut Connection<'_>,
    context: &Context,
    now: Timestamp,
    delivery: &NewDelivery,
) -> Result<Message, store::Error> {
    sql::insert_delivery(tx, context, now, delivery).await?;
    let job = Job {
        workspace: context.workspace,
        delivery: delivery.id,
        run: 1,
    };
    job.first_attempt(delivery.endpoint)
}

/// The body in the shape that Standard Webhooks recommends; `data` is a JSON object.
pub(super) fn payload(event_type: &str, at: Timestamp, data: &str) -> String {
    let event_type = Value::from(event_type);
    format!(r#"{{"type":{event_type},"timestamp":"{at}","data":{data}}}"#)
}
