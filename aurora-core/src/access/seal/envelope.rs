//! The stored form.

use std::fmt;
use std::str::FromStr;

use super::super::Error;
use super::super::encoding::{from_base64url, to_base64url};
use super::cipher::OVERHEAD;
use super::keys::is_name;

const MARK: &str = "aurs1.";
const VERSION: u8 = 1;
/// Longest text that is sealed, in bytes.
pub(super) const LONGEST: usize = 1 << 20;
/// Longest wrapped key; services of several vendors stay below 1 KiB.
pub(super) const LONGEST_WRAPPED: usize = 4 * 1_024;
const LONGEST_BYTES: usize = 4 + 64 + LONGEST_WRAPPED + LONGEST + OVERHEAD;

/// A sealed secret, as text (`aurs1.…`) or as bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Sealed {
    pub(super) key: String,
    pub(super) wrapped: Vec<u8>,
    pub(super) message: Vec<u8>,
}

impl Sealed {
    /// The name of the system's key that it was wrapped with.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The bytes to store.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let name_length = u8::try_from(self.key.len()).unwrap_or(u8::MAX);
        let wrapped_length = u16::try_from(self.wrapped.len()).unwrap_or(u16::MAX);
        let mut bytes = vec![VERSION, name_length];
        bytes.extend_from_slice(self.key.as_bytes());
        bytes.extend_from_slice(&wrapped_length.to_be_bytes());
        bytes.extend_from_slice(&self.wrapped);
        bytes.extend_from_slice(&self.message);
        bytes
    }

    /// Reads stored bytes; whether they are genuine shows when they are opened.
    ///
    /// # Errors
    /// [`ErrorKind::Corrupt`](crate::access::ErrorKind::Corrupt) when they have another form.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        Self::read(bytes).ok_or_else(|| Error::corrupt("a sealed secret does not have its form"))
    }

    fn read(bytes: &[u8]) -> Option<Self> {
        if bytes.len() > LONGEST_BYTES {
            return None;
        }
        let (version, rest) = bytes.split_first()?;
        let (name_length, rest) = rest.split_first()?;
        let (name, rest) = rest.split_at_checked(usize::from(*name_length))?;
        let ([high, low], rest) = rest.split_first_chunk::<2>()?;
        let (wrapped, message) = rest.split_at_checked(usize::from(u16::from_be_bytes([*high, *low])))?;
        let key = std::str::from_utf8(name).ok().filter(|name| is_name(name))?;
        let fits = !wrapped.is_empty() && wrapped.len() <= LONGEST_WRAPPED && message.len() >= OVERHEAD;
        (*version == VERSION && fits).then(|| Self {
            key: key.to_owned(),
            wrapped: wrapped.to_vec(),
            message: message.to_vec(),
        })
    }
}

impl fmt::Display for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(MARK)?;
        f.write_str(&to_base64url(self.to_bytes()))
    }
}

impl FromStr for Sealed {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let bytes = text
            .strip_prefix(MARK)
            .filter(|rest| rest.len() <= LONGEST_BYTES.saturating_mul(4).div_ceil(3))
            .and_then(from_base64url);
        bytes
            .and_then(|bytes| Self::read(&bytes))
            .ok_or_else(|| Error::corrupt("a sealed secret does not have its form"))
    }
}

impl fmt::Debug for Sealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sealed")
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

crate::serde_as_text!(Sealed);
