//! Messages and their parts.

use bytes::Bytes;
use serde::{Deserialize, Serialize};

use super::tool::{ToolCall, ToolResult};

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Role {
    /// Instructions by the application; dialects that keep them apart from the messages get them there.
    System,
    /// The person or program that asks.
    User,
    /// The model.
    Assistant,
    /// The outcome of tools that the model called.
    Tool,
}

/// One turn of a conversation.
///
/// # Examples
/// ```
/// use aurora_llm::chat::{Message, Role};
///
/// let turn = Message::user("Why is the sky blue?");
/// assert_eq!(turn.role, Role::User);
/// assert_eq!(turn.text(), "Why is the sky blue?");
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Message {
    /// Who speaks.
    pub role: Role,
    /// What is said, in order.
    pub parts: Vec<Part>,
}

impl Message {
    /// A turn of `role` with these parts.
    #[must_use]
    pub const fn new(role: Role, parts: Vec<Part>) -> Self {
        Self { role, parts }
    }

    /// Instructions by the application.
    #[must_use]
    pub fn system(text: impl Into<String>) -> Self {
        Self::new(Role::System, vec![Part::text(text)])
    }

    /// A text by the person who asks.
    #[must_use]
    pub fn user(text: impl Into<String>) -> Self {
        Self::new(Role::User, vec![Part::text(text)])
    }

    /// A text by the model.
    #[must_use]
    pub fn assistant(text: impl Into<String>) -> Self {
        Self::new(Role::Assistant, vec![Part::text(text)])
    }

    /// The outcome of one tool call.
    #[must_use]
    pub fn tool_result(result: ToolResult) -> Self {
        Self::new(Role::Tool, vec![Part::ToolResult(result)])
    }

    /// All text parts joined.
    #[must_use]
    pub fn text(&self) -> String {
        self.parts.iter().filter_map(Part::as_text).collect()
    }

    /// The tool calls in order.
    pub fn tool_calls(&self) -> impl Iterator<Item = &ToolCall> {
        self.parts.iter().filter_map(|part| match part {
            Part::ToolCall(call) => Some(call),
            _ => None,
        })
    }
}

/// A piece of a message.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Part {
    /// Plain text.
    Text(String),
    /// A picture.
    Image(Media),
    /// A document such as a PDF.
    Document(Media),
    /// Recorded sound.
    Audio(Media),
    /// The model asks for a tool to be run.
    ToolCall(ToolCall),
    /// What a tool answered.
    ToolResult(ToolResult),
    /// The model's visible reasoning.
    Reasoning(Reasoning),
    /// The model declined, in its own words.
    Refusal(String),
    /// Where the model took the text before it from.
    Citation(Citation),
    /// Everything up to here is worth keeping in the provider's prompt cache. A hint: providers that cache by themselves,
    /// or not at all, pass over it.
    CachePoint(CacheTtl),
}

impl Part {
    /// A text part.
    #[must_use]
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    /// The text, if this is a text part.
    #[must_use]
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// A picture, document or sound.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Media {
    /// IANA media type, such as `image/png`.
    pub media_type: String,
    /// Where its bytes are.
    pub source: MediaSource,
    /// File name, where the provider shows one to the model.
    pub name: Option<String>,
}

impl Media {
    /// Something of this IANA media type.
    #[must_use]
    pub fn new(media_type: impl Into<String>, source: MediaSource) -> Self {
        Self {
            media_type: media_type.into(),
            source,
            name: None,
        }
    }

    /// As the part of its kind: an image, sound, or else a document.
    #[must_use]
    pub fn into_part(self) -> Part {
        match self.media_type.split('/').next() {
            Some("image") => Part::Image(self),
            Some("audio") => Part::Audio(self),
            _ => Part::Document(self),
        }
    }

    /// How many bytes it holds, or its address has.
    #[must_use]
    pub fn size(&self) -> usize {
        match &self.source {
            MediaSource::Bytes(bytes) => bytes.len(),
            MediaSource::Url(url) => url.len(),
        }
    }

    /// Gives it a file name.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }
}

/// Where the bytes of a [`Media`] are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum MediaSource {
    /// Here.
    Bytes(#[serde(with = "super::base64")] Bytes),
    /// At an address that the provider fetches by itself.
    Url(String),
}

/// Visible reasoning of the model.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Reasoning {
    /// The text; empty when the provider keeps it to itself and sends only a signature.
    pub text: String,
    /// Proof that the text is the provider's own. It must be sent back unchanged, and only to where it came from.
    pub signature: Option<Signature>,
}

impl Reasoning {
    /// Reasoning with the provider's proof of it, where there is one.
    #[must_use]
    pub fn new(text: impl Into<String>, signature: Option<Signature>) -> Self {
        Self {
            text: text.into(),
            signature,
        }
    }
}

/// A provider's proof of its own reasoning, bound to the endpoint that issued it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Signature {
    /// The provider instance that issued it.
    pub provider: crate::provider::ProviderId,
    /// The opaque value.
    pub value: String,
}

impl Signature {
    /// A value that `provider` issued.
    #[must_use]
    pub fn new(provider: crate::provider::ProviderId, value: impl Into<String>) -> Self {
        Self {
            provider,
            value: value.into(),
        }
    }
}

/// How long a provider shall keep the prompt up to a [`Part::CachePoint`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum CacheTtl {
    /// Five minutes after the last use, which is the usual time.
    #[default]
    FiveMinutes,
    /// One hour after the last use; writing costs more.
    OneHour,
}

/// Where an answer took something from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Citation {
    /// The words of the answer that rest on the source; empty when the provider does not say.
    pub text: String,
    /// The words of the source.
    pub cited: Option<String>,
    /// Title of the source.
    pub title: Option<String>,
    /// The provider's or the caller's id of the source.
    pub id: Option<String>,
    /// Address of the source.
    pub url: Option<String>,
}

impl Citation {
    /// A source of `text`.
    #[must_use]
    pub fn new(text: impl Into<String>) -> Self {
        Self {
            text: text.into(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_conversation_survives_being_kept_as_json() {
        let signature = Signature::new("openai".into(), "proof");
        let image = Media::new("image/png", MediaSource::Bytes(Bytes::from_static(b"\x89PNG")));
        let message = Message::new(
            Role::Assistant,
            vec![
                Part::text("Olá"),
                Part::Image(image),
                Part::Document(
                    Media::new("application/pdf", MediaSource::Url("https://x/y".into())).name("y"),
                ),
                Part::Reasoning(Reasoning::new("hm", Some(signature.clone()))),
                Part::ToolCall(ToolCall::new("1", "f", "{}").signed(signature)),
                Part::ToolResult(ToolResult::new("1", "no").failed()),
                Part::Citation(Citation::new("Olá")),
                Part::CachePoint(CacheTtl::OneHour),
                Part::Refusal("no".into()),
            ],
        );
        let json = serde_json::to_string(&message).unwrap();
        assert!(
            json.contains(r#"{"text":"Olá"}"#) && json.contains("iVBORw=="),
            "{json}"
        );
        assert_eq!(serde_json::from_str::<Message>(&json).unwrap(), message);
        assert!(serde_json::from_str::<Message>(&json.replace("iVBORw==", "?")).is_err());
    }
}
