//! What a call consumed, in parts that never overlap.

use serde::{Deserialize, Serialize};

/// Tokens of one call in disjoint parts: their sum is the whole, so no part can be billed twice.
///
/// Providers count differently: OpenAI and Gemini include cached tokens in the prompt and OpenAI includes reasoning in
/// the completion, Anthropic counts cached input apart. Each codec does that subtraction once.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct Usage {
    /// Input read for the full price.
    pub input: u64,
    /// Input read from the provider's prompt cache.
    pub cache_read: u64,
    /// Input written to the provider's prompt cache for the usual time (Anthropic: five minutes).
    pub cache_write: u64,
    /// Input written to the provider's prompt cache for an hour.
    pub cache_write_hour: u64,
    /// Sound in the input, read for the price of sound.
    pub audio_input: u64,
    /// Input that the provider's own tools added to the prompt (Gemini `toolUsePromptTokenCount`).
    pub tool_input: u64,
    /// Output other than reasoning.
    pub output: u64,
    /// Output spent on reasoning.
    pub reasoning: u64,
    /// Sound in the output.
    pub audio_output: u64,
    /// Searches that are billed one by one; not tokens (Cohere's `search_units`, Anthropic's web searches).
    pub searches: u64,
}

impl Usage {
    /// Plain input and output.
    #[must_use]
    pub fn new(input: u64, output: u64) -> Self {
        Self {
            input,
            output,
            ..Self::default()
        }
    }

    /// All input tokens, cached or not.
    #[must_use]
    pub const fn total_input(&self) -> u64 {
        self.input
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_write)
            .saturating_add(self.cache_write_hour)
            .saturating_add(self.audio_input)
            .saturating_add(self.tool_input)
    }

    /// All output tokens, reasoning included.
    #[must_use]
    pub const fn total_output(&self) -> u64 {
        self.output
            .saturating_add(self.reasoning)
            .saturating_add(self.audio_output)
    }

    /// All tokens.
    #[must_use]
    pub const fn total(&self) -> u64 {
        self.total_input().saturating_add(self.total_output())
    }

    /// Both together, part by part.
    #[must_use]
    pub const fn plus(&self, other: &Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            cache_read: self.cache_read.saturating_add(other.cache_read),
            cache_write: self.cache_write.saturating_add(other.cache_write),
            cache_write_hour: self.cache_write_hour.saturating_add(other.cache_write_hour),
            audio_input: self.audio_input.saturating_add(other.audio_input),
            tool_input: self.tool_input.saturating_add(other.tool_input),
            output: self.output.saturating_add(other.output),
            reasoning: self.reasoning.saturating_add(other.reasoning),
            audio_output: self.audio_output.saturating_add(other.audio_output),
            searches: self.searches.saturating_add(other.searches),
        }
    }

    /// What is left without the other, part by part.
    #[must_use]
    pub(crate) const fn minus(&self, other: &Self) -> Self {
        Self {
            input: self.input.saturating_sub(other.input),
            cache_read: self.cache_read.saturating_sub(other.cache_read),
            cache_write: self.cache_write.saturating_sub(other.cache_write),
            cache_write_hour: self.cache_write_hour.saturating_sub(other.cache_write_hour),
            audio_input: self.audio_input.saturating_sub(other.audio_input),
            tool_input: self.tool_input.saturating_sub(other.tool_input),
            output: self.output.saturating_sub(other.output),
            reasoning: self.reasoning.saturating_sub(other.reasoning),
            audio_output: self.audio_output.saturating_sub(other.audio_output),
            searches: self.searches.saturating_sub(other.searches),
        }
    }
}
