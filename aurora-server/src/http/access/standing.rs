//! What let a caller in, to be asked again while a stream or a socket of theirs lasts.

use aurora_core::secret::Secret;

use super::Access;
use super::caller::Caller;
use super::guard::{decide, of_key, of_session};
use super::shown::Shown;
use crate::http::problem::Problem;
use crate::state::AppState;

/// Put beside the caller by the guard.
#[derive(Debug, Clone)]
pub(crate) struct Standing {
    access: Access,
    proof: Proof,
}

#[derive(Debug, Clone)]
pub(super) enum Proof {
    /// The doors are open.
    Open,
    /// A session outlives the tokens that are issued for it.
    Session,
    Key(Secret),
}

impl From<Shown> for Proof {
    fn from(shown: Shown) -> Self {
        match shown {
            Shown::Token(_) => Self::Session,
            Shown::Key(key) => Self::Key(key),
        }
    }
}

impl Standing {
    pub(super) const fn new(access: Access, proof: Proof) -> Self {
        Self { access, proof }
    }

    /// The caller as they are now, if what let them in still does: session or key, membership, roles, and the right that the
    /// route takes. What is asked of the database is kept for a second, as with requests.
    ///
    /// # Errors
    /// As the guard of the route; a fault of ours when it cannot be known.
    pub(crate) async fn again(&self, state: &AppState, caller: &Caller) -> Result<Caller, Problem> {
        let visitor = caller.visitor.clone();
        let now = match (&self.proof, caller.alive()) {
            (Proof::Open, _) => return Ok(caller.clone()),
            (Proof::Key(key), _) => of_key(state, visitor, key).await?,
            (Proof::Session, Some(alive)) => {
                let accounts = state.doors.accounts();
                let alive = accounts.check(&visitor.context(), alive.session).await?;
                let is_member = !caller.roles.is_empty();
                of_session(state, visitor, alive, caller.workspace, is_member).await?
            }
            (Proof::Session, None) => return Err(Problem::refused_credentials()),
        };
        decide(state, self.access, &now)?;
        Ok(now)
    }
}
