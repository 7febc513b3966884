//! Streams and sockets outlast what let their callers in: whether it still does is asked while they last.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use aurora_core::time::Clock;
use axum::extract::FromRequestParts;
use axum::http::request::Parts;

use super::access::{Caller, Standing};
use super::problem::{Problem, ProblemKind};
use crate::state::AppState;

/// How long an answer counts.
pub(crate) const EVERY: Duration = Duration::from_secs(5);
/// How long it may not be known, while the database does not answer, before it counts as no.
const PATIENCE: Duration = Duration::from_secs(60);

/// Why a stream has to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Over {
    /// The server stops.
    Stopping,
    /// The caller may not any more; the reason is told as the last event.
    Refused(&'static str),
}

/// Watches over one stream or socket. Handlers take it as a parameter beside the caller.
#[derive(Debug)]
pub(crate) struct Watch {
    state: AppState,
    standing: Standing,
    caller: Caller,
    /// When it was last asked, and when it was last known.
    asked: Duration,
    known: Duration,
}

impl Watch {
    pub(crate) fn new(state: &AppState, standing: Standing, caller: Caller) -> Self {
        let now = state.clock.elapsed();
        Self {
            state: state.clone(),
            standing,
            caller,
            asked: now,
            known: now,
        }
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.state.clock)
    }

    /// Does some work on the caller's behalf for as long as they may have it done.
    ///
    /// # Errors
    /// When it is over with the stream; then `work` has been dropped.
    ///
    /// # Cancel safety
    /// As that of `work`.
    pub(crate) async fn during<T: Send>(&mut self, work: impl Future<Output = T> + Send) -> Result<T, Over> {
        let mut work = pin!(work);
        loop {
            if self.left().is_zero() {
                // The work goes on meanwhile: it may hold the connection to the database that the question needs.
                let mut early = None;
                let mut asking = pin!(self.ask());
                loop {
                    tokio::select! {
                        biased;
                        answer = &mut asking => {
                            answer?;
                            break;
                        }
                        done = &mut work, if early.is_none() => early = Some(done),
                    }
                }
                if let Some(done) = early {
                    return Ok(done);
                }
            }
            tokio::select! {
                biased;
                () = self.state.stop.cancelled() => return Err(Over::Stopping),
                done = &mut work => {
                    // What came in meanwhile is told to nobody who may not have it any more.
                    if self.left().is_zero() {
                        self.ask().await?;
                    }
                    return Ok(done);
                }
                () = self.state.clock.sleep(self.left()) => {}
            }
        }
    }

    /// Asks at once.
    ///
    /// # Errors
    /// When it is over with the stream.
    ///
    /// # Cancel safety
    /// Dropping the future loses nothing.
    pub(crate) async fn ask(&mut self) -> Result<(), Over> {
        let now = self.state.clock.elapsed();
        let answer = tokio::select! {
            biased;
            () = self.state.stop.cancelled() => return Err(Over::Stopping),
            answer = self.standing.again(&self.state, &self.caller) => answer,
        };
        self.asked = now;
        match answer {
            // What was begun as an administrator shows more than it may now.
            Ok(caller) if is_administrator(&self.caller) && !is_administrator(&caller) => {
                Err(Over::Refused("forbidden"))
            }
            Ok(caller) => {
                self.caller = caller;
                self.known = now;
                Ok(())
            }
            Err(problem) if problem.kind().is_ours() && now.saturating_sub(self.known) < PATIENCE => {
                let code = problem.kind().code();
                tracing::warn!(code, "whether somebody may still listen is not known");
                Ok(())
            }
            Err(problem) => Err(Over::Refused(reason(problem.kind()))),
        }
    }

    fn left(&self) -> Duration {
        (self.asked + EVERY).saturating_sub(self.state.clock.elapsed())
    }
}

fn is_administrator(caller: &Caller) -> bool {
    caller.alive().is_some_and(|alive| alive.is_administrator)
}

/// What a client is told.
fn reason(kind: ProblemKind) -> &'static str {
    match kind {
        ProblemKind::Unauthenticated | ProblemKind::StepUp => "unauthenticated",
        kind if kind.is_ours() => "unavailable",
        _ => "forbidden",
    }
}

impl FromRequestParts<AppState> for Watch {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, state: &AppState) -> Result<Self, Problem> {
        let caller = Caller::from_request_parts(parts, state).await?;
        let standing = parts.extensions.get::<Standing>().cloned();
        let standing = standing.ok_or_else(|| Problem::new(ProblemKind::Internal))?;
        Ok(Self::new(state, standing, caller))
    }
}

#[cfg(test)]
mod tests;
