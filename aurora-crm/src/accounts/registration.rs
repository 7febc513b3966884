//! How users come to be, and what is changed about them.

use std::time::Duration;

use aurora_core::page::{Page, PageRequest};
use aurora_core::secret::Secret;

use super::input::folded;
use super::sql::{self, Entry};
use super::tokens::{NewToken, Purpose};
use super::{Accounts, Issued, NewUser, SignUp, User, UserChange, UserId, UserStatus, of_installation};
use crate::context::Context;
use crate::error::{Error, ErrorKind};

/// How long the first administrator may take.
const SETUP_LIFE: Duration = Duration::from_secs(1_800);
/// How long a mailbox has rest before another token goes to it.
pub(super) const PAUSE: Duration = Duration::from_secs(60);

impl Accounts {
    /// Makes a user with a password, for somebody who may.
    ///
    /// # Errors
    /// `Invalid` with every wrong field; `AlreadyExists` with the id of the user who has the address.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the user either made or not made.
    pub async fn create(&self, context: &Context, new: NewUser, password: &Secret) -> Result<User, Error> {
        let context = &of_installation(context);
        let work = async {
            let user = new.check(false, self.inner.store.now())?;
            let hash = self.new_password(password, &user).await?;
            sql::insert_user(&self.inner.store, context, &user, Some(&hash), None, Entry::Made).await?;
            Ok(user)
        };
        self.inner.store.run(context, "accounts.create", work).await
    }

    /// Makes a user for anybody who asks, with a token that shows that the address is theirs.
    ///
    /// Send the token, or a note to the one who has an account already, and answer the one who asked the same in both
    /// cases: whether an address has an account is nobody's business.
    ///
    /// # Errors
    /// `Invalid` with every wrong field.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the user either made or not made.
    pub async fn sign_up(&self, context: &Context, new: NewUser, password: &Secret) -> Result<SignUp, Error> {
        let context = &of_installation(context);
        let work = async {
            let now = self.inner.store.now();
            let user = new.check(false, now)?;
            let hash = self.new_password(password, &user).await?;
            let token = NewToken::draw(Purpose::Verify, self.inner.settings.verify_life, now)?;
            let store = &self.inner.store;
            match sql::insert_user(store, context, &user, Some(&hash), Some(&token), Entry::Made).await {
                Ok(()) => Ok(SignUp::Made(issued(user, token))),
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {
                    let existing = sql::user_by_email(store, context, user.email.as_str()).await?;
                    Ok(SignUp::Existing(existing.ok_or(error)?))
                }
                Err(error) => Err(error),
            }
        };
        self.inner.store.run(context, "accounts.sign_up", work).await
    }

    /// Makes a user without a password, with a token by which they choose one.
    ///
    /// # Errors
    /// `Invalid` with every wrong field; `AlreadyExists` with the id of the user who has the address.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the user either made or not made; a token that was not seen is replaced by
    /// [`Accounts::invite_again`].
    pub async fn invite(&self, context: &Context, new: NewUser) -> Result<Issued, Error> {
        let context = &of_installation(context);
        let work = async {
            let now = self.inner.store.now();
            let user = new.check(false, now)?;
            let token = NewToken::draw(Purpose::Invite, self.inner.settings.invite_life, now)?;
            sql::insert_user(&self.inner.store, context, &user, None, Some(&token), Entry::Made).await?;
            Ok(issued(user, token))
        };
        self.inner.store.run(context, "accounts.invite", work).await
    }

    /// Another token for a user who has not chosen a password yet; the one before is not accepted any more.
    ///
    /// # Errors
    /// `NotFound` when there is no such user, or they have a password.
    pub async fn invite_again(&self, context: &Context, user: UserId) -> Result<Issued, Error> {
        let context = &of_installation(context);
        let work = async {
            let (store, now) = (&self.inner.store, self.inner.store.now());
            let found = sql::credentials(store, context, user).await?;
            let Some(found) = found.filter(|it| it.password.is_none()) else {
                return Err(Error::not_found("invitation"));
            };
            let token = NewToken::draw(Purpose::Invite, self.inner.settings.invite_life, now)?;
            sql::store_token(store, context, user, &token, Duration::ZERO, now).await?;
            Ok(issued(found.user, token))
        };
        self.inner.store.run(context, "accounts.invite_again", work).await
    }

