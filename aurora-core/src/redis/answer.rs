//! What is sent and what comes back, as values of our own.

use bytes::Bytes;
use fred::types::Value;

use super::error::{Error, ErrorKind};

/// What a command or a script answered.
///
/// Texts, statuses such as `OK` and binary values are all [`Bytes`](Self::Bytes), because the server does not tell
/// them apart for whoever reads them. A Lua number arrives as an integer, cut at the point.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// Nothing: no such key, or a condition that did not hold. Lua's `false` and `nil`.
    Nil,
    /// A whole number.
    Integer(i64),
    /// Bytes, a text or a status.
    Bytes(Bytes),
    /// Several answers.
    List(Vec<Self>),
}

impl Answer {
    /// Whether there is nothing.
    #[must_use]
    pub const fn is_nil(&self) -> bool {
        matches!(self, Self::Nil)
    }

    /// Whether it is the status `OK`.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        matches!(self, Self::Bytes(bytes) if bytes.as_ref() == b"OK")
    }

    /// The number, also one that came as text.
    #[must_use]
    pub fn as_integer(&self) -> Option<i64> {
        match self {
            Self::Integer(number) => Some(*number),
            Self::Bytes(bytes) => std::str::from_utf8(bytes).ok()?.parse().ok(),
            Self::Nil | Self::List(_) => None,
        }
    }

    /// The bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> Option<&Bytes> {
        match self {
            Self::Bytes(bytes) => Some(bytes),
            _ => None,
        }
    }

    /// The text.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        std::str::from_utf8(self.as_bytes()?).ok()
    }

    /// The several answers.
    #[must_use]
    pub fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(answers) => Some(answers),
            _ => None,
        }
    }

    pub(super) fn of(value: Value) -> Result<Self, Error> {
        Ok(match value {
            Value::Null => Self::Nil,
            Value::Integer(number) => Self::Integer(number),
            Value::Boolean(truth) => Self::Integer(i64::from(truth)),
            Value::String(text) => Self::Bytes(text.into_inner()),
            Value::Bytes(bytes) => Self::Bytes(bytes),
            Value::Array(values) => Self::List(values.into_iter().map(Self::of).collect::<Result<_, _>>()?),
            Value::Double(_) | Value::Map(_) | Value::Queued => return Err(Error::new(ErrorKind::Protocol)),
        })
    }
}

/// One argument of a command or a script; made with `into()` from numbers, texts and bytes.
///
/// # Examples
/// ```
/// use aurora_core::redis::Arg;
///
/// let args: [Arg; 3] = ["EX".into(), 60_u64.into(), vec![0, 255].into()];
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Arg(Bytes);

impl Arg {
    pub(super) fn value(&self) -> Value {
        Value::Bytes(self.0.clone())
    }
}

impl std::fmt::Debug for Arg {
    /// Shows the length; the value may be personal data.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Arg({} bytes)", self.0.len())
    }
}

impl From<Bytes> for Arg {
    fn from(bytes: Bytes) -> Self {
        Self(bytes)
    }
}

impl From<Vec<u8>> for Arg {
    fn from(bytes: Vec<u8>) -> Self {
        Self(bytes.into())
    }
}

impl From<String> for Arg {
    fn from(text: String) -> Self {
        Self(text.into())
    }
}

impl From<&str> for Arg {
    fn from(text: &str) -> Self {
        Self(Bytes::copy_from_slice(text.as_bytes()))
    }
}

impl From<i64> for Arg {
    fn from(number: i64) -> Self {
        number.to_string().into()
    }
}

impl From<u64> for Arg {
    fn from(number: u64) -> Self {
        number.to_string().into()
    }
}

impl From<u32> for Arg {
    fn from(number: u32) -> Self {
        number.to_string().into()
    }
}
