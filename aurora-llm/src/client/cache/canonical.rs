//! The canonical form of a request: the same for equal requests, different for all others.
//!
//! Every value is written with its length or its tag before it, so that no two different sequences give the same bytes;
//! maps are written in the order of their keys. Structs are taken apart field by field: a field that is added to one of
//! them does not compile here until somebody has said whether it has a say in the answer.

mod request;

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::client::options::CallOptions;
use crate::client::route::Routes;

/// SHA-256 of a canonical form.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Digest([u8; 32]);

impl Digest {
    /// All its bits in 43 characters that a key may have.
    pub(super) fn short(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a client's targets are and where its aliases and rules lead, whatever their order, prices and health.
pub(super) fn targets(routes: &Routes) -> Digest {
    let mut names: Vec<_> = routes
        .members()
        .iter()
        .map(|member| {
            let mut canon = Canon::new("target");
            canon.text(&member.target_name());
            canon.text(member.provider_id().as_str());
            canon.text(member.kind());
            canon.text(member.model());
            canon.finish().0
        })
        .collect();
    // The keys of one target are the same target.
    names.sort_unstable();
    names.dedup();
    let mut canon = Canon::new("targets");
    canon.list(&names, |canon, name| canon.bytes(name));
    canon.list(&routes.ways(), |canon, (way, targets)| {
        canon.text(way);
        canon.list(targets, |canon, target| canon.text(target));
    });
    canon.finish()
}

/// Writes a canonical form into a hash.
pub(super) struct Canon(Sha256);

impl Canon {
    /// `what` keeps the forms of different things apart.
    pub(super) fn new(what: &str) -> Self {
        let mut canon = Self(Sha256::new());
        canon.text(what);
        canon
    }

    pub(super) fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }

    pub(super) fn number(&mut self, number: u64) {
        self.0.update(number.to_le_bytes());
    }

    pub(super) fn digest(&mut self, digest: &Digest) {
        self.0.update(digest.0);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.0.update(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(super) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            None => self.tag(0),
            Some(value) => {
                self.tag(1);
                write(self, value);
            }
        }
    }

    pub(super) fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.number(u64::try_from(items.len()).unwrap_or(u64::MAX));
        for item in items {
            write(self, item);
        }
    }

    fn tag(&mut self, tag: u8) {
        self.0.update([tag]);
    }

    fn flag(&mut self, flag: bool) {
        self.tag(u8::from(flag));
    }

    fn float(&mut self, number: f64) {
        // Both zeros are equal.
        self.0.update((number + 0.0).to_bits().to_le_bytes());
    }

    fn json(&mut self, value: &Value) {
        match value {
            Value::Null => self.tag(0),
            Value::Bool(flag) => {
                self.tag(1);
                self.flag(*flag);
            }
            Value::Number(number) => {
                self.tag(2);
                let text = number.to_string();
                self.text(if text == "-0.0" { "0.0" } else { &text });
            }
            Value::String(text) => {
                self.tag(3);
                self.text(text);
            }
            Value::Array(items) => {
                self.tag(4);
                self.list(items, Self::json);
            }
            Value::Object(map) => {
                self.tag(5);
                self.map(map);
            }
        }
    }

    /// Whichever order the map keeps: an application may have `serde_json` keep the order of insertion.
    fn map(&mut self, map: &Map<String, Value>) {
        let sorted: Vec<_> = map.iter().collect::<BTreeMap<_, _>>().into_iter().collect();
        self.list(&sorted, |canon, (name, value)| {
            canon.text(name);
            canon.json(value);
        });
    }

    /// What of the call's options has a say in the answer: which rule of the client holds.
    pub(super) fn call(&mut self, options: &CallOptions, rules: [Option<usize>; 2]) {
        let CallOptions {
            // Part of the owner.
            caller: _,
            // Says how long is waited, not what is answered.
            deadline: _,
            // Chooses between targets that the application holds to be as good as each other.
            sticky: _,
            strategy: _,
            hedge: _,
            // Says what is done when an answer breaks, not what is answered.
            continuation: _,
            cache: _,
        } = options;
        for rule in rules {
            self.option(rule, |canon, at| {
                canon.number(u64::try_from(at).unwrap_or(u64::MAX));
            });
        }
    }
}