    /// Chooses the first password of a user who was invited; their address counts as verified.
    ///
    /// # Errors
    /// `Unauthenticated` when the token is unknown, spent or expired; `Invalid` when the password may not be chosen,
    /// and the token is good still.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the token either spent for the password or not.
    pub async fn accept_invitation(
        &self,
        context: &Context,
        token: &Secret,
        password: &Secret,
    ) -> Result<User, Error> {
        let context = &of_installation(context);
        let work = self.spend_for_password(context, Purpose::Invite, token, password);
        self.inner
            .store
            .run(context, "accounts.accept_invitation", work)
            .await
    }

    /// A token that makes the first administrator, good for 30 min, or until another one has made them.
    ///
    /// # Errors
    /// `AlreadyExists` when there is a user.
    pub async fn setup_token(&self, context: &Context) -> Result<Secret, Error> {
        let context = &of_installation(context);
        let work = async {
            let (store, now) = (&self.inner.store, self.inner.store.now());
            let token = NewToken::draw(Purpose::Setup, SETUP_LIFE, now)?;
            if sql::store_setup_token(store, context, &token, now).await? {
                Ok(token.secret)
            } else {
                Err(Error::already_exists("user", "the first one"))
            }
        };
        self.inner.store.run(context, "accounts.setup_token", work).await
    }

    /// Makes the first administrator.
    ///
    /// # Errors
    /// `Unauthenticated` when the token is unknown, spent or expired, or there is a user already; `Invalid` with every
    /// wrong field, and the token is good still.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the user either made or not made.
    pub async fn set_up(
        &self,
        context: &Context,
        token: &Secret,
        new: NewUser,
        password: &Secret,
    ) -> Result<User, Error> {
        let context = &of_installation(context);
        let work = async {
            let (store, now) = (&self.inner.store, self.inner.store.now());
            let shown = NewToken::shown(Purpose::Setup, token, now)?;
            let subject = sql::token_subject(store, context, Purpose::Setup, &shown.hash, now).await?;
            if subject.is_none() {
                return Err(Error::new(ErrorKind::Unauthenticated));
            }
            let user = new.check(true, now)?;
            let hash = self.new_password(password, &user).await?;
            sql::insert_user(store, context, &user, Some(&hash), None, Entry::Setup(&shown)).await?;
            Ok(user)
        };
        self.inner.store.run(context, "accounts.set_up", work).await
    }

