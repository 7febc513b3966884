//! What a breaker tells about itself.

use std::time::Duration;

use crate::failure::{Failure, FailureClass};

/// Where a breaker stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BreakerState {
    /// Calls pass.
    Closed,
    /// Calls are refused until a time is over.
    Open,
    /// A few calls pass to find out.
    HalfOpen,
    /// The target works but refuses our credentials: calls are held back, and the circuit is not open.
    Refused,
    /// The target works but asked, by `Retry-After`, to be left alone: calls are held back, and the circuit is not open.
    Held,
    /// Somebody took the target out: calls are refused until somebody changes it.
    ForcedOpen,
    /// Somebody turned the breaker off: calls pass and nothing is recorded.
    Disabled,
    /// Calls pass and are recorded, whatever the record says.
    MetricsOnly,
}

impl BreakerState {
    /// Whether calls pass, or at least the few that find out.
    #[must_use]
    pub const fn admits(self) -> bool {
        matches!(
            self,
            Self::Closed | Self::HalfOpen | Self::Disabled | Self::MetricsOnly
        )
    }

    /// A short lower-case name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Closed => "closed",
            Self::Open => "open",
            Self::HalfOpen => "half_open",
            Self::Refused => "refused",
            Self::Held => "held",
            Self::ForcedOpen => "forced_open",
            Self::Disabled => "disabled",
            Self::MetricsOnly => "metrics_only",
        }
    }
}

/// Why a breaker changed its state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum TransitionReason {
    /// Too many hard failures in a row. It is named also when the share of failures is reached at the same call.
    Consecutive,
    /// The share of failed calls reached its threshold.
    FailureRate,
    /// The share of slow calls reached its threshold.
    SlowRate,
    /// The probes failed or were slow.
    ProbesFailed,
    /// A probe was not back in time.
    ProbesTimedOut,
    /// The probes went well.
    ProbesPassed,
    /// The time to stay open, or to hold calls back, is over.
    WaitOver,
    /// The target refused our credentials.
    Credential,
    /// The target asked to be left alone.
    RetryAfter,
    /// Somebody wanted it so.
    Manual,
}

impl TransitionReason {
    /// A short lower-case name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Consecutive => "consecutive",
            Self::FailureRate => "failure_rate",
            Self::SlowRate => "slow_rate",
            Self::ProbesFailed => "probes_failed",
            Self::ProbesTimedOut => "probes_timed_out",
            Self::ProbesPassed => "probes_passed",
            Self::WaitOver => "wait_over",
            Self::Credential => "credential",
            Self::RetryAfter => "retry_after",
            Self::Manual => "manual",
        }
    }
}

/// One change of state. What time alone changes is noticed by whoever asks next, and told then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Transition {
    /// The state before.
    pub from: BreakerState,
    /// The state since.
    pub to: BreakerState,
    /// Why.
    pub reason: TransitionReason,
}

/// What a breaker has seen.
#[derive(Debug, Clone, Copy, PartialEq)]
#[non_exhaustive]
pub struct BreakerSnapshot {
    /// Where it stands.
    pub state: BreakerState,
    /// The share of failed calls in percent; `None` while there are fewer calls than the minimum.
    pub failure_rate: Option<f64>,
    /// The share of slow calls in percent; `None` while there are fewer calls than the minimum.
    pub slow_rate: Option<f64>,
    /// The calls in the window; while half-open, the probes that are back.
    pub calls: u64,
    /// The failed ones of them.
    pub failed: u64,
    /// The slow ones of them.
    pub slow: u64,
    /// Hard failures in a row.
    pub consecutive: u32,
    /// How often it opened since it last closed.
    pub reopens: u32,
    /// Calls that were refused since the start or the last reset.
    pub not_permitted: u64,
    /// How long until calls pass again; `None` when they do.
    pub retry_after: Option<Duration>,
}

/// The breaker refuses the call. The target was not asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the circuit is {}", .state.as_str())]
#[non_exhaustive]
pub struct Rejected {
    /// When it makes sense to ask again.
    pub retry_after: Duration,
    /// Where the breaker stands. [`HalfOpen`](BreakerState::HalfOpen): all probes are under way.
    pub state: BreakerState,
}

impl Failure for Rejected {
    fn class(&self) -> FailureClass {
        match self.state {
            BreakerState::Refused => FailureClass::Credential,
            BreakerState::Held => FailureClass::Throttled,
            _ => FailureClass::Transient,
        }
    }

    fn retry_after(&self) -> Option<Duration> {
        Some(self.retry_after)
    }

    fn not_executed(&self) -> bool {
        true
    }
}

/// The change cannot be made by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "a circuit does not go from {} to {} by hand: a closed one opens before it is probed, and refused and held come from the target",
    .from.as_str(), .to.as_str()
)]
#[non_exhaustive]
pub struct IllegalTransition {
    /// Where the breaker stands.
    pub from: BreakerState,
    /// What was asked for.
    pub to: BreakerState,
}
