//! Reminders that were sent, in the order of the audit log: it has no gaps, and its writers take turns.

use aurora_core::store;
use serde::Deserialize;

use super::super::{DueReminder, ReminderId, SentReminder, SentReminders, TaskId, reminders};
use super::{find, is_blocked};
use crate::context::Context;
use crate::error::Error;
use crate::store::{Store, reading};

/// How many entries are looked at once, whatever they tell of.
const WINDOW: i64 = 500;

aurora_core::store::statements! {
    END = "select seq from audit_heads where workspace_id = $1";
    REMINDED = "select seq, subject_id, detail from audit_entries
        where workspace_id = $1 and seq > $2 and seq <= $3 and action = 'task.reminded' order by seq";
}

#[derive(Deserialize)]
struct Detail {
    reminder: ReminderId,
}

pub(in super::super) async fn end(store: &Store, context: &Context) -> Result<i64, Error> {
    let seq: Option<i64> = reading!(store, context, |tx| {
        Ok(sqlx::query_scalar(END)
            .bind(context.workspace)
            .fetch_optional(&mut *tx)
            .await?)
    })?;
    Ok(seq.unwrap_or(0))
}

pub(in super::super) async fn after(
    store: &Store,
    context: &Context,
    after: i64,
) -> Result<SentReminders, Error> {
    let last = end(store, context).await?.min(after.saturating_add(WINDOW));
    let mut items = Vec::new();
    if last <= after {
        return Ok(SentReminders { items, after });
    }
    let rows: Vec<(i64, TaskId, String)> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(REMINDED)
            .bind(context.workspace)
            .bind(after)
            .bind(last)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    for (seq, task, detail) in rows {
        let detail: Detail = serde_json::from_str(&detail).map_err(store::Error::corrupt)?;
        // What is gone, or may not be used any more, is not told of.
        let Some(task) = find(store, context, task).await? else {
            continue;
        };
        let reminder = task.reminders.iter().find(|it| it.id == detail.reminder).cloned();
        let Some(reminder) = reminder else { continue };
        if is_blocked(store, context, &task).await? {
            continue;
        }
        let due = DueReminder {
            reminder: reminder.id,
            at: reminder.at,
            idempotency_key: reminders::key(task.id, reminder.id),
            task,
        };
        items.push(SentReminder { seq, due });
    }
    Ok(SentReminders { items, after: last })
}
