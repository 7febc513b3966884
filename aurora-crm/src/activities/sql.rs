use aurora_core::page::{Page, PageRequest};
use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use sqlx::types::Uuid;

use super::{Activity, ActivityChange, ActivityId, Subject, TimelineEntry};
use crate::clients::{ClientId, within as clients, wrong_cursor};
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::leads::sql::history::MoveRow;
use crate::leads::sql::{activity_in, get_in as lead_in, lock_in as lock_lead};
use crate::leads::{LeadId, OwnerId};
use crate::store::{Store, TIMES, reading, writing};

macro_rules! columns {
    () => {
        "id, lead_id, client_id, kind, title, body, at, duration_secs, owner_id, principal, version, created_at,
            updated_at"
    };
}

aurora_core::store::statements! {
    INSERT = "insert into activities (workspace_id, id, lead_id, client_id, kind, title, body, at, duration_secs,
            owner_id, principal, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    GET = concat!("select ", columns!(), " from activities where workspace_id = $1 and id = $2 and deleted_at is null");
    UPDATE = "update activities set title = $4, body = $5, at = $6, duration_secs = $7, owner_id = $8, version = $9,
            updated_at = $10
        where workspace_id = $1 and id = $2 and version = $3 and deleted_at is null";
    DELETE = "update activities set deleted_at = $4, updated_at = $4, version = version + 1
        where workspace_id = $1 and id = $2 and version = $3 and deleted_at is null";
    OF_LEAD = concat!("select ", columns!(), " from activities
        where workspace_id = $1 and lead_id = $2 and deleted_at is null and (at, id) < ($3, $4)
        order by at desc, id desc limit $5");
    OF_CLIENT = concat!("select ", columns!(), " from activities
        where workspace_id = $1 and client_id = $2 and deleted_at is null and (at, id) < ($3, $4)
        order by at desc, id desc limit $5");
    OF_CLIENT_ALONE = concat!("select ", columns!(), " from activities
        where workspace_id = $1 and client_id = $2 and lead_id is null and deleted_at is null and (at, id) < ($3, $4)
        order by at desc, id desc limit $5");
    MOVES_OF_LEAD = "select lead_id, seq, pipeline_id, from_stage_id, to_stage_id, at, principal, from_since
        from lead_stage_changes where workspace_id = $1 and lead_id = $2 and (at, seq) < ($3, $4)
        order by at desc, seq desc limit $5";
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: ActivityId,
    lead_id: Option<LeadId>,
    client_id: Option<ClientId>,
    kind: String,
    title: String,
    body: Option<String>,
    at: Timestamp,
    duration_secs: Option<i64>,
    owner_id: Option<OwnerId>,
    principal: String,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<Row> for Activity {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        let corrupt = store::Error::corrupt;
        let subject = Subject::from_columns(row.lead_id, row.client_id);
        Ok(Self {
            id: row.id,
            subject: subject.ok_or_else(|| corrupt("an activity without a subject"))?,
            kind: row.kind.parse().map_err(|error: &str| corrupt(error))?,
            title: row.title,
            text: row.body,
            at: row.at,
            duration_secs: row
                .duration_secs
                .map(u32::try_from)
                .transpose()
                .map_err(store::Error::corrupt)?,
            owner_id: row.owner_id,
            principal: row.principal,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

pub(super) async fn insert(store: &Store, context: &Context, activity: Activity) -> Result<Activity, Error> {
    writing!(store, context, |tx| {
        insert_in(store, &mut (&mut *tx).into(), context, activity).await
    })
}

async fn insert_in(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    mut activity: Activity,
) -> Result<Activity, Error> {
    let now = activity.created_at;
    let client = match activity.subject {
        Subject::Lead(lead) => lock_lead(tx, context, lead).await?.client_id,
        Subject::Client(client) => {
            let held = clients::hold(tx, context, client).await?;
            activity.subject = Subject::Client(held);
            Some(held)
        }
    };
    execute_on!(
        tx,
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(activity.id)
            .bind(activity.subject.lead())
            .bind(client)
            .bind(activity.kind.as_str())
            .bind(&activity.title)
            .bind(activity.text.as_deref())
            .bind(activity.at)
            .bind(activity.duration_secs.map(i64::from))
            .bind(activity.owner_id)
            .bind(&activity.principal)
            .bind(activity.version)
            .bind(activity.created_at)
            .bind(activity.updated_at)
    )?;
    let record =
        Record::new("activity.created", "activity", activity.id, now).with("kind", activity.kind.as_str());
    settle(store, tx, context, activity.subject, now, record).await?;
    Ok(activity)
}

/// What a change means for the lead, and the record.
async fn settle(
    store: &Store,
    tx: &mut Connection<'_>,
    context: &Context,
    subject: Subject,
    now: Timestamp,
    record: Record,
) -> Result<(), Error> {
    let record = match subject {
        Subject::Lead(lead) => {
            activity_in(tx, context, lead, now).await?;
            record.with("lead", lead.to_string())
        }
        Subject::Client(client) => record.with("client", client.to_string()),
    };
    store.record(tx, context, now, &[record]).await?;
    Ok(())
}

pub(super) async fn get(store: &Store, context: &Context, id: ActivityId) -> Result<Activity, Error> {
    reading!(store, context, |tx| {
        get_in(&mut (&mut *tx).into(), context, id).await
    })
}

async fn get_in(tx: &mut Connection<'_>, context: &Context, id: ActivityId) -> Result<Activity, Error> {
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(GET)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    Ok(row.ok_or(Error::not_found("activity"))?.try_into()?)
}

/// The activity at the version that is expected, with its lead locked: before the activity, as everywhere.
async fn get_at(
    tx: &mut Connection<'_>,
    context: &Context,
    id: ActivityId,
    expected: i64,
) -> Result<Activity, Error> {
    let activity = get_in(tx, context, id).await?;
    if activity.version != expected {
        return Err(Error::conflict("activity", activity.version));
    }
    if let Subject::Lead(lead) = activity.subject {
        lock_lead(tx, context, lead).await?;
    }
    Ok(activity)
}

/// Why a statement that names a version touched no row.
async fn untouched(tx: &mut Connection<'_>, context: &Context, id: ActivityId) -> Error {
    match get_in(tx, context, id).await {
        Ok(activity) => Error::conflict("activity", activity.version),
        Err(error) => error,
    }
}

pub(super) async fn update(
    store: &Store,
    context: &Context,
    id: ActivityId,
    expected: i64,
    change: ActivityChange,
) -> Result<Activity, Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let activity = change.apply(&get_at(tx, context, id, expected).await?, now)?;
        let touched = execute_on!(
            tx,
            sqlx::query(UPDATE)
                .bind(context.workspace)
                .bind(id)
                .bind(expected)
                .bind(&activity.title)
                .bind(activity.text.as_deref())
                .bind(activity.at)
                .bind(activity.duration_secs.map(i64::from))
                .bind(activity.owner_id)
                .bind(activity.version)
                .bind(activity.updated_at)
        )?;
        if touched == 0 {
            return Err(untouched(tx, context, id).await);
        }
        let record = Record::new("activity.updated", "activity", id, now).with("version", activity.version);
        settle(store, tx, context, activity.subject, now, record).await?;
        Ok(activity)
    })
}

pub(super) async fn delete(
    store: &Store,
    context: &Context,
    id: ActivityId,
    expected: i64,
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let activity = get_at(tx, context, id, expected).await?;
        let touched = execute_on!(
            tx,
            sqlx::query(DELETE)
                .bind(context.workspace)
                .bind(id)
                .bind(expected)
                .bind(now)
        )?;
        if touched == 0 {
            return Err(untouched(tx, context, id).await);
        }
        let record = Record::new("activity.deleted", "activity", id, now);
        settle(store, tx, context, activity.subject, now, record).await
    })
}

/// Where a page of a timeline ended. At one instant activities come before changes of stage.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
enum Key {
    Activity(i64, ActivityId),
    Move(i64, i64),
}

impl Key {
    fn of(entry: &TimelineEntry) -> Self {
        match entry {
            TimelineEntry::Activity(activity) => Self::Activity(activity.at.as_micros(), activity.id),
            TimelineEntry::StageMove(moved) => Self::Move(moved.at.as_micros(), moved.seq),
        }
    }

    /// Where each of the two lists goes on.
    const fn bounds(self) -> (i64, ActivityId, i64) {
        match self {
            Self::Activity(at, id) => (at, id, i64::MAX),
            Self::Move(at, seq) => (at, ActivityId::from_uuid(Uuid::nil()), seq),
        }
    }
}

pub(super) async fn timeline(
    store: &Store,
    context: &Context,
    subject: Subject,
    with_leads: bool,
    request: &PageRequest,
) -> Result<Page<TimelineEntry>, Error> {
    let scope = format!("timeline/{}/{subject:?}", context.workspace);
    let key = match request.cursor() {
        Some(cursor) => cursor.key(&scope).map_err(wrong_cursor)?,
        None => Key::Activity(*TIMES.end(), ActivityId::from_uuid(Uuid::max())),
    };
    let (micros, id, seq) = key.bounds();
    if !TIMES.contains(&micros) {
        return Err(wrong_cursor(aurora_core::page::InvalidCursor));
    }
    let (before, limit) = (Timestamp::from_micros(micros), i64::from(request.limit()) + 1);
    let (activities, moves): (Vec<Row>, Vec<MoveRow>) = reading!(store, context, |tx| {
        let (statement, of) = match subject {
            Subject::Lead(lead) => {
                lead_in(&mut (&mut *tx).into(), context, lead).await?;
                (OF_LEAD, lead.uuid())
            }
            Subject::Client(client) => {
                clients::check_in(&mut (&mut *tx).into(), context, client).await?;
                let statement = if with_leads { OF_CLIENT } else { OF_CLIENT_ALONE };
                (statement, client.uuid())
            }
        };
        let activities = sqlx::query_as(statement)
            .bind(context.workspace)
            .bind(of)
            .bind(before)
            .bind(id)
            .bind(limit)
            .fetch_all(&mut *tx)
            .await?;
        let moves = match subject {
            Subject::Client(_) => Vec::new(),
            Subject::Lead(lead) => {
                sqlx::query_as(MOVES_OF_LEAD)
                    .bind(context.workspace)
                    .bind(lead)
                    .bind(before)
                    .bind(seq)
                    .bind(limit)
                    .fetch_all(&mut *tx)
                    .await?
            }
        };
        Ok((activities, moves))
    })?;
    let mut entries = Vec::with_capacity(activities.len() + moves.len());
    for row in activities {
        entries.push(TimelineEntry::Activity(row.try_into()?));
    }
    // Stable: the activities of an instant stay before its moves, and each list in its own order.
    entries.extend(moves.into_iter().map(|row| TimelineEntry::StageMove(row.into())));
    entries.sort_by_key(|entry| std::cmp::Reverse(entry.at()));
    Page::from_rows(entries, request, &scope, Key::of).map_err(wrong_cursor)
}
