use std::str::FromStr as _;
use std::time::Duration;

use aurora_core::access::policy::Assurance;
use aurora_core::access::refresh::SessionState;
use aurora_core::access::seal::Sealed;
use aurora_core::store;
use aurora_core::time::Timestamp;
use sqlx::types::{Json, Uuid};

use super::super::session::{Session, SessionId};
use super::super::user::{UserId, UserStatus};
use super::credentials::end_sessions;
use super::throttles::forget_throttle;
use super::{Counted, NOBODY, Spent, noted, spend};
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::store::{Store, reading, writing};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select sessions.id, sessions.user_id, sessions.epoch, sessions.counter, sessions.refresh_key,
                sessions.assurance, sessions.methods, sessions.network, sessions.agent, sessions.authenticated_at,
                sessions.refreshed_at, sessions.last_seen_at, sessions.created_at, sessions.expires_at,
                users.session_epoch, users.status, users.is_administrator
            from sessions join users on users.id = sessions.user_id ",
            $rest
        )
    };
}

aurora_core::store::statements! {
    INSERT_SESSION = "insert into sessions (id, user_id, epoch, counter, refresh_key, assurance, methods, network,
            agent, authenticated_at, refreshed_at, last_seen_at, created_at, expires_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    CAP_SESSIONS = "delete from sessions where user_id = $1 and id not in
        (select id from sessions where user_id = $1 order by created_at desc, id desc limit $2)";
    GET_SESSION = select!("where sessions.id = $1");
    SESSIONS_OF_USER = select!("where sessions.user_id = $1 order by sessions.created_at desc, sessions.id desc limit $2");
    ROTATE = "update sessions set counter = $3, refreshed_at = $4, last_seen_at = $4 where id = $1 and counter = $2";
    STEP_UP = "update sessions set assurance = $2, methods = $3, authenticated_at = $4, last_seen_at = $4
        where id = $1 and epoch = $5";
    END_SESSION = "delete from sessions where id = $1 and user_id = $2";
    TOUCH_DEVICE = "update devices set last_used_at = $3 where hash = $1 and user_id = $2";
    INSERT_DEVICE = "insert into devices (id, user_id, hash, last_used_at) values ($1, $2, $3, $4)";
    CAP_DEVICES = "delete from devices where user_id = $1 and id not in
        (select id from devices where user_id = $1 order by last_used_at desc, id desc limit $2)";
    DROP_CHALLENGE = "delete from login_challenges where id = $1";
    INSERT_CHALLENGE = "insert into login_challenges (id, hash, user_id, epoch, binding, methods, attempts, opened_at)
        values ($1, $2, $3, $4, $5, $6, 0, $7)";
    CAP_CHALLENGES = "delete from login_challenges where user_id = $1 and id not in
        (select id from login_challenges where user_id = $1 order by opened_at desc, id desc limit $2)";
}

/// How many living sessions and challenges, and how many known devices, a user has at most; the oldest go.
pub(in super::super) const MOST_SESSIONS: u32 = 50;
const MOST_DEVICES: u32 = 10;
const MOST_CHALLENGES: u32 = 10;

#[derive(sqlx::FromRow)]
struct Row {
    id: SessionId,
    user_id: UserId,
    epoch: i64,
    counter: i64,
    refresh_key: Vec<u8>,
    assurance: String,
    methods: Json<Vec<String>>,
    network: String,
    agent: Option<String>,
    authenticated_at: Timestamp,
    refreshed_at: Timestamp,
    last_seen_at: Timestamp,
    created_at: Timestamp,
    expires_at: Timestamp,
    session_epoch: i64,
    status: String,
    is_administrator: bool,
}

/// A session with what decides whether it is alive.
#[derive(Debug)]
pub(in super::super) struct Stored {
    pub(in super::super) session: Session,
    pub(in super::super) epoch: i64,
    pub(in super::super) state: SessionState,
    pub(in super::super) key: Sealed,
    pub(in super::super) is_administrator: bool,
    is_of_user: bool,
}

impl Stored {
    /// Whether it is alive at `now` if it ends after being idle for `idle`.
    pub(in super::super) fn is_alive(&self, idle: Duration, now: Timestamp) -> bool {
        self.is_of_user && now < self.session.expires_at && now < self.session.last_seen_at + idle
    }
}

