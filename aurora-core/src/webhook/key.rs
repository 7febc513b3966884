//! Signing.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

use super::{ID, SIGNATURE, TIMESTAMP};
use crate::secret::Secret;
use crate::time::Timestamp;

/// What the text form of a secret begins with.
const PREFIX: &str = "whsec_";

/// A secret that messages are signed with: 24 to 64 bytes, given as `whsec_` and their base64.
#[derive(Clone)]
pub struct SigningKey(Hmac<Sha256>);

/// The text was no signing secret; what is said does not repeat it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidKey(&'static str);

impl SigningKey {
    /// Reads the text form.
    ///
    /// # Errors
    /// When it does not begin with `whsec_`, is not base64 after it, or has less than 24 or more than 64 bytes.
    pub fn parse(secret: &Secret) -> Result<Self, InvalidKey> {
        let encoded = secret
            .expose()
            .strip_prefix(PREFIX)
            .ok_or(InvalidKey("signing secret must begin with whsec_"))?;
        let bytes = STANDARD
            .decode(encoded)
            .map_err(|_| InvalidKey("signing secret must be base64 after whsec_"))?;
        Self::from_bytes(&bytes)
    }

    fn from_bytes(bytes: &[u8]) -> Result<Self, InvalidKey> {
        if !(24..=64).contains(&bytes.len()) {
            return Err(InvalidKey("signing secret must have 24 to 64 bytes"));
        }
        Hmac::new_from_slice(bytes)
            .map(Self)
            .map_err(|_| InvalidKey("signing secret has an unusable length"))
    }

    /// A new secret of 32 bytes from the operating system's generator, in its text form: show it once, and store it
    /// sealed.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    #[cfg(feature = "access")]
    pub fn generate() -> Result<Secret, crate::access::Error> {
        let bytes = zeroize::Zeroizing::new(crate::access::random::<32>()?);
        Ok(Secret::new(format!("{PREFIX}{}", STANDARD.encode(&bytes[..]))))
    }

    /// `v1,` and the base64 of the HMAC-SHA256 over `id.timestamp.body`, the timestamp in Unix seconds.
    ///
    /// An id that holds a full stop would let a receiver take a part of it for the time: receivers refuse it.
    #[must_use]
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> String {
        let seconds = at.as_secs().to_string();
        let mac = self.mac(id, &seconds, body).finalize().into_bytes();
        format!("v1,{}", STANDARD.encode(mac))
    }

    /// The code over the text of both headers and the body, not ended yet.
    pub(super) fn mac(&self, id: &str, seconds: &str, body: &[u8]) -> Hmac<Sha256> {
        let mut mac = self.0.clone();
        for piece in [id.as_bytes(), b".", seconds.as_bytes(), b".", body] {
            mac.update(piece);
        }
        mac
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

/// The headers of a message, each with its name: id, time, and a signature of every key; none without keys.
#[must_use]
pub fn headers(keys: &[SigningKey], id: &str, at: Timestamp, body: &[u8]) -> Vec<(&'static str, String)> {
    let mut headers = vec![(ID, id.to_owned()), (TIMESTAMP, at.as_secs().to_string())];
    if !keys.is_empty() {
        let signatures: Vec<_> = keys.iter().map(|key| key.sign(id, at, body)).collect();
        headers.push((SIGNATURE, signatures.join(" ")));
    }
    headers
}
