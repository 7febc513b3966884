//! Signed links by which whoever reads a notification can acknowledge it, without an account.

use std::fmt;

use aurora_core::secret::Secret;
use aurora_core::time::Timestamp;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

use crate::error::{Error, Problem};
use crate::labels::Fingerprint;

/// The least bytes of a secret: as many as the hash has (RFC 2104 §3).
const SECRET_BYTES: usize = 32;
/// The bytes of HMAC-SHA256.
const MAC_BYTES: usize = 32;
/// The most bytes that a link can name: links longer than about 2,000 characters are cut by some programs.
const SUBJECT_BYTES: usize = 1_000;
/// Keeps these signatures apart from any other use of the same secret.
const CONTEXT: &[u8] = b"aurora-alerts acknowledge\0";
const VERSION: u8 = 1;
const ALERTS: u8 = 1;
const GROUP: u8 = 2;

/// What a link acknowledges.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AckSubject {
    /// These alerts.
    Alerts(Vec<Fingerprint>),
    /// The alerts of the group with this key ([`Notification::group_key`](crate::Notification::group_key)).
    Group(String),
}

/// What a valid link says.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct AckToken {
    /// What is acknowledged.
    pub subject: AckSubject,
    /// Until when the link counts, exclusive; in whole seconds.
    pub expires_at: Timestamp,
}

/// The token was not made here, was changed, or has expired; which of them is not told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the link is not valid or has expired")]
pub struct InvalidAckToken;

/// Makes and checks links for [`Notification::acknowledge_url`](crate::Notification::acknowledge_url).
///
/// A link is the base address with `token=` in its query: a version, the end of its validity and what it acknowledges,
/// with their HMAC-SHA256, in base64url (RFC 4648 §5). It cannot be changed, but whoever has it can use it until it
/// expires. Programs that read mail open links to look for malware: the page behind the link must ask, and acknowledge
/// only when a button is pressed (POST).
///
/// # Examples
/// ```
/// use std::time::Duration;
/// use aurora_alerts::{AckLinks, AckSubject};
/// use aurora_core::time::Timestamp;
///
/// let links = AckLinks::new("https://app.example.com/ack", "0123456789abcdef0123456789abcdef")?;
/// let now = Timestamp::from_secs(1_767_225_600);
/// let subject = AckSubject::Group("ops/{zone=\"a\"}".to_owned());
/// let url = links.sign(&subject, now + Duration::from_secs(3_600)).unwrap();
/// let (_, token) = url.split_once("?token=").unwrap();
/// assert_eq!(links.verify(token, now).unwrap().subject, subject);
/// # Ok::<(), aurora_alerts::Error>(())
/// ```
#[derive(Clone)]
pub struct AckLinks {
    base_url: String,
    key: Hmac<Sha256>,
    former: Vec<Hmac<Sha256>>,
}

impl AckLinks {
    /// Links below an `http` or `https` address, signed with a secret of at least 32 bytes.
    ///
    /// # Errors
    /// With every problem at once: an address that is none or has a fragment, a secret that is too short.
    pub fn new(base_url: impl Into<String>, secret: impl Into<Secret>) -> Result<Self, Error> {
        let (base_url, secret) = (base_url.into(), secret.into());
        let mut problems = Vec::new();
        if !is_base(&base_url) {
            let detail = "address must be an http or https URL without spaces and fragment";
            problems.push(Problem::new("acknowledge links", detail));
        }
        let key = key(&secret);
        if key.is_none() {
            problems.push(short_secret());
        }
        Error::check(problems)?;
        let key = key.ok_or_else(|| Error::invalid("acknowledge links", "secret is missing"))?;
        Ok(Self {
            base_url,
            key,
            former: Vec::new(),
        })
    }

    /// Takes links too that were signed with a former secret, so that a new one makes none of them invalid.
    ///
    /// # Errors
    /// When the secret has less than 32 bytes.
    pub fn accepting(mut self, former: impl Into<Secret>) -> Result<Self, Error> {
        match key(&former.into()) {
            Some(key) => self.former.push(key),
            None => Error::check(vec![short_secret()])?,
        }
        Ok(self)
    }

