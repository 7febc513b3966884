//! `/api/v1/admin`: what administrators do with the installation, and `/admin` as published before.

#[cfg(test)]
mod tests;
mod views;

use aurora_crm::Context;
use aurora_crm::workspaces::WorkspaceId;
use axum::extract::State;
use axum::http::StatusCode;
use utoipa_axum::routes;

use super::access::{Access, Caller};
use super::audit::{AuditPage, AuditVerification, listed};
use super::extract::Params;
use super::problem::{FieldError, Problem, ProblemBody, ProblemKind};
use super::{Mount, Routes};
use crate::state::AppState;
use views::{ConfigInForce, Reloaded, WorkspaceOverview};

pub(super) const MOUNTS: &[Mount] = &[
    Mount::answers("/api/v1/admin", routes),
    Mount::answers("/admin", published).alias("published"),
    // As long as the chain is.
    Mount::streams("/api/v1/admin", long_routes),
];

fn routes() -> Routes {
    published()
        .route(Access::Administrator, routes!(reload))
        .route(Access::Administrator, routes!(workspaces))
        .route(Access::Administrator, routes!(audit))
}

fn published() -> Routes {
    Routes::new()
        .route(Access::Administrator, routes!(config))
        .route(Access::Administrator, routes!(restart))
}

fn long_routes() -> Routes {
    Routes::new().route(Access::Administrator, routes!(verify_audit))
}

/// The settings in force with the origin of each; secrets are not shown.
#[utoipa::path(get, path = "/config", tag = "admin", operation_id = "get_config",
    responses(
        (status = 200, description = "Every setting, in the order of the keys", body = ConfigInForce),
        (status = 501, description = "An embedding application holds the settings", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn config(State(state): State<AppState>, params: Params) -> Result<axum::Json<ConfigInForce>, Problem> {
    params.finish()?;
    let live = state.live.as_ref();
    let live = live.ok_or_else(|| Problem::new(ProblemKind::NoSettings))?;
    Ok(axum::Json(ConfigInForce {
        settings: live.current().entries(),
        refused: live.refused().map(|error| error.problems().to_vec()),
    }))
}

/// Reads the settings anew. Some count at once, others from the next start on; wrong ones change nothing.
#[utoipa::path(post, path = "/reload", tag = "admin", operation_id = "reload_config",
    responses(
        (status = 200, description = "Read; `changed` names what is different", body = Reloaded),
        (status = 422, description = "What stands there is wrong; `errors` lists all of it", body = ProblemBody, content_type = "application/problem+json"),
        (status = 501, description = "An embedding application holds the settings", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn reload(State(state): State<AppState>) -> Result<axum::Json<Reloaded>, Problem> {
    let live = state.live.clone();
    let live = live.ok_or_else(|| Problem::new(ProblemKind::NoSettings))?;
    let reading = tokio::task::spawn_blocking(move || live.reload()).await;
    match reading.map_err(|error| Problem::new(ProblemKind::Internal).caused_by(error))? {
        Ok(changed) => Ok(axum::Json(Reloaded { changed })),
        Err(error) => {
            let problems = error.problems().iter();
            let errors = problems.map(|problem| {
                let field = problem.key().unwrap_or("settings");
                FieldError::new(field, "invalid", problem.message().to_owned())
            });
            Err(Problem::new(ProblemKind::Invalid)
                .detail("the settings are refused, and those of before stay in force")
                .errors(errors))
        }
    }
}

/// Stops in order and ends the process with exit code 75, so that what supervises it starts it anew.
#[utoipa::path(post, path = "/restart", tag = "admin", operation_id = "restart",
    responses(
        (status = 202, description = "It stops: running requests end first"),
        (status = 403, description = "The caller may not do this, or the setting `server.allow_restart` is off", body = ProblemBody, content_type = "application/problem+json"),
    ))]
async fn restart(State(state): State<AppState>, caller: Caller) -> Result<StatusCode, Problem> {
    if !state.settings.server.allow_restart {
        let detail = "restarts are switched off: server.allow_restart has to be true, and something has to start the process anew";
        return Err(Problem::new(ProblemKind::Forbidden).detail(detail));
    }
    tracing::warn!(principal = caller.principal().id(), "a restart was asked for");
    state.restart.cancel();
    Ok(StatusCode::ACCEPTED)
}

/// All workspaces of the installation, closed ones too.
#[utoipa::path(get, path = "/workspaces", tag = "admin", operation_id = "list_all_workspaces",
    params(
        ("limit" = Option<usize>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
    ),
    responses((status = 200, description = "A page; `next` is null on the last", body = WorkspaceOverview)))]
async fn workspaces(
    State(state): State<AppState>,
    caller: Caller,
    mut params: Params,
) -> Result<axum::Json<WorkspaceOverview>, Problem> {
    const LIMIT: &str = "a whole number from 1 to 200";
    let limit = params.take::<usize>("limit", LIMIT).unwrap_or(50);
    if !(1..=200).contains(&limit) {
        params.refuse("limit", LIMIT);
    }
    let after = params.take::<WorkspaceId>("cursor", "the text that the page before gave as next");
    params.finish()?;
    let workspaces = state.crm.workspaces();
    let ids = workspaces.ids(after).await?;
    let mut items = Vec::new();
    let mut context = caller.context();
    for id in ids.iter().take(limit) {
        context.workspace = *id;
        items.push(workspaces.get(&context).await?.into());
    }
    // A full answer of the domain may have a successor, too.
    let last = ids.get(items.len().saturating_sub(1));
    let is_more = ids.len() > items.len() || ids.len() >= 200;
    Ok(axum::Json(WorkspaceOverview {
        items,
        next: last.filter(|_| is_more).map(ToString::to_string),
    }))
}

/// One page of the installation's own audit log: accounts, logins, refusals.
#[utoipa::path(get, path = "/audit", tag = "admin", operation_id = "list_audit_of_installation",
    params(
        ("limit" = Option<u32>, Query, description = "Most items on the page, 1 to 200; 50 unless told"),
        ("cursor" = Option<String>, Query, description = "`next` of the page before"),
        ("action" = Option<String>, Query, description = "Only actions that begin with this text, such as `user.`"),
        ("principal" = Option<String>, Query, description = "Only what they did"),
        ("subject" = Option<String>, Query, description = "Only what happened to the thing with this id, without prefix"),
        ("outcome" = Option<String>, Query, description = "`success` or `failure`: only these"),
        ("from" = Option<String>, Query, description = "Only from this time on, RFC 3339"),
        ("until" = Option<String>, Query, description = "Only before this time, RFC 3339"),
    ),
    responses((status = 200, description = "A page; `next` is null on the last", body = AuditPage)))]
async fn audit(
    State(state): State<AppState>,
    caller: Caller,
    params: Params,
) -> Result<axum::Json<AuditPage>, Problem> {
    listed(&state, &of_installation(&caller), params).await
}

/// Verifies the installation's own audit log.
#[utoipa::path(get, path = "/audit/verify", tag = "admin", operation_id = "verify_audit_of_installation",
    responses((status = 200, description = "Whether the chain is whole, and what is wrong first", body = AuditVerification)))]
async fn verify_audit(
    State(state): State<AppState>,
    caller: Caller,
    params: Params,
) -> Result<axum::Json<AuditVerification>, Problem> {
    params.finish()?;
    let verification = state.crm.audit().verify(&of_installation(&caller)).await?;
    Ok(axum::Json(verification.into()))
}

fn of_installation(caller: &Caller) -> Context {
    let mut context = caller.context();
    context.workspace = Context::installation("").workspace;
    context
}
