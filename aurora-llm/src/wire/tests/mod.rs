//! What must hold for every dialect, on fixtures written after the vendors' documentation.

mod bounds;
mod failures;
mod hostile;
mod pitfalls;
mod round_trips;
mod streams;
mod table;
mod waits;

use super::Codec;
use crate::chat::{ChatResponse, StreamCollector, StreamEvent};
use crate::error::ErrorKind;

use table::{DIALECTS, dialects};
pub(super) use table::{claude, fixture, gemini, openai, responses};

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
