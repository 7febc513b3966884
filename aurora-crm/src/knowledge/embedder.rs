use std::fmt;

use async_trait::async_trait;
use aurora_core::failure::FailureClass;

#[cfg(feature = "assistant")]
mod llm;

#[cfg(feature = "assistant")]
pub use self::llm::LlmEmbedder;

/// Turns texts into vectors: a provider, a model in the process.
///
/// It is called outside of transactions: for chunks in the background, for a question during its search.
#[async_trait]
pub trait Embedder: fmt::Debug + Send + Sync + 'static {
    /// A name for the model and what changes its vectors, 1 to 100 characters. Vectors are only compared with those of the
    /// same name: another name has everything embedded anew.
    fn model(&self) -> &str;

    /// How long the vectors are, 1 to 4,096.
    fn dimensions(&self) -> usize;

    /// One vector of [`Self::dimensions`] for each of the texts, in their order. They need not be normalised.
    ///
    /// # Errors
    /// With the class that says whether it is worth trying again.
    async fn embed(&self, purpose: EmbedPurpose, texts: &[String]) -> Result<Vec<Vec<f32>>, EmbedFailure>;
}

/// What texts are embedded for; some models tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmbedPurpose {
    /// To be found.
    Document,
    /// To find with.
    Query,
}

/// Why there are no vectors. It must not repeat the texts.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct EmbedFailure {
    class: FailureClass,
    text: String,
}

impl EmbedFailure {
    /// A failure of a class.
    #[must_use]
    pub fn new(class: FailureClass, text: impl Into<String>) -> Self {
        Self {
            class,
            text: text.into(),
        }
    }

    /// Whether trying again helps, and how.
    #[must_use]
    pub const fn class(&self) -> FailureClass {
        self.class
    }
}
