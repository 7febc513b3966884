use std::collections::HashMap;

use aurora_core::page::{Page, PageRequest};
use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::Uuid;

use super::{in_use, links, told};
use crate::clients::wrong_cursor;
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::scheduling::input::name_key;
use crate::scheduling::{Listed, ProfessionalId, RoomId, Service, ServiceId};
use crate::store::{Store, reading, writing};

macro_rules! columns {
    () => {
        "id, name, description, duration_minutes, buffer_before_minutes, buffer_after_minutes, price_cents,
            granularity_minutes, min_notice_minutes, horizon_days, confirms_itself, active, version, created_at,
            updated_at"
    };
}

aurora_core::store::statements! {
    INSERT = "insert into services (workspace_id, id, name, name_key, description, duration_minutes,
            buffer_before_minutes, buffer_after_minutes, price_cents, granularity_minutes, min_notice_minutes,
            horizon_days, confirms_itself, active, version, updated_at, created_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)";
    GET = concat!("select ", columns!(), " from services where workspace_id = $1 and id = $2");
    /// Locks the service for the transaction.
    LOCK = concat!(
        "update services set version = version where workspace_id = $1 and id = $2 returning ",
        columns!()
    );
    UPDATE = "update services set name = $3, name_key = $4, description = $5, duration_minutes = $6,
            buffer_before_minutes = $7, buffer_after_minutes = $8, price_cents = $9, granularity_minutes = $10,
            min_notice_minutes = $11, horizon_days = $12, confirms_itself = $13, active = $14, version = $15,
            updated_at = $16
        where workspace_id = $1 and id = $2";
    DELETE = "delete from services where workspace_id = $1 and id = $2";
    BY_NAME = "select id from services where workspace_id = $1 and name_key = $2 and active";
    PAGE = concat!(
        "select ",
        columns!(),
        " from services where workspace_id = $1 and active = $2 and (name_key, id) > ($3, $4)
            order by name_key, id limit $5"
    );
}

const TAKEN: &str = "services_workspace_id_name_key_key";

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: ServiceId,
    name: String,
    description: Option<String>,
    duration_minutes: i64,
    buffer_before_minutes: i64,
    buffer_after_minutes: i64,
    price_cents: Option<i64>,
    granularity_minutes: i64,
    min_notice_minutes: i64,
    horizon_days: i64,
    confirms_itself: bool,
    active: bool,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl Row {
    fn with(self, professionals: Vec<ProfessionalId>, rooms: Vec<RoomId>) -> Result<Service, store::Error> {
        let number = |value: i64| u32::try_from(value).map_err(store::Error::corrupt);
        Ok(Service {
            id: self.id,
            name: self.name,
            description: self.description,
            duration_minutes: number(self.duration_minutes)?,
            buffer_before_minutes: number(self.buffer_before_minutes)?,
            buffer_after_minutes: number(self.buffer_after_minutes)?,
            price_cents: self.price_cents,
            granularity_minutes: number(self.granularity_minutes)?,
            min_notice_minutes: number(self.min_notice_minutes)?,
            horizon_days: number(self.horizon_days)?,
            professionals,
            rooms,
            confirms_itself: self.confirms_itself,
            active: self.active,
            version: self.version,
            created_at: self.created_at,
            updated_at: self.updated_at,
        })
    }
}

/// Binds what both inserting and updating write, in one order.
macro_rules! bound {
    ($statement:expr, $context:expr, $service:expr) => {
        sqlx::query($statement)
            .bind($context.workspace)
            .bind($service.id)
            .bind(&$service.name)
            .bind(name_key(&$service.name))
            .bind($service.description.as_deref())
            .bind(i64::from($service.duration_minutes))
            .bind(i64::from($service.buffer_before_minutes))
            .bind(i64::from($service.buffer_after_minutes))
            .bind($service.price_cents)
            .bind(i64::from($service.granularity_minutes))
            .bind(i64::from($service.min_notice_minutes))
            .bind(i64::from($service.horizon_days))
            .bind($service.confirms_itself)
            .bind($service.active)
            .bind($service.version)
            .bind($service.updated_at)
    };
}

pub(in crate::scheduling) async fn insert(
    store: &Store,
    context: &Context,
    service: Service,
) -> Result<Service, Error> {
    let now = service.created_at;
    let outcome: Result<(), Error> = writing!(store, context, |tx| {
        let tx = &mut Connection::from(&mut *tx);
        execute_on!(tx, bound!(INSERT, context, service).bind(now))?;
        links::set(tx, context, None, &service).await?;
        let record = Record::new("service.created", "service", service.id, now);
        store.record(tx, context, now, &[record]).await?;
        Ok(())
    });
    match outcome {
        Ok(()) => Ok(service),
        Err(error) => Err(told(error, "service", TAKEN, holder(store, context, &service.name)).await),
    }
}

