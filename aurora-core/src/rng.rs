//! Randomness for jitter and weighted choices, seedable so that a test repeats exactly.
//!
//! Never for secrets: keys, tokens and nonces come from the operating system.

use std::sync::{Arc, Mutex, PoisonError};

/// A cheap source of random numbers; clones draw from the same sequence.
///
/// # Examples
/// ```
/// use aurora_core::rng::Random;
///
/// let (a, b) = (Random::seeded(7), Random::seeded(7));
/// assert_eq!(a.unit(), b.unit());
/// ```
#[derive(Debug, Clone)]
pub struct Random {
    inner: Arc<Mutex<fastrand::Rng>>,
}

impl Random {
    /// A source seeded by the operating system.
    #[must_use]
    pub fn system() -> Self {
        Self {
            inner: Arc::new(Mutex::new(fastrand::Rng::new())),
        }
    }

    /// A source that always yields the same sequence for the same seed.
    #[must_use]
    pub fn seeded(seed: u64) -> Self {
        Self {
            inner: Arc::new(Mutex::new(fastrand::Rng::with_seed(seed))),
        }
    }

    /// A number in `[0, 1)`.
    #[must_use]
    pub fn unit(&self) -> f64 {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner).f64()
    }

    /// A number in `0..bound`; 0 when `bound` is 0.
    #[must_use]
    pub fn below(&self, bound: u64) -> u64 {
        if bound == 0 {
            return 0;
        }
        self.inner
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .u64(..bound)
    }
}

impl Default for Random {
    fn default() -> Self {
        Self::system()
    }
}
