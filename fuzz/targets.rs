//! What each fuzz target does with its bytes: it reads them, and checks what must hold for any bytes at all.
//!
//! The ordinary tests (`aurora-llm/tests/noise.rs`) call the same functions with mutated fixtures, on the stable
//! compiler. How to fuzz stands in `docs/llm/codecs.md`. A new dialect is a row in [`DIALECTS`] and, to be fuzzed, two
//! or three targets of a line each.

use std::error::Error as _;

use aurora_core::time::Timestamp;
use aurora_llm::Error;
use aurora_llm::chat::StreamEvent;
use aurora_llm::wire::ndjson::LineDecoder;
use aurora_llm::wire::sse::{SseDecoder, SseFrame};
use aurora_llm::wire::{
    Codec, ErrorAnswer, ResponseHead, anthropic, cohere, gemini, ollama, openai_chat, openai_responses,
};

/// One dialect, from both sides.
pub struct Dialect {
    /// Its name, and that of the folder of its fixtures.
    pub name: &'static str,
    /// The client's side.
    pub codec: fn() -> Box<dyn Codec>,
    /// The server's side: whether a body is a request, and how an error is answered.
    pub serve: (Decode, EncodeError),
}

/// Whether a body is a request.
pub type Decode = fn(&[u8]) -> Result<(), Error>;
/// How an error is answered.
pub type EncodeError = fn(&Error) -> ErrorAnswer;

/// Every dialect.
pub const DIALECTS: &[Dialect] = &[
    Dialect {
        name: "openai_chat",
        codec: || Box::new(openai_chat::OpenAiChat::openai()),
        serve: (
            |body| openai_chat::server::decode_request(body).map(drop),
            openai_chat::server::encode_error,
        ),
    },
    Dialect {
        name: "openai_responses",
        codec: || Box::new(openai_responses::OpenAiResponses::new("openai".into())),
        serve: (
            |body| openai_responses::server::decode_request(body).map(drop),
            openai_responses::server::encode_error,
        ),
    },
    Dialect {
        name: "anthropic",
        codec: || Box::new(anthropic::AnthropicMessages::new("anthropic".into())),
        serve: (
            |body| anthropic::server::decode_request(body).map(drop),
            anthropic::server::encode_error,
        ),
    },
    Dialect {
        name: "cohere",
        codec: || Box::new(cohere::CohereChat),
        serve: (
            |body| cohere::server::decode_request(body).map(drop),
            cohere::server::encode_error,
        ),
    },
    Dialect {
        name: "gemini",
        codec: || Box::new(gemini::GenerateContent::new("gemini".into())),
        serve: (
            |body| {
                gemini::server::decode_request("m", gemini::server::Method::GenerateContent, body).map(drop)
            },
            gemini::server::encode_error,
        ),
    },
    Dialect {
        name: "ollama",
        codec: || Box::new(ollama::OllamaChat::default()),
        serve: (
            |body| ollama::server::decode_request(body).map(drop),
            ollama::server::encode_error,
        ),
    },
];

/// The dialect of this name.
pub fn dialect(name: &str) -> &'static Dialect {
    DIALECTS
        .iter()
        .find(|dialect| dialect.name == name)
        .expect("a dialect of the table")
}

/// Events may hold this many bytes for each byte that was read, and as many again: more would let a server fill the
/// memory with little.
const GROWTH: usize = 256;

/// Splits bytes into pieces by the first of them: one in all, single bytes, or pieces of that length.
fn pieces(data: &[u8]) -> (&[u8], usize) {
    match data.split_first() {
        Some((0, rest)) => (rest, rest.len().max(1)),
        Some((size, rest)) => (rest, usize::from(*size)),
        None => (data, 1),
    }
}

/// Server-sent events: splits change nothing, and nothing is made up.
pub fn sse(data: &[u8]) {
    let (input, size) = pieces(data);
    let read = |size: usize| {
        let mut decoder = SseDecoder::new(4_096);
        let mut frames = Vec::new();
        let mut note = |frame: SseFrame<'_>| {
            frames.push(match frame {
                SseFrame::Event { event, data } => Some((event.to_owned(), data.to_owned())),
                SseFrame::Comment => None,
            });
            Ok(())
        };
        let mut outcome = Ok(());
        for piece in input.chunks(size) {
            outcome = outcome.and_then(|()| decoder.push(piece, &mut note));
        }
        let outcome = outcome.and_then(|()| decoder.finish(&mut note));
        (frames, outcome.map_err(|error| error.kind()))
    };
    let whole = read(input.len().max(1));
    assert_eq!(read(size), whole, "a split changes the frames");
    let said: usize = whole
        .0
        .iter()
        .flatten()
        .map(|(event, data)| event.len() + data.len())
        .sum();
    assert!(said <= input.len(), "more was handed out than was read");
}

