//! Keys that verify.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::signature::{
    ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, RsaSubjectPublicKey, UnparsedPublicKey,
};
use aws_lc_rs::{hmac, signature};

use super::super::super::encoding::to_base64url;
use super::super::super::{Error, entropy};
use super::super::pem;
use super::{Algorithm, name};

/// `SubjectPublicKeyInfo` of Ed25519 (RFC 8410) before its 32 bytes.
const ED25519_SPKI: [u8; 12] = [
    0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00,
];

/// A key that verifies.
#[derive(Clone)]
pub struct VerifyingKey {
    pub(in crate::access::jwt) kid: String,
    pub(in crate::access::jwt) material: Material,
}

#[derive(Clone)]
pub(in crate::access::jwt) enum Material {
    Ed25519(Vec<u8>),
    Rsa { n: Vec<u8>, e: Vec<u8> },
    Hmac(Arc<hmac::Key>),
}

impl VerifyingKey {
    /// An Ed25519 or RSA key from PEM (`PUBLIC KEY`, or `RSA PUBLIC KEY`), named by its thumbprint.
    ///
    /// # Errors
    /// When it is not such a key, or an RSA key outside of 2048 to 8192 bits.
    pub fn from_pem(text: &str) -> Result<Self, Error> {
        let wrong = || Error::invalid("a verifying key is Ed25519 or RSA of 2048 to 8192 bits, in PEM");
        let (label, der) = pem::read(text).ok_or_else(wrong)?;
        if !matches!(label, "PUBLIC KEY" | "RSA PUBLIC KEY") {
            return Err(wrong());
        }
        if let Some(raw) = der.strip_prefix(&ED25519_SPKI) {
            return Self::ed25519(raw.to_vec()).ok_or_else(wrong);
        }
        let key = RsaSubjectPublicKey::from_der(&der).map_err(|_| wrong())?;
        let modulus = key.modulus();
        let exponent = key.exponent();
        Self::rsa(
            modulus.big_endian_without_leading_zero(),
            exponent.big_endian_without_leading_zero(),
        )
        .ok_or_else(wrong)
    }

    pub(in crate::access::jwt) fn ed25519(raw: Vec<u8>) -> Option<Self> {
        // Whether the bytes are a point of the curve shows here and not at the first token.
        signature::ParsedPublicKey::new(&ED25519, &raw).ok()?;
        (raw.len() == 32).then(|| Self::of_material(Material::Ed25519(raw)))
    }

    pub(in crate::access::jwt) fn rsa(n: &[u8], e: &[u8]) -> Option<Self> {
        let Material::Rsa { n, e } = rsa_material(n, e) else {
            return None;
        };
        let bits = n.len().saturating_mul(8) - n.first().map_or(0, |byte| byte.leading_zeros() as usize);
        let exponent = e
            .iter()
            .fold(0_u64, |value, byte| (value << 8) | u64::from(*byte));
        let is_sane = e.len() <= 4 && exponent >= 3 && exponent % 2 == 1;
        ((2_048..=8_192).contains(&bits) && is_sane && !has_roca(&n))
            .then(|| Self::of_material(Material::Rsa { n, e }))
    }

    /// Gives it another name: 1 to 128 visible ASCII characters.
    ///
    /// # Errors
    /// When the name is not.
    pub fn named(mut self, kid: impl Into<String>) -> Result<Self, Error> {
        self.kid = name(kid.into())?;
        Ok(self)
    }

    /// Its name.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// What it verifies.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self.material {
            Material::Ed25519(_) => Algorithm::EdDsa,
            Material::Rsa { .. } => Algorithm::Rs256,
            Material::Hmac(_) => Algorithm::Hs256,
        }
    }

    /// RFC 7638, of what may be published.
    #[must_use]
    pub fn thumbprint(&self) -> Option<String> {
        let canonical = match &self.material {
            Material::Ed25519(x) => {
                format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, to_base64url(x))
            }
            Material::Rsa { n, e } => {
                format!(
                    r#"{{"e":"{}","kty":"RSA","n":"{}"}}"#,
                    to_base64url(e),
                    to_base64url(n)
                )
            }
            Material::Hmac(_) => return None,
        };
        Some(to_base64url(entropy::sha256(&[canonical.as_bytes()])))
    }

    /// Whether it is the very same key, whatever its name.
    pub(in crate::access::jwt) fn is_same_key(&self, other: &Self) -> bool {
        const PROBE: &[u8] = b"aurora.jwt: whether two shared secrets are one";
        match (&self.material, &other.material) {
            (Material::Hmac(own), Material::Hmac(other)) => {
                hmac::verify(own, PROBE, hmac::sign(other, PROBE).as_ref()).is_ok()
            }
            _ => self.thumbprint().is_some() && self.thumbprint() == other.thumbprint(),
        }
    }

    pub(in crate::access::jwt) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
        match &self.material {
            Material::Ed25519(x) => UnparsedPublicKey::new(&ED25519, x)
                .verify(message, signature)
                .is_ok(),
            Material::Rsa { n, e } => RsaPublicKeyComponents { n, e }
                .verify(&RSA_PKCS1_2048_8192_SHA256, message, signature)
                .is_ok(),
            Material::Hmac(key) => hmac::verify(key, message, signature).is_ok(),
        }
    }

    fn of_material(material: Material) -> Self {
        let unnamed = Self {
            kid: String::new(),
            material,
        };
        let kid = unnamed.thumbprint().unwrap_or_default();
        Self { kid, ..unnamed }
    }
}

impl fmt::Debug for VerifyingKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "VerifyingKey({}, {})", self.kid, self.algorithm().as_str())
    }
}

pub(super) fn rsa_material(n: &[u8], e: &[u8]) -> Material {
    let without_zeros = |bytes: &[u8]| bytes.iter().copied().skip_while(|byte| *byte == 0).collect();
    Material::Rsa {
        n: without_zeros(n),
        e: without_zeros(e),
    }
}

/// Whether a modulus was made by the chips of CVE-2017-15361 (ROCA), whose keys can be taken apart: modulo each of
/// these primes it is a power of 65537. Of other moduli one in some hundred millions is so by chance.
fn has_roca(n: &[u8]) -> bool {
    const PRIMES: [u32; 38] = [
        3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101,
        103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167,
    ];
    PRIMES.iter().all(|prime| {
        let rest = n
            .iter()
            .fold(0, |rest, byte| (rest * 256 + u32::from(*byte)) % prime);
        let mut power = 1;
        (0..*prime).any(|_| {
            power = power * (65_537 % prime) % prime;
            power == rest
        })
    })
}
