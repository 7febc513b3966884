//! The JSON of sign-in.

use aurora_core::secret::Secret;
use aurora_crm::accounts::{RecoveryCodes, SecondFactor, Session, SessionId};
use aurora_crm::workspaces::WorkspaceId;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::users::UserView;
use crate::http::workspaces::{MembershipView, WorkspaceView};

/// One login on one device, until it ends.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Session)]
pub(super) struct SessionView {
    /// `ses_` and 32 hexadecimal digits.
    id: String,
    /// How sure it is who speaks: `aal1`, or `aal2` with a second factor.
    #[schema(example = "aal1")]
    assurance: &'static str,
    /// How they showed it: `pwd`, `otp` (RFC 8176), `recovery_code`.
    methods: Vec<String>,
    /// When they last showed it. RFC 3339, UTC.
    #[schema(format = DateTime)]
    authenticated_at: String,
    /// The network it was opened from, a /24 or /48.
    network: String,
    /// What the device calls itself.
    agent: Option<String>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last refreshed. RFC 3339, UTC.
    #[schema(format = DateTime)]
    last_seen_at: String,
    /// When it ends, however much it is used. RFC 3339, UTC.
    #[schema(format = DateTime)]
    expires_at: String,
    /// Whether it is the one that asks.
    is_current: bool,
}

impl SessionView {
    pub(super) fn new(session: Session, current: SessionId) -> Self {
        Self {
            id: session.id.to_string(),
            assurance: session.assurance.as_str(),
            methods: session.methods,
            authenticated_at: session.authenticated_at.to_string(),
            network: session.network,
            agent: session.agent,
            created_at: session.created_at.to_string(),
            last_seen_at: session.last_seen_at.to_string(),
            expires_at: session.expires_at.to_string(),
            is_current: session.id == current,
        }
    }
}

/// The sessions of a person.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct SessionList {
    /// The newest first, at most 50.
    pub(super) items: Vec<SessionView>,
    /// Always null: there is one page.
    pub(super) next: Option<String>,
}

/// What a login ends in: tokens, or the wish for a second factor.
#[derive(Serialize, ToSchema)]
#[serde(untagged)]
#[expect(clippy::large_enum_variant, reason = "lives for one answer")]
pub(super) enum LoginAnswer {
    Tokens(Tokens),
    Challenge(ChallengeOpened),
}

/// Whoever has it is signed in.
#[derive(Serialize, ToSchema)]
pub(super) struct Tokens {
    /// To be sent as `Authorization: Bearer …`. Not there when cookies were wished for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) access_token: Option<String>,
    /// `Bearer`
    pub(super) token_type: &'static str,
    /// Seconds for which the access token is good.
    pub(super) expires_in: u64,
    /// Gives the next tokens, once. Not there when cookies were wished for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refresh_token: Option<String>,
    /// To be sent with the next login from this device, so that others who guess the password cannot keep its owner out.
    /// Not there when cookies were wished for, and after a refresh.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) device: Option<String>,
    pub(super) session: SessionView,
    pub(super) user: UserView,
    /// The workspace that calls act in unless they select another; null for who is in none.
    pub(super) workspace: Option<WorkspaceView>,
    /// The workspaces that can be selected, with the header `x-workspace-id`.
    pub(super) workspaces: Vec<MembershipView>,
}

/// The password was right, and a second factor is asked for.
#[derive(Serialize, ToSchema)]
pub(super) struct ChallengeOpened {
    /// To be sent to `/api/v1/auth/challenge`, from the same network.
    pub(super) challenge: String,
    /// What answers it: `totp`, `recovery_code`.
    pub(super) methods: [&'static str; 2],
    /// Seconds for which it can be answered, in up to five tries.
    pub(super) expires_in: u64,
}

/// A session that is as fresh as a new one.
#[derive(Serialize, ToSchema)]
pub(super) struct SteppedUp {
    /// In place of the one before, which is good still. Not there when cookies were wished for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) access_token: Option<String>,
    /// `Bearer`
    pub(super) token_type: &'static str,
    /// Seconds for which the access token is good.
    pub(super) expires_in: u64,
    pub(super) session: SessionView,
}

/// Who is signed in, and what they may do.
#[derive(Serialize, ToSchema)]
pub(super) struct Me {
    pub(super) user: UserView,
    /// `ses_…`
    pub(super) session: String,
    /// `aal1`, or `aal2` with a second factor.
    pub(super) assurance: &'static str,
    /// The workspace that this call acts in; null for who is in none.
    pub(super) workspace: Option<WorkspaceView>,
    /// What they may do there, by the names that operations have as `x-permission`: what the roles grant, and for
    /// administrators what concerns the whole installation.
    pub(super) permissions: Vec<&'static str>,
    /// The workspaces that can be selected.
    pub(super) workspaces: Vec<MembershipView>,
    pub(super) second_factor: FactorView,
}

/// Whether there is a second factor.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = SecondFactor)]
pub(super) struct FactorView {
    is_active: bool,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    since: Option<String>,
    /// How many recovery codes are left.
    recovery_codes_left: usize,
}

impl From<Option<SecondFactor>> for FactorView {
    fn from(factor: Option<SecondFactor>) -> Self {
        Self {
            is_active: factor.is_some(),
            since: factor.map(|it| it.since.to_string()),
            recovery_codes_left: factor.map_or(0, |it| it.recovery_codes_left),
        }
    }
}

/// What sets up an authenticator, shown this once.
#[derive(Serialize, ToSchema)]
pub(super) struct Enrolment {
    /// For who cannot scan: base 32.
    pub(super) secret: String,
    /// `otpauth://totp/…`, to be shown as a QR code.
    pub(super) uri: String,
    /// The first instant at which no code finishes the enrolment. RFC 3339, UTC.
    #[schema(format = DateTime)]
    pub(super) expires_at: String,
}

/// Codes for the day on which the authenticator is lost, shown this once; each is good once.
#[derive(Serialize, ToSchema)]
#[schema(as = RecoveryCodes)]
pub(super) struct RecoveryCodesView {
    recovery_codes: Vec<String>,
}

impl From<RecoveryCodes> for RecoveryCodesView {
    fn from(codes: RecoveryCodes) -> Self {
        Self {
            recovery_codes: codes.0.iter().map(|code| code.expose().to_owned()).collect(),
        }
    }
}

/// Whoever came in by an invitation or by the first link. They are not signed in.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Registered {
    pub(super) user: UserView,
    /// The workspace that they are in now.
    pub(super) workspace: Option<WorkspaceView>,
}

