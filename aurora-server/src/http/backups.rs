//! `/api/v1/admin/backups`: copies of the database, each restored as a test. To restore one is the command line's.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use aurora_core::store::backup::{self, ErrorKind, Kind, Manifest};
use aurora_crm::Context;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::access::{Access, Caller};
use super::extract::Params;
use super::problem::{FieldError, Problem, ProblemBody, ProblemKind};
use super::{Mount, Routes};
use crate::state::AppState;

pub(super) const MOUNTS: &[Mount] = &[
    Mount::answers("/api/v1/admin/backups", routes),
    // As long as the database is large.
    Mount::streams("/api/v1/admin/backups", long),
];

fn routes() -> Routes {
    Routes::new().route(Access::Administrator, routes!(list))
}

fn long() -> Routes {
    Routes::new()
        .route(Access::Administrator, routes!(create))
        .route(Access::Administrator, routes!(verify))
}

/// The backups, the newest first, and what needs a look.
#[utoipa::path(get, path = "/", tag = "backups", operation_id = "list_backups",
    responses((status = 200, description = "All that are kept", body = BackupList)))]
async fn list(State(state): State<AppState>, params: Params) -> Result<axum::Json<BackupList>, Problem> {
    params.finish()?;
    let listing = state.library.backups.list().await.map_err(failed)?;
    Ok(axum::Json(BackupList {
        items: listing.backups.into_iter().map(BackupView::from).collect(),
        next: None,
        bad: listing.bad,
    }))
}

/// Backs the database up while it is written to, and restores the backup as a test. The installation's audit log says who did.
#[utoipa::path(post, path = "/", tag = "backups", operation_id = "create_backup",
    responses(
        (status = 201, description = "Written; `unverified` says why it could not be tested, if it could not", body = BackupView),
        (status = 409, description = "Another one is under way", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn create(State(state): State<AppState>, caller: Caller) -> Result<Response, Problem> {
    let backups = &state.library.backups;
    let made = match Box::pin(backups.create(state.crm.database())).await {
        // Kept, and the newest one.
        Err(error) if error.kind() == ErrorKind::Unverified => {
            let listing = backups.list().await.map_err(failed)?;
            listing.backups.into_iter().next().ok_or_else(|| failed(error))?
        }
        made => made.map_err(failed)?,
    };
    // Written down also for a client that has left by now.
    let noting = {
        let (state, context, made) = (state.clone(), caller.context(), made.clone());
        tokio::spawn(async move { note(&state, &context, &made).await })
    };
    if let Err(error) = noting.await {
        tracing::error!(%error, "a backup was not written down");
    }
    Ok((StatusCode::CREATED, axum::Json(BackupView::from(made))).into_response())
}

/// Reads a backup through and restores it as a test. One that fails is set aside.
#[utoipa::path(post, path = "/{name}/verify", tag = "backups", operation_id = "verify_backup",
    params(("name" = String, Path, description = "As the list names it")),
    responses(
        (status = 200, description = "It holds", body = BackupView),
        (status = 409, description = "Another one is under way, or it is not what was written", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn verify(
    State(state): State<AppState>,
    Path(name): Path<String>,
) -> Result<axum::Json<BackupView>, Problem> {
    let checked = Box::pin(state.library.backups.verify(&name)).await;
    Ok(axum::Json(checked.map_err(failed)?.into()))
}

/// Writes a backup down in the installation's audit log. It is kept whether or not that can be done.
pub(crate) async fn note(state: &AppState, context: &Context, made: &Manifest) {
    let audit = state.crm.audit();
    let noted = audit
        .backup_made(context, &made.name, made.bytes, made.is_verified())
        .await;
    if let Err(error) = noted {
        tracing::error!(backup = made.name.as_str(), %error, "a backup is not in the audit log");
    }
}

/// What the administrator can do about it: the text shows neither addresses nor passwords nor stored values.
fn failed(error: backup::Error) -> Problem {
    let kind = match error.kind() {
        ErrorKind::NotFound => ProblemKind::NotFound,
        ErrorKind::Busy | ErrorKind::Corrupt | ErrorKind::Newer | ErrorKind::Exists => ProblemKind::Conflict,
        ErrorKind::Invalid
        | ErrorKind::Tools
        | ErrorKind::Denied
        | ErrorKind::NoSpace
        | ErrorKind::Unverified => ProblemKind::Invalid,
        _ => ProblemKind::Unavailable,
    };
    let problem = Problem::new(kind).with("reason", error.kind().as_str());
    let problem = match kind {
        ProblemKind::Invalid => problem.errors([FieldError::new(
            "backup",
            error.kind().as_str(),
            error.to_string(),
        )]),
        ProblemKind::Unavailable => problem.with("failure", error.to_string()),
        _ => problem.detail(error.to_string()),
    };
    problem.caused_by(error)
}

/// A copy of the whole database.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Backup)]
struct BackupView {
    /// Sorts by time.
    #[schema(example = "20260701T120000Z-0123456789ab")]
    name: String,
    /// `sqlite` or `postgres`.
    kind: &'static str,
    /// The version of the server or the library that it was made from.
    engine_version: String,
    /// What was committed before is in it: RFC 3339, UTC.
    #[schema(format = DateTime)]
    started_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    finished_at: String,
    /// The size of its file.
    bytes: u64,
    /// SHA-256 of its file.
    sha256: String,
    /// The number of rows of each table.
    tables: BTreeMap<String, u64>,
    /// When it was restored as a test; null when it was not: RFC 3339, UTC.
    #[schema(format = DateTime)]
    verified_at: Option<String>,
    /// What the test did.
    verified_how: Option<String>,
    /// Why it is not verified.
    unverified: Option<String>,
}

impl From<Manifest> for BackupView {
    fn from(backup: Manifest) -> Self {
        let kind = match backup.kind {
            Kind::Postgres => "postgres",
            _ => "sqlite",
        };
        let (verified_at, verified_how) = backup.verified.map(|it| (it.at.to_string(), it.how)).unzip();
        Self {
            name: backup.name,
            kind,
            engine_version: backup.engine_version,
            started_at: backup.started_at.to_string(),
            finished_at: backup.finished_at.to_string(),
            bytes: backup.bytes,
            sha256: backup.sha256,
            tables: backup.tables,
            verified_at,
            verified_how,
            unverified: backup.unverified,
        }
    }
}

/// The backups.
#[derive(Debug, Serialize, ToSchema)]
struct BackupList {
    /// The newest first.
    items: Vec<BackupView>,
    /// Null: there is one page.
    next: Option<String>,
    /// Files of the folder that need a look: a test failed, or something is missing.
    bad: Vec<String>,
}
