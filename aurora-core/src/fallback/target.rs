//! A target as an application describes it, and one attempt at it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use futures::future::{BoxFuture, FutureExt as _};

use super::member::Member;
use crate::resilience::CallBudget;

/// Somebody who can answer, and what is needed to ask him.
#[derive(Debug, Clone)]
pub struct Target<T> {
    pub(super) facts: Facts,
    pub(super) payload: T,
}

/// What a selection knows of a target without asking it.
#[derive(Debug, Clone)]
pub(super) struct Facts {
    pub(super) name: String,
    pub(super) priority: u32,
    pub(super) weight: u32,
    pub(super) cost: Option<u64>,
}

impl<T> Target<T> {
    /// A target of priority 1, weight 1 and unknown cost. The name, which must not be empty, labels records and metrics.
    pub fn new(name: impl Into<String>, payload: T) -> Self {
        let facts = Facts {
            name: name.into(),
            priority: 1,
            weight: 1,
            cost: None,
        };
        Self { facts, payload }
    }

    /// Lower is tried first.
    #[must_use]
    pub const fn priority(mut self, priority: u32) -> Self {
        self.facts.priority = priority;
        self
    }

    /// Its share among targets of the same priority, for [`Weighted`](super::Weighted). One of weight 0 is tried after all
    /// others of its priority.
    #[must_use]
    pub const fn weight(mut self, weight: u32) -> Self {
        self.facts.weight = weight;
        self
    }

    /// What a call costs, for [`LowestCost`](super::LowestCost): in any unit, the same for all targets.
    #[must_use]
    pub const fn cost(mut self, cost: u64) -> Self {
        self.facts.cost = Some(cost);
        self
    }
}

/// An operation that a target brings along; clones are the same operation.
pub struct Operation<V, E>(Arc<dyn Fn() -> BoxFuture<'static, Result<V, E>> + Send + Sync>);

impl<V, E> Operation<V, E> {
    /// An operation that makes exactly one attempt each time.
    pub fn new<F>(operation: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        Self(Arc::new(move || operation().boxed()))
    }

    /// Makes one attempt.
    ///
    /// # Errors
    /// What the operation says.
    pub async fn ask(&self) -> Result<V, E> {
        (self.0)().await
    }
}

impl<V, E> Clone for Operation<V, E> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

impl<V, E> fmt::Debug for Operation<V, E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Operation")
    }
}

impl<V, E> Target<Operation<V, E>> {
    /// A target that brings its own operation along, for [`Fallback::answer`](super::Fallback::answer).
    pub fn calling<F>(name: impl Into<String>, operation: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<V, E>> + Send + 'static,
    {
        Self::new(name, Operation::new(operation))
    }
}

/// One attempt at one target, handed to the operation.
#[derive(Debug)]
pub struct Attempt<T> {
    pub(super) member: Arc<Member<T>>,
    pub(super) number: u32,
    pub(super) remaining: Option<Duration>,
    pub(super) inside: CallBudget,
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

    /// The budget for clients that the operation uses inside: they may not retry what is retried here already.
    pub fn nested(&self) -> CallBudget {
        self.inside.clone()
    }
}

impl<T> Clone for Attempt<T> {
    fn clone(&self) -> Self {
        Self {
            member: Arc::clone(&self.member),
            number: self.number,
            remaining: self.remaining,
            inside: self.inside.clone(),
        }
    }
}
