//! What lets callers in: accounts, tokens and the two policies.

use std::fmt;
use std::sync::Arc;

use aurora_core::access::jwt::{Issuer, KeyRing, SigningKey, Verifier};
use aurora_core::access::policy::Policy;
use aurora_core::access::seal::{LocalKeys, Sealer};
use aurora_core::access::token;
use aurora_core::config::Settings;
use aurora_core::secret::Secret;
use aurora_core::time::Clock;
use aurora_crm::Crm;
use aurora_crm::accounts::Accounts;
use aurora_crm::channels::web_chat::WebChatKeys;
use aurora_crm::files::FileLinks;
use aurora_crm::workspaces::{CrmPermission, default_policy};

use super::rights::{self, Right};
use crate::error::{Error, ErrorKind};

/// The `iss` and `aud` of access tokens.
const NAME: &str = "aurora";

/// What signs tokens and links, and seals secrets; the same for every server on one database.
#[derive(Clone)]
pub(crate) struct Keys {
    pub(crate) signing: KeyRing,
    pub(crate) sealer: Sealer,
    /// Sign the links to files.
    pub(crate) files: FileLinks,
    /// Sign the tokens of visitors of chats on pages.
    pub(crate) web_chat: WebChatKeys,
    /// Signs the links of notifications, which keep their signatures apart from those of tokens.
    pub(crate) notices: Secret,
}

impl Keys {
    /// New ones, which are gone with the process.
    ///
    /// # Errors
    /// `Internal` when the operating system gives no random bytes.
    pub(crate) fn ephemeral() -> Result<Self, Error> {
        Ok(Self {
            signing: KeyRing::new(SigningKey::generate().map_err(no_keys)?),
            sealer: Sealer::new(LocalKeys::generate("ephemeral").map_err(no_keys)?),
            files: FileLinks::new("ephemeral", token().map_err(no_keys)?)
                .map_err(|source| Error::new(ErrorKind::Internal, "no key can be made").caused_by(source))?,
            web_chat: WebChatKeys::new("ephemeral", token().map_err(no_keys)?)
                .map_err(|source| Error::new(ErrorKind::Internal, "no key can be made").caused_by(source))?,
            notices: token().map_err(no_keys)?,
        })
    }
}

fn no_keys(source: aurora_core::access::Error) -> Error {
    Error::new(ErrorKind::Internal, "no key can be made").caused_by(source)
}

/// Users and keys, as every part of the program sees them.
///
/// # Errors
/// `Settings` when a setting of them is out of its range.
pub(crate) fn accounts(crm: &Crm, keys: &Keys) -> Result<Accounts, Error> {
    let accounts = Accounts::builder(crm, keys.sealer.clone()).build();
    accounts.map_err(|source| Error::new(ErrorKind::Settings, "accounts cannot be set up").caused_by(source))
}

/// What decides who is let in; a cheap handle.
#[derive(Clone)]
pub(crate) struct Doors {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) accounts: Accounts,
    pub(super) issuer: Issuer,
    pub(super) verifier: Verifier,
    pub(super) crm: Policy<CrmPermission>,
    pub(super) server: Policy<Right>,
    pub(super) signing: KeyRing,
    pub(super) sealer: Sealer,
    /// Whether callers without credentials may do everything; on loopback alone.
    pub(super) is_open: bool,
}

impl Doors {
    /// The doors of an app.
    ///
    /// # Errors
    /// `Settings` when a setting of access is out of its range.
    pub(crate) fn new(
        crm: &Crm,
        keys: &Keys,
        settings: &Settings,
        clock: &Arc<dyn Clock>,
    ) -> Result<Self, Error> {
        let wrong = |source: aurora_core::access::Error| {
            Error::new(ErrorKind::Settings, "access tokens cannot be made").caused_by(source)
        };
        let accounts = accounts(crm, keys)?;
        let issuer = Issuer::builder(keys.signing.clone(), NAME, NAME)
            .life(settings.access.token_life)
            .clock(Arc::clone(clock))
            .build()
            .map_err(wrong)?;
        let verifier = Verifier::builder(keys.signing.clone(), NAME, NAME)
            .longest_life(settings.access.token_life)
            .clock(Arc::clone(clock))
            .build()
            .map_err(wrong)?;
        let broken = |source| Error::new(ErrorKind::Internal, "the policy is broken").caused_by(source);
        Ok(Self {
            inner: Arc::new(Inner {
                accounts,
                issuer,
                verifier,
                crm: default_policy().map_err(broken)?,
                server: rights::policy().map_err(broken)?,
                signing: keys.signing.clone(),
                sealer: keys.sealer.clone(),
                is_open: settings.access.open,
            }),
        })
    }

    pub(crate) fn accounts(&self) -> &Accounts {
        &self.inner.accounts
    }

    /// Makes access tokens.
    pub(crate) fn issuer(&self) -> &Issuer {
        &self.inner.issuer
    }

    /// Seals what is kept for a while.
    pub(crate) fn sealer(&self) -> &Sealer {
        &self.inner.sealer
    }

    /// The keys that verify tokens, for others (RFC 7517); secrets are not among them.
    pub(crate) fn signing(&self) -> &KeyRing {
        &self.inner.signing
    }

    /// What the roles of workspaces may do.
    pub(crate) fn policy(&self) -> &Policy<CrmPermission> {
        &self.inner.crm
    }

    /// What the roles of workspaces may do of the server's own.
    pub(crate) fn rights(&self) -> &Policy<Right> {
        &self.inner.server
    }

    /// Whether callers without credentials may do everything.
    pub(crate) fn are_open(&self) -> bool {
        self.inner.is_open
    }
}

impl fmt::Debug for Doors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Doors")
            .field("is_open", &self.inner.is_open)
            .finish_non_exhaustive()
    }
}
