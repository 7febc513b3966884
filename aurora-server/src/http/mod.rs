//! The HTTP side: one table of routes, one place for errors, one order of layers.
//!
//! A new resource is a folder here with `MOUNTS` and a line in [`TABLE`]. Each of its routes says what it takes to call it
//! ([`access::Access`]): one that does not cannot be written.

pub(crate) mod access;
mod activities;
mod admin;
mod alertmanager;
mod alerts;
mod analytics;
mod answers;
mod anthropic;
mod appointments;
mod assistant;
mod audit;
mod auth;
pub(crate) mod backups;
pub(crate) mod bus;
mod calendar;
mod clients;
mod cnpj;
mod conversations;
mod custom_fields;
mod demo;
mod docs;
mod events;
mod extract;
mod files;
mod health;
mod keys;
mod knowledge;
pub(crate) mod language;
mod layers;
mod leads;
mod live;
mod llm;
mod metrics;
mod notifications;
mod openai;
mod places;
mod privacy;
mod problem;
mod routes;
mod samples;
mod scheduling;
mod sse;
mod status;
mod tasks;
#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
mod users;
mod watch;
mod web_chat;
mod webhooks;
mod whatsapp;
mod workspaces;

use axum::Router;
use axum::http::HeaderMap;
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub(crate) use access::{Doors, Keys, Right, accounts};
pub(crate) use bus::Bus;
pub(crate) use events::{Occasion, Pulse};
pub(crate) use layers::idempotency::Shelf;
pub(crate) use layers::origin::Peer;
pub(crate) use layers::pace::Pace;
pub(crate) use layers::{Exposure, RequestId};
pub(crate) use llm::gateway::{Asker, Books, Gateway, provider_name};
pub(crate) use llm::{ChatAnswer, Sockets, task_name};
pub(crate) use places::{Place, Places, network_of};
pub(crate) use routes::{Mount, Routes};
pub(crate) use tasks::bell::Bell;

use crate::state::AppState;
use problem::{Form, Problem, ProblemKind};

/// Every address of the server, area by area.
const TABLE: &[&[Mount]] = &[
    &[
        Mount::answers("/", health::routes),
        Mount::answers("/", metrics::routes),
        Mount::answers("/", crate::dashboard::routes),
    ],
    activities::MOUNTS,
    admin::MOUNTS,
    alertmanager::MOUNTS,
    alerts::MOUNTS,
    analytics::MOUNTS,
    anthropic::MOUNTS,
    appointments::MOUNTS,
    assistant::MOUNTS,
    audit::MOUNTS,
    auth::MOUNTS,
    backups::MOUNTS,
    calendar::MOUNTS,
    clients::MOUNTS,
    cnpj::MOUNTS,
    conversations::MOUNTS,
    custom_fields::MOUNTS,
    files::MOUNTS,
    keys::MOUNTS,
    knowledge::MOUNTS,
    leads::MOUNTS,
    live::MOUNTS,
    llm::MOUNTS,
    notifications::MOUNTS,
    openai::MOUNTS,
    privacy::MOUNTS,
    samples::MOUNTS,
    scheduling::MOUNTS,
    status::MOUNTS,
    tasks::MOUNTS,
    users::MOUNTS,
    web_chat::MOUNTS,
    webhooks::MOUNTS,
    whatsapp::MOUNTS,
    workspaces::MOUNTS,
];

/// Addresses whose errors have another form than RFC 9457, by the beginning of their path.
const FORMS: &[(&str, Form)] = &[
    ("/v1/messages", anthropic::form),
    ("/v1/", openai::form),
    ("/api/v2/", alertmanager::form),
];

/// The whole router.
pub(crate) fn router(state: &AppState, exposure: Exposure) -> Router {
    let (routes, api) = collect(state);
    let router = routes.merge(docs::router(&api)).fallback(nothing_here);
    layers::wrap(router, state, exposure).with_state(state.clone())
}

fn collect(state: &AppState) -> (Router<AppState>, OpenApi) {
    let mut all = OpenApiRouter::with_openapi(docs::Api::openapi());
    let of_demo = state.switches.is_some().then_some(demo::MOUNTS);
    for mount in TABLE.iter().copied().chain(of_demo).flatten() {
        let routes = mount.build(state);
        all = if mount.at == "/" {
            all.merge(routes)
        } else {
            all.nest(mount.at, routes)
        };
    }
    let (routes, mut api) = all.split_for_parts();
    docs::finish(&mut api);
    (routes, api)
}

/// What the routes take, one after the other.
#[cfg(test)]
fn accesses() -> impl Iterator<Item = access::Access> {
    let all = TABLE.iter().copied().chain([demo::MOUNTS]);
    all.flatten().flat_map(Mount::accesses)
}

/// What an address answers that there is not.
pub(crate) async fn nothing_here() -> Response {
    Problem::new(ProblemKind::NotFound).into_response()
}

/// The form of errors that this request promises.
fn form_of(path: &str, headers: &HeaderMap) -> Form {
    let form = FORMS.iter().find(|(beginning, _)| path.starts_with(beginning));
    match form {
        // Of some addresses there are two kinds of clients.
        Some(_) if anthropic::is_asked(headers) => anthropic::form,
        Some((_, form)) => *form,
        None => Problem::render,
    }
}
