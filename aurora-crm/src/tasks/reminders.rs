//! Reminders leave through the outbox.

use std::future::Future;
use std::sync::Arc;

use async_trait::async_trait;
use aurora_core::store;
use aurora_core::store::outbox::{Delivery, Failed, Handler, Message, WorkerBuilder};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Reminder, ReminderId, Task, TaskId, sql};
use crate::context::Context;
use crate::error::Error;
use crate::store::Store;
use crate::workspaces::WorkspaceId;

/// The queue of the outbox that reminders wait in.
pub const QUEUE: &str = "crm.reminders";

/// Tells somebody about a task: by mail, by a message, on a screen.
#[async_trait]
pub trait ReminderSink: std::fmt::Debug + Send + Sync + 'static {
    /// Sends one reminder. It can be called again for the same one, when the process dies or the database is gone between
    /// sending and writing down that it was sent: hand [`DueReminder::idempotency_key`] to whoever sends, to be told once.
    ///
    /// # Errors
    /// [`Failed::again`] is tried again, [`Failed::rejected`] is not.
    async fn remind(&self, context: &Context, due: &DueReminder) -> Result<(), Failed>;
}

/// A reminder whose time has come, of a task that is open.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct DueReminder {
    /// The task as it is now.
    pub task: Task,
    /// Which of its reminders.
    pub reminder: ReminderId,
    /// When it was to be sent.
    pub at: Timestamp,
    /// The same each time for the same reminder.
    pub idempotency_key: String,
}

/// A reminder that was sent, in the order of all of the workspace.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentReminder {
    /// Its place in the order.
    pub seq: i64,
    /// The reminder, with the task as it is now.
    pub due: DueReminder,
}

/// Reminders that were sent, in order.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SentReminders {
    /// The reminders.
    pub items: Vec<SentReminder>,
    /// What to ask with next; what was asked with when nothing has happened since.
    pub after: i64,
}

/// What a reminder is known by to whoever sends it.
pub(super) fn key(task: TaskId, reminder: ReminderId) -> String {
    format!("{task}/{reminder}")
}

/// Sends the reminders of tasks; a cheap handle, and a [`Handler`] of the outbox.
///
/// Run it in one process or in many: each reminder is given to one of them.
#[derive(Debug, Clone)]
pub struct Reminders {
    store: Store,
    sink: Arc<dyn ReminderSink>,
}

impl Reminders {
    pub(crate) fn new(store: Store, sink: impl ReminderSink) -> Self {
        Self {
            store,
            sink: Arc::new(sink),
        }
    }

    /// Settings for a worker that sends reminders.
    pub fn worker(&self) -> WorkerBuilder {
        self.store.outbox().worker(QUEUE, self.clone())
    }

    /// Sends reminders until `stop` resolves, with the default settings of a worker.
    ///
    /// # Errors
    /// None with these settings.
    ///
    /// # Cancel safety
    /// Dropping the future drops what is being sent; it is sent again when its lease has run out.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) -> Result<(), Error> {
        self.worker().build()?.run(stop).await;
        Ok(())
    }
}

#[async_trait]
impl Handler for Reminders {
    async fn handle(&self, delivery: &Delivery) -> Result<(), Failed> {
        let ticket: Ticket = delivery.json()?;
        let context = Context::new(ticket.workspace, "reminders");
        // A task that has ended or is gone, and a reminder that was moved, removed or sent: nothing is to be done.
        let Some(due) = sql::due(&self.store, &context, ticket, &delivery.idempotency_key).await? else {
            return Ok(());
        };
        self.sink.remind(&context, &due).await?;
        sql::sent(&self.store, &context, ticket, delivery).await?;
        Ok(())
    }
}

/// What a message of the outbox says: which reminder. Everything else is read when its time has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Ticket {
    pub(super) workspace: WorkspaceId,
    pub(super) task: TaskId,
    pub(super) reminder: ReminderId,
}

impl Ticket {
    /// The message of a reminder, kept back until its time.
    pub(super) fn message(
        workspace: WorkspaceId,
        task: TaskId,
        reminder: &Reminder,
        now: Timestamp,
    ) -> Result<Message, store::Error> {
        let ticket = Self {
            workspace,
            task,
            reminder: reminder.id,
        };
        let key = key(task, reminder.id);
        Ok(Message::json(QUEUE, &ticket)?
            .tenant(workspace)
            .idempotency_key(key)
            .delay(reminder.at.since(now)))
    }
}
