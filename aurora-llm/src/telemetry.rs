//! Every name under which this crate reports about itself, in one place.
//!
//! Spans and metrics are named as in OpenTelemetry's conventions for generative AI
//! (<https://github.com/open-telemetry/semantic-conventions-genai>), which are still in development there. Prompts and
//! answers are never recorded.
//!
//! A program whose recorder wants to know buckets beforehand takes [`DURATION_BUCKETS`] and [`TOKENS_BUCKETS`], which
//! the conventions recommend, and calls [`describe`] once after it has installed its recorder.

use std::time::Duration;

use metrics::{SharedString, Unit, describe_histogram, histogram};
use tracing::Span;
use tracing::field::Empty;

use crate::chat::ChatRequest;
use crate::client::Answer;
use crate::error::Error;
use crate::provider::ProviderId;
use crate::usage::Usage;

/// Histogram of how long calls took, in seconds; of failed ones with the label `error.type`.
pub const DURATION: &str = "gen_ai.client.operation.duration";

/// Upper ends of the buckets of [`DURATION`].
pub const DURATION_BUCKETS: [f64; 14] = [
    0.01, 0.02, 0.04, 0.08, 0.16, 0.32, 0.64, 1.28, 2.56, 5.12, 10.24, 20.48, 40.96, 81.92,
];

/// Histogram of the tokens of calls, by the label `gen_ai.token.type` (`input`, `output`).
pub const TOKENS: &str = "gen_ai.client.token.usage";

/// Upper ends of the buckets of [`TOKENS`].
pub const TOKENS_BUCKETS: [f64; 14] = [
    1.0,
    4.0,
    16.0,
    64.0,
    256.0,
    1_024.0,
    4_096.0,
    16_384.0,
    65_536.0,
    262_144.0,
    1_048_576.0,
    4_194_304.0,
    16_777_216.0,
    67_108_864.0,
];

const OPERATION: &str = "gen_ai.operation.name";
pub(crate) const CHAT: &str = "chat";
pub(crate) const EMBEDDINGS: &str = "embeddings";
pub(crate) const RERANK: &str = "rerank";
const KIND: &str = "gen_ai.provider.name";
const INSTANCE: &str = "aurora_llm.provider";
const ERROR: &str = "error.type";
const TOKEN_TYPE: &str = "gen_ai.token.type";

/// Tells the recorder of the process what the metrics mean.
pub fn describe() {
    describe_histogram!(
        DURATION,
        Unit::Seconds,
        "Time that model calls took, failed ones with error_type."
    );
    describe_histogram!(TOKENS, Unit::Count, "Tokens of model calls by type.");
}

pub(crate) fn chat_span(request: &ChatRequest) -> Span {
    let model = request.model.as_deref();
    tracing::info_span!(
        "chat",
        otel.kind = "client",
        otel.name = model.map(|model| format!("chat {model}")),
        "gen_ai.operation.name" = CHAT,
        "gen_ai.request.model" = model,
        "gen_ai.request.max_tokens" = request.max_tokens,
        "gen_ai.provider.name" = Empty,
        "gen_ai.response.model" = Empty,
        "gen_ai.usage.input_tokens" = Empty,
        "gen_ai.usage.output_tokens" = Empty,
        "error.type" = Empty,
    )
}

/// The span of a call that is not chat.
pub(crate) fn span(operation: &'static str, model: Option<&str>) -> Span {
    tracing::info_span!(
        "call",
        otel.kind = "client",
        otel.name = model.map(|model| format!("{operation} {model}")),
        "gen_ai.operation.name" = operation,
        "gen_ai.request.model" = model,
        "gen_ai.provider.name" = Empty,
        "gen_ai.response.model" = Empty,
        "gen_ai.usage.input_tokens" = Empty,
        "gen_ai.usage.output_tokens" = Empty,
        "error.type" = Empty,
    )
}

/// Who answered.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Served<'a> {
    pub(crate) provider: &'a ProviderId,
    pub(crate) kind: &'static str,
    pub(crate) model: &'a str,
}

impl<'a> Served<'a> {
    pub(crate) fn by(answer: &'a Answer) -> Self {
        Self {
            provider: answer.provider(),
            kind: answer.kind(),
            model: answer.model(),
        }
    }
}

pub(crate) fn served(
    operation: &'static str,
    span: &Span,
    by: Served<'_>,
    usage: Option<&Usage>,
    elapsed: Duration,
) {
    span.record("gen_ai.provider.name", by.kind);
    span.record("gen_ai.response.model", by.model);
    // Labels are what was configured, never the model that a request named: their values are bounded.
    let labels = [
        (OPERATION, SharedString::const_str(operation)),
        (KIND, by.kind.into()),
        (INSTANCE, SharedString::from(by.provider.to_string())),
    ];
    histogram!(DURATION, &labels).record(elapsed.as_secs_f64());
    if let Some(usage) = usage {
        span.record("gen_ai.usage.input_tokens", usage.total_input());
        span.record("gen_ai.usage.output_tokens", usage.total_output());
        for (name, tokens) in [("input", usage.total_input()), ("output", usage.total_output())] {
            let [operation, kind, instance] = labels.clone();
            let labels = [operation, kind, instance, (TOKEN_TYPE, name.into())];
            #[expect(clippy::cast_precision_loss, reason = "no call has 2^53 tokens")]
            histogram!(TOKENS, &labels).record(tokens as f64);
        }
    }
}

