//! The JSON of keys.

use aurora_core::secret::Secret;
use aurora_core::time::Timestamp;
use aurora_crm::accounts::{ApiKey, ProviderKey};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// What is known of an API key; the key itself was shown once.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ApiKey)]
pub(super) struct ApiKeyView {
    /// `key_` and 32 hexadecimal digits.
    id: String,
    /// What it is for.
    name: String,
    /// Its first letters, by which its owner knows it again.
    #[schema(example = "aur_live_3f8K")]
    prefix: String,
    /// The permissions that it carries.
    scopes: Vec<String>,
    /// Who made it.
    created_by: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// The first instant at which it is not accepted; never when null. RFC 3339, UTC.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
    /// To the minute. RFC 3339, UTC.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
}

impl From<ApiKey> for ApiKeyView {
    fn from(key: ApiKey) -> Self {
        let text = |at: Option<Timestamp>| at.map(|at| at.to_string());
        Self {
            id: key.id.to_string(),
            name: key.name,
            prefix: key.prefix,
            scopes: key.scopes.into_iter().collect(),
            created_by: key.created_by,
            created_at: key.created_at.to_string(),
            expires_at: text(key.expires_at),
            revoked_at: text(key.revoked_at),
            last_used_at: text(key.last_used_at),
        }
    }
}

/// A key that has just been made.
#[derive(Serialize, ToSchema)]
pub(super) struct ApiKeyCreated {
    /// The key itself, shown this once.
    #[schema(example = "aur_live_3f8KZ0…")]
    pub(super) key: String,
    #[serde(flatten)]
    pub(super) about: ApiKeyView,
}

/// One page of API keys.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ApiKeyPage {
    /// The newest first, also those that were revoked.
    pub(super) items: Vec<ApiKeyView>,
    /// The cursor of the next page; null on the last.
    pub(super) next: Option<String>,
}

/// What is needed to make an API key.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewApiKey, example = json!({"name": "website", "scopes": ["client:read", "llm:use"]}))]
pub(super) struct NewApiKeyInput {
    /// What it is for, up to 100 characters.
    pub(super) name: String,
    /// The permissions that it carries, by the names that operations have as `x-permission`; none that the caller has not.
    #[serde(default)]
    #[schema(required = false)]
    pub(super) scopes: Vec<String>,
    /// The first instant at which it is not accepted; never unless given. RFC 3339.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub(super) expires_at: Option<Timestamp>,
}

/// What is known of the key of a provider; the secret is never shown.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ProviderKey)]
pub(super) struct ProviderKeyView {
    /// `pvk_` and 32 hexadecimal digits.
    id: String,
    #[schema(example = "openai")]
    provider: String,
    /// The last four letters of a long secret, after `…`.
    #[schema(example = "…wxyz")]
    hint: String,
    /// Grows by one with each change.
    version: i64,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<ProviderKey> for ProviderKeyView {
    fn from(key: ProviderKey) -> Self {
        Self {
            id: key.id.to_string(),
            provider: key.provider,
            hint: key.hint,
            version: key.version,
            created_at: key.created_at.to_string(),
            updated_at: key.updated_at.to_string(),
        }
    }
}

/// The provider keys of a workspace.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct ProviderKeyList {
    /// By provider, at most 100.
    pub(super) items: Vec<ProviderKeyView>,
    /// Always null: there is one page.
    pub(super) next: Option<String>,
}

/// The secret of a provider.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewProviderKey)]
pub(super) struct ProviderKeyInput {
    /// Up to 8 KiB without blanks.
    #[schema(value_type = String, format = Password, write_only)]
    pub(super) secret: Secret,
}
