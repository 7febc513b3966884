//! What an answer consists of, as whole answers and streams both hold it.

use serde::Deserialize;
use serde_json::Value;

use super::{BETWEEN_SUMMARIES, Sealed};
use crate::chat::{Citation, FinishReason, Media, MediaSource, Signature};
use crate::provider::ProviderId;
use crate::usage::Usage;
use crate::wire::data_url;
use crate::wire::json::{count, or_default};
use crate::wire::openai_chat::usage::Totals;
use crate::wire::quoting::MAX_QUOTED;

/// The answer itself, or what its events tell of it.
#[derive(Debug, Default, Deserialize)]
pub(super) struct WireResponse {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) model: String,
    pub(super) status: Option<String>,
    pub(super) incomplete_details: Option<Incomplete>,
    pub(super) output: Option<Vec<Item>>,
    pub(super) usage: Option<WireUsage>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Incomplete {
    reason: Option<String>,
}

impl WireResponse {
    pub(super) fn finish(&self, called_tools: bool) -> FinishReason {
        let reason = self.incomplete_details.as_ref();
        match reason.and_then(|details| details.reason.as_deref()) {
            Some("max_output_tokens" | "max_tokens") => FinishReason::Length,
            Some("content_filter") => FinishReason::ContentFilter,
            Some(other) => FinishReason::Other(other.to_owned()),
            None if self.status.as_deref() == Some("incomplete") => {
                FinishReason::Other("incomplete".to_owned())
            }
            None if called_tools => FinishReason::ToolCalls,
            None => FinishReason::Stop,
        }
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        self.usage.as_ref().and_then(WireUsage::as_usage)
    }
}

/// One item of the output; those of tools that run at the provider are none of ours.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Item {
    Message {
        content: Option<Vec<Content>>,
    },
    FunctionCall(Call),
    Reasoning(Thought),
    ImageGenerationCall(Picture),
    #[serde(other)]
    Other,
}

#[derive(Debug, Deserialize)]
pub(super) struct Call {
    #[serde(default, deserialize_with = "or_default")]
    pub(super) id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) call_id: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) name: String,
    pub(super) arguments: Option<Value>,
}

