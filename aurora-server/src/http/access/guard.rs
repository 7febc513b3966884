//! The layer of every route: who calls, whether they may, and at what pace.

use std::time::Duration;

use aurora_core::access::policy::{
    Assurance, Challenge, Decision, Denial, Kind, Permission, Policy, Principal,
};
use aurora_core::secret::Secret;
use aurora_core::time::Clock as _;
use aurora_crm::accounts::{Alive, SessionId, UserId};
use aurora_crm::workspaces::{Role, Roles, WorkspaceId};
use axum::extract::{RawPathParams, Request, State};
use axum::http::header::WWW_AUTHENTICATE;
use axum::http::{HeaderMap, HeaderValue, Method};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::caller::{Caller, Visitor, needs_person};
use super::shown::{Shown, credentials, is_https};
use super::standing::{Proof, Standing};
use super::{Access, Doors};
use crate::http::extract::Params;
use crate::http::layers::origin::Nearby;
use crate::http::layers::pace::Class;
use crate::http::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// Selects one of the caller's workspaces; the second name is the one that AtendeAI publishes.
const SELECTORS: [&str; 2] = ["x-workspace-id", "x-clinic-id"];
/// The part of an address that selects a workspace: `/api/v1/workspaces/{workspace}`, and the parameter of what browsers listen to.
const PLACE: &str = "workspace";
/// How fresh the second factor of an administrator must be.
const FRESH: Challenge = Challenge {
    assurance: Assurance::Aal2,
    max_age: Duration::from_secs(10 * 60),
};

/// Stands in the extensions of a request whose address may choose the workspace.
#[derive(Debug, Clone, Copy)]
struct ByQuery;

/// Lets `?workspace=` choose the workspace, as the headers do; outside [`guard`].
pub(crate) async fn by_query(mut request: Request, next: Next) -> Response {
    request.extensions_mut().insert(ByQuery);
    next.run(request).await
}

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
            if let Some((caller, standing)) = admitted.caller {
                request.extensions_mut().insert(caller);
                request.extensions_mut().insert(standing);
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
    caller: Option<(Caller, Standing)>,
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
    if access == Access::Session {
        state.pace.of_all_at(visitor.origin).await?;
        return Ok(Admitted::default());
    }
    let shown = credentials(&parts.headers, &parts.method, is_https(state, &parts.headers))?;
    let selected = selected(parts).await?;
    if shown.is_none() && state.doors.are_open() {
        let workspace = selected.unwrap_or(state.workspace);
        return Ok(Admitted {
            caller: Some((owner(visitor, workspace), Standing::new(access, Proof::Open))),
            pace: HeaderMap::new(),
        });
    }
    // Before the database is asked who calls: however many keys and guesses come from an address, it has one limit.
    state.pace.of_all_at(visitor.origin).await?;
    let Some(shown) = shown else {
        let pace = state.pace.of_address(Class::Api, visitor.origin).await?;
        return Err(unauthenticated().headers(pace));
    };
    let origin = visitor.origin;
    let caller = match identify(state, visitor, &shown, selected, access).await {
        Ok(caller) => caller,
        // Whoever guesses is counted by their address; a fault of ours says nothing of them.
        Err(problem) if problem.kind().is_ours() => return Err(problem),
        Err(problem) => {
            let pace = state.pace.of_address(Class::Api, origin).await?;
            return Err(problem.headers(pace));
        }
    };
    let pace = state.pace.of_caller(caller.principal.id()).await?;
    if let Err(problem) = decide(state, access, &caller) {
        return Err(problem.headers(pace));
    }
    let standing = Standing::new(access, shown.into());
    Ok(Admitted {
        caller: Some((caller, standing)),
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
        is_of_administrator: true,
    }
}

/// The workspace that the call selects, by its address or by a header; when several do, they must mean the same.
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
    let query = if parts.extensions.get::<ByQuery>().is_some() {
        let mut params = Params::from_request_parts(parts, &()).await?;
        let chosen = params.take::<WorkspaceId>(PLACE, "the id of a workspace");
        params.finish_known()?;
        chosen
    } else {
        None
    };
    let mut named = [place, header, query].into_iter().flatten();
    let selected = named.next();
    if named.any(|other| Some(other) != selected) {
        return Err(nothing());
    }
    Ok(selected)
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
            let caller = of_key(state, visitor, key).await?;
            if selected.is_some_and(|selected| selected != caller.workspace) {
                return Err(Problem::new(ProblemKind::NotFound));
            }
            Ok(caller)
        }
        Shown::Token(token) => {
            let (alive, workspace) = session(&state.doors, &visitor, token).await?;
            let workspace = selected.unwrap_or(workspace);
            let is_member = matches!(access, Access::Workspace(_) | Access::Server(_)) || selected.is_some();
            of_session(state, visitor, alive, workspace, is_member).await
        }
    }
}

