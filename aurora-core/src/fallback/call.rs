//! The ways to make a call.

use std::fmt;

use futures::future::Either;

use super::Fallback;
use super::outcome::{Exhausted, Served};
use super::plan::{ByClass, Gate, Plan};
use super::selection::Selection;
use super::target::{Attempt, Operation};
use crate::failure::Failure;
use crate::resilience::{CallBudget, Idempotency};

/// One call that is being described; [`run`](Self::run) makes it.
///
/// Unless told otherwise it has no deadline, 16 attempts in all, the plan [`ByClass`], and may be repeated.
#[must_use = "a call is made by running it"]
pub struct Call<'a, T, P = ByClass> {
    pub(super) fallback: &'a Fallback<T>,
    pub(super) plan: &'a P,
    pub(super) budget: CallBudget,
    pub(super) idempotency: Idempotency,
    pub(super) prefer: Option<&'a str>,
    pub(super) only: Option<&'a (dyn Fn(&T) -> bool + Send + Sync)>,
    pub(super) gate: Option<&'a dyn Gate<T>>,
    pub(super) selection: Option<&'a dyn Selection>,
}

impl<'a, T> Call<'a, T> {
    fn new(fallback: &'a Fallback<T>) -> Self {
        Self {
            fallback,
            plan: &ByClass,
            budget: CallBudget::default(),
            idempotency: Idempotency::Idempotent,
            prefer: None,
            only: None,
            gate: None,
            selection: None,
        }
    }
}

impl<'a, T, P> Call<'a, T, P> {
    /// Decides by `plan` what an error means.
    pub fn plan<Q>(self, plan: &'a Q) -> Call<'a, T, Q> {
        Call {
            fallback: self.fallback,
            plan,
            budget: self.budget,
            idempotency: self.idempotency,
            prefer: self.prefer,
            only: self.only,
            gate: self.gate,
            selection: self.selection,
        }
    }

    /// What the call may spend: a [`Deadline`](crate::resilience::Deadline), or the [`CallBudget`] of the call that this
    /// is a part of.
    pub fn budget(mut self, budget: impl Into<CallBudget>) -> Self {
        self.budget = budget.into();
        self
    }

    /// Whether the operation may be done twice; [`Idempotency::Idempotent`] unless told otherwise. One that may be done
    /// only [`Once`](Idempotency::Once) is tried again, here or at another target, only after a failure that proves that
    /// nothing was done.
    pub const fn idempotency(mut self, idempotency: Idempotency) -> Self {
        self.idempotency = idempotency;
        self
    }

    /// Tries the target of this name first, whatever the selection says; then the others. A name that is not known
    /// changes nothing.
    pub const fn prefer(mut self, name: &'a str) -> Self {
        self.prefer = Some(name);
        self
    }

    /// Tries those targets alone whose payload is wanted.
    pub const fn only(mut self, wanted: &'a (dyn Fn(&T) -> bool + Send + Sync)) -> Self {
        self.only = Some(wanted);
        self
    }

    /// Asks `gate` before each attempt.
    pub const fn gate(mut self, gate: &'a dyn Gate<T>) -> Self {
        self.gate = Some(gate);
        self
    }

    /// Orders the targets of this call by `selection` instead of the set's own.
    pub const fn selection(mut self, selection: &'a dyn Selection) -> Self {
        self.selection = Some(selection);
        self
    }
}

impl<T, P> fmt::Debug for Call<'_, T, P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Call")
            .field("budget", &self.budget)
            .field("prefer", &self.prefer)
            .finish_non_exhaustive()
    }
}

impl<V, E, P> Call<'_, Operation<V, E>, P>
where
    V: Send + 'static,
    E: Failure + Send + Sync + 'static,
    P: Plan<Operation<V, E>, E>,
{
    /// Makes the call with the operations that the targets brought along.
    ///
    /// # Errors
    /// [`Exhausted`] keeps every attempt and its error.
    ///
    /// # Cancel safety
    /// As [`Call::run`].
    pub async fn answer(self) -> Result<V, Exhausted<E>> {
        self.run(|attempt| async move { attempt.payload().ask().await })
            .await
            .map(Served::into_value)
    }
}

