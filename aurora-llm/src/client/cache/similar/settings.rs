//! Settings of the look for questions that mean the same.

use std::sync::Arc;
use std::time::Duration;

/// Finds kept answers to questions that mean the same; given to
/// [`ResponseCache::similar`](crate::client::ResponseCache::similar).
///
/// Two questions mean the same when their vectors are at least as much alike as the threshold says and everything else of
/// the two requests is equal. Vectors are those of the client's own targets for embeddings
/// ([`LlmTarget::embeddings`](crate::client::LlmTarget::embeddings)).
///
/// Two questions can be alike and mean the opposite: whoever turns this on accepts answers to questions that were not
/// asked.
#[derive(Debug, Clone)]
#[must_use]
pub struct SemanticCache {
    pub(super) model: Arc<str>,
    pub(super) threshold: f32,
    pub(super) patience: Duration,
    pub(super) bounds: Bounds,
}

/// How much is remembered.
#[derive(Debug, Clone, Copy)]
pub(super) struct Bounds {
    pub(super) per_tenant: usize,
    pub(super) tenants: usize,
    pub(super) bytes: usize,
}

impl SemanticCache {
    /// Compares questions by the vectors of `model`, the model or alias of a target for embeddings.
    pub fn new(model: impl AsRef<str>) -> Self {
        Self {
            model: Arc::from(model.as_ref()),
            threshold: 0.95,
            patience: Duration::from_millis(500),
            bounds: Bounds {
                per_tenant: 1_000,
                tenants: 1_000,
                bytes: 64 << 20,
            },
        }
    }

    /// How alike two questions must be, as the cosine of their vectors: 0 to 1. 0.95 unless told otherwise; models differ
    /// much in this, so measure with pairs of your own.
    pub const fn threshold(mut self, cosine: f32) -> Self {
        self.threshold = cosine;
        self
    }

    /// How long a vector may take, all attempts together, before the look is a miss: 1 ms to 10 s. 500 ms unless told
    /// otherwise.
    pub const fn patience(mut self, time: Duration) -> Self {
        self.patience = time;
        self
    }

    /// How many questions of one tenant are remembered: 1 to 10,000. 1,000 unless told otherwise; those that were of use
    /// least recently go first. Where users are kept apart, it is the number for each user.
    pub const fn per_tenant(mut self, questions: usize) -> Self {
        self.bounds.per_tenant = questions;
        self
    }

    /// Of how many tenants questions are remembered: 1 to 100,000. 1,000 unless told otherwise. Where users are kept apart,
    /// it is the number of users.
    pub const fn tenants(mut self, number: usize) -> Self {
        self.bounds.tenants = number;
        self
    }

    /// How many bytes all that is remembered may take: 64 KiB to 4 GiB. 64 MiB unless told otherwise, which is some 10,000
    /// vectors of 1,536 numbers.
    pub const fn capacity(mut self, bytes: usize) -> Self {
        self.bounds.bytes = bytes;
        self
    }

    /// What is wrong, in words.
    pub(in crate::client::cache) fn problems(&self) -> impl Iterator<Item = &'static str> + use<> {
        let millis = Duration::from_millis(1)..=Duration::from_secs(10);
        let bounds = self.bounds;
        let checks = [
            (
                (0.0..=1.0).contains(&self.threshold),
                "the semantic cache's threshold must be 0 to 1",
            ),
            (
                millis.contains(&self.patience),
                "the semantic cache's patience must be 1 ms to 10 s",
            ),
            (
                (1..=10_000).contains(&bounds.per_tenant),
                "the semantic cache's per_tenant must be 1 to 10000",
            ),
            (
                (1..=100_000).contains(&bounds.tenants),
                "the semantic cache's tenants must be 1 to 100000",
            ),
            (
                (64 << 10..=4_usize << 30).contains(&bounds.bytes),
                "the semantic cache's capacity must be 64 KiB to 4 GiB",
            ),
        ];
        let broken = checks.into_iter().filter(|(holds, _)| !holds);
        broken.map(|(_, problem)| problem)
    }
}
