//! The HTTP side: one table of routes, one place for errors, one order of layers.
//!
//! A new resource is a file here with a function `routes` and a line in [`TABLE`].

mod clients;
mod docs;
mod events;
mod extract;
mod health;
mod layers;
mod llm;
mod metrics;
mod openai;
mod problem;
mod sse;
mod status;
#[cfg(test)]
pub(crate) mod testing;

use aurora_core::config::Limits;
use axum::Router;
use axum::middleware::from_fn_with_state;
use axum::response::{IntoResponse, Response};
use utoipa::OpenApi as _;
use utoipa::openapi::OpenApi;
use utoipa_axum::router::OpenApiRouter;

pub(crate) use events::{Occasion, Pulse};
use layers::limits::BodyLimit;
pub(crate) use layers::{Exposure, RequestId};
pub(crate) use llm::gateway::{Gateway, provider_name};

use crate::state::AppState;
use problem::{Form, Problem, ProblemKind};

/// Routes with their documentation.
pub(crate) type Routes = OpenApiRouter<AppState>;

/// Every address of the server.
const TABLE: &[Mount] = &[
    Mount::answers("/", health::routes),
    Mount::answers("/", metrics::routes),
    Mount::answers("/api/v1/clients", clients::routes),
    Mount::answers("/api/v1/clientes", clients::routes).alias("clientes"),
    Mount::streams("/llm", llm::routes).for_models(),
    Mount::streams("/api/v1/llm", llm::routes)
        .alias("v1")
        .for_models(),
    Mount::streams("/v1", openai::routes).for_models(),
    Mount::answers("/api", status::routes),
    Mount::streams("/api", events::routes),
    Mount::answers("/", crate::dashboard::routes),
];

/// Addresses whose errors have another form than RFC 9457, by the beginning of their path.
const FORMS: &[(&str, Form)] = &[("/v1/", openai::form)];

/// A group of routes under a path.
struct Mount {
    at: &'static str,
    routes: fn() -> Routes,
    pace: Pace,
    alias: Option<&'static str>,
    /// Whether bodies may carry pictures and documents.
    for_models: bool,
}

/// How long an answer may take.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// As long as the settings allow.
    Answer,
    /// As long as it takes: the handler has limits of its own and ends when the app stops.
    Stream,
}

impl Mount {
    /// Routes that answer within the request's time limit.
    const fn answers(at: &'static str, routes: fn() -> Routes) -> Self {
        Self {
            at,
            routes,
            pace: Pace::Answer,
            alias: None,
            for_models: false,
        }
    }

    /// Routes that stream, or wait for somebody who does.
    const fn streams(at: &'static str, routes: fn() -> Routes) -> Self {
        Self {
            at,
            routes,
            pace: Pace::Stream,
            alias: None,
            for_models: false,
        }
    }

    /// The same routes under a second name; the name sets its operations apart in the documentation.
    const fn alias(mut self, name: &'static str) -> Self {
        self.alias = Some(name);
        self
    }

    /// The larger limit of bodies for what goes on to a model.
    const fn for_models(mut self) -> Self {
        self.for_models = true;
        self
    }

    fn build(&self, limits: &Limits) -> Routes {
        let mut routes = (self.routes)();
        if let Some(name) = self.alias {
            docs::rename_operations(routes.get_openapi_mut(), name);
        }
        let body = if self.for_models {
            limits.model_body_bytes
        } else {
            limits.body_bytes
        };
        let body = BodyLimit(usize::try_from(body).unwrap_or(usize::MAX));
        let routes = routes.route_layer(from_fn_with_state(body, layers::limits::body));
        match self.pace {
            Pace::Answer => {
                routes.route_layer(from_fn_with_state(limits.request_timeout, layers::limits::time))
            }
            Pace::Stream => routes,
        }
    }
}

/// The whole router.
pub(crate) fn router(state: &AppState, exposure: Exposure) -> Router {
    let (routes, api) = collect(&state.settings.limits);
    let router = routes.merge(docs::router(&api)).fallback(nothing_here);
    layers::wrap(router, state, exposure).with_state(state.clone())
}

fn collect(limits: &Limits) -> (Router<AppState>, OpenApi) {
    let mut all = OpenApiRouter::with_openapi(docs::Api::openapi());
    for mount in TABLE {
        let routes = mount.build(limits);
        all = if mount.at == "/" {
            all.merge(routes)
        } else {
            all.nest(mount.at, routes)
        };
    }
    let (routes, mut api) = all.split_for_parts();
    docs::plain_paths(&mut api);
    (routes, api)
}

async fn nothing_here() -> Response {
    Problem::new(ProblemKind::NotFound).into_response()
}

/// The form of errors under this path.
fn form_of(path: &str) -> Form {
    let form = FORMS.iter().find(|(beginning, _)| path.starts_with(beginning));
    form.map_or(Problem::render, |(_, form)| *form)
}
