//! API keys of programs: `aur_live_` and 28 letters.
//!
//! ```text
//! aur_<environment>_<22 letters of base 62: 131 bits><6 letters of base 62: CRC-32 of everything before>
//! ```
//!
//! The shape is for scanners of leaked secrets; the checksum tells a mistyped key from an unknown one without a look
//! into storage. A key is shown once, when it is made. What is stored is its SHA-256, which is enough for 131 random
//! bits, and [`ApiKey::prefix`], by which a person knows it again. How many requests a key has is for
//! `resilience::limiter`, with the key's id as its subject.
//!
//! # Examples
//! ```
//! use aurora_core::access::api_key::{ApiKey, StoredKey};
//! use aurora_core::time::Timestamp;
//!
//! let now = Timestamp::from_secs(1_800_000_000);
//! let key = ApiKey::generate("live")?;
//! let stored = StoredKey::of(&key, ["client:read".to_owned()]).expires_at(Timestamp::from_secs(1_900_000_000));
//!
//! let presented = ApiKey::parse(key.expose(), "live").map_err(|_| "mistyped, or of another environment")?;
//! assert!(stored.check(&presented, now).is_ok());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use std::collections::BTreeSet;
use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use super::encoding::{is_base62, random_base62, six_of_base62};
use super::{Error, entropy};
use crate::secret::Secret;
use crate::time::Timestamp;

const BRAND: &str = "aur";
const RANDOM: usize = 22;
const CHECKSUM: usize = 6;
/// Letters of the random part that a person may see.
const SHOWN: usize = 6;
/// How old the stored last use may be before it is written anew.
const USE_RESOLUTION: Duration = Duration::from_secs(60);

/// A whole key, as a program presents it; shown by [`ApiKey::expose`] alone.
#[derive(Clone)]
pub struct ApiKey {
    text: Secret,
    environment: String,
}

/// The text is not a key of this environment: mistyped, cut, or of another one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not an API key of this environment")]
pub struct Malformed;

impl ApiKey {
    /// A new key.
    ///
    /// # Errors
    /// When the environment is not 2 to 12 lower-case letters, such as `live` and `test`.
    pub fn generate(environment: &str) -> Result<Self, Error> {
        if !is_environment(environment) {
            return Err(Error::invalid(
                "the environment of an API key is 2 to 12 lower-case letters",
            ));
        }
        let body = format!("{BRAND}_{environment}_{}", random_base62(RANDOM)?);
        let checksum = checksum(&body);
        Ok(Self {
            text: Secret::new(body + &checksum),
            environment: environment.to_owned(),
        })
    }

    /// Reads a key of `environment`.
    ///
    /// # Errors
    /// When the text is not one; nothing of it is told.
    pub fn parse(text: &str, environment: &str) -> Result<Self, Malformed> {
        let rest = text
            .strip_prefix(BRAND)
            .and_then(|rest| rest.strip_prefix('_'))
            .and_then(|rest| rest.strip_prefix(environment))
            .and_then(|rest| rest.strip_prefix('_'))
            .ok_or(Malformed)?;
        if !is_environment(environment) || rest.len() != RANDOM + CHECKSUM || !is_base62(rest) {
            return Err(Malformed);
        }
        let (body, written) = text
            .split_at_checked(text.len().saturating_sub(CHECKSUM))
            .ok_or(Malformed)?;
        if checksum(body) != written {
            return Err(Malformed);
        }
        Ok(Self {
            text: Secret::new(text),
            environment: environment.to_owned(),
        })
    }

    /// The key itself, to show it once.
    #[must_use]
    pub fn expose(&self) -> &str {
        self.text.expose()
    }

    /// What a person knows it by: the environment and six of the 22 letters, which leaves 95 bits unknown.
    #[must_use]
    pub fn prefix(&self) -> String {
        let shown = BRAND.len() + 1 + self.environment.len() + 1 + SHOWN;
        self.expose().chars().take(shown).collect()
    }

