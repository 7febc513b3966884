use aurora_core::access::password::PasswordHash;
use aurora_core::time::Timestamp;

use super::super::session::SessionId;
use super::super::tokens::Purpose;
use super::super::user::{User, UserId};
use super::users::{UserRow, select};
use super::{NOBODY, TAKE_TOKEN, noted};
use crate::context::Context;
use crate::error::Error;
use crate::store::{Store, reading, writing};

macro_rules! credentials {
    ($rest:literal) => {
        select!(
            ", password, session_epoch, exists (select 1 from second_factors
                where second_factors.user_id = users.id and second_factors.state = 'active') as has_factor",
            $rest
        )
    };
}

aurora_core::store::statements! {
    CREDENTIALS = credentials!("where id = $1");
    CREDENTIALS_BY_EMAIL = credentials!("where email_folded = $1");
    VERIFY_EMAIL = "update users set email_verified_at = $2, version = version + 1, updated_at = $2
        where id = $1 and status = 'active'";
    SET_PASSWORD = "update users set password = $2, version = version + 1, updated_at = $3
        where id = $1 and session_epoch = $4 and status = 'active'";
    /// The owner of the mailbox has shown that it is theirs.
    RESET_PASSWORD = "update users set password = $2, version = version + 1, updated_at = $3,
            email_verified_at = coalesce(email_verified_at, $3)
        where id = $1 and status = 'active'";
    REHASH = "update users set password = $3 where id = $1 and password = $2";
    NEXT_EPOCH = "update users set session_epoch = session_epoch + 1 where id = $1 returning session_epoch";
    END_OTHERS = "delete from sessions where user_id = $1 and id <> $2 returning id";
    KEEP_SESSION = "update sessions set epoch = $3 where user_id = $1 and id = $2";
    DROP_CHALLENGES = "delete from login_challenges where user_id = $1";
    /// What was sent before opens nothing after.
    DROP_TOKENS = "delete from single_use_tokens where subject_id = $1 and purpose in ('reset', 'invite')";
    FORGET_THROTTLES = "delete from throttles where subject_id = $1";
}

/// Ends all sessions of a user but one, also those that are being opened; gives the ids of those that had been open.
macro_rules! end_sessions {
    ($tx:ident, $user:expr, $except:expr) => {{
        let epoch: i64 = sqlx::query_scalar(super::NEXT_EPOCH)
            .bind($user)
            .fetch_one(&mut *$tx)
            .await?;
        let ended: Vec<super::super::session::SessionId> = sqlx::query_scalar(super::END_OTHERS)
            .bind($user)
            .bind($except)
            .fetch_all(&mut *$tx)
            .await?;
        sqlx::query(super::KEEP_SESSION)
            .bind($user)
            .bind($except)
            .bind(epoch)
            .execute(&mut *$tx)
            .await?;
        sqlx::query(super::DROP_CHALLENGES)
            .bind($user)
            .execute(&mut *$tx)
            .await?;
        ended
    }};
}
pub(super) use end_sessions;

#[derive(sqlx::FromRow)]
struct CredentialsRow {
    #[sqlx(flatten)]
    user: UserRow,
    password: Option<String>,
    session_epoch: i64,
    has_factor: bool,
}

/// A user with what a login is measured against.
#[derive(Debug)]
pub(in super::super) struct Credentials {
    pub(in super::super) user: User,
    pub(in super::super) password: Option<PasswordHash>,
    pub(in super::super) epoch: i64,
    pub(in super::super) has_factor: bool,
}

impl TryFrom<CredentialsRow> for Credentials {
    type Error = Error;

    fn try_from(row: CredentialsRow) -> Result<Self, Error> {
        Ok(Self {
            user: row.user.try_into()?,
            password: row.password.as_deref().map(PasswordHash::parse).transpose()?,
            epoch: row.session_epoch,
            has_factor: row.has_factor,
        })
    }
}

pub(in super::super) async fn credentials(
    store: &Store,
    context: &Context,
    id: UserId,
) -> Result<Option<Credentials>, Error> {
    let row: Option<CredentialsRow> = reading!(store, context, |tx| {
        Ok::<_, Error>(
            sqlx::query_as(CREDENTIALS)
                .bind(id)
                .fetch_optional(&mut *tx)
                .await?,
        )
    })?;
    row.map(Credentials::try_from).transpose()
}

