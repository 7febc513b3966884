//! Who is there, for a page that begins: never a refusal, which browsers would write down as a fault.

use axum::extract::State;
use axum::http::HeaderMap;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::routes;

use super::cookies::Jar;
use crate::http::Routes;
use crate::http::access::{Access, Visitor, signed_in};
use crate::http::problem::Problem;
use crate::state::AppState;

pub(super) fn add(routes: Routes) -> Routes {
    routes.route(Access::Session, routes!(presence))
}

#[derive(Debug, Serialize, ToSchema)]
struct Presence {
    state: PresenceState,
    /// Whether this is the demonstration.
    demo: bool,
    /// Whether every answer of a model is made up.
    simulated: bool,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
enum PresenceState {
    /// Whoever calls may do everything.
    Open,
    /// By an access token that is good.
    SignedIn,
    /// There is a refresh token as a cookie, which may be good.
    Renewable,
    SignedOut,
}

/// Whether somebody is signed in, and how. It answers whoever asks.
#[utoipa::path(get, path = "/state", tag = "auth", operation_id = "get_auth_state",
    responses((status = 200, description = "Who is there", body = Presence)))]
async fn presence(
    State(state): State<AppState>,
    visitor: Visitor,
    headers: HeaderMap,
) -> Result<axum::Json<Presence>, Problem> {
    let is_in = signed_in(&state, &visitor, &headers).await?.is_some();
    let may_renew = || {
        Jar::of(&state, &headers)
            .refresh_token()
            .is_ok_and(|token| token.is_some())
    };
    let standing = if is_in {
        PresenceState::SignedIn
    } else if may_renew() {
        PresenceState::Renewable
    } else if state.doors.are_open() {
        PresenceState::Open
    } else {
        PresenceState::SignedOut
    };
    Ok(axum::Json(Presence {
        state: standing,
        demo: state.pulse.is_demo(),
        simulated: state.gateway.is_simulated(),
    }))
}
