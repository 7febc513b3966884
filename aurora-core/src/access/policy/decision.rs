//! Whether a principal may do something, and what is missing when not.

use std::time::Duration;

use super::{Assurance, Kind, Permission, Policy, Principal};
use crate::time::Timestamp;

/// The answer of a policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[must_use]
pub enum Decision {
    /// It may.
    Allow,
    /// It may not.
    Deny(Denial),
    /// It may after a stronger or fresher login.
    StepUp(Challenge),
}

impl Decision {
    /// Whether it may, now.
    #[must_use]
    pub const fn is_allowed(self) -> bool {
        matches!(self, Self::Allow)
    }
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Denial {
    /// The thing belongs to another tenant: answer 404, so that nobody learns that it exists.
    OtherTenant,
    /// The roles have changed since the token was issued: answer 401, a refreshed token knows them.
    Stale,
    /// None of its roles grants it: answer 403.
    NotGranted,
    /// Its roles do, the scopes of its API key do not: answer 403.
    OutOfScope,
    /// It needs a fresh login of a person, and this is a program: answer 403.
    NeedsPerson,
}

impl Denial {
    /// A word for logs and metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OtherTenant => "other_tenant",
            Self::Stale => "stale",
            Self::NotGranted => "not_granted",
            Self::OutOfScope => "out_of_scope",
            Self::NeedsPerson => "needs_person",
        }
    }
}

/// The login that is asked for (RFC 9470).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Challenge {
    /// `acr_values`.
    pub assurance: Assurance,
    /// `max_age`.
    pub max_age: Duration,
}

impl Challenge {
    /// The value of `WWW-Authenticate`, beside status 401.
    #[must_use]
    pub fn www_authenticate(&self) -> String {
        format!(
            "Bearer error=\"insufficient_user_authentication\", \
             error_description=\"a stronger or more recent login is required\", acr_values=\"{}\", max_age=\"{}\"",
            self.assurance,
            self.max_age.as_secs(),
        )
    }

    fn is_met_by(&self, principal: &Principal, now: Timestamp) -> bool {
        let strong = principal.assurance.is_some_and(|it| it >= self.assurance);
        // In both directions: a login in the future is no fresher than one in the past.
        let fresh = principal
            .authenticated_at
            .is_some_and(|at| now.since(at).max(at.since(now)) <= self.max_age);
        strong && fresh
    }
}

impl<P: Permission> Policy<P> {
    /// Whether `principal` may do `permission` to something of `tenant` at `now`.
    pub fn decide(&self, principal: &Principal, permission: P, tenant: &str, now: Timestamp) -> Decision {
        if principal.tenant != tenant {
            return Decision::Deny(Denial::OtherTenant);
        }
        if principal
            .rbac_version
            .is_some_and(|version| version < self.version())
        {
            return Decision::Deny(Denial::Stale);
        }
        if !principal.roles.iter().any(|role| self.grants(role, permission)) {
            return Decision::Deny(Denial::NotGranted);
        }
        let in_scope = |scopes: &std::collections::BTreeSet<String>| scopes.contains(permission.as_str());
        if !principal.scopes.as_ref().is_none_or(in_scope) {
            return Decision::Deny(Denial::OutOfScope);
        }
        match self.step_up(permission) {
            Some(_) if principal.kind != Kind::User => Decision::Deny(Denial::NeedsPerson),
            Some(challenge) if !challenge.is_met_by(principal, now) => Decision::StepUp(challenge),
            _ => Decision::Allow,
        }
    }
}
