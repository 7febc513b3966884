//! Keys that sign and keys that verify, each with its name and its one algorithm.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ED25519, Ed25519KeyPair, KeyPair as _, RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, RsaKeyPair,
    RsaPublicKeyComponents, RsaSubjectPublicKey, UnparsedPublicKey,
};
use aws_lc_rs::{hmac, signature};

use super::super::encoding::to_base64url;
use super::super::{Error, entropy};
use super::pem;
use crate::secret::Secret;

/// `SubjectPublicKeyInfo` of Ed25519 (RFC 8410) before its 32 bytes.
const ED25519_SPKI: [u8; 12] = [
    0x30, 0x2A, 0x30, 0x05, 0x06, 0x03, 0x2B, 0x65, 0x70, 0x03, 0x21, 0x00,
];
const LONGEST_NAME: usize = 128;

/// How a key signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Algorithm {
    /// Ed25519 (RFC 8037): the one for new keys.
    EdDsa,
    /// HMAC with SHA-256: who verifies can also sign.
    Hs256,
    /// RSASSA-PKCS1-v1_5 with SHA-256, with keys of 2048 to 8192 bits.
    Rs256,
}

impl Algorithm {
    /// As it stands in `alg`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
            Self::Rs256 => "RS256",
        }
    }
}

/// A key that signs. Clones are cheap.
#[derive(Clone)]
pub struct SigningKey {
    kid: String,
    pair: Pair,
}

#[derive(Clone)]
enum Pair {
    Ed25519(Arc<Ed25519KeyPair>),
    Rsa(Arc<RsaKeyPair>),
    Hmac(Arc<hmac::Key>),
}

impl SigningKey {
    /// A new Ed25519 key, named by its thumbprint (RFC 7638).
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate() -> Result<Self, Error> {
        let pair = Ed25519KeyPair::generate().map_err(|_| Error::internal("no key could be made"))?;
        Ok(Self::of_pair(Pair::Ed25519(Arc::new(pair))))
    }

    /// An Ed25519 or RSA key from PEM (`PRIVATE KEY`, or `RSA PRIVATE KEY`), not encrypted, named by its thumbprint.
    ///
    /// # Errors
    /// When it is not such a key, or an RSA key outside of 2048 to 8192 bits.
    pub fn from_pem(text: &Secret) -> Result<Self, Error> {
        let wrong =
            || Error::invalid("a signing key is Ed25519 or RSA of 2048 to 8192 bits, in PEM, not encrypted");
        let (label, der) = pem::read(text.expose()).ok_or_else(wrong)?;
        let rsa = |pair: RsaKeyPair| Pair::Rsa(Arc::new(pair));
        let pair = match label {
            "PRIVATE KEY" => Ed25519KeyPair::from_pkcs8(&der)
                .map(|pair| Pair::Ed25519(Arc::new(pair)))
                .or_else(|_| RsaKeyPair::from_pkcs8(&der).map(rsa))
                .map_err(|_| wrong())?,
            "RSA PRIVATE KEY" => RsaKeyPair::from_der(&der).map(rsa).map_err(|_| wrong())?,
            _ => return Err(wrong()),
        };
        if let Pair::Rsa(pair) = &pair {
            let (n, e) = (pair.public_key().modulus(), pair.public_key().exponent());
            VerifyingKey::rsa(
                n.big_endian_without_leading_zero(),
                e.big_endian_without_leading_zero(),
            )
            .ok_or_else(wrong)?;
        }
        Ok(Self::of_pair(pair))
    }

    /// A secret that this side and the other share.
    ///
    /// The name must be given: a thumbprint would let who sees a token test guesses of the secret offline.
    ///
    /// # Errors
    /// When the secret has fewer than 32 bytes, or looks written rather than drawn: too few different characters, a
    /// walk through the alphabet, or a placeholder. What passes is not proven to be random: draw it, with
    /// `openssl rand -base64 48`.
    pub fn hs256(kid: impl Into<String>, secret: &[u8]) -> Result<Self, Error> {
        let kid = name(kid.into())?;
        check_secret(secret)?;
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret);
        Ok(Self {
            kid,
            pair: Pair::Hmac(Arc::new(key)),
        })
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

