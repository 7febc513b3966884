//! Sends what is due, and writes down what became of it.

use std::fmt;
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::failure::{Failure as _, FailureClass};
use aurora_core::rng::Random;
use aurora_core::store::Connection;
use aurora_core::store::outbox::{self, Failed, Handler, Schedule};
use aurora_core::time::Timestamp;

use super::fan_out::Job;
use super::sending::{Outcome, Sender};
use super::slots::Slots;
use super::sql::outcome as sql;
use super::sql::outcome::Task;
use super::{DeliveryState, DisabledReason};
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::store::{Store, reading, writing};

/// Who it is in the audit log.
const PRINCIPAL: &str = "webhooks";
/// How long a delivery waits for a place at its endpoint: this, and up to as much again.
const SHORT_WAIT: Duration = Duration::from_secs(10);

/// Makes the attempts. A message of the outbox stands for one attempt; the next is another message, written in the
/// transaction that writes down what became of this one.
#[derive(Clone)]
pub(super) struct Attempts {
    pub(super) store: Store,
    pub(super) sender: Sender,
    pub(super) slots: Slots,
    pub(super) schedule: Schedule,
    pub(super) random: Random,
    /// An endpoint is disabled after so many deliveries that have failed entirely, over so long without a success.
    pub(super) disable_after: (i64, Duration),
}

impl fmt::Debug for Attempts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempts").finish_non_exhaustive()
    }
}

#[async_trait]
impl Handler for Attempts {
    async fn handle(&self, message: &outbox::Delivery) -> Result<(), Failed> {
        let job: Job = message
            .json()
            .map_err(|_| Failed::rejected("the message is not one of a webhook"))?;
        self.attempt(message, job).await.map_err(|error| {
            // Our own database or keys failed: nothing is lost, and the receiver is not charged with it.
            let class = if error.class().is_retryable() {
                error.class()
            } else {
                FailureClass::Transient
            };
            Failed::again(class, error.to_string())
        })
    }
}

impl Attempts {
    async fn attempt(&self, message: &outbox::Delivery, job: Job) -> Result<(), Error> {
        let context = Context::new(job.workspace, PRINCIPAL);
        let task = reading!(self.store, &context, |tx| {
            Ok(sql::task(&mut (&mut *tx).into(), &context, job.delivery).await?)
        })?;
        let Some(task) = task.filter(|task| task.is_pending() && task.run == job.run) else {
            // It was purged, replayed or ended: what this message asks for is no longer wanted.
            return Ok(());
        };
        if !task.is_enabled {
            return self.give_up(&context, message, job).await;
        }
        let Some(_slot) = self.slots.take(task.endpoint_id) else {
            return self.put_off(&context, message, job).await;
        };
        let outcome = self.sender.send(job.workspace, job.delivery, &task).await?;
        self.settle(&context, message, job, &task, &outcome).await
    }

    async fn give_up(&self, context: &Context, message: &outbox::Delivery, job: Job) -> Result<(), Error> {
        let now = self.store.now();
        writing!(self.store, context, |tx| {
            let mut tx = Connection::from(&mut *tx);
            sql::give_up(&mut tx, context, (job.delivery, job.run), "disabled", now).await?;
            self.store.outbox().done_in(&mut tx, message).await?;
            Ok(())
        })
    }

    /// The endpoint is busy: others come first.
    async fn put_off(&self, context: &Context, message: &outbox::Delivery, job: Job) -> Result<(), Error> {
        let wait = SHORT_WAIT + SHORT_WAIT.mul_f64(self.random.unit());
        let again = job.message()?.delay(wait);
        writing!(self.store, context, |tx| {
            let mut tx = Connection::from(&mut *tx);
            self.store.outbox().done_in(&mut tx, message).await?;
            self.store.outbox().enqueue_in(&mut tx, &again).await?;
            Ok(())
        })
    }

    async fn settle(
        &self,
        context: &Context,
        message: &outbox::Delivery,
        job: Job,
        task: &Task,
        outcome: &Outcome,
    ) -> Result<(), Error> {
        let now = self.store.now();
        let made = task.run_attempts.saturating_add(1);
        let wait = self.wait(message, made, outcome);
        let state = match (outcome.error, wait) {
            (None, _) => DeliveryState::Delivered,
            (Some(_), Some(_)) => DeliveryState::Pending,
            (Some(_), None) => DeliveryState::Failed,
        };
        writing!(self.store, context, |tx| {
            let mut tx = Connection::from(&mut *tx);
            let tx = &mut tx;
            sql::log(tx, context, job.delivery, outcome).await?;
            let next = wait.map(|wait| now + wait);
            let place = (job.delivery, job.run);
            let is_ours = sql::settle(tx, context, place, (state, made), next, now).await?;
            let is_last = is_ours && state == DeliveryState::Failed;
            let disabled = self.judge(tx, context, task, outcome, is_last, now).await?;
            // After this nobody can have done the same: the lease was ours.
            self.store.outbox().done_in(tx, message).await?;
            if let Some(wait) = wait.filter(|_| is_ours) {
                let next = job.message()?.delay(wait);
                self.store.outbox().enqueue_in(tx, &next).await?;
            }
            if let Some(reason) = disabled {
                let endpoint = task.endpoint_id;
                let record = Record::new("webhook_endpoint.disabled", "webhook_endpoint", endpoint, now)
                    .with("reason", reason.as_str());
                self.store.record(tx, context, now, &[record]).await?;
            }
            Ok(())
        })
    }

    /// How long until the next attempt; `None` when there is none.
    fn wait(&self, message: &outbox::Delivery, made: i64, outcome: &Outcome) -> Option<Duration> {
        let failed = outcome.failed().filter(|_| !outcome.is_gone())?;
        let mut planned = message.clone();
        planned.attempt = u32::try_from(made).unwrap_or(u32::MAX);
        planned.max_attempts = u32::MAX;
        match self.schedule.decide(&planned, failed, &self.random) {
            outbox::Outcome::Retry(wait, _) => Some(wait),
            _ => None,
        }
    }

    /// Counts for or against the endpoint, and says why it was disabled, if it was.
    async fn judge(
        &self,
        tx: &mut Connection<'_>,
        context: &Context,
        task: &Task,
        outcome: &Outcome,
        is_last: bool,
        now: Timestamp,
    ) -> Result<Option<DisabledReason>, Error> {
        let endpoint = task.endpoint_id;
        if outcome.error.is_none() {
            sql::succeeded(tx, context, endpoint).await?;
            return Ok(None);
        }
        if outcome.is_our_fault() {
            return Ok(None);
        }
        let (since, ended) = sql::failed(tx, context, endpoint, outcome.began_at, is_last).await?;
        let (most, span) = self.disable_after;
        let reason = if outcome.is_gone() {
            DisabledReason::Gone
        } else if ended >= most && now.since(since) >= span {
            DisabledReason::Failing
        } else {
            return Ok(None);
        };
        let was_enabled = sql::switch_off(tx, context, endpoint, reason, now).await?;
        Ok(was_enabled.then_some(reason))
    }
}
