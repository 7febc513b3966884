//! Keys that say whose value they name.

use std::fmt;
use std::sync::Arc;

use super::error::{Error, ErrorKind};

/// The longest text, in bytes, of a scope, a kind and the rest of a key.
const MAX_SCOPE: usize = 64;
const MAX_KIND: usize = 32;
const MAX_TEXT: usize = 256;

/// The scope of what belongs to no tenant; no tenant can have this name.
const GLOBAL: &str = "*";

/// Whose value a key names.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Scope {
    /// Everybody's: nothing in the value depends on who asks.
    Global,
    /// One tenant's.
    Tenant(String),
}

impl Scope {
    /// The scope of the tenant with this id.
    #[must_use]
    pub fn tenant(id: impl fmt::Display) -> Self {
        Self::Tenant(id.to_string())
    }
}

/// The name of a cached value: `{scope}:{kind}:{version}:{text}`.
///
/// The scope of a tenant has 1 to 64, the kind 1 to 32 characters out of `a–z A–Z 0–9 . _ -`; the text has 1 to 256
/// bytes and no control character. What is longer is hashed by the caller first. Keys of two scopes are never equal.
///
/// # Examples
/// ```
/// use aurora_core::cache::{Key, Scope};
///
/// let key = Key::new(&Scope::tenant("wsp_17"), "company", 2, "11222333000181")?;
/// assert_eq!(key.as_str(), "wsp_17:company:2:11222333000181");
/// # Ok::<(), aurora_core::cache::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key(Arc<str>);

impl Key {
    /// Makes the key of the value `text` of a `kind`; a new `version` leaves behind what was kept in an older form.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidKey`] when a part is empty, too long, or has a character that it must not have.
    pub fn new(scope: &Scope, kind: &str, version: u32, text: &str) -> Result<Self, Error> {
        let scope = match scope {
            Scope::Global => GLOBAL,
            Scope::Tenant(id) if is_name(id, MAX_SCOPE) => id,
            Scope::Tenant(_) => return Err(Error::new(ErrorKind::InvalidKey)),
        };
        let text_is_valid = !text.is_empty() && text.len() <= MAX_TEXT && !text.chars().any(char::is_control);
        if !is_name(kind, MAX_KIND) || !text_is_valid {
            return Err(Error::new(ErrorKind::InvalidKey));
        }
        Ok(Self(format!("{scope}:{kind}:{version}:{text}").into()))
    }

    /// A key that was read back from where [`as_str`](Self::as_str) went.
    #[cfg(all(feature = "memory", feature = "redis"))]
    pub(super) fn stored(text: &str) -> Self {
        Self(text.into())
    }

    /// Whose value it names: the tenant, or `*`.
    pub(super) fn scope(&self) -> &str {
        self.0.split(':').next().unwrap_or_default()
    }

    /// The key as it is stored.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Key {
    /// Shows the scope and the kind; the rest may be personal data.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = self.0.splitn(3, ':');
        let (scope, kind) = (parts.next().unwrap_or(""), parts.next().unwrap_or(""));
        write!(f, "Key({scope}:{kind}:…)")
    }
}

pub(crate) fn is_name(text: &str, longest: usize) -> bool {
    (1..=longest).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn parts_that_could_be_mistaken_for_others_are_refused() {
        let tenant = Scope::tenant("t1");
        let refused = [
            Key::new(&Scope::tenant(""), "kind", 1, "x"),
            Key::new(&Scope::tenant("*"), "kind", 1, "x"),
            Key::new(&Scope::tenant("a:b"), "kind", 1, "x"),
            Key::new(&Scope::tenant("a".repeat(65)), "kind", 1, "x"),
            Key::new(&tenant, "", 1, "x"),
            Key::new(&tenant, "a:b", 1, "x"),
            Key::new(&tenant, &"k".repeat(33), 1, "x"),
            Key::new(&tenant, "kind", 1, ""),
            Key::new(&tenant, "kind", 1, "a\r\nb"),
            Key::new(&tenant, "kind", 1, &"x".repeat(257)),
        ];
        for key in refused {
            assert_eq!(key.unwrap_err().kind(), ErrorKind::InvalidKey);
        }
        assert!(Key::new(&Scope::Global, &"k".repeat(32), u32::MAX, &"x".repeat(256)).is_ok());
    }

    #[test]
    fn debug_hides_the_text() {
        let key = Key::new(&Scope::tenant("t1"), "phone", 1, "+5511999990000").unwrap();
        assert_eq!(format!("{key:?}"), "Key(t1:phone:…)");
    }

    fn scope() -> impl Strategy<Value = Scope> {
        prop_oneof![Just(Scope::Global), "[a-z0-9._-]{1,3}".prop_map(Scope::Tenant)]
    }

    proptest! {
        #[test]
        fn different_parts_give_different_keys(
            a in (scope(), "[a-z]{1,2}", 0_u32..3, "[a-z:]{1,4}"),
            b in (scope(), "[a-z]{1,2}", 0_u32..3, "[a-z:]{1,4}"),
        ) {
            let key = |(scope, kind, version, text): &(Scope, String, u32, String)| {
                Key::new(scope, kind, *version, text).unwrap()
            };
            prop_assert_eq!(key(&a) == key(&b), a == b);
        }
    }
}
