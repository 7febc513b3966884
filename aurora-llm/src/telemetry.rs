//! Every name under which this crate reports about itself, in one place.
//!
//! The names are those of OpenTelemetry's conventions for generative AI, which are still in development there.
//! Prompts and answers are never recorded.

use std::time::Duration;

use metrics::{counter, histogram};
use tracing::Span;
use tracing::field::Empty;

use crate::chat::ChatRequest;
use crate::client::Answer;
use crate::error::Error;
use crate::provider::ProviderId;
use crate::usage::Usage;

const DURATION: &str = "gen_ai.client.operation.duration";
const TOKENS: &str = "gen_ai.client.token.usage";
const FAILURES: &str = "aurora_llm.failed_calls";

pub(crate) fn chat_span(request: &ChatRequest) -> Span {
    tracing::info_span!(
        "chat",
        otel.kind = "client",
        gen_ai.operation.name = "chat",
        gen_ai.request.model = request.model.as_deref(),
        gen_ai.request.max_tokens = request.max_tokens,
        gen_ai.provider.name = Empty,
        gen_ai.response.model = Empty,
        gen_ai.usage.input_tokens = Empty,
        gen_ai.usage.output_tokens = Empty,
        error.r#type = Empty,
    )
}

pub(crate) fn finished(span: &Span, outcome: &Result<Answer, Error>, elapsed: Duration) {
    match outcome {
        Ok(answer) => streamed(span, answer.provider(), answer.model(), answer.usage(), elapsed),
        Err(error) => failed(span, error, elapsed),
    }
}

pub(crate) fn streamed(
    span: &Span,
    provider: &ProviderId,
    model: &str,
    usage: Option<&Usage>,
    elapsed: Duration,
) {
    span.record("gen_ai.provider.name", provider.as_str());
    span.record("gen_ai.response.model", model);
    // The label is the configured instance, never the model that a request named: its values are bounded.
    let label = provider.as_str().to_owned();
    histogram!(DURATION, "gen_ai.provider.name" => label.clone()).record(elapsed.as_secs_f64());
    if let Some(usage) = usage {
        span.record("gen_ai.usage.input_tokens", usage.total_input());
        span.record("gen_ai.usage.output_tokens", usage.total_output());
        counter!(TOKENS, "gen_ai.provider.name" => label.clone(), "gen_ai.token.type" => "input")
            .increment(usage.total_input());
        counter!(TOKENS, "gen_ai.provider.name" => label, "gen_ai.token.type" => "output")
            .increment(usage.total_output());
    }
}

pub(crate) fn failed(span: &Span, error: &Error, elapsed: Duration) {
    let kind = error.kind().as_str();
    span.record("error.type", kind);
    let provider = error
        .provider()
        .map_or_else(|| "none".to_owned(), ToString::to_string);
    counter!(FAILURES, "gen_ai.provider.name" => provider, "error.type" => kind).increment(1);
    tracing::debug!(parent: span, error.r#type = kind, duration_ms = elapsed.as_millis(), "the call failed");
}
