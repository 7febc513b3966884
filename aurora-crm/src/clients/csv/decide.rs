//! What becomes of the rows of a batch, given what is stored. Pure.

use std::collections::hash_map::RandomState;
use std::collections::{HashMap, HashSet};
use std::hash::BuildHasher as _;

use aurora_core::time::Timestamp;

use super::super::{Client, ClientId};
use super::options::Duplicates;
use super::row::{Draft, Key};
use crate::custom_fields::Rules;
use crate::error::Error;

/// How many identities a dry run remembers.
const MAX_SEEN: usize = 1_000_000;

/// What became of a row.
#[derive(Debug)]
pub(in crate::clients) enum Fate {
    Created,
    Updated,
    Unchanged,
    Skipped,
    Refused(Refusal),
}

/// Why a row that is right in itself is refused.
#[derive(Debug)]
pub(in crate::clients) enum Refusal {
    /// There is such a client already; `None` when a row before makes it.
    Exists(Option<ClientId>),
    /// It means more than one client.
    Several,
    Domain(Error),
    /// Others were faster, again and again.
    Changed,
}

/// What the options say about known clients.
#[derive(Debug, Clone)]
pub(in crate::clients) struct Policy {
    pub(in crate::clients) duplicates: Duplicates,
    pub(in crate::clients) by_document: bool,
    pub(in crate::clients) system: String,
    pub(in crate::clients) each_client: bool,
}

/// What is stored of what the rows of a batch mean.
#[derive(Default)]
pub(in crate::clients) struct Stored {
    pub(in crate::clients) holders: HashMap<Key, Vec<ClientId>>,
    /// Loaded when rows may change them.
    pub(in crate::clients) clients: HashMap<ClientId, Client>,
    /// External ids of clients that are deleted.
    pub(in crate::clients) stale: Vec<String>,
}

/// One client that is to be stored, and the rows that it comes from.
pub(in crate::clients) struct Write {
    pub(in crate::clients) before: Option<Client>,
    pub(in crate::clients) client: Client,
    pub(in crate::clients) rows: Vec<usize>,
    pub(in crate::clients) external_ids: Vec<String>,
}

impl Write {
    /// Whether there is anything to store of the client itself.
    pub(in crate::clients) fn differences(&self) -> Vec<&'static str> {
        self.before
            .as_ref()
            .map(|before| before.differences(&self.client))
            .unwrap_or_default()
    }
}

/// The identities that earlier rows of a dry run would have made.
pub(in crate::clients) struct Seen {
    hasher: RandomState,
    hashes: HashSet<u64>,
    pub(super) is_full: bool,
}

impl Seen {
    pub(super) fn new() -> Self {
        Self {
            hasher: RandomState::new(),
            hashes: HashSet::new(),
            is_full: false,
        }
    }

    fn holds(&self, draft: &Draft) -> bool {
        draft
            .keys
            .iter()
            .any(|key| self.hashes.contains(&self.hasher.hash_one(key)))
    }

    pub(super) fn add(&mut self, draft: &Draft) {
        for key in &draft.keys {
            if self.hashes.len() < MAX_SEEN {
                self.hashes.insert(self.hasher.hash_one(key));
            } else {
                self.is_full = true;
            }
        }
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Holder {
    /// A client of this batch.
    Write(usize),
    Stored(ClientId),
}

/// What is to be done with a batch.
#[derive(Default)]
pub(in crate::clients) struct Work {
    pub(in crate::clients) writes: Vec<Write>,
    /// By the row's place in the batch; a row of `writes` has none yet.
    pub(in crate::clients) fates: Vec<(usize, Fate)>,
    by_key: HashMap<Key, usize>,
    by_client: HashMap<ClientId, usize>,
}

/// What rows are decided on by.
pub(in crate::clients) struct Given<'a> {
    pub(in crate::clients) stored: &'a Stored,
    pub(in crate::clients) policy: &'a Policy,
    pub(in crate::clients) rules: &'a Rules,
    /// In a dry run: what rows before have made.
    pub(in crate::clients) seen: Option<&'a Seen>,
    pub(in crate::clients) now: Timestamp,
}

/// Decides about the rows of `drafts` that are named in `open`.
pub(in crate::clients) fn decide(drafts: &[Draft], open: &[usize], given: &Given<'_>) -> Work {
    let mut work = Work::default();
    for &row in open {
        let Some(draft) = drafts.get(row) else { continue };
        let decided = work.row(row, draft, given);
        work.fates.extend(decided.map(|fate| (row, fate)));
    }
    work
}

impl Work {
    /// Gives a fate, or notes what to write.
    fn row(&mut self, row: usize, draft: &Draft, given: &Given<'_>) -> Option<Fate> {
        let Given {
            stored, policy, seen, ..
        } = *given;
        let mut holders: Vec<Holder> = Vec::new();
        let mut is_identified = false;
        for key in &draft.keys {
            for holder in self.holders(key, stored) {
                is_identified |= policy.by_document || !matches!(key, Key::Cnpj(_) | Key::Cpf(_));
                if !holders.contains(&holder) {
                    holders.push(holder);
                }
            }
        }
        let holder = match holders.as_slice() {
            [] if seen.is_some_and(|seen| seen.holds(draft)) => return Some(seen_before(policy)),
            [] => {
                let at = self.writes.len();
                self.writes.push(Write {
                    before: None,
                    client: draft.client.clone(),
                    rows: vec![row],
                    external_ids: draft.external_id.iter().cloned().collect(),
                });
                self.by_key.extend(draft.keys.iter().map(|key| (key.clone(), at)));
                return None;
            }
            [one] => *one,
            _ => return Some(Fate::Refused(Refusal::Several)),
        };
        let existing = match holder {
            Holder::Write(_) => None,
            Holder::Stored(id) => Some(id),
        };
        match policy.duplicates {
            Duplicates::Update if is_identified => self.update(row, draft, holder, given),
            Duplicates::Skip if is_identified => Some(Fate::Skipped),
            _ => Some(Fate::Refused(Refusal::Exists(existing))),
        }
    }

