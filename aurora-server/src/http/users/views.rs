//! The JSON of users.

use aurora_core::time::Timestamp;
use aurora_crm::accounts::{User, UserStatus};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A person who can sign in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = User)]
pub(in crate::http) struct UserView {
    /// `usr_` and 32 hexadecimal digits.
    #[schema(example = "usr_0190a8b0c0de7000800000000000000a")]
    id: String,
    /// Where to write; unique in the installation without regard to case.
    email: String,
    name: String,
    /// The language of what is written to them, a BCP 47 tag.
    #[schema(example = "pt-BR")]
    locale: String,
    status: Status,
    /// Whether they look after the installation itself.
    is_administrator: bool,
    /// When it was last shown that mail to the address reaches them. RFC 3339, UTC.
    #[schema(format = DateTime)]
    email_verified_at: Option<String>,
    /// Grows by one with each change; also in the header `ETag`.
    version: i64,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<User> for UserView {
    fn from(user: User) -> Self {
        Self {
            id: user.id.to_string(),
            email: user.email.as_str().to_owned(),
            name: user.name,
            locale: user.locale,
            status: match user.status {
                UserStatus::Disabled => Status::Disabled,
                _ => Status::Active,
            },
            is_administrator: user.is_administrator,
            email_verified_at: user.email_verified_at.map(|at| at.to_string()),
            version: user.version,
            created_at: user.created_at.to_string(),
            updated_at: user.updated_at.to_string(),
        }
    }
}

/// Whether a user may sign in.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = UserStatus)]
pub(in crate::http) enum Status {
    Active,
    /// No session of theirs is alive.
    Disabled,
}

/// One page of users.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct UserPage {
    /// The newest first.
    pub(super) items: Vec<UserView>,
    /// The cursor of the next page; null on the last.
    pub(super) next: Option<String>,
}

/// Whom to give an account; they choose the password themselves.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewUser, example = json!({"email": "ana@example.com", "name": "Ana Souza", "locale": "pt-BR"}))]
pub(super) struct NewUserInput {
    pub(super) email: String,
    /// Up to 200 characters.
    pub(super) name: String,
    /// A BCP 47 tag; `pt-BR` unless given.
    pub(super) locale: Option<String>,
}

/// What to change in a user; what is missing stays.
#[derive(Debug, ToSchema)]
#[schema(as = UserChange, example = json!({"name": "Ana Maria Souza"}))]
#[expect(dead_code, reason = "describes what the domain reads")]
pub(super) struct UserChangeInput {
    #[schema(required = false)]
    name: String,
    #[schema(required = false)]
    locale: String,
}

/// A user who was invited.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InvitedUser {
    pub(super) user: UserView,
    pub(super) handover: Handover,
}

/// How a single-use link reaches whom it is for.
#[derive(Debug, Serialize, ToSchema)]
pub(in crate::http) struct Handover {
    /// Whether it is on its way by mail.
    mailed: bool,
    /// The link to hand over, where the installation sends no mail. Whoever has it can use it; it is shown this once.
    #[serde(skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    /// When it ends. RFC 3339, UTC.
    #[schema(format = DateTime)]
    expires_at: String,
}

impl Handover {
    pub(in crate::http) fn new(
        is_mailed: bool,
        link: &aurora_core::secret::Secret,
        expires_at: Timestamp,
    ) -> Self {
        Self {
            mailed: is_mailed,
            link: (!is_mailed).then(|| link.expose().to_owned()),
            expires_at: expires_at.to_string(),
        }
    }
}
