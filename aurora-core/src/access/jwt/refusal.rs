//! Why a token is not accepted: for records in detail, for callers not at all.

use std::fmt;

/// The token is not accepted. `Display` is the same for every reason, so that it may reach the caller.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    reason: Reason,
}

impl Refusal {
    /// The reason, for records and metrics.
    #[must_use]
    pub const fn reason(self) -> Reason {
        self.reason
    }
}

impl From<Reason> for Refusal {
    fn from(reason: Reason) -> Self {
        Self { reason }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the token is not accepted")
    }
}

impl fmt::Debug for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Refusal({:?})", self.reason)
    }
}

impl std::error::Error for Refusal {}

/// What is wrong with a token; never shown to who presented it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// Longer than 4 KiB.
    TooLong,
    /// Not three parts of base64url with JSON objects in them, or an object says something twice.
    Malformed,
    /// A header with a key, a place of a key, or an extension: `jwk`, `jku`, `x5u`, `x5c`, `crit` and the like.
    ForbiddenHeader,
    /// `typ` is not `at+jwt`.
    WrongType,
    /// No `kid`, or one that the ring does not have.
    UnknownKey,
    /// The key's time is over.
    RetiredKey,
    /// `alg` is not the key's.
    WrongAlgorithm,
    /// The signature does not fit.
    BadSignature,
    /// A required claim is missing, or not of its type or range.
    BadClaim,
    /// Of another issuer.
    WrongIssuer,
    /// For somebody else.
    WrongAudience,
    /// Its time is over.
    Expired,
    /// Its time has not come, or it was made in the future.
    NotYet,
    /// It says that it lives longer than tokens may.
    LivesTooLong,
}

impl Reason {
    /// A word for logs and metric labels.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::TooLong => "too_long",
            Self::Malformed => "malformed",
            Self::ForbiddenHeader => "forbidden_header",
            Self::WrongType => "wrong_type",
            Self::UnknownKey => "unknown_key",
            Self::RetiredKey => "retired_key",
            Self::WrongAlgorithm => "wrong_algorithm",
            Self::BadSignature => "bad_signature",
            Self::BadClaim => "bad_claim",
            Self::WrongIssuer => "wrong_issuer",
            Self::WrongAudience => "wrong_audience",
            Self::Expired => "expired",
            Self::NotYet => "not_yet",
            Self::LivesTooLong => "lives_too_long",
        }
    }
}
