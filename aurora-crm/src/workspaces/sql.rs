use aurora_core::store::{self, Connection, execute_on};
use aurora_core::time::Timestamp;
use sqlx::types::Uuid;

use super::{Workspace, WorkspaceId};
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::store::{Directory, Store, reading, writing};

aurora_core::store::statements! {
    INSERT = "insert into workspaces (id, kind, name, time_zone, locale, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, 1, $6, $7) on conflict (id) do nothing";
    GET = "select id, kind, name, time_zone, locale, version, created_at, updated_at, closed_at from workspaces
        where id = $1";
    UPDATE = "update workspaces set name = $3, time_zone = $4, locale = $5, updated_at = $6, closed_at = $7,
            version = version + 1
        where id = $1 and version = $2 and closed_at is null";
    HOLD = "update workspaces set version = version where id = $1";
    IDS = "select id from workspaces where id > $1 order by id limit 200";
}

#[derive(Debug, sqlx::FromRow)]
pub(super) struct Row {
    id: WorkspaceId,
    kind: String,
    name: String,
    time_zone: String,
    locale: String,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
    closed_at: Option<Timestamp>,
}

impl TryFrom<Row> for Workspace {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        Ok(Self {
            id: row.id,
            kind: row
                .kind
                .parse()
                .map_err(|error: &str| store::Error::corrupt(error))?,
            name: row.name,
            time_zone: row.time_zone,
            locale: row.locale,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
            closed_at: row.closed_at,
        })
    }
}

/// Whether it was stored; `false` when there is one of this id.
pub(super) async fn insert(store: &Store, context: &Context, workspace: &Workspace) -> Result<bool, Error> {
    let now = workspace.created_at;
    writing!(store, context, |tx| {
        let is_new = insert_within(&mut (&mut *tx).into(), workspace).await?;
        if is_new {
            store
                .record(&mut (&mut *tx).into(), context, now, &[made(workspace)])
                .await?;
        }
        Ok(is_new)
    })
}

/// Stores a new workspace together with its owner.
#[cfg(feature = "access")]
pub(super) async fn insert_owned(
    store: &Store,
    context: &Context,
    workspace: &Workspace,
    owner: crate::accounts::UserId,
) -> Result<(), Error> {
    use super::members::{Role, Roles, add_within};
    let (now, roles) = (workspace.created_at, Roles::of([Role::Owner]));
    let joined = Record::new("member.added", "member", owner, now).with("roles", roles.names());
    writing!(store, context, |tx| {
        insert_within(&mut (&mut *tx).into(), workspace).await?;
        add_within(&mut (&mut *tx).into(), workspace.id, owner, &roles, now).await?;
        store
            .record(&mut (&mut *tx).into(), context, now, &[made(workspace), joined])
            .await?;
        Ok(())
    })
}

fn made(workspace: &Workspace) -> Record {
    let record = Record::new(
        "workspace.created",
        "workspace",
        workspace.id,
        workspace.created_at,
    );
    record.with("kind", workspace.kind.as_str())
}

/// Whether it was stored; `false` when there is one of this id.
async fn insert_within(tx: &mut Connection<'_>, workspace: &Workspace) -> Result<bool, Error> {
    let stored = execute_on!(
        tx,
        sqlx::query(INSERT)
            .bind(workspace.id)
            .bind(workspace.kind.as_str())
            .bind(&workspace.name)
            .bind(&workspace.time_zone)
            .bind(&workspace.locale)
            .bind(workspace.created_at)
            .bind(workspace.updated_at)
    )?;
    Ok(stored > 0)
}

pub(super) async fn get(store: &Store, context: &Context) -> Result<Workspace, Error> {
    let row: Option<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(GET)
            .bind(context.workspace)
            .fetch_optional(&mut *tx)
            .await?)
    })?;
    Ok(row.ok_or(Error::not_found("workspace"))?.try_into()?)
}

/// Stores what a workspace of the version before has become.
pub(super) async fn update(
    store: &Store,
    context: &Context,
    workspace: &Workspace,
    action: &'static str,
) -> Result<(), Error> {
    let now = workspace.updated_at;
    let record = Record::new(action, "workspace", workspace.id, now).with("version", workspace.version);
    let stored: bool = writing!(store, context, |tx| {
        let done = sqlx::query(UPDATE)
            .bind(context.workspace)
            .bind(workspace.version - 1)
            .bind(&workspace.name)
            .bind(&workspace.time_zone)
            .bind(&workspace.locale)
            .bind(workspace.updated_at)
            .bind(workspace.closed_at)
            .execute(&mut *tx)
            .await?;
        if done.rows_affected() == 0 {
            return Ok(false);
        }
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(true)
    })?;
    if stored {
        return Ok(());
    }
    let current = get(store, context).await?;
    Err(match current.closed_at {
        Some(_) => Error::not_found("workspace"),
        None => Error::conflict("workspace", current.version),
    })
}

/// Makes others that call this for the same workspace wait until the transaction has ended. The first statement of every
/// transaction that counts rows before it adds one.
pub(crate) async fn hold(tx: &mut Connection<'_>, context: &Context) -> Result<(), Error> {
    let held = execute_on!(tx, sqlx::query(HOLD).bind(context.workspace))?;
    if held == 0 {
        return Err(Error::not_found("workspace"));
    }
    Ok(())
}

pub(super) async fn ids(
    store: &Store,
    directory: Directory,
    after: Option<WorkspaceId>,
) -> Result<Vec<WorkspaceId>, Error> {
    let after = after.unwrap_or(WorkspaceId::from_uuid(Uuid::nil()));
    reading!(store, &directory, |tx| {
        Ok(sqlx::query_scalar(IDS).bind(after).fetch_all(&mut *tx).await?)
    })
}
