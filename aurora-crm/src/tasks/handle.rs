use aurora_core::page::{Page, PageRequest};

use super::{NewTask, SentReminders, Task, TaskChange, TaskFilter, TaskId, TaskStatus, sql};
use crate::context::Context;
use crate::error::Error;
use crate::leads::refused;
use crate::store::Store;

/// What can be done with tasks; a cheap handle.
#[derive(Debug, Clone)]
pub struct Tasks {
    store: Store,
}

impl Tasks {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Makes a task, and with it the messages of its reminders.
    ///
    /// # Errors
    /// `Invalid` with every wrong field; `NotFound` for a lead, client or workspace that there is not, or that is deleted.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the task either made or not made, as with every change here.
    pub async fn create(&self, context: &Context, new: NewTask) -> Result<Task, Error> {
        let task = new.check(self.store.now())?;
        let work = sql::insert(&self.store, context, task);
        self.store.run(context, "tasks.create", work).await
    }

    /// One task.
    ///
    /// # Errors
    /// `NotFound` when there is none, or it is deleted.
    pub async fn get(&self, context: &Context, id: TaskId) -> Result<Task, Error> {
        self.store
            .run(context, "tasks.get", sql::get(&self.store, context, id))
            .await
    }

    /// Where the order of reminders that were sent stands now: to listen from here on.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn last_reminder(&self, context: &Context) -> Result<i64, Error> {
        let work = sql::sent::end(&self.store, context);
        self.store.run(context, "tasks.last_reminder", work).await
    }

    /// Reminders that were sent after `after`, whichever process sent them. To ask again with [`SentReminders::after`], until
    /// it stays the same, misses none. Left out are those of tasks that are gone, and of clients whose data may not be used.
    ///
    /// # Errors
    /// When the database cannot be read.
    pub async fn sent_reminders(&self, context: &Context, after: i64) -> Result<SentReminders, Error> {
        let work = sql::sent::after(&self.store, context, after);
        self.store.run(context, "tasks.sent_reminders", work).await
    }

    /// One page of tasks.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list, or a time is out of range.
    pub async fn list(
        &self,
        context: &Context,
        filter: &TaskFilter,
        page: &PageRequest,
    ) -> Result<Page<Task>, Error> {
        let work = sql::page(&self.store, context, filter, page);
        self.store.run(context, "tasks.list", work).await
    }

    /// Changes an open task that is still at the version that the caller has seen. A reminder that is moved or removed is
    /// not sent.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` with every wrong field, or when the task is not open.
    pub async fn update(
        &self,
        context: &Context,
        id: TaskId,
        expected_version: i64,
        change: TaskChange,
    ) -> Result<Task, Error> {
        let now = self.store.now();
        let apply = |task: &Task| change.apply(task, now);
        let work = sql::change(&self.store, context, id, expected_version, "task.updated", apply);
        self.store.run(context, "tasks.update", work).await
    }

    /// Says that a task is done; its reminders are not sent.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` when the task is not open.
    pub async fn complete(
        &self,
        context: &Context,
        id: TaskId,
        expected_version: i64,
    ) -> Result<Task, Error> {
        self.turn(context, id, expected_version, TaskStatus::Done).await
    }

    /// Says that a task is not to be done; its reminders are not sent.
    ///
    /// # Errors
    /// As [`Self::complete`].
    pub async fn cancel(&self, context: &Context, id: TaskId, expected_version: i64) -> Result<Task, Error> {
        self.turn(context, id, expected_version, TaskStatus::Cancelled)
            .await
    }

    /// Opens a task again; reminders that are still to come are sent.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` when the task is open.
    pub async fn reopen(&self, context: &Context, id: TaskId, expected_version: i64) -> Result<Task, Error> {
        self.turn(context, id, expected_version, TaskStatus::Open).await
    }

    async fn turn(
        &self,
        context: &Context,
        id: TaskId,
        expected_version: i64,
        to: TaskStatus,
    ) -> Result<Task, Error> {
        let now = self.store.now();
        let apply = |task: &Task| {
            if (task.status == TaskStatus::Open) == (to == TaskStatus::Open) {
                return Err(refused(
                    "status",
                    "not_allowed",
                    "an open task ends, and one that has ended opens",
                ));
            }
            let mut task = task.clone();
            task.status = to;
            task.ended_at = (to != TaskStatus::Open).then_some(now);
            task.touch(now);
            Ok(task)
        };
        let action = match to {
            TaskStatus::Open => "task.reopened",
            TaskStatus::Done => "task.completed",
            TaskStatus::Cancelled => "task.cancelled",
        };
        let work = sql::change(&self.store, context, id, expected_version, action, apply);
        self.store.run(context, "tasks.turn", work).await
    }

    /// Deletes a task; the row stays, marked as deleted. Its reminders are not sent.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version.
    pub async fn delete(&self, context: &Context, id: TaskId, expected_version: i64) -> Result<(), Error> {
        let work = sql::delete(&self.store, context, id, expected_version);
        self.store.run(context, "tasks.delete", work).await
    }
}
