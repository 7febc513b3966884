//! Accepting access tokens.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Map, Value};

use super::super::Error;
use super::super::encoding::from_base64url;
use super::super::json;
use super::claims::Claims;
use super::issue::TYPE;
use super::refusal::{Reason, Refusal};
use super::ring::{Found, KeyRing};
use crate::time::{Clock, SystemClock, Timestamp};

pub(super) const LONGEST_TOKEN: usize = 4 * 1_024;
pub(super) const LONGEST_LIFE: Duration = Duration::from_secs(60 * 60);
/// Headers that bring a key, a place of a key, or a meaning that is not ours.
const FORBIDDEN: [&str; 11] = [
    "jku", "jwk", "x5u", "x5c", "x5t", "x5t#S256", "crit", "b64", "zip", "enc", "epk",
];

/// Accepts access tokens of one issuer for one audience; clones are cheap.
#[derive(Clone)]
pub struct Verifier {
    ring: KeyRing,
    issuer: String,
    audience: String,
    leeway: Duration,
    longest_life: Duration,
    clock: Arc<dyn Clock>,
}

impl Verifier {
    /// A verifier of what `issuer` gave out for `audience`.
    pub fn builder(ring: KeyRing, issuer: impl Into<String>, audience: impl Into<String>) -> VerifierBuilder {
        VerifierBuilder(Self {
            ring,
            issuer: issuer.into(),
            audience: audience.into(),
            leeway: Duration::from_secs(5),
            longest_life: LONGEST_LIFE,
            clock: Arc::new(SystemClock),
        })
    }

    /// The claims of a token, when everything about it is right.
    ///
    /// # Errors
    /// A [`Refusal`] that shows the same for everything that is wrong.
    pub fn verify(&self, token: &str) -> Result<Claims, Refusal> {
        let now = self.clock.now();
        let (header, payload) = open(&self.ring, token, now)?;
        let typ = header.get("typ").and_then(Value::as_str).unwrap_or_default();
        let short = typ.strip_prefix("application/").unwrap_or(typ);
        if !short.eq_ignore_ascii_case(TYPE) {
            return Err(Reason::WrongType.into());
        }
        let members = json::object(&payload).ok_or(Reason::Malformed)?;
        let claims = Claims::read(&members, &self.audience)?;
        if claims.iss != self.issuer {
            return Err(Reason::WrongIssuer.into());
        }
        self.check_times(&claims, now)?;
        Ok(claims)
    }

    fn check_times(&self, claims: &Claims, now: Timestamp) -> Result<(), Reason> {
        let soon = now + self.leeway;
        if now >= claims.exp + self.leeway {
            return Err(Reason::Expired);
        }
        if claims.nbf > soon || claims.iat > soon || claims.auth_time > soon {
            return Err(Reason::NotYet);
        }
        if claims.exp <= claims.iat || claims.exp <= claims.nbf {
            return Err(Reason::BadClaim);
        }
        // Also counted from `nbf`: a token that is good for long must not pass by an `iat` of today.
        let begins = claims.iat.min(claims.nbf);
        if claims.exp.since(begins) > self.longest_life {
            return Err(Reason::LivesTooLong);
        }
        Ok(())
    }
}

/// Checks form, header, key and signature; header and payload of a token that its key has signed.
pub(super) fn open(
    ring: &KeyRing,
    token: &str,
    now: Timestamp,
) -> Result<(Map<String, Value>, Vec<u8>), Reason> {
    if token.len() > LONGEST_TOKEN {
        return Err(Reason::TooLong);
    }
    let (signed, signature) = token.rsplit_once('.').ok_or(Reason::Malformed)?;
    let (header, payload) = signed.split_once('.').ok_or(Reason::Malformed)?;
    if payload.contains('.') {
        return Err(Reason::Malformed);
    }
    let header = from_base64url(header)
        .and_then(|bytes| json::object(&bytes))
        .ok_or(Reason::Malformed)?;
    let payload = from_base64url(payload).ok_or(Reason::Malformed)?;
    let signature = from_base64url(signature).ok_or(Reason::Malformed)?;
    if FORBIDDEN.iter().any(|name| header.contains_key(*name)) {
        return Err(Reason::ForbiddenHeader);
    }
    let kid = header
        .get("kid")
        .and_then(Value::as_str)
        .ok_or(Reason::UnknownKey)?;
    let key = match ring.find(kid, now) {
        Found::Key(key) => key,
        Found::Retired => return Err(Reason::RetiredKey),
        Found::Unknown => return Err(Reason::UnknownKey),
    };
    if header.get("alg").and_then(Value::as_str) != Some(key.algorithm().as_str()) {
        return Err(Reason::WrongAlgorithm);
    }
    if !key.verifies(signed.as_bytes(), &signature) {
        return Err(Reason::BadSignature);
    }
    Ok((header, payload))
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verifier")
            .field("issuer", &self.issuer)
            .field("audience", &self.audience)
            .field("leeway", &self.leeway)
            .field("longest_life", &self.longest_life)
            .finish_non_exhaustive()
    }
}

/// Settings of a [`Verifier`].
#[derive(Debug, Clone)]
#[must_use]
pub struct VerifierBuilder(Verifier);

impl VerifierBuilder {
    /// By how much the clocks of issuer and verifier may differ: at most 60 s. Default 5 s.
    pub fn leeway(mut self, leeway: Duration) -> Self {
        self.0.leeway = leeway;
        self
    }

    /// How long a token may say that it lives: 1 s to 60 min. Default 60 min.
    pub fn longest_life(mut self, longest_life: Duration) -> Self {
        self.0.longest_life = longest_life;
        self
    }

    /// The clock by which tokens are judged.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.0.clock = Arc::new(clock);
        self
    }

    /// Checks the settings.
    ///
    /// # Errors
    /// Everything that is out of its range.
    pub fn build(self) -> Result<Verifier, Error> {
        let mut problems = Vec::new();
        if self.0.leeway > Duration::from_secs(60) {
            problems.push("leeway must be at most 60 s");
        }
        if self.0.longest_life < Duration::from_secs(1) || self.0.longest_life > LONGEST_LIFE {
            problems.push("longest_life must be 1 s to 3600 s");
        }
        if self.0.issuer.is_empty() || self.0.audience.is_empty() {
            problems.push("issuer and audience must not be empty");
        }
        if problems.is_empty() {
            Ok(self.0)
        } else {
            Err(Error::invalid(problems.join("; ")))
        }
    }
}
