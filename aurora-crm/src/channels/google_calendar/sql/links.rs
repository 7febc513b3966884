use aurora_core::page::{Page, PageRequest};
use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::Uuid;

use super::super::input::Checked;
use super::super::link::{CalendarLink, CalendarLinkId, LinkState};
use crate::clients::wrong_cursor;
use crate::context::Context;
use crate::error::Error;
use crate::scheduling::ProfessionalId;

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, professional_id, calendar_id, direction, titles, state, problem, synced_at, conflicts, conflict_at,
                version, created_at, updated_at, credential_kind, credentials, time_zone, sync_token, whole_at, syncs, polls
            from calendar_links where workspace_id = $1 and ",
            $rest
        )
    };
}

aurora_core::store::statements! {
    INSERT = "insert into calendar_links (workspace_id, id, professional_id, calendar_id, credential_kind, credentials,
            direction, titles, state, conflicts, syncs, polls, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, 'active', 0, 0, 1, 1, $9, $9)";
    GET = select!("id = $2");
    OF_PROFESSIONAL = select!("professional_id = $2 and ended_at is null");
    PAGE = select!("ended_at is null and id > $2 order by id limit $3");
    /// What is read of the calendar before is read anew: other credentials may see another calendar.
    RELINK = "update calendar_links set credential_kind = $4, credentials = $5, state = 'active', problem = null,
            sync_token = null, polls = polls + 1, version = version + 1, updated_at = $6
        where workspace_id = $1 and id = $2 and version = $3 and ended_at is null";
    END = "update calendar_links set state = 'ended', ended_at = $4, problem = null, sync_token = null,
            polls = polls + 1, version = version + 1, updated_at = $4
        where workspace_id = $1 and id = $2 and version = $3 and ended_at is null";
    FORGET = "update calendar_links set credentials = '', updated_at = $3
        where workspace_id = $1 and id = $2 and state = 'ended'";
    /// Only of the credentials that were used: new ones may have come meanwhile.
    REFUSE = "update calendar_links set state = 'refused', problem = $4, updated_at = $5
        where workspace_id = $1 and id = $2 and version = $3 and state = 'active'";
    BEGIN_SYNC = "update calendar_links set syncs = syncs + 1 where workspace_id = $1 and id = $2 and syncs = $3";
    /// Only what was begun with the token that is still there is the news.
    SYNCED = "update calendar_links set sync_token = $4, time_zone = $5, synced_at = $6, whole_at = coalesce($7, whole_at)
        where workspace_id = $1 and id = $2 and version = $3 and state = 'active'";
    CONFLICT = "update calendar_links set conflicts = conflicts + 1, conflict_at = $3 where workspace_id = $1 and id = $2";
    VERSION = "select version from calendar_links where workspace_id = $1 and id = $2 and ended_at is null";
    WRITTEN_OF = "select count(*) from calendar_links where workspace_id = $1 and professional_id in ($2, $3)
        and direction <> 'in' and ended_at is null";
}

/// A link with what only the worker goes by.
#[derive(Clone)]
pub(in super::super) struct Stored {
    pub(in super::super) link: CalendarLink,
    pub(in super::super) credential_kind: String,
    pub(in super::super) credentials: String,
    pub(in super::super) time_zone: Option<String>,
    pub(in super::super) sync_token: Option<String>,
    pub(in super::super) whole_at: Option<Timestamp>,
    pub(in super::super) syncs: i64,
    pub(in super::super) polls: i64,
}

#[derive(sqlx::FromRow)]
struct Row {
    id: CalendarLinkId,
    professional_id: ProfessionalId,
    calendar_id: String,
    direction: String,
    titles: String,
    state: String,
    problem: Option<String>,
    synced_at: Option<Timestamp>,
    conflicts: i64,
    conflict_at: Option<Timestamp>,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
    credential_kind: String,
    credentials: String,
    time_zone: Option<String>,
    sync_token: Option<String>,
    whole_at: Option<Timestamp>,
    syncs: i64,
    polls: i64,
}

impl TryFrom<Row> for Stored {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        let corrupt = |error: &'static str| store::Error::corrupt(error);
        Ok(Self {
            link: CalendarLink {
                id: row.id,
                professional_id: row.professional_id,
                calendar_id: row.calendar_id,
                direction: row.direction.parse().map_err(corrupt)?,
                titles: row.titles.parse().map_err(corrupt)?,
                state: row.state.parse().map_err(corrupt)?,
                problem: row.problem,
                synced_at: row.synced_at,
                conflicts: row.conflicts,
                conflict_at: row.conflict_at,
                version: row.version,
                created_at: row.created_at,
                updated_at: row.updated_at,
            },
            credential_kind: row.credential_kind,
            credentials: row.credentials,
            time_zone: row.time_zone,
            sync_token: row.sync_token,
            whole_at: row.whole_at,
            syncs: row.syncs,
            polls: row.polls,
        })
    }
}

impl Stored {
    pub(in super::super) fn is_active(&self) -> bool {
        self.link.state == LinkState::Active
    }
}

pub(in super::super) async fn insert(
    tx: &mut Connection<'_>,
    context: &Context,
    now: Timestamp,
    id: CalendarLinkId,
    new: &Checked,
    sealed: &str,
) -> Result<(), store::Error> {
    execute_on!(
        tx,
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(id)
            .bind(new.professional)
            .bind(&new.calendar_id)
            .bind(new.credential_kind)
            .bind(sealed)
            .bind(new.direction.as_str())
            .bind(new.titles.as_str())
            .bind(now)
    )?;
    Ok(())
}

pub(in super::super) async fn find(
    tx: &mut Connection<'_>,
    context: &Context,
    id: CalendarLinkId,
) -> Result<Option<Stored>, Error> {
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(GET)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    Ok(row.map(Stored::try_from).transpose()?)
}