impl TryFrom<Row> for Stored {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        let corrupt = |error: &str| store::Error::corrupt(error);
        let assurance = Assurance::from_str(&row.assurance).map_err(store::Error::corrupt)?;
        let status: UserStatus = row.status.parse().map_err(corrupt)?;
        let counter = u64::try_from(row.counter).map_err(store::Error::corrupt)?;
        Ok(Self {
            epoch: row.epoch,
            state: SessionState {
                counter,
                refreshed_at: row.refreshed_at,
            },
            key: Sealed::from_bytes(&row.refresh_key)?,
            is_administrator: row.is_administrator,
            is_of_user: row.epoch == row.session_epoch && status == UserStatus::Active,
            session: Session {
                id: row.id,
                user: row.user_id,
                assurance,
                methods: row.methods.0,
                authenticated_at: row.authenticated_at,
                network: row.network,
                agent: row.agent,
                created_at: row.created_at,
                last_seen_at: row.last_seen_at,
                expires_at: row.expires_at,
            },
        })
    }
}

/// A session to be opened.
#[derive(Debug)]
pub(in super::super) struct Opening<'a> {
    pub(in super::super) session: &'a Session,
    pub(in super::super) epoch: i64,
    pub(in super::super) key: Sealed,
    /// The hash of what the device will show.
    pub(in super::super) device: [u8; 32],
    pub(in super::super) is_known_device: bool,
    /// Whose failures are forgotten.
    pub(in super::super) counted: Counted,
    /// The challenge that ends with it, and what answered it.
    pub(in super::super) answered: Option<(Uuid, Spent)>,
}

/// Opens a session, and spends what it was opened with; refused when that is spent already.
pub(in super::super) async fn open_session(
    store: &Store,
    context: &Context,
    opening: &Opening<'_>,
) -> Result<(), Error> {
    let (session, user) = (opening.session, opening.session.user);
    let now = session.created_at;
    writing!(store, context, |tx| {
        if let Some((challenge, spent)) = &opening.answered {
            let gone = sqlx::query(DROP_CHALLENGE)
                .bind(challenge)
                .execute(&mut *tx)
                .await?;
            if gone.rows_affected() == 0 {
                return Err(Error::new(ErrorKind::Unauthenticated));
            }
            spend!(tx, spent, user, now);
        }
        forget_throttle!(tx, opening.counted);
        let device = opening.device.as_slice();
        if opening.is_known_device {
            let query = sqlx::query(TOUCH_DEVICE).bind(device).bind(user).bind(now);
            query.execute(&mut *tx).await?;
        } else {
            let query = sqlx::query(INSERT_DEVICE).bind(session.id.uuid()).bind(user);
            query.bind(device).bind(now).execute(&mut *tx).await?;
            let query = sqlx::query(CAP_DEVICES).bind(user).bind(i64::from(MOST_DEVICES));
            query.execute(&mut *tx).await?;
        }
        sqlx::query(INSERT_SESSION)
            .bind(session.id)
            .bind(user)
            .bind(opening.epoch)
            .bind(0_i64)
            .bind(opening.key.to_bytes())
            .bind(session.assurance.as_str())
            .bind(Json(&session.methods))
            .bind(&session.network)
            .bind(session.agent.as_deref())
            .bind(session.authenticated_at)
            .bind(now)
            .bind(session.last_seen_at)
            .bind(now)
            .bind(session.expires_at)
            .execute(&mut *tx)
            .await?;
        let query = sqlx::query(CAP_SESSIONS)
            .bind(user)
            .bind(i64::from(MOST_SESSIONS));
        query.execute(&mut *tx).await?;
        let records = [
            noted("authn_login_success", "user", user, now),
            noted("session_created", "session", session.id, now),
        ];
        store
            .record(&mut (&mut *tx).into(), context, now, &records)
            .await?;
        Ok(())
    })
}

/// A login that waits for its second factor.
#[derive(Debug)]
pub(in super::super) struct NewChallenge<'a> {
    pub(in super::super) id: Uuid,
    pub(in super::super) hash: [u8; 32],
    pub(in super::super) user: UserId,
    pub(in super::super) epoch: i64,
    pub(in super::super) binding: [u8; 32],
    pub(in super::super) methods: &'a [String],
    pub(in super::super) counted: Counted,
    pub(in super::super) now: Timestamp,
}

pub(in super::super) async fn insert_challenge(
    store: &Store,
    context: &Context,
    new: &NewChallenge<'_>,
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        forget_throttle!(tx, new.counted);
        sqlx::query(INSERT_CHALLENGE)
            .bind(new.id)
            .bind(new.hash.as_slice())
            .bind(new.user)
            .bind(new.epoch)
            .bind(new.binding.as_slice())
            .bind(Json(new.methods))
            .bind(new.now)
            .execute(&mut *tx)
            .await?;
        let query = sqlx::query(CAP_CHALLENGES)
            .bind(new.user)
            .bind(i64::from(MOST_CHALLENGES));
        query.execute(&mut *tx).await?;
        let records = [noted("authn_password_accepted", "user", new.user, new.now)];
        store
            .record(&mut (&mut *tx).into(), context, new.now, &records)
            .await?;
        Ok(())
    })
}

