//! The second factor: one-time codes of an authenticator, and recovery codes.

use std::time::Duration;

use aurora_core::access::policy::Assurance;
use aurora_core::access::recovery;
use aurora_core::access::totp::TotpSecret;
use aurora_core::secret::Secret;
use aurora_core::time::Timestamp;

use super::passwords::not_accepted;
use super::sql::{self, Activation, Counted, Factor, FactorState, Stored};
use super::{Accounts, SessionId, UserId, of_installation, place};
use crate::context::Context;
use crate::error::{Error, ErrorKind};

/// How long an enrolment may take.
const ENROLMENT: Duration = Duration::from_secs(600);

/// What is shown once, to set up an authenticator.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Enrolment {
    /// What it scans, as a QR code: `otpauth://totp/…`. It holds the secret.
    pub uri: Secret,
    /// The secret for who cannot scan: base 32.
    pub secret: Secret,
    /// The first instant at which no code finishes the enrolment.
    pub expires_at: Timestamp,
}

/// Ten codes for the day on which the authenticator is lost, shown once; each is good once.
#[derive(Debug, Clone)]
pub struct RecoveryCodes(pub Vec<Secret>);

/// Whether a user has a second factor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct SecondFactor {
    /// Since when.
    pub since: Timestamp,
    /// How many recovery codes are left.
    pub recovery_codes_left: usize,
}

impl Accounts {
    /// Begins to enrol an authenticator, in place of the present one if there is one. It becomes the factor with its
    /// first code: [`Accounts::activate_factor`].
    ///
    /// # Errors
    /// `Unauthenticated` when the session is not alive; `StepUp` when it has not proven itself within the time for that,
    /// with the present factor if there is one.
    pub async fn enrol_factor(&self, context: &Context, session: SessionId) -> Result<Enrolment, Error> {
        let context = &of_installation(context);
        let work = async {
            let store = &self.inner.store;
            let (stored, credentials) = self.alive_with_credentials(context, session).await?;
            self.require_fresh(&stored, &credentials)?;
            let (user, now) = (credentials.user, store.now());
            let secret = TotpSecret::generate()?;
            let id = UserId::new(now).uuid();
            let sealed = self
                .inner
                .sealer
                .seal(&place("second_factors", id, "secret"), secret.expose())
                .await?;
            let factor = Factor {
                id,
                secret: sealed,
                created_at: now,
            };
            sql::insert_factor(store, context, user.id, &factor).await?;
            let settings = &self.inner.settings;
            Ok(Enrolment {
                uri: settings.totp.uri(&secret, &settings.product, user.email.as_str()),
                secret: secret.base32(),
                expires_at: now + ENROLMENT,
            })
        };
        store_run(self, context, "accounts.enrol_factor", work).await
    }

    /// Finishes an enrolment with a first code. The session has two factors from now on, all others end, and the
    /// recovery codes of an earlier factor are replaced.
    ///
    /// # Errors
    /// `Unauthenticated` when the session is not alive; `Invalid` of `code` (code `not_accepted`) when it is wrong or spent,
    /// there is no enrolment within ten minutes, or codes were tried too often; `StepUp` as with
    /// [`Accounts::enrol_factor`].
    ///
    /// # Cancel safety
    /// Dropped, the factor may be active, with recovery codes that nobody has seen: make others with
    /// [`Accounts::replace_recovery_codes`].
    pub async fn activate_factor(
        &self,
        context: &Context,
        session: SessionId,
        code: &Secret,
    ) -> Result<RecoveryCodes, Error> {
        let context = &of_installation(context);
        let work = async {
            let store = &self.inner.store;
            let refused = || not_accepted("code");
            let (stored, credentials) = self.alive_with_credentials(context, session).await?;
            self.require_fresh(&stored, &credentials)?;
            let (user, now) = (credentials.user.id, store.now());
            let may = sql::count_attempt(store, context, Counted::Factor(user), now).await?;
            let factor = sql::factor(store, context, user, FactorState::Pending).await?;
            let in_time = |it: &Factor| now >= it.created_at && now < it.created_at + ENROLMENT;
            let factor = factor.filter(|it| may && in_time(it)).ok_or_else(refused)?;
            let step = self
                .matching_step(&factor, code, now)
                .await?
                .ok_or_else(refused)?;
            let codes = recovery::generate(&self.inner.passwords).await?;
            let mut methods = stored.session.methods;
            if !methods.iter().any(|method| method == "otp") {
                methods.push("otp".to_owned());
            }
            let activation = Activation {
                user,
                session,
                methods: &methods,
                factor: factor.id,
                step,
                codes: &codes.stored,
                now,
            };
            let ended = sql::activate(store, context, &activation).await?;
            sql::forget_attempts(store, context, Counted::Factor(user)).await?;
            self.forget(&ended).await;
            self.forget(&[session]).await;
            Ok(RecoveryCodes(codes.shown))
        };
        store_run(self, context, "accounts.activate_factor", work).await
    }

