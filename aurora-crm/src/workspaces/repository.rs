use std::fmt::Debug;

use async_trait::async_trait;

use super::Workspace;
use crate::context::Context;
use crate::error::Error;

/// Where workspaces are kept.
///
/// An implementation is held to `workspace_repository_contract` (feature `testing`).
#[async_trait]
pub trait WorkspaceRepository: Debug + Send + Sync + 'static {
    /// Stores a new workspace.
    ///
    /// # Errors
    /// What keeps the database from storing it.
    async fn insert(&self, workspace: &Workspace) -> Result<(), Error>;

    /// The workspace of the context.
    ///
    /// # Errors
    /// `NotFound` when it does not exist.
    async fn get(&self, context: &Context) -> Result<Workspace, Error>;
}
