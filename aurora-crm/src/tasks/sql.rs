pub(super) mod sent;

use aurora_core::page::{Page, PageRequest};
use aurora_core::store::outbox::Delivery;
use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::{Json, Uuid};

use super::reminders::Ticket;
use super::{DueReminder, Reminder, Task, TaskFilter, TaskId, TaskStatus};
use crate::activities::Subject;
use crate::clients::{ClientId, within as clients, wrong_cursor};
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::leads::sql::get_in as lead_in;
use crate::leads::{LeadId, OwnerId, refused};
use crate::store::{Store, TIMES, reading, writing};

macro_rules! columns {
    () => {
        "id, title, note, due_at, assignee_id, lead_id, client_id, priority, reminders, status, ended_at, version,
            created_at, updated_at"
    };
}
/// The filter; what is not wanted is bound as null. It begins with the comparison, by which PostgreSQL learns the type.
macro_rules! listed {
    ($and:literal) => {
        concat!(
            "select ",
            columns!(),
            " from tasks where workspace_id = $1 and deleted_at is null and status = $2 and (due_at, id) > ($3, $4)
            and due_at < $5 and (assignee_id = $7 or $7 is null) and (lead_id = $8 or $8 is null)
            and (client_id = $9 or $9 is null) ",
            $and,
            " order by due_at, id limit $6"
        )
    };
}

aurora_core::store::statements! {
    INSERT = "insert into tasks (workspace_id, id, title, note, due_at, assignee_id, lead_id, client_id, priority,
            reminders, status, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    GET = concat!("select ", columns!(), " from tasks where workspace_id = $1 and id = $2 and deleted_at is null");
    /// Locks the task for the transaction, so that nobody changes it between reading and writing.
    LOCK = concat!(
        "update tasks set version = version where workspace_id = $1 and id = $2 and deleted_at is null returning ",
        columns!()
    );
    UPDATE = "update tasks set title = $3, note = $4, due_at = $5, assignee_id = $6, priority = $7, reminders = $8,
            status = $9, ended_at = $10, version = $11, updated_at = $12
        where workspace_id = $1 and id = $2";
    SET_REMINDERS = "update tasks set reminders = $3 where workspace_id = $1 and id = $2";
    DELETE = "update tasks set deleted_at = $3, updated_at = $3, version = version + 1
        where workspace_id = $1 and id = $2";
    BY_DUE = listed!("");
    OF_ASSIGNEE = listed!("and assignee_id = $7");
    OF_LEAD = listed!("and lead_id = $8");
    OF_CLIENT = listed!("and client_id = $9");
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: TaskId,
    title: String,
    note: Option<String>,
    due_at: Timestamp,
    assignee_id: Option<OwnerId>,
    lead_id: Option<LeadId>,
    client_id: Option<ClientId>,
    priority: String,
    reminders: Json<Vec<Reminder>>,
    status: String,
    ended_at: Option<Timestamp>,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<Row> for Task {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        let corrupt = |error: &'static str| store::Error::corrupt(error);
        Ok(Self {
            id: row.id,
            title: row.title,
            note: row.note,
            due_at: row.due_at,
            assignee_id: row.assignee_id,
            subject: Subject::from_columns(row.lead_id, row.client_id),
            priority: row.priority.parse().map_err(corrupt)?,
            reminders: row.reminders.0,
            status: row.status.parse().map_err(corrupt)?,
            ended_at: row.ended_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

pub(super) async fn insert(store: &Store, context: &Context, task: Task) -> Result<Task, Error> {
    let outcome: Result<Task, Error> = writing!(store, context, |tx| {
        insert_in(store, &mut (&mut *tx).into(), context, task).await
    });
    outcome.map_err(|error| match error.stored().map(store::Error::kind) {
        Some(store::ErrorKind::ForeignKey) => Error::not_found("workspace"),
        _ => error,
    })
}

async fn insert_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    mut task: Task,
) -> Result<Task, Error> {
    let now = task.created_at;
    match task.subject {
        Some(Subject::Lead(lead)) => drop(lead_in(tx, context, lead).await?),
        Some(Subject::Client(client)) => {
            task.subject = Some(Subject::Client(clients::hold(tx, context, client).await?));
        }
        None => {}
    }
    execute_on!(
        tx,
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(task.id)
            .bind(&task.title)
            .bind(task.note.as_deref())
            .bind(task.due_at)
            .bind(task.assignee_id)
            .bind(task.subject.and_then(Subject::lead))
            .bind(task.subject.and_then(Subject::client))
            .bind(task.priority.as_str())
            .bind(Json(&task.reminders))
            .bind(task.status.as_str())
            .bind(task.version)
            .bind(task.created_at)
            .bind(task.updated_at)
    )?;
    for reminder in &task.reminders {
        enqueue(store, tx, context, task.id, reminder, now).await?;
    }
    let record = Record::new("task.created", "task", task.id, now).with("priority", task.priority.as_str());
    store.record(tx, context, now, &[record]).await?;
    Ok(task)
}

async fn enqueue(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    task: TaskId,
    reminder: &Reminder,
    now: Timestamp,
) -> Result<(), store::Error> {
    let message = Ticket::message(context.workspace, task, reminder, now)?;
    store.outbox().enqueue_in(tx, &message).await?;
    Ok(())
}

pub(super) async fn get(store: &Store, context: &Context, id: TaskId) -> Result<Task, Error> {
    find(store, context, id).await?.ok_or(Error::not_found("task"))
}

async fn find(store: &Store, context: &Context, id: TaskId) -> Result<Option<Task>, Error> {
    let row: Option<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(GET)
            .bind(context.workspace)
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?)
    })?;
    Ok(row.map(Task::try_from).transpose()?)
}

