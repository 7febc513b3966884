//! The canonical form of a request's parts.

use super::Canon;
use crate::chat::{
    CacheTtl, ChatRequest, Citation, Media, MediaSource, Message, Part, Reasoning, ReasoningEffort,
    ResponseFormat, Role, Signature, Speech, Tool, ToolCall, ToolChoice, ToolResult,
};

impl Canon {
    /// The request, without the message at `hole`.
    pub(in crate::client::cache) fn request(&mut self, request: &ChatRequest, hole: Option<usize>) {
        let ChatRequest {
            model,
            provider,
            messages,
            tools,
            tool_choice,
            parallel_tool_calls,
            format,
            max_tokens,
            temperature,
            top_p,
            top_k,
            frequency_penalty,
            presence_penalty,
            stop,
            seed,
            reasoning,
            show_reasoning,
            speech,
            // A hint to the provider's prompt cache: it changes what is billed, not what is answered.
            cache_key: _,
            // Labels for the provider's records.
            metadata: _,
            // For the provider's abuse detection; who may see an answer is the caller's part.
            user: _,
            options,
        } = request;
        self.option(model.as_deref(), Self::text);
        self.option(provider.as_deref(), Self::text);
        self.number(u64::try_from(messages.len()).unwrap_or(u64::MAX));
        for (index, message) in messages.iter().enumerate() {
            if hole == Some(index) {
                self.tag(u8::MAX);
            } else {
                self.message(message);
            }
        }
        self.list(tools, Self::tool);
        match tool_choice {
            ToolChoice::Auto => self.tag(0),
            ToolChoice::None => self.tag(1),
            ToolChoice::Required => self.tag(2),
            ToolChoice::Tool(name) => {
                self.tag(3);
                self.text(name);
            }
        }
        self.option(*parallel_tool_calls, Self::flag);
        self.format(format);
        self.option(*max_tokens, |canon, tokens| canon.number(tokens.into()));
        self.option(*temperature, Self::float);
        self.option(*top_p, Self::float);
        self.option(*top_k, |canon, top| canon.number(top.into()));
        self.option(*frequency_penalty, Self::float);
        self.option(*presence_penalty, Self::float);
        self.list(stop, |canon, text| canon.text(text));
        self.option(*seed, |canon, seed| canon.bytes(&seed.to_le_bytes()));
        self.option(reasoning.as_ref(), Self::effort);
        self.flag(*show_reasoning);
        self.option(speech.as_ref(), |canon, Speech { voice, format }| {
            canon.text(voice);
            canon.text(format);
        });
        let dialects: Vec<_> = options.iter().collect();
        self.list(&dialects, |canon, (dialect, options)| {
            canon.text(dialect);
            canon.map(options);
        });
    }

    fn message(&mut self, Message { role, parts }: &Message) {
        self.tag(match role {
            Role::System => 0,
            Role::User => 1,
            Role::Assistant => 2,
            Role::Tool => 3,
        });
        self.list(parts, Self::part);
    }

    fn part(&mut self, part: &Part) {
        match part {
            Part::Text(text) => {
                self.tag(0);
                self.text(text);
            }
            Part::Image(media) => {
                self.tag(1);
                self.media(media);
            }
            Part::Document(media) => {
                self.tag(2);
                self.media(media);
            }
            Part::Audio(media) => {
                self.tag(3);
                self.media(media);
            }
            Part::ToolCall(call) => {
                self.tag(4);
                self.tool_call(call);
            }
            Part::ToolResult(ToolResult {
                call_id,
                content,
                is_error,
            }) => {
                self.tag(5);
                self.text(call_id);
                self.text(content);
                self.flag(*is_error);
            }
            Part::Reasoning(Reasoning { text, signature }) => {
                self.tag(6);
                self.text(text);
                self.option(signature.as_ref(), Self::signature);
            }
            Part::Refusal(text) => {
                self.tag(7);
                self.text(text);
            }
            Part::Citation(citation) => {
                self.tag(8);
                self.citation(citation);
            }
            Part::CachePoint(ttl) => {
                self.tag(9);
                self.cache_point(*ttl);
            }
        }
    }

    fn media(
        &mut self,
        Media {
            media_type,
            source,
            name,
        }: &Media,
    ) {
        self.text(media_type);
        match source {
            MediaSource::Bytes(bytes) => {
                self.tag(0);
                self.bytes(bytes);
            }
            MediaSource::Url(url) => {
                self.tag(1);
                self.text(url);
            }
        }
        self.option(name.as_deref(), Self::text);
    }

    fn tool_call(&mut self, call: &ToolCall) {
        let ToolCall {
            id,
            name,
            arguments,
            signature,
        } = call;
        self.text(id);
        self.text(name);
        self.text(arguments);
        self.option(signature.as_ref(), Self::signature);
    }

    fn signature(&mut self, Signature { provider, value }: &Signature) {
        self.text(provider.as_str());
        self.text(value);
    }

    fn citation(&mut self, citation: &Citation) {
        let Citation {
            text,
            cited,
            title,
            id,
            url,
        } = citation;
        self.text(text);
        for part in [cited, title, id, url] {
            self.option(part.as_deref(), Self::text);
        }
    }

    fn cache_point(&mut self, ttl: CacheTtl) {
        self.tag(match ttl {
            CacheTtl::FiveMinutes => 0,
            CacheTtl::OneHour => 1,
        });
    }

    fn tool(&mut self, tool: &Tool) {
        let Tool {
            name,
            description,
            parameters,
            strict,
            cache_point,
        } = tool;
        self.text(name);
        self.option(description.as_deref(), Self::text);
        self.json(parameters);
        self.option(*strict, Self::flag);
        self.option(*cache_point, Self::cache_point);
    }

    fn format(&mut self, format: &ResponseFormat) {
        match format {
            ResponseFormat::Text => self.tag(0),
            ResponseFormat::JsonObject => self.tag(1),
            ResponseFormat::JsonSchema { name, schema, strict } => {
                self.tag(2);
                self.text(name);
                self.json(schema);
                self.flag(*strict);
            }
        }
    }

    fn effort(&mut self, effort: &ReasoningEffort) {
        match effort {
            ReasoningEffort::None => self.tag(0),
            ReasoningEffort::Minimal => self.tag(1),
            ReasoningEffort::Low => self.tag(2),
            ReasoningEffort::Medium => self.tag(3),
            ReasoningEffort::High => self.tag(4),
            ReasoningEffort::Tokens(tokens) => {
                self.tag(5);
                self.number(u64::from(*tokens));
            }
            ReasoningEffort::Other(word) => {
                self.tag(6);
                self.text(word);
            }
        }
    }
}
