//! The header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header): what makes a second request the same as the first.

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use crate::http::problem::{Problem, ProblemKind};

const NAME: &str = "idempotency-key";
/// As many bytes as the domain takes.
const LONGEST: usize = 200;

/// The key that the client made; `None` when it made none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct IdempotencyKey(pub(crate) Option<String>);

impl<S: Send + Sync> FromRequestParts<S> for IdempotencyKey {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(NAME).iter();
        let text = match (values.next(), values.next()) {
            (None, _) => return Ok(Self(None)),
            (Some(value), None) => value.to_str().ok(),
            (Some(_), Some(_)) => None,
        };
        // The draft writes it as a string of RFC 8941, in quotes; most clients leave them out.
        let key = text.map(|text| text.trim().trim_matches('"'));
        let key = key.filter(|key| (1..=LONGEST).contains(&key.len()));
        let key = key.ok_or_else(|| {
            Problem::new(ProblemKind::BadRequest)
                .detail("idempotency-key must stand once and have 1 to 200 visible characters")
        })?;
        Ok(Self(Some(key.to_owned())))
    }
}
