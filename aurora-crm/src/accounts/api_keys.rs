//! API keys: programs that act in a workspace.

use std::collections::BTreeSet;

use aurora_core::access::api_key::{ApiKey as Drawn, KeyHash, StoredKey};
use aurora_core::access::policy::Principal;
use aurora_core::cache::Scope;
use aurora_core::id::{Id, IdKind};
use aurora_core::page::{Page, PageRequest};
use aurora_core::resilience::Deadline;
use aurora_core::secret::Secret;
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::check::{LIMIT, micros, unknown};
use super::{Accounts, of_installation, sql};
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
    /// Whether whoever made the key looks after the whole installation now: they are an administrator, or no user at all but
    /// the command line, for example.
    pub is_of_administrator: bool,
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

/// What is kept of a good key for a moment.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Known {
    /// When the database was asked, by the process's own monotonic clock, in microseconds.
    asked: u64,
    workspace: WorkspaceId,
    key: ApiKeyId,
    scopes: BTreeSet<String>,
    is_of_administrator: bool,
    expires_at: Option<Timestamp>,
}

/// What can be done with API keys; a cheap handle.
#[derive(Debug, Clone)]
pub struct ApiKeys {
    accounts: Accounts,
}

impl Accounts {
    /// The API keys of workspaces.
    #[must_use]
    pub fn api_keys(&self) -> ApiKeys {
        ApiKeys {
            accounts: self.clone(),
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
            let drawn = Drawn::generate(&self.accounts.inner.settings.environment)?;
            let key = new.check(&drawn, context, self.store().now())?;
            sql::insert_api_key(self.store(), context, &key, drawn.hash().as_bytes()).await?;
            Ok(ApiKeyCreated {
                key,
                secret: Secret::new(drawn.expose()),
            })
        };
        self.store().run(context, "api_keys.create", work).await
    }

    /// One page of the workspace's keys, the newest first, with those that were revoked.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn list(&self, context: &Context, page: &PageRequest) -> Result<Page<ApiKey>, Error> {
        let work = sql::api_keys(self.store(), context, page);
        self.store().run(context, "api_keys.list", work).await
    }

    /// What is known of one key of the workspace, also when it was revoked.
    ///
    /// # Errors
    /// `NotFound` when there is no such key in the workspace.
    pub async fn get(&self, context: &Context, id: ApiKeyId) -> Result<ApiKey, Error> {
        let work = async {
            let found = sql::api_key(self.store(), context, id).await?;
            found
                .map(|(key, _)| key)
                .ok_or_else(|| Error::not_found("API key"))
        };
        self.store().run(context, "api_keys.get", work).await
    }

    /// Takes a key back; it is refused from now on, by other replicas within a second.
    ///
    /// # Errors
    /// `NotFound` when there is no such key in the workspace, or it is revoked already.
    pub async fn revoke(&self, context: &Context, id: ApiKeyId) -> Result<(), Error> {
        let work = async {
            let nothing = || Error::not_found("API key");
            if !sql::revoke_api_key(self.store(), context, id, self.store().now()).await? {
                return Err(nothing());
            }
            let (_, hash) = sql::api_key(self.store(), context, id)
                .await?
                .ok_or_else(nothing)?;
            self.forget(&KeyHash::from_bytes(hash)).await;
            Ok(())
        };
        self.store().run(context, "api_keys.revoke", work).await
    }

    /// Who shows this key. The workspace is the key's, whatever that of the context.
    ///
    /// The answer is kept in the process for [`check_for`](super::AccountsBuilder::check_for), a second unless told,
    /// counted from when the database was asked. Whatever is shown in the right form is asked about in the same steps then,
    /// and the last use is written once a minute at most.
    ///
    /// # Errors
    /// `Unauthenticated` when it is no key, unknown, expired or revoked, and while the user who made it is disabled;
    /// `Unavailable` when that cannot be known.
    pub async fn authenticate(&self, context: &Context, shown: &Secret) -> Result<ApiCaller, Error> {
        let work = async {
            let refused = || Error::new(ErrorKind::Unauthenticated);
            let inner = &self.accounts.inner;
            let shown = Drawn::parse(shown.expose(), &inner.settings.environment).map_err(|_| refused())?;
            let name = name(&shown.hash());
            // Others wait for the same answer: it is not bound to the deadline of one of them.
            let deadline = Deadline::after(&**inner.store.clock(), LIMIT);
            let context = context.clone().deadline(deadline);
            let ask = || {
                let (store, context, shown) = (inner.store.clone(), context.clone(), shown.clone());
                move || async move { ask(&store, &context, &shown).await }
            };
            let served = inner.programs.get(&Scope::Global, &name, ask()).await;
            let mut known = served.map_err(unknown)?.into_value();
            let now = micros(inner.store.clock().elapsed());
            let is_old = |it: &Known| now.saturating_sub(it.asked) > micros(inner.settings.check_for);
            if known.as_ref().is_some_and(|it| is_old(it)) {
                // The database took its time to answer, or the wall clock was set back.
                self.forget(&shown.hash()).await;
                known = ask()().await?.map(Into::into);
            }
            let known = known.ok_or_else(refused)?;
            if known.expires_at.is_some_and(|end| end <= inner.store.now()) {
                return Err(refused());
            }
            Ok(ApiCaller {
                workspace: known.workspace,
                key: known.key,
                scopes: known.scopes.clone(),
                is_of_administrator: known.is_of_administrator,
            })
        };
        self.store().run(context, "api_keys.authenticate", work).await
    }

    fn store(&self) -> &Store {
        &self.accounts.inner.store
    }

    /// Lets this process ask anew about a key that it has changed.
    async fn forget(&self, hash: &KeyHash) {
        // A cache in memory that fails to forget does so for a second at most.
        drop(
            self.accounts
                .inner
                .programs
                .forget(&Scope::Global, &name(hash))
                .await,
        );
    }
}

/// The name of a key in the cache.
fn name(hash: &KeyHash) -> String {
    hash.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

async fn ask(store: &Store, context: &Context, shown: &Drawn) -> Result<Option<Known>, Error> {
    let asked = micros(store.clock().elapsed());
    let hash = shown.hash();
    let found = sql::api_key_of(store, &of_installation(context), hash.as_bytes()).await?;
    // Nobody's key is looked for as well, in the workspace that there is not.
    let (workspace, id) = found.unwrap_or((INSTALLATION, ApiKeyId::from_uuid(INSTALLATION.uuid())));
    let mine = Context {
        workspace,
        ..context.clone()
    };
    let Some((key, hash, is_of_administrator)) = sql::shown_api_key(store, &mine, id).await? else {
        return Ok(None);
    };
    let now = store.now();
    let stored = StoredKey {
        prefix: key.prefix,
        hash: KeyHash::from_bytes(hash),
        scopes: key.scopes,
        expires_at: key.expires_at,
        revoked_at: key.revoked_at,
        last_used_at: key.last_used_at,
    };
    if stored.check(shown, now).is_err() {
        return Ok(None);
    }
    if stored.is_use_to_store(now) {
        sql::use_api_key(store, &mine, id, stored.last_used_at, now).await?;
    }
    Ok(Some(Known {
        asked,
        workspace,
        key: id,
        scopes: stored.scopes,
        is_of_administrator,
        expires_at: stored.expires_at,
    }))
}
