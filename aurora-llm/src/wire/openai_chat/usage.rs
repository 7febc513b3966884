//! Usage as OpenAI counts it, taken apart.

use serde::Deserialize;

use crate::usage::Usage;
use crate::wire::json::count;

/// What a provider counted where the details are parts of the totals.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::wire) struct Totals {
    pub(in crate::wire) input: u64,
    pub(in crate::wire) output: u64,
    /// Both together, as far as it is told; tells whether reasoning stands within the output.
    pub(in crate::wire) all: u64,
    pub(in crate::wire) cached: u64,
    pub(in crate::wire) written: u64,
    pub(in crate::wire) audio_input: u64,
    pub(in crate::wire) reasoning: u64,
    pub(in crate::wire) audio_output: u64,
}

impl Totals {
    /// Disjoint parts; `None` for the empty object that some servers send instead of leaving usage out.
    pub(in crate::wire) fn into_usage(self) -> Option<Usage> {
        let mut input = self.input;
        let mut take = |part: u64| {
            let part = part.min(input);
            input -= part;
            part
        };
        let (cache_read, cache_write, audio_input) =
            (take(self.cached), take(self.written), take(self.audio_input));
        // xAI and Gemini's compatible endpoint count reasoning beside the completion instead of within it.
        let beside = self.reasoning > self.output
            || self.all > 0
                && self.all
                    == self
                        .input
                        .saturating_add(self.output)
                        .saturating_add(self.reasoning);
        let mut output = self.output;
        if !beside {
            output -= self.reasoning;
        }
        let audio_output = self.audio_output.min(output);
        let usage = Usage {
            input,
            cache_read,
            cache_write,
            audio_input,
            output: output - audio_output,
            reasoning: self.reasoning,
            audio_output,
            ..Usage::default()
        };
        (usage.total() > 0).then_some(usage)
    }
}

/// Usage as Chat Completions writes it.
///
/// Tokens of a prediction that the model did not take over are billed as output and are counted within it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct WireUsage {
    #[serde(default, deserialize_with = "count")]
    prompt_tokens: u64,
    #[serde(default, deserialize_with = "count")]
    completion_tokens: u64,
    #[serde(default, deserialize_with = "count")]
    total_tokens: u64,
    prompt_tokens_details: Option<PromptDetails>,
    completion_tokens_details: Option<CompletionDetails>,
    /// DeepSeek's name for cached tokens.
    #[serde(default, deserialize_with = "count")]
    prompt_cache_hit_tokens: u64,
}

#[derive(Debug, Default, Deserialize)]
struct PromptDetails {
    #[serde(default, deserialize_with = "count")]
    cached_tokens: u64,
    #[serde(default, deserialize_with = "count")]
    cache_write_tokens: u64,
    #[serde(default, deserialize_with = "count")]
    audio_tokens: u64,
}

#[derive(Debug, Default, Deserialize)]
struct CompletionDetails {
    #[serde(default, deserialize_with = "count")]
    reasoning_tokens: u64,
    #[serde(default, deserialize_with = "count")]
    audio_tokens: u64,
}

impl WireUsage {
    pub(super) fn into_usage(self) -> Option<Usage> {
        let prompt = self.prompt_tokens_details.unwrap_or_default();
        let completion = self.completion_tokens_details.unwrap_or_default();
        let totals = Totals {
            input: self.prompt_tokens,
            output: self.completion_tokens,
            all: self.total_tokens,
            cached: prompt.cached_tokens.max(self.prompt_cache_hit_tokens),
            written: prompt.cache_write_tokens,
            audio_input: prompt.audio_tokens,
            reasoning: completion.reasoning_tokens,
            audio_output: completion.audio_tokens,
        };
        totals.into_usage()
    }
}
