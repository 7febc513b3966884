//! The JSON of workspaces, members and invitations.

use aurora_crm::accounts::{User, UserId};
use aurora_crm::workspaces::{
    Invitation, InvitationStatus, Member, MemberStatus, Membership, Role, Roles, Workspace, WorkspaceKind,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::users::Handover;

/// One tenant: the CRM of a company, or a clinic.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Workspace)]
pub(in crate::http) struct WorkspaceView {
    /// `wsp_` and 32 hexadecimal digits.
    #[schema(example = "wsp_0190a8b0c0de7000800000000000000a")]
    pub(in crate::http) id: String,
    kind: Kind,
    name: String,
    /// An IANA time zone.
    #[schema(example = "America/Sao_Paulo")]
    time_zone: String,
    /// The language that people are written to in, a BCP 47 tag.
    #[schema(example = "pt-BR")]
    locale: String,
    /// Grows by one with each change; also in the header `ETag`.
    version: i64,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
    /// When it was closed: nobody has a role in it any more. RFC 3339, UTC.
    #[schema(format = DateTime)]
    closed_at: Option<String>,
}

impl From<Workspace> for WorkspaceView {
    fn from(workspace: Workspace) -> Self {
        Self {
            id: workspace.id.to_string(),
            kind: match workspace.kind {
                WorkspaceKind::Clinic => Kind::Clinic,
                _ => Kind::Company,
            },
            name: workspace.name,
            time_zone: workspace.time_zone,
            locale: workspace.locale,
            version: workspace.version,
            created_at: workspace.created_at.to_string(),
            updated_at: workspace.updated_at.to_string(),
            closed_at: workspace.closed_at.map(|at| at.to_string()),
        }
    }
}

/// What kind of house a workspace is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = WorkspaceKind)]
pub(in crate::http) enum Kind {
    /// Looks after customers.
    Company,
    /// Looks after patients.
    Clinic,
}

impl From<Kind> for WorkspaceKind {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::Company => Self::Company,
            Kind::Clinic => Self::Clinic,
        }
    }
}

/// A workspace that somebody is in.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Membership)]
pub(in crate::http) struct MembershipView {
    #[serde(flatten)]
    pub(in crate::http) workspace: WorkspaceView,
    roles: Vec<RoleName>,
    /// Whether the roles count.
    status: Standing,
}

impl MembershipView {
    pub(super) fn new(workspace: Workspace, roles: &Roles) -> Self {
        Self {
            workspace: workspace.into(),
            roles: names(roles),
            status: Standing::Active,
        }
    }
}

impl From<Membership> for MembershipView {
    fn from(membership: Membership) -> Self {
        Self {
            workspace: membership.workspace.into(),
            roles: names(&membership.roles),
            status: membership.status.into(),
        }
    }
}

/// The caller's workspaces.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MembershipPage {
    pub(super) items: Vec<MembershipView>,
    /// The cursor of the next page; null on the last.
    pub(super) next: Option<String>,
}

/// A role in a workspace.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = Role)]
pub(in crate::http) enum RoleName {
    /// Everything, and the only one that can close the workspace (`proprietário`).
    Owner,
    /// Everything but that (`administrador`).
    Admin,
    /// Works with everything, without members, keys and audit log (`gestor`).
    Manager,
    /// Looks after clients and leads (`atendente`).
    Agent,
    /// Treats clients (`profissional`), such as a physician.
    Professional,
    /// Reads (`leitor`).
    Viewer,
}

pub(in crate::http) fn names(roles: &Roles) -> Vec<RoleName> {
    let name = |role| match role {
        Role::Owner => Some(RoleName::Owner),
        Role::Admin => Some(RoleName::Admin),
        Role::Manager => Some(RoleName::Manager),
        Role::Agent => Some(RoleName::Agent),
        Role::Professional => Some(RoleName::Professional),
        Role::Viewer => Some(RoleName::Viewer),
        _ => None,
    };
    roles.iter().filter_map(name).collect()
}

/// Whether a member's roles count.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = MemberStatus)]
pub(super) enum Standing {
    Active,
    /// They are kept and do not count.
    Suspended,
}

impl From<MemberStatus> for Standing {
    fn from(status: MemberStatus) -> Self {
        match status {
            MemberStatus::Active => Self::Active,
            _ => Self::Suspended,
        }
    }
}

/// A user of a workspace.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
pub(super) struct MemberView {
    /// `usr_…`
    user: String,
    /// The user's name; null when the account is gone.
    name: Option<String>,
    email: Option<String>,
    roles: Vec<RoleName>,
    /// Whether the roles count.
    status: Standing,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    joined_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
    /// Grows by one with each change; also in the header `ETag`.
    version: i64,
}

