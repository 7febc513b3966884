use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::{Arc, Mutex};

use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::LlmClient;
use crate::chat::Message;
use crate::client::{CallOptions, Caller, LlmTarget};
use crate::providers::simulated::{Simulated, Step};
use futures::StreamExt as _;

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
    let client = LlmClient::builder().provider(provider, "m").build().unwrap();
    recorded_by(async {
        drop(
            client
                .chat(ChatRequest::new(vec![Message::user("hello")]).model("m"))
                .await,
        );
    })
}

/// Wants every span of ours and keeps none. It stands for the whole process: a span that somebody in another thread opened
/// while nobody listened would else count as unwanted for good, and this test would see nothing of its own.
struct Listening;

impl Subscriber for Listening {
    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        metadata.is_span() && metadata.name() == "chat"
    }
    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }
    fn record(&self, _: &Id, _: &Record<'_>) {}
    fn record_follows_from(&self, _: &Id, _: &Id) {}
    fn event(&self, _: &Event<'_>) {}
    fn enter(&self, _: &Id) {}
    fn exit(&self, _: &Id) {}
}

fn recorded_by(work: impl Future<Output = ()>) -> (BTreeMap<&'static str, String>, Recorded) {
    drop(tracing::subscriber::set_global_default(Listening));
    let recorder = DebuggingRecorder::new();
    let spans = Spans::default();
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    metrics::with_local_recorder(&recorder, || {
        tracing::subscriber::with_default(spans.clone(), || runtime.block_on(work));
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

fn values(metrics: &Recorded, name: &str) -> usize {
    metrics
        .iter()
        .filter(|(of, ..)| of == name)
        .map(|(.., values)| values)
        .sum()
}

#[test]
fn a_stream_tells_its_first_content_its_pace_and_why_it_ended() {
    let client = LlmClient::builder()
        .provider(Simulated::new("sim").says("one two three"), "m")
        .build()
        .unwrap();
    let mut pieces = 0;
    let (fields, metrics) = recorded_by(async {
        let mut stream = client.stream(ChatRequest::user("?")).await.unwrap();
        while let Some(event) = stream.next().await {
            pieces += usize::from(event.unwrap().is_content());
        }
    });
    assert!(pieces > 1);
    assert_eq!(values(&metrics, TIME_TO_FIRST_CHUNK), 1);
    assert_eq!(values(&metrics, TIME_PER_OUTPUT_CHUNK), pieces - 1);
    assert_eq!(values(&metrics, DURATION), 1);
    assert_eq!(
        fields.get("gen_ai.response.finish_reasons").map(String::as_str),
        Some("\"stop\"")
    );
    assert!(fields.contains_key("gen_ai.response.time_to_first_chunk"));
}

#[test]
fn whoever_gives_up_leaves_a_duration_that_says_so() {
    let client = LlmClient::builder()
        .provider(Simulated::new("sim").says("one two three"), "m")
        .build()
        .unwrap();
    let (fields, metrics) = recorded_by(async {
        let mut stream = client.stream(ChatRequest::user("?")).await.unwrap();
        stream.next().await.unwrap().unwrap();
    });
    let cancelled = |(name, labels, values): &(String, Vec<String>, usize)| {
        name == DURATION && *values == 1 && labels.contains(&"error.type=cancelled".to_owned())
    };
    assert!(metrics.iter().any(cancelled), "{metrics:?}");
    assert_eq!(values(&metrics, DURATION), 1);
    assert!(
        fields
            .get("error.type")
            .is_some_and(|kind| kind.contains("cancelled"))
    );

    let hangs = Simulated::new("sim").latency(Duration::from_secs(3_600), Duration::ZERO);
    let client = LlmClient::builder().provider(hangs, "m").build().unwrap();
    let (_, metrics) = recorded_by(async {
        assert!(futures::poll!(std::pin::pin!(client.ask("?"))).is_pending());
        assert!(futures::poll!(std::pin::pin!(client.stream(ChatRequest::user("?")))).is_pending());
    });
    assert!(
        metrics
            .iter()
            .all(|(_, labels, _)| labels.contains(&"error.type=cancelled".to_owned()))
    );
    assert_eq!(values(&metrics, DURATION), 2);
}

#[test]
fn what_callers_send_makes_no_new_labels() {
    let target = LlmTarget::new(Simulated::new("sim").says("hi"), "m").serves("*");
    let client = LlmClient::builder().target(target).build().unwrap();
    let label_sets = |calls: usize| {
        let (_, metrics) = recorded_by(async {
            for call in 0..calls {
                let caller = Caller::tenant(format!("t{call}")).user(format!("u{call}"));
                let options = CallOptions::default().caller(caller).sticky(format!("c{call}"));
                let request = || ChatRequest::user("?").model(format!("made-up-{call}"));
                client.chat_with(request(), &options).await.unwrap();
                let stream = client.stream_with(request(), &options).await.unwrap();
                stream.collect_answer().await.unwrap();
                let nobody = request().provider(format!("p{call}"));
                assert!(client.chat_with(nobody, &options).await.is_err());
            }
        });
        metrics.len()
    };
    assert_eq!(label_sets(2), label_sets(50));
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
