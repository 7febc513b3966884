//! More tokens than a request can have, for budgets that reserve before they know.

use super::media;
use super::texts::{self, Read};
use crate::chat::{ChatRequest, Message, ResponseFormat};

/// What a provider adds to a request whatever it says: the frame of the conversation and the start of the answer.
const REQUEST: u64 = 64;

/// Role, separators and what else frames one message. `OpenAI` documents 3 to 4 tokens a message and 1 a name.
const MESSAGE: u64 = 12;

/// What frames one part of a message beside its own text.
const PART: u64 = 8;

/// The instructions that providers add when there are tools. Anthropic documents 264 to 804, by model and choice.
const TOOLS: u64 = 1_024;

/// What frames one tool beside its own text.
const TOOL: u64 = 64;

/// A number of input tokens that no provider goes over for the text of this request.
///
/// A text never has more tokens than bytes: every vocabulary in use is built from bytes or falls back to them, so each
/// token stands for at least one byte. That holds for every model, known or not; for an average text it is three to
/// five times too much. Pictures, documents and sound count by the constants in `docs/llm/tokens.md`, which are generous
/// and not a proof.
///
/// # Examples
/// ```
/// use aurora_llm::{chat::ChatRequest, tokens};
///
/// let request = ChatRequest::user("Name three rivers of Brazil.");
/// assert!(tokens::upper_bound(&request) >= 28, "as many as bytes");
/// ```
#[must_use]
pub fn upper_bound(request: &ChatRequest) -> u64 {
    let messages = request.messages.iter().map(message);
    let tools = request.tools.iter().map(|tool| {
        TOOL.saturating_add(bytes(&tool.name))
            .saturating_add(tool.description.as_deref().map_or(0, bytes))
            .saturating_add(json(&tool.parameters))
    });
    let frame = if request.tools.is_empty() {
        REQUEST
    } else {
        REQUEST + TOOLS
    };
    let format = match &request.format {
        ResponseFormat::Text => 0,
        ResponseFormat::JsonObject => TOOL,
        ResponseFormat::JsonSchema { name, schema, .. } => (TOOL + TOOLS)
            .saturating_add(bytes(name))
            .saturating_add(json(schema)),
    };
    messages
        .chain(tools)
        .fold(frame.saturating_add(format), u64::saturating_add)
}

fn message(message: &Message) -> u64 {
    let mut sum = MESSAGE;
    for part in &message.parts {
        sum = sum.saturating_add(PART);
        texts::of_part(part, &mut |read| {
            sum = sum.saturating_add(match read {
                Read::Text(text) | Read::Opaque(text) => bytes(text),
                Read::Media(part, media) => media::at_most(part, media),
            });
        });
    }
    sum
}

fn bytes(text: &str) -> u64 {
    u64::try_from(text.len()).unwrap_or(u64::MAX)
}

/// How long `value` is as JSON, without writing it.
pub(super) fn json(value: &serde_json::Value) -> u64 {
    struct Length(u64);
    impl std::io::Write for Length {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 = self
                .0
                .saturating_add(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
            Ok(bytes.len())
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut length = Length(0);
    match serde_json::to_writer(&mut length, value) {
        Ok(()) => length.0,
        Err(_) => u64::MAX,
    }
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use serde_json::json;

    use super::*;
    use crate::chat::{Media, MediaSource, Tool};

    #[test]
    fn every_part_of_a_request_counts() {
        let plain = ChatRequest::user("x");
        let base = upper_bound(&plain);
        assert!(base > 1 && base < 200, "{base}");
        let tool = Tool::new(
            "weather",
            "tells it",
            json!({"type": "object", "description": "y".repeat(5_000)}),
        );
        assert!(upper_bound(&plain.clone().tool(tool)) > base + 5_000);
        let schema = ResponseFormat::JsonSchema {
            name: "answer".into(),
            schema: json!({"description": "z".repeat(5_000)}),
            strict: true,
        };
        assert!(upper_bound(&plain.clone().format(schema)) > base + 5_000);
        let result = Message::tool_result(crate::chat::ToolResult::new("call_1", "r".repeat(5_000)));
        assert!(upper_bound(&plain.clone().message(result)) > base + 5_000);
        let picture = Media::new("image/png", MediaSource::Bytes(Bytes::from_static(b"x")));
        let picture = Message::new(crate::chat::Role::User, vec![picture.into_part()]);
        assert!(upper_bound(&plain.message(picture)) > base + 4_784);
    }

    #[test]
    fn a_value_is_as_long_as_its_json() {
        let value = json!({"ação": ["\"", 1, null]});
        assert_eq!(json(&value), value.to_string().len() as u64);
    }
}
