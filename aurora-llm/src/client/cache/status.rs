//! What a call asks of the cache, and what the cache had to do with an answer.

use std::time::Duration;

/// What one call wants of the cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum CacheMode {
    /// Takes what is kept, shares what is under way, and keeps what had to be asked for.
    #[default]
    Use,
    /// Neither takes nor shares nor keeps.
    Bypass,
    /// Asks anew and keeps the answer in place of the earlier one; shares only with others who do the same.
    Refresh,
    /// Takes what is kept for the very same request and never asks: what is not kept is
    /// [`ErrorKind::NotCached`](crate::error::ErrorKind::NotCached).
    Only,
}

/// What one call wants of the cache, part of [`CallOptions`](crate::client::CallOptions).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct CacheOptions {
    /// `None` leaves it to the cache's settings: [`CacheMode::Use`], unless it keeps repeatable calls only.
    pub mode: Option<CacheMode>,
    /// How long the answer is kept, in place of the cache's own time; zero keeps nothing.
    pub ttl: Option<Duration>,
}

impl CacheOptions {
    /// A call that wants this.
    #[must_use]
    pub const fn new(mode: CacheMode) -> Self {
        Self {
            mode: Some(mode),
            ttl: None,
        }
    }

    /// How long the answer is kept, in place of the cache's own time: up to 400 days; zero keeps nothing.
    #[must_use]
    pub const fn ttl(mut self, time: Duration) -> Self {
        self.ttl = Some(time);
        self
    }
}

impl From<CacheMode> for CacheOptions {
    fn from(mode: CacheMode) -> Self {
        Self::new(mode)
    }
}

/// What the cache had to do with an answer.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub enum CacheStatus {
    /// It was kept, and costs nothing again.
    Hit {
        /// How long ago it was answered.
        age: Duration,
    },
    /// It was kept for a question that means the same, and costs what the look for that cost; of the feature
    /// `semantic-cache`.
    Similar {
        /// How alike the questions are, up to 1.
        score: f32,
        /// How long ago it was answered.
        age: Duration,
    },
    /// It was not kept; this call asked for it and pays for it.
    Miss,
    /// Another call was under way that asked for the same, and pays for it.
    Shared,
    /// The cache had no part in it, or there is none.
    Bypassed,
}

impl CacheStatus {
    /// A short lower-case name, for metrics and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hit { .. } => "hit",
            Self::Similar { .. } => "similar",
            Self::Miss => "miss",
            Self::Shared => "shared",
            Self::Bypassed => "bypassed",
        }
    }

    /// Whether no provider was paid for this answer to this call; for the look for a similar question one may have been.
    #[must_use]
    pub const fn is_free(self) -> bool {
        matches!(self, Self::Hit { .. } | Self::Similar { .. } | Self::Shared)
    }
}
