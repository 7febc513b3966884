//! Whether a session is alive, asked with every request.

use std::time::Duration;

use aurora_core::access::policy::Assurance;
use aurora_core::cache::Scope;
use aurora_core::resilience::Deadline;
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::{Accounts, Alive, SessionId, UserId, of_installation, sql};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::store::Store;

/// How long the database may take; who waits for it is refused.
pub(super) const LIMIT: Duration = Duration::from_secs(5);

/// What is kept of a session for a moment.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Kept {
    /// When the database was asked, by the process's own monotonic clock, in microseconds.
    asked: u64,
    user: UserId,
    assurance: Assurance,
    methods: Vec<String>,
    authenticated_at: Timestamp,
    is_administrator: bool,
    version: i64,
    /// Its end, by age or by idleness.
    until: Timestamp,
}

impl Accounts {
    /// What is known of a session, if it is alive: the question of every request.
    ///
    /// The answer is kept in the process for a second at most, counted from when the database was asked: what was ended
    /// is over on every replica by then, without a message between them. In this process it is over at once.
    ///
    /// # Errors
    /// `Unauthenticated` when there is no such session, it has ended, its time is over, or its user is disabled;
    /// `Unavailable` when that cannot be known: nobody is let in while the database does not answer.
    ///
    /// # Cancel safety
    /// Drop it at any time.
    pub async fn check(&self, context: &Context, session: SessionId) -> Result<Alive, Error> {
        let context = of_installation(context);
        let work = self.alive(context.clone(), session);
        self.inner.store.run(&context, "accounts.check", work).await
    }

    async fn alive(&self, context: Context, session: SessionId) -> Result<Alive, Error> {
        let (inner, key) = (&self.inner, session.to_string());
        // Others wait for the same answer: it is not bound to the deadline of one of them.
        let deadline = Deadline::after(&**inner.store.clock(), LIMIT);
        let context = context.deadline(deadline);
        let ask = || {
            let (store, context, idle) = (inner.store.clone(), context.clone(), inner.settings.idle);
            move || async move { ask(&store, &context, session, idle).await }
        };
        let served = inner.alive.get(&Scope::Global, &key, ask()).await;
        let mut kept = served.map_err(unknown)?.into_value();
        let age = |kept: &Kept| micros(inner.store.clock().elapsed()).saturating_sub(kept.asked);
        if kept
            .as_ref()
            .is_some_and(|kept| age(kept) > micros(inner.settings.check_for))
        {
            // The database took its time to answer, or the wall clock was set back.
            self.forget(&[session]).await;
            kept = ask()().await?.map(Into::into);
        }
        let kept = kept.filter(|kept| inner.store.now() < kept.until);
        let kept = kept.ok_or(Error::new(ErrorKind::Unauthenticated))?;
        Ok(Alive {
            session,
            user: kept.user,
            assurance: kept.assurance,
            methods: kept.methods.clone(),
            authenticated_at: kept.authenticated_at,
            is_administrator: kept.is_administrator,
            version: kept.version,
        })
    }

    /// Lets this process ask anew about sessions that it has changed.
    pub(super) async fn forget(&self, sessions: &[SessionId]) {
        for session in sessions {
            // A cache in memory that fails to forget does so for a second at most.
            drop(
                self.inner
                    .alive
                    .forget(&Scope::Global, &session.to_string())
                    .await,
            );
        }
    }
}

async fn ask(
    store: &Store,
    context: &Context,
    session: SessionId,
    idle: Duration,
) -> Result<Option<Kept>, Error> {
    let asked = micros(store.clock().elapsed());
    let read = sql::session(store, context, session);
    let stored = store.run(context, "accounts.check.ask", read).await?;
    let alive = stored.filter(|it| it.is_alive(idle, store.now()));
    Ok(alive.map(|it| Kept {
        asked,
        user: it.session.user,
        assurance: it.session.assurance,
        until: it.session.expires_at.min(it.session.last_seen_at + idle),
        methods: it.session.methods,
        authenticated_at: it.session.authenticated_at,
        is_administrator: it.is_administrator,
        version: it.epoch,
    }))
}

pub(super) fn micros(time: Duration) -> u64 {
    u64::try_from(time.as_micros()).unwrap_or(u64::MAX)
}

pub(super) fn unknown(error: aurora_core::cache::LoadError) -> Error {
    Error::new(ErrorKind::Unavailable).caused_by(error)
}
