//! The layer of every route: who calls, whether they may, and at what pace.

use std::time::Duration;

use aurora_core::access::policy::{
    Assurance, Challenge, Decision, Denial, Kind, Permission, Policy, Principal,
};
use aurora_core::secret::Secret;
use aurora_core::time::Clock as _;
use aurora_crm::accounts::{Alive, SessionId, UserId};
use aurora_crm::workspaces::{CrmPermission, Role, Roles, WorkspaceId};
use axum::extract::{RawPathParams, Request, State};
use axum::http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN, WWW_AUTHENTICATE};
use axum::http::{HeaderMap, HeaderValue, Method, Uri};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::caller::{Caller, Visitor};
use super::{Access, Doors};
use crate::http::layers::origin::Nearby;
use crate::http::layers::pace::Class;
use crate::http::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// Selects one of the caller's workspaces; the second name is the one that AtendeAI publishes.
const SELECTORS: [&str; 2] = ["x-workspace-id", "x-clinic-id"];
/// The part of an address that selects a workspace: `/api/v1/workspaces/{workspace}`.
const PLACE: &str = "workspace";
/// Holds an access token in browsers.
pub(crate) const ACCESS_COOKIE: &str = "aurora_access";
/// How fresh the second factor of an administrator must be.
const FRESH: Challenge = Challenge {
    assurance: Assurance::Aal2,
    max_age: Duration::from_secs(10 * 60),
};
const KEY_PREFIX: &str = "aur_";

/// Lets a request in, or answers it.
pub(crate) async fn guard(
    State((state, access)): State<(AppState, Access)>,
    mut request: Request,
    next: Next,
) -> Response {
    let (mut parts, body) = request.into_parts();
    let let_in = admit(&state, access, &mut parts).await;
    request = Request::from_parts(parts, body);
    match let_in {
        Ok(admitted) => {
            if let Some(caller) = admitted.caller {
                request.extensions_mut().insert(caller);
            }
            let mut response = next.run(request).await;
            response.headers_mut().extend(admitted.pace);
            response
        }
        Err(problem) => problem.into_response(),
    }
}

/// Who was let in, and what is told about the pace.
#[derive(Default)]
struct Admitted {
    caller: Option<Caller>,
    pace: HeaderMap,
}

async fn admit(
    state: &AppState,
    access: Access,
    parts: &mut axum::http::request::Parts,
) -> Result<Admitted, Problem> {
    use axum::extract::FromRequestParts as _;
    let visitor = Visitor::from_request_parts(parts, &())
        .await
        .unwrap_or_else(|never| match never {});
    if access == Access::Public {
        return Ok(Admitted::default());
    }
    if access == Access::SignIn {
        let pace = state.pace.of_address(Class::SignIn, visitor.origin).await?;
        return Ok(Admitted { caller: None, pace });
    }
    if matches!(access, Access::Nearby(_)) && parts.extensions.get::<Nearby>().is_some_and(|it| it.0) {
        return Ok(Admitted::default());
    }
    let doors = &state.doors;
    let shown = credentials(&parts.headers, &parts.method)?;
    let selected = selected(parts).await?;
    let Some(shown) = shown else {
        if !doors.are_open() {
            state.pace.of_address(Class::Api, visitor.origin).await?;
            return Err(unauthenticated());
        }
        let workspace = selected.unwrap_or(state.workspace);
        return Ok(Admitted {
            caller: Some(owner(visitor, workspace)),
            pace: HeaderMap::new(),
        });
    };
    let origin = visitor.origin;
    let caller = match identify(state, visitor, &shown, selected, access).await {
        Ok(caller) => caller,
        Err(problem) => {
            // Whoever guesses is counted by their address.
            state.pace.of_address(Class::Api, origin).await?;
            return Err(problem);
        }
    };
    let pace = state.pace.of_caller(caller.principal.id()).await?;
    decide(state, access, &caller)?;
    Ok(Admitted {
        caller: Some(caller),
        pace,
    })
}

/// Whoever comes through open doors.
fn owner(visitor: Visitor, workspace: WorkspaceId) -> Caller {
    Caller {
        visitor,
        workspace,
        principal: Principal::service("loopback", workspace.to_string()).roles([Role::Owner.as_str()]),
        roles: Roles::of([Role::Owner]),
        alive: None,
    }
}

enum Shown {
    Token(String),
    Key(Secret),
}

