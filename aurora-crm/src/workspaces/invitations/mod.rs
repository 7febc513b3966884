//! Invitations: how somebody becomes a member who is not one yet.

mod sql;
#[cfg(test)]
mod tests;

use std::fmt;
use std::time::Duration;

use aurora_core::access::api_key::ApiKey;
use aurora_core::id::{Id, IdKind};
use aurora_core::page::{Page, PageRequest};
use aurora_core::secret::Secret;
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::WorkspaceId;
use super::members::{Member, Members, Roles};
use crate::accounts::UserId;
use crate::contacts::Email;
use crate::context::Context;
use crate::error::{Error, ErrorKind};
use crate::fields::Fields;
use crate::store::Store;

#[cfg(test)]
pub(crate) use self::sql::ALL as STATEMENTS;
pub(super) use self::sql::revoke_of;

/// Names an invitation: `inv_` and 32 hexadecimal digits.
pub type InvitationId = Id<Invitation>;

/// What a token is for; part of it, so that no other key is taken for one.
const PURPOSE: &str = "join";
const LIFE: Duration = Duration::from_secs(7 * 24 * 3_600);
const SHORTEST: Duration = Duration::from_secs(3_600);
const LONGEST: Duration = Duration::from_secs(30 * 24 * 3_600);
/// How many invitations of a workspace can be open at once.
const MOST_OPEN: i64 = 500;

/// Somebody was asked to become a member. `Debug` does not show the address.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Invitation {
    /// Its name for programs.
    pub id: InvitationId,
    /// Who was asked.
    pub email: Email,
    /// The roles that they get.
    pub roles: Roles,
    /// What became of it.
    pub status: InvitationStatus,
    /// The first instant at which it cannot be accepted.
    pub expires_at: Timestamp,
    /// When it was made.
    pub created_at: Timestamp,
    /// When it was last sent, or was accepted or revoked.
    pub updated_at: Timestamp,
}

impl IdKind for Invitation {
    const PREFIX: &'static str = "inv";
}

impl fmt::Debug for Invitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Invitation")
            .field("id", &self.id)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

/// What became of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum InvitationStatus {
    /// It can be accepted.
    Open,
    /// Somebody became a member by it.
    Accepted,
    /// It was taken back.
    Revoked,
    /// Its time is over.
    Expired,
}

impl InvitationStatus {
    /// The name used in JSON and in the database.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Accepted => "accepted",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }
}

/// Whom to invite. `Debug` does not show the address.
#[derive(Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewInvitation {
    email: String,
    roles: Roles,
    #[serde(default)]
    life_s: Option<u64>,
}

impl NewInvitation {
    /// Somebody with this address, for these roles, for 7 days.
    #[must_use]
    pub fn new(email: impl Into<String>, roles: Roles) -> Self {
        Self {
            email: email.into(),
            roles,
            life_s: None,
        }
    }

    /// How long it can be accepted, in whole seconds: 1 hour to 30 days.
    #[must_use]
    pub const fn life(mut self, life: Duration) -> Self {
        self.life_s = Some(life.as_secs());
        self
    }

    fn check(self, now: Timestamp) -> Result<Invitation, Error> {
        let mut fields = Fields::default();
        let email = fields.parse::<Email>("email", Some(&self.email));
        if email.is_none() && self.email.trim().is_empty() {
            fields.refuse("email", "required", "must not be empty");
        }
        if self.roles.is_empty() {
            fields.refuse("roles", "required", "must name a role");
        }
        let life = self.life_s.map_or(LIFE, Duration::from_secs);
        if !(SHORTEST..=LONGEST).contains(&life) {
            fields.refuse("life_s", "invalid", "must be 3600 (1 hour) to 2592000 (30 days)");
        }
        let Some(email) = email else {
            fields.finish(())?;
            return Err(Error::new(ErrorKind::Internal));
        };
        let invitation = Invitation {
            id: InvitationId::new(now),
            email,
            roles: self.roles,
            status: InvitationStatus::Open,
            expires_at: now + life,
            created_at: now,
            updated_at: now,
        };
        fields.finish(invitation)
    }
}

impl fmt::Debug for NewInvitation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("NewInvitation").finish_non_exhaustive()
    }
}

/// An invitation and its token, which is shown this once: send it to the address and keep it nowhere.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Invited {
    /// The invitation.
    pub invitation: Invitation,
    /// What accepts it; letters, digits and `_`, so that it can stand in a link.
    pub token: Secret,
}

/// What can be done with invitations; a cheap handle.
#[derive(Debug, Clone)]
pub struct Invitations {
    store: Store,
    members: Members,
}

impl Invitations {
    pub(crate) const fn new(store: Store, members: Members) -> Self {
        Self { store, members }
    }

    /// Invites somebody.
    ///
    /// # Errors
    /// `Invalid` with every wrong field, and with the code `too_many` for `invitations` when 500 are open; `AlreadyExists`
    /// with the id of the open invitation of that address; `NotFound` when the workspace does not exist or is closed.
    pub async fn create(&self, context: &Context, new: NewInvitation) -> Result<Invited, Error> {
        let invitation = new.check(self.store.now())?;
        let token = Token::draw(context.workspace)?;
        let work = sql::create(&self.store, context, &invitation, &token.hash);
        self.store.run(context, "invitations.create", work).await?;
        Ok(Invited {
            invitation,
            token: token.text,
        })
    }

