//! Keys that sign.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeySize;
use aws_lc_rs::signature::{Ed25519KeyPair, KeyPair as _, RSA_PKCS1_SHA256, RsaKeyPair};

use super::super::super::Error;
use super::super::pem;
use super::verifying::{Material, VerifyingKey, rsa_material};
use super::{Algorithm, name, shared};
use crate::secret::Secret;

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

    /// A new RSA key of 2048 bits, named by its thumbprint: for those that take no Ed25519, such as Google. It takes up to a
    /// second of a processor.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate_rsa() -> Result<Self, Error> {
        let pair =
            RsaKeyPair::generate(KeySize::Rsa2048).map_err(|_| Error::internal("no key could be made"))?;
        Ok(Self::of_pair(Pair::Rsa(Arc::new(pair))))
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
        shared::check(secret)?;
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

    pub(in crate::access::jwt) fn sign(&self, message: &[u8]) -> Result<Vec<u8>, Error> {
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
