//! Signatures after Standard Webhooks (<https://www.standardwebhooks.com>), symmetric scheme `v1`.

use std::fmt;

use aurora_core::secret::Secret;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use sha2::Sha256;

/// A signing key, given as `whsec_` and 24 to 64 bytes in base64.
#[derive(Clone)]
pub(super) struct SigningKey(Hmac<Sha256>);

impl SigningKey {
    /// Reads the text form; the reason of a refusal does not repeat it.
    pub(super) fn parse(secret: &Secret) -> Result<Self, &'static str> {
        let encoded = secret
            .expose()
            .strip_prefix("whsec_")
            .ok_or("signing secret must begin with whsec_")?;
        let bytes = STANDARD
            .decode(encoded)
            .map_err(|_| "signing secret must be base64 after whsec_")?;
        if !(24..=64).contains(&bytes.len()) {
            return Err("signing secret must have 24 to 64 bytes");
        }
        Hmac::new_from_slice(&bytes)
            .map(Self)
            .map_err(|_| "signing secret has an unusable length")
    }

    /// `v1,` and the base64 of the HMAC-SHA256 over `id.timestamp.body`; the timestamp in Unix seconds.
    pub(super) fn sign(&self, id: &str, timestamp: i64, body: &[u8]) -> String {
        let mut mac = self.0.clone();
        mac.update(format!("{id}.{timestamp}.").as_bytes());
        mac.update(body);
        format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes()))
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signs_as_the_specification_does() {
        // Computed apart with Python's hmac module from the inputs that the specification's libraries test with.
        let key = SigningKey::parse(&"whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".into()).unwrap();
        let signature = key.sign(
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            br#"{"test": 2432232314}"#,
        );
        assert_eq!(signature, "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn refuses_what_is_no_key_without_repeating_it() {
        let short = format!("whsec_{}", STANDARD.encode([7; 23]));
        let long = format!("whsec_{}", STANDARD.encode([7; 65]));
        for bad in [
            "",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "whsec_",
            "whsec_%%%",
            &short,
            &long,
        ] {
            assert!(SigningKey::parse(&bad.into()).is_err(), "{bad}");
        }
        assert!(!format!("{:?}", SigningKey::parse(&short.as_str().into())).contains("Bwc"));
    }
}
