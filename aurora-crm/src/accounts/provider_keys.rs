//! Provider keys: the secrets by which a workspace uses LLM providers and other services, sealed at rest.

use std::fmt;

use aurora_core::access::seal::{Place, Sealed, Sealer};
use aurora_core::id::{Id, IdKind};
use aurora_core::secret::Secret;
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Accounts, sql};
use crate::context::Context;
use crate::error::Error;
use crate::fields::Fields;
use crate::store::Store;
use crate::workspaces::WorkspaceId;

/// How long a secret is at least before four letters of it are shown.
const HINTED_FROM: usize = 20;
/// Most bytes of a secret; tokens of services stay far below.
const LONGEST: usize = 8 * 1_024;
/// Most providers of one workspace.
pub(super) const MOST: u32 = 100;

/// Names a provider key: `pvk_` and 32 hexadecimal digits.
pub type ProviderKeyId = Id<ProviderKey>;

/// What is known of a provider's key; the secret itself is not part of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ProviderKey {
    /// Its name for programs.
    pub id: ProviderKeyId,
    /// Whose it is, such as `openai`.
    pub provider: String,
    /// The last four letters of a secret of 20 letters and more, after `…`; else `…` alone.
    pub hint: String,
    /// Grows by one with each change; 1 when new.
    pub version: i64,
    /// When the first key of this provider was stored.
    pub created_at: Timestamp,
    /// When it was last replaced.
    pub updated_at: Timestamp,
}

impl IdKind for ProviderKey {
    const PREFIX: &'static str = "pvk";
}

/// What can be done with provider keys; a cheap handle.
#[derive(Clone)]
pub struct ProviderKeys {
    store: Store,
    sealer: Sealer,
}

impl Accounts {
    /// The provider keys of workspaces.
    #[must_use]
    pub fn provider_keys(&self) -> ProviderKeys {
        ProviderKeys {
            store: self.inner.store.clone(),
            sealer: self.inner.sealer.clone(),
        }
    }
}

impl ProviderKeys {
    /// Stores the key of a provider, in place of the one before. `provider` has 1 to 40 of `a-z`, `0-9`, `-` and `_`.
    ///
    /// # Errors
    /// `Invalid` with every wrong field, also when the workspace has 100 already; `NotFound` when there is no such
    /// workspace; `Unavailable` when the keeper of the system's keys does not answer.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the key either stored or not stored.
    pub async fn set(
        &self,
        context: &Context,
        provider: &str,
        secret: &Secret,
    ) -> Result<ProviderKey, Error> {
        let work = async {
            check(provider, secret)?;
            let now = self.store.now();
            let place = place_of(context.workspace, provider);
            let sealed = self.sealer.seal_text(&place, secret).await?;
            let new = ProviderKey {
                id: ProviderKeyId::new(now),
                provider: provider.to_owned(),
                hint: hint(secret),
                version: 1,
                created_at: now,
                updated_at: now,
            };
            let stored = sql::set_provider_key(&self.store, context, &new, &sealed).await?;
            stored.ok_or_else(|| {
                let mut fields = Fields::default();
                fields.refuse("provider", "too_many", format_args!("there are {MOST} already"));
                fields
                    .finish(())
                    .err()
                    .unwrap_or(Error::not_found("provider key"))
            })
        };
        self.store.run(context, "provider_keys.set", work).await
    }

    /// The workspace's provider keys, at most 100, by provider, without the secrets.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn list(&self, context: &Context) -> Result<Vec<ProviderKey>, Error> {
        let work = sql::provider_keys(&self.store, context);
        self.store.run(context, "provider_keys.list", work).await
    }

    /// The secret, to call the provider with.
    ///
    /// # Errors
    /// `NotFound` when the workspace has none of this provider; `Unsealable` when the system's keys do not open it, which
    /// leaves it as it is; `Unavailable` when the keeper of the keys does not answer.
    ///
    /// # Cancel safety
    /// Drop it at any time.
    pub async fn reveal(&self, context: &Context, provider: &str) -> Result<Secret, Error> {
        let work = async {
            if !is_provider(provider) {
                return Err(Error::not_found("provider key"));
            }
            let sealed = sql::provider_secret(&self.store, context, provider).await?;
            let sealed: Sealed = sealed.ok_or(Error::not_found("provider key"))?;
            let place = place_of(context.workspace, provider);
            Ok(self.sealer.open_text(&place, &sealed).await?)
        };
        self.store.run(context, "provider_keys.reveal", work).await
    }

    /// Deletes the key of a provider.
    ///
    /// # Errors
    /// `NotFound` when the workspace has none of this provider.
    pub async fn delete(&self, context: &Context, provider: &str) -> Result<(), Error> {
        let work = async {
            let known = is_provider(provider);
            if known && sql::delete_provider_key(&self.store, context, provider, self.store.now()).await? {
                Ok(())
            } else {
                Err(Error::not_found("provider key"))
            }
        };
        self.store.run(context, "provider_keys.delete", work).await
    }
}

impl fmt::Debug for ProviderKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ProviderKeys").finish_non_exhaustive()
    }
}

/// The provider never changes for a key, and there is one key of it: it names the row.
pub(super) fn place_of(workspace: WorkspaceId, provider: &str) -> Place {
    Place::new("provider_keys", workspace, provider, "secret")
}

fn check(provider: &str, secret: &Secret) -> Result<(), Error> {
    let mut fields = Fields::default();
    if !is_provider(provider) {
        fields.refuse("provider", "invalid", "must have 1 to 40 of a-z, 0-9, - and _");
    }
    let text = secret.expose();
    if text.is_empty() {
        fields.refuse("secret", "required", "must not be empty");
    } else if text.len() > LONGEST {
        fields.refuse(
            "secret",
            "too_long",
            format_args!("must have at most {LONGEST} bytes"),
        );
    } else if text.chars().any(|it| it.is_control() || it.is_whitespace()) {
        fields.refuse(
            "secret",
            "invalid",
            "must have no blanks and no control characters",
        );
    }
    fields.finish(())
}

fn is_provider(text: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-_".contains(&byte);
    (1..=40).contains(&text.len()) && text.bytes().all(is_plain)
}

fn hint(secret: &Secret) -> String {
    let letters: Vec<char> = secret.expose().chars().collect();
    let shown = letters.iter().rev().take(4).rev();
    match letters.len() {
        HINTED_FROM.. => std::iter::once(&'…').chain(shown).collect(),
        _ => "…".to_owned(),
    }
}
