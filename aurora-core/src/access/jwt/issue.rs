//! Making access tokens.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::super::Error;
use super::super::encoding::to_base64url;
use super::super::policy::Assurance;
use super::claims::Claims;
use super::key::SigningKey;
use super::ring::KeyRing;
use super::verify::{LONGEST_LIFE, LONGEST_TOKEN};
use crate::id::{Id, IdKind};
use crate::secret::Secret;
use crate::time::{Clock, SystemClock, Timestamp};

/// The `typ` of an access token (RFC 9068).
pub(super) const TYPE: &str = "at+jwt";

struct Token;

impl IdKind for Token {
    const PREFIX: &'static str = "jti";
}

/// What a token is given for.
#[derive(Debug, Clone)]
pub struct Grant {
    /// Who it speaks for.
    pub subject: String,
    /// The session.
    pub session: String,
    /// The tenant.
    pub tenant: String,
    /// How sure it is who speaks.
    pub assurance: Assurance,
    /// How he showed it: `pwd`, `otp` and others of RFC 8176.
    pub methods: Vec<String>,
    /// When he did.
    pub authenticated_at: Timestamp,
    /// The version of the tenant's roles.
    pub rbac_version: u64,
}

/// A new token, and what stands in it.
#[derive(Debug, Clone)]
pub struct Issued {
    /// The token.
    pub token: Secret,
    /// Its claims.
    pub claims: Claims,
}

/// Makes access tokens; clones are cheap.
#[derive(Clone)]
pub struct Issuer {
    ring: KeyRing,
    issuer: String,
    audience: String,
    life: Duration,
    clock: Arc<dyn Clock>,
}

impl Issuer {
    /// An issuer under the name `issuer`, an address, for `audience`. Tokens live 15 min.
    pub fn builder(ring: KeyRing, issuer: impl Into<String>, audience: impl Into<String>) -> IssuerBuilder {
        IssuerBuilder(Self {
            ring,
            issuer: issuer.into(),
            audience: audience.into(),
            life: Duration::from_secs(15 * 60),
            clock: Arc::new(SystemClock),
        })
    }

    /// How long tokens live.
    #[must_use]
    pub const fn life(&self) -> Duration {
        self.life
    }

    /// Makes a token with the key that signs now.
    ///
    /// # Errors
    /// When a text of the grant is empty, longer than 256 bytes or has control characters, or when the token would
    /// have more than 4 KiB.
    pub fn issue(&self, grant: &Grant) -> Result<Issued, Error> {
        let now = Timestamp::from_secs(self.clock.now().as_secs());
        let claims = Claims {
            iss: self.issuer.clone(),
            aud: self.audience.clone(),
            sub: grant.subject.clone(),
            sid: grant.session.clone(),
            tid: grant.tenant.clone(),
            jti: Id::<Token>::new(now).to_string(),
            iat: now,
            nbf: now,
            exp: now + self.life,
            acr: grant.assurance,
            amr: grant.methods.clone(),
            auth_time: Timestamp::from_secs(grant.authenticated_at.as_secs()),
            rbac_ver: grant.rbac_version,
        };
        let unreadable =
            "the texts of a token have 1 to 256 bytes without control characters, in at most 4 KiB";
        if !claims.are_readable() {
            return Err(Error::invalid(unreadable));
        }
        let signer = self
            .ring
            .signer()
            .ok_or_else(|| Error::invalid("the ring has no key that signs"))?;
        let token = sign(&signer, TYPE, claims.to_json().to_string().as_bytes())?;
        if token.len() > LONGEST_TOKEN {
            return Err(Error::invalid(unreadable));
        }
        Ok(Issued {
            token: Secret::new(token),
            claims,
        })
    }
}

/// Header, payload and signature, each in base64url.
pub(super) fn sign(signer: &SigningKey, typ: &str, payload: &[u8]) -> Result<String, Error> {
    let header = json!({"alg": signer.algorithm().as_str(), "kid": signer.kid(), "typ": typ});
    let mut token = format!("{}.{}", to_base64url(header.to_string()), to_base64url(payload));
    let signature = signer.sign(token.as_bytes())?;
    token.push('.');
    token.push_str(&to_base64url(signature));
    Ok(token)
}

impl fmt::Debug for Issuer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Issuer")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("life", &self.life)
            .finish_non_exhaustive()
    }
}

/// Settings of an [`Issuer`].
#[derive(Debug, Clone)]
#[must_use]
pub struct IssuerBuilder(Issuer);

impl IssuerBuilder {
    /// How long tokens live, in whole seconds: 1 s to 60 min. Default 15 min.
    pub fn life(mut self, life: Duration) -> Self {
        self.0.life = life;
        self
    }

    /// The clock of `iat`, `nbf` and `exp`.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.0.clock = Arc::new(clock);
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// Everything that is out of its range.
    pub fn build(self) -> Result<Issuer, Error> {
        let mut problems = Vec::new();
        let whole = self.0.life.subsec_nanos() == 0 && self.0.life.as_secs() > 0;
        if !whole || self.0.life > LONGEST_LIFE {
            problems.push("life must be 1 to 3600 whole seconds");
        }
        if self.0.issuer.is_empty() || self.0.audience.is_empty() {
            problems.push("issuer and audience must not be empty");
        }
        if self.0.ring.signer().is_none() {
            problems.push("the ring must have a key that signs");
        }
        if problems.is_empty() {
            Ok(self.0)
        } else {
            Err(Error::invalid(problems.join("; ")))
        }
    }
}
