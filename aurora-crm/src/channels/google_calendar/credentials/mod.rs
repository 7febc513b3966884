//! What Google lets in: service accounts, and access that a person has given.

mod oauth;
mod service_account;
mod tokens;

use std::fmt;

pub use self::oauth::{Authorization, OAuthApp};
pub use self::service_account::ServiceAccount;
pub(super) use self::tokens::{TokenEndpoint, Tokens};
use aurora_core::secret::Secret;

/// The scope that is asked for: all events of the calendars that the credentials reach, and free/busy.
pub(super) const SCOPE: &str = "https://www.googleapis.com/auth/calendar";

/// What a client shows to get access tokens. `Debug` does not show it.
#[derive(Clone)]
#[non_exhaustive]
pub enum Credentials {
    /// A service account: a program with a key of its own. Its calendars are those that were shared with its address, or,
    /// with domain-wide delegation, those of the person that it acts for.
    ServiceAccount(Box<ServiceAccount>),
    /// A refresh token of OAuth 2 that a person gave to the [`OAuthApp`].
    RefreshToken(Secret),
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ServiceAccount(_) => "Credentials::ServiceAccount",
            Self::RefreshToken(_) => "Credentials::RefreshToken",
        })
    }
}
