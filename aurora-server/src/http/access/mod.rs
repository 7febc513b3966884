//! Who may call what: every route says what it takes, and [`guard`] asks for it before the handler runs.

mod caller;
mod doors;
mod guard;
mod rights;
mod shown;
mod standing;

use aurora_core::access::policy::Permission as _;
use aurora_crm::workspaces::CrmPermission;

pub(crate) use caller::{Caller, Visitor};
pub(crate) use doors::{Doors, Keys, accounts};
pub(crate) use guard::{also, by_query, guard, signed_in};
pub(crate) use rights::Right;
pub(crate) use shown::{access_cookie, cookie, is_foreign, is_https, is_same_origin};
pub(crate) use standing::Standing;

/// What it takes to call a route.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    /// Nothing.
    Public,
    /// Nothing, at the pace of sign-in: five a minute and a hundred an hour for an address unless set otherwise.
    SignIn,
    /// What is left of a session, such as its refresh token: the handler looks at it, and counts it.
    Session,
    /// A person who is signed in, in whatever workspace.
    Person,
    /// A permission of the CRM in the workspace that the call selects.
    Workspace(CrmPermission),
    /// A right of the server in the workspace that the call selects.
    Server(Right),
    /// A right over the whole installation: administrators, and keys of the first workspace that carry it and that
    /// they made.
    Installation(Right),
    /// As [`Access::Installation`], and calls from this machine that came through no proxy.
    Nearby(Right),
    /// An administrator who showed a second factor in the last ten minutes.
    Administrator,
}

impl From<CrmPermission> for Access {
    fn from(permission: CrmPermission) -> Self {
        Self::Workspace(permission)
    }
}

impl Access {
    /// The permission that the description of the API names; `None` for what needs no credentials.
    pub(crate) fn name(self) -> Option<&'static str> {
        match self {
            Self::Public | Self::SignIn | Self::Session => None,
            Self::Person => Some("person"),
            Self::Workspace(permission) => Some(permission.as_str()),
            Self::Server(right) | Self::Installation(right) | Self::Nearby(right) => Some(right.as_str()),
            Self::Administrator => Some("administrator"),
        }
    }
}