/// Who has a name.
async fn holder(store: &Store, context: &Context, name: &str) -> Result<Option<ServiceId>, Error> {
    reading!(store, context, |tx| {
        Ok(sqlx::query_scalar(BY_NAME)
            .bind(context.workspace)
            .bind(name_key(name))
            .fetch_optional(&mut *tx)
            .await?)
    })
}

pub(in crate::scheduling) async fn get(
    store: &Store,
    context: &Context,
    id: ServiceId,
) -> Result<Service, Error> {
    reading!(store, context, |tx| {
        get_in(&mut (&mut *tx).into(), context, id).await
    })
}

/// One service with who does it and where, within a transaction.
pub(in crate::scheduling) async fn get_in(
    tx: &mut Connection<'_>,
    context: &Context,
    id: ServiceId,
) -> Result<Service, Error> {
    read(tx, context, GET, id).await
}

async fn read(
    tx: &mut Connection<'_>,
    context: &Context,
    statement: &'static str,
    id: ServiceId,
) -> Result<Service, Error> {
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(statement)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    let row = row.ok_or(Error::not_found("service"))?;
    let (professionals, rooms) = links::of(tx, context, id).await?;
    Ok(row.with(professionals, rooms)?)
}

async fn lock_at(
    tx: &mut Connection<'_>,
    context: &Context,
    id: ServiceId,
    expected: i64,
) -> Result<Service, Error> {
    let service = read(tx, context, LOCK, id).await?;
    if service.version == expected {
        Ok(service)
    } else {
        Err(Error::conflict("service", service.version))
    }
}

pub(in crate::scheduling) async fn change(
    store: &Store,
    context: &Context,
    id: ServiceId,
    expected: i64,
    action: &'static str,
    apply: impl FnOnce(&Service) -> Result<Service, Error> + Send,
) -> Result<Service, Error> {
    let mut name = String::new();
    let outcome: Result<Service, Error> = writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let before = lock_at(tx, context, id, expected).await?;
        let mut service = apply(&before)?;
        service.version += 1;
        service.updated_at = now;
        name.clone_from(&service.name);
        execute_on!(tx, bound!(UPDATE, context, service))?;
        links::set(tx, context, Some(&before), &service).await?;
        let record = Record::new(action, "service", id, now).with("version", service.version);
        store.record(tx, context, now, &[record]).await?;
        Ok(service)
    });
    match outcome {
        Ok(service) => Ok(service),
        Err(error) => Err(told(error, "service", TAKEN, holder(store, context, &name)).await),
    }
}

pub(in crate::scheduling) async fn delete(
    store: &Store,
    context: &Context,
    id: ServiceId,
    expected: i64,
) -> Result<(), Error> {
    let outcome: Result<(), Error> = writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        lock_at(tx, context, id, expected).await?;
        for statement in [links::REMOVE_PROFESSIONALS, links::REMOVE_ROOMS, DELETE] {
            execute_on!(tx, sqlx::query(statement).bind(context.workspace).bind(id))?;
        }
        let record = Record::new("service.deleted", "service", id, now);
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
) -> Result<Page<Service>, Error> {
    let scope = format!("services/{}/{listed:?}", context.workspace);
    let (name, id) = match request.cursor() {
        Some(cursor) => cursor.key(&scope).map_err(wrong_cursor)?,
        None => (String::new(), ServiceId::from_uuid(Uuid::nil())),
    };
    macro_rules! asked {
        ($query:expr, $tx:expr) => {
            $query
                .bind(context.workspace)
                .bind(listed == Listed::Active)
                .bind(&name)
                .bind(id)
                .bind(i64::from(request.limit()) + 1)
                .fetch_all(&mut *$tx)
                .await?
        };
    }
    type Links<T> = Vec<(ServiceId, T)>;
    let (rows, professionals, rooms): (Vec<Row>, Links<ProfessionalId>, Links<RoomId>) =
        reading!(store, context, |tx| {
            let rows = asked!(sqlx::query_as(PAGE), tx);
            let professionals = asked!(sqlx::query_as(links::PROFESSIONALS_OF_PAGE), tx);
            Ok((
                rows,
                professionals,
                asked!(sqlx::query_as(links::ROOMS_OF_PAGE), tx),
            ))
        })?;
    let page =
        Page::from_rows(rows, request, &scope, |row| (name_key(&row.name), row.id)).map_err(wrong_cursor)?;
    let (mut professionals, mut rooms) = (by_service(professionals), by_service(rooms));
    let items = page.items.into_iter().map(|row| {
        let (professionals, rooms) = (professionals.remove(&row.id), rooms.remove(&row.id));
        row.with(professionals.unwrap_or_default(), rooms.unwrap_or_default())
    });
    Ok(Page {
        items: items.collect::<Result<_, _>>()?,
        next: page.next,
    })
}

fn by_service<T>(links: Vec<(ServiceId, T)>) -> HashMap<ServiceId, Vec<T>> {
    let mut by_service: HashMap<ServiceId, Vec<T>> = HashMap::new();
    for (service, linked) in links {
        by_service.entry(service).or_default().push(linked);
    }
    by_service
}
