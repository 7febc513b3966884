//! What the crates' errors mean to an HTTP client: one match per crate.

use std::time::Duration;

use aurora_alerts::ErrorKind as Alerts;
use aurora_crm::ErrorKind as Crm;
use aurora_llm::ErrorKind as Llm;
use axum::http::HeaderValue;
use axum::http::header::WWW_AUTHENTICATE;

use crate::http::llm::{LEDGER_UNAVAILABLE, MODEL_NOT_ALLOWED};

use super::{FieldError, Problem, ProblemKind};

/// When to come back while the database does not answer: it is looked after again within this time.
const DATABASE_PAUSE: Duration = Duration::from_secs(2);

/// RFC 9470, for who changes what protects their account: as strong a login as they have, of the last ten minutes.
const STEP_UP: &str = "Bearer error=\"insufficient_user_authentication\", \
     error_description=\"a more recent login is required\", max_age=\"600\"";

impl Problem {
    /// Credentials were shown and are not good: the same answer whatever is wrong with them.
    pub(crate) fn refused_credentials() -> Self {
        Self::new(ProblemKind::Unauthenticated)
            .detail("the credentials are not accepted")
            .header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"))
    }
}

impl From<aurora_crm::Error> for Problem {
    fn from(error: aurora_crm::Error) -> Self {
        let problem = Self::new(match error.kind() {
            Crm::NotFound => ProblemKind::NotFound,
            Crm::AlreadyExists => ProblemKind::Duplicate,
            // Not a version, but what is there already: a time that is taken, a key that was used.
            Crm::Conflict if error.current_version().is_none() => ProblemKind::Conflict,
            Crm::Conflict => ProblemKind::Stale,
            Crm::Invalid => ProblemKind::Invalid,
            Crm::Unavailable => ProblemKind::Unavailable,
            Crm::Timeout => ProblemKind::RequestTimeout,
            Crm::Unauthenticated => ProblemKind::Unauthenticated,
            Crm::StepUp => ProblemKind::StepUp,
            Crm::Setup => ProblemKind::NotConfigured,
            // A refused account of ours is our fault, not the client's.
            _ => ProblemKind::Internal,
        });
        let problem = match (error.kind(), error.existing(), error.current_version()) {
            (Crm::AlreadyExists, Some(id), _) => problem.with("existing_id", id),
            (Crm::Conflict, _, Some(version)) => problem.with("current_version", version),
            _ => problem,
        };
        let problem = match error.kind() {
            Crm::Unavailable | Crm::Timeout => {
                problem.retry_after(error.retry_after().unwrap_or(DATABASE_PAUSE))
            }
            // RFC 9110 §11.6.1: every 401 says how to do better.
            Crm::Unauthenticated => problem.header(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")),
            Crm::StepUp => problem.header(WWW_AUTHENTICATE, HeaderValue::from_static(STEP_UP)),
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

impl From<aurora_alerts::Error> for Problem {
    fn from(error: aurora_alerts::Error) -> Self {
        let problem = Self::new(match error.kind() {
            Alerts::Invalid => ProblemKind::Invalid,
            Alerts::NotFound => ProblemKind::NotFound,
            Alerts::Conflict => ProblemKind::Conflict,
            Alerts::Full => ProblemKind::TooManyRequests,
            Alerts::Unavailable => ProblemKind::Unavailable,
            Alerts::Closed => ProblemKind::NotReady,
            _ => ProblemKind::Internal,
        });
        let problem = match error.kind() {
            Alerts::Unavailable => problem.retry_after(DATABASE_PAUSE).perhaps_made(),
            Alerts::Full => problem.retry_after(DATABASE_PAUSE),
            // What is wrong with a rule or a silence stands in the text of each finding.
            Alerts::Invalid => problem.errors(
                error
                    .problems()
                    .iter()
                    .map(|found| FieldError::new(field_of(&found.detail), "invalid", found.detail.clone())),
            ),
            Alerts::NotFound => problem.detail(error.to_string()),
            _ => problem,
        };
        problem.caused_by(error)
    }
}

/// The key that a finding about a rule begins with: `threshold must be a finite number`.
fn field_of(detail: &str) -> String {
    let first = detail.split([' ', ':']).next().unwrap_or_default();
    let is_key = !first.is_empty()
        && first
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    let quoted = detail
        .split('"')
        .nth(1)
        .filter(|_| detail.starts_with("unknown key"));
    match quoted {
        Some(key) => key.chars().take(64).collect(),
        None if is_key => first.to_owned(),
        None => "body".to_owned(),
    }
}

impl From<aurora_llm::Error> for Problem {
    fn from(error: aurora_llm::Error) -> Self {
        let problem = Self::new(match error.kind() {
            // What the caller may use is said by us, not by a provider.
            _ if error.code() == Some(MODEL_NOT_ALLOWED) => ProblemKind::ModelNotAllowed,
            _ if error.code() == Some(LEDGER_UNAVAILABLE) => ProblemKind::Unavailable,
            Llm::BudgetExceeded => ProblemKind::BudgetExceeded,
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
