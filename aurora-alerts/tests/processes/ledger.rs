//! What a receiver took, and what must hold of it in the end.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use serde::Deserialize;
use serde_json::Value;
use tokio::sync::Notify;

/// One change of one alert: its fingerprint, its number, what the alert became.
type Mention = (String, u64, String);

/// The notifications that a receiver took; clones share them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Ledger {
    book: Arc<Mutex<Book>>,
    written: Arc<Notify>,
}

#[derive(Debug, Default)]
struct Book {
    /// By path and `webhook-id`.
    taken: BTreeMap<(String, String), Taken>,
    /// How many changes of each alert somebody has begun to post.
    announced: BTreeMap<String, u64>,
    /// The changes that the path `/hook` was told of.
    mentioned: BTreeSet<Mention>,
    refused: u64,
    repeated: u64,
    wrong: Vec<String>,
}

#[derive(Debug)]
struct Taken {
    body: Value,
    mentions: Vec<Mention>,
}

/// The part of the documented body that the tests rely on.
#[derive(Debug, Deserialize)]
struct Told {
    id: String,
    alerts: Vec<ToldAlert>,
}

#[derive(Debug, Deserialize)]
struct ToldAlert {
    fingerprint: String,
    changes: Vec<ToldChange>,
    changes_total: usize,
}

#[derive(Debug, Deserialize)]
struct ToldChange {
    seq: u64,
    status: String,
}

/// Figures of a test that passed.
#[derive(Debug)]
#[expect(dead_code, reason = "for whoever reads the output of the test")]
pub(crate) struct Figures {
    pub(crate) changes: usize,
    pub(crate) messages: usize,
    pub(crate) repeated: u64,
    pub(crate) refused: u64,
}

impl Ledger {
    /// Somebody is about to post the next change of an alert.
    pub(crate) fn announce(&self, fingerprint: &str, seq: u64) {
        let mut book = self.book.lock().unwrap();
        let announced = book.announced.entry(fingerprint.to_owned()).or_default();
        *announced = seq.max(*announced);
    }

    /// How many of the announced changes nobody was told of yet.
    pub(crate) fn untold(&self) -> u64 {
        let book = self.book.lock().unwrap();
        let announced: u64 = book.announced.values().sum();
        announced.saturating_sub(u64::try_from(book.mentioned.len()).unwrap())
    }

    /// Whether the path was told of the alert.
    pub(crate) fn has_told(&self, path: &str, fingerprint: &str) -> bool {
        let book = self.book.lock().unwrap();
        book.taken
            .iter()
            .filter(|((at, _), _)| at == path)
            .flat_map(|(_, taken)| &taken.mentions)
            .any(|(told, ..)| told == fingerprint)
    }

    /// Waits until something more is written down.
    pub(crate) async fn written(&self) {
        self.written.notified().await;
    }

    pub(super) fn refuse(&self) {
        self.book.lock().unwrap().refused += 1;
    }

    pub(super) fn take(&self, path: &str, id: &str, body: &[u8]) {
        let mut body: Value = serde_json::from_slice(body).unwrap();
        let told: Told = serde_json::from_value(body["data"].clone()).unwrap();
        let mut book = self.book.lock().unwrap();
        if told.id != id {
            book.wrong.push(format!("header {id}, body {}", told.id));
        }
        body["data"]["attempt"].take(); // the one thing in which attempts differ
        let mentions: Vec<Mention> = told
            .alerts
            .iter()
            .flat_map(|alert| {
                let of_alert =
                    |change: &ToldChange| (alert.fingerprint.clone(), change.seq, change.status.clone());
                alert.changes.iter().map(of_alert)
            })
            .collect();
        if told
            .alerts
            .iter()
            .any(|alert| alert.changes.len() != alert.changes_total)
        {
            book.wrong.push(format!("{id} leaves changes out"));
        }
        for (fingerprint, seq, _) in &mentions {
            if path == "/hook"
                && book
                    .announced
                    .get(fingerprint)
                    .is_none_or(|announced| announced < seq)
            {
                book.wrong
                    .push(format!("{fingerprint} #{seq} was told before anybody posted it"));
            }
        }
        if path == "/hook" {
            book.mentioned.extend(mentions.iter().cloned());
        }
        let key = (path.to_owned(), id.to_owned());
        match book.taken.get(&key).map(|before| before.body == body) {
            Some(true) => book.repeated += 1,
            Some(false) => book.wrong.push(format!("{id} came again with other content")),
            None => {
                book.taken.insert(key, Taken { body, mentions });
            }
        }
        drop(book);
        self.written.notify_one();
    }

    /// Checks that `/hook` was told of every one of these changes, of each in exactly one message, and of nothing else.
    ///
    /// The changes of an alert alternate: the first is its firing, the second its end, the third that it fires anew.
    pub(crate) fn check(&self, changes: &BTreeMap<String, u64>) -> Figures {
        let book = self.book.lock().unwrap();
        let mut messages: BTreeMap<&Mention, Vec<&str>> = BTreeMap::new();
        for ((path, id), taken) in &book.taken {
            if path == "/hook" {
                for mention in &taken.mentions {
                    messages.entry(mention).or_default().push(id);
                }
            }
        }
        let mut wrong = book.wrong.clone();
        let mut expected = BTreeSet::new();
        for (fingerprint, count) in changes {
            for seq in 1..=*count {
                let status = if seq % 2 == 1 { "firing" } else { "resolved" };
                expected.insert((fingerprint.clone(), seq, status.to_owned()));
            }
        }
        wrong.extend(
            expected
                .difference(&book.mentioned)
                .map(|mention| format!("nobody was told of {mention:?}")),
        );
        for (mention, ids) in &messages {
            if !expected.contains(*mention) {
                wrong.push(format!("{mention:?} was told and never posted"));
            }
            if ids.len() > 1 {
                wrong.push(format!("{mention:?} was told in {ids:?}"));
            }
        }
        assert!(wrong.is_empty(), "{} faults: {wrong:#?}", wrong.len());
        Figures {
            changes: expected.len(),
            messages: book.taken.len(),
            repeated: book.repeated,
            refused: book.refused,
        }
    }
}
