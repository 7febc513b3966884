//! Keys that sign and keys that verify, each with its name and its one algorithm.

mod shared;
mod signing;
mod verifying;

pub use signing::SigningKey;
pub(super) use verifying::Material;
pub use verifying::VerifyingKey;

use super::super::Error;

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
