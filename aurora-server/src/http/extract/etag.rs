//! Versions as entity tags (RFC 9110 §8.8.3): `"v7"`.

use axum::extract::FromRequestParts;
use axum::http::HeaderValue;
use axum::http::header::IF_MATCH;
use axum::http::request::Parts;

use crate::http::problem::{Problem, ProblemKind};

/// The entity tag of a version.
pub(crate) fn etag(version: i64) -> HeaderValue {
    HeaderValue::try_from(format!("\"v{version}\"")).unwrap_or_else(|_| HeaderValue::from_static("\"\""))
}

/// The version that the client read, from the header `If-Match`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct IfMatch {
    /// `None` when the tag is none of ours, or weak: it matches no version.
    pub(crate) version: Option<i64>,
}

impl IfMatch {
    /// The version to compare with: from 1, or 0 for what is not stored yet; -1, which is none, when nothing can match.
    pub(crate) fn expected(self) -> i64 {
        self.version.unwrap_or(-1)
    }
}

impl<S: Send + Sync> FromRequestParts<S> for IfMatch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Problem> {
        let mut values = parts.headers.get_all(IF_MATCH).iter();
        let refuse = |detail: &'static str| Err(Problem::new(ProblemKind::BadRequest).detail(detail));
        match (values.next(), values.next()) {
            (None, _) => Err(Problem::new(ProblemKind::IfMatchRequired)),
            (Some(_), Some(_)) => refuse("if-match must hold one etag"),
            (Some(value), None) => match value.to_str().map(str::trim) {
                Ok("*" | "") | Err(_) => refuse("if-match must hold the etag that was read, such as \"v7\""),
                Ok(list) if list.contains(',') => refuse("if-match must hold one etag"),
                Ok(tag) => Ok(Self {
                    version: version_of(tag),
                }),
            },
        }
    }
}

fn version_of(tag: &str) -> Option<i64> {
    let digits = tag.strip_prefix("\"v")?.strip_suffix('"')?;
    let plain =
        digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    if plain { digits.parse().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_go_both_ways_and_foreign_ones_match_nothing() {
        for version in [0, 7] {
            assert_eq!(version_of(etag(version).to_str().unwrap()), Some(version));
        }
        for foreign in [
            "W/\"v7\"",
            "v7",
            "\"7\"",
            "\"v07\"",
            "\"v00\"",
            "\"v+7\"",
            "\"v\"",
            "\"v99999999999999999999\"",
        ] {
            assert_eq!(version_of(foreign), None, "{foreign}");
        }
    }
}
