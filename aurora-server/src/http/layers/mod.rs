//! What happens to every request before and after its handler, outermost first in [`wrap`].

pub(crate) mod compression;
pub(crate) mod cors;
#[cfg(test)]
mod edges;
pub(crate) mod idempotency;
pub(crate) mod limits;
pub(crate) mod local;
pub(crate) mod origin;
pub(crate) mod pace;
pub(crate) mod problems;
pub(crate) mod record;
pub(crate) mod request_id;
pub(crate) mod security;
#[cfg(test)]
mod tests;
pub(crate) mod unread;

use axum::Router;
use axum::middleware::{from_fn, from_fn_with_state};
use tower_http::catch_panic::CatchPanicLayer;

use crate::state::AppState;

pub(crate) use request_id::RequestId;

/// Who can reach the router.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Exposure {
    /// Programs and browsers of this machine, through our own listener and without credentials.
    Loopback,
    /// Whoever reaches our own listener.
    Network,
    /// Whoever the embedding application lets in.
    Embedded,
}

/// The order of the layers. The last one added is the first that a request meets.
pub(crate) fn wrap(router: Router<AppState>, state: &AppState, exposure: Exposure) -> Router<AppState> {
    let router = router.layer(from_fn(limits::address));
    let router = match exposure {
        Exposure::Loopback => router.layer(from_fn(local::only)),
        Exposure::Network | Exposure::Embedded => router,
    };
    let router = router
        .layer(CatchPanicLayer::custom(problems::of_panic))
        .layer(from_fn(problems::write))
        .layer(from_fn(compression::gzip))
        .layer(from_fn_with_state(state.clone(), security::headers));
    let router = match cors::layer(&state.settings.server) {
        Some(cors) => router.layer(cors),
        None => router,
    };
    router
        .layer(from_fn_with_state(state.clone(), origin::find))
        .layer(from_fn_with_state(state.clone(), record::request))
        .layer(from_fn(unread::discard))
        .layer(from_fn_with_state(state.clone(), request_id::assign))
}
