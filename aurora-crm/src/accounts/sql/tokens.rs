use std::time::Duration;

use aurora_core::time::Timestamp;

use super::super::tokens::{NewToken, Purpose};
use super::super::user::UserId;
use super::{IS_ANYBODY, NOBODY, noted};
use crate::context::Context;
use crate::error::Error;
use crate::store::{Store, reading, writing};

aurora_core::store::statements! {
    /// Takes the place of the one before, unless that is as young as `$6`.
    INSERT_TOKEN = "insert into single_use_tokens (subject_id, purpose, hash, created_at, expires_at)
        values ($1, $2, $3, $4, $5)
        on conflict (subject_id, purpose) do update
        set hash = excluded.hash, created_at = excluded.created_at, expires_at = excluded.expires_at
        where single_use_tokens.created_at <= $6";
    PEEK_TOKEN = "select subject_id from single_use_tokens where hash = $1 and purpose = $2 and expires_at > $3";
    TAKE_TOKEN = "delete from single_use_tokens where hash = $1 and purpose = $2 and expires_at > $3
        returning subject_id";
}

/// Gives out a token whatever was given out before.
macro_rules! insert_token {
    ($tx:ident, $subject:expr, $token:expr, $now:expr) => {
        sqlx::query(super::INSERT_TOKEN)
            .bind($subject)
            .bind($token.purpose.as_str())
            .bind($token.hash.as_slice())
            .bind($now)
            .bind($token.expires_at)
            .bind($now)
            .execute(&mut *$tx)
            .await?
    };
}
pub(super) use insert_token;

/// Stores a token for a subject, unless one was stored within `pause`; whether it was.
pub(in super::super) async fn store_token(
    store: &Store,
    context: &Context,
    subject: UserId,
    token: &NewToken,
    pause: Duration,
    now: Timestamp,
) -> Result<bool, Error> {
    writing!(store, context, |tx| {
        let query = sqlx::query(INSERT_TOKEN)
            .bind(subject)
            .bind(token.purpose.as_str())
            .bind(token.hash.as_slice())
            .bind(now)
            .bind(token.expires_at)
            .bind(now - pause);
        Ok(query.execute(&mut *tx).await?.rows_affected() > 0)
    })
}

/// Stores the token of the first administrator, unless there is a user already; whether it was.
pub(in super::super) async fn store_setup_token(
    store: &Store,
    context: &Context,
    token: &NewToken,
    now: Timestamp,
) -> Result<bool, Error> {
    writing!(store, context, |tx| {
        let anybody: bool = sqlx::query_scalar(IS_ANYBODY).fetch_one(&mut *tx).await?;
        if anybody {
            return Ok(false);
        }
        // Each of them stays good: of several servers that start at once, every one shows a link of its own.
        insert_token!(tx, UserId::new(now), token, now);
        let records = [noted("setup_token_created", "user", NOBODY, now)];
        store
            .record(&mut (&mut *tx).into(), context, now, &records)
            .await?;
        Ok(true)
    })
}

/// Whose a token is, without spending it.
pub(in super::super) async fn token_subject(
    store: &Store,
    context: &Context,
    purpose: Purpose,
    hash: &[u8],
    now: Timestamp,
) -> Result<Option<UserId>, Error> {
    reading!(store, context, |tx| {
        let query = sqlx::query_scalar(PEEK_TOKEN)
            .bind(hash)
            .bind(purpose.as_str())
            .bind(now);
        Ok(query.fetch_optional(&mut *tx).await?)
    })
}
