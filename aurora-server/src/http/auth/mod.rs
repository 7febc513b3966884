//! `/api/v1/auth`: signing in, second factors, passwords, invitations; and `/auth/login` as SynapScale publishes it.

mod cookies;
mod entrance;
mod entry;
mod login;
mod pages;
mod passwords;
mod presence;
mod sessions;
#[cfg(test)]
mod tests;
mod views;

use super::{Mount, Routes};

pub(super) const MOUNTS: &[Mount] = &[
    Mount::answers("/api/v1/auth", routes).plain(),
    Mount::answers("/auth", published).alias("published").plain(),
    Mount::answers("/api/v1/auth/.well-known", sessions::keys),
    Mount::answers("/.well-known", sessions::keys).alias("well_known"),
    Mount::answers("/", pages::routes),
];

fn routes() -> Routes {
    let routes = login::add(Routes::new());
    let routes = sessions::add(routes);
    let routes = passwords::add(routes);
    let routes = presence::add(routes);
    entry::add(routes)
}

fn published() -> Routes {
    login::published(Routes::new())
}
