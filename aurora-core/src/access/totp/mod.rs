//! One-time codes of an authenticator (RFC 6238), each accepted once.
//!
//! A code is valid for its step of 30 s and the steps beside it. [`Totp::matching_step`] says which step a code is of;
//! that it is used once is up to the one who stores the last step, with one conditional write that any number of
//! replicas and parallel requests agree on:
//!
//! ```text
//! update second_factor set last_step = :step where user_id = :user and (last_step is null or last_step < :step)
//! ```
//!
//! One row changed: the code is spent now and the login goes on. No row: refuse as if the code were wrong.
//! [`LastStep`] is the same in memory.
//!
//! An enrolment is finished by a first accepted code, and the step of that code is the first `last_step`.
//!
//! # Examples
//! ```
//! use aurora_core::access::totp::{LastStep, Totp, TotpSecret};
//! use aurora_core::time::Timestamp;
//!
//! let now = Timestamp::from_secs(1_800_000_000);
//! let (totp, secret) = (Totp::default(), TotpSecret::generate()?);
//! println!("{}", totp.uri(&secret, "Clinic", "ana@example.com").expose()); // as a QR code, once
//!
//! let code = totp.code(&secret, now);
//! let last = LastStep::default();
//! let step = totp.matching_step(&secret, code.expose(), now).ok_or("wrong code")?;
//! assert!(last.advance(step), "accepted");
//! assert!(!last.advance(step), "and not a second time");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod challenge;

use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use aws_lc_rs::hmac;
use zeroize::Zeroizing;

pub use challenge::{Attempt, Challenge};

use super::encoding::{RFC_4648, from_base32, to_base32};
use super::{Error, entropy};
use crate::secret::Secret;
use crate::time::Timestamp;

/// What user and authenticator share; stored sealed, shown once.
#[derive(Clone)]
pub struct TotpSecret(Zeroizing<Vec<u8>>);

impl TotpSecret {
    /// A new secret of 160 bits.
    ///
    /// # Errors
    /// When the operating system gives no random bytes.
    pub fn generate() -> Result<Self, Error> {
        Ok(Self(Zeroizing::new(entropy::random::<20>()?.to_vec())))
    }

    /// A secret as it was stored, or of another system: 16 to 64 bytes.
    ///
    /// # Errors
    /// When it is shorter (RFC 4226 asks for 128 bits) or longer.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Result<Self, Error> {
        let bytes = Zeroizing::new(bytes.into());
        if (16..=64).contains(&bytes.len()) {
            Ok(Self(bytes))
        } else {
            Err(Error::invalid("a secret of one-time codes has 16 to 64 bytes"))
        }
    }

    /// A secret in base 32 (RFC 4648) as people type it; blanks and padding are skipped, lower case is read.
    ///
    /// # Errors
    /// When it is not base 32, or too short or too long.
    pub fn from_base32(text: &str) -> Result<Self, Error> {
        let typed = |letter: &char| *letter != ' ' && *letter != '=';
        let letters = Zeroizing::new(
            text.chars()
                .filter(typed)
                .collect::<String>()
                .to_ascii_uppercase(),
        );
        let bytes = from_base32(RFC_4648, &letters)
            .ok_or_else(|| Error::invalid("a secret of one-time codes is written in base 32"))?;
        Self::from_bytes(bytes)
    }

    /// The bytes to seal and store.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }

    /// The secret for who cannot scan: base 32 without padding.
    #[must_use]
    pub fn base32(&self) -> Secret {
        Secret::new(to_base32(RFC_4648, &self.0))
    }
}

impl fmt::Debug for TotpSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TotpSecret([redacted])")
    }
}

/// The digest of the codes. Authenticators read SHA-1; few read another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Digest {
    /// HMAC-SHA-1, whose known weaknesses do not concern HMAC.
    #[default]
    Sha1,
    /// HMAC-SHA-256.
    Sha256,
    /// HMAC-SHA-512.
    Sha512,
}

impl Digest {
    const fn name(self) -> &'static str {
        match self {
            Self::Sha1 => "SHA1",
            Self::Sha256 => "SHA256",
            Self::Sha512 => "SHA512",
        }
    }

    const fn algorithm(self) -> hmac::Algorithm {
        match self {
            Self::Sha1 => hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY,
            Self::Sha256 => hmac::HMAC_SHA256,
            Self::Sha512 => hmac::HMAC_SHA512,
        }
    }
}

