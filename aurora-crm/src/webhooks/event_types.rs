//! Which events an endpoint wants.

use serde::{Deserialize, Serialize};

/// The most entries of a list.
const MOST: usize = 50;
/// The longest entry, in bytes.
const LONGEST: usize = 100;

/// The types of events that an endpoint wants: `*` for all, `client.*` for all of clients, `client.created` for one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Vec<String>", into = "Vec<String>")]
pub struct EventTypes(Vec<String>);

/// The list cannot be one of types of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to {MOST} types such as *, client.* or client.created, each of at most {LONGEST} bytes")]
pub struct InvalidEventType;

impl EventTypes {
    /// Every event.
    #[must_use]
    pub fn all() -> Self {
        Self(vec!["*".to_owned()])
    }

    /// Whether an event of this type is wanted.
    #[must_use]
    pub fn wants(&self, event_type: &str) -> bool {
        self.0.iter().any(|entry| match entry.strip_suffix('*') {
            // What is left ends with the full stop, so that `client.*` does not want `clients.merged`.
            Some(prefix) => event_type.starts_with(prefix),
            None => entry == event_type,
        })
    }

    /// The entries, in the order given and without repetition.
    #[must_use]
    pub fn entries(&self) -> &[String] {
        &self.0
    }
}

impl TryFrom<Vec<String>> for EventTypes {
    type Error = InvalidEventType;

    fn try_from(entries: Vec<String>) -> Result<Self, InvalidEventType> {
        if entries.is_empty() || entries.len() > MOST || !entries.iter().all(|entry| is_entry(entry)) {
            return Err(InvalidEventType);
        }
        let mut kept: Vec<String> = Vec::with_capacity(entries.len());
        for entry in entries {
            if !kept.contains(&entry) {
                kept.push(entry);
            }
        }
        Ok(Self(kept))
    }
}

impl From<EventTypes> for Vec<String> {
    fn from(types: EventTypes) -> Self {
        types.0
    }
}

/// `*`, or words of `a–z 0–9 _` with full stops between, the last of which may be `*`.
fn is_entry(entry: &str) -> bool {
    if entry == "*" {
        return true;
    }
    let words = entry.strip_suffix(".*").unwrap_or(entry);
    let is_word = |word: &str| {
        !word.is_empty()
            && word
                .bytes()
                .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
    };
    entry.len() <= LONGEST && words.split('.').all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn types(entries: &[&str]) -> Result<EventTypes, InvalidEventType> {
        entries
            .iter()
            .map(|entry| (*entry).to_owned())
            .collect::<Vec<_>>()
            .try_into()
    }

    #[test]
    fn a_star_stands_for_the_rest_and_nothing_else() {
        let wanted = types(&["client.*", "lead.created", "client.*"]).unwrap();
        assert_eq!(wanted.entries(), ["client.*", "lead.created"]);
        for event in ["client.created", "client.address.changed", "lead.created"] {
            assert!(wanted.wants(event), "{event}");
        }
        for event in [
            "client",
            "clients.merged",
            "lead.created.twice",
            "lead.updated",
            "*",
        ] {
            assert!(!wanted.wants(event), "{event}");
        }
        assert!(EventTypes::all().wants("anything.at_all"));
    }

    #[test]
    fn what_is_no_type_is_refused() {
        let long = "a".repeat(LONGEST + 1);
        let bad = [
            "",
            "client.",
            ".created",
            "cli*",
            "*.created",
            "client..x",
            "Client.created",
            "a b",
            "**",
            &long,
        ];
        for entry in bad {
            assert!(types(&[entry]).is_err(), "{entry}");
        }
        assert!(types(&[]).is_err());
        assert!(types(&["a"; MOST + 1]).is_err());
    }
}