    /// The link, signed with the present secret; none where it would be too long to be useful: more than 125 alerts, or
    /// a group key of more than 1,000 bytes.
    #[must_use]
    pub fn sign(&self, subject: &AckSubject, expires_at: Timestamp) -> Option<String> {
        let mut token = vec![VERSION];
        token.extend(expires_at.as_secs().to_be_bytes());
        let head = token.len();
        match subject {
            AckSubject::Alerts(alerts) => {
                token.push(ALERTS);
                token.extend(alerts.iter().flat_map(|alert| alert.as_u64().to_be_bytes()));
            }
            AckSubject::Group(key) => {
                token.push(GROUP);
                token.extend(key.as_bytes());
            }
        }
        if token.len() > head + 1 + SUBJECT_BYTES {
            return None;
        }
        let mac = signed(&self.key, &token).finalize().into_bytes();
        token.extend(mac);
        let separator = if self.base_url.contains('?') { '&' } else { '?' };
        let token = URL_SAFE_NO_PAD.encode(token);
        Some(format!("{}{separator}token={token}", self.base_url))
    }

    /// What the token of a link says, if it was made here and has not expired.
    ///
    /// # Errors
    /// [`InvalidAckToken`] whatever is wrong. The signatures are compared in constant time.
    pub fn verify(&self, token: &str, now: Timestamp) -> Result<AckToken, InvalidAckToken> {
        // No longer text is decoded than was ever made.
        if token.len() > (SUBJECT_BYTES + MAC_BYTES + 10).div_ceil(3) * 4 {
            return Err(InvalidAckToken);
        }
        let bytes = URL_SAFE_NO_PAD.decode(token).map_err(|_| InvalidAckToken)?;
        let (payload, mac) = bytes.split_last_chunk::<MAC_BYTES>().ok_or(InvalidAckToken)?;
        let genuine = std::iter::once(&self.key)
            .chain(&self.former)
            .any(|key| signed(key, payload).verify_slice(mac).is_ok());
        if !genuine {
            return Err(InvalidAckToken);
        }
        let token = read(payload).ok_or(InvalidAckToken)?;
        if now >= token.expires_at {
            return Err(InvalidAckToken);
        }
        Ok(token)
    }
}

impl fmt::Debug for AckLinks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AckLinks")
            .field("base_url", &self.base_url)
            .finish_non_exhaustive()
    }
}

fn is_base(url: &str) -> bool {
    let rest = url
        .strip_prefix("https://")
        .or_else(|| url.strip_prefix("http://"));
    rest.is_some_and(|rest| {
        !rest.is_empty()
            && !rest.starts_with(['/', '?'])
            && rest.bytes().all(|byte| byte.is_ascii_graphic())
            && !rest.contains(['#', '"', '<', '>', '\\'])
    })
}

fn key(secret: &Secret) -> Option<Hmac<Sha256>> {
    let bytes = Some(secret.expose().as_bytes()).filter(|bytes| bytes.len() >= SECRET_BYTES)?;
    Hmac::new_from_slice(bytes).ok()
}

fn short_secret() -> Problem {
    Problem::new(
        "acknowledge links",
        format!("secret must have at least {SECRET_BYTES} bytes"),
    )
}

fn signed(key: &Hmac<Sha256>, payload: &[u8]) -> Hmac<Sha256> {
    let mut mac = key.clone();
    mac.update(CONTEXT);
    mac.update(payload);
    mac
}

fn read(payload: &[u8]) -> Option<AckToken> {
    let (&version, rest) = payload.split_first()?;
    if version != VERSION {
        return None;
    }
    let (expires_at, rest) = rest.split_first_chunk::<8>()?;
    let (&kind, subject) = rest.split_first()?;
    let subject = match kind {
        ALERTS => {
            let (alerts, rest) = subject.as_chunks::<8>();
            let alerts = alerts
                .iter()
                .map(|alert| Fingerprint::from_u64(u64::from_be_bytes(*alert)));
            rest.is_empty().then(|| AckSubject::Alerts(alerts.collect()))?
        }
        GROUP => AckSubject::Group(String::from_utf8(subject.to_vec()).ok()?),
        _ => return None,
    };
    Some(AckToken {
        subject,
        expires_at: Timestamp::from_secs(i64::from_be_bytes(*expires_at)),
    })
}

#[cfg(test)]
mod tests;