impl MemberView {
    pub(super) fn new(member: &Member, user: Option<User>) -> Self {
        let (name, email) = user.map_or((None, None), |user| {
            (Some(user.name), Some(user.email.as_str().to_owned()))
        });
        Self {
            user: member.user.to_string(),
            name,
            email,
            roles: names(&member.roles),
            status: member.status.into(),
            joined_at: member.joined_at.to_string(),
            updated_at: member.updated_at.to_string(),
            version: member.version,
        }
    }
}

/// One page of members.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct MemberPage {
    pub(super) items: Vec<MemberView>,
    /// The cursor of the next page; null on the last.
    pub(super) next: Option<String>,
}

/// Whom to make a member.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMember, example = json!({"user": "usr_0190a8b0c0de7000800000000000000a", "roles": ["agent"]}))]
pub(super) struct NewMemberInput {
    /// `usr_…`, somebody who has an account.
    #[schema(value_type = String)]
    pub(super) user: UserId,
    /// At least one; only roles whose every right the caller has.
    #[schema(value_type = Vec<RoleName>)]
    pub(super) roles: Roles,
}

/// The roles that take the place of a member's.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = MemberChange, example = json!({"roles": ["manager"]}))]
pub(super) struct MemberChangeInput {
    /// At least one; what changes must be roles whose every right the caller has.
    #[schema(value_type = Vec<RoleName>)]
    pub(super) roles: Roles,
}

/// Somebody was asked to become a member.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub(super) struct InvitationView {
    /// `inv_` and 32 hexadecimal digits.
    id: String,
    email: String,
    roles: Vec<RoleName>,
    status: Fate,
    /// The first instant at which it cannot be accepted. RFC 3339, UTC.
    #[schema(format = DateTime)]
    expires_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    updated_at: String,
}

impl From<Invitation> for InvitationView {
    fn from(invitation: Invitation) -> Self {
        Self {
            id: invitation.id.to_string(),
            email: invitation.email.as_str().to_owned(),
            roles: names(&invitation.roles),
            status: match invitation.status {
                InvitationStatus::Open => Fate::Open,
                InvitationStatus::Accepted => Fate::Accepted,
                InvitationStatus::Revoked => Fate::Revoked,
                _ => Fate::Expired,
            },
            expires_at: invitation.expires_at.to_string(),
            created_at: invitation.created_at.to_string(),
            updated_at: invitation.updated_at.to_string(),
        }
    }
}

/// What became of an invitation.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = InvitationStatus)]
pub(super) enum Fate {
    Open,
    Accepted,
    Revoked,
    Expired,
}

/// One page of invitations.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InvitationPage {
    /// The newest first.
    pub(super) items: Vec<InvitationView>,
    /// The cursor of the next page; null on the last.
    pub(super) next: Option<String>,
}

/// An invitation and how its link reaches whom it is for.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct InvitedMember {
    pub(super) invitation: InvitationView,
    pub(super) handover: Handover,
}

/// Whom to invite.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewInvitation, example = json!({"email": "bia@example.com", "roles": ["agent"]}))]
pub(super) struct NewInvitationInput {
    pub(super) email: String,
    /// At least one; only roles whose every right the caller has.
    #[schema(value_type = Vec<RoleName>)]
    pub(super) roles: Roles,
    /// How long it can be accepted, in seconds: 3600 to 2592000; 7 days unless given.
    pub(super) life_s: Option<u64>,
}

/// What is needed to make a workspace.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWorkspace, example = json!({"kind": "company", "name": "Padaria Pão Quente"}))]
pub(super) struct NewWorkspaceInput {
    /// `company` unless given; under `/api/v1/clinics` always `clinic`.
    pub(super) kind: Option<Kind>,
    /// Up to 200 characters.
    pub(super) name: String,
    /// An IANA time zone; `America/Sao_Paulo` unless given.
    pub(super) time_zone: Option<String>,
    /// A BCP 47 tag; `pt-BR` unless given.
    pub(super) locale: Option<String>,
}

/// What to change in a workspace; what is missing stays.
#[derive(Debug, ToSchema)]
#[schema(as = WorkspaceChange, example = json!({"name": "Padaria Pão Quente"}))]
#[expect(dead_code, reason = "describes what the domain reads")]
pub(super) struct WorkspaceChangeInput {
    #[schema(required = false)]
    name: String,
    #[schema(required = false)]
    time_zone: String,
    #[schema(required = false)]
    locale: String,
}
