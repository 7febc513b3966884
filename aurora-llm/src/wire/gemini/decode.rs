//! From the body of an answer, or a piece of one, to our response.

use serde::Deserialize;
use serde_json::{Map, Value};

use super::citations::{self, CitationMetadata, GroundingMetadata};
use super::content::{self, ALONE, BEFORE};
use crate::chat::{
    ChatResponse, Citation, FinishReason, Media, MediaSource, Message, Part, Reasoning, Role, Signature,
    ToolCall,
};
use crate::error::{Error, ErrorKind};
use crate::provider::ProviderId;
use crate::usage::Usage;
use crate::wire::failure;
use crate::wire::json::{count, malformed, optional_count, or_default, unreadable};

/// A whole answer, or a piece of a streamed one: they have one form.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireResponse {
    #[serde(deserialize_with = "or_default")]
    pub(super) candidates: Vec<Candidate>,
    prompt_feedback: Option<PromptFeedback>,
    pub(super) usage_metadata: Option<WireUsage>,
    #[serde(deserialize_with = "or_default")]
    pub(super) model_version: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) response_id: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Candidate {
    #[serde(deserialize_with = "or_default")]
    content: Content,
    pub(super) finish_reason: Option<String>,
    #[serde(deserialize_with = "or_default")]
    finish_message: String,
    #[serde(deserialize_with = "or_default")]
    citation_metadata: CitationMetadata,
    #[serde(deserialize_with = "or_default")]
    grounding_metadata: GroundingMetadata,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Content {
    #[serde(deserialize_with = "or_default")]
    parts: Vec<WirePart>,
}

/// A part of any kind; what it is not, is empty. Code that Google ran by itself is passed over.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WirePart {
    #[serde(deserialize_with = "or_default")]
    pub(super) text: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) thought: bool,
    #[serde(deserialize_with = "or_default")]
    pub(super) thought_signature: String,
    pub(super) function_call: Option<FunctionCall>,
    pub(super) inline_data: Option<InlineData>,
    pub(super) file_data: Option<FileData>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(super) struct FunctionCall {
    #[serde(deserialize_with = "or_default")]
    pub(super) id: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) name: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) args: Map<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct InlineData {
    #[serde(deserialize_with = "or_default")]
    pub(super) mime_type: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) data: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct FileData {
    #[serde(deserialize_with = "or_default")]
    pub(super) mime_type: String,
    #[serde(deserialize_with = "or_default")]
    pub(super) file_uri: String,
}

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct PromptFeedback {
    #[serde(deserialize_with = "or_default")]
    block_reason: String,
    #[serde(deserialize_with = "or_default")]
    block_reason_message: String,
}

/// Usage as Gemini counts it; in a stream each piece says it anew.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct WireUsage {
    #[serde(deserialize_with = "optional_count")]
    prompt_token_count: Option<u64>,
    #[serde(deserialize_with = "optional_count")]
    cached_content_token_count: Option<u64>,
    #[serde(deserialize_with = "optional_count")]
    candidates_token_count: Option<u64>,
    #[serde(deserialize_with = "optional_count")]
    thoughts_token_count: Option<u64>,
    #[serde(deserialize_with = "optional_count")]
    tool_use_prompt_token_count: Option<u64>,
    #[serde(deserialize_with = "or_default")]
    prompt_tokens_details: Vec<Modality>,
    #[serde(deserialize_with = "or_default")]
    cache_tokens_details: Vec<Modality>,
    #[serde(deserialize_with = "or_default")]
    candidates_tokens_details: Vec<Modality>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Modality {
    #[serde(deserialize_with = "or_default")]
    modality: String,
    #[serde(deserialize_with = "count")]
    token_count: u64,
}

fn sound(details: &[Modality]) -> u64 {
    let sound = details.iter().filter(|detail| detail.modality == "AUDIO");
    sound.fold(0, |sum, detail| sum.saturating_add(detail.token_count))
}

