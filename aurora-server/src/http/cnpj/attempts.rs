//! What became of each registry in a lookup, in the answer and in the problem alike.

use aurora_crm::companies::{LookupError, LookupErrorKind, SourceAttempt};
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::http::problem::{Problem, ProblemKind};

/// A registry that was asked or passed over: its name alone, neither its address nor a key.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = CompanyAttempt)]
pub(super) struct AttemptView {
    /// The registry, such as `cnpja/primary`.
    source: String,
    /// `found`, `not_registered`, `refused`, `invalid_credential`, `out_of_credits`, `rate_limited`, `unavailable`, `timeout`,
    /// `malformed`, or `passed_over`: its limit is used up, or it is left alone for a while.
    outcome: &'static str,
    /// How long it took, in milliseconds; 0 where it was passed over.
    took_ms: u64,
}

impl From<&SourceAttempt> for AttemptView {
    fn from(attempt: &SourceAttempt) -> Self {
        Self {
            source: attempt.source.clone(),
            outcome: attempt.outcome.as_str(),
            took_ms: u64::try_from(attempt.took.as_millis()).unwrap_or(u64::MAX),
        }
    }
}

pub(super) fn told(attempts: &[SourceAttempt]) -> Vec<AttemptView> {
    attempts.iter().map(Into::into).collect()
}

/// Why no registry gave an answer.
pub(super) fn failed(error: &LookupError) -> Problem {
    let problem = match error.kind() {
        LookupErrorKind::RateLimited => Problem::new(ProblemKind::TooManyRequests)
            .detail("the limits of the registries of companies are used up"),
        LookupErrorKind::Timeout => Problem::new(ProblemKind::RegistriesTimeout),
        LookupErrorKind::Busy => Problem::new(ProblemKind::Unavailable),
        _ => Problem::new(ProblemKind::RegistriesFailed),
    };
    let problem = match error.retry_after() {
        Some(wait) => problem.retry_after(wait),
        None => problem,
    };
    with(problem, error.attempts()).caused_by(error.clone())
}

/// The registry's answer that there is no such company.
pub(super) fn not_registered(attempts: &[SourceAttempt]) -> Problem {
    let problem = Problem::new(ProblemKind::NotFound);
    with(
        problem.detail("the registry knows no company with this number"),
        attempts,
    )
}

fn with(problem: Problem, attempts: &[SourceAttempt]) -> Problem {
    problem.with("attempts", json!(told(attempts)))
}