    /// What is stored of it, and what it is found by.
    #[must_use]
    pub fn hash(&self) -> KeyHash {
        KeyHash(entropy::sha256(&[self.expose().as_bytes()]))
    }
}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({}…)", self.prefix())
    }
}

fn is_environment(text: &str) -> bool {
    (2..=12).contains(&text.len()) && text.bytes().all(|letter| letter.is_ascii_lowercase())
}

fn checksum(body: &str) -> String {
    six_of_base62(crc32fast::hash(body.as_bytes()))
}

/// The SHA-256 of a key; 64 hexadecimal digits as text.
#[derive(Clone, Copy)]
pub struct KeyHash([u8; 32]);

impl KeyHash {
    /// The bytes to store.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// A hash as it was stored.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Whether it is the hash of `key`, in a time that does not depend on where they differ.
    #[must_use]
    pub fn matches(&self, key: &ApiKey) -> bool {
        entropy::same(&self.0, &key.hash().0)
    }
}

impl fmt::Display for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash([redacted])")
    }
}

impl FromStr for KeyHash {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let wrong = || Error::corrupt("the hash of an API key is 64 hexadecimal digits");
        if text.len() != 64 || !text.bytes().all(|letter| letter.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        let mut bytes = [0; 32];
        for (byte, digits) in bytes.iter_mut().zip(text.as_bytes().chunks(2)) {
            let digits = std::str::from_utf8(digits).map_err(|_| wrong())?;
            *byte = u8::from_str_radix(digits, 16).map_err(|_| wrong())?;
        }
        Ok(Self(bytes))
    }
}

/// Why a key is not accepted; for records, the caller is told only that it is not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// It is another key than the stored one.
    Unknown,
    /// Its time is over.
    Expired,
    /// Somebody took it back.
    Revoked,
}

/// What is stored of a key.
#[derive(Debug, Clone)]
pub struct StoredKey {
    /// What a person knows it by.
    pub prefix: String,
    /// What it is found by.
    pub hash: KeyHash,
    /// The permissions that it carries, by name; what its owner may not do it may not either.
    pub scopes: BTreeSet<String>,
    /// The first instant at which it is not accepted; never when absent.
    pub expires_at: Option<Timestamp>,
    /// When it was taken back.
    pub revoked_at: Option<Timestamp>,
    /// When it was last used, to the minute.
    pub last_used_at: Option<Timestamp>,
}

impl StoredKey {
    /// What to store of a new key.
    #[must_use]
    pub fn of(key: &ApiKey, scopes: impl IntoIterator<Item = String>) -> Self {
        Self {
            prefix: key.prefix(),
            hash: key.hash(),
            scopes: scopes.into_iter().collect(),
            expires_at: None,
            revoked_at: None,
            last_used_at: None,
        }
    }

    /// Ends it at `time`.
    #[must_use]
    pub fn expires_at(mut self, time: Timestamp) -> Self {
        self.expires_at = Some(time);
        self
    }

    /// Whether `key` is this one and is accepted at `now`.
    ///
    /// # Errors
    /// The reason, for records.
    pub fn check(&self, key: &ApiKey, now: Timestamp) -> Result<(), Refusal> {
        if !self.hash.matches(key) {
            return Err(Refusal::Unknown);
        }
        if self.revoked_at.is_some() {
            return Err(Refusal::Revoked);
        }
        if self.expires_at.is_some_and(|end| now >= end) {
            return Err(Refusal::Expired);
        }
        Ok(())
    }

