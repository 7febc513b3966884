//! What an access token says, each claim of its type.

use serde_json::{Map, Value, json};

use super::super::policy::Assurance;
use super::refusal::Reason;
use crate::time::Timestamp;

/// Longest text of a claim, in bytes.
const LONGEST: usize = 256;
const MOST_METHODS: usize = 16;
/// 9999-12-31T23:59:59Z.
const LAST_SECOND: i64 = 253_402_300_799;

/// The claims of an access token. All of them are there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// For whom: of several, the one that the verifier is.
    pub aud: String,
    /// Who it speaks for.
    pub sub: String,
    /// The session.
    pub sid: String,
    /// The tenant.
    pub tid: String,
    /// The token itself.
    pub jti: String,
    /// When it was issued.
    pub iat: Timestamp,
    /// From when on it is good.
    pub nbf: Timestamp,
    /// The first instant at which it is not.
    pub exp: Timestamp,
    /// How sure it is who speaks.
    pub acr: Assurance,
    /// How he showed it: `pwd`, `otp` and others of RFC 8176.
    pub amr: Vec<String>,
    /// When he did.
    pub auth_time: Timestamp,
    /// The version of the tenant's roles at that time.
    pub rbac_ver: u64,
}

impl Claims {
    pub(super) fn to_json(&self) -> Value {
        json!({
            "iss": self.iss,
            "aud": self.aud,
            "sub": self.sub,
            "sid": self.sid,
            "tid": self.tid,
            "jti": self.jti,
            "iat": self.iat.as_secs(),
            "nbf": self.nbf.as_secs(),
            "exp": self.exp.as_secs(),
            "acr": self.acr.as_str(),
            "amr": self.amr,
            "auth_time": self.auth_time.as_secs(),
            "rbac_ver": self.rbac_ver,
        })
    }

    /// Reads the claims; `audience` is who reads.
    pub(super) fn read(members: &Map<String, Value>, audience: &str) -> Result<Self, Reason> {
        Ok(Self {
            iss: text(members, "iss")?,
            aud: own_audience(members, audience)?,
            sub: text(members, "sub")?,
            sid: text(members, "sid")?,
            tid: text(members, "tid")?,
            jti: text(members, "jti")?,
            iat: time(members, "iat")?,
            nbf: time(members, "nbf")?,
            exp: time(members, "exp")?,
            acr: text(members, "acr")?.parse().map_err(|_| Reason::BadClaim)?,
            amr: methods(members)?,
            auth_time: time(members, "auth_time")?,
            rbac_ver: members
                .get("rbac_ver")
                .and_then(Value::as_u64)
                .ok_or(Reason::BadClaim)?,
        })
    }

    /// Whether every text is one that a verifier takes.
    pub(super) fn are_readable(&self) -> bool {
        let texts = [&self.iss, &self.aud, &self.sub, &self.sid, &self.tid, &self.jti];
        texts.into_iter().chain(&self.amr).all(|text| is_text(text)) && self.amr.len() <= MOST_METHODS
    }
}

fn is_text(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && !text.chars().any(char::is_control)
}

fn text(members: &Map<String, Value>, name: &str) -> Result<String, Reason> {
    match members.get(name) {
        Some(Value::String(text)) if is_text(text) => Ok(text.clone()),
        _ => Err(Reason::BadClaim),
    }
}

/// Whole seconds from 1970 to 9999. RFC 7519 would allow fractions: nobody needs them, and 1e30 is one.
fn time(members: &Map<String, Value>, name: &str) -> Result<Timestamp, Reason> {
    let seconds = members
        .get(name)
        .and_then(Value::as_i64)
        .ok_or(Reason::BadClaim)?;
    if (0..=LAST_SECOND).contains(&seconds) {
        Ok(Timestamp::from_secs(seconds))
    } else {
        Err(Reason::BadClaim)
    }
}

fn own_audience(members: &Map<String, Value>, audience: &str) -> Result<String, Reason> {
    let is_own = match members.get("aud") {
        Some(Value::String(one)) => one == audience,
        Some(Value::Array(several)) => several
            .iter()
            .map(|it| it.as_str().ok_or(Reason::BadClaim))
            .try_fold(false, |found, it| it.map(|it| found || it == audience))?,
        _ => return Err(Reason::BadClaim),
    };
    if is_own {
        Ok(audience.to_owned())
    } else {
        Err(Reason::WrongAudience)
    }
}

fn methods(members: &Map<String, Value>) -> Result<Vec<String>, Reason> {
    let Some(Value::Array(methods)) = members.get("amr") else {
        return Err(Reason::BadClaim);
    };
    if methods.len() > MOST_METHODS {
        return Err(Reason::BadClaim);
    }
    methods
        .iter()
        .map(|method| match method {
            Value::String(text) if is_text(text) => Ok(text.clone()),
            _ => Err(Reason::BadClaim),
        })
        .collect()
}