/// The program whose key it is.
pub(super) async fn of_key(state: &AppState, visitor: Visitor, key: &Secret) -> Result<Caller, Problem> {
    let accounts = state.doors.accounts();
    let program = accounts.api_keys().authenticate(&visitor.context(), key).await?;
    // What a key may do is what its scopes name.
    let principal = program.principal().roles([Role::Owner.as_str()]);
    Ok(Caller {
        visitor,
        workspace: program.workspace,
        principal,
        roles: Roles::of([]),
        alive: None,
        is_of_administrator: program.is_of_administrator,
    })
}

/// The person whose session it is, with their roles where they have to be a member.
pub(super) async fn of_session(
    state: &AppState,
    visitor: Visitor,
    alive: Alive,
    workspace: WorkspaceId,
    is_member: bool,
) -> Result<Caller, Problem> {
    let mut principal = Principal::user(alive.user.to_string(), workspace.to_string())
        .authenticated(alive.assurance, alive.authenticated_at);
    let mut roles = Roles::of([]);
    if is_member {
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
        is_of_administrator: alive.is_administrator,
        alive: Some(alive),
    })
}

/// The living session behind the access token of a request; `None` where none is shown, or one that is good no more.
///
/// # Errors
/// `ForeignOrigin` for the cookie on a page of others, `Forbidden` for an API key, and what keeps the database from
/// answering.
pub(crate) async fn signed_in(
    state: &AppState,
    visitor: &Visitor,
    headers: &HeaderMap,
) -> Result<Option<Alive>, Problem> {
    let shown = match credentials(headers, &Method::POST, is_https(state, headers)) {
        Ok(None) => return Ok(None),
        Ok(Some(Shown::Key(_))) => Err(needs_person()),
        Ok(Some(Shown::Token(token))) => session(&state.doors, visitor, &token).await,
        Err(problem) => Err(problem),
    };
    match shown {
        Ok((alive, _)) => Ok(Some(alive)),
        Err(problem) if problem.kind() == ProblemKind::Unauthenticated => Ok(None),
        Err(problem) => Err(problem),
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

pub(super) fn decide(state: &AppState, access: Access, caller: &Caller) -> Result<(), Problem> {
    let doors = &state.doors.inner;
    match access {
        Access::Public | Access::SignIn | Access::Session => Ok(()),
        Access::Person => caller.user().map(drop),
        Access::Workspace(permission) => by_policy(state, &doors.crm, permission, caller),
        Access::Server(right) => by_policy(state, &doors.server, right, caller),
        Access::Installation(_) | Access::Nearby(_) if !caller.is_of_administrator => {
            Err(Problem::new(ProblemKind::Forbidden))
        }
        Access::Installation(right) | Access::Nearby(right) => match caller.alive() {
            Some(_) => Ok(()),
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
pub(crate) fn also(state: &AppState, access: impl Into<Access>, caller: &Caller) -> Result<(), Problem> {
    decide(state, access.into(), caller)
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