pub(in super::super) async fn session(
    store: &Store,
    context: &Context,
    id: SessionId,
) -> Result<Option<Stored>, Error> {
    let row: Option<Row> = reading!(store, context, |tx| {
        Ok::<_, Error>(
            sqlx::query_as(GET_SESSION)
                .bind(id)
                .fetch_optional(&mut *tx)
                .await?,
        )
    })?;
    row.map(Stored::try_from).transpose()
}

pub(in super::super) async fn sessions(
    store: &Store,
    context: &Context,
    user: UserId,
) -> Result<Vec<Stored>, Error> {
    let rows: Vec<Row> = reading!(store, context, |tx| {
        let query = sqlx::query_as(SESSIONS_OF_USER)
            .bind(user)
            .bind(i64::from(MOST_SESSIONS));
        Ok::<_, Error>(query.fetch_all(&mut *tx).await?)
    })?;
    rows.into_iter().map(Stored::try_from).collect()
}

/// Steps the counter, if it still stands where it was seen; of many at once exactly one does.
pub(in super::super) async fn rotate(
    store: &Store,
    context: &Context,
    id: SessionId,
    seen: u64,
    next: u64,
    now: Timestamp,
) -> Result<bool, Error> {
    let counter = |number: u64| i64::try_from(number).map_err(store::Error::corrupt);
    let (seen, next) = (counter(seen)?, counter(next)?);
    writing!(store, context, |tx| {
        let query = sqlx::query(ROTATE).bind(id).bind(seen).bind(next).bind(now);
        Ok(query.execute(&mut *tx).await?.rows_affected() > 0)
    })
}

/// Raises a session, and spends what proved it; refused when that is spent already, or the session was ended.
pub(in super::super) async fn step_up(
    store: &Store,
    context: &Context,
    session: &Session,
    epoch: i64,
    spent: &Spent,
) -> Result<(), Error> {
    let now = session.authenticated_at;
    writing!(store, context, |tx| {
        spend!(tx, spent, session.user, now);
        let query = sqlx::query(STEP_UP)
            .bind(session.id)
            .bind(session.assurance.as_str())
            .bind(Json(&session.methods))
            .bind(now)
            .bind(epoch);
        if query.execute(&mut *tx).await?.rows_affected() == 0 {
            return Err(Error::new(ErrorKind::Unauthenticated));
        }
        let records = [noted("authn_step_up", "session", session.id, now)];
        store
            .record(&mut (&mut *tx).into(), context, now, &records)
            .await?;
        Ok(())
    })
}

/// Why one session ends.
#[derive(Debug, Clone, Copy)]
pub(in super::super) enum Ending {
    /// Somebody ended it.
    Revoked,
    /// Its time was over.
    Expired,
    /// A spent refresh token was shown.
    Reused,
}

impl Ending {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Revoked => "session_revoked",
            Self::Expired => "session_expired",
            Self::Reused => "authn_token_reuse",
        }
    }
}

/// Ends one session; whether there was one.
pub(in super::super) async fn end_session(
    store: &Store,
    context: &Context,
    user: UserId,
    id: SessionId,
    ending: Ending,
    now: Timestamp,
) -> Result<bool, Error> {
    writing!(store, context, |tx| {
        let query = sqlx::query(END_SESSION).bind(id).bind(user);
        let ended = query.execute(&mut *tx).await?.rows_affected() > 0;
        if ended {
            let ended = noted(ending.as_str(), "session", id, now);
            let records = [match ending {
                Ending::Revoked | Ending::Expired => ended,
                Ending::Reused => ended.failed(),
            }];
            store
                .record(&mut (&mut *tx).into(), context, now, &records)
                .await?;
        }
        Ok(ended)
    })
}

/// Ends all sessions of a user but one; gives those that ended.
pub(in super::super) async fn end_all_sessions(
    store: &Store,
    context: &Context,
    user: UserId,
    keep: Option<SessionId>,
    now: Timestamp,
) -> Result<Vec<SessionId>, Error> {
    writing!(store, context, |tx| {
        let ended = end_sessions!(tx, user, keep.map_or(NOBODY.uuid(), SessionId::uuid));
        let records = [noted("sessions_revoked", "user", user, now)];
        store
            .record(&mut (&mut *tx).into(), context, now, &records)
            .await?;
        Ok(ended)
    })
}
