//! What a provider can do.

/// What a provider can do with one model, or what a request needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is an independent capability of a provider"
)]
pub struct Capabilities {
    /// Streamed answers.
    pub streaming: bool,
    /// Tool calls.
    pub tools: bool,
    /// Several tool calls in one answer, when asked for.
    pub parallel_tools: bool,
    /// Answers that are some JSON object.
    pub json_object: bool,
    /// Answers held to a JSON Schema.
    pub json_schema: bool,
    /// Pictures in messages.
    pub images: bool,
    /// Documents in messages.
    pub documents: bool,
    /// Sound in messages.
    pub audio: bool,
    /// Media at an address that the provider fetches by itself.
    pub media_urls: bool,
    /// Spoken answers.
    pub speech: bool,
    /// Temperature, nucleus (`top_p`) and `top_k` sampling.
    pub sampling: bool,
    /// Repeatable sampling.
    pub seed: bool,
    /// Reasoning effort.
    pub reasoning: bool,
    /// Going on with an answer whose beginning is the last message of the conversation.
    pub prefill: bool,
    /// Marks in the prompt for the provider's cache ([`Part::CachePoint`](crate::chat::Part::CachePoint)); a hint, never needed.
    pub prompt_cache: bool,
    /// Most tokens of input and output together; `None` when it is not known.
    pub context_tokens: Option<u32>,
    /// Most tokens of an answer; `None` when it is not known. Of a request: how many it asks for.
    pub max_output_tokens: Option<u32>,
    /// Most texts that end an answer; `None` when it is not known. Of a request: how many it has.
    pub max_stop: Option<u32>,
}

impl Capabilities {
    /// Nothing but plain text.
    pub const NONE: Self = Self {
        streaming: false,
        tools: false,
        parallel_tools: false,
        json_object: false,
        json_schema: false,
        images: false,
        documents: false,
        audio: false,
        media_urls: false,
        speech: false,
        sampling: false,
        seed: false,
        reasoning: false,
        prefill: false,
        prompt_cache: false,
        context_tokens: None,
        max_output_tokens: None,
        max_stop: None,
    };

    /// Everything, for a provider that passes all on and lets the other side decide.
    pub const ALL: Self = Self {
        streaming: true,
        tools: true,
        parallel_tools: true,
        json_object: true,
        json_schema: true,
        images: true,
        documents: true,
        audio: true,
        media_urls: true,
        speech: true,
        sampling: true,
        seed: true,
        reasoning: true,
        prefill: true,
        prompt_cache: true,
        context_tokens: None,
        max_output_tokens: None,
        max_stop: None,
    };

    /// The ability of this name.
    pub(crate) fn flag(&mut self, name: &str) -> Option<&mut bool> {
        Some(match name {
            "streaming" => &mut self.streaming,
            "tools" => &mut self.tools,
            "parallel_tools" => &mut self.parallel_tools,
            "json_object" => &mut self.json_object,
            "json_schema" => &mut self.json_schema,
            "images" => &mut self.images,
            "documents" => &mut self.documents,
            "audio" => &mut self.audio,
            "media_urls" => &mut self.media_urls,
            "speech" => &mut self.speech,
            "sampling" => &mut self.sampling,
            "seed" => &mut self.seed,
            "reasoning" => &mut self.reasoning,
            "prefill" => &mut self.prefill,
            "prompt_cache" => &mut self.prompt_cache,
            _ => return None,
        })
    }

    /// The first thing that is needed and not here, by name.
    #[must_use]
    pub fn missing(&self, needed: &Self) -> Option<&'static str> {
        let more = |needed: Option<u32>, here: Option<u32>| match (needed, here) {
            (Some(needed), Some(here)) => needed > here,
            _ => false,
        };
        [
            (needed.streaming && !self.streaming, "streaming"),
            (needed.tools && !self.tools, "tools"),
            (needed.parallel_tools && !self.parallel_tools, "parallel_tools"),
            (needed.json_object && !self.json_object, "json_object"),
            (needed.json_schema && !self.json_schema, "json_schema"),
            (needed.images && !self.images, "images"),
            (needed.documents && !self.documents, "documents"),
            (needed.audio && !self.audio, "audio"),
            (needed.media_urls && !self.media_urls, "media_urls"),
            (needed.speech && !self.speech, "speech"),
            (needed.sampling && !self.sampling, "sampling"),
            (needed.seed && !self.seed, "seed"),
            (needed.reasoning && !self.reasoning, "reasoning"),
            (
                more(needed.max_output_tokens, self.max_output_tokens),
                "max_output_tokens",
            ),
            (more(needed.max_stop, self.max_stop), "max_stop"),
        ]
        .into_iter()
        .find_map(|(lacks, name)| lacks.then_some(name))
    }
}