    /// One user.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn get(&self, context: &Context, id: UserId) -> Result<User, Error> {
        let context = &of_installation(context);
        let work = sql::user(&self.inner.store, context, id);
        self.inner.store.run(context, "accounts.get", work).await
    }

    /// The user who has this address, in whatever case it is written.
    ///
    /// # Errors
    /// `NotFound`, also for a text that is no address.
    pub async fn by_email(&self, context: &Context, email: &str) -> Result<User, Error> {
        let context = &of_installation(context);
        let work = async {
            let found = sql::user_by_email(&self.inner.store, context, &address(email)).await?;
            found.ok_or(Error::not_found("user"))
        };
        self.inner.store.run(context, "accounts.by_email", work).await
    }

    /// One page of all users, the newest first.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn list(&self, context: &Context, page: &PageRequest) -> Result<Page<User>, Error> {
        let context = &of_installation(context);
        let work = sql::users(&self.inner.store, context, page);
        self.inner.store.run(context, "accounts.list", work).await
    }

    /// Changes a user who is still at the version that the caller has seen.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` with every wrong field.
    pub async fn update(
        &self,
        context: &Context,
        id: UserId,
        expected_version: i64,
        change: UserChange,
    ) -> Result<User, Error> {
        let context = &of_installation(context);
        let work = async {
            let store = &self.inner.store;
            let current = sql::user(store, context, id).await?;
            if current.version != expected_version {
                return Err(Error::conflict("user", current.version));
            }
            let changed = change.apply(&current, store.now())?;
            sql::update_user(store, context, &changed, expected_version).await?;
            Ok(changed)
        };
        self.inner.store.run(context, "accounts.update", work).await
    }

    /// Makes a user an administrator of the installation, or takes it from them. Their sessions end: the next begins with
    /// the rights that they have then.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version, and with the code `last_administrator` when no other active
    /// administrator would be left, also when two try at once.
    pub async fn set_administrator(
        &self,
        context: &Context,
        id: UserId,
        expected_version: i64,
        is_administrator: bool,
    ) -> Result<User, Error> {
        let context = &of_installation(context);
        let work = async {
            let store = &self.inner.store;
            let now = store.now();
            let ended =
                sql::set_administrator(store, context, id, expected_version, is_administrator, now).await?;
            self.forget(&ended).await;
            sql::user(store, context, id).await
        };
        self.inner
            .store
            .run(context, "accounts.set_administrator", work)
            .await
    }

    /// Lets a user in or keeps them out. Keeping out ends all their sessions, also those that are being opened. While they
    /// are out, the API keys that they made and the invitations that they sent are refused in every workspace: those of
    /// contexts whose principal is the id of the user.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version, and with the code `last_administrator` for the last one who is active.
    pub async fn set_status(
        &self,
        context: &Context,
        id: UserId,
        expected_version: i64,
        status: UserStatus,
    ) -> Result<User, Error> {
        let context = &of_installation(context);
        let work = async {
            let store = &self.inner.store;
            let now = store.now();
            let ended = sql::set_status(store, context, id, expected_version, status, now).await?;
            self.forget(&ended).await;
            sql::user(store, context, id).await
        };
        self.inner.store.run(context, "accounts.set_status", work).await
    }

    /// A token that shows that mail to a user's address arrives; `None` when one went out within the last minute.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn request_verification(&self, context: &Context, id: UserId) -> Result<Option<Issued>, Error> {
        let context = &of_installation(context);
        let work = async {
            let (store, now) = (&self.inner.store, self.inner.store.now());
            let user = sql::user(store, context, id).await?;
            let token = NewToken::draw(Purpose::Verify, self.inner.settings.verify_life, now)?;
            let stored = sql::store_token(store, context, id, &token, PAUSE, now).await?;
            Ok(stored.then(|| issued(user, token)))
        };
        self.inner
            .store
            .run(context, "accounts.request_verification", work)
            .await
    }

    /// Spends a token that was sent to an address: mail arrives there.
    ///
    /// # Errors
    /// `Unauthenticated` when the token is unknown, spent or expired.
    pub async fn verify_email(&self, context: &Context, token: &Secret) -> Result<User, Error> {
        let context = &of_installation(context);
        let work = async {
            let (store, now) = (&self.inner.store, self.inner.store.now());
            let shown = NewToken::shown(Purpose::Verify, token, now)?;
            let user = sql::spend_for_email(store, context, &shown.hash, now).await?;
            let id = user.ok_or(Error::new(ErrorKind::Unauthenticated))?;
            sql::user(store, context, id).await
        };
        self.inner.store.run(context, "accounts.verify_email", work).await
    }
}

pub(super) fn issued(user: User, token: NewToken) -> Issued {
    Issued {
        user,
        token: token.secret,
        expires_at: token.expires_at,
    }
}

/// An address as it is looked for; a text that is none is not handed to the database.
pub(super) fn address(text: &str) -> String {
    let parsed = text.parse::<crate::contacts::Email>();
    parsed.map_or_else(|_| String::new(), |email| folded(email.as_str()))
}
