//! `/api/demo`, in `aurora demo` alone: whoever looks breaks and heals its simulated providers.

use axum::Json;
use axum::extract::{Path, State};
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::access::{Access, Right};
use super::problem::{Problem, ProblemKind};
use super::{Mount, Routes};
use crate::demo::Turn;
use crate::state::AppState;

/// Not part of the table: they are there in the demo alone.
pub(super) const MOUNTS: &[Mount] = &[Mount::answers("/api/demo", routes)];

fn routes() -> Routes {
    const OPERATE: Access = Access::Installation(Right::OperationWrite);
    Routes::new()
        .route(OPERATE, routes!(break_target))
        .route(OPERATE, routes!(heal_target))
}

/// What became of a provider of the demo.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = DemoTarget)]
struct Turned {
    /// The provider.
    #[schema(example = "sim-b")]
    target: String,
    /// Whether it fails now.
    broken: bool,
}

/// Makes a provider fail every call with 503 until it is healed; again and again does no more.
#[utoipa::path(post, path = "/break/{target}", tag = "status", operation_id = "break_demo_target",
    params(("target" = String, Path, description = "Such as `sim-b`")),
    responses(
        (status = 200, description = "It fails now", body = Turned),
    ))]
async fn break_target(
    State(state): State<AppState>,
    Path(target): Path<String>,
) -> Result<Json<Turned>, Problem> {
    turn(&state, target, Turn::Breaks)
}

/// Lets a provider work again, whoever broke it; again and again does no more.
#[utoipa::path(post, path = "/heal/{target}", tag = "status", operation_id = "heal_demo_target",
    params(("target" = String, Path, description = "Such as `sim-b`")),
    responses(
        (status = 200, description = "It works now", body = Turned),
    ))]
async fn heal_target(
    State(state): State<AppState>,
    Path(target): Path<String>,
) -> Result<Json<Turned>, Problem> {
    turn(&state, target, Turn::Heals)
}

fn turn(state: &AppState, target: String, turn: Turn) -> Result<Json<Turned>, Problem> {
    let nothing = || Problem::new(ProblemKind::NotFound);
    let switches = state.switches.as_ref().ok_or_else(nothing)?;
    match switches.turn(&target, turn) {
        Some(broken) => Ok(Json(Turned { target, broken })),
        None => {
            let known: Vec<_> = switches.targets().collect();
            Err(nothing().detail(format!(
                "there is no such provider; there are {}",
                known.join(", ")
            )))
        }
    }
}
