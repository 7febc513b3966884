use async_trait::async_trait;
use aurora_core::store::{self, Database, execute, on_reader};
use aurora_core::time::Timestamp;

use super::{Workspace, WorkspaceId, WorkspaceRepository};
use crate::context::Context;
use crate::error::Error;

aurora_core::store::statements! {
    INSERT = "insert into workspaces (id, kind, name, time_zone, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6)";
    GET = "select id, kind, name, time_zone, created_at, updated_at from workspaces where id = $1";
}

/// Workspaces in SQLite or PostgreSQL.
#[derive(Debug, Clone)]
pub struct SqlWorkspaces {
    database: Database,
}

impl SqlWorkspaces {
    /// Takes a database whose schema is up to date.
    #[must_use]
    pub const fn new(database: Database) -> Self {
        Self { database }
    }
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: WorkspaceId,
    kind: String,
    name: String,
    time_zone: String,
    created_at: Timestamp,
    updated_at: Timestamp,
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
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

#[async_trait]
impl WorkspaceRepository for SqlWorkspaces {
    async fn insert(&self, workspace: &Workspace) -> Result<(), Error> {
        execute!(
            self.database,
            sqlx::query(INSERT)
                .bind(workspace.id)
                .bind(workspace.kind.as_str())
                .bind(&workspace.name)
                .bind(&workspace.time_zone)
                .bind(workspace.created_at)
                .bind(workspace.updated_at)
        )?;
        Ok(())
    }

    async fn get(&self, context: &Context) -> Result<Workspace, Error> {
        let row: Option<Row> = on_reader!(self.database, |pool| sqlx::query_as(GET)
            .bind(context.workspace)
            .fetch_optional(pool))?;
        Ok(row.ok_or(Error::not_found("workspace"))?.try_into()?)
    }
}
