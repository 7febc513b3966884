//! Typed identifiers: `cli_019a…` can never be passed where a workspace is meant.

use std::cmp::Ordering;
use std::fmt;
use std::hash::{Hash, Hasher};
use std::marker::PhantomData;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use uuid::Uuid;

use crate::time::Timestamp;

/// What an identifier names; implemented by marker types or by the entity itself.
pub trait IdKind {
    /// The text before the underscore: lower-case letters, unique among kinds.
    const PREFIX: &'static str;
}

/// A uuid v7 that knows what it names; sorts by the time it was made.
///
/// Shown as `prefix_` and 32 hexadecimal digits.
///
/// # Examples
/// ```
/// use aurora_core::{id::{Id, IdKind}, time::Timestamp};
///
/// #[derive(Debug)]
/// struct Client;
/// impl IdKind for Client {
///     const PREFIX: &'static str = "cli";
/// }
///
/// let id = Id::<Client>::new(Timestamp::from_secs(1_800_000_000));
/// assert!(id.to_string().starts_with("cli_"));
/// assert_eq!(id.to_string().parse::<Id<Client>>()?, id);
/// assert!("wsp_0190a8b0c0de7000800000000000000a".parse::<Id<Client>>().is_err());
/// # Ok::<(), aurora_core::id::ParseIdError>(())
/// ```
pub struct Id<T> {
    uuid: Uuid,
    kind: PhantomData<fn() -> T>,
}

impl<T: IdKind> Id<T> {
    /// A new identifier made at `now`; two made in the same instant differ by 74 random bits.
    #[must_use]
    pub fn new(now: Timestamp) -> Self {
        let micros = now.as_micros().max(0);
        let seconds = u64::try_from(micros / 1_000_000).unwrap_or(0);
        let nanos = u32::try_from((micros % 1_000_000) * 1_000).unwrap_or(0);
        Self::from_uuid(Uuid::new_v7(uuid::Timestamp::from_unix(
            uuid::NoContext,
            seconds,
            nanos,
        )))
    }

    /// Takes a uuid as it is stored in a database.
    #[must_use]
    pub const fn from_uuid(uuid: Uuid) -> Self {
        Self {
            uuid,
            kind: PhantomData,
        }
    }

    /// The bare uuid, for storage.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        self.uuid
    }
}

/// The text was not an identifier of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected an id of the form {prefix}_ followed by 32 hexadecimal digits")]
pub struct ParseIdError {
    prefix: &'static str,
}

impl<T: IdKind> FromStr for Id<T> {
    type Err = ParseIdError;

    fn from_str(text: &str) -> Result<Self, ParseIdError> {
        let error = ParseIdError { prefix: T::PREFIX };
        let hex = text
            .strip_prefix(T::PREFIX)
            .and_then(|rest| rest.strip_prefix('_'))
            .ok_or(error)?;
        if hex.len() != 32 {
            return Err(error); // `Uuid` would also take hyphens and braces
        }
        Uuid::try_parse(hex).map(Self::from_uuid).map_err(|_| error)
    }
}

impl<T: IdKind> fmt::Display for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}_{}", T::PREFIX, self.uuid.as_simple())
    }
}

impl<T: IdKind> fmt::Debug for Id<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl<T: IdKind> Serialize for Id<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de, T: IdKind> Deserialize<'de> for Id<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

// Written out because a derive would ask the same of `T`, which is only a label.
impl<T> Clone for Id<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Id<T> {}

impl<T> PartialEq for Id<T> {
    fn eq(&self, other: &Self) -> bool {
        self.uuid == other.uuid
    }
}

impl<T> Eq for Id<T> {}

impl<T> PartialOrd for Id<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Id<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        self.uuid.cmp(&other.uuid)
    }
}

impl<T> Hash for Id<T> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.uuid.hash(state);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Thing;
    impl IdKind for Thing {
        const PREFIX: &'static str = "thg";
    }

    #[test]
    fn later_ids_sort_after_earlier_ones_as_values_and_as_text() {
        let a = Id::<Thing>::new(Timestamp::from_secs(1_000));
        let b = Id::<Thing>::new(Timestamp::from_secs(1_001));
        assert!(a < b);
        assert!(a.to_string() < b.to_string());
    }

    #[test]
    fn refuses_other_prefixes_and_other_uuid_forms() {
        for bad in [
            "",
            "thg",
            "thg_",
            "thg_12",
            "cli_0190a8b0c0de7000800000000000000a",
            "thg_0190a8b0-c0de-7000-8000-00000000000a",
            "thg_{190a8b0c0de7000800000000000000a}",
        ] {
            assert!(bad.parse::<Id<Thing>>().is_err(), "{bad}");
        }
    }
}
