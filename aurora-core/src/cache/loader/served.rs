//! What a read-through cache answers.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::failure::{Failure, FailureClass};

/// A value and where it comes from; `None` says that there is no such thing.
#[derive(Debug)]
pub struct Served<V> {
    pub(super) value: Option<Arc<V>>,
    pub(super) freshness: Freshness,
    pub(super) age: Duration,
    pub(super) ttl: i64,
}

/// Where a value comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Freshness {
    /// It was kept and is fresh.
    Fresh,
    /// It was kept and is past its time; it is being refreshed, or that has just failed.
    Stale,
    /// It was loaded for this call, or for others that were joined.
    Loaded,
}

impl Freshness {
    /// A short lower-case name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Fresh => "fresh",
            Self::Stale => "stale",
            Self::Loaded => "loaded",
        }
    }
}

impl<V> Served<V> {
    /// The value; `None` when there is no such thing.
    #[must_use]
    pub fn value(&self) -> Option<&V> {
        self.value.as_deref()
    }

    /// The value, shared with others that got the same; `None` when there is no such thing.
    #[must_use]
    pub fn into_value(self) -> Option<Arc<V>> {
        self.value
    }

    /// Where it comes from.
    #[must_use]
    pub const fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// How long ago it was loaded: the `Age` of RFC 9111.
    #[must_use]
    pub const fn age(&self) -> Duration {
        self.age
    }

    /// Whether it is known that there is no such thing.
    #[must_use]
    pub const fn is_negative(&self) -> bool {
        self.value.is_none()
    }

    /// The same as a member of the HTTP field `Cache-Status`, RFC 9211: `aurora; hit; ttl=42`, or
    /// `aurora; fwd=miss`. `ttl` is in seconds, negative for what is stale; `cache` must be an RFC 8941 token.
    #[must_use]
    pub fn cache_status(&self, cache: &str) -> String {
        match self.freshness {
            Freshness::Fresh | Freshness::Stale => format!("{cache}; hit; ttl={}", self.ttl),
            Freshness::Loaded => format!("{cache}; fwd=miss"),
        }
    }
}

impl<V> Clone for Served<V> {
    fn clone(&self) -> Self {
        Self {
            value: self.value.clone(),
            ..*self
        }
    }
}

/// A value that could not be loaded and is not kept either; all who waited for the same load get the same one.
#[derive(Debug, Clone)]
pub struct LoadError {
    kind: LoadErrorKind,
    source: Option<Arc<dyn StdError + Send + Sync>>,
    class: FailureClass,
}

/// What went wrong, by what the caller can do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum LoadErrorKind {
    /// The key cannot be used.
    InvalidKey,
    /// The load failed; its error is the source.
    Failed,
    /// The load panicked.
    Panicked,
    /// The load was given up, because the cache was dropped or everybody else had left.
    Abandoned,
    /// Too many loads are under way.
    Busy,
}

impl LoadError {
    pub(super) const fn new(kind: LoadErrorKind) -> Self {
        let class = match kind {
            LoadErrorKind::InvalidKey => FailureClass::Rejected,
            LoadErrorKind::Busy => FailureClass::Throttled,
            _ => FailureClass::Transient,
        };
        Self {
            kind,
            source: None,
            class,
        }
    }

    pub(super) fn caused(kind: LoadErrorKind, source: impl StdError + Send + Sync + 'static) -> Self {
        Self {
            source: Some(Arc::new(source)),
            ..Self::new(kind)
        }
    }

    /// What went wrong, by what the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> LoadErrorKind {
        self.kind
    }

    /// The error of the load itself.
    #[must_use]
    pub fn of_load<E: StdError + 'static>(&self) -> Option<&E> {
        self.source()?.downcast_ref()
    }

    /// Whether loading again can succeed a moment later, as far as that is known without the load's own error.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        self.class.is_retryable()
    }
}

impl Failure for LoadError {
    fn class(&self) -> FailureClass {
        self.class
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            LoadErrorKind::InvalidKey => "the cache key cannot be used",
            LoadErrorKind::Failed => "the value could not be loaded",
            LoadErrorKind::Panicked => "loading the value panicked",
            LoadErrorKind::Abandoned => "loading the value was given up",
            LoadErrorKind::Busy => "too many values are being loaded",
        })
    }
}

impl StdError for LoadError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
