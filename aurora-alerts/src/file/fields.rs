//! Maps with known keys, and values of the kinds that keys take.

use std::str::FromStr;
use std::time::Duration;

use super::duration::duration;
use super::findings::Findings;
use super::node::{Entry, Mark, Node, Value, quoted, shortened};

/// A map of which each key is asked for once; what was not asked for is unknown.
pub(super) struct Fields<'n> {
    /// Where the map begins.
    pub(super) at: Mark,
    entries: &'n [Entry],
    known: Vec<&'static str>,
}

impl<'n> Fields<'n> {
    /// The keys of a map; what else it is, is said.
    pub(super) fn of(what: &str, node: &'n Node, findings: &mut Findings) -> Option<Self> {
        let entries = map(what, node, findings)?;
        Some(Self {
            at: node.at,
            entries,
            known: Vec::new(),
        })
    }

    /// The value of a key, if it is given.
    pub(super) fn take(&mut self, key: &'static str) -> Option<&'n Node> {
        self.known.push(key);
        let entry = self.entries.iter().find(|entry| entry.name == key)?;
        (!matches!(entry.node.value, Value::Null)).then_some(&entry.node)
    }

    /// Where a key stands, or the map where it is missing.
    pub(super) fn place(&self, key: &str) -> Mark {
        let found = self.entries.iter().find(|entry| entry.name == key);
        found.map_or(self.at, |entry| entry.at)
    }

    /// The place of the key with which the words of a problem begin, such as that of `stale_after` for "stale-after must …";
    /// of keys that are equally near the first, and without any the map. Keys within `inner` ones count too.
    pub(super) fn place_of(&self, detail: &str, inner: &[&str]) -> Mark {
        let detail = detail.replace(['-', ' '], "_");
        let mut named = Vec::new();
        named_in(self.entries, &detail, inner, &mut named);
        let longest = named.into_iter().rev().max_by_key(|entry| entry.name.len());
        longest.map_or(self.at, |entry| entry.at)
    }

    /// The keys of a list that are given.
    pub(super) fn given(&self, keys: &[&'static str]) -> Vec<&'static str> {
        let is_given = |key: &&str| {
            self.entries
                .iter()
                .any(|entry| entry.name == **key && !matches!(entry.node.value, Value::Null))
        };
        keys.iter().copied().filter(is_given).collect()
    }

    /// Says which of these keys are missing.
    pub(super) fn require(&self, keys: &[&'static str], findings: &mut Findings) {
        let given = self.given(keys);
        for key in keys.iter().filter(|key| !given.contains(key)) {
            findings.add(self.at, format!("{key} is missing"));
        }
    }

    pub(super) fn text(&mut self, key: &'static str, findings: &mut Findings) -> Option<String> {
        text(key, self.take(key)?, findings)
    }

    pub(super) fn number(&mut self, key: &'static str, findings: &mut Findings) -> Option<f64> {
        number(key, self.take(key)?, findings)
    }

    pub(super) fn whole(&mut self, key: &'static str, findings: &mut Findings) -> Option<u32> {
        whole(key, self.take(key)?, findings)
    }

    pub(super) fn flag(&mut self, key: &'static str, findings: &mut Findings) -> Option<bool> {
        let node = self.take(key)?;
        let Value::Flag(flag) = node.value else {
            wrong(key, "true or false", node, findings);
            return None;
        };
        Some(flag)
    }

    pub(super) fn duration(&mut self, key: &'static str, findings: &mut Findings) -> Option<Duration> {
        let node = self.take(key)?;
        let found = match &node.value {
            Value::Text(text) => duration(text),
            Value::Number(_, digits) if digits == "0" => Some(Duration::ZERO),
            _ => None,
        };
        if found.is_none() {
            wrong(key, "a duration such as 30s, 5m, 1h30m or 1d", node, findings);
        }
        found
    }

    /// A word that its type knows; the error of the type says which there are.
    pub(super) fn word<T: FromStr<Err: std::fmt::Display>>(
        &mut self,
        key: &'static str,
        findings: &mut Findings,
    ) -> Option<T> {
        let node = self.take(key)?;
        let word = text(key, node, findings)?;
        word.parse()
            .map_err(|error| findings.add(node.at, format!("{key}: {error}, found {}", quoted(&word))))
            .ok()
    }

    /// One of several words, each with what it means.
    pub(super) fn choice<T: Copy>(
        &mut self,
        key: &'static str,
        choices: &[(&str, T)],
        findings: &mut Findings,
    ) -> Option<T> {
        let node = self.take(key)?;
        let word = text(key, node, findings)?;
        let found = choices.iter().find(|(name, _)| *name == word);
        if found.is_none() {
            let names: Vec<_> = choices.iter().map(|(name, _)| *name).collect();
            wrong(key, &format!("one of {}", names.join(", ")), node, findings);
        }
        found.map(|(_, meaning)| *meaning)
    }

    /// A list, or the one value that stands in its place.
    pub(super) fn list(&mut self, key: &'static str) -> Option<&'n [Node]> {
        self.take(key).map(list)
    }

    /// A list of texts, or one text.
    pub(super) fn texts(&mut self, key: &'static str, findings: &mut Findings) -> Option<Vec<String>> {
        let items = self.list(key)?;
        Some(
            items
                .iter()
                .filter_map(|item| text(key, item, findings))
                .collect(),
        )
    }

    /// A map of names and texts; numbers and flags are taken as they stand.
    pub(super) fn pairs(&mut self, key: &'static str, findings: &mut Findings) -> Vec<(String, String)> {
        let Some(node) = self.take(key) else {
            return Vec::new();
        };
        let entries = map(key, node, findings).unwrap_or_default();
        let pair = |entry: &Entry, findings: &mut Findings| {
            let value = match &entry.node.value {
                Value::Text(text) | Value::Number(_, text) => text.clone(),
                Value::Flag(flag) => flag.to_string(),
                Value::Null => String::new(),
                _ => {
                    wrong(
                        &format!("{key}.{}", shortened(&entry.name)),
                        "text",
                        &entry.node,
                        findings,
                    );
                    return None;
                }
            };
            Some((entry.name.clone(), value))
        };
        entries.iter().filter_map(|entry| pair(entry, findings)).collect()
    }

    /// Says which keys are unknown, and which was probably meant.
    pub(super) fn finish(self, findings: &mut Findings) {
        for entry in self.entries {
            if !self.known.contains(&entry.name.as_str()) {
                let known = self.known.iter().copied().filter(|_| !findings.is_full());
                let meant = meant(&entry.name, known);
                findings.add(entry.at, format!("unknown key {}{meant}", quoted(&entry.name)));
            }
        }
    }
}

/// The entries with whose names a text begins; also those of maps, and of maps in lists, below the `inner` keys.
fn named_in<'n>(entries: &'n [Entry], text: &str, inner: &[&str], named: &mut Vec<&'n Entry>) {
    for entry in entries {
        if text.starts_with(&entry.name) {
            named.push(entry);
        }
        if inner.contains(&entry.name.as_str()) {
            for item in list(&entry.node) {
                if let Value::Map(entries) = &item.value {
                    named_in(entries, text, inner, named);
                }
            }
        }
    }
}

/// `; did you mean "…"?` where a name is near.
pub(super) fn meant<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let most = (name.chars().count() / 3).max(1);
    // What is much longer than any name is no slip of the hand, and comparing it is slow.
    let near = known.filter(|_| name.len() < 64).filter_map(|known| {
        let is_part =
            known.len() > 3 && (name.starts_with(known) || known.starts_with(name) && name.len() > 3);
        let distance = strsim::damerau_levenshtein(name, known);
        (distance <= most || is_part).then_some((distance, known))
    });
    near.min()
        .map_or_else(String::new, |(_, known)| format!("; did you mean {known:?}?"))
}

pub(super) fn wrong(key: &str, wanted: &str, node: &Node, findings: &mut Findings) {
    findings.add(node.at, format!("{key} must be {wanted}, found {}", node.found()));
}

pub(super) fn map<'n>(what: &str, node: &'n Node, findings: &mut Findings) -> Option<&'n [Entry]> {
    let Value::Map(entries) = &node.value else {
        wrong(what, "a map", node, findings);
        return None;
    };
    Some(entries)
}

/// The items of a list, or the one value that stands in its place.
pub(super) fn list(node: &Node) -> &[Node] {
    match &node.value {
        Value::List(items) => items,
        _ => std::slice::from_ref(node),
    }
}

pub(super) fn text(key: &str, node: &Node, findings: &mut Findings) -> Option<String> {
    let Value::Text(text) = &node.value else {
        wrong(key, "text", node, findings);
        return None;
    };
    Some(text.clone())
}

pub(super) fn number(key: &str, node: &Node, findings: &mut Findings) -> Option<f64> {
    let Value::Number(value, _) = node.value else {
        wrong(key, "a number", node, findings);
        return None;
    };
    Some(value)
}

/// A whole number, 0 or more.
pub(super) fn whole(key: &str, node: &Node, findings: &mut Findings) -> Option<u32> {
    let found = match &node.value {
        Value::Number(_, digits) => digits.parse().ok(),
        _ => None,
    };
    if found.is_none() {
        wrong(key, "a whole number, 0 or more", node, findings);
    }
    found
}
