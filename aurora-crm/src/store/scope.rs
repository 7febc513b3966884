use aurora_core::store::Scope;

use crate::context::Context;

/// Read by the policies of row-level security.
const WORKSPACE: &str = "aurora.workspace";
const DIRECTORY: &str = "aurora.directory";

/// Whose rows a transaction works on.
pub(crate) trait Scoped {
    /// The settings that row-level security goes by.
    fn scope(&self) -> Scope;
}

/// The rows of one workspace.
impl Scoped for Context {
    fn scope(&self) -> Scope {
        Scope::new().id(WORKSPACE, self.workspace.uuid())
    }
}

/// The list of workspaces, and nothing that is in them: for jobs that then visit each of them.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Directory;

impl Scoped for Directory {
    fn scope(&self) -> Scope {
        Scope::new().on(DIRECTORY)
    }
}

/// The memberships of one user and the names of those workspaces, and nothing that is in them.
#[cfg(feature = "access")]
#[derive(Debug, Clone, Copy)]
pub(crate) struct OfUser(pub(crate) uuid::Uuid);

#[cfg(feature = "access")]
impl Scoped for OfUser {
    fn scope(&self) -> Scope {
        Scope::new().id("aurora.user_id", self.0)
    }
}
