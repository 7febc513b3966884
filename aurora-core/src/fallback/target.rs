//! A target, its health and its counts.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde::Serialize;

use crate::resilience::Breaker;

/// Somebody who can answer, and what is needed to ask him.
#[derive(Debug, Clone)]
pub struct Target<T> {
    pub(super) name: String,
    pub(super) priority: u32,
    pub(super) payload: T,
}

impl<T> Target<T> {
    /// A target of priority 1. The name labels records and metrics.
    pub fn new(name: impl Into<String>, payload: T) -> Self {
        Self {
            name: name.into(),
            priority: 1,
            payload,
        }
    }

    /// Lower is tried first.
    #[must_use]
    pub const fn priority(mut self, priority: u32) -> Self {
        self.priority = priority;
        self
    }
}

/// A target inside a [`super::Fallback`].
#[derive(Debug)]
pub(super) struct Member<T> {
    target: Target<T>,
    pub(super) breaker: Breaker,
    pub(super) counts: Counts,
}

#[derive(Debug, Default)]
pub(super) struct Counts {
    pub(super) served: AtomicU64,
    pub(super) failed: AtomicU64,
    pub(super) skipped: AtomicU64,
}

impl<T> Member<T> {
    pub(super) fn new(target: Target<T>, breaker: Breaker) -> Self {
        Self {
            target,
            breaker,
            counts: Counts::default(),
        }
    }

    pub(super) fn name(&self) -> &str {
        &self.target.name
    }

    pub(super) const fn payload(&self) -> &T {
        &self.target.payload
    }

    pub(super) fn status(&self) -> TargetStatus {
        TargetStatus {
            name: self.target.name.clone(),
            priority: self.target.priority,
            state: self.breaker.state().as_str(),
            healthy: self.breaker.state().admits(),
            served: self.counts.served.load(Ordering::Relaxed),
            failed: self.counts.failed.load(Ordering::Relaxed),
            skipped: self.counts.skipped.load(Ordering::Relaxed),
        }
    }

    pub(super) fn reset(&self) {
        self.breaker.reset();
        for count in [&self.counts.served, &self.counts.failed, &self.counts.skipped] {
            count.store(0, Ordering::Relaxed);
        }
    }
}

/// Where a target stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct TargetStatus {
    /// The target's name.
    pub name: String,
    /// Lower is tried first.
    pub priority: u32,
    /// The circuit, as [`BreakerState::as_str`](crate::resilience::BreakerState::as_str) names it.
    pub state: &'static str,
    /// Whether calls would reach it now.
    pub healthy: bool,
    /// Attempts that were answered.
    pub served: u64,
    /// Attempts that failed.
    pub failed: u64,
    /// Times that it was passed over because its circuit was open.
    pub skipped: u64,
}

/// One attempt at one target, handed to the operation.
#[derive(Debug)]
pub struct Attempt<T> {
    pub(super) member: Arc<Member<T>>,
    pub(super) number: u32,
    pub(super) remaining: Option<Duration>,
}

impl<T> Attempt<T> {
    /// The target's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.member.name()
    }

    /// What the target was registered with.
    #[must_use]
    pub fn payload(&self) -> &T {
        self.member.payload()
    }

    /// Which attempt of the whole call this is, from 1.
    #[must_use]
    pub const fn number(&self) -> u32 {
        self.number
    }

    /// The time that is left of the call's deadline; `None` when it has none.
    #[must_use]
    pub const fn remaining(&self) -> Option<Duration> {
        self.remaining
    }
}

impl<T> Clone for Attempt<T> {
    fn clone(&self) -> Self {
        Self {
            member: Arc::clone(&self.member),
            number: self.number,
            remaining: self.remaining,
        }
    }
}
