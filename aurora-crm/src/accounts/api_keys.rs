//! API keys: programs that act in a workspace.

use std::collections::BTreeSet;

use aurora_core::access::api_key::{ApiKey as Drawn, KeyHash, StoredKey};
use aurora_core::access::policy::Principal;
use aurora_core::id::{Id, IdKind};
use aurora_core::page::{Page, PageRequest};
use aurora_core::secret::Secret;
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Accounts, sql};
use crate::context::{Context, INSTALLATION};
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;
use crate::store::Store;
use crate::workspaces::WorkspaceId;

const MAX_SCOPES: usize = 64;

/// Names an API key: `key_` and 32 hexadecimal digits.
pub type ApiKeyId = Id<ApiKey>;

/// What is known of an API key; the key itself was shown once.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ApiKey {
    /// Its name for programs.
    pub id: ApiKeyId,
    /// What it is for, in its owner's words.
    pub name: String,
    /// Its first letters, by which its owner knows it again.
    pub prefix: String,
    /// The permissions that it carries, by name; those that its roles do not have it does not have either.
    pub scopes: BTreeSet<String>,
    /// Who made it: the principal of that call.
    pub created_by: String,
    /// When it was made.
    pub created_at: Timestamp,
    /// The first instant at which it is not accepted; never when absent.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

impl IdKind for ApiKey {
    const PREFIX: &'static str = "key";
}

/// An API key to be made.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewApiKey {
    name: String,
    #[serde(default)]
    scopes: Vec<String>,
    #[serde(default)]
    expires_at: Option<Timestamp>,
}

impl NewApiKey {
    /// A key that carries no permission yet and does not expire. `name` says what it is for, in up to 100 characters.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            scopes: Vec::new(),
            expires_at: None,
        }
    }

    /// One more permission, such as `client:read`.
    #[must_use]
    pub fn scope(mut self, permission: impl Into<String>) -> Self {
        self.scopes.push(permission.into());
        self
    }

    /// Ends it at `time`.
    #[must_use]
    pub fn expires_at(mut self, time: Timestamp) -> Self {
        self.expires_at = Some(time);
        self
    }

    fn check(self, key: &Drawn, context: &Context, now: Timestamp) -> Result<ApiKey, Error> {
        let mut fields = Fields::default();
        let name = fields.line("name", &self.name, 100);
        let scopes = fields.list("scopes", &self.scopes, MAX_SCOPES, |fields, field, text| {
            let is_plain =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b":_.-".contains(&byte);
            if (1..=64).contains(&text.len()) && text.bytes().all(is_plain) {
                return Some(text.to_owned());
            }
            fields.refuse(
                field,
                "invalid",
                "must be the name of a permission, such as client:read",
            );
            None
        });
        if self.expires_at.is_some_and(|end| end <= now) {
            fields.refuse("expires_at", "invalid", "must lie in the future");
        }
        fields.finish(ApiKey {
            id: ApiKeyId::new(now),
            name,
            prefix: key.prefix(),
            scopes: scopes.into_iter().collect(),
            created_by: context.principal.clone(),
            created_at: now,
            expires_at: self.expires_at,
            revoked_at: None,
            last_used_at: None,
        })
    }
}

/// A key that has just been made.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct ApiKeyCreated {
    /// What is known of it.
    pub key: ApiKey,
    /// The key itself: `aur_live_…`, to be shown now and never again.
    pub secret: Secret,
}

/// A program that has shown its key.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct ApiCaller {
    /// The workspace that it acts in.
    pub workspace: WorkspaceId,
    /// Its key.
    pub key: ApiKeyId,
    /// The permissions that the key carries.
    pub scopes: BTreeSet<String>,
}

impl ApiCaller {
    /// The same for decisions of a policy, with no roles yet.
    #[must_use]
    pub fn principal(&self) -> Principal {
        Principal::api_key(
            self.key.to_string(),
            self.workspace.to_string(),
            self.scopes.iter().cloned(),
        )
    }
}

/// What can be done with API keys; a cheap handle.
#[derive(Debug, Clone)]
pub struct ApiKeys {
    store: Store,
    environment: String,
}

