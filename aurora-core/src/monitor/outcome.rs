//! The ways in which a call can end, as counts.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::failure::FailureClass;

/// How many ways there are.
pub(super) const PER_OUTCOME: usize = 7;

/// How a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    Answered,
    Transient,
    Throttled,
    Timeout,
    Credential,
    Rejected,
    Cancelled,
}

impl Outcome {
    pub(super) const ALL: [Self; PER_OUTCOME] = [
        Self::Answered,
        Self::Transient,
        Self::Throttled,
        Self::Timeout,
        Self::Credential,
        Self::Rejected,
        Self::Cancelled,
    ];

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::Transient => "transient",
            Self::Throttled => "throttled",
            Self::Timeout => "timeout",
            Self::Credential => "credential",
            Self::Rejected => "rejected",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether it tells how fast the target is.
    pub(super) const fn is_about_target(self) -> bool {
        !matches!(self, Self::Rejected | Self::Cancelled)
    }
}

impl From<Result<(), FailureClass>> for Outcome {
    fn from(outcome: Result<(), FailureClass>) -> Self {
        match outcome {
            Ok(()) => Self::Answered,
            Err(FailureClass::Transient) => Self::Transient,
            Err(FailureClass::Throttled) => Self::Throttled,
            Err(FailureClass::Timeout) => Self::Timeout,
            Err(FailureClass::Credential) => Self::Credential,
            Err(FailureClass::Rejected) => Self::Rejected,
            Err(FailureClass::Cancelled) => Self::Cancelled,
        }
    }
}

/// How many calls ended in which way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Counts([u64; PER_OUTCOME]);

impl Counts {
    pub(super) fn load(counts: &[AtomicU32; PER_OUTCOME]) -> Self {
        Self(
            counts
                .each_ref()
                .map(|count| count.load(Ordering::Relaxed).into()),
        )
    }

    pub(super) fn load_wide(counts: &[AtomicU64; PER_OUTCOME]) -> Self {
        Self(counts.each_ref().map(|count| count.load(Ordering::Relaxed)))
    }

    pub(super) fn add(&mut self, other: &Self) {
        for (sum, more) in self.0.iter_mut().zip(&other.0) {
            *sum += more;
        }
    }

    pub(super) const fn of(&self, outcome: Outcome) -> u64 {
        let [
            answered,
            transient,
            throttled,
            timeout,
            credential,
            rejected,
            cancelled,
        ] = self.0;
        match outcome {
            Outcome::Answered => answered,
            Outcome::Transient => transient,
            Outcome::Throttled => throttled,
            Outcome::Timeout => timeout,
            Outcome::Credential => credential,
            Outcome::Rejected => rejected,
            Outcome::Cancelled => cancelled,
        }
    }

    /// Calls that failed and are the target's to answer for.
    pub(super) const fn failed(&self) -> u64 {
        let [_, transient, throttled, timeout, credential, _, _] = self.0;
        transient + throttled + timeout + credential
    }

    /// Calls that say how well the target serves: answered or failed.
    pub(super) const fn total(&self) -> u64 {
        self.of(Outcome::Answered) + self.failed()
    }
}
