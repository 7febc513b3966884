//! Tokens, sealed for the row that they are in.

use aurora_core::access::seal::{Place, Sealed, Sealer};
use aurora_core::secret::Secret;

use crate::channels::ChannelId;
use crate::error::Error;
use crate::workspaces::WorkspaceId;

/// Seals and opens for the numbers of all workspaces.
#[derive(Debug, Clone)]
pub(in crate::channels::whatsapp) struct Tokens(pub(in crate::channels::whatsapp) Sealer);

impl Tokens {
    pub(super) async fn seal(
        &self,
        workspace: WorkspaceId,
        id: ChannelId,
        token: &Secret,
    ) -> Result<String, Error> {
        Ok(self.0.seal_text(&place(workspace, id), token).await?.to_string())
    }

    pub(in crate::channels::whatsapp) async fn open(
        &self,
        workspace: WorkspaceId,
        id: ChannelId,
        sealed: &str,
    ) -> Result<Secret, Error> {
        let sealed: Sealed = sealed.parse()?;
        Ok(self.0.open_text(&place(workspace, id), &sealed).await?)
    }

    /// The same token under the current key of the system; none when it is so already.
    pub(super) async fn rewrap(
        &self,
        workspace: WorkspaceId,
        id: ChannelId,
        sealed: &str,
    ) -> Result<Option<String>, Error> {
        let sealed: Sealed = sealed.parse()?;
        if !self.0.needs_rotation(&sealed) {
            return Ok(None);
        }
        Ok(Some(
            self.0.rewrap(&place(workspace, id), &sealed).await?.to_string(),
        ))
    }
}

fn place(workspace: WorkspaceId, id: ChannelId) -> Place {
    Place::new("whatsapp_numbers", workspace, id, "token")
}
