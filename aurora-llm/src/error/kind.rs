//! The kinds of error, and what each says about the target.

use aurora_core::failure::FailureClass;

/// What went wrong. Our own limits are kinds of their own, so that they are never taken for a provider's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The provider wants fewer calls for now.
    RateLimited,
    /// The account's quota, credit or spending limit is used up; waiting does not help.
    QuotaExhausted,
    /// The provider has too much to do: 503, 529.
    Overloaded,
    /// The provider failed: other 5xx.
    ServerError,
    /// No connection came about; the provider has not seen the call.
    Connect,
    /// No answer in time; which time is told.
    Timeout(TimeoutStage),
    /// The stream ended without its end.
    StreamTruncated,
    /// The answer was not in the provider's documented form.
    Malformed,
    /// The key is missing, wrong or withdrawn.
    Authentication,
    /// The key may not do this.
    Permission,
    /// The provider does not have this model.
    ModelNotFound,
    /// The provider does not serve us from where we are.
    RegionBlocked,
    /// The conversation is longer than the model can take.
    ContextOverflow,
    /// The provider withheld the answer.
    ContentFiltered,
    /// The provider refuses the request as it is.
    InvalidRequest,
    /// No target can do what the request needs; found before the call.
    Unsupported,
    /// The circuit breaker of the target is open; nothing was sent.
    CircuitOpen,
    /// Our own limit was reached; nothing was sent.
    LocalRateLimited,
    /// The budget of the caller does not cover the call; nothing was sent.
    BudgetExceeded,
    /// The model went on calling tools beyond the limits of the loop.
    ToolLimit,
    /// The caller gave up.
    Cancelled,
    /// Only a kept answer was wanted, and there is none; nothing was sent.
    NotCached,
    /// The client is set up wrongly.
    Config,
}

impl ErrorKind {
    /// A short lower-case name, for metrics and records.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::RateLimited => "rate_limited",
            Self::QuotaExhausted => "quota_exhausted",
            Self::Overloaded => "overloaded",
            Self::ServerError => "server_error",
            Self::Connect => "connect",
            Self::Timeout(TimeoutStage::Connect) => "timeout_connect",
            Self::Timeout(TimeoutStage::FirstToken) => "timeout_first_token",
            Self::Timeout(TimeoutStage::Idle) => "timeout_idle",
            Self::Timeout(TimeoutStage::Throughput) => "timeout_throughput",
            Self::Timeout(TimeoutStage::Total) => "timeout_total",
            Self::StreamTruncated => "stream_truncated",
            Self::Malformed => "malformed",
            Self::Authentication => "authentication",
            Self::Permission => "permission",
            Self::ModelNotFound => "model_not_found",
            Self::RegionBlocked => "region_blocked",
            Self::ContextOverflow => "context_overflow",
            Self::ContentFiltered => "content_filtered",
            Self::InvalidRequest => "invalid_request",
            Self::Unsupported => "unsupported",
            Self::CircuitOpen => "circuit_open",
            Self::LocalRateLimited => "local_rate_limited",
            Self::BudgetExceeded => "budget_exceeded",
            Self::ToolLimit => "tool_limit",
            Self::Cancelled => "cancelled",
            Self::NotCached => "not_cached",
            Self::Config => "config",
        }
    }

    /// What went wrong, in words, for `Display`.
    pub(super) const fn words(self) -> &'static str {
        match self {
            Self::RateLimited => "rate limited",
            Self::QuotaExhausted => "quota used up",
            Self::Overloaded => "provider overloaded",
            Self::ServerError => "provider failed",
            Self::Connect => "could not connect",
            Self::Timeout(TimeoutStage::Connect) => "no connection in time",
            Self::Timeout(TimeoutStage::FirstToken) => "no first token in time",
            Self::Timeout(TimeoutStage::Idle) => "the answer stalled",
            Self::Timeout(TimeoutStage::Throughput) => "the answer came too slowly",
            Self::Timeout(TimeoutStage::Total) => "no whole answer in time",
            Self::StreamTruncated => "the stream ended without its end",
            Self::Malformed => "the answer was malformed",
            Self::Authentication => "authentication failed",
            Self::Permission => "permission denied",
            Self::ModelNotFound => "model not found",
            Self::RegionBlocked => "not served in this region",
            Self::ContextOverflow => "conversation too long for the model",
            Self::ContentFiltered => "content filtered",
            Self::InvalidRequest => "invalid request",
            Self::Unsupported => "not supported by any target",
            Self::CircuitOpen => "circuit open",
            Self::LocalRateLimited => "own rate limit reached",
            Self::BudgetExceeded => "budget exceeded",
            Self::ToolLimit => "the model kept calling tools",
            Self::Cancelled => "cancelled",
            Self::NotCached => "no answer is kept",
            Self::Config => "client set up wrongly",
        }
    }

    /// What the kind says about the target.
    pub(super) const fn class(self) -> FailureClass {
        match self {
            Self::RateLimited | Self::Overloaded => FailureClass::Throttled,
            Self::ServerError
            | Self::Connect
            | Self::StreamTruncated
            | Self::Malformed
            | Self::CircuitOpen => FailureClass::Transient,
            Self::Timeout(_) => FailureClass::Timeout,
            Self::QuotaExhausted | Self::Authentication | Self::Permission => FailureClass::Credential,
            Self::Cancelled => FailureClass::Cancelled,
            Self::ModelNotFound
            | Self::RegionBlocked
            | Self::ContextOverflow
            | Self::ContentFiltered
            | Self::InvalidRequest
            | Self::Unsupported
            | Self::LocalRateLimited
            | Self::BudgetExceeded
            | Self::ToolLimit
            | Self::NotCached
            | Self::Config => FailureClass::Rejected,
        }
    }
}

/// Which wait was too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TimeoutStage {
    /// Until a connection stood.
    Connect,
    /// Until the first content of the answer.
    FirstToken,
    /// Between two pieces of the answer.
    Idle,
    /// Because the pieces came too slowly over a while.
    Throughput,
    /// For the whole call.
    Total,
}
