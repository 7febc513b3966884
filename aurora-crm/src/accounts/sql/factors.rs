use aurora_core::access::password::PasswordHash;
use aurora_core::access::seal::Sealed;
use aurora_core::access::totp::Challenge;
use aurora_core::store;
use aurora_core::time::Timestamp;
use sqlx::types::{Json, Uuid};

use super::super::session::SessionId;
use super::super::user::UserId;
use super::credentials::end_sessions;
use super::noted;
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::store::{Store, reading, writing};

aurora_core::store::statements! {
    INSERT_FACTOR = "insert into second_factors (id, user_id, state, secret, last_step, created_at)
        values ($1, $2, 'pending', $3, null, $4)";
    GET_FACTOR = "select id, secret, created_at from second_factors where user_id = $1 and state = $2";
    DROP_FACTOR = "delete from second_factors where user_id = $1 and state = $2";
    DROP_FACTORS = "delete from second_factors where user_id = $1";
    /// A code is good once, also on another replica: the step only ever grows.
    SPEND_STEP = "update second_factors set last_step = $2 where id = $1 and (last_step is null or last_step < $2)";
    ACTIVATE = "update second_factors set state = 'active', last_step = $3
        where id = $1 and user_id = $2 and state = 'pending' and (last_step is null or last_step < $3)";
    RAISE = "update sessions set assurance = 'aal2', methods = $3 where id = $1 and user_id = $2";
    INSERT_CODE = "insert into recovery_codes (id, user_id, hash) values ($1, $2, $3)";
    UNUSED_CODES = "select id, hash from recovery_codes where user_id = $1 and used_at is null order by id";
    DROP_CODES = "delete from recovery_codes where user_id = $1";
    SPEND_CODE = "update recovery_codes set used_at = $2 where id = $1 and used_at is null";
    GET_CHALLENGE = "select id, user_id, epoch, binding, methods, attempts, opened_at
        from login_challenges where hash = $1";
    /// Of several tries at once, one is counted and goes on.
    COUNT_TRY = "update login_challenges set attempts = attempts + 1 where id = $1 and attempts = $2";
}

/// What proved the second factor, and is to be spent in the transaction of what it allows.
#[derive(Debug, Clone, Copy)]
pub(in super::super) enum Spent {
    /// Nothing: there is no second factor.
    Nothing,
    /// A one-time code.
    Step {
        /// Of which factor.
        factor: Uuid,
        /// Of which step of time.
        step: i64,
    },
    /// A recovery code.
    Code(Uuid),
}

/// Spends it, or refuses as if it had been wrong.
macro_rules! spend {
    ($tx:ident, $spent:expr, $user:expr, $now:expr) => {{
        let touched = match $spent {
            super::Spent::Nothing => 1,
            super::Spent::Step { factor, step } => {
                let query = sqlx::query(super::SPEND_STEP).bind(*factor).bind(*step);
                query.execute(&mut *$tx).await?.rows_affected()
            }
            super::Spent::Code(id) => {
                let query = sqlx::query(super::SPEND_CODE).bind(*id).bind($now);
                query.execute(&mut *$tx).await?.rows_affected()
            }
        };
        if touched == 0 {
            return Err($crate::error::Error::new(
                $crate::error::ErrorKind::Unauthenticated,
            ));
        }
        if !matches!($spent, super::Spent::Nothing) {
            super::throttles::forget_throttle!($tx, super::Counted::Factor($user));
        }
    }};
}
pub(super) use spend;

#[derive(sqlx::FromRow)]
struct FactorRow {
    id: Uuid,
    secret: Vec<u8>,
    created_at: Timestamp,
}

/// A second factor as it is stored.
#[derive(Debug)]
pub(in super::super) struct Factor {
    pub(in super::super) id: Uuid,
    pub(in super::super) secret: Sealed,
    pub(in super::super) created_at: Timestamp,
}

/// Which of a user's factors.
#[derive(Debug, Clone, Copy)]
pub(in super::super) enum FactorState {
    Pending,
    Active,
}

impl FactorState {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
        }
    }
}

pub(in super::super) async fn factor(
    store: &Store,
    context: &Context,
    user: UserId,
    state: FactorState,
) -> Result<Option<Factor>, Error> {
    let row: Option<FactorRow> = reading!(store, context, |tx| {
        let query = sqlx::query_as(GET_FACTOR).bind(user).bind(state.as_str());
        Ok::<_, Error>(query.fetch_optional(&mut *tx).await?)
    })?;
    let Some(row) = row else { return Ok(None) };
    Ok(Some(Factor {
        id: row.id,
        secret: Sealed::from_bytes(&row.secret)?,
        created_at: row.created_at,
    }))
}

/// Stores a factor that waits for its first code; it takes the place of one that waited before.
pub(in super::super) async fn insert_factor(
    store: &Store,
    context: &Context,
    user: UserId,
    factor: &Factor,
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        let query = sqlx::query(DROP_FACTOR)
            .bind(user)
            .bind(FactorState::Pending.as_str());
        query.execute(&mut *tx).await?;
        let query = sqlx::query(INSERT_FACTOR).bind(factor.id).bind(user);
        let query = query.bind(factor.secret.to_bytes()).bind(factor.created_at);
        query.execute(&mut *tx).await?;
        Ok(())
    })
}

/// The first code of a pending factor: it becomes the factor, the session that showed it is raised, all others end.
pub(in super::super) struct Activation<'a> {
    pub(in super::super) user: UserId,
    pub(in super::super) session: SessionId,
    pub(in super::super) methods: &'a [String],
    pub(in super::super) factor: Uuid,
    pub(in super::super) step: i64,
    pub(in super::super) codes: &'a [PasswordHash],
    pub(in super::super) now: Timestamp,
}

