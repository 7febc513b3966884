//! Whose rows a transaction sees.

use std::fmt::{self, Write as _};

use uuid::Uuid;

/// Whose rows a transaction sees where PostgreSQL's row-level security asks for it.
///
/// [`write_within!`](super::write_within) and [`read_within!`](super::read_within) set it together with the beginning of
/// the transaction, in one round trip, and it ends with the transaction: a connection that goes back to the pool carries
/// nothing over. SQLite has no row-level security and ignores it.
///
/// A policy reads a setting with `nullif(current_setting('app.tenant', true), '')::uuid`, which is null, and so shows no
/// row, where nothing is set.
///
/// # Examples
/// ```
/// use aurora_core::store::Scope;
///
/// let scope = Scope::new().id("app.tenant", uuid::Uuid::nil());
/// assert_eq!(format!("{scope:?}"), "Scope(app.tenant)");
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Scope {
    settings: Vec<(&'static str, Option<Uuid>)>,
}

impl Scope {
    /// Sees what needs no setting.
    #[must_use]
    pub const fn new() -> Self {
        Self { settings: Vec::new() }
    }

    /// Sets `setting` to an id. Its name is two words of a-z and `_` with a dot between, such as `app.tenant`.
    #[must_use]
    pub fn id(mut self, setting: &'static str, id: Uuid) -> Self {
        self.settings.push((setting, Some(id)));
        self
    }

    /// Sets `setting` to `on`. Its name is two words of a-z and `_` with a dot between, such as `app.directory`.
    #[must_use]
    pub fn on(mut self, setting: &'static str) -> Self {
        self.settings.push((setting, None));
        self
    }

    /// The statement that begins a transaction of this scope, after `begin`.
    #[cfg(feature = "postgres")]
    pub(super) fn statement(&self, begin: &str) -> Result<String, super::Error> {
        let is_name = |name: &str| {
            let word = |word: &str| {
                !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_')
            };
            name.split_once('.')
                .is_some_and(|(space, rest)| word(space) && word(rest))
        };
        let mut statement = begin.to_owned();
        for (name, value) in &self.settings {
            if !is_name(name) {
                return Err(super::Error::new(
                    super::ErrorKind::Invalid,
                    "a setting of a scope is named with two words of a-z and _, with a dot between",
                ));
            }
            // A name that was checked and a value of hexadecimal digits: nothing here can end the quotes.
            let written = match value {
                Some(id) => write!(statement, "; set local {name} = '{id}'"),
                None => write!(statement, "; set local {name} = 'on'"),
            };
            written.map_err(|_| super::Error::new(super::ErrorKind::Other, "a scope cannot be written"))?;
        }
        Ok(statement)
    }
}

impl fmt::Debug for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Scope(")?;
        for (index, (name, _)) in self.settings.iter().enumerate() {
            if index > 0 {
                f.write_char(' ')?;
            }
            f.write_str(name)?;
        }
        f.write_char(')')
    }
}