    fn holders(&self, key: &Key, stored: &Stored) -> Vec<Holder> {
        if let Some(at) = self.by_key.get(key) {
            return vec![Holder::Write(*at)];
        }
        let ids = stored.holders.get(key).into_iter().flatten();
        let held = ids.map(|id| match self.by_client.get(id) {
            Some(at) => Holder::Write(*at),
            None => Holder::Stored(*id),
        });
        // A row before may have given the client another number.
        held.filter(|holder| match holder {
            Holder::Write(at) => self.writes.get(*at).is_none_or(|write| has(&write.client, key)),
            Holder::Stored(_) => true,
        })
        .collect()
    }

    fn update(&mut self, row: usize, draft: &Draft, holder: Holder, given: &Given<'_>) -> Option<Fate> {
        let Given {
            stored, rules, now, ..
        } = *given;
        let (base, at) = match holder {
            Holder::Write(at) => (self.writes.get(at).map(|write| &write.client), Some(at)),
            Holder::Stored(id) => (stored.clients.get(&id), None),
        };
        let Some(base) = base else {
            return Some(Fate::Refused(Refusal::Changed));
        };
        let mut changed = match draft.apply(base, now, rules) {
            Ok(changed) => changed,
            Err(error) => return Some(Fate::Refused(Refusal::Domain(error))),
        };
        let external_id = draft
            .external_id
            .iter()
            .filter(|id| !stored.holders.contains_key(&Key::ExternalId((*id).clone())));
        let at = match at {
            Some(at) => {
                let write = self.writes.get_mut(at)?;
                let first = write
                    .before
                    .as_ref()
                    .map_or(1, |before| before.version.saturating_add(1));
                changed.version = first;
                write.client = changed;
                write.rows.push(row);
                write.external_ids.extend(external_id.cloned());
                at
            }
            None if base.differences(&changed).is_empty() && external_id.clone().next().is_none() => {
                return Some(Fate::Unchanged);
            }
            None => {
                let at = self.writes.len();
                self.by_client.insert(base.id, at);
                self.writes.push(Write {
                    before: Some(base.clone()),
                    client: changed,
                    rows: vec![row],
                    external_ids: external_id.cloned().collect(),
                });
                at
            }
        };
        self.by_key.extend(draft.keys.iter().map(|key| (key.clone(), at)));
        None
    }
}

/// Whether a key still leads to a client. External ids do so for good.
fn has(client: &Client, key: &Key) -> bool {
    match key {
        Key::Cnpj(number) => client.cnpj.as_ref().is_some_and(|cnpj| cnpj.plain() == number),
        Key::Cpf(number) => client.cpf.as_ref().is_some_and(|cpf| cpf.plain() == number),
        Key::Email(address) => {
            let own = client.email.as_ref();
            own.is_some_and(|email| email.as_str().eq_ignore_ascii_case(address))
        }
        Key::ExternalId(_) => true,
    }
}

/// A dry run knows that a row before would have made the client, and not how it would look by now.
fn seen_before(policy: &Policy) -> Fate {
    match policy.duplicates {
        Duplicates::Update => Fate::Updated,
        Duplicates::Skip => Fate::Skipped,
        Duplicates::Fail => Fate::Refused(Refusal::Exists(None)),
    }
}
