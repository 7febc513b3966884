//! Who a webhook comes from.

use aurora_core::secret::Secret;
use hmac::{Hmac, Mac as _};
use sha2::Sha256;

/// The header that carries the signature.
pub const SIGNATURE_HEADER: &str = "x-hub-signature-256";

/// Why a request is not taken for Meta's. Answer 401; the body has not been looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignatureRefused {
    /// There is no signature.
    #[error("the webhook is not signed")]
    Missing,
    /// It is not `sha256=` and 64 hexadecimal digits.
    #[error("the signature of the webhook is malformed")]
    Malformed,
    /// It is of another body, or made with another secret.
    #[error("the signature of the webhook is wrong")]
    Wrong,
}

/// Checks the signature of a request over the bytes that came, before anything reads them, in a time that does not
/// depend on where it is wrong. `secrets` are those of one app: several while one is exchanged for another.
///
/// # Errors
/// [`SignatureRefused`]; also when there are no secrets.
///
/// # Examples
/// ```
/// use aurora_crm::channels::whatsapp::webhook::verify;
///
/// // The vector of Meta's own SDK.
/// let header = "sha256=0c61947b610d4f45e65f3d680e26027121ec2413e77598bcb6cfc6e0d9888221";
/// assert!(verify(&["TEST_APP_SECRET".into()], Some(header), b"test").is_ok());
/// assert!(verify(&["TEST_APP_SECRET".into()], Some(header), b"test ").is_err());
/// assert!(verify(&["TEST_APP_SECRET".into()], None, b"test").is_err());
/// ```
pub fn verify(secrets: &[Secret], header: Option<&str>, body: &[u8]) -> Result<(), SignatureRefused> {
    let claimed = read(header)?;
    // All are tried, so that the time does not tell which.
    let holds = secrets.iter().fold(false, |holds, secret| {
        let matches = mac(secret, body).is_some_and(|mac| mac.verify_slice(&claimed).is_ok());
        holds | matches
    });
    if holds {
        Ok(())
    } else {
        Err(SignatureRefused::Wrong)
    }
}

/// The value of the header for a body: for tests, and for whoever passes webhooks on.
#[must_use]
pub fn sign(secret: &Secret, body: &[u8]) -> String {
    let mut text = String::with_capacity(71);
    text.push_str("sha256=");
    if let Some(mac) = mac(secret, body) {
        for byte in mac.finalize().into_bytes() {
            text.push_str(&format!("{byte:02x}"));
        }
    }
    text
}

/// None for an empty secret, with which anybody could sign.
fn mac(secret: &Secret, body: &[u8]) -> Option<Hmac<Sha256>> {
    let key = Some(secret.expose().as_bytes()).filter(|key| !key.is_empty())?;
    let mut mac = Hmac::<Sha256>::new_from_slice(key).ok()?;
    mac.update(body);
    Some(mac)
}

fn read(header: Option<&str>) -> Result<[u8; 32], SignatureRefused> {
    let header = header.ok_or(SignatureRefused::Missing)?;
    let digits = header
        .strip_prefix("sha256=")
        .ok_or(SignatureRefused::Malformed)?;
    let mut bytes = [0_u8; 32];
    if digits.len() != 64 {
        return Err(SignatureRefused::Malformed);
    }
    for (byte, pair) in bytes.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
        let digit = |at: usize| pair.get(at).and_then(|digit| char::from(*digit).to_digit(16));
        let value = digit(0).zip(digit(1)).map(|(high, low)| high * 16 + low);
        *byte = value
            .and_then(|value| u8::try_from(value).ok())
            .ok_or(SignatureRefused::Malformed)?;
    }
    Ok(bytes)
}
