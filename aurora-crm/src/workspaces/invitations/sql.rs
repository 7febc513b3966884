use aurora_core::page::{Page, PageRequest};
use aurora_core::store::{self, Connection, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::{Json, Uuid};

use super::super::members::{Member, Roles, add_within, lock};
use super::{Invitation, InvitationId, InvitationStatus, MOST_OPEN, too_many};
use crate::accounts::{UserId, is_kept_out};
use crate::clients::wrong_cursor;
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::store::{Store, reading, writing};

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "select id, email, roles, status, expires_at, created_at, updated_at from invitations
            where workspace_id = $1 ",
            $rest
        )
    };
}

aurora_core::store::statements! {
    INSERT = "insert into invitations (workspace_id, id, email, roles, token_hash, status, invited_by, expires_at,
            created_at, updated_at)
        values ($1, $2, $3, $4, $5, 'open', $8, $6, $7, $7)";
    REVOKE_OF = "update invitations set status = 'revoked', updated_at = $3
        where workspace_id = $1 and invited_by = $2 and status in ('open', 'expired') returning id";
    /// Those whose time is over do not stand in the way of others.
    EXPIRE = "update invitations set status = 'expired'
        where workspace_id = $1 and status = 'open' and expires_at <= $2";
    COUNT_OPEN = "select count(*) from invitations where workspace_id = $1 and status = 'open'";
    OPEN_OF_EMAIL = "select id from invitations where workspace_id = $1 and email = $2 and status = 'open'";
    PAGE = select!("and id < $2 order by id desc limit $3");
    FIND = select!("and token_hash = $2 and status = 'open' and expires_at > $3");
    /// Who answers for one that is open.
    SENDER = "select invited_by from invitations where workspace_id = $1 and token_hash = $2 and status = 'open'";
    GET = select!("and id = $2 and status in ('open', 'expired')");
    /// Whoever sends it again has the token, and answers for it.
    RENEW = "update invitations set token_hash = $3, status = 'open', expires_at = $4, updated_at = $5, invited_by = $6
        where workspace_id = $1 and id = $2 and status in ('open', 'expired')";
    REVOKE = "update invitations set status = 'revoked', updated_at = $3
        where workspace_id = $1 and id = $2 and status in ('open', 'expired')";
    ACCEPT = "update invitations set status = 'accepted', accepted_by = $4, updated_at = $3
        where workspace_id = $1 and token_hash = $2 and status = 'open' and expires_at > $3 returning id, roles";
}

/// After every id: of 2⁴⁸ milliseconds.
const LAST_ID: Uuid = Uuid::max();

#[derive(Debug, sqlx::FromRow)]
struct Row {
    id: InvitationId,
    email: String,
    roles: Json<Roles>,
    status: String,
    expires_at: Timestamp,
    created_at: Timestamp,
    updated_at: Timestamp,
}

