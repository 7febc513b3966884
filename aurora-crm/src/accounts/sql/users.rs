use aurora_core::access::password::PasswordHash;
use aurora_core::page::{Page, PageRequest};
use aurora_core::store::{self, Connection, on_connection};
use aurora_core::time::Timestamp;

use super::super::input::folded;
use super::super::session::SessionId;
use super::super::tokens::{NewToken, Purpose};
use super::super::user::{User, UserId, UserStatus};
use super::credentials::end_sessions;
use super::{NOBODY, insert_token, newest_key, noted};
use crate::clients::wrong_cursor;
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::store::{Store, reading, writing};

/// Users by a condition, with more columns.
macro_rules! select {
    ($more:literal, $rest:literal) => {
        concat!(
            "select id, email, name, locale, status, is_administrator, email_verified_at, version, created_at, updated_at ",
            $more,
            " from users ",
            $rest
        )
    };
}

pub(super) use select;

aurora_core::store::statements! {
    INSERT_USER = "insert into users (id, email, email_folded, name, locale, status, is_administrator, password,
            email_verified_at, session_epoch, version, created_at, updated_at)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, 1, $10, $11, $12)";
    GET_USER = select!("", "where id = $1");
    USER_BY_EMAIL = select!("", "where email_folded = $1");
    NEWEST_USERS = select!("", "where (created_at, id) < ($1, $2) order by created_at desc, id desc limit $3");
    TAKE_SETUP_TOKENS = "delete from single_use_tokens where purpose = $1 and expires_at > $2 returning hash";
    IS_ANYBODY = "select exists (select 1 from users)";
    UPDATE_USER = "update users set name = $3, locale = $4, version = $5, updated_at = $6 where id = $1 and version = $2";
    SET_ADMINISTRATOR = "update users set is_administrator = $3, version = version + 1, updated_at = $4
        where id = $1 and version = $2";
    LOCK_ADMINISTRATORS = "update users set is_administrator = is_administrator where is_administrator";
    IS_ADMINISTRATOR = "select exists (select 1 from users where id = $1 and is_administrator)";
    IS_LOOKED_AFTER = "select exists (select 1 from users where is_administrator and status = 'active')";
    IS_KEPT_OUT = "select exists (select 1 from users where id = $1 and status = 'disabled')";
    SET_STATUS = "update users set status = $3, version = version + 1, updated_at = $4 where id = $1 and version = $2";
}

macro_rules! insert_user {
    ($tx:ident, $user:expr, $password:expr) => {
        sqlx::query(INSERT_USER)
            .bind($user.id)
            .bind($user.email.as_str())
            .bind(folded($user.email.as_str()))
            .bind(&$user.name)
            .bind(&$user.locale)
            .bind($user.status.as_str())
            .bind($user.is_administrator)
            .bind($password.map(PasswordHash::expose))
            .bind($user.email_verified_at)
            .bind($user.version)
            .bind($user.created_at)
            .bind($user.updated_at)
            .execute(&mut *$tx)
            .await
    };
}

/// Refuses what would leave nobody to look after the installation.
macro_rules! still_looked_after {
    ($tx:ident) => {
        let is_looked_after: bool = sqlx::query_scalar(IS_LOOKED_AFTER).fetch_one(&mut *$tx).await?;
        if !is_looked_after {
            let message = "no other active administrator would be left";
            return Err(Error::clash(
                "user",
                "is_administrator",
                "last_administrator",
                message,
            ));
        }
    };
}

