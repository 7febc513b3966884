//! What the answers of workflows mean.

use aurora_core::http::Url;
use serde::Deserialize;

use super::super::http::Answer;
use super::super::http::status::{self, Exception};
use crate::notifier::{NotifyError, NotifyErrorKind};

const UNKNOWN: &str = "an answer that does not say that the message was taken";

/// Where the statuses of workflows say something else than those of others.
///
/// | status | kind | why |
/// | --- | --- | --- |
/// | 201, 203, 204, 205, 206 | server | only 200 and 202 say that the message was taken |
/// | 404 | gone | the workflow was deleted, or never was |
const EXCEPTIONS: [Exception; 6] = [
    (201, NotifyErrorKind::Server, UNKNOWN),
    (203, NotifyErrorKind::Server, UNKNOWN),
    (204, NotifyErrorKind::Server, UNKNOWN),
    (205, NotifyErrorKind::Server, UNKNOWN),
    (206, NotifyErrorKind::Server, UNKNOWN),
    (404, NotifyErrorKind::Gone, "there is no such workflow"),
];

#[derive(Debug, Deserialize)]
struct Refusal {
    error: Reason,
}

#[derive(Debug, Deserialize)]
struct Reason {
    code: String,
}

/// `Ok` for 200 and 202; an error names the code of the refusal, such as `WorkflowTriggerIsNotEnabled`.
pub(super) fn judge(answer: &Answer, url: &Url) -> Result<(), NotifyError> {
    let Err(error) = status::judge(answer.status, answer.retry_after(), &EXCEPTIONS) else {
        return Ok(());
    };
    let text = answer.text.as_deref().unwrap_or_default();
    let code = serde_json::from_str::<Refusal>(text).map(|refusal| refusal.error.code);
    // A word, and none of the address, which is a secret.
    let is_harmless = |code: &String| {
        code.len() <= 64
            && code.bytes().all(|byte| byte.is_ascii_alphabetic())
            && !url.as_str().contains(code.as_str())
    };
    let Some(code) = code.ok().filter(is_harmless) else {
        return Err(error);
    };
    let named = NotifyError::new(error.kind(), format!("{error} ({code})"));
    Err(match error.retry_after() {
        Some(wait) => named.with_retry_after(wait),
        None => named,
    })
}
