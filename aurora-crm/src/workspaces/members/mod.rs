//! Members: the users of a workspace and their roles.

mod role;
mod sql;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use aurora_core::cache::{MemoryCache, ReadThrough, Scope};
use aurora_core::page::{Page, PageRequest};
use aurora_core::time::{Clock as _, Timestamp};
use serde::{Deserialize, Serialize};

use super::{Workspace, WorkspaceId};
use crate::accounts::UserId;
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;
use crate::store::{OfUser, Store};

pub use self::role::{Role, Roles};
#[cfg(test)]
pub(crate) use self::sql::ALL as STATEMENTS;
pub(super) use self::sql::{add_within, lock};

/// How old what is known about a user's roles may be.
const FRESH: Duration = Duration::from_secs(1);
/// Bytes of memory for that.
const CAPACITY: usize = 4 * 1024 * 1024;

/// A user of a workspace.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Member {
    /// Who.
    pub user: UserId,
    /// Their roles.
    pub roles: Roles,
    /// Whether the roles count.
    pub status: MemberStatus,
    /// Since when.
    pub joined_at: Timestamp,
    /// When roles or status were last changed.
    pub updated_at: Timestamp,
    /// Grows by one with each change; 1 when new.
    pub version: i64,
}

/// Whether a member's roles count.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MemberStatus {
    /// They do.
    Active,
    /// They do not, and are kept.
    Suspended,
}

impl MemberStatus {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Suspended => "suspended",
        }
    }
}

/// A workspace that a user is in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Membership {
    /// The workspace.
    pub workspace: Workspace,
    /// The user's roles in it.
    pub roles: Roles,
    /// Whether they count.
    pub status: MemberStatus,
    /// Since when.
    pub joined_at: Timestamp,
}

/// What was known, and since when by the monotonic clock of this process.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Known {
    asked_us: u64,
    roles: Roles,
}

/// What can be done with members; a cheap handle.
///
/// Who may do it is for the caller to ask: [`default_policy`](super::default_policy) and
/// [`may_assign`](super::may_assign).
#[derive(Debug, Clone)]
pub struct Members {
    store: Store,
    known: ReadThrough<Known>,
}

impl Members {
    pub(crate) fn new(store: Store) -> Result<Self, Error> {
        let clock = Arc::clone(store.clock());
        let cache = MemoryCache::builder()
            .capacity(CAPACITY)
            .clock(Arc::clone(&clock))
            .build();
        let known = ReadThrough::builder(cache, "roles", 1)
            .fresh_for(FRESH)
            .jitter(0.0)
            .clock(clock)
            .build()
            .map_err(|_| Error::new(ErrorKind::Internal))?;
        Ok(Self { store, known })
    }

    /// Adds a user.
    ///
    /// # Errors
    /// `Invalid` without a role; `AlreadyExists` when the user is a member; `NotFound` when the workspace does not exist
    /// or is closed.
    pub async fn add(&self, context: &Context, user: UserId, roles: Roles) -> Result<Member, Error> {
        check(&roles)?;
        let now = self.store.now();
        let work = sql::add(&self.store, context, user, &roles, now);
        let member = self.store.run(context, "members.add", work).await?;
        self.forget(context, user).await;
        Ok(member)
    }

    /// One member.
    ///
    /// # Errors
    /// `NotFound` when the user is none.
    pub async fn get(&self, context: &Context, user: UserId) -> Result<Member, Error> {
        self.store
            .run(context, "members.get", sql::get(&self.store, context, user))
            .await
    }

