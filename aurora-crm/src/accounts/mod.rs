//! Accounts (`contas`): users, their sessions and second factors, and the tokens that are sent to them.
//!
//! Users belong to the installation, not to a workspace: what happens to them is recorded in the chain of the
//! installation, whatever workspace the context of a call names. Whatever is refused is refused with one error,
//! [`ErrorKind::Unauthenticated`](crate::ErrorKind::Unauthenticated), after the same work, so that nobody learns which
//! addresses have an account or which part was wrong. Secrets are sealed with the keys of a [`Sealer`], tokens and
//! passwords are stored as hashes; what is given out as a [`Secret`](aurora_core::secret::Secret) is shown once.
//!
//! # Examples
#![cfg_attr(feature = "sqlite", doc = "```")]
#![cfg_attr(not(feature = "sqlite"), doc = "```ignore")]
//! use aurora_core::access::seal::{LocalKeys, Sealer};
//! use aurora_crm::{Context, Crm, accounts::{Accounts, Login, LoginOutcome, NewUser}};
//!
//! # async fn run() -> Result<(), Box<dyn std::error::Error>> {
//! let crm = Crm::open("sqlite::memory:").await?;
//! let accounts = Accounts::builder(&crm, Sealer::new(LocalKeys::generate("2026a")?)).build()?;
//! let context = Context::installation("sign-in page");
//!
//! let new = NewUser::new("ana@example.com", "Ana Souza");
//! accounts.create(&context, new, &"três pratos de trigo".into()).await?;
//! let login = Login::new("Ana@Example.com", "três pratos de trigo");
//! let LoginOutcome::SignedIn(signed_in) = accounts.login(&context, login).await? else {
//!     return Err("Ana has no second factor yet".into());
//! };
//! let alive = accounts.check(&context, signed_in.session.id).await?;
//! assert_eq!(alive.user, signed_in.user.id);
//!
//! let refreshed = accounts.refresh(&context, &signed_in.refresh_token).await?;
//! accounts.revoke(&context, signed_in.user.id, refreshed.session.id).await?;
//! assert!(accounts.check(&context, signed_in.session.id).await.is_err());
//! # Ok(())
//! # }
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run()).unwrap();
//! ```

mod api_keys;
mod builder;
mod check;
mod factors;
mod input;
mod login;
mod passwords;
mod provider_keys;
mod registration;
mod rewrap;
mod session;
mod sessions;
mod sql;
#[cfg(test)]
mod tests;
mod throttle;
mod tokens;
mod user;

use std::fmt;
use std::sync::Arc;

use aurora_core::access::password::{Passwords, Rules};
use aurora_core::access::seal::{Place, Sealer};
use aurora_core::cache::ReadThrough;

pub use self::api_keys::{ApiCaller, ApiKey, ApiKeyCreated, ApiKeyId, ApiKeys, NewApiKey};
pub use self::builder::AccountsBuilder;
pub use self::factors::{Enrolment, RecoveryCodes, SecondFactor};
pub use self::input::{Answer, Login, NewUser, Proof, UserChange};
pub use self::login::{ChallengeOpened, LoginOutcome};
pub use self::provider_keys::{ProviderKey, ProviderKeyId, ProviderKeys};
pub use self::rewrap::Rewrapped;
pub use self::session::{Alive, Refreshed, Session, SessionId, SignedIn};
#[cfg(test)]
pub(crate) use self::sql::STATEMENTS;
pub(crate) use self::sql::{is_kept_out, revoke_api_keys_of};
pub use self::tokens::{Issued, SignUp};
pub use self::user::{User, UserId, UserStatus};
use crate::context::{Context, INSTALLATION};
use crate::crm::Crm;
use crate::store::Store;

/// What can be done with accounts; a cheap handle, clones share the queue of password hashes.
#[derive(Clone)]
pub struct Accounts {
    inner: Arc<Inner>,
}

struct Inner {
    store: Store,
    sealer: Sealer,
    passwords: Passwords,
    rules: Rules,
    settings: builder::Settings,
    alive: ReadThrough<check::Kept>,
    programs: ReadThrough<api_keys::Known>,
}

impl Accounts {
    /// Accounts in the database of a CRM, whose secrets are sealed with the keys of `sealer`.
    pub fn builder(crm: &Crm, sealer: Sealer) -> AccountsBuilder {
        AccountsBuilder::new(crm.store().clone(), sealer)
    }

    /// Deletes what is of no use any more: expired sessions, tokens and challenges, devices that were not seen for 180
    /// days, and failures that are forgotten; at most `limit` rows of each. To be called again while it deletes many.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn purge(&self, context: &Context, limit: u32) -> Result<u64, crate::Error> {
        use std::time::Duration;
        let context = &of_installation(context);
        let day = Duration::from_secs(86_400);
        let now = self.inner.store.now();
        let ages = sql::Ages {
            now,
            challenges: now - aurora_core::access::totp::Challenge::LIFE,
            devices: now - day * 180,
            throttles: now - day,
        };
        let work = sql::purge(&self.inner.store, context, ages, limit);
        self.inner.store.run(context, "accounts.purge", work).await
    }
}

impl fmt::Debug for Accounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Accounts")
            .field("settings", &self.inner.settings)
            .finish_non_exhaustive()
    }
}

/// The same caller, whose records go to the installation.
fn of_installation(context: &Context) -> Context {
    Context {
        workspace: INSTALLATION,
        ..context.clone()
    }
}

/// Where a secret of the installation lives.
fn place(table: &str, row: impl fmt::Display, field: &str) -> Place {
    Place::new(table, INSTALLATION, row, field)
}
