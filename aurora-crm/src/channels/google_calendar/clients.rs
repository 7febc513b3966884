//! A client for each link, so that its access token serves more than one job.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use aurora_core::access;
use aurora_core::access::seal::{Sealed, Sealer};
use aurora_core::secret::Secret;

use super::client::{Google, GoogleClient};
use super::input::LinkCredentials;
use super::link::{CalendarLinkId, place};
use super::sql::links::Stored;
use crate::error::{Error, ErrorKind};
use crate::workspaces::WorkspaceId;

/// The most clients that are kept.
const MOST: usize = 1_000;

type Kept = HashMap<(WorkspaceId, CalendarLinkId), (String, GoogleClient)>;

/// Makes and keeps clients; a cheap handle.
#[derive(Clone)]
pub(super) struct Clients {
    google: Google,
    sealer: Sealer,
    kept: Arc<Mutex<Kept>>,
}

impl Clients {
    pub(super) fn new(google: Google, sealer: Sealer) -> Self {
        Self {
            google,
            sealer,
            kept: Arc::default(),
        }
    }

    pub(super) async fn seal(
        &self,
        workspace: WorkspaceId,
        link: CalendarLinkId,
        secret: &Secret,
    ) -> Result<String, Error> {
        let sealed = self.sealer.seal_text(&place(workspace, link), secret).await;
        Ok(sealed.map_err(unsealed)?.to_string())
    }

    /// The client of a link, with the credentials that it has now.
    pub(super) async fn of(&self, workspace: WorkspaceId, stored: &Stored) -> Result<GoogleClient, Error> {
        let key = (workspace, stored.link.id);
        let found = {
            let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
            let same = kept.get(&key).filter(|(sealed, _)| *sealed == stored.credentials);
            same.map(|(_, client)| client.clone())
        };
        if let Some(client) = found {
            return Ok(client);
        }
        let sealed: Sealed = stored.credentials.parse().map_err(unsealed)?;
        let text = self
            .sealer
            .open_text(&place(workspace, stored.link.id), &sealed)
            .await;
        let credentials = LinkCredentials::open(&stored.credential_kind, text.map_err(unsealed)?)?;
        let client = self.google.client(credentials);
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() >= MOST {
            // Whose turn it was is not worth remembering: another token is one call.
            kept.clear();
        }
        kept.insert(key, (stored.credentials.clone(), client.clone()));
        Ok(client)
    }
}

/// What the caller can do about it; what exactly it is stands in the log.
fn unsealed(error: access::Error) -> Error {
    tracing::warn!(%error, "the credentials of a calendar cannot be sealed or opened");
    let kind = if error.is_retryable() {
        ErrorKind::Unavailable
    } else {
        ErrorKind::Unsealable
    };
    Error::new(kind)
}

impl fmt::Debug for Clients {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Clients").finish_non_exhaustive()
    }
}