impl TryFrom<Row> for Invitation {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        use InvitationStatus::{Accepted, Expired, Open, Revoked};
        let status = [Open, Accepted, Revoked, Expired]
            .into_iter()
            .find(|status| status.as_str() == row.status);
        Ok(Self {
            id: row.id,
            email: row
                .email
                .parse()
                .map_err(|_| store::Error::corrupt("an invitation has an e-mail address"))?,
            roles: row.roles.0,
            status: status.ok_or_else(|| store::Error::corrupt("an invitation has one of four states"))?,
            expires_at: row.expires_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

pub(super) async fn create(
    store: &Store,
    context: &Context,
    invitation: &Invitation,
    hash: &[u8; 32],
) -> Result<(), Error> {
    let now = invitation.created_at;
    let record = Record::new("invitation.created", "invitation", invitation.id, now)
        .with("roles", invitation.roles.names());
    writing!(store, context, |tx| {
        lock(&mut (&mut *tx).into(), context.workspace).await?;
        sqlx::query(EXPIRE)
            .bind(context.workspace)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        // Under the lock nobody else makes one meanwhile.
        let existing: Option<InvitationId> = sqlx::query_scalar(OPEN_OF_EMAIL)
            .bind(context.workspace)
            .bind(invitation.email.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        if let Some(existing) = existing {
            return Err(Error::already_exists("invitation", existing));
        }
        let open: i64 = sqlx::query_scalar(COUNT_OPEN)
            .bind(context.workspace)
            .fetch_one(&mut *tx)
            .await?;
        if open >= MOST_OPEN {
            return Err(too_many());
        }
        sqlx::query(INSERT)
            .bind(context.workspace)
            .bind(invitation.id)
            .bind(invitation.email.as_str())
            .bind(Json(&invitation.roles))
            .bind(hash.as_slice())
            .bind(invitation.expires_at)
            .bind(now)
            .bind(&context.principal)
            .execute(&mut *tx)
            .await?;
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(())
    })
}

pub(super) async fn list(
    store: &Store,
    context: &Context,
    page: &PageRequest,
) -> Result<Page<Invitation>, Error> {
    let scope = format!("{}/invitations", context.workspace);
    let before: Option<InvitationId> = page
        .cursor()
        .map(|cursor| cursor.key(&scope))
        .transpose()
        .map_err(wrong_cursor)?;
    let rows: Vec<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(PAGE)
            .bind(context.workspace)
            .bind(before.unwrap_or(InvitationId::from_uuid(LAST_ID)))
            .bind(i64::from(page.limit()) + 1)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let invitations: Vec<Invitation> = rows
        .into_iter()
        .map(Invitation::try_from)
        .collect::<Result<_, _>>()?;
    Page::from_rows(invitations, page, &scope, |it| it.id).map_err(wrong_cursor)
}

pub(super) async fn renew(
    store: &Store,
    context: &Context,
    id: InvitationId,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<Invitation, Error> {
    writing!(store, context, |tx| {
        lock(&mut (&mut *tx).into(), context.workspace).await?;
        let row: Option<Row> = sqlx::query_as(GET)
            .bind(context.workspace)
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?;
        let mut invitation: Invitation = row.ok_or(Error::not_found("invitation"))?.try_into()?;
        let open: Option<InvitationId> = sqlx::query_scalar(OPEN_OF_EMAIL)
            .bind(context.workspace)
            .bind(invitation.email.as_str())
            .fetch_optional(&mut *tx)
            .await?;
        if let Some(other) = open.filter(|other| *other != id) {
            return Err(Error::already_exists("invitation", other));
        }
        if invitation.status == InvitationStatus::Expired {
            let open: i64 = sqlx::query_scalar(COUNT_OPEN)
                .bind(context.workspace)
                .fetch_one(&mut *tx)
                .await?;
            if open >= MOST_OPEN {
                return Err(too_many());
            }
        }
        // As long as before: one that can be renewed was last changed when it was sent.
        let life = invitation.expires_at.since(invitation.updated_at);
        invitation.status = InvitationStatus::Open;
        invitation.expires_at = now + life;
        invitation.updated_at = now;
        let renewed = sqlx::query(RENEW)
            .bind(context.workspace)
            .bind(id)
            .bind(hash.as_slice())
            .bind(invitation.expires_at)
            .bind(now)
            .bind(&context.principal)
            .execute(&mut *tx)
            .await?;
        if renewed.rows_affected() == 0 {
            return Err(Error::not_found("invitation")); // accepted meanwhile
        }
        let record = Record::new("invitation.resent", "invitation", id, now);
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(invitation)
    })
}

pub(super) async fn revoke(
    store: &Store,
    context: &Context,
    id: InvitationId,
    now: Timestamp,
) -> Result<(), Error> {
    let record = Record::new("invitation.revoked", "invitation", id, now);
    writing!(store, context, |tx| {
        let revoked = sqlx::query(REVOKE)
            .bind(context.workspace)
            .bind(id)
            .bind(now)
            .execute(&mut *tx)
            .await?;
        if revoked.rows_affected() == 0 {
            return Err(Error::not_found("invitation"));
        }
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(())
    })
}

/// Takes back what somebody has sent, in the transaction that takes rights from them.
pub(in super::super) async fn revoke_of(
    tx: &mut Connection<'_>,
    context: &Context,
    principal: &str,
    now: Timestamp,
) -> Result<Vec<Record>, Error> {
    let revoked: Vec<InvitationId> = on_connection!(tx, |tx| sqlx::query_scalar(REVOKE_OF)
        .bind(context.workspace)
        .bind(principal)
        .bind(now)
        .fetch_all(&mut *tx))?;
    let record = |id| Record::new("invitation.revoked", "invitation", id, now);
    Ok(revoked.into_iter().map(record).collect())
}

pub(super) async fn find(
    store: &Store,
    context: &Context,
    hash: &[u8; 32],
    now: Timestamp,
) -> Result<Invitation, Error> {
    let row: Option<Row> = reading!(store, context, |tx| {
        is_answered_for(&mut (&mut *tx).into(), context, hash).await?;
        Ok(sqlx::query_as(FIND)
            .bind(context.workspace)
            .bind(hash.as_slice())
            .bind(now)
            .fetch_optional(&mut *tx)
            .await?)
    })?;
    Ok(row.ok_or(Error::not_found("invitation"))?.try_into()?)
}

/// Refuses a token whose sender is kept out, and one of nobody.
async fn is_answered_for(tx: &mut Connection<'_>, context: &Context, hash: &[u8; 32]) -> Result<(), Error> {
    let sender: Option<String> = on_connection!(tx, |tx| sqlx::query_scalar(SENDER)
        .bind(context.workspace)
        .bind(hash.as_slice())
        .fetch_optional(&mut *tx))?;
    let nothing = || Error::not_found("invitation");
    if is_kept_out(tx, &sender.ok_or_else(nothing)?).await? {
        return Err(nothing());
    }
    Ok(())
}

/// An open invitation, also one whose time is over.
pub(super) async fn get(store: &Store, context: &Context, id: InvitationId) -> Result<Invitation, Error> {
    let row: Option<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(GET)
            .bind(context.workspace)
            .bind(id)
            .fetch_optional(&mut *tx)
            .await?)
    })?;
    Ok(row.ok_or(Error::not_found("invitation"))?.try_into()?)
}

pub(super) async fn accept(
    store: &Store,
    context: &Context,
    hash: &[u8; 32],
    user: UserId,
    now: Timestamp,
) -> Result<Member, Error> {
    writing!(store, context, |tx| {
        let locked = lock(&mut (&mut *tx).into(), context.workspace).await;
        locked.map_err(|error| match error.kind() {
            crate::error::ErrorKind::NotFound => Error::not_found("invitation"),
            _ => error,
        })?;
        is_answered_for(&mut (&mut *tx).into(), context, hash).await?;
        let accepted: Option<(InvitationId, Json<Roles>)> = sqlx::query_as(ACCEPT)
            .bind(context.workspace)
            .bind(hash.as_slice())
            .bind(now)
            .bind(user)
            .fetch_optional(&mut *tx)
            .await?;
        let (id, Json(roles)) = accepted.ok_or(Error::not_found("invitation"))?;
        let member = add_within(&mut (&mut *tx).into(), context.workspace, user, &roles, now).await?;
        let records = [
            Record::new("invitation.accepted", "invitation", id, now).with("user", user.to_string()),
            Record::new("member.added", "member", user, now).with("roles", roles.names()),
        ];
        store
            .record(&mut (&mut *tx).into(), context, now, &records)
            .await?;
        Ok(member)
    })
}