impl<T: Send + Sync> Fallback<T> {
    /// Begins to describe a call.
    pub fn call(&self) -> Call<'_, T> {
        Call::new(self)
    }

    /// Runs `operation` at the targets in order until one answers.
    ///
    /// As [`Call::run`], with a plan and a [`Deadline`](crate::resilience::Deadline) or [`CallBudget`]. What may be done only
    /// once takes [`call`](Self::call) and [`Call::idempotency`].
    ///
    /// # Errors
    /// [`Exhausted`] keeps every attempt and its error.
    ///
    /// # Cancel safety
    /// As [`Call::run`].
    pub async fn run<V, E, F, P, O>(
        &self,
        plan: &P,
        budget: impl Into<CallBudget> + Send,
        operation: O,
    ) -> Result<Served<T, V, E>, Exhausted<E>>
    where
        V: Send,
        E: Failure + Send + Sync,
        P: Plan<T, E>,
        F: Future<Output = Result<V, E>> + Send,
        O: FnMut(Attempt<T>) -> F + Send,
    {
        self.call().plan(plan).budget(budget).run(operation).await
    }

    /// As [`Fallback::run`], over those targets alone whose payload is wanted.
    ///
    /// # Errors
    /// [`Exhausted`] keeps every attempt and its error.
    ///
    /// # Cancel safety
    /// As [`Call::run`].
    pub async fn run_over<V, E, F, P, O>(
        &self,
        plan: &P,
        budget: impl Into<CallBudget> + Send,
        wanted: impl Fn(&T) -> bool + Send + Sync,
        operation: O,
    ) -> Result<Served<T, V, E>, Exhausted<E>>
    where
        V: Send,
        E: Failure + Send + Sync,
        P: Plan<T, E>,
        F: Future<Output = Result<V, E>> + Send,
        O: FnMut(Attempt<T>) -> F + Send,
    {
        self.call()
            .plan(plan)
            .budget(budget)
            .only(&wanted)
            .run(operation)
            .await
    }

    /// The answer of whichever target gives one; `operation` reaches each of them. It must be repeatable: after a failure,
    /// even one that leaves open what was done, it is tried again. What may be done only once takes [`call`](Self::call) and
    /// [`Call::idempotency`].
    ///
    /// # Errors
    /// [`Exhausted`] keeps every attempt and its error.
    ///
    /// # Cancel safety
    /// As [`Call::run`].
    pub async fn execute<V, E, F, O>(&self, operation: O) -> Result<V, Exhausted<E>>
    where
        V: Send,
        E: Failure + Send + Sync,
        F: Future<Output = Result<V, E>> + Send,
        O: FnMut(Attempt<T>) -> F + Send,
    {
        self.call().run(operation).await.map(Served::into_value)
    }

    /// Tries `operation` at the target `name` first, then `fallback_operation` at each of the others in order. Both must be
    /// repeatable, as in [`execute`](Self::execute).
    ///
    /// # Errors
    /// [`Exhausted`] keeps every attempt and its error.
    ///
    /// # Cancel safety
    /// As [`Call::run`].
    ///
    /// # Examples
    /// ```
    /// # use aurora_core::failure::{Failure, FailureClass};
    /// use aurora_core::fallback::{Fallback, Target};
    /// # #[derive(Debug, thiserror::Error)] #[error("down")] struct Down;
    /// # impl Failure for Down { fn class(&self) -> FailureClass { FailureClass::Transient } }
    /// # async fn main_api() -> Result<&'static str, Down> { Err(Down) }
    /// # async fn backup_api() -> Result<&'static str, Down> { Ok("from the backup") }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let fallback = Fallback::builder().build()?;
    /// fallback.register(Target::new("main", ()).priority(1))?;
    /// fallback.register(Target::new("backup", ()).priority(2))?;
    /// let data = fallback.execute_with_fallback("main", || main_api(), || backup_api()).await?;
    /// assert_eq!(data, "from the backup");
    /// # Ok(())
    /// # }
    /// ```
    pub async fn execute_with_fallback<V, E, F, G, O, R>(
        &self,
        name: &str,
        mut operation: O,
        mut fallback_operation: R,
    ) -> Result<V, Exhausted<E>>
    where
        V: Send,
        E: Failure + Send + Sync,
        F: Future<Output = Result<V, E>> + Send,
        G: Future<Output = Result<V, E>> + Send,
        O: FnMut() -> F + Send,
        R: FnMut() -> G + Send,
    {
        let either = |attempt: Attempt<T>| {
            if attempt.name() == name {
                Either::Left(operation())
            } else {
                Either::Right(fallback_operation())
            }
        };
        self.call().prefer(name).run(either).await.map(Served::into_value)
    }
}

impl<V: Send + 'static, E: Failure + Send + Sync + 'static> Fallback<Operation<V, E>> {
    /// The answer of whichever target gives one, each by the operation that it brought along.
    ///
    /// # Errors
    /// [`Exhausted`] keeps every attempt and its error.
    ///
    /// # Cancel safety
    /// As [`Call::run`].
    ///
    /// # Examples
    /// ```
    /// # use aurora_core::failure::{Failure, FailureClass};
    /// use aurora_core::fallback::{Fallback, Target};
    /// # #[derive(Debug, thiserror::Error)] #[error("down")] struct Down;
    /// # impl Failure for Down { fn class(&self) -> FailureClass { FailureClass::Transient } }
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let rates = Fallback::builder()
    ///     .target(Target::calling("main", async || Err::<f64, _>(Down)))
    ///     .target(Target::calling("backup", async || Ok(5.43)))
    ///     .build()?;
    /// assert_eq!(rates.answer().await?, 5.43);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn answer(&self) -> Result<V, Exhausted<E>> {
        self.call().answer().await
    }
}
