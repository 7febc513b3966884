use aurora_core::page::{Page, PageRequest};
use aurora_core::store::{Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::Uuid;

use super::{in_use, told};
use crate::clients::wrong_cursor;
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::scheduling::input::name_key;
use crate::scheduling::{Listed, Room, RoomId, ServiceId};
use crate::store::{Store, reading, writing};

macro_rules! columns {
    () => {
        "id, name, active, version, created_at, updated_at"
    };
}

aurora_core::store::statements! {
    INSERT = "insert into rooms (workspace_id, id, name, name_key, active, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8)";
    GET = concat!("select ", columns!(), " from rooms where workspace_id = $1 and id = $2");
    /// Locks the room for the transaction.
    LOCK = concat!(
        "update rooms set version = version where workspace_id = $1 and id = $2 returning ",
        columns!()
    );
    UPDATE = "update rooms set name = $3, name_key = $4, active = $5, version = $6, updated_at = $7
        where workspace_id = $1 and id = $2";
    DELETE_EXCEPTIONS = "delete from hours_exceptions where workspace_id = $1 and room_id = $2";
    DELETE = "delete from rooms where workspace_id = $1 and id = $2";
    BY_NAME = "select id from rooms where workspace_id = $1 and name_key = $2 and active";
    OF_SERVICE = "select l.room_id from service_rooms l
        join rooms r on r.workspace_id = l.workspace_id and r.id = l.room_id and r.active
        where l.workspace_id = $1 and l.service_id = $2 order by l.room_id";
    PAGE = concat!(
        "select ",
        columns!(),
        " from rooms where workspace_id = $1 and active = $2 and (name_key, id) > ($3, $4)
            order by name_key, id limit $5"
    );
}

const TAKEN: &str = "rooms_workspace_id_name_key_key";

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: RoomId,
    name: String,
    active: bool,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl From<Row> for Room {
    fn from(row: Row) -> Self {
        Self {
            id: row.id,
            name: row.name,
            active: row.active,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        }
    }
}

pub(in crate::scheduling) async fn insert(
    store: &Store,
    context: &Context,
    room: Room,
) -> Result<Room, Error> {
    let now = room.created_at;
    let outcome: Result<(), Error> = writing!(store, context, |tx| {
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(room.id)
            .bind(&room.name)
            .bind(name_key(&room.name))
            .bind(room.active)
            .bind(room.version)
            .bind(room.created_at)
            .bind(room.updated_at)
            .execute(&mut *tx)
            .await?;
        let record = Record::new("room.created", "room", room.id, now);
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(())
    });
    match outcome {
        Ok(()) => Ok(room),
        Err(error) => Err(told(error, "room", TAKEN, holder(store, context, &room.name)).await),
    }
}

/// Who has a name.
async fn holder(store: &Store, context: &Context, name: &str) -> Result<Option<RoomId>, Error> {
    reading!(store, context, |tx| {
        Ok(sqlx::query_scalar(BY_NAME)
            .bind(context.workspace)
            .bind(name_key(name))
            .fetch_optional(&mut *tx)
            .await?)
    })
}

pub(in crate::scheduling) async fn get(store: &Store, context: &Context, id: RoomId) -> Result<Room, Error> {
    reading!(store, context, |tx| {
        get_in(&mut (&mut *tx).into(), context, id).await
    })
}

pub(in crate::scheduling) async fn get_in(
    tx: &mut Connection<'_>,
    context: &Context,
    id: RoomId,
) -> Result<Room, Error> {
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(GET)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    row.map(Room::from).ok_or(Error::not_found("room"))
}

/// The active ones where a service is done, in order of their ids.
pub(in crate::scheduling) async fn of_service(
    tx: &mut Connection<'_>,
    context: &Context,
    service: ServiceId,
) -> Result<Vec<RoomId>, Error> {
    Ok(on_connection!(tx, |tx| sqlx::query_scalar(OF_SERVICE)
        .bind(context.workspace)
        .bind(service)
        .fetch_all(&mut *tx))?)
}

/// Locks it until the transaction ends.
pub(in crate::scheduling) async fn lock(
    tx: &mut Connection<'_>,
    context: &Context,
    id: RoomId,
) -> Result<Room, Error> {
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(LOCK)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    row.map(Room::from).ok_or(Error::not_found("room"))
}

async fn lock_at(
    tx: &mut Connection<'_>,
    context: &Context,
    id: RoomId,
    expected: i64,
) -> Result<Room, Error> {
    let room = lock(tx, context, id).await?;
    if room.version == expected {
        Ok(room)
    } else {
        Err(Error::conflict("room", room.version))
    }
}

pub(in crate::scheduling) async fn change(
    store: &Store,
    context: &Context,
    id: RoomId,
    expected: i64,
    action: &'static str,
    apply: impl FnOnce(&Room) -> Result<Room, Error> + Send,
) -> Result<Room, Error> {
    let mut name = String::new();
    let outcome: Result<Room, Error> = writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let before = lock_at(tx, context, id, expected).await?;
        let mut room = apply(&before)?;
        room.version += 1;
        room.updated_at = now;
        name.clone_from(&room.name);
        execute_on!(
            tx,
            sqlx::query(UPDATE)
                .bind(context.workspace)
                .bind(id)
                .bind(&room.name)
                .bind(name_key(&room.name))
                .bind(room.active)
                .bind(room.version)
                .bind(room.updated_at)
        )?;
        let record = Record::new(action, "room", id, now).with("version", room.version);
        store.record(tx, context, now, &[record]).await?;
        Ok(room)
    });
    match outcome {
        Ok(room) => Ok(room),
        Err(error) => Err(told(error, "room", TAKEN, holder(store, context, &name)).await),
    }
}

pub(in crate::scheduling) async fn delete(
    store: &Store,
    context: &Context,
    id: RoomId,
    expected: i64,
) -> Result<(), Error> {
    let outcome: Result<(), Error> = writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        lock_at(tx, context, id, expected).await?;
        for statement in [DELETE_EXCEPTIONS, DELETE] {
            execute_on!(tx, sqlx::query(statement).bind(context.workspace).bind(id))?;
        }
        let record = Record::new("room.deleted", "room", id, now);
        store.record(tx, context, now, &[record]).await?;
        Ok(())
    });
    outcome.map_err(in_use)
}

pub(in crate::scheduling) async fn page(
    store: &Store,
    context: &Context,
    listed: Listed,
    request: &PageRequest,
) -> Result<Page<Room>, Error> {
    let scope = format!("rooms/{}/{listed:?}", context.workspace);
    let (name, id) = match request.cursor() {
        Some(cursor) => cursor.key(&scope).map_err(wrong_cursor)?,
        None => (String::new(), RoomId::from_uuid(Uuid::nil())),
    };
    let rows: Vec<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(PAGE)
            .bind(context.workspace)
            .bind(listed == Listed::Active)
            .bind(&name)
            .bind(id)
            .bind(i64::from(request.limit()) + 1)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let page = Page::from_rows(rows, request, &scope, |row| (name_key(&row.name), row.id));
    Ok(page.map_err(wrong_cursor)?.map(Room::from))
}
