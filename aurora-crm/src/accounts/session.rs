//! Sessions: logins that are under way.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use aurora_core::access::jwt::Grant;
use aurora_core::access::policy::Assurance;
use aurora_core::id::{Id, IdKind};
use aurora_core::secret::Secret;
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::user::{User, UserId};
use crate::workspaces::WorkspaceId;

/// Names a session: `ses_` and 32 hexadecimal digits.
pub type SessionId = Id<Session>;

/// One login of a user on one device, until it ends.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Session {
    /// Its name for programs, the `sid` of its access tokens.
    pub id: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// How sure it is that it is they.
    pub assurance: Assurance,
    /// How they proved it, as in `amr` (RFC 8176): `pwd`, `otp`; `recovery_code` is a word of this crate.
    pub methods: Vec<String>,
    /// When they last proved it.
    pub authenticated_at: Timestamp,
    /// The network it was opened from: a /24 of IPv4, a /48 of IPv6, or empty.
    pub network: String,
    /// What the device calls itself.
    pub agent: Option<String>,
    /// When it was opened.
    pub created_at: Timestamp,
    /// When it was last refreshed or stepped up.
    pub last_seen_at: Timestamp,
    /// When it ends, however much it is used.
    pub expires_at: Timestamp,
}

impl IdKind for Session {
    const PREFIX: &'static str = "ses";
}

impl Session {
    /// What an access token of this session says for one of the user's workspaces.
    #[must_use]
    pub fn grant(&self, workspace: WorkspaceId, rbac_version: u64) -> Grant {
        Grant {
            subject: self.user.to_string(),
            session: self.id.to_string(),
            tenant: workspace.to_string(),
            assurance: self.assurance,
            methods: self.methods.clone(),
            authenticated_at: self.authenticated_at,
            rbac_version,
        }
    }
}

/// Where somebody is, and what the device calls itself, are personal data.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("user", &self.user)
            .field("assurance", &self.assurance)
            .finish_non_exhaustive()
    }
}

/// A session that has just been opened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct SignedIn {
    /// Whose it is.
    pub user: User,
    /// The session.
    pub session: Session,
    /// What refreshes it; only the newest one does.
    pub refresh_token: Secret,
    /// What the device shows at its next login, so that others who guess cannot delay it ([`super::Login::device`]).
    pub device: Secret,
}

/// A session that was refreshed.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Refreshed {
    /// The session as it is now.
    pub session: Session,
    /// The token of its next refresh; the same for all who refreshed at the same time.
    pub refresh_token: Secret,
}

/// What is known of a session that is alive.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Alive {
    /// The session.
    pub session: SessionId,
    /// Whose it is.
    pub user: UserId,
    /// How sure it is that it is they.
    pub assurance: Assurance,
    /// How they proved it.
    pub methods: Vec<String>,
    /// When they last proved it.
    pub authenticated_at: Timestamp,
    /// Whether the user looks after the installation.
    pub is_administrator: bool,
    /// Grows when all sessions of the user are ended.
    pub version: i64,
}

/// The network of an address: a /24 of IPv4, a /48 of IPv6; empty when it is not known.
pub(super) fn network_of(address: Option<IpAddr>) -> String {
    match address.map(|address| address.to_canonical()) {
        None => String::new(),
        Some(IpAddr::V4(v4)) => {
            let [a, b, c, _] = v4.octets();
            format!("{}/24", Ipv4Addr::new(a, b, c, 0))
        }
        Some(IpAddr::V6(v6)) => {
            let [a, b, c, ..] = v6.segments();
            format!("{}/48", Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

/// What a device calls itself, cut after 200 characters and without control characters.
pub(super) fn label(agent: &str) -> Option<String> {
    let label: String = agent.chars().filter(|it| !it.is_control()).take(200).collect();
    let label = label.trim();
    (!label.is_empty()).then(|| label.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_network_of_an_address_is_kept() {
        for (address, network) in [
            ("203.0.113.77", "203.0.113.0/24"),
            ("::ffff:203.0.113.77", "203.0.113.0/24"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1::/48"),
        ] {
            assert_eq!(network_of(Some(address.parse().unwrap())), network);
        }
        assert_eq!(network_of(None), "");
    }

    #[test]
    fn a_label_is_short_and_one_line() {
        assert_eq!(
            label(&format!(" a\n{}", "é".repeat(300)))
                .unwrap()
                .chars()
                .count(),
            199
        );
        assert_eq!(label(" \n"), None);
    }
}
