//! The dashboard: pages of plain HTML, CSS and JavaScript modules, all in the binary. What they show they ask the API for.
//!
//! `docs/adding/page.md` tells how a page is added.

mod assets;
#[cfg(doctest)]
mod code;
#[cfg(test)]
mod tests;

use axum::routing::get;

use crate::http::Routes;
use crate::http::access::Access;

/// The shell at its addresses and the files that it loads. Not part of the API, so not of its description.
pub(crate) fn routes() -> Routes {
    let places = [
        "/",
        "/dashboard",
        "/dashboard/{page}",
        "/dashboard/{page}/{*rest}",
    ];
    let routes = places.into_iter().fold(Routes::new(), |routes, place| {
        routes.page(
            Access::Public,
            place,
            get(assets::shell).layer(assets::compressed()),
        )
    });
    routes.page(
        Access::Public,
        "/dashboard/assets/{*path}",
        get(assets::file).layer(assets::compressed()),
    )
}