impl WireUsage {
    /// Disjoint parts; `None` when nothing was reported.
    pub(super) fn usage(&self) -> Option<Usage> {
        let prompt = self.prompt_token_count.unwrap_or(0);
        let cache_read = self.cached_content_token_count.unwrap_or(0).min(prompt);
        let fresh = prompt - cache_read;
        let audio_input = sound(&self.prompt_tokens_details)
            .saturating_sub(sound(&self.cache_tokens_details))
            .min(fresh);
        let said = self.candidates_token_count.unwrap_or(0);
        let audio_output = sound(&self.candidates_tokens_details).min(said);
        let usage = Usage {
            input: fresh - audio_input,
            cache_read,
            audio_input,
            tool_input: self.tool_use_prompt_token_count.unwrap_or(0),
            output: said - audio_output,
            reasoning: self.thoughts_token_count.unwrap_or(0),
            audio_output,
            ..Usage::default()
        };
        (usage.total() > 0).then_some(usage)
    }
}

/// What a piece of an answer says, in order.
#[derive(Debug)]
pub(super) enum Said {
    Text(String),
    Thought(String),
    Signature(Signature),
    Call(ToolCall),
    Media(Media),
    Citation(Citation),
}

impl WireResponse {
    pub(super) fn read(value: Value) -> Result<Self, Error> {
        if let Some(error) = failure::within_answer(&value) {
            return Err(error);
        }
        let wire =
            Self::deserialize(value).map_err(|error| unreadable("not the form of an answer", &error))?;
        wire.refuse_blocked()?;
        Ok(wire)
    }

    /// A prompt that was blocked has no candidates, whatever the reason is called.
    fn refuse_blocked(&self) -> Result<(), Error> {
        match &self.prompt_feedback {
            Some(feedback) if self.candidates.is_empty() && !feedback.block_reason.is_empty() => {
                let error = Error::new(ErrorKind::ContentFiltered)
                    .with_context("the prompt was blocked")
                    .with_code(feedback.block_reason.chars().take(100).collect::<String>());
                Err(if feedback.block_reason_message.is_empty() {
                    error
                } else {
                    error.with_provider_message(&feedback.block_reason_message)
                })
            }
            _ => Ok(()),
        }
    }
}

/// What is carried from one piece of an answer to the next.
#[derive(Debug)]
pub(super) struct Reader {
    provider: ProviderId,
    /// The id of the answer, as far as it may stand in the id of a call.
    id: String,
    calls: usize,
    cited: citations::Seen,
}

impl Reader {
    pub(super) fn new(provider: ProviderId) -> Self {
        Self {
            provider,
            id: String::new(),
            calls: 0,
            cited: citations::Seen::default(),
        }
    }

    pub(super) fn is_calling(&self) -> bool {
        self.calls > 0
    }

    /// Takes over the id of the answer; the first one counts.
    pub(super) fn identify(&mut self, id: &str) {
        if self.id.is_empty() {
            let plain = |letter: &char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
            self.id = id.chars().filter(plain).take(24).collect();
        }
    }

    pub(super) fn candidate(&mut self, candidate: Candidate, out: &mut Vec<Said>) -> Result<(), Error> {
        refuse_failed(candidate.finish_reason.as_deref(), &candidate.finish_message)?;
        for part in candidate.content.parts {
            self.part(part, out)?;
        }
        let found = citations::read(candidate.citation_metadata, candidate.grounding_metadata);
        out.extend(self.cited.new_ones(found).map(Said::Citation));
        Ok(())
    }

    fn part(&mut self, part: WirePart, out: &mut Vec<Said>) -> Result<(), Error> {
        let signature = part.thought_signature;
        let sign = |mark: &str, value: &str| {
            let value = format!("{mark}{value}");
            Said::Signature(Signature::new(self.provider.clone(), value))
        };
        if let Some(call) = part.function_call {
            let mut call = self.call(call)?;
            if !signature.is_empty() {
                call.signature = Some(Signature::new(self.provider.clone(), signature));
            }
            out.push(Said::Call(call));
            return Ok(());
        }
        let mark = if part.thought {
            ""
        } else if part.text.is_empty() && part.inline_data.is_none() && part.file_data.is_none() {
            ALONE
        } else {
            BEFORE
        };
        let signature = (!signature.is_empty()).then(|| sign(mark, &signature));
        if let Some(data) = part.inline_data {
            let bytes = content::base64(&data.data).ok_or_else(|| malformed("a part is not base64"))?;
            out.push(Said::Media(Media::new(data.mime_type, MediaSource::Bytes(bytes))));
        } else if let Some(file) = part.file_data {
            out.push(Said::Media(Media::new(
                file.mime_type,
                MediaSource::Url(file.file_uri),
            )));
        } else if !part.text.is_empty() {
            out.push(if part.thought {
                Said::Thought(part.text)
            } else {
                Said::Text(part.text)
            });
        }
        out.extend(signature);
        Ok(())
    }