async fn lock(tx: &mut Connection<'_>, context: &Context, id: TaskId) -> Result<Option<Task>, Error> {
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(LOCK)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    Ok(row.map(Task::try_from).transpose()?)
}

async fn lock_at(
    tx: &mut Connection<'_>,
    context: &Context,
    id: TaskId,
    expected: i64,
) -> Result<Task, Error> {
    let task = lock(tx, context, id).await?.ok_or(Error::not_found("task"))?;
    if task.version == expected {
        Ok(task)
    } else {
        Err(Error::conflict("task", task.version))
    }
}

/// Changes a task at the version that is expected. Reminders that are new get messages.
pub(super) async fn change(
    store: &Store,
    context: &Context,
    id: TaskId,
    expected: i64,
    action: &'static str,
    apply: impl FnOnce(&Task) -> Result<Task, Error> + Send,
) -> Result<Task, Error> {
    writing!(store, context, |tx| {
        change_in(
            store,
            &mut (&mut *tx).into(),
            context,
            id,
            expected,
            action,
            apply,
        )
        .await
    })
}

async fn change_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    id: TaskId,
    expected: i64,
    action: &'static str,
    apply: impl FnOnce(&Task) -> Result<Task, Error> + Send,
) -> Result<Task, Error> {
    let now = store.now();
    let before = lock_at(tx, context, id, expected).await?;
    let task = apply(&before)?;
    execute_on!(
        tx,
        sqlx::query(UPDATE)
            .bind(context.workspace)
            .bind(id)
            .bind(&task.title)
            .bind(task.note.as_deref())
            .bind(task.due_at)
            .bind(task.assignee_id)
            .bind(task.priority.as_str())
            .bind(Json(&task.reminders))
            .bind(task.status.as_str())
            .bind(task.ended_at)
            .bind(task.version)
            .bind(task.updated_at)
    )?;
    for reminder in &task.reminders {
        if before.reminders.iter().all(|known| known.id != reminder.id) {
            enqueue(store, tx, context, id, reminder, now).await?;
        }
    }
    let record = Record::new(action, "task", id, now).with("version", task.version);
    store.record(tx, context, now, &[record]).await?;
    Ok(task)
}

pub(super) async fn delete(store: &Store, context: &Context, id: TaskId, expected: i64) -> Result<(), Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        lock_at(tx, context, id, expected).await?;
        execute_on!(tx, sqlx::query(DELETE).bind(context.workspace).bind(id).bind(now))?;
        let record = Record::new("task.deleted", "task", id, now);
        store.record(tx, context, now, &[record]).await?;
        Ok(())
    })
}