macro_rules! replace_codes {
    ($tx:ident, $user:expr, $codes:expr, $now:expr) => {{
        sqlx::query(DROP_CODES).bind($user).execute(&mut *$tx).await?;
        for code in $codes {
            let id = UserId::new($now).uuid();
            let query = sqlx::query(INSERT_CODE).bind(id).bind($user).bind(code.expose());
            query.execute(&mut *$tx).await?;
        }
    }};
}

pub(in super::super) async fn activate(
    store: &Store,
    context: &Context,
    it: &Activation<'_>,
) -> Result<Vec<SessionId>, Error> {
    writing!(store, context, |tx| {
        let ended = end_sessions!(tx, it.user, it.session);
        let query = sqlx::query(DROP_FACTOR)
            .bind(it.user)
            .bind(FactorState::Active.as_str());
        query.execute(&mut *tx).await?;
        let query = sqlx::query(ACTIVATE).bind(it.factor).bind(it.user).bind(it.step);
        if query.execute(&mut *tx).await?.rows_affected() == 0 {
            return Err(Error::new(ErrorKind::Unauthenticated));
        }
        let query = sqlx::query(RAISE)
            .bind(it.session)
            .bind(it.user)
            .bind(Json(it.methods));
        query.execute(&mut *tx).await?;
        replace_codes!(tx, it.user, it.codes, it.now);
        let records = [noted("authn_factor_enrolled", "user", it.user, it.now)];
        store
            .record(&mut (&mut *tx).into(), context, it.now, &records)
            .await?;
        Ok(ended)
    })
}

/// Removes the factor with its recovery codes, and ends all other sessions.
pub(in super::super) async fn remove_factor(
    store: &Store,
    context: &Context,
    user: UserId,
    keep: SessionId,
    now: Timestamp,
) -> Result<Vec<SessionId>, Error> {
    writing!(store, context, |tx| {
        let ended = end_sessions!(tx, user, keep);
        let query = sqlx::query(DROP_FACTORS).bind(user);
        if query.execute(&mut *tx).await?.rows_affected() == 0 {
            return Err(Error::not_found("second factor"));
        }
        sqlx::query(DROP_CODES).bind(user).execute(&mut *tx).await?;
        let records = [noted("authn_factor_removed", "user", user, now)];
        store
            .record(&mut (&mut *tx).into(), context, now, &records)
            .await?;
        Ok(ended)
    })
}

/// Stores another set of recovery codes in place of the one before.
pub(in super::super) async fn replace_codes(
    store: &Store,
    context: &Context,
    user: UserId,
    codes: &[PasswordHash],
    now: Timestamp,
) -> Result<(), Error> {
    writing!(store, context, |tx| {
        replace_codes!(tx, user, codes, now);
        let records = [noted("authn_recovery_codes_created", "user", user, now)];
        store
            .record(&mut (&mut *tx).into(), context, now, &records)
            .await?;
        Ok(())
    })
}

/// The recovery codes that are left.
pub(in super::super) async fn unused_codes(
    store: &Store,
    context: &Context,
    user: UserId,
) -> Result<Vec<(Uuid, PasswordHash)>, Error> {
    let rows: Vec<(Uuid, String)> = reading!(store, context, |tx| {
        Ok::<_, Error>(
            sqlx::query_as(UNUSED_CODES)
                .bind(user)
                .fetch_all(&mut *tx)
                .await?,
        )
    })?;
    let read = |(id, text): (Uuid, String)| Ok((id, PasswordHash::parse(&text)?));
    rows.into_iter().map(read).collect()
}

#[derive(sqlx::FromRow)]
struct ChallengeRow {
    id: Uuid,
    user_id: UserId,
    epoch: i64,
    binding: Vec<u8>,
    methods: Json<Vec<String>>,
    attempts: i64,
    opened_at: Timestamp,
}

/// A login that waits for its second factor.
#[derive(Debug)]
pub(in super::super) struct Waiting {
    pub(in super::super) id: Uuid,
    pub(in super::super) user: UserId,
    pub(in super::super) epoch: i64,
    pub(in super::super) methods: Vec<String>,
    pub(in super::super) challenge: Challenge,
}

pub(in super::super) async fn challenge(
    store: &Store,
    context: &Context,
    hash: &[u8],
) -> Result<Option<Waiting>, Error> {
    let row: Option<ChallengeRow> = reading!(store, context, |tx| {
        Ok::<_, Error>(
            sqlx::query_as(GET_CHALLENGE)
                .bind(hash)
                .fetch_optional(&mut *tx)
                .await?,
        )
    })?;
    let Some(row) = row else { return Ok(None) };
    let binding = row.binding.as_slice().try_into().map_err(store::Error::corrupt)?;
    Ok(Some(Waiting {
        id: row.id,
        user: row.user_id,
        epoch: row.epoch,
        methods: row.methods.0,
        challenge: Challenge {
            binding,
            opened_at: row.opened_at,
            attempts: u8::try_from(row.attempts).map_err(store::Error::corrupt)?,
        },
    }))
}

/// Counts a try before the code is looked at, if no other was counted since `seen`.
pub(in super::super) async fn count_try(
    store: &Store,
    context: &Context,
    challenge: Uuid,
    seen: u8,
) -> Result<bool, Error> {
    writing!(store, context, |tx| {
        let query = sqlx::query(COUNT_TRY).bind(challenge).bind(i64::from(seen));
        Ok(query.execute(&mut *tx).await?.rows_affected() > 0)
    })
}
