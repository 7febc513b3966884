//! Passwords that are chosen, changed and forgotten.

use aurora_core::access::password::{PasswordHash, Weakness};
use aurora_core::secret::Secret;

use super::registration::{PAUSE, address, issued};
use super::sql::{self, Counted};
use super::tokens::{NewToken, Purpose};
use super::{Accounts, Issued, SessionId, User, of_installation};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;

/// What somebody shows within a session that is good is not: a matter of the form, and not of the session.
pub(super) fn not_accepted(field: &str) -> Error {
    let mut fields = Fields::default();
    fields.refuse(field, "not_accepted", "is not accepted");
    fields.finish(()).err().unwrap_or(Error::new(ErrorKind::Internal))
}

impl Accounts {
    /// Chooses another password, for who knows the present one and is logged in; all other sessions end.
    ///
    /// # Errors
    /// `Unauthenticated` when the session is not alive; `StepUp` when there is a second factor and the session did not show
    /// it within the time for that; `Invalid` of `current_password` (code `not_accepted`) when the present one is wrong, or
    /// was tried too often, and of `password` when the new one may not be chosen; `Conflict` when it was changed meanwhile.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the password either changed or not changed.
    pub async fn change_password(
        &self,
        context: &Context,
        session: SessionId,
        present: &Secret,
        new: &Secret,
    ) -> Result<(), Error> {
        let context = &of_installation(context);
        let work = async {
            let store = &self.inner.store;
            let (stored, credentials) = self.alive_with_credentials(context, session).await?;
            if credentials.has_factor {
                self.require_fresh(&stored, &credentials)?;
            }
            // Of the session: who guesses elsewhere does not keep its owner from this.
            let counted = Counted::Session(session);
            let proven = self.prove_password(context, Some(&credentials), counted, present);
            proven.await.map_err(|error| match error.kind() {
                ErrorKind::Unauthenticated => not_accepted("current_password"),
                _ => error,
            })?;
            let hash = self.new_password(new, &credentials.user).await?;
            let now = store.now();
            let ended = sql::change_password(store, context, &credentials, &hash, session, now).await?;
            sql::forget_attempts(store, context, counted).await?;
            self.forget(&ended).await;
            Ok(())
        };
        self.inner
            .store
            .run(context, "accounts.change_password", work)
            .await
    }

    /// A token for somebody who has forgotten their password, to be sent to their address; the one before is not
    /// accepted any more. `None` when nobody who may log in has the address, or a token went there within the last
    /// minute.
    ///
    /// Answer the one who asked the same in all cases, and send after the answer: the work here is the same.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn request_reset(&self, context: &Context, email: &str) -> Result<Option<Issued>, Error> {
        let context = &of_installation(context);
        let work = async {
            let (store, now) = (&self.inner.store, self.inner.store.now());
            let folded = address(email);
            let found = sql::credentials_by_email(store, context, &folded).await?;
            let user = found.map(|it| it.user).filter(User::is_active);
            let subject = user
                .as_ref()
                .map_or_else(|| sql::place_of(&folded), |user| user.id);
            let token = NewToken::draw(Purpose::Reset, self.inner.settings.reset_life, now)?;
            let stored = sql::store_token(store, context, subject, &token, PAUSE, now).await?;
            Ok(user.filter(|_| stored).map(|user| issued(user, token)))
        };
        self.inner
            .store
            .run(context, "accounts.request_reset", work)
            .await
    }

    /// Chooses another password with a token that was sent; all sessions end. A second factor stays.
    ///
    /// # Errors
    /// `Unauthenticated` when the token is unknown, spent or expired; `Invalid` when the password may not be chosen,
    /// and the token is good still.
    ///
    /// # Cancel safety
    /// Dropping the future leaves the token either spent for the password or not.
    pub async fn reset_password(
        &self,
        context: &Context,
        token: &Secret,
        new: &Secret,
    ) -> Result<User, Error> {
        let context = &of_installation(context);
        let work = self.spend_for_password(context, Purpose::Reset, token, new);
        self.inner
            .store
            .run(context, "accounts.reset_password", work)
            .await
    }

    pub(super) async fn spend_for_password(
        &self,
        context: &Context,
        purpose: Purpose,
        token: &Secret,
        new: &Secret,
    ) -> Result<User, Error> {
        let store = &self.inner.store;
        let refused = || Error::new(ErrorKind::Unauthenticated);
        let shown = NewToken::shown(purpose, token, store.now())?;
        // Looked at first, so that a token that is none costs no hash.
        let subject = sql::token_subject(store, context, purpose, &shown.hash, store.now()).await?;
        let found = sql::credentials(store, context, subject.ok_or_else(refused)?).await?;
        let user = found.ok_or_else(refused)?.user;
        let hash = self.new_password(new, &user).await?;
        let spent = sql::spend_for_password(store, context, purpose, &shown.hash, &hash, store.now()).await?;
        let (id, ended) = spent.ok_or_else(refused)?;
        self.forget(&ended).await;
        sql::user(store, context, id).await
    }

    /// The hash of a password that may be chosen.
    pub(super) async fn new_password(&self, password: &Secret, user: &User) -> Result<PasswordHash, Error> {
        let words = [user.email.as_str(), &user.name, &self.inner.settings.product];
        let judged = self.inner.rules.check_with_list(password, &words).await?;
        if let Err(weakness) = judged {
            let code = match weakness {
                Weakness::TooLong => "too_long",
                _ => "invalid",
            };
            let mut fields = Fields::default();
            fields.refuse("password", code, weakness);
            fields.finish(())?;
        }
        Ok(self.inner.passwords.hash(password).await?)
    }

    /// Verifies a password after counting the attempt; refused while the subject has to wait, after the same work.
    pub(super) async fn prove_password(
        &self,
        context: &Context,
        credentials: Option<&sql::Credentials>,
        counted: Counted,
        password: &Secret,
    ) -> Result<(), Error> {
        let store = &self.inner.store;
        let may = sql::count_attempt(store, context, counted, store.now()).await?;
        let user = match counted {
            Counted::Password(user) | Counted::Factor(user) => user,
            Counted::Device(_) | Counted::Session(_) => credentials.map_or(sql::NOBODY, |it| it.user.id),
        };
        let credentials = credentials.filter(|it| may && it.user.is_active());
        let stored = credentials.and_then(|it| it.password.as_ref());
        let verdict = self.inner.passwords.verify(password, stored).await?;
        if !verdict.is_accepted() {
            sql::note_refusal(store, context, user, store.now()).await?;
            return Err(Error::new(ErrorKind::Unauthenticated));
        }
        if let (aurora_core::access::password::Verdict::AcceptedMakeAnew, Some(known), Some(old)) =
            (verdict, credentials, stored)
        {
            let anew = self.inner.passwords.hash(password).await?;
            sql::rehash(store, context, known.user.id, old, &anew).await?;
        }
        Ok(())
    }
}
