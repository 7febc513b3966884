use aurora_core::time::Timestamp;

use super::super::session::SessionId;
use super::super::throttle::Throttle;
use super::super::user::UserId;
use super::noted;
use crate::context::Context;
use crate::error::Error;
use crate::store::{Store, reading, writing};

aurora_core::store::statements! {
    /// Locks the row also where there was none.
    LOCK_THROTTLE = "insert into throttles (subject_id, kind, failures, failed_at, blocked_until)
        values ($1, $2, 0, $3, $3)
        on conflict (subject_id, kind) do update set failures = throttles.failures
        returning failures, failed_at, blocked_until";
    SET_THROTTLE = "update throttles set failures = $3, failed_at = $4, blocked_until = $5
        where subject_id = $1 and kind = $2";
    FORGET_THROTTLE = "delete from throttles where subject_id = $1 and kind = $2";
    DEVICE = "select id from devices where hash = $1 and user_id = $2";
    PURGE_SESSIONS = "delete from sessions where id in
        (select id from sessions where expires_at <= $1 order by expires_at limit $2)";
    PURGE_TOKENS = "delete from single_use_tokens where hash in
        (select hash from single_use_tokens where expires_at <= $1 order by expires_at limit $2)";
    PURGE_CHALLENGES = "delete from login_challenges where id in
        (select id from login_challenges where opened_at <= $1 order by opened_at limit $2)";
    PURGE_DEVICES = "delete from devices where id in
        (select id from devices where last_used_at <= $1 order by last_used_at limit $2)";
    PURGE_THROTTLES = "delete from throttles where (subject_id, kind) in
        (select subject_id, kind from throttles where failed_at <= $1 order by failed_at limit $2)";
}

/// Names a device.
pub(in super::super) type DeviceId = sqlx::types::Uuid;

/// Whose attempts are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Counted {
    /// Passwords of a user, or of a place for those that nobody has.
    Password(UserId),
    /// Passwords from a device that its user logged in on before.
    Device(DeviceId),
    /// Passwords within a session.
    Session(SessionId),
    /// One-time and recovery codes of a user.
    Factor(UserId),
}

impl Counted {
    pub(super) const fn kind(self) -> &'static str {
        match self {
            Self::Password(_) => "password",
            Self::Device(_) => "device",
            Self::Session(_) => "session",
            Self::Factor(_) => "factor",
        }
    }

    pub(super) const fn subject(self) -> sqlx::types::Uuid {
        match self {
            Self::Password(user) | Self::Factor(user) => user.uuid(),
            Self::Session(session) => session.uuid(),
            Self::Device(id) => id,
        }
    }
}

/// A success: nothing is held against the subject any more.
macro_rules! forget_throttle {
    ($tx:ident, $counted:expr) => {
        sqlx::query(super::FORGET_THROTTLE)
            .bind($counted.subject())
            .bind($counted.kind())
            .execute(&mut *$tx)
            .await?
    };
}
pub(super) use forget_throttle;

#[derive(sqlx::FromRow)]
struct Row {
    failures: i64,
    failed_at: Timestamp,
    blocked_until: Timestamp,
}

/// Counts an attempt before it is made; false while the subject has to wait. Parallel attempts wait for one another.
pub(in super::super) async fn count_attempt(
    store: &Store,
    context: &Context,
    counted: Counted,
    now: Timestamp,
) -> Result<bool, Error> {
    let (subject, kind) = (counted.subject(), counted.kind());
    writing!(store, context, |tx| {
        let query = sqlx::query_as(LOCK_THROTTLE).bind(subject).bind(kind).bind(now);
        let row: Row = query.fetch_one(&mut *tx).await?;
        let stored = Throttle {
            failures: row.failures,
            failed_at: row.failed_at,
            blocked_until: row.blocked_until,
        };
        let Some(next) = stored.attempt(now) else {
            return Ok(false);
        };
        let query = sqlx::query(SET_THROTTLE)
            .bind(subject)
            .bind(kind)
            .bind(next.failures);
        query
            .bind(next.failed_at)
            .bind(next.blocked_until)
            .execute(&mut *tx)
            .await?;
        Ok(true)
    })
}

/// Forgets the failures of a subject that has just proven itself.
pub(in super::super) async fn forget_attempts(
    store: &Store,
    context: &Context,
    counted: Counted,
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        forget_throttle!(tx, counted);
        Ok(())
    })
}

/// The device of a user that shows this.
pub(in super::super) async fn device(
    store: &Store,
    context: &Context,
    user: UserId,
    hash: &[u8],
) -> Result<Option<DeviceId>, Error> {
    reading!(store, context, |tx| {
        let query = sqlx::query_scalar(DEVICE).bind(hash).bind(user);
        Ok(query.fetch_optional(&mut *tx).await?)
    })
}

/// Records that somebody was refused.
pub(in super::super) async fn note_refusal(
    store: &Store,
    context: &Context,
    user: UserId,
    now: Timestamp,
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        let records = [noted("authn_login_fail", "user", user, now).failed()];
        store
            .record(&mut (&mut *tx).into(), context, now, &records)
            .await?;
        Ok(())
    })
}

/// Before when what is of no use any more lies.
#[derive(Debug, Clone, Copy)]
pub(in super::super) struct Ages {
    pub(in super::super) now: Timestamp,
    pub(in super::super) challenges: Timestamp,
    pub(in super::super) devices: Timestamp,
    pub(in super::super) throttles: Timestamp,
}

/// Deletes at most `limit` rows of each table that are of no use any more; how many it were.
pub(in super::super) async fn purge(
    store: &Store,
    context: &Context,
    ages: Ages,
    limit: u32,
) -> Result<u64, Error> {
    let mut deleted = 0;
    for (statement, before) in [
        (PURGE_SESSIONS, ages.now),
        (PURGE_TOKENS, ages.now),
        (PURGE_CHALLENGES, ages.challenges),
        (PURGE_DEVICES, ages.devices),
        (PURGE_THROTTLES, ages.throttles),
    ] {
        let one: Result<u64, Error> = writing!(store, context, |tx| {
            let query = sqlx::query(statement).bind(before).bind(i64::from(limit));
            Ok(query.execute(&mut *tx).await?.rows_affected())
        });
        deleted += one?;
    }
    Ok(deleted)
}