/// The reminder of a message, if it is still to be sent.
pub(super) async fn due(
    store: &Store,
    context: &Context,
    ticket: Ticket,
    key: &str,
) -> Result<Option<DueReminder>, Error> {
    let Some(task) = find(store, context, ticket.task).await? else {
        return Ok(None);
    };
    if task.status != TaskStatus::Open || is_blocked(store, context, &task).await? {
        return Ok(None);
    }
    let waiting = |reminder: &&Reminder| reminder.id == ticket.reminder && reminder.sent_at.is_none();
    let at = task.reminders.iter().find(waiting).map(|reminder| reminder.at);
    Ok(at.map(|at| DueReminder {
        task,
        reminder: ticket.reminder,
        at,
        idempotency_key: key.to_owned(),
    }))
}

/// Whether the task is about a client whose data may not be used.
async fn is_blocked(store: &Store, context: &Context, task: &Task) -> Result<bool, Error> {
    let of = match task.subject {
        Some(Subject::Client(client)) => client.uuid(),
        Some(Subject::Lead(lead)) => lead.uuid(),
        None => return Ok(false),
    };
    reading!(store, context, |tx| {
        clients::is_blocked_in(&mut (&mut *tx).into(), context, of).await
    })
}

/// Writes down that a reminder was sent, and ends its message with it.
pub(super) async fn sent(
    store: &Store,
    context: &Context,
    ticket: Ticket,
    delivery: &Delivery,
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let task = lock(tx, context, ticket.task).await?;
        store.outbox().done_in(tx, delivery).await?;
        // The task can be gone by now, or the reminder moved while it was being sent.
        let Some(mut task) = task else { return Ok(()) };
        let found = task
            .reminders
            .iter_mut()
            .find(|reminder| reminder.id == ticket.reminder);
        let Some(reminder) = found else { return Ok(()) };
        reminder.sent_at = Some(now);
        execute_on!(
            tx,
            sqlx::query(SET_REMINDERS)
                .bind(context.workspace)
                .bind(task.id)
                .bind(Json(&task.reminders))
        )?;
        let record =
            Record::new("task.reminded", "task", task.id, now).with("reminder", ticket.reminder.to_string());
        store.record(tx, context, now, &[record]).await?;
        Ok(())
    })
}

pub(super) async fn page(
    store: &Store,
    context: &Context,
    filter: &TaskFilter,
    request: &PageRequest,
) -> Result<Page<Task>, Error> {
    let from = filter.due_from.map_or(*TIMES.start(), Timestamp::as_micros);
    let to = filter.due_to.map_or(*TIMES.end(), Timestamp::as_micros);
    for (field, micros) in [("due_from", from), ("due_to", to)] {
        if !TIMES.contains(&micros) {
            return Err(refused(field, "invalid", "must be within the years 1 to 9999"));
        }
    }
    let scope = format!("tasks/{}/{filter:?}", context.workspace);
    let (micros, id) = match request.cursor() {
        Some(cursor) => cursor.key(&scope).map_err(wrong_cursor)?,
        None => (from, TaskId::from_uuid(Uuid::nil())),
    };
    if !TIMES.contains(&micros) {
        return Err(wrong_cursor(aurora_core::page::InvalidCursor));
    }
    let statement = match (filter.subject, filter.assignee) {
        (Some(Subject::Lead(_)), _) => OF_LEAD,
        (Some(Subject::Client(_)), _) => OF_CLIENT,
        (None, Some(_)) => OF_ASSIGNEE,
        (None, None) => BY_DUE,
    };
    let rows: Vec<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(statement)
            .bind(context.workspace)
            .bind(filter.status.as_str())
            .bind(Timestamp::from_micros(micros))
            .bind(id)
            .bind(Timestamp::from_micros(to))
            .bind(i64::from(request.limit()) + 1)
            .bind(filter.assignee)
            .bind(filter.subject.and_then(Subject::lead))
            .bind(filter.subject.and_then(Subject::client))
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let page = Page::from_rows(rows, request, &scope, |row| (row.due_at.as_micros(), row.id))
        .map_err(wrong_cursor)?;
    let items = page.items.into_iter().map(Task::try_from);
    Ok(Page {
        items: items.collect::<Result<_, _>>()?,
        next: page.next,
    })
}
