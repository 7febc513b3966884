//! Why no registry gave an answer, as a problem that names each of them.

use aurora_crm::companies::{LookupError, LookupErrorKind, RegistryErrorKind};
use serde_json::{Value, json};

use crate::http::problem::{Problem, ProblemKind};

/// Names of sources and outcomes alone: neither numbers, addresses nor keys.
pub(super) fn failed(error: &LookupError) -> Problem {
    let sources: Vec<Value> = error
        .failures()
        .iter()
        .map(|failure| {
            let outcome = failure.kind.map_or("passed_over", RegistryErrorKind::as_str);
            json!({"source": failure.source, "outcome": outcome})
        })
        .collect();
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
    problem.with("sources", sources).caused_by(error.clone())
}
