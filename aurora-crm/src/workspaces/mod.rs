//! Tenants: everything else belongs to exactly one workspace.

mod input;
#[cfg(feature = "access")]
mod invitations;
#[cfg(feature = "access")]
mod members;
#[cfg(feature = "access")]
mod policy;
mod sql;
#[cfg(test)]
mod tests;

use std::str::FromStr;

use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use crate::context::Context;
use crate::error::Error;
use crate::store::{Directory, Store};

pub use self::input::{NewWorkspace, WorkspaceChange};
#[cfg(all(test, feature = "access"))]
pub(crate) use self::invitations::STATEMENTS as INVITATION_STATEMENTS;
#[cfg(feature = "access")]
pub use self::invitations::{
    Invitation, InvitationId, InvitationStatus, Invitations, Invited, NewInvitation,
};
#[cfg(all(test, feature = "access"))]
pub(crate) use self::members::STATEMENTS as MEMBER_STATEMENTS;
#[cfg(feature = "access")]
pub use self::members::{Member, MemberStatus, Members, Membership, Role, Roles};
#[cfg(feature = "access")]
pub use self::policy::{CrmPermission, default_policy, may_assign};
#[cfg(test)]
pub(crate) use self::sql::ALL as STATEMENTS;
pub(crate) use self::sql::hold;

/// Names a workspace: `wsp_` and 32 hexadecimal digits.
pub type WorkspaceId = Id<Workspace>;

/// One tenant: a company's CRM, or a clinic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Workspace {
    /// Its name for programs.
    pub id: WorkspaceId,
    /// What kind of house it is.
    pub kind: WorkspaceKind,
    /// Its name for people.
    pub name: String,
    /// Its IANA time zone, such as `America/Sao_Paulo`.
    pub time_zone: String,
    /// The language that people are written to in, as a BCP 47 tag such as `pt-BR`.
    pub locale: String,
    /// Grows by one with each change; 1 when new.
    pub version: i64,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// When it was closed; nobody has a role in it any more.
    pub closed_at: Option<Timestamp>,
}

impl IdKind for Workspace {
    const PREFIX: &'static str = "wsp";
}

/// What kind of house a workspace is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum WorkspaceKind {
    /// A company that looks after its customers.
    Company,
    /// A clinic that looks after its patients.
    Clinic,
}

impl WorkspaceKind {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Company => "company",
            Self::Clinic => "clinic",
        }
    }
}

impl FromStr for WorkspaceKind {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "company" => Ok(Self::Company),
            "clinic" => Ok(Self::Clinic),
            _ => Err("a workspace is a company or a clinic"),
        }
    }
}

/// What can be done with workspaces; a cheap handle.
#[derive(Debug, Clone)]
pub struct Workspaces {
    store: Store,
}

impl Workspaces {
    pub(crate) const fn new(store: Store) -> Self {
        Self { store }
    }

    /// Makes a workspace. It takes no context: this is where tenants come from, for whoever may make them.
    ///
    /// # Errors
    /// `Invalid` with every wrong field; otherwise what keeps the database from storing it.
    pub async fn create(&self, new: NewWorkspace) -> Result<Workspace, Error> {
        self.ensure(WorkspaceId::new(self.store.now()), new).await
    }

    /// Makes a workspace that somebody owns from its first moment on.
    ///
    /// # Errors
    /// As [`Workspaces::create`].
    ///
    /// # Cancel safety
    /// Dropping the future leaves both, the workspace and its owner, or neither.
    #[cfg(feature = "access")]
    pub async fn create_owned(
        &self,
        new: NewWorkspace,
        owner: crate::accounts::UserId,
    ) -> Result<Workspace, Error> {
        let now = self.store.now();
        let workspace = new.check(WorkspaceId::new(now), now)?;
        let context = Context::new(workspace.id, owner.to_string());
        sql::insert_owned(&self.store, &context, &workspace, owner).await?;
        Ok(workspace)
    }

    /// The workspace of this id, made of `new` when there is none yet, also when several try at once.
    ///
    /// # Errors
    /// `Invalid` with every wrong field; otherwise what keeps the database from storing it.
    pub async fn ensure(&self, id: WorkspaceId, new: NewWorkspace) -> Result<Workspace, Error> {
        let workspace = new.check(id, self.store.now())?;
        let context = Context::new(id, "installation");
        if sql::insert(&self.store, &context, &workspace).await? {
            return Ok(workspace);
        }
        sql::get(&self.store, &context).await
    }

    /// The workspace of the context.
    ///
    /// # Errors
    /// `NotFound` when it does not exist.
    pub async fn get(&self, context: &Context) -> Result<Workspace, Error> {
        self.store
            .run(context, "workspaces.get", sql::get(&self.store, context))
            .await
    }

    /// Changes a workspace that is still at the version that the caller has seen.
    ///
    /// # Errors
    /// `NotFound`, also when it is closed; `Conflict` with the stored version when somebody was faster; `Invalid` with
    /// every wrong field.
    pub async fn update(
        &self,
        context: &Context,
        expected_version: i64,
        change: WorkspaceChange,
    ) -> Result<Workspace, Error> {
        let work = async {
            let current = self.open(context, expected_version).await?;
            let changed = change.apply(&current, self.store.now())?;
            sql::update(&self.store, context, &changed, "workspace.updated").await?;
            Ok(changed)
        };
        self.store.run(context, "workspaces.update", work).await
    }

    /// Closes a workspace that is still at the version that the caller has seen: from then on nobody has a role in it, and
    /// members and invitations cannot be changed. What is in it stays, for as long as it has to be kept.
    ///
    /// # Errors
    /// `NotFound`, also when it is closed already; `Conflict` with the stored version when somebody was faster.
    pub async fn close(&self, context: &Context, expected_version: i64) -> Result<Workspace, Error> {
        let work = async {
            let mut closed = self.open(context, expected_version).await?;
            closed.updated_at = self.store.now().max(closed.updated_at);
            closed.closed_at = Some(closed.updated_at);
            closed.version = closed.version.saturating_add(1);
            sql::update(&self.store, context, &closed, "workspace.closed").await?;
            Ok(closed)
        };
        self.store.run(context, "workspaces.close", work).await
    }

    /// The workspace, if it is open and at this version.
    async fn open(&self, context: &Context, expected_version: i64) -> Result<Workspace, Error> {
        let current = sql::get(&self.store, context).await?;
        if current.closed_at.is_some() {
            return Err(Error::not_found("workspace"));
        }
        if current.version != expected_version {
            return Err(Error::conflict("workspace", current.version));
        }
        Ok(current)
    }

    /// The ids of all workspaces, closed ones too, after `after`, in order and at most 200 at once, for jobs that visit
    /// each of them.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn ids(&self, after: Option<WorkspaceId>) -> Result<Vec<WorkspaceId>, Error> {
        sql::ids(&self.store, Directory, after).await
    }
}