    /// One page of invitations, the newest first. One whose time is over can still be told as open; see `expires_at`.
    ///
    /// # Errors
    /// `Invalid` when the cursor is damaged or belongs to another list.
    pub async fn list(&self, context: &Context, page: &PageRequest) -> Result<Page<Invitation>, Error> {
        self.store
            .run(context, "invitations.list", sql::list(&self.store, context, page))
            .await
    }

    /// One open invitation, also one whose time is over.
    ///
    /// # Errors
    /// `NotFound` when there is none, or it was accepted or revoked.
    pub async fn get(&self, context: &Context, id: InvitationId) -> Result<Invitation, Error> {
        self.store
            .run(context, "invitations.get", sql::get(&self.store, context, id))
            .await
    }

    /// Gives an open invitation, also one whose time is over, another token and its time anew; the token before is dead.
    ///
    /// # Errors
    /// `NotFound` when there is none, or it was accepted or revoked; `AlreadyExists` when another one of that address is
    /// open, and `Invalid` with the code `too_many` when 500 are, where its own time was over.
    pub async fn resend(&self, context: &Context, id: InvitationId) -> Result<Invited, Error> {
        let token = Token::draw(context.workspace)?;
        let work = sql::renew(&self.store, context, id, &token.hash, self.store.now());
        let invitation = self.store.run(context, "invitations.resend", work).await?;
        Ok(Invited {
            invitation,
            token: token.text,
        })
    }

    /// Takes an open invitation back.
    ///
    /// # Errors
    /// `NotFound` when there is none, or it was accepted or revoked.
    pub async fn revoke(&self, context: &Context, id: InvitationId) -> Result<(), Error> {
        let work = sql::revoke(&self.store, context, id, self.store.now());
        self.store.run(context, "invitations.revoke", work).await
    }

    /// The workspace and the invitation that a token is for, to show before it is accepted. The workspace of the context
    /// counts for nothing: [`Context::installation`] will do.
    ///
    /// # Errors
    /// `NotFound` for every token that cannot be accepted, whatever the reason; also while the user who sent it is disabled.
    pub async fn find(&self, context: &Context, token: &Secret) -> Result<(WorkspaceId, Invitation), Error> {
        let (context, hash) = Token::read(context, token)?;
        let work = sql::find(&self.store, &context, &hash, self.store.now());
        let invitation = self.store.run(&context, "invitations.find", work).await?;
        Ok((context.workspace, invitation))
    }

    /// Makes a user a member by a token, once, also when several try at the same time. The workspace of the context
    /// counts for nothing: [`Context::installation`] will do.
    ///
    /// Whoever has the token can accept: whether the user's address is that of the invitation ([`Invitations::find`]) is
    /// for the caller to ask, where that matters.
    ///
    /// # Errors
    /// `NotFound` for every token that cannot be accepted, whatever the reason; `AlreadyExists` when the user is a member,
    /// and the invitation stays open.
    pub async fn accept(
        &self,
        context: &Context,
        token: &Secret,
        user: UserId,
    ) -> Result<(WorkspaceId, Member), Error> {
        let (context, hash) = Token::read(context, token)?;
        let work = sql::accept(&self.store, &context, &hash, user, self.store.now());
        let member = self.store.run(&context, "invitations.accept", work).await?;
        self.members.forget(&context, user).await;
        Ok((context.workspace, member))
    }
}

/// A token: the workspace, so that its rows can be looked into, and 131 random bits with a checksum.
struct Token {
    text: Secret,
    hash: [u8; 32],
}

impl Token {
    fn draw(workspace: WorkspaceId) -> Result<Self, Error> {
        let key = ApiKey::generate(PURPOSE).map_err(|_| Error::new(ErrorKind::Internal))?;
        let workspace = workspace.uuid();
        Ok(Self {
            text: Secret::new(format!("{}_{}", workspace.as_simple(), key.expose())),
            hash: *key.hash().as_bytes(),
        })
    }

    /// The context of the workspace that a token names, and what it is found by.
    fn read(context: &Context, token: &Secret) -> Result<(Context, [u8; 32]), Error> {
        let parts = token.expose().split_once('_').and_then(|(workspace, key)| {
            let workspace = Uuid::try_parse(workspace)
                .ok()
                .filter(|_| workspace.len() == 32)?;
            Some((workspace, ApiKey::parse(key, PURPOSE).ok()?))
        });
        let (workspace, key) = parts.ok_or(Error::not_found("invitation"))?;
        let mut context = context.clone();
        context.workspace = WorkspaceId::from_uuid(workspace);
        Ok((context, *key.hash().as_bytes()))
    }
}

fn too_many() -> Error {
    let mut fields = Fields::default();
    fields.refuse(
        "invitations",
        "too_many",
        format_args!("at most {MOST_OPEN} can be open at once"),
    );
    fields.finish(()).err().unwrap_or(Error::new(ErrorKind::Internal))
}
