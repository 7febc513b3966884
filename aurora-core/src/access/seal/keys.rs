//! Who keeps the keys of the system.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use zeroize::Zeroizing;

use super::super::{Error, entropy};
use super::cipher;
use crate::secret::Secret;

/// The key of one record, or of the system; wiped when it goes.
pub type DataKey = Zeroizing<[u8; 32]>;

const MOST_KEYS: usize = 100;
const LONGEST_FILE: u64 = 64 * 1_024;

/// Wraps the keys of records with keys of the system that never leave it.
///
/// `context` is authenticated and not stored: the provider must refuse to unwrap under another one (a key management
/// service calls it encryption context or additional authenticated data). The caller limits the time of each call.
#[async_trait]
pub trait KeyProvider: fmt::Debug + Send + Sync + 'static {
    /// The name of the key that wraps from now on: 1 to 64 of `a-z`, `A-Z`, `0-9`, `-`, `_`, `.`, `:` and `/`.
    fn current(&self) -> &str;

    /// Wraps a key with the key of that name, which was [`current`](Self::current) a moment ago; at most 4 KiB.
    ///
    /// # Errors
    /// `Unavailable` when the keys cannot be had now.
    async fn wrap(&self, name: &str, key: &DataKey, context: &[u8]) -> Result<Vec<u8>, Error>;

    /// The key that was wrapped with the key of that name.
    ///
    /// The name comes from storage, where an attacker may have written it: look it up among the known ones, and make
    /// neither a path nor an address of it.
    ///
    /// # Errors
    /// `Corrupt` when there is no such key or it did not wrap that, `Unavailable` when the keys cannot be had now.
    async fn unwrap(&self, name: &str, wrapped: &[u8], context: &[u8]) -> Result<DataKey, Error>;
}

/// Keys of the system in memory, from the settings or a file. Clones share them.
///
/// One key wraps at most some 2³² records (NIST SP 800-38D, random nonces): take a new one long before.
#[derive(Clone)]
pub struct LocalKeys {
    current: String,
    keys: BTreeMap<String, Arc<DataKey>>,
}

impl LocalKeys {
    /// A new random key.
    ///
    /// # Errors
    /// When the name cannot be one, or the operating system gives no random bytes.
    pub fn generate(name: impl Into<String>) -> Result<Self, Error> {
        Self::of(name.into(), Zeroizing::new(entropy::random()?))
    }

    /// Keys of a text such as an environment variable or the content of a file: `name=key`, separated by commas,
    /// blanks or lines, each key 32 bytes in base 64. The first one wraps, the others still unwrap; a line that begins
    /// with `#` is a comment.
    ///
    /// # Errors
    /// When there is none, an entry is damaged, or two have the same name. No key is shown.
    pub fn parse(text: &Secret) -> Result<Self, Error> {
        let lines = text
            .expose()
            .lines()
            .filter(|line| !line.trim_start().starts_with('#'));
        let entries = lines.flat_map(|line| line.split([',', ' ', '\t'])).map(str::trim);
        let mut all: Option<Self> = None;
        for (number, entry) in (1..).zip(entries.filter(|entry| !entry.is_empty())) {
            let one = Self::entry(entry).ok_or_else(|| {
                Error::invalid(format!(
                    "key {number} of the system's keys is not name=key, with 32 bytes in base 64"
                ))
            })?;
            all = Some(match all {
                None => one,
                Some(keys) => keys.also(&one)?,
            });
        }
        all.ok_or_else(|| {
            Error::invalid("there is no key among the system's keys: name=key, 32 bytes in base 64")
        })
    }

    /// Keys of a file, in the form of [`LocalKeys::parse`]; at most 64 KiB.
    ///
    /// # Errors
    /// When the file cannot be read, or holds something else. It reads on the calling thread: at start-up.
    pub fn from_file(path: impl AsRef<Path>) -> Result<Self, Error> {
        let unreadable = "the file of the system's keys cannot be read";
        let size = std::fs::metadata(path.as_ref())
            .map_err(|error| Error::invalid(unreadable).with_source(error))?;
        if !size.is_file() || size.len() > LONGEST_FILE {
            return Err(Error::invalid(
                "the file of the system's keys is a file of at most 64 KiB",
            ));
        }
        let text =
            std::fs::read_to_string(path).map_err(|error| Error::invalid(unreadable).with_source(error))?;
        Self::parse(&Secret::new(text))
    }

    /// Also unwraps with the keys of `older`; its own still wraps.
    ///
    /// # Errors
    /// When two keys have the same name, or there are more than 100.
    pub fn also(mut self, older: &Self) -> Result<Self, Error> {
        for (name, key) in &older.keys {
            if self.keys.insert(name.clone(), Arc::clone(key)).is_some() {
                return Err(Error::invalid("two of the system's keys have the same name"));
            }
        }
        if self.keys.len() > MOST_KEYS {
            return Err(Error::invalid("the system has at most 100 keys"));
        }
        Ok(self)
    }

    fn entry(entry: &str) -> Option<Self> {
        let (name, key) = entry.split_once('=')?;
        let bytes = STANDARD.decode(key).or_else(|_| URL_SAFE_NO_PAD.decode(key));
        let bytes = Zeroizing::new(bytes.ok()?);
        let key: [u8; 32] = bytes.as_slice().try_into().ok()?;
        Self::of(name.to_owned(), Zeroizing::new(key)).ok()
    }

    fn of(name: String, key: DataKey) -> Result<Self, Error> {
        if !is_name(&name) {
            return Err(Error::invalid(
                "a key of the system is named with 1 to 64 of a-z, A-Z, 0-9, -, _, ., : and /",
            ));
        }
        Ok(Self {
            keys: BTreeMap::from([(name.clone(), Arc::new(key))]),
            current: name,
        })
    }

    fn key(&self, name: &str) -> Result<&DataKey, Error> {
        self.keys
            .get(name)
            .map(AsRef::as_ref)
            .ok_or_else(|| Error::corrupt("a sealed secret names a key that the system does not have"))
    }
}

#[async_trait]
impl KeyProvider for LocalKeys {
    fn current(&self) -> &str {
        &self.current
    }

    async fn wrap(&self, name: &str, key: &DataKey, context: &[u8]) -> Result<Vec<u8>, Error> {
        cipher::encrypt(self.key(name)?, context, &**key)
    }

    async fn unwrap(&self, name: &str, wrapped: &[u8], context: &[u8]) -> Result<DataKey, Error> {
        let wrong = || Error::corrupt("a sealed secret was changed, or belongs to another place or key");
        let key = cipher::decrypt(self.key(name)?, context, wrapped).ok_or_else(wrong)?;
        let key: [u8; 32] = key.as_slice().try_into().map_err(|_| wrong())?;
        Ok(Zeroizing::new(key))
    }
}

impl fmt::Debug for LocalKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalKeys")
            .field("current", &self.current)
            .field("names", &self.keys.keys())
            .finish_non_exhaustive()
    }
}

pub(super) fn is_name(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte);
    (1..=64).contains(&name.len()) && name.bytes().all(is_plain)
}
