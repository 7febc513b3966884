//! What the crates' errors mean to an HTTP client: one match per crate.

use std::time::Duration;

use aurora_crm::ErrorKind as Crm;
use aurora_llm::ErrorKind as Llm;

use super::{FieldError, Problem, ProblemKind};

/// When to come back while the database does not answer: it is looked after again within this time.
const DATABASE_PAUSE: Duration = Duration::from_secs(2);

impl From<aurora_crm::Error> for Problem {
    fn from(error: aurora_crm::Error) -> Self {
        let problem = Self::new(match error.kind() {
            Crm::NotFound => ProblemKind::NotFound,
            Crm::AlreadyExists => ProblemKind::Duplicate,
            Crm::Conflict => ProblemKind::Stale,
            Crm::Invalid => ProblemKind::Invalid,
            Crm::Unavailable => ProblemKind::Unavailable,
            Crm::Timeout => ProblemKind::RequestTimeout,
            Crm::Unauthenticated | Crm::StepUp => ProblemKind::Unauthenticated,
            // A refused account of ours is our fault, not the client's.
            _ => ProblemKind::Internal,
        });
        let problem = match (error.kind(), error.existing(), error.current_version()) {
            (Crm::AlreadyExists, Some(id), _) => problem.with("existing_id", id),
            (Crm::Conflict, _, Some(version)) => problem.with("current_version", version),
            _ => problem,
        };
        let problem = match error.kind() {
            Crm::Unavailable | Crm::Timeout => problem.retry_after(DATABASE_PAUSE),
            _ => problem,
        };
        let fields = error.fields().iter();
        let problem = problem
            .errors(fields.map(|field| FieldError::new(&field.field, field.code, field.message.clone())));
        match error.kind() {
            Crm::Invalid => problem,
            _ => problem.detail(error.to_string()),
        }
        .caused_by(error)
    }
}

impl From<aurora_llm::Error> for Problem {
    fn from(error: aurora_llm::Error) -> Self {
        let problem = Self::new(match error.kind() {
            Llm::InvalidRequest => ProblemKind::Invalid,
            Llm::ModelNotFound => ProblemKind::ModelNotFound,
            Llm::ContextOverflow => ProblemKind::ContextOverflow,
            Llm::ContentFiltered => ProblemKind::ContentFiltered,
            Llm::Unsupported => ProblemKind::Unsupported,
            Llm::RateLimited | Llm::LocalRateLimited => ProblemKind::TooManyRequests,
            Llm::Overloaded | Llm::CircuitOpen => ProblemKind::ProviderBusy,
            Llm::QuotaExhausted | Llm::Authentication | Llm::Permission => ProblemKind::ProviderRefused,
            Llm::Timeout(_) => ProblemKind::ProviderTimeout,
            Llm::ServerError | Llm::Connect | Llm::StreamTruncated | Llm::Malformed => {
                ProblemKind::ProviderFailed
            }
            _ => ProblemKind::Internal,
        });
        // The provider's own words only where the request is at fault: there they help, and they are the client's own.
        let problem = match (error.provider_message(), error.kind()) {
            (Some(words), Llm::InvalidRequest | Llm::ContextOverflow | Llm::ContentFiltered) => {
                problem.detail(words.to_owned())
            }
            _ => problem.detail(error.to_string()),
        };
        let problem = match error.retry_after() {
            Some(wait) => problem.retry_after(wait),
            None => problem,
        };
        problem.caused_by(error)
    }
}