impl Call {
    /// What ties a result to the call.
    pub(super) fn key(&mut self) -> String {
        std::mem::take(if self.call_id.is_empty() {
            &mut self.id
        } else {
            &mut self.call_id
        })
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Thought {
    #[serde(default, deserialize_with = "or_default")]
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    summary: Vec<Content>,
    #[serde(default, deserialize_with = "or_default")]
    content: Vec<Content>,
    encrypted_content: Option<String>,
}

impl Thought {
    /// The summary; open models give the reasoning itself instead.
    pub(super) fn text(&self) -> String {
        let texts = |contents: &[Content]| {
            let texts: Vec<&str> = contents
                .iter()
                .filter_map(|content| match content {
                    Content::SummaryText { text } | Content::ReasoningText { text } => Some(text.as_str()),
                    _ => None,
                })
                .collect();
            texts.join(BETWEEN_SUMMARIES)
        };
        let summary = texts(&self.summary);
        if summary.is_empty() {
            texts(&self.content)
        } else {
            summary
        }
    }

    pub(super) fn signature(self, provider: &ProviderId) -> Option<Signature> {
        let encrypted_content = self.encrypted_content.filter(|sealed| !sealed.is_empty())?;
        let sealed = Sealed {
            id: self.id,
            encrypted_content,
        };
        sealed.into_signature(provider)
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Picture {
    result: Option<String>,
    output_format: Option<String>,
}

impl Picture {
    pub(super) fn media(&self) -> Option<Media> {
        let bytes = data_url::decode(self.result.as_deref()?)?;
        let form = self.output_format.as_deref().unwrap_or("png");
        Some(Media::new(format!("image/{form}"), MediaSource::Bytes(bytes)))
    }
}

/// A piece of a message or of reasoning.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Content {
    #[serde(alias = "text")]
    OutputText {
        #[serde(default, deserialize_with = "or_default")]
        text: String,
        #[serde(default, deserialize_with = "or_default")]
        annotations: Vec<Annotation>,
    },
    Refusal {
        #[serde(default, deserialize_with = "or_default")]
        refusal: String,
    },
    SummaryText {
        #[serde(default, deserialize_with = "or_default")]
        text: String,
    },
    ReasoningText {
        #[serde(default, deserialize_with = "or_default")]
        text: String,
    },
    #[serde(other)]
    Other,
}

/// Where a text was taken from; places are counted in characters.
#[derive(Debug, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Annotation {
    UrlCitation {
        #[serde(default, deserialize_with = "count")]
        start_index: u64,
        #[serde(default, deserialize_with = "count")]
        end_index: u64,
        url: Option<String>,
        title: Option<String>,
    },
    #[serde(alias = "container_file_citation")]
    FileCitation {
        #[serde(default, deserialize_with = "count")]
        start_index: u64,
        #[serde(default, deserialize_with = "count")]
        end_index: u64,
        file_id: Option<String>,
        filename: Option<String>,
    },
    #[serde(other)]
    Other,
}

impl Annotation {
    /// The citation, with its words as they stand in `text`.
    pub(super) fn citation(self, text: &str) -> Option<Citation> {
        let given = |text: &Option<String>| text.clone().filter(|text| !text.is_empty());
        match self {
            Self::UrlCitation {
                start_index,
                end_index,
                url,
                title,
            } => {
                let mut citation = Citation::new(between(text, start_index, end_index));
                (citation.url, citation.title) = (given(&url), given(&title));
                Some(citation)
            }
            Self::FileCitation {
                start_index,
                end_index,
                file_id,
                filename,
            } => {
                let mut citation = Citation::new(between(text, start_index, end_index));
                (citation.id, citation.title) = (given(&file_id), given(&filename));
                Some(citation)
            }
            Self::Other => None,
        }
    }
}

/// The characters from `start` to `end`; nothing where they do not all exist, or are more than anybody quotes.
pub(in crate::wire) fn between(text: &str, start: u64, end: u64) -> String {
    let (Ok(start), Ok(end)) = (usize::try_from(start), usize::try_from(end)) else {
        return String::new();
    };
    let length = Some(end.saturating_sub(start)).filter(|length| *length <= MAX_QUOTED);
    text.chars().skip(start).take(length.unwrap_or(0)).collect()
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct WireUsage {
    #[serde(default, deserialize_with = "count")]
    input_tokens: u64,
    #[serde(default, deserialize_with = "count")]
    output_tokens: u64,
    #[serde(default, deserialize_with = "count")]
    total_tokens: u64,
    input_tokens_details: Option<InputDetails>,
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Debug, Default, Deserialize)]
struct InputDetails {
    #[serde(default, deserialize_with = "count")]
    cached_tokens: u64,
    #[serde(default, deserialize_with = "count")]
    cache_write_tokens: u64,
    #[serde(default, deserialize_with = "count")]
    audio_tokens: u64,
}

#[derive(Debug, Default, Deserialize)]
struct OutputDetails {
    #[serde(default, deserialize_with = "count")]
    reasoning_tokens: u64,
    #[serde(default, deserialize_with = "count")]
    audio_tokens: u64,
}

impl WireUsage {
    fn as_usage(&self) -> Option<Usage> {
        let (input, output) = (&self.input_tokens_details, &self.output_tokens_details);
        let totals = Totals {
            input: self.input_tokens,
            output: self.output_tokens,
            all: self.total_tokens,
            cached: input.as_ref().map_or(0, |details| details.cached_tokens),
            written: input.as_ref().map_or(0, |details| details.cache_write_tokens),
            audio_input: input.as_ref().map_or(0, |details| details.audio_tokens),
            reasoning: output.as_ref().map_or(0, |details| details.reasoning_tokens),
            audio_output: output.as_ref().map_or(0, |details| details.audio_tokens),
        };
        totals.into_usage()
    }
}