    /// One page of members, in the order of their ids.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn list(&self, context: &Context, page: &PageRequest) -> Result<Page<Member>, Error> {
        self.store
            .run(context, "members.list", sql::list(&self.store, context, page))
            .await
    }

    /// Puts these roles in place of a member's, who is still at the version that the caller has seen.
    ///
    /// Where a role is lost, by this or by [`Members::suspend`], [`Members::remove`] and [`Members::leave`], the invitations
    /// that the member sent and the API keys that they made end with it: those of contexts whose principal is the id of the
    /// user.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` without a role, and with the code `last_owner` when no
    /// other active owner would be left, also when two try at once.
    pub async fn change_roles(
        &self,
        context: &Context,
        user: UserId,
        expected_version: i64,
        roles: Roles,
    ) -> Result<Member, Error> {
        check(&roles)?;
        let change = |member: &mut Member| member.roles = roles;
        let action = "member.roles_changed";
        self.change(context, user, expected_version, action, change).await
    }

    /// Takes all rights from a member, and keeps the roles for [`Members::resume`].
    ///
    /// # Errors
    /// As [`Members::change_roles`].
    pub async fn suspend(
        &self,
        context: &Context,
        user: UserId,
        expected_version: i64,
    ) -> Result<Member, Error> {
        let change = |member: &mut Member| member.status = MemberStatus::Suspended;
        self.change(context, user, expected_version, "member.suspended", change)
            .await
    }

    /// Lets a member's roles count again.
    ///
    /// # Errors
    /// As [`Members::change_roles`].
    pub async fn resume(
        &self,
        context: &Context,
        user: UserId,
        expected_version: i64,
    ) -> Result<Member, Error> {
        let change = |member: &mut Member| member.status = MemberStatus::Active;
        self.change(context, user, expected_version, "member.resumed", change)
            .await
    }

    /// Removes a member who is still at the version that the caller has seen.
    ///
    /// # Errors
    /// `NotFound`; `Conflict` with the stored version; `Invalid` with the code `last_owner` when no other active owner
    /// would be left.
    pub async fn remove(&self, context: &Context, user: UserId, expected_version: i64) -> Result<(), Error> {
        self.end(context, user, Some(expected_version), "member.removed")
            .await
    }

    /// Lets a member go, at their own wish.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` with the code `last_owner` for the last owner.
    pub async fn leave(&self, context: &Context, user: UserId) -> Result<(), Error> {
        self.end(context, user, None, "member.left").await
    }

    /// The roles that count for a user now, as they were at most one second before this call; none for whoever is no
    /// member, is suspended, or when the workspace is closed. What was changed through this handle is known at once.
    ///
    /// Few hundred bytes are kept for each user that was asked for, in 4 MiB at most.
    ///
    /// # Errors
    /// What keeps the database from answering: no roles are told then, not those of before.
    pub async fn roles_of(&self, context: &Context, user: UserId) -> Result<Roles, Error> {
        let work = async {
            let called = micros(self.store.clock().elapsed());
            let scope = scope(context);
            for _ in 0..2 {
                let (store, of) = (self.store.clone(), context.clone());
                let load = move || async move {
                    let asked_us = micros(store.clock().elapsed());
                    let roles = sql::roles(&store, &of, user).await?;
                    Ok::<_, Error>(Some(Known { asked_us, roles }))
                };
                let served = self
                    .known
                    .get(&scope, &user.to_string(), load)
                    .await
                    .map_err(|error| {
                        let cause = error.of_load::<Error>().map(Error::kind);
                        Error::new(cause.unwrap_or(ErrorKind::Unavailable))
                    })?;
                match served.value() {
                    Some(known) if called.saturating_sub(known.asked_us) <= micros(FRESH) => {
                        return Ok(known.roles.clone());
                    }
                    // Its load took long, or the clock of the machine was set back.
                    _ => self.forget(context, user).await,
                }
            }
            Err(Error::new(ErrorKind::Unavailable))
        };
        self.store.run(context, "members.roles_of", work).await
    }

    /// The workspaces that a user is in, after `after` in the order of their ids and at most 200 at once. It takes no
    /// context: it is asked before a workspace is chosen, by whoever knows who the user is.
    ///
    /// # Errors
    /// What keeps the database from answering.
    pub async fn workspaces_of(
        &self,
        user: UserId,
        after: Option<WorkspaceId>,
    ) -> Result<Vec<Membership>, Error> {
        sql::of_user(&self.store, OfUser(user.uuid()), after).await
    }

    async fn change(
        &self,
        context: &Context,
        user: UserId,
        expected: i64,
        action: &'static str,
        change: impl FnOnce(&mut Member) + Send,
    ) -> Result<Member, Error> {
        let now = self.store.now();
        let work = sql::change(
            &self.store,
            context,
            user,
            Some(expected),
            action,
            now,
            |member| {
                change(member);
                true
            },
        );
        let member = self.store.run(context, "members.change", work).await?;
        self.forget(context, user).await;
        Ok(member)
    }

    async fn end(
        &self,
        context: &Context,
        user: UserId,
        expected: Option<i64>,
        action: &'static str,
    ) -> Result<(), Error> {
        let now = self.store.now();
        let work = sql::change(&self.store, context, user, expected, action, now, |_| false);
        self.store.run(context, "members.end", work).await?;
        self.forget(context, user).await;
        Ok(())
    }

    pub(super) async fn forget(&self, context: &Context, user: UserId) {
        // What is not forgotten is over a second later.
        drop(self.known.forget(&scope(context), &user.to_string()).await);
    }
}

fn scope(context: &Context) -> Scope {
    Scope::tenant(context.workspace)
}

fn micros(elapsed: Duration) -> u64 {
    u64::try_from(elapsed.as_micros()).unwrap_or(u64::MAX)
}

pub(super) fn check(roles: &Roles) -> Result<(), Error> {
    let mut fields = Fields::default();
    if roles.is_empty() {
        fields.refuse("roles", "required", "must name a role");
    }
    fields.finish(())
}

/// No other active owner would be left.
fn last_owner() -> Error {
    let mut fields = Fields::default();
    fields.refuse("roles", "last_owner", "the workspace must keep an active owner");
    fields.finish(()).err().unwrap_or(Error::new(ErrorKind::Internal))
}
