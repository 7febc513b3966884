use std::sync::Arc;
use std::time::Duration;

use super::embedder::Embedder;
use super::handle::Knowledge;
use super::limits::Limits;
use crate::error::Error;
use crate::fields::Fields;
use crate::store::Store;

const DAY: Duration = Duration::from_secs(24 * 3_600);
const MIB: usize = 1_024 * 1_024;

/// Settings of [`Knowledge`]; see [`Crm::knowledge`](crate::Crm::knowledge).
#[derive(Debug, Clone)]
#[must_use = "call `build` to get the knowledge"]
pub struct KnowledgeBuilder {
    store: Store,
    embedder: Option<Arc<dyn Embedder>>,
    fusion: Fusion,
    limits: Limits,
    cache: usize,
}

impl KnowledgeBuilder {
    pub(crate) fn new(store: Store) -> Self {
        Self {
            store,
            embedder: None,
            fusion: Fusion::default(),
            limits: Limits::default(),
            cache: 256 * MIB,
        }
    }

    /// Compares meanings as well as words. What is stored so far gets its vectors once an
    /// [`Indexer`](super::Indexer) runs. Give every process the same.
    pub fn embedder(mut self, embedder: impl Embedder) -> Self {
        self.embedder = Some(Arc::new(embedder));
        self
    }

    /// How rankings are put together.
    pub const fn fusion(mut self, fusion: Fusion) -> Self {
        self.fusion = fusion;
        self
    }

    /// What one document may be at most.
    pub const fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How much memory the vectors of all workspaces may take, 1 MiB to 64 GiB; 256 MiB unless told. Vectors that do not fit
    /// are read from the database for each search.
    pub const fn cache(mut self, bytes: usize) -> Self {
        self.cache = bytes;
        self
    }

    /// Gives the knowledge; clones share the vectors in memory.
    ///
    /// # Errors
    /// `Invalid` with every setting that is out of range.
    pub fn build(self) -> Result<Knowledge, Error> {
        let mut fields = Fields::default();
        self.fusion.check(&mut fields);
        if !(MIB..=64 * 1_024 * MIB).contains(&self.cache) {
            fields.refuse("cache", "invalid", "must be within 1 MiB to 64 GiB");
        }
        let limits = &self.limits;
        if [limits.bytes, limits.text, limits.pages, limits.chunks].contains(&0) || limits.reading.is_zero() {
            fields.refuse("limits", "invalid", "must be above zero");
        }
        if let Some(embedder) = &self.embedder {
            if !(1..=100).contains(&embedder.model().chars().count()) {
                fields.refuse("model", "invalid", "must have 1 to 100 characters");
            }
            if !(1..=4_096).contains(&embedder.dimensions()) {
                fields.refuse("dimensions", "invalid", "must be within 1 to 4,096");
            }
        }
        fields.finish(())?;
        Ok(Knowledge::new(
            self.store,
            self.embedder,
            self.fusion,
            self.limits,
            self.cache,
        ))
    }
}

/// How the ranking by words, the one by vectors and feedback come together.
///
/// A passage at place `r` of a ranking gets `weight / (60 + r)` from it (reciprocal rank fusion, Cormack et al., SIGIR 2009);
/// the sum is multiplied by what ratings say of it.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct Fusion {
    /// The weight of words, 0 to 100; 2 unless told. Portuguese needs it: embedders that have seen mostly English are
    /// worse there than words, and with equal weights the two together are worse than words alone.
    pub words: f64,
    /// The weight of vectors, 0 to 100; 1 unless told.
    pub vectors: f64,
    /// The most that ratings do: a passage's score is multiplied by 1 − this at least and 1 + this at most. 0 to 0.5; 0.15
    /// unless told, which moves the first passage behind the tenth at most.
    pub feedback: f64,
    /// After how long a rating counts half, a day to 10 years; 180 days unless told.
    pub half_life: Duration,
}

impl Default for Fusion {
    fn default() -> Self {
        Self {
            words: 2.0,
            vectors: 1.0,
            feedback: 0.15,
            half_life: 180 * DAY,
        }
    }
}

impl Fusion {
    /// The weights of words and of vectors.
    #[must_use]
    pub const fn weights(mut self, words: f64, vectors: f64) -> Self {
        self.words = words;
        self.vectors = vectors;
        self
    }

    /// The most that ratings do.
    #[must_use]
    pub const fn feedback(mut self, most: f64) -> Self {
        self.feedback = most;
        self
    }

    /// After how long a rating counts half.
    #[must_use]
    pub const fn half_life(mut self, time: Duration) -> Self {
        self.half_life = time;
        self
    }

    fn check(&self, fields: &mut Fields) {
        let weight = 0.0..=100.0;
        for (field, holds, message) in [
            ("words", weight.contains(&self.words), "must be within 0 to 100"),
            (
                "vectors",
                weight.contains(&self.vectors),
                "must be within 0 to 100",
            ),
            (
                "words",
                self.words + self.vectors > 0.0,
                "one weight must be above zero",
            ),
            (
                "feedback",
                (0.0..=0.5).contains(&self.feedback),
                "must be within 0 to 0.5",
            ),
            (
                "half_life",
                (DAY..=3_653 * DAY).contains(&self.half_life),
                "must be within a day to 10 years",
            ),
        ] {
            if !holds {
                fields.refuse(field, "invalid", message);
            }
        }
    }
}
