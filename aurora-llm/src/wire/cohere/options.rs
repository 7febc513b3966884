//! What Cohere alone can be asked for.

use serde::Serialize;
use serde_json::Value;

use super::DIALECT;
use crate::chat::ProviderOptions;

/// Options of Cohere's chat.
///
/// # Examples
/// ```
/// use aurora_llm::chat::ChatRequest;
/// use aurora_llm::wire::cohere::{Citations, Options, SafetyMode};
///
/// let options = Options::default().safety_mode(SafetyMode::Strict).citations(Citations::Fast).priority(10);
/// let request = ChatRequest::user("Hi").provider_options(&options)?;
/// assert_eq!(request.options["cohere"]["safety_mode"], "STRICT");
/// # Ok::<(), aurora_llm::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Default, Serialize)]
#[non_exhaustive]
pub struct Options {
    /// Which safety instruction is put before the prompt; Cohere's default is contextual.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub safety_mode: Option<SafetyMode>,
    /// Whether and how the answer cites its sources.
    #[serde(rename = "citation_options", skip_serializing_if = "Option::is_none")]
    pub citations: Option<Citations>,
    /// Documents to cite from, as texts or as objects with `data` and `id`, in place of those in messages.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub documents: Vec<Value>,
    /// Who is served first when there is much to do: 0 is first, and Cohere's default.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<u32>,
    /// Whether tool calls are held to the schemas of their tools.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub strict_tools: Option<bool>,
}

impl Options {
    /// Says which safety instruction is put before the prompt.
    #[must_use]
    pub const fn safety_mode(mut self, mode: SafetyMode) -> Self {
        self.safety_mode = Some(mode);
        self
    }

    /// Says whether and how the answer cites its sources.
    #[must_use]
    pub const fn citations(mut self, citations: Citations) -> Self {
        self.citations = Some(citations);
        self
    }

    /// Adds a document to cite from: a text, or an object with `data` and `id`.
    #[must_use]
    pub fn document(mut self, document: impl Into<Value>) -> Self {
        self.documents.push(document.into());
        self
    }

    /// Says how early the call is served; 0 is first.
    #[must_use]
    pub const fn priority(mut self, priority: u32) -> Self {
        self.priority = Some(priority);
        self
    }

    /// Says whether tool calls are held to the schemas of their tools.
    #[must_use]
    pub const fn strict_tools(mut self, strict: bool) -> Self {
        self.strict_tools = Some(strict);
        self
    }
}

impl ProviderOptions for Options {
    const DIALECT: &'static str = DIALECT;
}

/// A safety instruction of Cohere's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum SafetyMode {
    /// Cohere's default.
    Contextual,
    /// Avoids all sensitive matters.
    Strict,
    /// No instruction; newer models refuse it.
    Off,
}

/// How an answer cites its sources.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(tag = "mode", rename_all = "UPPERCASE")]
#[non_exhaustive]
pub enum Citations {
    /// As the model does it by default.
    Enabled,
    /// While the answer is written.
    Fast,
    /// After the answer is written, with more care.
    Accurate,
    /// Not at all.
    Off,
}
