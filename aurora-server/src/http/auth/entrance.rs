//! What everybody who comes in gets: tokens for one of their workspaces.

use aurora_core::secret::Secret;
use aurora_crm::accounts::{Proof, Session, User};
use aurora_crm::workspaces::{Membership, WorkspaceId};
use axum::response::{IntoResponse as _, Response};

use super::cookies::Jar;
use super::views::{LoginAnswer, SessionView, Tokens};
use crate::http::problem::{FieldError, Problem, ProblemKind};
use crate::http::workspaces::MembershipView;
use crate::state::AppState;

/// Somebody who has come in.
pub(super) struct Entering {
    pub(super) user: User,
    pub(super) session: Session,
    pub(super) refresh_token: Secret,
    /// `None` after a refresh.
    pub(super) device: Option<Secret>,
    pub(super) memberships: Vec<Membership>,
    /// The workspace that calls act in.
    pub(super) workspace: Option<WorkspaceId>,
}

/// The workspace that calls of somebody act in who wishes for none: the one that they joined first, so that no other who
/// takes them in leads their calls away from it.
pub(super) fn usual(memberships: &[Membership]) -> Option<WorkspaceId> {
    let first = memberships
        .iter()
        .min_by_key(|it| (it.joined_at, it.workspace.id));
    first.map(|it| it.workspace.id)
}

/// An access token, and the seconds for which it is good. Whoever is in no workspace has a token all the same: it names
/// one in which they have no role.
pub(super) fn access_token(
    state: &AppState,
    session: &Session,
    workspace: Option<WorkspaceId>,
) -> Result<(Secret, u64), Problem> {
    let issuer = state.doors.issuer();
    let tenant = workspace.unwrap_or(state.workspace);
    let grant = session.grant(tenant, state.doors.policy().version());
    let issued = issuer.issue(&grant);
    let issued = issued.map_err(|error| Problem::new(ProblemKind::Internal).caused_by(error))?;
    Ok((issued.token, issuer.life().as_secs()))
}

/// The tokens, as JSON or as cookies.
pub(super) fn tokens(
    state: &AppState,
    entering: Entering,
    jar: &Jar<'_>,
    with_cookies: bool,
) -> Result<Response, Problem> {
    let (access, life) = access_token(state, &entering.session, entering.workspace)?;
    let left = entering.session.expires_at.since(state.clock.now()).as_secs();
    let text = |secret: &Secret| (!with_cookies).then(|| secret.expose().to_owned());
    let current = entering.session.id;
    let chosen = |it: &&Membership| Some(it.workspace.id) == entering.workspace;
    let body = LoginAnswer::Tokens(Tokens {
        access_token: text(&access),
        token_type: "Bearer",
        expires_in: life,
        refresh_token: text(&entering.refresh_token),
        device: entering.device.as_ref().and_then(text),
        session: SessionView::new(entering.session, current),
        user: entering.user.into(),
        workspace: entering
            .memberships
            .iter()
            .find(chosen)
            .map(|it| it.workspace.clone().into()),
        workspaces: entering
            .memberships
            .into_iter()
            .map(MembershipView::from)
            .collect(),
    });
    let mut response = axum::Json(body).into_response();
    if with_cookies {
        jar.set_access(&mut response, access.expose(), life);
        jar.set_refresh(&mut response, entering.refresh_token.expose(), left);
        if let Some(device) = &entering.device {
            jar.set_device(&mut response, device.expose());
        }
    }
    Ok(response)
}

/// The second factor that a body shows; `None` where it shows none.
///
/// # Errors
/// `Invalid` when it shows two.
pub(super) fn proof(code: Option<Secret>, recovery_code: Option<Secret>) -> Result<Option<Proof>, Problem> {
    match (code, recovery_code) {
        (None, None) => Ok(None),
        (Some(code), None) => Ok(Some(Proof::Code(code))),
        (None, Some(code)) => Ok(Some(Proof::RecoveryCode(code))),
        (Some(_), Some(_)) => {
            let error = FieldError::new("recovery_code", "not_allowed", "must not stand beside code");
            Err(Problem::new(ProblemKind::Invalid).errors([error]))
        }
    }
}