/// How codes are made: 6 digits, 30 s, SHA-1, one step to either side, as every authenticator has it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Totp {
    digits: u8,
    step: u64,
    skew: u64,
    digest: Digest,
}

impl Default for Totp {
    fn default() -> Self {
        Self {
            digits: 6,
            step: 30,
            skew: 1,
            digest: Digest::Sha1,
        }
    }
}

impl Totp {
    /// Codes of another form, for authenticators that are known to read it.
    ///
    /// # Errors
    /// When `digits` is not 6 to 8, `step` not 15 s to 60 s in whole seconds, or `skew` more than 2.
    pub fn new(digits: u8, step: Duration, skew: u8, digest: Digest) -> Result<Self, Error> {
        let whole = step.subsec_nanos() == 0 && (15..=60).contains(&step.as_secs());
        if !(6..=8).contains(&digits) || !whole || skew > 2 {
            return Err(Error::invalid(
                "one-time codes have 6 to 8 digits, steps of 15 to 60 whole seconds, and a skew of at most 2 steps",
            ));
        }
        Ok(Self {
            digits,
            step: step.as_secs(),
            skew: u64::from(skew),
            digest,
        })
    }

    /// What an authenticator scans. It holds the secret.
    #[must_use]
    pub fn uri(&self, secret: &TotpSecret, issuer: &str, account: &str) -> Secret {
        let (issuer, account) = (percent_encoded(issuer), percent_encoded(account));
        let (key, digest) = (secret.base32(), self.digest.name());
        Secret::new(format!(
            "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm={digest}&digits={}&period={}",
            key.expose(),
            self.digits,
            self.step,
        ))
    }

    /// The code of `now`.
    #[must_use]
    pub fn code(&self, secret: &TotpSecret, now: Timestamp) -> Secret {
        Secret::new(self.hotp(secret, self.step_of(now)))
    }

    /// The step that `code` is of, among the steps that are valid at `now`; the latest where several match.
    ///
    /// ASCII digits alone are read, exactly as many as a code has; blanks around them are skipped, blanks and other
    /// signs within are not. The time that it takes does not depend on the code.
    #[must_use]
    pub fn matching_step(&self, secret: &TotpSecret, code: &str, now: Timestamp) -> Option<u64> {
        let code = code.trim_matches([' ', '\t', '\r', '\n']);
        if code.len() != usize::from(self.digits) || !code.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let current = self.step_of(now);
        let mut matching = None;
        for step in current.saturating_sub(self.skew)..=current.saturating_add(self.skew) {
            if entropy::same(self.hotp(secret, step).as_bytes(), code.as_bytes()) {
                matching = Some(step);
            }
        }
        matching
    }

    fn step_of(&self, now: Timestamp) -> u64 {
        u64::try_from(now.as_secs()).unwrap_or(0) / self.step
    }

    /// RFC 4226, section 5.3.
    fn hotp(&self, secret: &TotpSecret, counter: u64) -> String {
        let key = hmac::Key::new(self.digest.algorithm(), &secret.0);
        let tag = hmac::sign(&key, &counter.to_be_bytes());
        let offset = tag.as_ref().last().map_or(0, |last| usize::from(last & 0x0F));
        let four = tag.as_ref().iter().skip(offset).take(4);
        let number = four.fold(0_u32, |number, byte| (number << 8) | u32::from(*byte)) & 0x7FFF_FFFF;
        let digits = usize::from(self.digits);
        format!("{:0digits$}", number % 10_u32.pow(u32::from(self.digits)))
    }
}

fn percent_encoded(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}

/// The last accepted step, in memory: what the conditional write of the module's description is in a database.
#[derive(Debug, Default)]
pub struct LastStep(AtomicU64);

impl LastStep {
    /// Spends `step` and every one before it; false when that was done already.
    #[must_use]
    pub fn advance(&self, step: u64) -> bool {
        self.0.fetch_max(step, Ordering::AcqRel) < step
    }
}

#[cfg(test)]
mod tests;
