//! The log of deliveries, and sending again.

use std::time::Duration;

use aurora_core::page::{Page, PageRequest};
use aurora_core::store::Connection;
use aurora_core::time::Timestamp;

use super::fan_out::{self, Job, NewDelivery};
use super::handle::{Webhooks, refused};
use super::sql::{deliveries as sql, endpoints};
use super::{Attempt, Delivery, DeliveryFilter, DeliveryId, EndpointId, TEST_EVENT};
use crate::context::Context;
use crate::error::Error;
use crate::journal::{EventId, Record};
use crate::store::{reading, writing};

/// How many deliveries are replayed in one call.
const MOST_REPLAYED: u32 = 200;
const KIND: &str = "webhook_delivery";

impl Webhooks {
    /// One delivery.
    ///
    /// # Errors
    /// `NotFound` when there is no such delivery in the workspace, or it was purged.
    pub async fn delivery(&self, context: &Context, id: DeliveryId) -> Result<Delivery, Error> {
        let work = async {
            reading!(self.store, context, |tx| {
                sql::get(&mut (&mut *tx).into(), context, id).await
            })
        };
        self.store.run(context, "webhooks.delivery", work).await
    }

    /// One page of deliveries, the newest first.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn deliveries(
        &self,
        context: &Context,
        filter: &DeliveryFilter,
        page: &PageRequest,
    ) -> Result<Page<Delivery>, Error> {
        let work = async {
            reading!(self.store, context, |tx| {
                sql::page(&mut (&mut *tx).into(), context, filter, page).await
            })
        };
        self.store.run(context, "webhooks.deliveries", work).await
    }

    /// One page of a delivery's attempts, the first of them first.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn attempts(
        &self,
        context: &Context,
        id: DeliveryId,
        page: &PageRequest,
    ) -> Result<Page<Attempt>, Error> {
        let work = async {
            reading!(self.store, context, |tx| {
                sql::attempts(&mut (&mut *tx).into(), context, id, page).await
            })
        };
        self.store.run(context, "webhooks.attempts", work).await
    }

    /// Sends a delivery again, at once and with a new schedule of attempts, whatever became of it: the same body under the
    /// same `webhook-id`, by which a receiver that has had it knows. An attempt that is still planned is dropped.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when its endpoint is disabled.
    pub async fn replay(&self, context: &Context, id: DeliveryId) -> Result<(), Error> {
        let work = async {
            let now = self.store.now();
            writing!(self.store, context, |tx| {
                let mut tx = Connection::from(&mut *tx);
                let endpoint = sql::get(&mut tx, context, id).await?.endpoint;
                self.refuse_disabled(&mut tx, context, endpoint).await?;
                self.rerun(&mut tx, context, &[id], now).await?;
                let record = Record::new("webhook_delivery.replayed", KIND, id, now).without_event();
                self.store.record(&mut tx, context, now, &[record]).await?;
                Ok(())
            })
        };
        self.store.run(context, "webhooks.replay", work).await
    }

    /// Sends again what has failed to an endpoint since a time, the oldest first, up to 200 in a call, and tells how many
    /// those were: call it again until it is fewer.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when the endpoint is disabled.
    pub async fn replay_failed(
        &self,
        context: &Context,
        endpoint: EndpointId,
        since: Timestamp,
    ) -> Result<u32, Error> {
        let work = async {
            let now = self.store.now();
            writing!(self.store, context, |tx| {
                let mut tx = Connection::from(&mut *tx);
                self.refuse_disabled(&mut tx, context, endpoint).await?;
                let failed = sql::failed_since(&mut tx, context, endpoint, since, MOST_REPLAYED).await?;
                if failed.is_empty() {
                    return Ok(0);
                }
                self.rerun(&mut tx, context, &failed, now).await?;
                let count = u32::try_from(failed.len()).unwrap_or(u32::MAX);
                let record = Record::new(
                    "webhook_endpoint.failures_replayed",
                    "webhook_endpoint",
                    endpoint,
                    now,
                );
                let record = record.without_event().detail("deliveries", count);
                self.store.record(&mut tx, context, now, &[record]).await?;
                Ok(count)
            })
        };
        self.store.run(context, "webhooks.replay_failed", work).await
    }

    /// Sends an event of the type [`TEST_EVENT`] to an endpoint, whatever types it wants, through everything that a real
    /// one goes through.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` when the endpoint is disabled.
    pub async fn send_test(&self, context: &Context, endpoint: EndpointId) -> Result<DeliveryId, Error> {
        let work = async {
            let now = self.store.now();
            let data = serde_json::json!({ "id": endpoint }).to_string();
            let delivery = NewDelivery {
                id: DeliveryId::new(now),
                endpoint,
                event: EventId::new(now),
                event_type: TEST_EVENT.to_owned(),
                payload: fan_out::payload(TEST_EVENT, now, &data),
            };
            writing!(self.store, context, |tx| {
                let mut tx = Connection::from(&mut *tx);
                self.refuse_disabled(&mut tx, context, endpoint).await?;
                let message = fan_out::add(&mut tx, context, now, &delivery).await?;
                self.store.outbox().enqueue_in(&mut tx, &message).await?;
                let record = Record::new("webhook_endpoint.tested", "webhook_endpoint", endpoint, now);
                self.store
                    .record(&mut tx, context, now, &[record.without_event()])
                    .await?;
                Ok(delivery.id)
            })
        };
        self.store.run(context, "webhooks.send_test", work).await
    }

    /// Deletes up to `most` (1 to 10,000) deliveries of the workspace that were delivered or given up longer than `age`
    /// ago, with their attempts, and tells how many: call it again until it is fewer.
    ///
    /// # Errors
    /// As any call.
    pub async fn purge(&self, context: &Context, age: Duration, most: u32) -> Result<u64, Error> {
        let work = async {
            let before = self.store.now() - age;
            writing!(self.store, context, |tx| {
                let mut tx = Connection::from(&mut *tx);
                Ok(sql::purge(&mut tx, context, before, most.clamp(1, 10_000)).await?)
            })
        };
        self.store.run(context, "webhooks.purge", work).await
    }

    async fn refuse_disabled(
        &self,
        tx: &mut Connection<'_>,
        context: &Context,
        endpoint: EndpointId,
    ) -> Result<(), Error> {
        if endpoints::get(tx, context, endpoint).await?.disabled.is_some() {
            return Err(refused("endpoint", "not_allowed", "is disabled"));
        }
        Ok(())
    }

    async fn rerun(
        &self,
        tx: &mut Connection<'_>,
        context: &Context,
        deliveries: &[DeliveryId],
        now: Timestamp,
    ) -> Result<(), Error> {
        let mut messages = Vec::with_capacity(deliveries.len());
        for &delivery in deliveries {
            let (run, endpoint) = sql::rerun(tx, context, delivery, now).await?;
            let job = Job {
                workspace: context.workspace,
                delivery,
                run,
            };
            messages.push(job.first_attempt(endpoint)?);
        }
        self.store.outbox().enqueue_all_in(tx, &messages).await?;
        Ok(())
    }
}