    fn call(&mut self, call: FunctionCall) -> Result<ToolCall, Error> {
        if call.name.is_empty() {
            return Err(malformed("a tool call without name"));
        }
        let number = self.calls;
        self.calls += 1;
        let id = match (call.id.is_empty(), self.id.is_empty()) {
            (false, _) => call.id,
            (true, false) => format!("call_{}_{number}", self.id),
            (true, true) => format!("call_{number}"),
        };
        Ok(ToolCall::new(id, call.name, Value::Object(call.args).to_string()))
    }
}

/// What the model, not the request, has done wrong helps to ask again; what the request has, does not.
fn refuse_failed(reason: Option<&str>, message: &str) -> Result<(), Error> {
    let reason = reason.unwrap_or_default();
    let error = match reason {
        "MALFORMED_FUNCTION_CALL" | "UNEXPECTED_TOOL_CALL" | "MALFORMED_RESPONSE" => {
            malformed("the model wrote what its own server could not read")
        }
        "MISSING_THOUGHT_SIGNATURE" => {
            Error::new(ErrorKind::InvalidRequest).with_context("a signature is missing in the conversation")
        }
        _ => return Ok(()),
    };
    let error = error.with_code(reason);
    Err(if message.is_empty() {
        error
    } else {
        error.with_provider_message(message)
    })
}

pub(super) fn response(body: &[u8], provider: &ProviderId) -> Result<ChatResponse, Error> {
    let value: Value = serde_json::from_slice(body).map_err(|error| unreadable("not JSON", &error))?;
    let wire = WireResponse::read(value)?;
    let mut reader = Reader::new(provider.clone());
    reader.identify(&wire.response_id);
    let candidate = wire.candidates.into_iter().next();
    let candidate = candidate.ok_or_else(|| malformed("an answer without candidates"))?;
    let reason = candidate.finish_reason.clone();
    let mut said = Vec::new();
    reader.candidate(candidate, &mut said)?;
    let mut parts: Vec<Part> = Vec::with_capacity(said.len());
    for said in said {
        match said {
            Said::Text(text) => match parts.last_mut() {
                Some(Part::Text(before)) => before.push_str(&text),
                _ => parts.push(Part::Text(text)),
            },
            Said::Thought(text) => match parts.last_mut() {
                Some(Part::Reasoning(before)) if before.signature.is_none() => before.text.push_str(&text),
                _ => parts.push(Part::Reasoning(Reasoning::new(text, None))),
            },
            Said::Signature(signature) => match parts.last_mut() {
                Some(Part::Reasoning(before)) if before.signature.is_none() => {
                    before.signature = Some(signature);
                }
                _ => parts.push(Part::Reasoning(Reasoning::new("", Some(signature)))),
            },
            Said::Call(call) => parts.push(Part::ToolCall(call)),
            Said::Media(media) => parts.push(media.into_part()),
            Said::Citation(citation) => parts.push(Part::Citation(citation)),
        }
    }
    Ok(ChatResponse::new(
        wire.response_id,
        wire.model_version,
        Message::new(Role::Assistant, parts),
        finish_reason(reason.as_deref(), reader.is_calling()),
        wire.usage_metadata.and_then(|usage| usage.usage()),
    ))
}

pub(super) fn finish_reason(reason: Option<&str>, called_tools: bool) -> FinishReason {
    match reason.unwrap_or_default() {
        "" | "STOP" | "FINISH_REASON_UNSPECIFIED" if called_tools => FinishReason::ToolCalls,
        "" | "STOP" | "FINISH_REASON_UNSPECIFIED" => FinishReason::Stop,
        "MAX_TOKENS" => FinishReason::Length,
        "SAFETY"
        | "RECITATION"
        | "BLOCKLIST"
        | "PROHIBITED_CONTENT"
        | "SPII"
        | "IMAGE_SAFETY"
        | "IMAGE_PROHIBITED_CONTENT"
        | "IMAGE_RECITATION"
        | "MODEL_ARMOR" => FinishReason::ContentFilter,
        other => FinishReason::Other(other.to_owned()),
    }
}
