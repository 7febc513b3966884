//! Which questions were asked, as vectors: pure, within bounds, and by owner.

use std::collections::HashMap;

use super::settings::Bounds;
use crate::client::cache::canonical::Digest;
use crate::client::cache::owner::AnswerKey;

/// Questions by owner. When there are too many, it forgets what was of use least recently.
#[derive(Debug)]
pub(super) struct Index {
    bounds: Bounds,
    owners: HashMap<Digest, Shelf>,
    /// What all of it takes, in bytes.
    size: usize,
    /// Counts uses.
    now: u64,
}

/// The questions of one owner.
#[derive(Debug, Default)]
struct Shelf {
    entries: Vec<Entry>,
    used: u64,
}

#[derive(Debug)]
struct Entry {
    /// Everything of the request but the question.
    context: Digest,
    /// Of length 1.
    vector: Box<[f32]>,
    key: AnswerKey,
    used: u64,
}

/// A vector of length 1; `None` for one that points nowhere.
pub(super) fn unit(vector: &[f32]) -> Option<Box<[f32]>> {
    let length = cosine(vector, vector).sqrt();
    let points = length.is_finite() && length > f32::EPSILON;
    points.then(|| vector.iter().map(|part| part / length).collect())
}

/// The cosine of two vectors of length 1. In lanes: a plain sum must keep its order, and takes several times as long.
fn cosine(one: &[f32], two: &[f32]) -> f32 {
    let mut lanes = [0.0_f32; 8];
    let (mut ones, mut twos) = (one.chunks_exact(8), two.chunks_exact(8));
    for (one, two) in ones.by_ref().zip(twos.by_ref()) {
        for ((lane, a), b) in lanes.iter_mut().zip(one).zip(two) {
            *lane += a * b;
        }
    }
    let rest = ones.remainder().iter().zip(twos.remainder());
    lanes.iter().sum::<f32>() + rest.map(|(a, b)| a * b).sum::<f32>()
}

/// What an entry takes with its share of what is around it, in bytes.
fn weight(entry: &Entry) -> usize {
    const AROUND: usize = 256;
    size_of::<Entry>() + AROUND + size_of_val(&*entry.vector)
}

impl Index {
    pub(super) fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            owners: HashMap::new(),
            size: 0,
            now: 0,
        }
    }

    /// The answer to the question that is most like this one, of those that the owner of `key` asked in the same
    /// context, and how alike they are.
    pub(super) fn best(
        &mut self,
        key: &AnswerKey,
        context: Digest,
        vector: &[f32],
        threshold: f32,
    ) -> Option<(AnswerKey, f32)> {
        self.now += 1;
        let shelf = self.owners.get_mut(&key.owner())?;
        let alike = shelf
            .entries
            .iter_mut()
            // A model that changed the length of its vectors is another model.
            .filter(|entry| entry.context == context && entry.vector.len() == vector.len());
        let scored = alike.map(|entry| (cosine(&entry.vector, vector), entry));
        let (score, entry) = scored.max_by(|(one, _), (two, _)| one.total_cmp(two))?;
        if score < threshold {
            return None;
        }
        entry.used = self.now;
        shelf.used = self.now;
        Some((entry.key.clone(), score.min(1.0)))
    }

    /// Remembers a question whose answer is kept under `key`, for the owner of that key.
    pub(super) fn insert(&mut self, key: AnswerKey, context: Digest, vector: Box<[f32]>) {
        self.forget(&key);
        self.now += 1;
        let (owner, used) = (key.owner(), self.now);
        let entry = Entry {
            context,
            vector,
            key,
            used,
        };
        if weight(&entry) > self.bounds.bytes {
            return;
        }
        self.size += weight(&entry);
        let shelf = self.owners.entry(owner).or_default();
        shelf.used = used;
        shelf.entries.push(entry);
        if shelf.entries.len() > self.bounds.per_tenant {
            self.forget_oldest(owner);
        }
        while self.owners.len() > self.bounds.tenants {
            let Some(owner) = self.idlest() else { return };
            if let Some(shelf) = self.owners.remove(&owner) {
                self.size -= shelf.entries.iter().map(weight).sum::<usize>();
            }
        }
        while self.size > self.bounds.bytes {
            let Some(owner) = self.idlest() else { return };
            self.forget_oldest(owner);
        }
    }

    /// The answer is not kept any more.
    pub(super) fn forget(&mut self, key: &AnswerKey) {
        let shelf = self.owners.get(&key.owner());
        let place = shelf.and_then(|shelf| {
            let mut entries = shelf.entries.iter();
            entries.position(|entry| entry.key.digest() == key.digest())
        });
        if let Some(at) = place {
            self.remove(key.owner(), at);
        }
    }

    /// Whoever has neither asked nor found anything for the longest time.
    fn idlest(&self) -> Option<Digest> {
        let idlest = self.owners.iter().min_by_key(|(_, shelf)| shelf.used);
        idlest.map(|(owner, _)| *owner)
    }

    fn forget_oldest(&mut self, owner: Digest) {
        let entries = self.owners.get(&owner).map(|shelf| shelf.entries.iter());
        let oldest = entries.and_then(|entries| entries.enumerate().min_by_key(|(_, entry)| entry.used));
        if let Some((at, _)) = oldest {
            self.remove(owner, at);
        }
    }

    fn remove(&mut self, owner: Digest, at: usize) {
        if let Some(shelf) = self.owners.get_mut(&owner) {
            self.size -= weight(&shelf.entries.swap_remove(at));
            if shelf.entries.is_empty() {
                self.owners.remove(&owner);
            }
        }
    }

    /// How many owners and questions there are, and what they take.
    #[cfg(test)]
    pub(super) fn size(&self) -> (usize, usize, usize) {
        let questions = self.owners.values().map(|shelf| shelf.entries.len()).sum();
        let weights = self.owners.values().flat_map(|shelf| &shelf.entries).map(weight);
        assert_eq!(self.size, weights.sum::<usize>(), "the books are right");
        (self.owners.len(), questions, self.size)
    }
}
