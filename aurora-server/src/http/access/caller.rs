//! Who calls, as handlers see it.

use std::convert::Infallible;
use std::net::IpAddr;

use aurora_core::access::policy::{Kind, Principal};
use aurora_crm::Context;
use aurora_crm::accounts::{Alive, SessionId, UserId};
use aurora_crm::clients::OwnerId;
use aurora_crm::workspaces::{Roles, WorkspaceId};
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::http::RequestId;
use crate::http::layers::origin::Origin;
use crate::http::problem::{Problem, ProblemKind};

/// Whoever calls a route that asks for no credentials.
#[derive(Debug, Clone)]
pub(crate) struct Visitor {
    pub(crate) request_id: RequestId,
    /// The client's address, as far as the trusted proxies tell it.
    pub(crate) origin: Option<IpAddr>,
}

impl Visitor {
    /// The context of what belongs to no workspace, such as a login.
    pub(crate) fn context(&self) -> Context {
        let context = Context::installation("visitor").request_id(self.request_id.as_str());
        match self.origin {
            Some(address) => context.origin(address),
            None => context,
        }
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Visitor {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Infallible> {
        Ok(Self {
            request_id: RequestId::from_request_parts(parts, state).await?,
            origin: parts.extensions.get::<Origin>().and_then(|it| it.0),
        })
    }
}

/// A caller who has been let in.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(super) visitor: Visitor,
    /// The workspace that the call acts in.
    pub(super) workspace: WorkspaceId,
    pub(super) principal: Principal,
    pub(super) roles: Roles,
    /// The session of a person; `None` for programs, and while the doors are open.
    pub(super) alive: Option<Alive>,
    /// Whether they look after the whole installation, or hold a key that was made by somebody who does.
    pub(super) is_of_administrator: bool,
}

impl Caller {
    /// The first argument of every call of the domain.
    pub(crate) fn context(&self) -> Context {
        let context =
            Context::new(self.workspace, self.principal.id()).request_id(self.visitor.request_id.as_str());
        match self.visitor.origin {
            Some(address) => context.origin(address),
            None => context,
        }
    }

    pub(crate) const fn workspace(&self) -> WorkspaceId {
        self.workspace
    }

    pub(crate) const fn request_id(&self) -> &RequestId {
        &self.visitor.request_id
    }

    /// Who it is, for decisions of a policy.
    pub(crate) const fn principal(&self) -> &Principal {
        &self.principal
    }

    /// The roles in the workspace.
    pub(crate) const fn roles(&self) -> &Roles {
        &self.roles
    }

    /// The person's session; `None` for programs and while the doors are open.
    pub(crate) const fn alive(&self) -> Option<&Alive> {
        self.alive.as_ref()
    }

    /// Whether they look after the whole installation: administrators, and whoever comes through open doors.
    pub(crate) fn looks_after_all(&self) -> bool {
        match &self.alive {
            Some(alive) => alive.is_administrator,
            None => self.principal.kind() == Kind::Service,
        }
    }

    /// The person.
    ///
    /// # Errors
    /// `Forbidden` when a program calls.
    pub(crate) fn user(&self) -> Result<UserId, Problem> {
        self.alive.as_ref().map(|it| it.user).ok_or_else(needs_person)
    }

    /// The person as the CRM names it in what it keeps; `None` for programs.
    pub(crate) fn person(&self) -> Option<OwnerId> {
        self.alive.as_ref().map(|it| OwnerId::from_uuid(it.user.uuid()))
    }

    /// The session of the person.
    ///
    /// # Errors
    /// `Forbidden` when a program calls.
    pub(crate) fn session(&self) -> Result<SessionId, Problem> {
        self.alive.as_ref().map(|it| it.session).ok_or_else(needs_person)
    }
}

pub(super) fn needs_person() -> Problem {
    Problem::new(ProblemKind::Forbidden).detail("this takes a person who is signed in")
}

impl<S: Send + Sync> FromRequestParts<S> for Caller {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        // Only a route that is open to everybody has no caller; its handler asks for a visitor.
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or_else(|| Problem::new(ProblemKind::Internal))
    }
}
