use std::collections::HashMap;

use crate::knowledge::ChunkId;

/// How soon more of the same word stops counting, and how much the length of a passage counts: the usual values.
const K1: f64 = 1.2;
const B: f64 = 0.75;

/// What a word is worth that `df` of `chunks` have (Robertson and Zaragoza 2009, in the form of Lucene, never negative).
pub(in super::super) fn inverse_frequency(chunks: f64, df: f64) -> f64 {
    ((chunks - df + 0.5) / (df + 0.5)).max(0.0).ln_1p()
}

/// What occurring `frequency` times in a passage of `words` words is worth, where the average passage has `average`.
pub(in super::super) fn saturation(frequency: f64, words: f64, average: f64) -> f64 {
    frequency * (K1 + 1.0) / (frequency + K1 * (1.0 - B + B * words / average.max(1.0)))
}

/// Passages and their scores while the words of a question are gone through.
#[derive(Debug, Default)]
pub(in super::super) struct Ranking {
    scores: HashMap<ChunkId, f64>,
}

impl Ranking {
    pub(in super::super) fn add(&mut self, word: HashMap<ChunkId, f64>) {
        for (chunk, score) in word {
            *self.scores.entry(chunk).or_default() += score;
        }
    }

    /// The best, in order; of two alike the one whose name comes first, which is the same on every database.
    pub(in super::super) fn best(self, most: usize) -> Vec<(ChunkId, f64)> {
        let mut all: Vec<(ChunkId, f64)> = self.scores.into_iter().collect();
        all.sort_by(|one, other| other.1.total_cmp(&one.1).then(one.0.cmp(&other.0)));
        all.truncate(most);
        all
    }
}
