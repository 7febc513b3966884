//! The vocabulary of a conversation: what is asked, what is answered, and what arrives while it is being answered.
//!
//! It is one model for every provider. What a provider cannot do is reported before the call
//! ([`crate::provider::Capabilities`]), never dropped in silence.
//!
//! Messages and answers can be kept as JSON (serde); media are base64 there.

mod base64;
mod collect;
mod message;
mod request;
mod response;
mod stream;
mod tool;

pub use collect::StreamCollector;
pub use message::{CacheTtl, Citation, Media, MediaSource, Message, Part, Reasoning, Role, Signature};
pub use request::{ChatRequest, ProviderOptions, ReasoningEffort, ResponseFormat, Speech};
pub use response::{ChatResponse, FinishReason};
pub use stream::{ChatStream, StreamEvent};
pub use tool::{Tool, ToolCall, ToolChoice, ToolResult};
