//! Who asks.

use std::collections::BTreeSet;

use super::Assurance;
use super::decision::Denial;
use crate::access::jwt::Claims;
use crate::time::Timestamp;

/// What kind of caller it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A person who has logged in.
    User,
    /// A program with an API key.
    ApiKey,
    /// A part of the system itself, such as a scheduled job.
    Service,
}

/// Who asks: identity, tenant, roles and the strength of the login. Made where the caller is authenticated, and nowhere
/// else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    pub(super) kind: Kind,
    pub(super) id: String,
    pub(super) tenant: String,
    pub(super) roles: BTreeSet<String>,
    pub(super) scopes: Option<BTreeSet<String>>,
    pub(super) assurance: Option<Assurance>,
    pub(super) methods: Vec<String>,
    pub(super) authenticated_at: Option<Timestamp>,
    pub(super) rbac_version: Option<u64>,
}

impl Principal {
    /// A person of a tenant, with no roles yet.
    #[must_use]
    pub fn user(id: impl Into<String>, tenant: impl Into<String>) -> Self {
        Self {
            kind: Kind::User,
            id: id.into(),
            tenant: tenant.into(),
            roles: BTreeSet::new(),
            scopes: None,
            assurance: None,
            methods: Vec::new(),
            authenticated_at: None,
            rbac_version: None,
        }
    }

    /// The person that a verified access token speaks for, with no roles yet: those come from storage.
    #[must_use]
    pub fn of_token(claims: &Claims) -> Self {
        Self {
            methods: claims.amr.clone(),
            rbac_version: Some(claims.rbac_ver),
            ..Self::user(claims.sub.clone(), claims.tid.clone()).authenticated(claims.acr, claims.auth_time)
        }
    }

    /// A program of a tenant: what its roles grant, and of that only what its scopes name.
    #[must_use]
    pub fn api_key(
        id: impl Into<String>,
        tenant: impl Into<String>,
        scopes: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        Self {
            kind: Kind::ApiKey,
            scopes: Some(scopes.into_iter().map(Into::into).collect()),
            ..Self::user(id, tenant)
        }
    }

    /// A part of the system, acting in a tenant.
    #[must_use]
    pub fn service(id: impl Into<String>, tenant: impl Into<String>) -> Self {
        Self {
            kind: Kind::Service,
            ..Self::user(id, tenant)
        }
    }

    /// The roles that it has in its tenant; a role that the policy does not know grants nothing.
    #[must_use]
    pub fn roles(mut self, roles: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.roles = roles.into_iter().map(Into::into).collect();
        self
    }

    /// How sure its login is, and when it was.
    #[must_use]
    pub fn authenticated(mut self, assurance: Assurance, at: Timestamp) -> Self {
        self.assurance = Some(assurance);
        self.authenticated_at = Some(at);
        self
    }

    /// What kind of caller it is.
    #[must_use]
    pub const fn kind(&self) -> Kind {
        self.kind
    }

    /// Who it is.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The only tenant in which it acts.
    #[must_use]
    pub fn tenant(&self) -> &str {
        &self.tenant
    }

    /// How it showed who it is: `pwd`, `otp` and others of RFC 8176.
    #[must_use]
    pub fn methods(&self) -> &[String] {
        &self.methods
    }

    /// The tenant that a header or path selects: its own, also when nothing is selected.
    ///
    /// # Errors
    /// [`Denial::OtherTenant`] for another one; answer as if there were nothing (404), not that it is forbidden.
    pub fn select(&self, selector: Option<&str>) -> Result<&str, Denial> {
        match selector {
            Some(other) if other != self.tenant => Err(Denial::OtherTenant),
            _ => Ok(&self.tenant),
        }
    }
}
