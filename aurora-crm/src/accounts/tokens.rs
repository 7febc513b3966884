//! Single-use tokens: what is sent to somebody to show that a mailbox is theirs.
//!
//! One mechanism with several purposes. A token has the form of an API key with its purpose for the environment,
//! `aur_reset_…`: 131 random bits and a checksum, so that a mistyped one is refused without a look into storage, and
//! one of another purpose as well. Its SHA-256 alone is stored, and spending it deletes it in the transaction of what
//! it allows.

use std::time::Duration;

use aurora_core::access::api_key::ApiKey;
use aurora_core::secret::Secret;
use aurora_core::time::Timestamp;

use super::user::User;
use crate::error::{Error, ErrorKind};

/// What a token is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Another password for one that was forgotten.
    Reset,
    /// That mail to an address arrives.
    Verify,
    /// The first password of somebody who was invited.
    Invite,
    /// The first administrator.
    Setup,
}

impl Purpose {
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Reset => "reset",
            Self::Verify => "verify",
            Self::Invite => "invite",
            Self::Setup => "setup",
        }
    }
}

/// A token that is to be given out.
#[derive(Debug)]
pub(super) struct NewToken {
    pub(super) purpose: Purpose,
    pub(super) hash: [u8; 32],
    pub(super) secret: Secret,
    pub(super) expires_at: Timestamp,
}

impl NewToken {
    pub(super) fn draw(purpose: Purpose, life: Duration, now: Timestamp) -> Result<Self, Error> {
        let key = ApiKey::generate(purpose.as_str())?;
        Ok(Self {
            purpose,
            hash: *key.hash().as_bytes(),
            secret: Secret::new(key.expose()),
            expires_at: now + life,
        })
    }

    /// A token as somebody shows it, to be spent.
    pub(super) fn shown(purpose: Purpose, token: &Secret, now: Timestamp) -> Result<Self, Error> {
        Ok(Self {
            purpose,
            hash: hash_of(purpose.as_str(), token)?,
            secret: token.clone(),
            expires_at: now,
        })
    }
}

/// What a token is found by; refused when it was mistyped or is for something else.
pub(super) fn hash_of(kind: &str, token: &Secret) -> Result<[u8; 32], Error> {
    let key = ApiKey::parse(token.expose(), kind).map_err(|_| Error::new(ErrorKind::Unauthenticated))?;
    Ok(*key.hash().as_bytes())
}

/// A single-use token for a user, to be sent to their address and shown to nobody else.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Issued {
    /// Whom to write to.
    pub user: User,
    /// What to write; letters, digits and `_`, so that it can stand in a link.
    pub token: Secret,
    /// The first instant at which it is not accepted.
    pub expires_at: Timestamp,
}

/// What came of somebody's wish to have an account. Answer the one who asked the same in both cases.
#[derive(Debug, Clone)]
pub enum SignUp {
    /// It was made; send the token.
    Made(Issued),
    /// The address has one already; write that to it.
    Existing(User),
}
