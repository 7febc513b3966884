//! Every name under which this crate reports about itself, in one place.
//!
//! The names are those of OpenTelemetry's conventions for generative AI, which are still in development there.
//! Prompts and answers are never recorded.

use std::time::Duration;

use metrics::{SharedString, counter, histogram};
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
const KIND: &str = "gen_ai.provider.name";
const INSTANCE: &str = "aurora_llm.provider";

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

/// Who answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Served<'a> {
    pub(crate) provider: &'a ProviderId,
    pub(crate) kind: &'static str,
    pub(crate) model: &'a str,
}

pub(crate) fn finished(span: &Span, outcome: &Result<Answer, Error>, elapsed: Duration) {
    match outcome {
        Ok(answer) => {
            let by = Served {
                provider: answer.provider(),
                kind: answer.kind(),
                model: answer.model(),
            };
            served(span, by, answer.usage(), elapsed);
        }
        Err(error) => failed(span, error, elapsed),
    }
}

pub(crate) fn served(span: &Span, by: Served<'_>, usage: Option<&Usage>, elapsed: Duration) {
    span.record("gen_ai.provider.name", by.kind);
    span.record("gen_ai.response.model", by.model);
    // Labels are what was configured, never the model that a request named: their values are bounded.
    let labels = [
        (KIND, by.kind.into()),
        (INSTANCE, SharedString::from(by.provider.to_string())),
    ];
    histogram!(DURATION, &labels).record(elapsed.as_secs_f64());
    if let Some(usage) = usage {
        span.record("gen_ai.usage.input_tokens", usage.total_input());
        span.record("gen_ai.usage.output_tokens", usage.total_output());
        for (name, tokens) in [("input", usage.total_input()), ("output", usage.total_output())] {
            let [kind, instance] = labels.clone();
            let labels = [kind, instance, ("gen_ai.token.type", name.into())];
            counter!(TOKENS, &labels).increment(tokens);
        }
    }
}

pub(crate) fn failed(span: &Span, error: &Error, elapsed: Duration) {
    let kind = error.kind().as_str();
    span.record("error.type", kind);
    let instance = error
        .provider()
        .map_or_else(|| "none".to_owned(), ToString::to_string);
    counter!(FAILURES, INSTANCE => instance, "error.type" => kind).increment(1);
    tracing::debug!(parent: span, error.r#type = kind, duration_ms = elapsed.as_millis(), "the call failed");
}