pub(in super::super) async fn credentials_by_email(
    store: &Store,
    context: &Context,
    folded: &str,
) -> Result<Option<Credentials>, Error> {
    let row: Option<CredentialsRow> = reading!(store, context, |tx| {
        let query = sqlx::query_as(CREDENTIALS_BY_EMAIL).bind(folded);
        Ok::<_, Error>(query.fetch_optional(&mut *tx).await?)
    })?;
    row.map(Credentials::try_from).transpose()
}

/// Stores a new password of a user who is still at `epoch`, and ends all other sessions.
pub(in super::super) async fn change_password(
    store: &Store,
    context: &Context,
    credentials: &Credentials,
    hash: &PasswordHash,
    keep: SessionId,
    now: Timestamp,
) -> Result<Vec<SessionId>, Error> {
    let id = credentials.user.id;
    writing!(store, context, |tx| {
        let query = sqlx::query(SET_PASSWORD).bind(id).bind(hash.expose()).bind(now);
        let touched = query
            .bind(credentials.epoch)
            .execute(&mut *tx)
            .await?
            .rows_affected();
        if touched == 0 {
            return Err(Error::conflict("user", credentials.user.version));
        }
        sqlx::query(DROP_TOKENS).bind(id).execute(&mut *tx).await?;
        let ended = end_sessions!(tx, id, keep);
        let records = [noted("authn_password_change", "user", id, now)];
        store
            .record(&mut (&mut *tx).into(), context, now, &records)
            .await?;
        Ok(ended)
    })
}

/// Spends a token for a new password, and ends all sessions; `None` when it is spent, expired or unknown.
pub(in super::super) async fn spend_for_password(
    store: &Store,
    context: &Context,
    purpose: Purpose,
    token: &[u8],
    hash: &PasswordHash,
    now: Timestamp,
) -> Result<Option<(UserId, Vec<SessionId>)>, Error> {
    writing!(store, context, |tx| {
        let query = sqlx::query_scalar(TAKE_TOKEN)
            .bind(token)
            .bind(purpose.as_str())
            .bind(now);
        let subject: Option<UserId> = query.fetch_optional(&mut *tx).await?;
        let Some(id) = subject else { return Ok(None) };
        let query = sqlx::query(RESET_PASSWORD).bind(id).bind(hash.expose()).bind(now);
        if query.execute(&mut *tx).await?.rows_affected() == 0 {
            return Ok(None);
        }
        sqlx::query(FORGET_THROTTLES).bind(id).execute(&mut *tx).await?;
        sqlx::query(DROP_TOKENS).bind(id).execute(&mut *tx).await?;
        let ended = end_sessions!(tx, id, NOBODY);
        let records = [noted("authn_password_change", "user", id, now)];
        store
            .record(&mut (&mut *tx).into(), context, now, &records)
            .await?;
        Ok(Some((id, ended)))
    })
}

/// Spends a token that shows that mail reaches its user.
pub(in super::super) async fn spend_for_email(
    store: &Store,
    context: &Context,
    token: &[u8],
    now: Timestamp,
) -> Result<Option<UserId>, Error> {
    writing!(store, context, |tx| {
        let query = sqlx::query_scalar(TAKE_TOKEN)
            .bind(token)
            .bind(Purpose::Verify.as_str())
            .bind(now);
        let subject: Option<UserId> = query.fetch_optional(&mut *tx).await?;
        let Some(id) = subject else { return Ok(None) };
        let query = sqlx::query(VERIFY_EMAIL).bind(id).bind(now);
        if query.execute(&mut *tx).await?.rows_affected() == 0 {
            return Ok(None);
        }
        let records = [noted("user_email_verified", "user", id, now)];
        store
            .record(&mut (&mut *tx).into(), context, now, &records)
            .await?;
        Ok(Some(id))
    })
}

/// Replaces a hash below the policy, unless the password was changed meanwhile.
pub(in super::super) async fn rehash(
    store: &Store,
    context: &Context,
    id: UserId,
    old: &PasswordHash,
    new: &PasswordHash,
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        let query = sqlx::query(REHASH).bind(id).bind(old.expose()).bind(new.expose());
        query.execute(&mut *tx).await?;
        Ok(())
    })
}
