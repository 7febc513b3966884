//! How a provider knows who calls.

use aurora_core::http::Request;
use aurora_core::secret::Secret;

/// Where the key of a call stands, and which keys there are.
#[derive(Debug, Clone, Default)]
pub struct Auth {
    header: Option<&'static str>,
    keys: Vec<Secret>,
}

impl Auth {
    /// Nobody asks.
    #[must_use]
    pub fn none() -> Self {
        Self::default()
    }

    /// As `authorization: Bearer …`.
    #[must_use]
    pub fn bearer(key: impl Into<Secret>) -> Self {
        Self {
            header: None,
            keys: vec![key.into()],
        }
    }

    /// As the value of the header `name`.
    #[must_use]
    pub fn header(name: &'static str, key: impl Into<Secret>) -> Self {
        Self {
            header: Some(name),
            keys: vec![key.into()],
        }
    }

    /// Adds a key of the same kind, to be used in turn with the others.
    #[must_use]
    pub fn another(mut self, key: impl Into<Secret>) -> Self {
        self.keys.push(key.into());
        self
    }

    /// How many there are to choose among, at least 1: nobody asking counts as one.
    #[must_use]
    pub fn keys(&self) -> usize {
        self.keys.len().max(1)
    }

    pub(super) fn sign(&self, request: Request, key: usize) -> Request {
        match (self.keys.get(key).or(self.keys.first()), self.header) {
            (None, _) => request,
            (Some(key), None) => request.bearer(key),
            (Some(key), Some(name)) => request.secret_header(name, key),
        }
    }
}