impl Accounts {
    /// The API keys of workspaces.
    #[must_use]
    pub fn api_keys(&self) -> ApiKeys {
        ApiKeys {
            store: self.inner.store.clone(),
            environment: self.inner.settings.environment.clone(),
        }
    }
}

impl ApiKeys {
    /// Makes a key in the context's workspace.
    ///
    /// # Errors
    /// `Invalid` with every wrong field; `NotFound` when there is no such workspace.
    ///
    /// # Cancel safety
    /// Dropped, there may be a key that nobody has seen; it stands in the list and can be revoked.
    pub async fn create(&self, context: &Context, new: NewApiKey) -> Result<ApiKeyCreated, Error> {
        let work = async {
            let drawn = Drawn::generate(&self.environment)?;
            let key = new.check(&drawn, context, self.store.now())?;
            sql::insert_api_key(&self.store, context, &key, drawn.hash().as_bytes()).await?;
            Ok(ApiKeyCreated {
                key,
                secret: Secret::new(drawn.expose()),
            })
        };
        self.store.run(context, "api_keys.create", work).await
    }

    /// One page of the workspace's keys, the newest first, with those that were revoked.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn list(&self, context: &Context, page: &PageRequest) -> Result<Page<ApiKey>, Error> {
        let work = sql::api_keys(&self.store, context, page);
        self.store.run(context, "api_keys.list", work).await
    }

    /// What is known of one key of the workspace, also when it was revoked.
    ///
    /// # Errors
    /// `NotFound` when there is no such key in the workspace.
    pub async fn get(&self, context: &Context, id: ApiKeyId) -> Result<ApiKey, Error> {
        let work = async {
            let found = sql::api_key(&self.store, context, id).await?;
            found
                .map(|(key, _)| key)
                .ok_or_else(|| Error::not_found("API key"))
        };
        self.store.run(context, "api_keys.get", work).await
    }

    /// Takes a key back; it is refused from now on, on every replica.
    ///
    /// # Errors
    /// `NotFound` when there is no such key in the workspace, or it is revoked already.
    pub async fn revoke(&self, context: &Context, id: ApiKeyId) -> Result<(), Error> {
        let work = async {
            if sql::revoke_api_key(&self.store, context, id, self.store.now()).await? {
                Ok(())
            } else {
                Err(Error::not_found("API key"))
            }
        };
        self.store.run(context, "api_keys.revoke", work).await
    }

    /// Who shows this key. The workspace is the key's, whatever that of the context. Two statements whatever is shown in
    /// the right form, one write a minute at most for the last use.
    ///
    /// # Errors
    /// `Unauthenticated` for what is no key of this environment, and for a key that is unknown, expired or revoked.
    pub async fn authenticate(&self, context: &Context, shown: &Secret) -> Result<ApiCaller, Error> {
        let work = async {
            let refused = || Error::new(ErrorKind::Unauthenticated);
            let shown = Drawn::parse(shown.expose(), &self.environment).map_err(|_| refused())?;
            let hash = shown.hash();
            let installation = Context {
                workspace: INSTALLATION,
                ..context.clone()
            };
            let found = sql::api_key_of(&self.store, &installation, hash.as_bytes()).await?;
            // Nobody's key is looked for as well, in the workspace that there is not.
            let (workspace, id) = found.unwrap_or((INSTALLATION, ApiKeyId::from_uuid(INSTALLATION.uuid())));
            let mine = Context {
                workspace,
                ..context.clone()
            };
            let (key, hash) = sql::api_key(&self.store, &mine, id).await?.ok_or_else(refused)?;
            let now = self.store.now();
            let stored = StoredKey {
                prefix: key.prefix,
                hash: KeyHash::from_bytes(hash),
                scopes: key.scopes,
                expires_at: key.expires_at,
                revoked_at: key.revoked_at,
                last_used_at: key.last_used_at,
            };
            stored.check(&shown, now).map_err(|_| refused())?;
            if stored.is_use_to_store(now) {
                sql::use_api_key(&self.store, &mine, id, stored.last_used_at, now).await?;
            }
            Ok(ApiCaller {
                workspace,
                key: id,
                scopes: stored.scopes,
            })
        };
        self.store.run(context, "api_keys.authenticate", work).await
    }
}