/// What the request shows: a bearer token, a key in the headers of either vendor's clients, or a browser's cookie.
fn credentials(headers: &HeaderMap, method: &Method) -> Result<Option<Shown>, Problem> {
    let mut bearers = headers.get_all(AUTHORIZATION).iter();
    let key = headers.get("x-api-key").or_else(|| headers.get("api-key"));
    match (bearers.next(), bearers.next(), key) {
        (Some(value), None, _) => {
            let text = value.to_str().map_err(|_| refused())?;
            let (scheme, token) = text.split_once(' ').ok_or_else(refused)?;
            if !scheme.eq_ignore_ascii_case("bearer") {
                return Err(refused());
            }
            Ok(Some(of_text(token.trim())))
        }
        (Some(_), Some(_), _) => Err(refused()),
        (None, _, Some(key)) => {
            let key = key.to_str().map_err(|_| refused())?;
            Ok(Some(of_text(key.trim())))
        }
        (None, _, None) => {
            let cookie = cookie(headers, ACCESS_COOKIE);
            if cookie.is_some() && !method.is_safe() && !is_same_origin(headers) {
                return Err(Problem::new(ProblemKind::ForeignOrigin));
            }
            Ok(cookie.map(|token| Shown::Token(token.to_owned())))
        }
    }
}

fn of_text(text: &str) -> Shown {
    if text.starts_with(KEY_PREFIX) {
        Shown::Key(Secret::new(text))
    } else {
        Shown::Token(text.to_owned())
    }
}

/// The value of a cookie, also under the prefix that ties it to this host.
pub(crate) fn cookie<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    let values = headers.get_all(COOKIE).iter();
    let pairs = values
        .filter_map(|value| value.to_str().ok())
        .flat_map(|line| line.split(';'));
    pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(key, value)| {
            let key = key.strip_prefix("__Host-").unwrap_or(key);
            (key == name).then_some(value)
        })
}

/// Whether a browser says that its page is one of this server's own: cookies come along with foreign pages' requests too.
pub(crate) fn is_same_origin(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").map(HeaderValue::as_bytes);
    if let Some(site) = site {
        return matches!(site, b"same-origin" | b"none");
    }
    let host = headers.get(HOST).and_then(|host| host.to_str().ok());
    let origin = headers.get(ORIGIN).and_then(|origin| origin.to_str().ok());
    let origin = origin.and_then(|text| text.parse::<Uri>().ok());
    let authority = origin.as_ref().and_then(Uri::authority).map(|it| it.as_str());
    authority.is_some() && authority == host
}

/// Whether a browser says that its page is one of somebody else's. Programs say nothing.
pub(crate) fn is_foreign(headers: &HeaderMap) -> bool {
    let is_browser = headers.contains_key("sec-fetch-site") || headers.contains_key(ORIGIN);
    is_browser && !is_same_origin(headers)
}

/// The workspace that the call selects, by its address or by a header; when both do, they must mean the same.
async fn selected(parts: &mut axum::http::request::Parts) -> Result<Option<WorkspaceId>, Problem> {
    use axum::extract::FromRequestParts as _;
    let nothing = || Problem::new(ProblemKind::NotFound);
    let place = match RawPathParams::from_request_parts(parts, &()).await {
        Ok(params) => params
            .iter()
            .find_map(|(name, text)| (name == PLACE).then(|| text.parse::<WorkspaceId>()))
            .transpose()
            .map_err(|_| nothing())?,
        Err(_) => None, // the address has no parameters
    };
    let header = SELECTORS.iter().find_map(|name| parts.headers.get(*name));
    let header: Option<WorkspaceId> = header
        .map(|value| {
            value
                .to_str()
                .ok()
                .and_then(|text| text.trim().parse().ok())
                .ok_or_else(nothing)
        })
        .transpose()?;
    match (place, header) {
        (Some(place), Some(header)) if place != header => Err(nothing()),
        (place, header) => Ok(place.or(header)),
    }
}

async fn identify(
    state: &AppState,
    visitor: Visitor,
    shown: &Shown,
    selected: Option<WorkspaceId>,
    access: Access,
) -> Result<Caller, Problem> {
    match shown {
        Shown::Key(key) => {
            let accounts = state.doors.accounts();
            let program = accounts.api_keys().authenticate(&visitor.context(), key).await?;
            if selected.is_some_and(|selected| selected != program.workspace) {
                return Err(Problem::new(ProblemKind::NotFound));
            }
            // What a key may do is what its scopes name.
            let principal = program.principal().roles([Role::Owner.as_str()]);
            Ok(Caller {
                visitor,
                workspace: program.workspace,
                principal,
                roles: Roles::of([]),
                alive: None,
            })
        }
        Shown::Token(token) => {
            let (alive, workspace) = session(&state.doors, &visitor, token).await?;
            let workspace = selected.unwrap_or(workspace);
            let mut principal = Principal::user(alive.user.to_string(), workspace.to_string())
                .authenticated(alive.assurance, alive.authenticated_at);
            let mut roles = Roles::of([]);
            if matches!(access, Access::Workspace(_) | Access::Server(_)) || selected.is_some() {
                let context = aurora_crm::Context::new(workspace, alive.user.to_string());
                roles = state.crm.members().roles_of(&context, alive.user).await?;
                if roles.is_empty() {
                    return Err(Problem::new(ProblemKind::NotFound).detail("there is no such workspace"));
                }
                principal = principal.roles(roles.names());
            }
            Ok(Caller {
                visitor,
                workspace,
                principal,
                roles,
                alive: Some(alive),
            })
        }
    }
}

