//! A stream that should be server-sent events, and may be something else.

use std::fmt;

use super::sse::{SseDecoder, SseFrame};
use super::{StreamDecoder, failure};
use crate::chat::StreamEvent;
use crate::error::{Error, ErrorKind};

/// Bytes of something else that are kept in order to say what it was.
const KEPT: usize = 256 * 1024;

/// Bytes of the longest stream that is read: 256 MiB, above any answer with pictures and sound. What an answer holds
/// back until it is whole, such as a signature, becomes no event, so that nobody else would stop it.
const MAX_STREAM: usize = 256 * 1024 * 1024;

/// What one dialect makes of the events of one answer.
pub(super) trait EventAnswer: fmt::Debug + Send {
    fn frame(&mut self, frame: SseFrame<'_>, out: &mut Vec<StreamEvent>) -> Result<(), Error>;

    /// Whether the end has been handed out; what comes after it is passed over.
    fn is_complete(&self) -> bool;

    /// The input has ended, and the answer had not.
    fn cut(&mut self, out: &mut Vec<StreamEvent>) -> Result<(), Error>;
}

/// Reads one streamed answer of a dialect that speaks in server-sent events.
#[derive(Debug)]
pub(super) struct AnswerDecoder<A> {
    input: EventStream,
    answer: A,
    /// How many bytes may still come.
    left: usize,
    /// Nothing more is told, because the input has ended or was not what it should be.
    over: bool,
}

impl<A: EventAnswer> AnswerDecoder<A> {
    pub(super) fn new(answer: A) -> Self {
        Self {
            input: EventStream::default(),
            answer,
            left: MAX_STREAM,
            over: false,
        }
    }
}

impl<A: EventAnswer> StreamDecoder for AnswerDecoder<A> {
    fn push(&mut self, bytes: &[u8], out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        if self.over || self.answer.is_complete() {
            return Ok(());
        }
        let Some(left) = self.left.checked_sub(bytes.len()) else {
            self.over = true;
            return Err(Error::new(ErrorKind::Malformed).with_context("an answer without end"));
        };
        self.left = left;
        let answer = &mut self.answer;
        let outcome = self
            .input
            .push(bytes, |frame| unless_complete(answer, frame, out));
        self.over = outcome.is_err();
        if ended(out) { Ok(()) } else { outcome }
    }

    fn finish(&mut self, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        if std::mem::replace(&mut self.over, true) || self.answer.is_complete() {
            return Ok(());
        }
        let answer = &mut self.answer;
        let outcome = self.input.finish(|frame| unless_complete(answer, frame, out));
        if ended(out) {
            return Ok(());
        }
        if answer.is_complete() {
            return outcome.map(drop);
        }
        match outcome {
            Ok(Some(body)) => Err(failure::instead_of_stream(&body)),
            Err(error) if error.kind() != ErrorKind::Malformed => Err(error),
            // The last event may itself be cut, and be no JSON for that reason.
            Ok(None) | Err(_) => answer.cut(out),
        }
    }
}

/// What comes behind the end along with it, such as a comment, is passed over.
fn unless_complete<A: EventAnswer>(
    answer: &mut A,
    frame: SseFrame<'_>,
    out: &mut Vec<StreamEvent>,
) -> Result<(), Error> {
    if answer.is_complete() {
        return Ok(());
    }
    answer.frame(frame, out)
}

/// Whether the answer has been handed out to its end: nothing that is wrong behind it matters.
fn ended(out: &[StreamEvent]) -> bool {
    out.last().is_some_and(StreamEvent::is_terminal)
}

/// Reads server-sent events, and notices when a server sends JSON or a page instead.
///
/// Gateways answer a streaming request with status 200 and a JSON error, or a CDN with an HTML page. Read as
/// server-sent events both are empty streams, and what went wrong would be lost.
#[derive(Debug, Default)]
struct EventStream {
    sse: SseDecoder,
    form: Form,
    kept: Vec<u8>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Form {
    #[default]
    Unknown,
    Events,
    Json,
}

impl EventStream {
    fn push(
        &mut self,
        bytes: &[u8],
        on_frame: impl FnMut(SseFrame<'_>) -> Result<(), Error>,
    ) -> Result<(), Error> {
        if self.form == Form::Unknown {
            let Some(first) = bytes.iter().find(|byte| !byte.is_ascii_whitespace()) else {
                return self.sse.push(bytes, on_frame);
            };
            self.form = match first {
                b'{' | b'[' => Form::Json,
                b'<' => {
                    let context = "a page instead of a stream of events";
                    return Err(Error::new(ErrorKind::Malformed).with_context(context));
                }
                _ => Form::Events,
            };
        }
        if self.form == Form::Events {
            return self.sse.push(bytes, on_frame);
        }
        let room = KEPT.saturating_sub(self.kept.len());
        self.kept.extend(bytes.iter().take(room));
        Ok(())
    }

    /// Ends the input; a JSON document that came instead of events is handed back.
    fn finish(
        &mut self,
        on_frame: impl FnMut(SseFrame<'_>) -> Result<(), Error>,
    ) -> Result<Option<Vec<u8>>, Error> {
        if self.form == Form::Json {
            return Ok(Some(std::mem::take(&mut self.kept)));
        }
        self.sse.finish(on_frame)?;
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Takes all, and tells nothing.
    #[derive(Debug)]
    struct Silent;

    impl EventAnswer for Silent {
        fn frame(&mut self, _: SseFrame<'_>, _: &mut Vec<StreamEvent>) -> Result<(), Error> {
            Ok(())
        }

        fn is_complete(&self) -> bool {
            false
        }

        fn cut(&mut self, _: &mut Vec<StreamEvent>) -> Result<(), Error> {
            Ok(())
        }
    }

    #[test]
    fn an_endless_stream_is_refused_even_when_it_says_nothing() {
        let mut decoder = AnswerDecoder::new(Silent);
        assert_eq!(decoder.left, MAX_STREAM);
        decoder.left = 20;
        let mut out = Vec::new();
        decoder.push(b": stay\n", &mut out).unwrap();
        decoder.push(b": stay open\n\n", &mut out).unwrap();
        let error = decoder.push(b"\n", &mut out).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert!(decoder.push(b"\n", &mut out).is_ok(), "it is spent");
        assert!(decoder.finish(&mut out).is_ok(), "it is spent");
    }
}
