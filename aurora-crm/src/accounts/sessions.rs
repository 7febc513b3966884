//! Sessions that go on, are looked at, raised and ended.

use aurora_core::access::policy::Assurance;
use aurora_core::access::refresh::{self, Decision, Genuine, Presented, RefreshKey};
use aurora_core::secret::Secret;

use super::sql::{self, Counted, Spent, Stored};
use super::{Accounts, Proof, Refreshed, Session, SessionId, UserId, of_installation, place};
use crate::context::Context;
use crate::error::{Error, ErrorKind};

/// How often a refresh looks again when another one was faster. The second look sees a younger counter already.
const LOOKS: u32 = 4;

impl Accounts {
    /// Gives the next refresh token of a session for its newest one.
    ///
    /// All who come with the same token at the same time, or with an older one within the reuse interval (30 s), get the
    /// same next one. A token that is older than that has been copied: the session ends, which is recorded as
    /// `authn_token_reuse`, and the call is refused.
    ///
    /// # Errors
    /// `Unauthenticated` for a token that is not genuine or spent, and for a session that is over; `Unsealable` when the
    /// session's key cannot be opened, which leaves the session as it is.
    ///
    /// # Cancel safety
    /// Dropped, the counter may have stepped; the same token gets the next one within the reuse interval.
    pub async fn refresh(&self, context: &Context, token: &Secret) -> Result<Refreshed, Error> {
        let context = &of_installation(context);
        let work = self.rotate(context, token);
        self.inner.store.run(context, "accounts.refresh", work).await
    }

    async fn rotate(&self, context: &Context, token: &Secret) -> Result<Refreshed, Error> {
        let store = &self.inner.store;
        let refused = || Error::new(ErrorKind::Unauthenticated);
        let (mut stored, key, genuine) = self.genuine(context, token).await?;
        let id = stored.session.id;
        for _ in 0..LOOKS {
            let now = store.now();
            if !stored.is_alive(self.inner.settings.idle, now) {
                sql::end_session(store, context, stored.session.user, id, sql::Ending::Expired, now).await?;
                return Err(refused());
            }
            let counter = match refresh::decide(self.inner.settings.reuse, stored.state, genuine, now) {
                Decision::Rotate { counter } => {
                    // The write holds only where the counter still stands: it is the lock.
                    if sql::rotate(store, context, id, stored.state.counter, counter, now).await? {
                        stored.session.last_seen_at = now;
                        Some(counter)
                    } else {
                        None
                    }
                }
                Decision::Repeat { counter } => Some(counter),
                Decision::Reused => {
                    let user = stored.session.user;
                    sql::end_session(store, context, user, id, sql::Ending::Reused, now).await?;
                    tracing::warn!(session = %id, user = %user, "a spent refresh token was shown again");
                    self.forget(&[id]).await;
                    return Err(refused());
                }
                Decision::Forged => return Err(refused()),
            };
            if let Some(counter) = counter {
                return Ok(Refreshed {
                    refresh_token: refresh::encode(id, counter, &key),
                    session: stored.session,
                });
            }
            stored = sql::session(store, context, id).await?.ok_or_else(refused)?;
        }
        Err(Error::new(ErrorKind::Unavailable))
    }

    /// The session whose key has signed a refresh token, whether the token is spent or not; nothing changes by it.
    ///
    /// # Errors
    /// `Unauthenticated` for a token that is not genuine, and when its session is gone; `Unsealable` as for
    /// [`Accounts::refresh`].
    pub async fn session_of(&self, context: &Context, token: &Secret) -> Result<SessionId, Error> {
        let context = &of_installation(context);
        let work = async {
            let (stored, ..) = self.genuine(context, token).await?;
            Ok(stored.session.id)
        };
        self.inner.store.run(context, "accounts.session_of", work).await
    }

    /// Ends the session of a refresh token, also of one that is spent: whoever has it may only ever end the session.
    ///
    /// # Errors
    /// As [`Accounts::session_of`].
    pub async fn sign_out(&self, context: &Context, token: &Secret) -> Result<(), Error> {
        let context = &of_installation(context);
        let work = async {
            let store = &self.inner.store;
            let (stored, ..) = self.genuine(context, token).await?;
            let (user, id) = (stored.session.user, stored.session.id);
            sql::end_session(store, context, user, id, sql::Ending::Revoked, store.now()).await?;
            self.forget(&[id]).await;
            Ok(())
        };
        self.inner.store.run(context, "accounts.sign_out", work).await
    }