    /// Removes the second factor and its recovery codes; all other sessions end.
    ///
    /// # Errors
    /// `Unauthenticated` when the session is not alive; `StepUp` when it did not show the factor within the time for
    /// that; `NotFound` when there is none.
    pub async fn remove_factor(&self, context: &Context, session: SessionId) -> Result<(), Error> {
        let context = &of_installation(context);
        let work = async {
            let store = &self.inner.store;
            let (stored, credentials) = self.alive_with_credentials(context, session).await?;
            self.require_fresh(&stored, &credentials)?;
            if !credentials.has_factor {
                return Err(Error::not_found("second factor"));
            }
            let ended = sql::remove_factor(store, context, credentials.user.id, session, store.now()).await?;
            self.forget(&ended).await;
            Ok(())
        };
        store_run(self, context, "accounts.remove_factor", work).await
    }

    /// Makes ten recovery codes in place of those before.
    ///
    /// # Errors
    /// As with [`Accounts::remove_factor`].
    pub async fn replace_recovery_codes(
        &self,
        context: &Context,
        session: SessionId,
    ) -> Result<RecoveryCodes, Error> {
        let context = &of_installation(context);
        let work = async {
            let store = &self.inner.store;
            let (stored, credentials) = self.alive_with_credentials(context, session).await?;
            self.require_fresh(&stored, &credentials)?;
            if !credentials.has_factor {
                return Err(Error::not_found("second factor"));
            }
            let codes = recovery::generate(&self.inner.passwords).await?;
            let user = credentials.user.id;
            sql::replace_codes(store, context, user, &codes.stored, store.now()).await?;
            Ok(RecoveryCodes(codes.shown))
        };
        store_run(self, context, "accounts.replace_recovery_codes", work).await
    }

    /// The second factor of a user, if there is one.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn second_factor(
        &self,
        context: &Context,
        user: UserId,
    ) -> Result<Option<SecondFactor>, Error> {
        let context = &of_installation(context);
        let work = async {
            let store = &self.inner.store;
            let Some(factor) = sql::factor(store, context, user, FactorState::Active).await? else {
                return Ok(None);
            };
            Ok(Some(SecondFactor {
                since: factor.created_at,
                recovery_codes_left: sql::unused_codes(store, context, user).await?.len(),
            }))
        };
        store_run(self, context, "accounts.second_factor", work).await
    }

    /// The step that a code is of.
    pub(super) async fn matching_step(
        &self,
        factor: &Factor,
        code: &Secret,
        now: Timestamp,
    ) -> Result<Option<i64>, Error> {
        let place = place("second_factors", factor.id, "secret");
        let bytes = self.inner.sealer.open(&place, &factor.secret).await?;
        let secret = TotpSecret::from_bytes(bytes.to_vec())?;
        let step = self
            .inner
            .settings
            .totp
            .matching_step(&secret, code.expose(), now);
        Ok(step.and_then(|step| i64::try_from(step).ok()))
    }

    /// Whether a session may change what protects its account.
    pub(super) fn require_fresh(&self, stored: &Stored, credentials: &sql::Credentials) -> Result<(), Error> {
        let session = &stored.session;
        let now = self.inner.store.now();
        let age = now
            .since(session.authenticated_at)
            .max(session.authenticated_at.since(now));
        let proven = !credentials.has_factor || session.assurance >= Assurance::Aal2;
        if proven && age <= self.inner.settings.step_up_within {
            Ok(())
        } else {
            Err(Error::new(ErrorKind::StepUp))
        }
    }
}

async fn store_run<T>(
    accounts: &Accounts,
    context: &Context,
    operation: &'static str,
    work: impl Future<Output = Result<T, Error>> + Send,
) -> Result<T, Error> {
    accounts.inner.store.run(context, operation, work).await
}
