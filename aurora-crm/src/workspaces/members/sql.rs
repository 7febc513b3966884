use aurora_core::page::{Page, PageRequest};
use aurora_core::store::{self, Connection, execute_on, on_connection};
use aurora_core::time::Timestamp;
use sqlx::types::{Json, Uuid};

use super::super::invitations;
use super::super::sql::Row as WorkspaceRow;
use super::{Member, MemberStatus, Membership, Role, Roles, last_owner};
use crate::accounts::{UserId, revoke_api_keys_of};
use crate::clients::wrong_cursor;
use crate::context::Context;
use crate::error::Error;
use crate::journal::Record;
use crate::store::{OfUser, Store, reading, writing};
use crate::workspaces::WorkspaceId;

aurora_core::store::statements! {
    /// Puts the changes of members in order, and tells that there is such a workspace and that it is open.
    LOCK = "update workspaces set members_version = members_version + 1 where id = $1 and closed_at is null
        returning members_version";
    INSERT = "insert into members (workspace_id, user_id, roles, is_owner, status, joined_at, updated_at, version)
        values ($1, $2, $3, $4, 'active', $5, $5, 1) on conflict (workspace_id, user_id) do nothing";
    GET = "select user_id, roles, status, joined_at, updated_at, version from members
        where workspace_id = $1 and user_id = $2";
    PAGE = "select user_id, roles, status, joined_at, updated_at, version from members
        where workspace_id = $1 and user_id > $2 order by user_id limit $3";
    OTHER_OWNERS = "select count(*) from members
        where workspace_id = $1 and user_id <> $2 and is_owner and status = 'active'";
    UPDATE = "update members set roles = $3, is_owner = $4, status = $5, updated_at = $6, version = $7
        where workspace_id = $1 and user_id = $2";
    DELETE = "delete from members where workspace_id = $1 and user_id = $2";
    ROLES = "select m.roles from members m join workspaces w on w.id = m.workspace_id
        where m.workspace_id = $1 and m.user_id = $2 and m.status = 'active' and w.closed_at is null";
    /// $1 is the user: it is asked before a workspace is known.
    OF_USER = "select w.id, w.kind, w.name, w.time_zone, w.locale, w.version, w.created_at, w.updated_at, w.closed_at,
            m.roles, m.status, m.joined_at
        from members m join workspaces w on w.id = m.workspace_id
        where m.user_id = $1 and m.workspace_id > $2 order by m.workspace_id limit 200";
}

#[derive(Debug, sqlx::FromRow)]
struct Row {
    user_id: UserId,
    roles: Json<Roles>,
    status: String,
    joined_at: Timestamp,
    updated_at: Timestamp,
    version: i64,
}

impl TryFrom<Row> for Member {
    type Error = store::Error;

    fn try_from(row: Row) -> Result<Self, store::Error> {
        Ok(Self {
            user: row.user_id,
            roles: row.roles.0,
            status: status(&row.status)?,
            joined_at: row.joined_at,
            updated_at: row.updated_at,
            version: row.version,
        })
    }
}

#[derive(Debug, sqlx::FromRow)]
struct MembershipRow {
    #[sqlx(flatten)]
    workspace: WorkspaceRow,
    roles: Json<Roles>,
    status: String,
    joined_at: Timestamp,
}

fn status(text: &str) -> Result<MemberStatus, store::Error> {
    [MemberStatus::Active, MemberStatus::Suspended]
        .into_iter()
        .find(|status| status.as_str() == text)
        .ok_or_else(|| store::Error::corrupt("a member is active or suspended"))
}

/// The first statement of every transaction that changes members.
pub(in crate::workspaces) async fn lock(
    tx: &mut Connection<'_>,
    workspace: WorkspaceId,
) -> Result<(), Error> {
    let version: Option<i64> = on_connection!(tx, |tx| sqlx::query_scalar(LOCK)
        .bind(workspace)
        .fetch_optional(tx))?;
    version.map(drop).ok_or(Error::not_found("workspace"))
}

/// Adds a member in a transaction that holds the lock.
pub(in crate::workspaces) async fn add_within(
    tx: &mut Connection<'_>,
    workspace: WorkspaceId,
    user: UserId,
    roles: &Roles,
    now: Timestamp,
) -> Result<Member, Error> {
    let added = execute_on!(
        tx,
        sqlx::query(INSERT)
            .bind(workspace)
            .bind(user)
            .bind(Json(roles))
            .bind(roles.contains(Role::Owner))
            .bind(now)
    )?;
    if added == 0 {
        return Err(Error::already_exists("member", user));
    }
    Ok(Member {
        user,
        roles: roles.clone(),
        status: MemberStatus::Active,
        joined_at: now,
        updated_at: now,
        version: 1,
    })
}

pub(super) async fn add(
    store: &Store,
    context: &Context,
    user: UserId,
    roles: &Roles,
    now: Timestamp,
) -> Result<Member, Error> {
    let record = Record::new("member.added", "member", user, now).with("roles", roles.names());
    writing!(store, context, |tx| {
        lock(&mut (&mut *tx).into(), context.workspace).await?;
        let member = add_within(&mut (&mut *tx).into(), context.workspace, user, roles, now).await?;
        store
            .record(&mut (&mut *tx).into(), context, now, &[record])
            .await?;
        Ok(member)
    })
}