/// `by` is the kind of the provider whose error it is, where it is one's.
pub(crate) fn failed(
    operation: &'static str,
    span: &Span,
    error: &Error,
    by: Option<&'static str>,
    elapsed: Duration,
) {
    let kind = error.kind().as_str();
    span.record(ERROR, kind);
    if let Some(by) = by {
        span.record(KIND, by);
    }
    let instance = error
        .provider()
        .map_or_else(|| "none".to_owned(), ToString::to_string);
    let labels = [
        (OPERATION, SharedString::const_str(operation)),
        (KIND, SharedString::const_str(by.unwrap_or("none"))),
        (INSTANCE, instance.into()),
        (ERROR, kind.into()),
    ];
    histogram!(DURATION, &labels).record(elapsed.as_secs_f64());
    tracing::debug!(parent: span, duration_ms = elapsed.as_millis(), "error.type" = kind, "the call failed");
}

#[cfg(test)]
#[cfg(feature = "simulated")]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Debug;
    use std::sync::{Arc, Mutex};

    use metrics_util::debugging::{DebugValue, DebuggingRecorder};
    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    use crate::LlmClient;
    use crate::chat::Message;
    use crate::providers::simulated::{Simulated, Step};

    use super::*;

    /// Keeps the fields of spans.
    #[derive(Debug, Clone, Default)]
    struct Spans(Arc<Mutex<BTreeMap<&'static str, String>>>);

    impl Visit for Spans {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            self.0.lock().unwrap().insert(field.name(), format!("{value:?}"));
        }
    }

    impl Subscriber for Spans {
        fn enabled(&self, metadata: &Metadata<'_>) -> bool {
            metadata.is_span() && metadata.name() == "chat"
        }
        fn new_span(&self, span: &Attributes<'_>) -> Id {
            span.record(&mut self.clone());
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, values: &Record<'_>) {
            values.record(&mut self.clone());
        }
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, _: &Event<'_>) {}
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }

    /// Name, labels and how many values.
    type Recorded = Vec<(String, Vec<String>, usize)>;

    /// What a call records: the fields of its span, and the labels of each metric with how many values it got.
    fn recorded(provider: Simulated) -> (BTreeMap<&'static str, String>, Recorded) {
        let recorder = DebuggingRecorder::new();
        let spans = Spans::default();
        let client = LlmClient::builder().provider(provider, "m").build().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        metrics::with_local_recorder(&recorder, || {
            tracing::subscriber::with_default(spans.clone(), || {
                drop(
                    runtime.block_on(client.chat(ChatRequest::new(vec![Message::user("hello")]).model("m"))),
                );
            });
        });
        let metrics = recorder.snapshotter().snapshot().into_vec();
        let metrics = metrics
            .into_iter()
            .filter(|(key, ..)| key.key().name().starts_with("gen_ai."))
            .map(|(key, _, _, value)| {
                let DebugValue::Histogram(values) = value else {
                    panic!("no histogram: {key:?}")
                };
                let labels = key
                    .key()
                    .labels()
                    .map(|label| format!("{}={}", label.key(), label.value()));
                (key.key().name().to_owned(), labels.collect(), values.len())
            })
            .collect();
        let fields = spans.0.lock().unwrap().clone();
        (fields, metrics)
    }

    #[test]
    fn an_answered_call_is_told_in_the_words_of_the_conventions() {
        let (fields, mut metrics) = recorded(Simulated::new("sim").says("hi"));
        for (name, value) in [
            ("gen_ai.operation.name", "\"chat\""),
            ("gen_ai.request.model", "\"m\""),
            ("gen_ai.response.model", "\"m\""),
            ("otel.name", "\"chat m\""),
        ] {
            assert_eq!(
                fields.get(name).map(String::as_str),
                Some(value),
                "{name}: {fields:?}"
            );
        }
        for name in [
            "gen_ai.provider.name",
            "gen_ai.usage.input_tokens",
            "gen_ai.usage.output_tokens",
        ] {
            assert!(fields.contains_key(name), "{name}: {fields:?}");
        }
        assert!(!fields.contains_key("error.type"));
        metrics.sort();
        let names: Vec<_> = metrics
            .iter()
            .map(|(name, _, values)| (name.as_str(), *values))
            .collect();
        assert_eq!(names, [(DURATION, 1), (TOKENS, 1), (TOKENS, 1)]);
        for (_, labels, _) in &metrics {
            assert!(
                labels.contains(&"gen_ai.operation.name=chat".to_owned()),
                "{labels:?}"
            );
            assert!(
                labels
                    .iter()
                    .any(|label| label.starts_with("gen_ai.provider.name=")),
                "{labels:?}"
            );
        }
    }

    #[test]
    fn a_failed_call_has_its_error_on_span_and_duration() {
        let (fields, metrics) = recorded(Simulated::new("sim").script([Step::status(401)]));
        assert!(fields.contains_key("error.type"), "{fields:?}");
        let [(name, labels, 1)] = &metrics[..] else {
            panic!("{metrics:?}")
        };
        assert_eq!(name, DURATION);
        assert!(
            labels.contains(&"gen_ai.provider.name=simulated".to_owned()),
            "{labels:?}"
        );
        assert!(
            labels.iter().any(|label| label.starts_with("error.type=")),
            "{labels:?}"
        );
    }
}
