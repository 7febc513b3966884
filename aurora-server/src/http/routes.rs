//! Routes with what it takes to call them, and groups of routes under a path.

use aurora_core::config::Limits;
use axum::middleware::{from_fn, from_fn_with_state};
use axum::routing::MethodRouter;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouter};

use super::access::{Access, by_query, guard};
use super::layers::compression;
use super::layers::idempotency::{self, Answers, Keeper};
use super::layers::limits::{self, BodyLimit};
use super::{docs, layers};
use crate::state::AppState;

/// Routes with their documentation; none can be added without saying what it takes to call it.
#[derive(Default)]
#[must_use]
pub(crate) struct Routes {
    described: Vec<Described>,
    pages: Vec<(Access, &'static str, MethodRouter<AppState>)>,
}

struct Described {
    access: Access,
    answers: Answers,
    /// Whether the address may choose the workspace.
    is_listened: bool,
    route: UtoipaMethodRouter<AppState>,
}

impl Routes {
    pub(crate) fn new() -> Self {
        Self::default()
    }

    /// One route: `routes!(handler)`. Several handlers of one route need the same access.
    pub(crate) fn route(mut self, access: impl Into<Access>, route: UtoipaMethodRouter<AppState>) -> Self {
        self.add(access.into(), Answers::Kept, false, route);
        self
    }

    /// A route that browsers listen to, whose workspace `?workspace=` chooses too: neither an `EventSource` nor a
    /// `WebSocket` sends headers of a page's choice.
    pub(crate) fn listened(mut self, access: impl Into<Access>, route: UtoipaMethodRouter<AppState>) -> Self {
        self.add(access.into(), Answers::Kept, true, route);
        self
    }

    /// A route whose answer shows a secret, this once: whoever repeats the call does not see it again.
    pub(crate) fn once(mut self, access: impl Into<Access>, route: UtoipaMethodRouter<AppState>) -> Self {
        self.add(access.into(), Answers::ShownOnce, false, route);
        self
    }

    fn add(
        &mut self,
        access: Access,
        answers: Answers,
        is_listened: bool,
        route: UtoipaMethodRouter<AppState>,
    ) {
        self.described.push(Described {
            access,
            answers,
            is_listened,
            route,
        });
    }

    /// A route that is not part of the API, so not of its description.
    pub(crate) fn page(mut self, access: Access, path: &'static str, route: MethodRouter<AppState>) -> Self {
        self.pages.push((access, path, route));
        self
    }

    /// What each of them takes.
    #[cfg(test)]
    fn accesses(&self) -> impl Iterator<Item = Access> {
        let described = self.described.iter().map(|it| it.access);
        described.chain(self.pages.iter().map(|(access, ..)| *access))
    }

    /// The routes behind their guards, described with them.
    fn build(self, state: &AppState, mount: &Mount) -> OpenApiRouter<AppState> {
        let guarded = |access| from_fn_with_state((state.clone(), access), guard);
        let mut all = OpenApiRouter::new();
        for described in self.described {
            let Described {
                access,
                answers,
                is_listened,
                route,
            } = described;
            let (schemas, mut paths, mut route) = route;
            for item in paths.paths.values_mut() {
                docs::describe(item, access, mount.errors);
            }
            if mount.is_kept && access.name().is_some() {
                paths
                    .paths
                    .values_mut()
                    .for_each(|item| docs::repeatable(item, answers, mount.errors));
                let keeper = Keeper::new(state.clone(), answers);
                route = route.layer(from_fn_with_state(keeper, idempotency::keep));
            }
            if mount.is_plain || answers == Answers::ShownOnce {
                route = route.layer(from_fn(compression::never));
            }
            route = route.layer(guarded(access));
            if is_listened {
                route = route.layer(from_fn(by_query));
            }
            all = all.routes((schemas, paths, route));
        }
        for (access, path, route) in self.pages {
            all = all.route(path, route.layer(guarded(access)));
        }
        all
    }
}

/// A group of routes under a path.
pub(crate) struct Mount {
    pub(super) at: &'static str,
    routes: fn() -> Routes,
    pace: Pace,
    alias: Option<&'static str>,
    body: Body,
    /// Whether the answers of creating calls are kept for those that repeat them.
    is_kept: bool,
    /// Whether the answers show secrets, and are never packed.
    is_plain: bool,
    errors: &'static str,
}

/// How long an answer may take.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Pace {
    /// As long as the settings allow.
    Answer,
    /// As long as it takes: the handler has limits of its own and ends when the app stops.
    Stream,
}

/// How large a body may be.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Body {
    Plain,
    /// It may carry pictures and documents.
    Model,
    /// The handler reads it as a stream and holds a limit of its own.
    Upload,
    /// As many bytes as whoever calls is known to send.
    Known(u64),
}

impl Mount {
    /// Routes that answer within the request's time limit.
    pub(crate) const fn answers(at: &'static str, routes: fn() -> Routes) -> Self {
        Self {
            at,
            routes,
            pace: Pace::Answer,
            alias: None,
            body: Body::Plain,
            is_kept: true,
            is_plain: false,
            errors: "Problem",
        }
    }

    /// Routes that stream, or wait for somebody who does.
    pub(crate) const fn streams(at: &'static str, routes: fn() -> Routes) -> Self {
        Self {
            pace: Pace::Stream,
            is_kept: false,
            ..Self::answers(at, routes)
        }
    }

    /// The same routes under a second name; the name sets its operations apart in the documentation.
    pub(crate) const fn alias(mut self, name: &'static str) -> Self {
        self.alias = Some(name);
        self
    }

    /// Creating calls may be repeated under an `Idempotency-Key` here too: their answers are whole.
    pub(crate) const fn kept(mut self) -> Self {
        self.is_kept = true;
        self
    }

    /// Answers that show secrets, such as tokens: they are never packed.
    pub(crate) const fn plain(mut self) -> Self {
        self.is_plain = true;
        self
    }

    /// The larger limit of bodies for what goes on to a model.
    pub(crate) const fn for_models(mut self) -> Self {
        self.body = Body::Model;
        self
    }

    /// No limit of bodies here: the handler streams them and holds its own.
    pub(crate) const fn for_uploads(mut self) -> Self {
        self.body = Body::Upload;
        self.is_kept = false;
        self
    }

    /// The limit of bodies that whoever calls is known to keep.
    pub(crate) const fn body(mut self, bytes: u64) -> Self {
        self.body = Body::Known(bytes);
        self
    }

    /// Errors in a form of their own, described by the schema of this name.
    pub(crate) const fn errors(mut self, schema: &'static str) -> Self {
        self.errors = schema;
        self
    }

    /// What each of its routes takes.
    #[cfg(test)]
    pub(super) fn accesses(&self) -> Vec<Access> {
        (self.routes)().accesses().collect()
    }

    pub(super) fn build(&self, state: &AppState) -> OpenApiRouter<AppState> {
        let settings: &Limits = &state.settings.limits;
        let mut routes = (self.routes)().build(state, self);
        if let Some(name) = self.alias {
            docs::rename_operations(routes.get_openapi_mut(), name);
        }
        let body = match self.body {
            Body::Plain => settings.body_bytes,
            Body::Model => settings.model_body_bytes,
            Body::Upload => u64::MAX,
            Body::Known(bytes) => bytes,
        };
        let body = BodyLimit(usize::try_from(body).unwrap_or(usize::MAX));
        let routes = routes.route_layer(from_fn_with_state(body, layers::limits::body));
        match self.pace {
            Pace::Answer => routes.route_layer(from_fn_with_state(settings.request_timeout, limits::time)),
            Pace::Stream => routes,
        }
    }
}
