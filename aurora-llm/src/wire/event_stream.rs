//! A stream that should be server-sent events, and may be something else.

use super::sse::{SseDecoder, SseFrame};
use crate::error::{Error, ErrorKind};

/// Bytes of something else that are kept in order to say what it was.
const KEPT: usize = 256 * 1024;

/// Reads server-sent events, and notices when a server sends JSON or a page instead.
///
/// Gateways answer a streaming request with status 200 and a JSON error, or a CDN with an HTML page. Read as
/// server-sent events both are empty streams, and what went wrong would be lost.
#[derive(Debug, Default)]
pub(super) struct EventStream {
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
    pub(super) fn push(
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
    pub(super) fn finish(
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
