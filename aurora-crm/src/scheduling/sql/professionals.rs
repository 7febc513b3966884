use aurora_core::page::{Page, PageRequest};
use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::Uuid;

use super::{in_use, told};
use crate::clients::{OwnerId, wrong_cursor};
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::scheduling::input::name_key;
use crate::scheduling::{Listed, NewProfessional, Professional, ProfessionalId, ServiceId};
use crate::store::{Store, reading, writing};

macro_rules! columns {
    () => {
        "id, name, user_id, time_zone, active, version, created_at, updated_at"
    };
}

aurora_core::store::statements! {
    ZONE = "select time_zone from workspaces where id = $1";
    INSERT = "insert into professionals (workspace_id, id, name, name_key, user_id, time_zone, active, version,
            created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    GET = concat!("select ", columns!(), " from professionals where workspace_id = $1 and id = $2");
    /// Locks the professional for the transaction.
    LOCK = concat!(
        "update professionals set version = version where workspace_id = $1 and id = $2 returning ",
        columns!()
    );
    UPDATE = "update professionals set name = $3, name_key = $4, user_id = $5, time_zone = $6, active = $7,
            version = $8, updated_at = $9
        where workspace_id = $1 and id = $2";
    DELETE_HOURS = "delete from working_hours where workspace_id = $1 and professional_id = $2";
    DELETE_EXCEPTIONS = "delete from hours_exceptions where workspace_id = $1 and professional_id = $2";
    DELETE_BUSY = "delete from calendar_busy where workspace_id = $1 and professional_id = $2";
    DELETE = "delete from professionals where workspace_id = $1 and id = $2";
    BY_NAME = "select id from professionals where workspace_id = $1 and name_key = $2 and active";
    OF_SERVICE = "select p.id, p.name, p.user_id, p.time_zone, p.active, p.version, p.created_at, p.updated_at
        from service_professionals l
        join professionals p on p.workspace_id = l.workspace_id and p.id = l.professional_id and p.active
        where l.workspace_id = $1 and l.service_id = $2 order by l.professional_id";
    PAGE = concat!(
        "select ",
        columns!(),
        " from professionals where workspace_id = $1 and active = $2 and (name_key, id) > ($3, $4)
            order by name_key, id limit $5"
    );
}