pub(super) async fn get(store: &Store, context: &Context, user: UserId) -> Result<Member, Error> {
    let row: Option<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(GET)
            .bind(context.workspace)
            .bind(user)
            .fetch_optional(&mut *tx)
            .await?)
    })?;
    Ok(row.ok_or(Error::not_found("member"))?.try_into()?)
}

pub(super) async fn list(
    store: &Store,
    context: &Context,
    page: &PageRequest,
) -> Result<Page<Member>, Error> {
    let scope = format!("{}/members", context.workspace);
    let after: Option<UserId> = page
        .cursor()
        .map(|cursor| cursor.key(&scope))
        .transpose()
        .map_err(wrong_cursor)?;
    let rows: Vec<Row> = reading!(store, context, |tx| {
        Ok(sqlx::query_as(PAGE)
            .bind(context.workspace)
            .bind(after.unwrap_or(UserId::from_uuid(Uuid::nil())))
            .bind(i64::from(page.limit()) + 1)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    let members: Vec<Member> = rows.into_iter().map(Member::try_from).collect::<Result<_, _>>()?;
    Page::from_rows(members, page, &scope, |member| member.user).map_err(wrong_cursor)
}

/// Changes a member as `change` says, which answers whether the member stays.
pub(super) async fn change(
    store: &Store,
    context: &Context,
    user: UserId,
    expected: Option<i64>,
    action: &'static str,
    now: Timestamp,
    change: impl FnOnce(&mut Member) -> bool + Send,
) -> Result<Member, Error> {
    writing!(store, context, |tx| {
        lock(&mut (&mut *tx).into(), context.workspace).await?;
        let row: Option<Row> = sqlx::query_as(GET)
            .bind(context.workspace)
            .bind(user)
            .fetch_optional(&mut *tx)
            .await?;
        let mut member: Member = row.ok_or(Error::not_found("member"))?.try_into()?;
        if expected.is_some_and(|expected| expected != member.version) {
            return Err(Error::conflict("member", member.version));
        }
        let was_owner = is_active_owner(&member);
        let before = rights(&member);
        let stays = change(&mut member);
        member.version = member.version.saturating_add(1);
        member.updated_at = now.max(member.updated_at);
        if was_owner && !(stays && is_active_owner(&member)) {
            let others: i64 = sqlx::query_scalar(OTHER_OWNERS)
                .bind(context.workspace)
                .bind(user)
                .fetch_one(&mut *tx)
                .await?;
            if others == 0 {
                return Err(last_owner());
            }
        }
        if stays {
            sqlx::query(UPDATE)
                .bind(context.workspace)
                .bind(user)
                .bind(Json(&member.roles))
                .bind(member.roles.contains(Role::Owner))
                .bind(member.status.as_str())
                .bind(member.updated_at)
                .bind(member.version)
                .execute(&mut *tx)
                .await?;
        } else {
            sqlx::query(DELETE)
                .bind(context.workspace)
                .bind(user)
                .execute(&mut *tx)
                .await?;
        }
        let mut records = vec![Record::new(action, "member", user, now).with("roles", member.roles.names())];
        let after = if stays { rights(&member) } else { Vec::new() };
        if before.iter().any(|role| !after.contains(role)) {
            // What they could hand out while they had the right would bring it back.
            let (tx, principal) = (&mut (&mut *tx).into(), user.to_string());
            records.extend(invitations::revoke_of(tx, context, &principal, now).await?);
            records.extend(revoke_api_keys_of(tx, context, &principal, now).await?);
        }
        store
            .record(&mut (&mut *tx).into(), context, now, &records)
            .await?;
        Ok(member)
    })
}

/// The roles that count.
fn rights(member: &Member) -> Vec<Role> {
    let active = member.status == MemberStatus::Active;
    member.roles.iter().filter(|_| active).collect()
}

fn is_active_owner(member: &Member) -> bool {
    member.roles.contains(Role::Owner) && member.status == MemberStatus::Active
}

/// The roles that count; none when the user is no member.
pub(super) async fn roles(store: &Store, context: &Context, user: UserId) -> Result<Roles, Error> {
    let roles: Option<Json<Roles>> = reading!(store, context, |tx| {
        Ok(sqlx::query_scalar(ROLES)
            .bind(context.workspace)
            .bind(user)
            .fetch_optional(&mut *tx)
            .await?)
    })?;
    Ok(roles.map(|Json(roles)| roles).unwrap_or_default())
}

pub(super) async fn of_user(
    store: &Store,
    user: OfUser,
    after: Option<WorkspaceId>,
) -> Result<Vec<Membership>, Error> {
    let after = after.unwrap_or(WorkspaceId::from_uuid(Uuid::nil()));
    let rows: Vec<MembershipRow> = reading!(store, &user, |tx| {
        Ok(sqlx::query_as(OF_USER)
            .bind(user.0)
            .bind(after)
            .fetch_all(&mut *tx)
            .await?)
    })?;
    rows.into_iter()
        .map(|row| {
            Ok(Membership {
                workspace: row.workspace.try_into()?,
                roles: row.roles.0,
                status: status(&row.status)?,
                joined_at: row.joined_at,
            })
        })
        .collect()
}
