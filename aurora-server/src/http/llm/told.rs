//! What the vendors' clients are told of an error.

use aurora_llm::client::{Attempt, AttemptOutcome};
use aurora_llm::{Error, ErrorKind};

use super::books::{LEDGER_UNAVAILABLE, MODEL_NOT_ALLOWED};

/// The error as a client may see it. What a provider says about our account is not for our clients: OpenAI's 401
/// repeats a part of the key.
pub(crate) fn told(error: Error) -> Error {
    let words = match (error.kind(), error.code()) {
        (_, Some(MODEL_NOT_ALLOWED)) => "this key may not use the model that the request names",
        (_, Some(LEDGER_UNAVAILABLE)) => {
            let wait = error.retry_after();
            let told = Error::new(ErrorKind::Overloaded)
                .with_provider_message("the limits of the caller cannot be looked up at the moment")
                .with_source(error);
            return match wait {
                Some(wait) => told.with_retry_after(wait),
                None => told,
            };
        }
        (ErrorKind::Authentication | ErrorKind::Permission, _) if !all_refused(error.attempts()) => {
            return Error::new(ErrorKind::ServerError)
                .with_context("no provider answered")
                .with_source(error);
        }
        (ErrorKind::Authentication, _) => "the provider refused the key that this server is configured with",
        (ErrorKind::Permission, _) => {
            "the provider does not allow this to the key that this server is configured with"
        }
        (ErrorKind::QuotaExhausted, _) => "the quota of this server's account at the provider is used up",
        _ => return error,
    };
    error.with_provider_message(words)
}

/// Whether nobody failed for another reason than our credentials.
fn all_refused(attempts: &[Attempt]) -> bool {
    attempts.iter().all(|attempt| {
        matches!(
            attempt.outcome,
            AttemptOutcome::Failed {
                kind: ErrorKind::Authentication | ErrorKind::Permission,
                ..
            }
        )
    })
}
