//! A public registry of companies, and why one gave no company.

use std::fmt::{self, Debug};
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::failure::{Failure, FailureClass};
use aurora_core::http;
use aurora_core::resilience::Deadline;

use super::{Cnpj, Company};

/// One source of companies by their CNPJ.
///
/// Every implementation passes the suite in `contract`, which stands behind the feature `testing`.
#[async_trait]
pub trait CompanyRegistry: Debug + Send + Sync + 'static {
    /// Its name, which labels records and metrics and is kept in [`Company::source`]: `cnpja/primary`.
    fn name(&self) -> &str;

    /// The service behind it. Two registries with the same service read a number alike: where one cannot, the other
    /// is not asked.
    fn service(&self) -> &str {
        self.name()
    }

    /// The address behind it. Where one registry is down, another with the same address is not asked.
    fn address(&self) -> &str {
        self.service()
    }

    /// Asks once, without a retry, for at most as long as `deadline` allows.
    ///
    /// # Errors
    /// See [`RegistryErrorKind`]. That there is no such company is [`RegistryErrorKind::NotRegistered`], and said only
    /// when the registry itself says so.
    ///
    /// # Cancel safety
    /// Dropping the future gives up the question; the registry may have counted it.
    async fn find(&self, cnpj: &Cnpj, deadline: Deadline) -> Result<Company, RegistryError>;
}

/// A registry that gave no company. It shows no URL, key, number or part of an answer.
#[derive(Debug)]
pub struct RegistryError {
    kind: RegistryErrorKind,
    detail: &'static str,
    retry_after: Option<Duration>,
    source: Option<Box<http::Error>>,
}

/// Why a registry gave no company, by what it means for the next one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum RegistryErrorKind {
    /// The registry knows that there is no such company. An answer: nobody else is asked.
    NotRegistered,
    /// The registry does not take the question: it cannot read the number (letters), or an option.
    Refused,
    /// The registry refuses the key (401, 403). Somebody has to look.
    InvalidCredential,
    /// What was paid for is used up.
    OutOfCredits,
    /// Too many questions; see [`RegistryError::retry_after`].
    RateLimited,
    /// No connection, or a fault of the registry (5xx).
    Unavailable,
    /// No answer in time.
    Timeout,
    /// The answer makes no sense, or speaks of another company.
    Malformed,
}

impl RegistryErrorKind {
    /// A short lower-case name, for metrics and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotRegistered => "not_registered",
            Self::Refused => "refused",
            Self::InvalidCredential => "invalid_credential",
            Self::OutOfCredits => "out_of_credits",
            Self::RateLimited => "rate_limited",
            Self::Unavailable => "unavailable",
            Self::Timeout => "timeout",
            Self::Malformed => "malformed",
        }
    }

    const fn detail(self) -> &'static str {
        match self {
            Self::NotRegistered => "the registry knows no such company",
            Self::Refused => "the registry does not take the question",
            Self::InvalidCredential => "the registry refuses the key",
            Self::OutOfCredits => "the credits at the registry are used up",
            Self::RateLimited => "the registry wants fewer questions",
            Self::Unavailable => "the registry is not available",
            Self::Timeout => "the registry did not answer in time",
            Self::Malformed => "the answer of the registry makes no sense",
        }
    }
}

impl RegistryError {
    /// An error of this kind.
    #[must_use]
    pub const fn new(kind: RegistryErrorKind) -> Self {
        Self {
            kind,
            detail: kind.detail(),
            retry_after: None,
            source: None,
        }
    }

    /// Says what it was in other words, which must not repeat anything from outside.
    #[must_use]
    pub const fn with_detail(mut self, detail: &'static str) -> Self {
        self.detail = detail;
        self
    }

    /// Says how long the registry wants to be left alone.
    #[must_use]
    pub const fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// Why there was no company.
    #[must_use]
    pub const fn kind(&self) -> RegistryErrorKind {
        self.kind
    }

    /// Whether asking the same registry again can succeed a moment later.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        self.class().is_retryable()
    }

    /// How long the registry wants to be left alone, if it said so.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl From<http::Error> for RegistryError {
    fn from(error: http::Error) -> Self {
        let kind = match error.kind() {
            http::ErrorKind::Timeout(_) => RegistryErrorKind::Timeout,
            http::ErrorKind::TooLarge | http::ErrorKind::Protocol => RegistryErrorKind::Malformed,
            _ => RegistryErrorKind::Unavailable,
        };
        Self {
            source: Some(Box::new(error)),
            ..Self::new(kind)
        }
    }
}

impl Failure for RegistryError {
    fn class(&self) -> FailureClass {
        match self.kind {
            RegistryErrorKind::NotRegistered | RegistryErrorKind::Refused => FailureClass::Rejected,
            RegistryErrorKind::InvalidCredential | RegistryErrorKind::OutOfCredits => {
                FailureClass::Credential
            }
            RegistryErrorKind::RateLimited => FailureClass::Throttled,
            RegistryErrorKind::Timeout => FailureClass::Timeout,
            RegistryErrorKind::Unavailable | RegistryErrorKind::Malformed => FailureClass::Transient,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.detail)
    }
}

impl std::error::Error for RegistryError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}