const TAKEN: &str = "professionals_workspace_id_name_key_key";

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: ProfessionalId,
    name: String,
    user_id: Option<OwnerId>,
    time_zone: String,
    active: bool,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<Row> for Professional {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        Ok(Self {
            id: row.id,
            name: row.name,
            user_id: row.user_id,
            time_zone: row.time_zone.parse().map_err(store::Error::corrupt)?,
            active: row.active,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

pub(in crate::scheduling) async fn insert(
    store: &Store,
    context: &Context,
    new: NewProfessional,
    now: Timestamp,
) -> Result<Professional, Error> {
    let mut name = String::new();
    let outcome: Result<Professional, Error> = writing!(store, context, |tx| {
        let zone: Option<String> = sqlx::query_scalar(ZONE)
            .bind(context.workspace)
            .fetch_optional(&mut *tx)
            .await?;
        let professional = new.check(&zone.ok_or(Error::not_found("workspace"))?, now)?;
        name.clone_from(&professional.name);
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(professional.id)
            .bind(&professional.name)
            .bind(name_key(&professional.name))
            .bind(professional.user_id)
            .bind(professional.time_zone.name())
            .bind(professional.active)
            .bind(professional.version)
            .bind(professional.created_at)
            .bind(professional.updated_at)
            .execute(&mut *tx)
            .await?;
        let record = Record::new("professional.created", "professional", professional.id, now);
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(professional)
    });
    match outcome {
        Ok(professional) => Ok(professional),
        Err(error) => Err(told(error, "professional", TAKEN, holder(store, context, &name)).await),
    }
}

/// Who has a name.
async fn holder(store: &Store, context: &Context, name: &str) -> Result<Option<ProfessionalId>, Error> {
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
    id: ProfessionalId,
) -> Result<Professional, Error> {
    reading!(store, context, |tx| {
        get_in(&mut (&mut *tx).into(), context, id).await
    })
}

pub(in crate::scheduling) async fn get_in(
    tx: &mut Connection<'_>,
    context: &Context,
    id: ProfessionalId,
) -> Result<Professional, Error> {
    read(tx, context, GET, id).await
}

/// The active ones who do a service, in order of their ids.
pub(in crate::scheduling) async fn of_service(
    tx: &mut Connection<'_>,
    context: &Context,
    service: ServiceId,
) -> Result<Vec<Professional>, Error> {
    let rows: Vec<Row> = on_connection!(tx, |tx| sqlx::query_as(OF_SERVICE)
        .bind(context.workspace)
        .bind(service)
        .fetch_all(&mut *tx))?;
    let all = rows.into_iter().map(Professional::try_from);
    Ok(all.collect::<Result<_, _>>()?)
}

/// Locks it until the transaction ends.
pub(in crate::scheduling) async fn lock(
    tx: &mut Connection<'_>,
    context: &Context,
    id: ProfessionalId,
) -> Result<Professional, Error> {
    read(tx, context, LOCK, id).await
}

async fn read(
    tx: &mut Connection<'_>,
    context: &Context,
    statement: &'static str,
    id: ProfessionalId,
) -> Result<Professional, Error> {
    let row: Option<Row> = on_connection!(tx, |tx| sqlx::query_as(statement)
        .bind(context.workspace)
        .bind(id)
        .fetch_optional(&mut *tx))?;
    let row = row.ok_or(Error::not_found("professional"))?;
    Ok(row.try_into()?)
}

pub(super) async fn lock_at(
    tx: &mut Connection<'_>,
    context: &Context,
    id: ProfessionalId,
    expected: i64,
) -> Result<Professional, Error> {
    let professional = lock(tx, context, id).await?;
    if professional.version == expected {
        Ok(professional)
    } else {
        Err(Error::conflict("professional", professional.version))
    }
}

pub(in crate::scheduling) async fn change(
    store: &Store,
    context: &Context,
    id: ProfessionalId,
    expected: i64,
    action: &'static str,
    apply: impl FnOnce(&Professional) -> Result<Professional, Error> + Send,
) -> Result<Professional, Error> {
    let mut name = String::new();
    let outcome: Result<Professional, Error> = writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        let before = lock_at(tx, context, id, expected).await?;
        let changed = apply(&before)?;
        name.clone_from(&changed.name);
        let changed = update_in(tx, context, changed, now).await?;
        let record = Record::new(action, "professional", id, now).with("version", changed.version);
        store.record(tx, context, now, &[record]).await?;
        Ok(changed)
    });
    match outcome {
        Ok(professional) => Ok(professional),
        Err(error) => Err(told(error, "professional", TAKEN, holder(store, context, &name)).await),
    }
}

/// Writes a professional that is locked, as its next version.
pub(super) async fn update_in(
    tx: &mut Connection<'_>,
    context: &Context,
    mut professional: Professional,
    now: Timestamp,
) -> Result<Professional, Error> {
    professional.version += 1;
    professional.updated_at = now;
    execute_on!(
        tx,
        sqlx::query(UPDATE)
            .bind(context.workspace)
            .bind(professional.id)
            .bind(&professional.name)
            .bind(name_key(&professional.name))
            .bind(professional.user_id)
            .bind(professional.time_zone.name())
            .bind(professional.active)
            .bind(professional.version)
            .bind(professional.updated_at)
    )?;
    Ok(professional)
}

pub(in crate::scheduling) async fn delete(
    store: &Store,
    context: &Context,
    id: ProfessionalId,
    expected: i64,
) -> Result<(), Error> {
    let outcome: Result<(), Error> = writing!(store, context, |tx| {
        let (now, tx) = (store.now(), &mut Connection::from(&mut *tx));
        lock_at(tx, context, id, expected).await?;
        for statement in [DELETE_HOURS, DELETE_EXCEPTIONS, DELETE_BUSY, DELETE] {
            execute_on!(tx, sqlx::query(statement).bind(context.workspace).bind(id))?;
        }
        let record = Record::new("professional.deleted", "professional", id, now);
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
) -> Result<Page<Professional>, Error> {
    let scope = format!("professionals/{}/{listed:?}", context.workspace);
    let (name, id) = match request.cursor() {
        Some(cursor) => cursor.key(&scope).map_err(wrong_cursor)?,
        None => (String::new(), ProfessionalId::from_uuid(Uuid::nil())),
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
    let page =
        Page::from_rows(rows, request, &scope, |row| (name_key(&row.name), row.id)).map_err(wrong_cursor)?;
    let items = page.items.into_iter().map(Professional::try_from);
    Ok(Page {
        items: items.collect::<Result<_, _>>()?,
        next: page.next,
    })
}
