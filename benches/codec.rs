//! How fast streamed answers are read.
//!
//! Target: 500 MB/s for server-sent events alone on the 2-core development machine, far beyond what a model writes
//! or a network brings, so that reading never decides how many streams one process can carry. The dialects also parse
//! JSON and hand out owned text; they are measured to notice when they become slower.
//!
//! `cargo bench --bench codec`
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot be set up has failed")]

use std::hint::black_box;

use aurora::core::time::Timestamp;
use aurora::llm::chat::{FinishReason, StreamEvent};
use aurora::llm::provider::ProviderId;
use aurora::llm::usage::Usage;
use aurora::llm::wire::sse::SseDecoder;
use aurora::llm::wire::{Codec, anthropic, openai_chat};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};

/// What one read from a socket brings at most.
const PIECE: usize = 16 * 1024;

/// An answer of 5,000 words, as a client sees it.
fn events() -> Vec<StreamEvent> {
    let start = StreamEvent::Start {
        id: "chatcmpl-123".into(),
        model: "model-1".into(),
    };
    let words = (0..5_000).map(|word| StreamEvent::Text(format!("word{word} ")));
    let finish = StreamEvent::Finish {
        reason: FinishReason::Stop,
        usage: Some(Usage::new(100, 5_000)),
    };
    [start].into_iter().chain(words).chain([finish]).collect()
}

fn openai_stream() -> Vec<u8> {
    let mut encoder = openai_chat::server::StreamEncoder::new(Timestamp::UNIX_EPOCH).include_usage(true);
    let mut out = Vec::new();
    for event in events() {
        encoder.push(&event, &mut out);
    }
    out
}

fn anthropic_stream() -> Vec<u8> {
    let mut encoder = anthropic::server::StreamEncoder::default();
    let mut out = Vec::new();
    for event in events() {
        encoder.push(&event, &mut out);
    }
    out
}

fn read(codec: &dyn Codec, stream: &[u8]) -> usize {
    let mut decoder = codec.decoder();
    let mut events = Vec::new();
    let mut count = 0;
    for piece in stream.chunks(PIECE) {
        decoder.push(piece, &mut events).unwrap();
        count += events.len();
        events.clear();
    }
    decoder.finish(&mut events).unwrap();
    count + events.len()
}

fn decode(criterion: &mut Criterion) {
    let (openai, anthropic) = (openai_stream(), anthropic_stream());
    let mut group = criterion.benchmark_group("codec");

    group.throughput(Throughput::Bytes(u64::try_from(openai.len()).unwrap()));
    group.bench_function("sse", |bencher| {
        bencher.iter(|| {
            let mut decoder = SseDecoder::default();
            let mut frames = 0_usize;
            for piece in openai.chunks(PIECE) {
                decoder
                    .push(black_box(piece), |frame| {
                        black_box(frame);
                        frames += 1;
                        Ok(())
                    })
                    .unwrap();
            }
            frames
        });
    });
    let codec = openai_chat::OpenAiChat::openai();
    group.bench_function("openai_chat", |bencher| {
        bencher.iter(|| read(&codec, black_box(&openai)));
    });

    group.throughput(Throughput::Bytes(u64::try_from(anthropic.len()).unwrap()));
    let codec = anthropic::AnthropicMessages::new(ProviderId::new("anthropic"));
    group.bench_function("anthropic", |bencher| {
        bencher.iter(|| read(&codec, black_box(&anthropic)));
    });
    group.finish();
}

criterion_group!(benches, decode);
criterion_main!(benches);
