//! Which kind of failure an answer tells of, by status, code and words.

use super::Report;
use crate::error::ErrorKind;

impl Report {
    pub(super) fn kind(&self, status: Option<u16>) -> ErrorKind {
        let message = self.message.to_lowercase();
        let names = [self.code.to_lowercase(), self.kind.to_lowercase()];
        let named = |known: &[&str]| names.iter().any(|name| known.contains(&name.as_str()));
        let says = |words: &[&str]| words.iter().any(|words| message.contains(words));
        let status = status.unwrap_or(0);
        // A server that fails may say anything; only answers about the request are read by their words.
        let about_request = matches!(status, 0 | 200..=499);

        // Google answers every limit, also one per minute, with the words of a used-up quota, and names the quota.
        match self.is_short {
            Some(true) => return ErrorKind::RateLimited,
            Some(false) => return ErrorKind::QuotaExhausted,
            None => {}
        }
        if status == 402 || named(QUOTA) || about_request && says(QUOTA_WORDS) {
            return ErrorKind::QuotaExhausted;
        }
        if status == 451 || named(REGION) || about_request && says(REGION_WORDS) {
            return ErrorKind::RegionBlocked;
        }
        // Under 429 "too many tokens" are too many for this minute.
        let about_size = about_request && !matches!(status, 401 | 429);
        if named(CONTEXT) || about_size && says(CONTEXT_WORDS) {
            return ErrorKind::ContextOverflow;
        }
        if named(FILTER) || status == 403 && says(&["moderation", "flagged"]) {
            return ErrorKind::ContentFiltered;
        }
        if matches!(status, 401 | 498) || named(AUTHENTICATION) || about_request && says(KEY_WORDS) {
            return ErrorKind::Authentication;
        }
        if matches!(status, 503 | 529) || named(OVERLOADED) || status == 429 && says(&["overloaded"]) {
            return ErrorKind::Overloaded;
        }
        // Larger than a limit per minute is too large at any time; another target may have a larger limit.
        if status == 413 {
            return ErrorKind::ContextOverflow;
        }
        if status == 429 || named(RATE) || matches!(status, 0 | 200) && says(RATE_WORDS) {
            return ErrorKind::RateLimited;
        }
        if status == 400 && says(UNSUPPORTED_WORDS) {
            return ErrorKind::Unsupported;
        }
        if named(MODEL) || matches!(status, 0 | 400) && message.contains("model") && says(MODEL_WORDS) {
            return ErrorKind::ModelNotFound;
        }
        if named(GENERATION) || about_request && says(GENERATION_WORDS) {
            return ErrorKind::Malformed;
        }
        match status {
            403 => ErrorKind::Permission,
            404 | 410 => ErrorKind::ModelNotFound,
            501 => ErrorKind::Unsupported,
            // 499: somebody between us and the provider gave up on the call.
            408 | 424 | 425 | 499 | 500.. => ErrorKind::ServerError,
            400..=499 => ErrorKind::InvalidRequest,
            _ if named(PERMISSION) => ErrorKind::Permission,
            _ if named(INVALID) => ErrorKind::InvalidRequest,
            _ => ErrorKind::ServerError,
        }
    }
}

const QUOTA: &[&str] = &[
    "insufficient_quota",
    "billing_hard_limit_reached",
    "billing_not_active",
    "billing_error",
    "enforced_spend_limit_reached",
    "insufficient_balance",
    "insufficient_credits",
    "payment_required",
];
const QUOTA_WORDS: &[&str] = &[
    "exceeded your current quota",
    "credit balance is too low",
    "insufficient balance",
    "insufficient credit",
    "billing hard limit",
    // Azure, under 403
    "out of call volume quota",
    // Hugging Face's router
    "exceeded your monthly included credits",
    // Cohere's trial keys: so many calls in a month, under the same status as so many in a minute.
    "api calls / month",
    "calls per month",
    "prepayment credits are depleted",
];
const REGION: &[&str] = &["unsupported_country_region_territory", "unsupported_location"];
const REGION_WORDS: &[&str] = &[
    "country, region, or territory not supported",
    "user location is not supported",
    "not available in your country",
    "not available in your region",
];
/// The model wrote a tool call or a document that its own server could not read: asking again, or another, helps.
const GENERATION: &[&str] = &[
    "tool_use_failed",
    "json_validate_failed",
    "malformed_function_call",
    "output_parse_failed",
];
const GENERATION_WORDS: &[&str] = &["failed to call a function", "malformed function call"];
const CONTEXT: &[&str] = &[
    "context_length_exceeded",
    "exceed_context_size_error",
    "model_context_window_exceeded",
    "request_too_large",
];
const CONTEXT_WORDS: &[&str] = &[
    "maximum context length",
    "context length exceeded",
    "exceeds the context",
    "exceed context limit",
    "exceeds the available context size",
    "exceeds the maximum number of tokens",
    "maximum prompt length",
    "prompt is too long",
    "input is too long",
    "too many tokens",
    "reduce the length of the messages",
    // Text Generation Inference
    "`inputs` must have less than",
    "tokens + `max_new_tokens` must be <=",
];
const FILTER: &[&str] = &[
    "content_filter",
    "content_policy_violation",
    "responsibleaipolicyviolation",
    "moderation_blocked",
    "image_content_policy_violation",
    "misalignment_policy_violation",
    "bio_policy",
];
const AUTHENTICATION: &[&str] = &[
    "invalid_api_key",
    "authentication_error",
    "api_key_invalid",
    "unauthenticated",
    "invalid_authentication",
];
const KEY_WORDS: &[&str] = &["api key not valid", "incorrect api key", "invalid api key"];
const OVERLOADED: &[&str] = &[
    "overloaded_error",
    "overloaded",
    "engine_overloaded",
    "server_overloaded",
    "service_unavailable",
    "unavailable",
];
const RATE: &[&str] = &[
    "rate_limit_exceeded",
    "rate_limit_error",
    "rate_limit",
    "too_many_requests",
    "resource_exhausted",
];
/// Ollama's words for what one model cannot do, and another may.
const UNSUPPORTED_WORDS: &[&str] = &[
    "does not support tools",
    "does not support thinking",
    "does not support chat",
    "does not support image",
    "does not support embed",
    "is not supported for this model",
];
const RATE_WORDS: &[&str] = &["rate limit", "too many requests"];
const MODEL: &[&str] = &[
    "model_not_found",
    "model_not_available",
    "invalid_model",
    "deploymentnotfound",
    "not_found_error",
];
const MODEL_WORDS: &[&str] = &[
    "does not exist",
    "not found",
    "not a valid model",
    "unknown model",
];
const PERMISSION: &[&str] = &["permission_error", "permission_denied", "forbidden"];
const INVALID: &[&str] = &["invalid_request_error", "invalid_argument", "bad_request"];