#[derive(sqlx::FromRow)]
pub(super) struct UserRow {
    id: UserId,
    email: String,
    name: String,
    locale: String,
    status: String,
    is_administrator: bool,
    email_verified_at: Option<Timestamp>,
    version: i64,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<UserRow> for User {
    type Error = store::Error;

    fn try_from(row: UserRow) -> Result<Self, store::Error> {
        Ok(Self {
            id: row.id,
            email: row.email.parse().map_err(store::Error::corrupt)?,
            name: row.name,
            locale: row.locale,
            status: row
                .status
                .parse()
                .map_err(|error: &str| store::Error::corrupt(error))?,
            is_administrator: row.is_administrator,
            email_verified_at: row.email_verified_at,
            version: row.version,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// How a user comes to be.
#[derive(Clone, Copy)]
pub(in super::super) enum Entry<'a> {
    /// Somebody who may makes them.
    Made,
    /// Whoever shows this token is the first.
    Setup(&'a NewToken),
}

/// Inserts a user, with a token of theirs if there is one.
pub(in super::super) async fn insert_user(
    store: &Store,
    context: &Context,
    user: &User,
    password: Option<&PasswordHash>,
    token: Option<&NewToken>,
    entry: Entry<'_>,
) -> Result<(), Error> {
    let now = user.created_at;
    let done = writing!(store, context, |tx| {
        if let Entry::Setup(shown) = entry {
            // All of them, so that two servers' links wait for each other, and those left over open nothing.
            let taken: Vec<Vec<u8>> = sqlx::query_scalar(TAKE_SETUP_TOKENS)
                .bind(Purpose::Setup.as_str())
                .bind(now)
                .fetch_all(&mut *tx)
                .await?;
            let anybody: bool = sqlx::query_scalar(IS_ANYBODY).fetch_one(&mut *tx).await?;
            if anybody || !taken.iter().any(|hash| hash == shown.hash.as_slice()) {
                return Err(Error::new(ErrorKind::Unauthenticated));
            }
        }
        insert_user!(tx, user, password)?;
        if let Some(token) = token {
            insert_token!(tx, user.id, token, now);
        }
        let records = [noted("user_created", "user", user.id, now)];
        store
            .record(&mut (&mut *tx).into(), context, now, &records)
            .await?;
        Ok::<(), Error>(())
    });
    let Err(error) = done else { return Ok(()) };
    if error.stored().and_then(|stored| stored.constraint()) != Some("users_email_folded_key") {
        return Err(error);
    }
    match user_by_email(store, context, user.email.as_str()).await? {
        Some(existing) => Err(Error::already_exists("user", existing.id)),
        None => Err(error),
    }
}

pub(in super::super) async fn user(store: &Store, context: &Context, id: UserId) -> Result<User, Error> {
    let row: Option<UserRow> = reading!(store, context, |tx| {
        Ok::<_, Error>(sqlx::query_as(GET_USER).bind(id).fetch_optional(&mut *tx).await?)
    })?;
    Ok(row.ok_or(Error::not_found("user"))?.try_into()?)
}

pub(in super::super) async fn user_by_email(
    store: &Store,
    context: &Context,
    email: &str,
) -> Result<Option<User>, Error> {
    let row: Option<UserRow> = reading!(store, context, |tx| {
        let query = sqlx::query_as(USER_BY_EMAIL).bind(folded(email));
        Ok::<_, Error>(query.fetch_optional(&mut *tx).await?)
    })?;
    Ok(row.map(User::try_from).transpose()?)
}

pub(in super::super) async fn users(
    store: &Store,
    context: &Context,
    request: &PageRequest,
) -> Result<Page<User>, Error> {
    const SCOPE: &str = "users/newest";
    let limit = i64::from(request.limit()) + 1;
    let (time, id) = newest_key(request, SCOPE)?;
    let rows: Vec<UserRow> = reading!(store, context, |tx| {
        let query = sqlx::query_as(NEWEST_USERS).bind(time);
        Ok::<_, Error>(query.bind(id).bind(limit).fetch_all(&mut *tx).await?)
    })?;
    let page = Page::from_rows(rows, request, SCOPE, |row: &UserRow| {
        (row.created_at.as_micros(), row.id.uuid())
    });
    let Page { items, next } = page.map_err(wrong_cursor)?;
    let items = items.into_iter().map(User::try_from).collect::<Result<_, _>>()?;
    Ok(Page { items, next })
}

/// Writes a user that is still at `version`.
pub(in super::super) async fn update_user(
    store: &Store,
    context: &Context,
    user: &User,
    version: i64,
) -> Result<(), Error> {
    let touched = writing!(store, context, |tx| {
        let query = sqlx::query(UPDATE_USER)
            .bind(user.id)
            .bind(version)
            .bind(&user.name);
        let query = query.bind(&user.locale).bind(user.version).bind(user.updated_at);
        let touched = query.execute(&mut *tx).await?.rows_affected();
        if touched > 0 {
            let records = [noted("user_updated", "user", user.id, user.updated_at)];
            store
                .record(&mut (&mut *tx).into(), context, user.updated_at, &records)
                .await?;
        }
        Ok::<u64, Error>(touched)
    })?;
    untouched(store, context, user.id, touched).await
}

/// Lets a user in or keeps them out, from whenever they may have logged in; gives the sessions that ended.
pub(in super::super) async fn set_status(
    store: &Store,
    context: &Context,
    id: UserId,
    version: i64,
    status: UserStatus,
    now: Timestamp,
) -> Result<Vec<SessionId>, Error> {
    let (touched, ended) = writing!(store, context, |tx| {
        let is_administrator: bool = sqlx::query_scalar(IS_ADMINISTRATOR)
            .bind(id)
            .fetch_one(&mut *tx)
            .await?;
        if is_administrator {
            sqlx::query(LOCK_ADMINISTRATORS).execute(&mut *tx).await?;
        }
        let query = sqlx::query(SET_STATUS)
            .bind(id)
            .bind(version)
            .bind(status.as_str())
            .bind(now);
        let touched = query.execute(&mut *tx).await?.rows_affected();
        let mut ended = Vec::new();
        if touched > 0 {
            ended = end_sessions!(tx, id, NOBODY);
            if is_administrator {
                still_looked_after!(tx);
            }
            let name = match status {
                UserStatus::Active => "user_enabled",
                UserStatus::Disabled => "user_disabled",
            };
            let records = [noted(name, "user", id, now)];
            store
                .record(&mut (&mut *tx).into(), context, now, &records)
                .await?;
        }
        Ok::<_, Error>((touched, ended))
    })?;
    untouched(store, context, id, touched).await?;
    Ok(ended)
}

/// Makes a user an administrator or takes it from them; gives the sessions that ended.
pub(in super::super) async fn set_administrator(
    store: &Store,
    context: &Context,
    id: UserId,
    version: i64,
    is_administrator: bool,
    now: Timestamp,
) -> Result<Vec<SessionId>, Error> {
    let (touched, ended) = writing!(store, context, |tx| {
        // Two who take it from each other take turns.
        sqlx::query(LOCK_ADMINISTRATORS).execute(&mut *tx).await?;
        let query = sqlx::query(SET_ADMINISTRATOR).bind(id).bind(version);
        let query = query.bind(is_administrator).bind(now);
        let touched = query.execute(&mut *tx).await?.rows_affected();
        let mut ended = Vec::new();
        if touched > 0 {
            ended = end_sessions!(tx, id, NOBODY);
            let name = if is_administrator {
                "administrator_made"
            } else {
                still_looked_after!(tx);
                "administrator_unmade"
            };
            let records = [noted(name, "user", id, now)];
            store
                .record(&mut (&mut *tx).into(), context, now, &records)
                .await?;
        }
        Ok::<_, Error>((touched, ended))
    })?;
    untouched(store, context, id, touched).await?;
    Ok(ended)
}

/// Whether a principal is a user who is kept out: what they have handed out opens nothing meanwhile.
pub(crate) async fn is_kept_out(tx: &mut Connection<'_>, principal: &str) -> Result<bool, Error> {
    // Programs, jobs and the command line are nobody who could be kept out.
    let Ok(user) = principal.parse::<UserId>() else {
        return Ok(false);
    };
    let kept_out: bool = on_connection!(tx, |tx| sqlx::query_scalar(IS_KEPT_OUT)
        .bind(user)
        .fetch_one(&mut *tx))?;
    Ok(kept_out)
}

/// Whether a principal may speak for the installation: an administrator, or nobody who could be one.
pub(super) async fn speaks_for_all(tx: &mut Connection<'_>, principal: &str) -> Result<bool, Error> {
    let Ok(user) = principal.parse::<UserId>() else {
        return Ok(true);
    };
    let is_administrator: bool = on_connection!(tx, |tx| sqlx::query_scalar(IS_ADMINISTRATOR)
        .bind(user)
        .fetch_one(&mut *tx))?;
    Ok(is_administrator)
}

async fn untouched(store: &Store, context: &Context, id: UserId, touched: u64) -> Result<(), Error> {
    if touched > 0 {
        return Ok(());
    }
    let stored = user(store, context, id).await?;
    Err(Error::conflict("user", stored.version))
}