/// The session behind an access token, if both are good.
async fn session(doors: &Doors, visitor: &Visitor, token: &str) -> Result<(Alive, WorkspaceId), Problem> {
    let claims = doors.inner.verifier.verify(token).map_err(|refusal| {
        tracing::debug!(reason = refusal.reason().as_str(), "an access token was refused");
        refused()
    })?;
    let session: SessionId = claims.sid.parse().map_err(|_| refused())?;
    let user: UserId = claims.sub.parse().map_err(|_| refused())?;
    let workspace: WorkspaceId = claims.tid.parse().map_err(|_| refused())?;
    let alive = doors.accounts().check(&visitor.context(), session).await?;
    if alive.user == user {
        Ok((alive, workspace))
    } else {
        Err(refused())
    }
}

fn decide(state: &AppState, access: Access, caller: &Caller) -> Result<(), Problem> {
    let doors = &state.doors.inner;
    match access {
        Access::Public | Access::SignIn => Ok(()),
        Access::Person => caller.user().map(drop),
        Access::Workspace(permission) => by_policy(state, &doors.crm, permission, caller),
        Access::Server(right) => by_policy(state, &doors.server, right, caller),
        Access::Installation(right) | Access::Nearby(right) => match caller.alive() {
            Some(alive) if alive.is_administrator => Ok(()),
            Some(_) => Err(Problem::new(ProblemKind::Forbidden)),
            None if caller.workspace == state.workspace => by_policy(state, &doors.server, right, caller),
            None => Err(Problem::new(ProblemKind::Forbidden)),
        },
        Access::Administrator => {
            let alive = caller.alive().filter(|it| it.is_administrator);
            let alive = alive.ok_or_else(|| Problem::new(ProblemKind::Forbidden))?;
            let now = state.clock.now();
            let age = now
                .since(alive.authenticated_at)
                .max(alive.authenticated_at.since(now));
            if alive.assurance >= FRESH.assurance && age <= FRESH.max_age {
                Ok(())
            } else {
                Err(step_up(FRESH))
            }
        }
    }
}

/// What a part of a call takes beyond what its route asks for.
///
/// # Errors
/// As for a route that takes it.
pub(crate) fn also(state: &AppState, permission: CrmPermission, caller: &Caller) -> Result<(), Problem> {
    by_policy(state, &state.doors.inner.crm, permission, caller)
}

fn by_policy<P: Permission>(
    state: &AppState,
    policy: &Policy<P>,
    permission: P,
    caller: &Caller,
) -> Result<(), Problem> {
    let tenant = caller.workspace.to_string();
    match policy.decide(&caller.principal, permission, &tenant, state.clock.now()) {
        Decision::Allow => Ok(()),
        Decision::StepUp(challenge) => Err(step_up(challenge)),
        Decision::Deny(Denial::OtherTenant) => Err(Problem::new(ProblemKind::NotFound)),
        Decision::Deny(Denial::Stale) => Err(refused()),
        Decision::Deny(denial) => {
            let needed = permission.as_str();
            let detail = match denial {
                Denial::NeedsPerson => {
                    format!("{needed} takes a person with a second factor, and this is a program")
                }
                _ if caller.principal.kind() == Kind::ApiKey => format!("the key does not carry {needed}"),
                _ => format!("your roles do not grant {needed}"),
            };
            Err(Problem::new(ProblemKind::Forbidden)
                .detail(detail)
                .with("permission", needed))
        }
    }
}

fn unauthenticated() -> Problem {
    Problem::new(ProblemKind::Unauthenticated).header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
}

/// Credentials were shown and are not good; the same answer whatever is wrong with them.
fn refused() -> Problem {
    Problem::refused_credentials()
}

/// RFC 9470: a stronger or fresher login is needed.
fn step_up(challenge: Challenge) -> Problem {
    let problem = Problem::new(ProblemKind::StepUp);
    match HeaderValue::try_from(challenge.www_authenticate()) {
        Ok(value) => problem.header(WWW_AUTHENTICATE, value),
        Err(_) => problem,
    }
}
