//! What must hold for every dialect, on fixtures written after the vendors' documentation.

mod bounds;
mod failures;
mod round_trips;
mod streams;

use std::path::PathBuf;

use super::{Codec, anthropic, openai_chat};
use crate::chat::{ChatResponse, StreamCollector, StreamEvent};
use crate::error::ErrorKind;
use crate::provider::ProviderId;

pub(super) fn openai() -> openai_chat::OpenAiChat {
    openai_chat::OpenAiChat::openai()
}

pub(super) fn claude() -> anthropic::AnthropicMessages {
    anthropic::AnthropicMessages::new(ProviderId::new("anthropic/eu"))
}

pub(super) fn dialects() -> [(&'static str, Box<dyn Codec>); 2] {
    [
        ("openai_chat", Box::new(openai())),
        ("anthropic", Box::new(claude())),
    ]
}

fn folder(dialect: &str) -> PathBuf {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/fixtures").join(dialect)
}

pub(super) fn fixture(dialect: &str, name: &str) -> Vec<u8> {
    std::fs::read(folder(dialect).join(name)).unwrap()
}

/// Name and bytes of every streamed fixture of a dialect.
pub(super) fn streams(dialect: &str) -> Vec<(String, Vec<u8>)> {
    let names = std::fs::read_dir(folder(dialect)).unwrap();
    let names = names.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut all: Vec<_> = names
        .filter(|name| name.ends_with(".sse"))
        .map(|name| {
            let bytes = fixture(dialect, &name);
            (name, bytes)
        })
        .collect();
    all.sort();
    assert!(all.len() > 10, "the fixtures of {dialect} are gone");
    all
}

/// All events of a stream that arrives in these pieces, and how it ended.
pub(super) fn read<'a>(
    codec: &dyn Codec,
    pieces: impl IntoIterator<Item = &'a [u8]>,
) -> (Vec<StreamEvent>, Result<(), ErrorKind>) {
    let mut decoder = codec.decoder();
    let mut events = Vec::new();
    for piece in pieces {
        if let Err(error) = decoder.push(piece, &mut events) {
            let seen = events.len();
            assert!(decoder.push(b"data: {}\n\n", &mut events).is_ok(), "it is spent");
            assert!(decoder.finish(&mut events).is_ok(), "it is spent");
            assert_eq!(events.len(), seen, "nothing follows an error");
            return (events, Err(error.kind()));
        }
    }
    let outcome = decoder.finish(&mut events).map_err(|error| error.kind());
    (events, outcome)
}

pub(super) fn collect(events: &[StreamEvent]) -> Option<ChatResponse> {
    let mut collector = StreamCollector::default();
    for event in events {
        collector.push(event);
    }
    collector.finish()
}