    /// How it signs.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self.pair {
            Pair::Ed25519(_) => Algorithm::EdDsa,
            Pair::Rsa(_) => Algorithm::Rs256,
            Pair::Hmac(_) => Algorithm::Hs256,
        }
    }

    /// The key as PEM (PKCS #8), to store sealed.
    ///
    /// # Errors
    /// When it is a shared secret, which has no PEM.
    pub fn to_pem(&self) -> Result<Secret, Error> {
        let failed = |_| Error::internal("a key cannot be written");
        let der: Pkcs8V1Der<'_> = match &self.pair {
            Pair::Ed25519(pair) => pair.as_der().map_err(failed)?,
            Pair::Rsa(pair) => pair.as_der().map_err(failed)?,
            Pair::Hmac(_) => return Err(Error::invalid("a shared secret has no PEM")),
        };
        Ok(Secret::new(pem::write("PRIVATE KEY", der.as_ref())))
    }

    /// The part that verifies; of a shared secret, the secret.
    #[must_use]
    pub fn verifying(&self) -> VerifyingKey {
        VerifyingKey {
            kid: self.kid.clone(),
            material: match &self.pair {
                Pair::Ed25519(pair) => Material::Ed25519(pair.public_key().as_ref().to_vec()),
                Pair::Rsa(pair) => rsa_material(
                    pair.public_key().modulus().big_endian_without_leading_zero(),
                    pair.public_key().exponent().big_endian_without_leading_zero(),
                ),
                Pair::Hmac(key) => Material::Hmac(Arc::clone(key)),
            },
        }
    }

    pub(super) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
        let failed = |_| Error::internal("a token could not be signed");
        match &self.pair {
            Pair::Ed25519(pair) => Ok(pair.try_sign(message).map_err(failed)?.as_ref().to_vec()),
            Pair::Hmac(key) => Ok(hmac::sign(key, message).as_ref().to_vec()),
            Pair::Rsa(pair) => {
                let mut signature = vec![0; pair.public_modulus_len()];
                pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature)
                    .map_err(failed)?;
                Ok(signature)
            }
        }
    }

    fn of_pair(pair: Pair) -> Self {
        let unnamed = Self {
            kid: String::new(),
            pair,
        };
        let kid = unnamed.verifying().thumbprint().unwrap_or_default();
        Self { kid, ..unnamed }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, {})", self.kid, self.algorithm().as_str())
    }
}

/// A key that verifies.
#[derive(Clone)]
pub struct VerifyingKey {
    pub(super) kid: String,
    pub(super) material: Material,
}

#[derive(Clone)]
pub(super) enum Material {
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

    pub(super) fn ed25519(raw: Vec<u8>) -> Option<Self> {
        // Whether the bytes are a point of the curve shows here and not at the first token.
        signature::ParsedPublicKey::new(&ED25519, &raw).ok()?;
        (raw.len() == 32).then(|| Self::of_material(Material::Ed25519(raw)))
    }

    pub(super) fn rsa(n: &[u8], e: &[u8]) -> Option<Self> {
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

    pub(super) fn verifies(&self, message: &[u8], signature: &[u8]) -> bool {
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

fn rsa_material(n: &[u8], e: &[u8]) -> Material {
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

pub(super) fn is_name(kid: &str) -> bool {
    (1..=LONGEST_NAME).contains(&kid.len()) && kid.bytes().all(|byte| byte.is_ascii_graphic())
}

fn name(kid: String) -> Result<String, Error> {
    if is_name(&kid) {
        Ok(kid)
    } else {
        Err(Error::invalid(
            "the name of a key is 1 to 128 visible ASCII characters",
        ))
    }
}

/// Finds what was written by hand. The measure is the order-0 entropy of the bytes, which a random text of 32
/// characters exceeds also when they are hexadecimal digits.
fn check_secret(secret: &[u8]) -> Result<(), Error> {
    if secret.len() < 32 {
        return Err(Error::invalid("the secret of HS256 has at least 32 bytes"));
    }
    let mut counts = [0_u32; 256];
    for byte in secret {
        if let Some(count) = counts.get_mut(usize::from(*byte)) {
            *count += 1;
        }
    }
    let length = secret.len() as f64;
    let used = counts
        .iter()
        .filter(|count| **count > 0)
        .map(|count| f64::from(*count));
    let bits: f64 = used.map(|count| count * (length / count).log2()).sum();
    let next_to = |pair: &[u8]| matches!(pair, [a, b] if a.abs_diff(*b) <= 1);
    let steps = secret.windows(2).filter(|pair| next_to(pair)).count();
    let repeats = |period: usize| secret.iter().zip(secret.iter().skip(period)).all(|(a, b)| a == b);
    let lower = secret.to_ascii_lowercase();
    let placeholder = [
        "changeme",
        "change-me",
        "change_me",
        "secret",
        "password",
        "example",
        "your-",
        "your_",
    ]
    .iter()
    .any(|word| lower.windows(word.len()).any(|it| it == word.as_bytes()));
    if bits < 80.0 || steps * 2 > secret.len() || (1..=secret.len() / 2).any(repeats) || placeholder {
        return Err(Error::invalid(
            "the secret of HS256 looks written by hand: draw it, with `openssl rand -base64 48`",
        ));
    }
    Ok(())
}