/// The link of a professional that has not ended.
pub(in super::super) async fn of_professional(
    tx: &mut Connection<'_>,
    context: &Context,
    professional: ProfessionalId,
) -> Result<Option<Stored>, Error> {
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(OF_PROFESSIONAL)
        .bind(context.workspace)
        .bind(professional)
        .fetch_optional(&mut *tx))?;
    Ok(row.map(Stored::try_from).transpose()?)
}

pub(in super::super) async fn page(
    tx: &mut Connection<'_>,
    context: &Context,
    request: &PageRequest,
) -> Result<Page<CalendarLink>, Error> {
    let scope = format!("calendar_links/{}", context.workspace);
    let after = match request.cursor() {
        Some(cursor) => cursor.key::<CalendarLinkId>(&scope).map_err(wrong_cursor)?,
        None => CalendarLinkId::from_uuid(Uuid::nil()),
    };
    let rows: Vec<Row> = on_connection!(tx, |tx| sqlx::query_as(PAGE)
        .bind(context.workspace)
        .bind(after)
        .bind(i64::from(request.limit()) + 1)
        .fetch_all(&mut *tx))?;
    let page = Page::from_rows(rows, request, &scope, |row| row.id).map_err(wrong_cursor)?;
    let items = page
        .items
        .into_iter()
        .map(|row| Stored::try_from(row).map(|stored| stored.link));
    Ok(Page {
        items: items.collect::<Result<_, _>>()?,
        next: page.next,
    })
}

/// What a person does to a link that is at a version.
pub(in super::super) enum Step<'a> {
    Relink { kind: &'a str, sealed: &'a str },
    End,
}

pub(in super::super) async fn step(
    tx: &mut Connection<'_>,
    context: &Context,
    now: Timestamp,
    (id, version): (CalendarLinkId, i64),
    step: &Step<'_>,
) -> Result<(), Error> {
    let touched = on_connection!(tx, |tx| async {
        let query = sqlx::query(match step {
            Step::Relink { .. } => RELINK,
            Step::End => END,
        });
        let query = query.bind(context.workspace).bind(id).bind(version);
        let query = match step {
            Step::Relink { kind, sealed } => query.bind(*kind).bind(*sealed).bind(now),
            Step::End => query.bind(now),
        };
        query.execute(&mut *tx).await.map(|done| done.rows_affected())
    })?;
    if touched > 0 {
        return Ok(());
    }
    let stored: Option<i64> = on_connection!(tx, |tx| sqlx::query_scalar(VERSION)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    Err(match stored {
        Some(version) => Error::conflict("calendar link", version),
        None => Error::not_found("calendar link"),
    })
}

/// Forgets the credentials of an ended link.
pub(in super::super) async fn forget(
    tx: &mut Connection<'_>,
    context: &Context,
    id: CalendarLinkId,
    now: Timestamp,
) -> Result<(), store::Error> {
    execute_on!(tx, sqlx::query(FORGET).bind(context.workspace).bind(id).bind(now))?;
    Ok(())
}

/// Writes down that Google refuses; tells whether that is new.
pub(in super::super) async fn refuse(
    tx: &mut Connection<'_>,
    context: &Context,
    (id, version): (CalendarLinkId, i64),
    problem: &str,
    now: Timestamp,
) -> Result<bool, store::Error> {
    let done = execute_on!(
        tx,
        sqlx::query(REFUSE)
            .bind(context.workspace)
            .bind(id)
            .bind(version)
            .bind(problem)
            .bind(now)
    )?;
    Ok(done > 0)
}

/// Begins a run: what is asked for from now on asks for the next.
pub(in super::super) async fn begin_sync(
    tx: &mut Connection<'_>,
    context: &Context,
    id: CalendarLinkId,
    run: i64,
) -> Result<(), store::Error> {
    execute_on!(
        tx,
        sqlx::query(BEGIN_SYNC).bind(context.workspace).bind(id).bind(run)
    )?;
    Ok(())
}

/// What is known after a run.
pub(in super::super) struct Synced<'a> {
    pub(in super::super) token: &'a str,
    pub(in super::super) time_zone: Option<&'a str>,
    pub(in super::super) at: Timestamp,
    /// When everything was read.
    pub(in super::super) whole_at: Option<Timestamp>,
}

/// Stores it; tells whether the link is still the one that was read.
pub(in super::super) async fn synced(
    tx: &mut Connection<'_>,
    context: &Context,
    (id, version): (CalendarLinkId, i64),
    synced: &Synced<'_>,
) -> Result<bool, store::Error> {
    let done = execute_on!(
        tx,
        sqlx::query(SYNCED)
            .bind(context.workspace)
            .bind(id)
            .bind(version)
            .bind(synced.token)
            .bind(synced.time_zone)
            .bind(synced.at)
            .bind(synced.whole_at)
    )?;
    Ok(done > 0)
}

pub(in super::super) async fn conflict(
    tx: &mut Connection<'_>,
    context: &Context,
    id: CalendarLinkId,
    now: Timestamp,
) -> Result<(), store::Error> {
    execute_on!(
        tx,
        sqlx::query(CONFLICT).bind(context.workspace).bind(id).bind(now)
    )?;
    Ok(())
}

/// Whether appointments of one of these professionals are written into a calendar.
pub(in super::super) async fn is_written(
    tx: &mut Connection<'_>,
    context: &Context,
    (one, other): (ProfessionalId, ProfessionalId),
) -> Result<bool, store::Error> {
    let count: i64 = on_connection!(tx, |tx| sqlx::query_scalar(WRITTEN_OF)
        .bind(context.workspace)
        .bind(one)
        .bind(other)
        .fetch_one(&mut *tx))?;
    Ok(count > 0)
}