/// Who wants to sign in.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Login, example = json!({"email": "ana@example.com", "password": "três pratos de trigo"}))]
pub(super) struct LoginInput {
    #[schema(value_type = String)]
    pub(super) email: Secret,
    #[schema(value_type = String, format = Password, write_only)]
    pub(super) password: Secret,
    /// The workspace that calls act in; the one that the person joined first, unless given.
    #[schema(value_type = Option<String>)]
    pub(super) workspace: Option<WorkspaceId>,
    /// What an earlier login from this device gave as `device`.
    #[schema(value_type = Option<String>)]
    pub(super) device: Option<Secret>,
    /// Whether the tokens are wished for as cookies that scripts do not see, for pages of this server.
    #[serde(default)]
    #[schema(required = false)]
    pub(super) cookie: bool,
}

/// The second factor of a login: `code` or `recovery_code`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ChallengeAnswer)]
pub(super) struct ChallengeInput {
    /// What the login gave.
    #[schema(value_type = String)]
    pub(super) challenge: Secret,
    /// A code of the authenticator.
    #[schema(value_type = Option<String>)]
    pub(super) code: Option<Secret>,
    #[schema(value_type = Option<String>)]
    pub(super) recovery_code: Option<Secret>,
    #[schema(value_type = Option<String>)]
    pub(super) workspace: Option<WorkspaceId>,
    #[schema(value_type = Option<String>)]
    pub(super) device: Option<Secret>,
    #[serde(default)]
    #[schema(required = false)]
    pub(super) cookie: bool,
}

/// What gives the next tokens.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Refresh)]
pub(super) struct RefreshInput {
    /// The newest one; not needed where it is a cookie.
    #[schema(value_type = Option<String>)]
    pub(super) refresh_token: Option<Secret>,
    /// The workspace that calls act in; the one that the person joined first, unless given or when they are not in it any
    /// more.
    #[schema(value_type = Option<String>)]
    pub(super) workspace: Option<WorkspaceId>,
}

/// Who signs out.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Logout)]
pub(super) struct LogoutInput {
    /// Of the session that ends; not needed where it is a cookie, or beside a living access token.
    #[schema(value_type = Option<String>)]
    pub(super) refresh_token: Option<Secret>,
}

/// Who proves again who they are: the password, and with a second factor `code` or `recovery_code`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = StepUp)]
pub(super) struct StepUpInput {
    #[schema(value_type = String, format = Password, write_only)]
    pub(super) password: Secret,
    #[schema(value_type = Option<String>)]
    pub(super) code: Option<Secret>,
    #[schema(value_type = Option<String>)]
    pub(super) recovery_code: Option<Secret>,
    #[serde(default)]
    #[schema(required = false)]
    pub(super) cookie: bool,
}

/// A code of an authenticator.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FactorCode)]
pub(super) struct CodeInput {
    #[schema(value_type = String, example = "123456")]
    pub(super) code: Secret,
}

/// Another password for the present one.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordChange)]
pub(super) struct PasswordInput {
    #[schema(value_type = String, format = Password, write_only)]
    pub(super) current_password: Secret,
    /// 8 to 256 characters, none that is easily guessed.
    #[schema(value_type = String, format = Password, write_only)]
    pub(super) new_password: Secret,
}

/// Who has forgotten their password.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordReset)]
pub(super) struct ResetInput {
    #[schema(value_type = String)]
    pub(super) email: Secret,
}

/// Another password with a token that was sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordResetConfirmation)]
pub(super) struct ResetConfirmInput {
    #[schema(value_type = String)]
    pub(super) token: Secret,
    /// 8 to 256 characters, none that is easily guessed.
    #[schema(value_type = String, format = Password, write_only)]
    pub(super) new_password: Secret,
}

/// A token that was sent.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SingleUseToken)]
pub(super) struct TokenInput {
    #[schema(value_type = String)]
    pub(super) token: Secret,
}

/// Who comes in by an invitation.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Registration)]
pub(super) struct RegisterInput {
    /// Of the link that was sent: an invitation to the installation or to a workspace.
    #[schema(value_type = String)]
    pub(super) token: Secret,
    /// 8 to 256 characters, none that is easily guessed.
    #[schema(value_type = String, format = Password, write_only)]
    pub(super) password: Secret,
    /// Needed for an invitation to a workspace; else in place of the name that the inviter gave.
    pub(super) name: Option<String>,
    /// A BCP 47 tag; `pt-BR` unless given.
    pub(super) locale: Option<String>,
}

/// The first administrator.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Setup)]
pub(super) struct SetupInput {
    /// Of the link that the server told at its first start.
    #[schema(value_type = String)]
    pub(super) token: Secret,
    pub(super) email: String,
    pub(super) name: String,
    /// 8 to 256 characters, none that is easily guessed.
    #[schema(value_type = String, format = Password, write_only)]
    pub(super) password: Secret,
    /// A BCP 47 tag; `pt-BR` unless given.
    pub(super) locale: Option<String>,
}