/// Lines of JSON: splits change nothing, and nothing is made up.
pub fn ndjson(data: &[u8]) {
    let (input, size) = pieces(data);
    let read = |size: usize| {
        let mut decoder = LineDecoder::new(4_096);
        let mut lines = Vec::new();
        let mut note = |line: &[u8]| {
            lines.push(line.to_vec());
            Ok(())
        };
        let mut outcome = Ok(());
        for piece in input.chunks(size) {
            outcome = outcome.and_then(|()| decoder.push(piece, &mut note));
        }
        let outcome = outcome.and_then(|()| decoder.finish(&mut note));
        (lines, outcome.map_err(|error| error.kind()))
    };
    let whole = read(input.len().max(1));
    assert_eq!(read(size), whole, "a split changes the lines");
    let said: usize = whole.0.iter().map(Vec::len).sum();
    assert!(said <= input.len(), "more was handed out than was read");
}

/// A streamed answer: exactly one terminal, the same events for every split, bounded memory.
pub fn stream(name: &str, data: &[u8]) {
    let codec = (dialect(name).codec)();
    let (input, size) = pieces(data);
    let whole = events(&*codec, input, input.len().max(1));
    assert_eq!(
        events(&*codec, input, size),
        whole,
        "{name}: a split changes the events"
    );
}

fn events(codec: &dyn Codec, input: &[u8], size: usize) -> (Vec<StreamEvent>, Option<String>) {
    let mut decoder = codec.decoder();
    let mut events = Vec::new();
    let mut failure = None;
    for piece in input.chunks(size) {
        if let Err(error) = decoder.push(piece, &mut events) {
            failure = Some(error);
            break;
        }
    }
    if failure.is_none() {
        failure = decoder.finish(&mut events).err();
    }
    let seen = events.len();
    for more in [
        b"data: {}\n\n".as_slice(),
        b"{\"done\":true}\n",
        b"data: [DONE]\n\n",
    ] {
        assert!(decoder.push(more, &mut events).is_ok(), "{codec:?}: it is spent");
    }
    assert!(decoder.finish(&mut events).is_ok(), "{codec:?}: it is spent");
    assert_eq!(events.len(), seen, "{codec:?}: something follows the end");

    let terminals = events.iter().filter(|event| event.is_terminal()).count();
    assert_eq!(
        terminals + usize::from(failure.is_some()),
        1,
        "{codec:?}: {failure:?} {events:?}"
    );
    let last = events.last().is_some_and(StreamEvent::is_terminal);
    assert!(
        last || failure.is_some(),
        "{codec:?}: the terminal is last: {events:?}"
    );
    let held: usize = events
        .iter()
        .map(|event| event.size() + size_of::<StreamEvent>())
        .sum();
    assert!(
        held <= GROWTH * (input.len() + 16),
        "{codec:?}: {held} bytes from {}",
        input.len()
    );
    (events, failure.as_ref().map(shown))
}

/// All that is shown of an error must be bounded.
fn shown(error: &Error) -> String {
    let shown = format!("{:?} {error}", error.kind());
    assert!(shown.len() < 4_096, "{shown}");
    assert!(
        error
            .provider_message()
            .is_none_or(|message| message.chars().count() <= 2_000)
    );
    let mut causes = 0;
    let mut cause = error.source();
    while let Some(error) = cause {
        causes += 1;
        cause = error.source();
    }
    assert!(causes < 8);
    shown
}

/// A whole answer, and an error under every status: whatever the bytes, there is an outcome.
pub fn answer(name: &str, data: &[u8]) {
    let codec = (dialect(name).codec)();
    if let Err(error) = codec.decode(&ResponseHead::default(), data) {
        shown(&error);
    }
    for status in [
        400, 401, 403, 404, 408, 413, 422, 429, 498, 499, 500, 502, 503, 529,
    ] {
        let head = ResponseHead::new(status, http::HeaderMap::new());
        let error = codec.classify(&head, data, Timestamp::UNIX_EPOCH);
        assert_eq!(error.status(), Some(status), "{name}");
        shown(&error);
    }
}

/// The body of a request: read, or refused in a way that can be answered.
pub fn request(name: &str, data: &[u8]) {
    let (decode, encode_error) = dialect(name).serve;
    if let Err(error) = decode(data) {
        shown(&error);
        let answer = encode_error(&error);
        assert!(
            (400..500).contains(&answer.status),
            "{name}: the client's fault: {answer:?}"
        );
        assert!(answer.body.starts_with(b"{"), "{name}");
    }
}
