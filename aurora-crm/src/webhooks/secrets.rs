//! Secrets and header values, sealed for the row that they are in.

use std::collections::BTreeMap;

use aurora_core::access::{self, seal};
use aurora_core::secret::Secret;
use aurora_core::webhook::SigningKey;
use seal::{Sealed, Sealer};

use super::{EndpointId, place};
use crate::error::{Error, ErrorKind};
use crate::workspaces::WorkspaceId;

/// Seals and opens for the endpoints of all workspaces.
#[derive(Debug, Clone)]
pub(super) struct Secrets(pub(super) Sealer);

impl Secrets {
    /// A new secret, in clear and sealed.
    pub(super) async fn generate(
        &self,
        workspace: WorkspaceId,
        endpoint: EndpointId,
    ) -> Result<(Secret, String), Error> {
        let secret = SigningKey::generate().map_err(unsealed)?;
        let place = place(workspace, endpoint, "secret");
        let sealed = self.0.seal_text(&place, &secret).await.map_err(unsealed)?;
        Ok((secret, sealed.to_string()))
    }

    /// The key of a secret. The one before it was sealed for the same field, and stays so when it is moved aside.
    pub(super) async fn key(
        &self,
        workspace: WorkspaceId,
        endpoint: EndpointId,
        sealed: &str,
    ) -> Result<SigningKey, Error> {
        let secret = self.open(workspace, endpoint, "secret", sealed).await?;
        SigningKey::parse(&secret).map_err(|_| Error::new(ErrorKind::Internal))
    }

    /// The values of headers; `None` when there are no headers.
    pub(super) async fn seal_headers(
        &self,
        workspace: WorkspaceId,
        endpoint: EndpointId,
        headers: &[(String, Secret)],
    ) -> Result<Option<String>, Error> {
        if headers.is_empty() {
            return Ok(None);
        }
        let values: BTreeMap<&str, &str> = headers
            .iter()
            .map(|(name, value)| (name.as_str(), value.expose()))
            .collect();
        let text = serde_json::to_string(&values).map_err(|_| Error::new(ErrorKind::Internal))?;
        let place = place(workspace, endpoint, "headers");
        let sealed = self.0.seal_text(&place, &Secret::new(text)).await;
        Ok(Some(sealed.map_err(unsealed)?.to_string()))
    }

    pub(super) async fn headers(
        &self,
        workspace: WorkspaceId,
        endpoint: EndpointId,
        sealed: Option<&str>,
    ) -> Result<BTreeMap<String, Secret>, Error> {
        let Some(sealed) = sealed else {
            return Ok(BTreeMap::new());
        };
        let text = self.open(workspace, endpoint, "headers", sealed).await?;
        serde_json::from_str(text.expose()).map_err(|_| Error::new(ErrorKind::Internal))
    }

    async fn open(
        &self,
        workspace: WorkspaceId,
        endpoint: EndpointId,
        field: &'static str,
        sealed: &str,
    ) -> Result<Secret, Error> {
        let sealed: Sealed = sealed.parse().map_err(unsealed)?;
        let place = place(workspace, endpoint, field);
        self.0.open_text(&place, &sealed).await.map_err(unsealed)
    }
}

/// What the caller can do about it; what exactly it is stands in the log.
fn unsealed(error: access::Error) -> Error {
    tracing::warn!(%error, "the secret of a webhook cannot be sealed or opened");
    let kind = if error.is_retryable() {
        ErrorKind::Unavailable
    } else {
        ErrorKind::Internal
    };
    Error::new(kind)
}
