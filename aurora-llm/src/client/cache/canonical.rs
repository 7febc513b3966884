//! The canonical form of a request: the same for equal requests, different for all others.
//!
//! Every value is written with its length or its tag before it, so that no two different sequences give the same bytes;
//! maps are written in the order of their keys. Structs are taken apart field by field: a field that is added to one of
//! them does not compile here until somebody has said whether it has a say in the answer.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};

use crate::chat::{
    CacheTtl, ChatRequest, Citation, Media, MediaSource, Message, Part, Reasoning, ReasoningEffort,
    ResponseFormat, Role, Signature, Speech, Tool, ToolCall, ToolChoice, ToolResult,
};
use crate::client::options::CallOptions;
use crate::client::route::Routes;

/// SHA-256 of a canonical form.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Digest([u8; 32]);

impl Digest {
    /// All its bits in 43 characters that a key may have.
    pub(super) fn short(&self) -> String {
        URL_SAFE_NO_PAD.encode(self.0)
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What a client's targets are and where its aliases and rules lead, whatever their order, prices and health.
pub(super) fn targets(routes: &Routes) -> Digest {
    let mut names: Vec<_> = routes
        .members()
        .iter()
        .map(|member| {
            let mut canon = Canon::new("target");
            canon.text(&member.target_name());
            canon.text(member.provider_id().as_str());
            canon.text(member.kind());
            canon.text(member.model());
            canon.finish().0
        })
        .collect();
    // The keys of one target are the same target.
    names.sort_unstable();
    names.dedup();
    let mut canon = Canon::new("targets");
    canon.list(&names, |canon, name| canon.bytes(name));
    canon.list(&routes.ways(), |canon, (way, targets)| {
        canon.text(way);
        canon.list(targets, |canon, target| canon.text(target));
    });
    canon.finish()
}

/// Writes a canonical form into a hash.
pub(super) struct Canon(Sha256);

impl Canon {
    /// `what` keeps the forms of different things apart.
    pub(super) fn new(what: &str) -> Self {
        let mut canon = Self(Sha256::new());
        canon.text(what);
        canon
    }

    pub(super) fn finish(self) -> Digest {
        Digest(self.0.finalize().into())
    }

    pub(super) fn number(&mut self, number: u64) {
        self.0.update(number.to_le_bytes());
    }

    pub(super) fn digest(&mut self, digest: &Digest) {
        self.0.update(digest.0);
    }

    pub(super) fn bytes(&mut self, bytes: &[u8]) {
        self.number(u64::try_from(bytes.len()).unwrap_or(u64::MAX));
        self.0.update(bytes);
    }

    pub(super) fn text(&mut self, text: &str) {
        self.bytes(text.as_bytes());
    }

    pub(super) fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            None => self.tag(0),
            Some(value) => {
                self.tag(1);
                write(self, value);
            }
        }
    }

    pub(super) fn list<T>(&mut self, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        self.number(u64::try_from(items.len()).unwrap_or(u64::MAX));
        for item in items {
            write(self, item);
        }
    }

    fn tag(&mut self, tag: u8) {
        self.0.update([tag]);
    }

    fn flag(&mut self, flag: bool) {
        self.tag(u8::from(flag));
    }

    fn float(&mut self, number: f64) {
        // Both zeros are equal.
        self.0.update((number + 0.0).to_bits().to_le_bytes());
    }

    fn json(&mut self, value: &Value) {
        match value {
            Value::Null => self.tag(0),
            Value::Bool(flag) => {
                self.tag(1);
                self.flag(*flag);
            }
            Value::Number(number) => {
                self.tag(2);
                let text = number.to_string();
                self.text(if text == "-0.0" { "0.0" } else { &text });
            }
            Value::String(text) => {
                self.tag(3);
                self.text(text);
            }
            Value::Array(items) => {
                self.tag(4);
                self.list(items, Self::json);
            }
            Value::Object(map) => {
                self.tag(5);
                self.map(map);
            }
        }
    }

    /// Whichever order the map keeps: an application may have `serde_json` keep the order of insertion.
    fn map(&mut self, map: &Map<String, Value>) {
        let sorted: Vec<_> = map.iter().collect::<BTreeMap<_, _>>().into_iter().collect();
        self.list(&sorted, |canon, (name, value)| {
            canon.text(name);
            canon.json(value);
        });
    }

    /// What of the call's options has a say in the answer: which rule of the client holds.
    pub(super) fn call(&mut self, options: &CallOptions, rules: [Option<usize>; 2]) {
        let CallOptions {
            // Part of the owner.
            caller: _,
            // Says how long is waited, not what is answered.
            deadline: _,
            // Chooses between targets that the application holds to be as good as each other.
            sticky: _,
            strategy: _,
            hedge: _,
            // Says what is done when an answer breaks, not what is answered.
            continuation: _,
            cache: _,
        } = options;
        for rule in rules {
            self.option(rule, |canon, at| {
                canon.number(u64::try_from(at).unwrap_or(u64::MAX));
            });
        }
    }

    /// The request, without the message at `hole`.
    pub(super) fn request(&mut self, request: &ChatRequest, hole: Option<usize>) {
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