    /// What a refresh token is of, if its session's key has signed it.
    async fn genuine(
        &self,
        context: &Context,
        token: &Secret,
    ) -> Result<(Stored, RefreshKey, Genuine), Error> {
        let refused = || Error::new(ErrorKind::Unauthenticated);
        let presented = Presented::parse(token.expose()).ok_or_else(refused)?;
        let id: SessionId = presented.session();
        let stored = sql::session(&self.inner.store, context, id)
            .await?
            .ok_or_else(refused)?;
        let sealed = self
            .inner
            .sealer
            .open(&place("sessions", id, "refresh_key"), &stored.key)
            .await?;
        let bytes = sealed
            .as_slice()
            .try_into()
            .map_err(aurora_core::store::Error::corrupt)?;
        let key = RefreshKey::from_bytes(bytes);
        let genuine = presented.authenticate(&key).ok_or_else(refused)?;
        Ok((stored, key, genuine))
    }

    /// Proves again who speaks, within a session: with the password, and with the second factor if there is one. The
    /// session is as fresh as a new one then.
    ///
    /// # Errors
    /// `Unauthenticated` when the session is not alive, or a proof is wrong, missing or tried too often.
    ///
    /// # Cancel safety
    /// Dropped, the attempt may be counted, and the session may be raised.
    pub async fn step_up(
        &self,
        context: &Context,
        session: SessionId,
        password: &Secret,
        proof: Option<&Proof>,
    ) -> Result<Session, Error> {
        let context = &of_installation(context);
        let work = async {
            let store = &self.inner.store;
            let (stored, credentials) = self.alive_with_credentials(context, session).await?;
            let user = credentials.user.id;
            let counted = Counted::Session(session);
            self.prove_password(context, Some(&credentials), counted, password)
                .await?;
            sql::forget_attempts(store, context, counted).await?;
            let mut raised = stored.session;
            raised.methods = vec!["pwd".to_owned()];
            let mut spent = Spent::Nothing;
            raised.assurance = Assurance::Aal1;
            if credentials.has_factor {
                let proof = proof.ok_or(Error::new(ErrorKind::Unauthenticated))?;
                let (proven, method) = self.prove_factor(context, user, proof).await?;
                raised.methods.push(method.to_owned());
                raised.assurance = Assurance::Aal2;
                spent = proven;
            }
            let now = store.now();
            raised.authenticated_at = now;
            raised.last_seen_at = now;
            sql::step_up(store, context, &raised, stored.epoch, &spent).await?;
            self.forget(&[session]).await;
            Ok(raised)
        };
        self.inner.store.run(context, "accounts.step_up", work).await
    }

    /// The sessions of a user that are alive, at most 50, the newest first.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn sessions(&self, context: &Context, user: UserId) -> Result<Vec<Session>, Error> {
        let context = &of_installation(context);
        let work = async {
            let (now, idle) = (self.inner.store.now(), self.inner.settings.idle);
            let all = sql::sessions(&self.inner.store, context, user).await?;
            let alive = all.into_iter().filter(|it| it.is_alive(idle, now));
            Ok(alive.map(|it| it.session).collect())
        };
        self.inner.store.run(context, "accounts.sessions", work).await
    }

    /// Ends one session of a user, as when they log out. On every replica it is over within a second.
    ///
    /// # Errors
    /// `NotFound` when the user has no such session.
    pub async fn revoke(&self, context: &Context, user: UserId, session: SessionId) -> Result<(), Error> {
        let context = &of_installation(context);
        let work = async {
            let store = &self.inner.store;
            let ended =
                sql::end_session(store, context, user, session, sql::Ending::Revoked, store.now()).await?;
            self.forget(&[session]).await;
            if ended {
                Ok(())
            } else {
                Err(Error::not_found("session"))
            }
        };
        self.inner.store.run(context, "accounts.revoke", work).await
    }

    /// Ends all sessions of a user, except one if it is named, and all logins that wait for their second factor.
    ///
    /// # Errors
    /// `NotFound` when there is no such user.
    pub async fn revoke_all(
        &self,
        context: &Context,
        user: UserId,
        keep: Option<SessionId>,
    ) -> Result<(), Error> {
        let context = &of_installation(context);
        let work = async {
            let store = &self.inner.store;
            sql::user(store, context, user).await?;
            let ended = sql::end_all_sessions(store, context, user, keep, store.now()).await?;
            self.forget(&ended).await;
            Ok(())
        };
        self.inner.store.run(context, "accounts.revoke_all", work).await
    }

    /// A living session and its user, as they are in the database now.
    pub(super) async fn alive_with_credentials(
        &self,
        context: &Context,
        session: SessionId,
    ) -> Result<(Stored, sql::Credentials), Error> {
        let store = &self.inner.store;
        let refused = || Error::new(ErrorKind::Unauthenticated);
        let stored = sql::session(store, context, session).await?.ok_or_else(refused)?;
        if !stored.is_alive(self.inner.settings.idle, store.now()) {
            return Err(refused());
        }
        let credentials = sql::credentials(store, context, stored.session.user).await?;
        Ok((stored, credentials.ok_or_else(refused)?))
    }
}