    /// Whether to store `now` as the last use: at most once a minute, so that a busy key does not write with every
    /// request.
    #[must_use]
    pub fn is_use_to_store(&self, now: Timestamp) -> bool {
        self.last_used_at
            .is_none_or(|last| now.since(last).max(last.since(now)) >= USE_RESOLUTION)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_key_has_the_shape_and_is_read_back() {
        let key = ApiKey::generate("live").unwrap();
        assert_eq!(key.expose().len(), "aur_live_".len() + 28);
        let read = ApiKey::parse(key.expose(), "live").unwrap();
        assert!(key.hash().matches(&read));
        assert_eq!(read.prefix().len(), "aur_live_".len() + 6);
        assert_eq!(
            ApiKey::parse(key.expose(), "test").unwrap_err(),
            Malformed,
            "another environment"
        );
        assert!(!key.hash().matches(&ApiKey::generate("live").unwrap()));
    }

    /// Held still, so that keys that are out there stay readable: the checksum is CRC-32 (ISO-HDLC) as zlib has it.
    #[test]
    fn the_format_does_not_move() {
        let body = "aur_live_0123456789ABCDEFGHIJKL";
        let key = format!("{body}{}", six_of_base62(crc32fast::hash(body.as_bytes())));
        assert_eq!(crc32fast::hash(b"123456789"), 0xCBF4_3926);
        assert!(ApiKey::parse(&key, "live").is_ok());
    }

    #[test]
    fn environments_are_lower_case_letters() {
        for bad in ["", "l", "Live", "a_b", "live1", "averylongenvironment"] {
            assert!(ApiKey::generate(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_stored_key_ends_and_is_taken_back() {
        let now = Timestamp::from_secs(1_000);
        let key = ApiKey::generate("test").unwrap();
        let stored = StoredKey::of(&key, []).expires_at(Timestamp::from_secs(1_001));
        assert_eq!(stored.check(&key, now), Ok(()));
        assert_eq!(
            stored.check(&key, Timestamp::from_secs(1_001)),
            Err(Refusal::Expired)
        );
        let other = ApiKey::generate("test").unwrap();
        assert_eq!(stored.check(&other, now), Err(Refusal::Unknown));
        let revoked = StoredKey {
            revoked_at: Some(now),
            ..stored
        };
        assert_eq!(revoked.check(&key, now), Err(Refusal::Revoked));
    }

    #[test]
    fn the_last_use_is_stored_once_a_minute() {
        let at = Timestamp::from_secs;
        let mut stored = StoredKey::of(&ApiKey::generate("test").unwrap(), []);
        assert!(stored.is_use_to_store(at(1_000)), "never used");
        stored.last_used_at = Some(at(1_000));
        for (seconds, expected) in [
            (1_000, false),
            (1_059, false),
            (1_060, true),
            (941, false),
            (940, true),
        ] {
            assert_eq!(stored.is_use_to_store(at(seconds)), expected, "{seconds}");
        }
    }

    #[test]
    fn a_stored_hash_is_read_back_and_other_texts_are_not() {
        let key = ApiKey::generate("test").unwrap();
        let text = key.hash().to_string();
        assert!(text.parse::<KeyHash>().unwrap().matches(&key));
        for bad in ["", "00", &"g".repeat(64), &format!("+{}", "0".repeat(63))] {
            assert!(bad.parse::<KeyHash>().is_err(), "{bad}");
        }
    }

    #[test]
    fn debug_shows_the_prefix_alone() {
        let key = ApiKey::generate("live").unwrap();
        let stored = StoredKey::of(&key, []);
        let shown = format!("{key:?} {stored:?}");
        assert!(shown.contains(&key.prefix()));
        assert!(!shown.contains(key.expose()));
        assert!(!shown.contains(&key.hash().to_string()));
    }

    proptest! {
        #[test]
        fn one_changed_byte_is_a_typing_error(at: prop::sample::Index, byte in 0x20_u8..0x7F) {
            let key = ApiKey::generate("live").unwrap();
            let mut text = key.expose().to_owned().into_bytes();
            let at = at.index(text.len());
            prop_assume!(text[at] != byte);
            text[at] = byte;
            let text = String::from_utf8(text).unwrap();
            prop_assert!(ApiKey::parse(&text, "live").is_err());
        }

        #[test]
        fn any_text_is_refused_quietly(text in "\\PC{0,60}") {
            prop_assert!(ApiKey::parse(&text, "live").is_err());
        }
    }
}
