//! From the events of a streamed answer to ours.

mod event;

use std::collections::BTreeMap;

use serde::Deserialize as _;
use serde_json::Value;

use self::event::{About, Annotated, Kind, More, MoreArguments, OfItem, read, unnamed_error};
use super::BETWEEN_SUMMARIES;
use super::item::{Call, Content, Item, Thought, WireResponse};
use crate::chat::StreamEvent;
use crate::error::{Error, ErrorKind};
use crate::provider::ProviderId;
use crate::usage::Usage;
use crate::wire::event_stream::EventAnswer;
use crate::wire::failure;
use crate::wire::json::{arguments, malformed};
use crate::wire::quoting::MAX_CITATIONS;
use crate::wire::sse::SseFrame;

/// More items no answer has; they need not become events, so that nobody else would stop them from filling the memory.
const MAX_ITEMS: usize = 1_024;

/// Whether a piece comes in fragments, or at its end once more as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Length {
    Fragment,
    Whole,
}

/// What a text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Voice {
    Text,
    Refusal,
    Summary,
    Reasoning,
}

/// One item of the output so far.
#[derive(Debug, Default)]
struct Open {
    /// Which call of the answer it is, once its beginning has been told.
    call: Option<u32>,
    voice: Option<Voice>,
    /// The piece that is being written, and whether anything of it has been told.
    piece: u64,
    told_of_piece: bool,
    told: bool,
    cited: bool,
    ended: bool,
    /// The text of the piece, in which citations have their places.
    text: String,
}

/// One streamed answer.
#[derive(Debug)]
pub(super) struct Answer {
    provider: ProviderId,
    begun: bool,
    items: BTreeMap<u64, Open>,
    calls: u32,
    usage: Option<Usage>,
    closed: bool,
}

impl EventAnswer for Answer {
    fn is_complete(&self) -> bool {
        self.closed
    }

    fn cut(&mut self, _out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        Err(Error::new(ErrorKind::StreamTruncated))
    }

    fn frame(&mut self, frame: SseFrame<'_>, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        let SseFrame::Event { event, data } = frame else {
            out.push(StreamEvent::Ping);
            return Ok(());
        };
        if self.closed || data.is_empty() || data == "[DONE]" {
            return Ok(());
        }
        let kind = read::<Kind<'_>>(data)?.kind;
        let kind = kind.as_deref().unwrap_or(event);
        match kind.strip_prefix("response.").unwrap_or(kind) {
            "created" | "in_progress" | "queued" => self.begin(read::<About>(data)?.response, out),
            "output_item.added" => self.added(read(data)?, out)?,
            "output_item.done" => {
                let OfItem { output_index, item } = read(data)?;
                self.done(output_index, item, out)?;
            }
            "output_text.delta" => self.say(Voice::Text, Length::Fragment, read(data)?, out)?,
            "output_text.done" => self.say(Voice::Text, Length::Whole, read(data)?, out)?,
            "output_text.annotation.added" => self.cite(read(data)?, out)?,
            "refusal.delta" => self.say(Voice::Refusal, Length::Fragment, read(data)?, out)?,
            "refusal.done" => self.say(Voice::Refusal, Length::Whole, read(data)?, out)?,
            "reasoning_summary_text.delta" => {
                self.say(Voice::Summary, Length::Fragment, read(data)?, out)?;
            }
            "reasoning_summary_text.done" => self.say(Voice::Summary, Length::Whole, read(data)?, out)?,
            "reasoning_text.delta" => self.say(Voice::Reasoning, Length::Fragment, read(data)?, out)?,
            "reasoning_text.done" => self.say(Voice::Reasoning, Length::Whole, read(data)?, out)?,
            "function_call_arguments.delta" => self.argue(Length::Fragment, read(data)?, out)?,
            "function_call_arguments.done" => self.argue(Length::Whole, read(data)?, out)?,
            "completed" | "incomplete" => self.close(read::<About>(data)?.response, out)?,
            "failed" | "error" => return Err(self.failed(data, out)),
            // An event of its own for what was told already.
            "content_part.added"
            | "content_part.done"
            | "reasoning_summary_part.added"
            | "reasoning_summary_part.done" => {}
            _ => match read(data).ok().as_ref().and_then(unnamed_error) {
                Some(error) => return Err(error),
                None => out.push(StreamEvent::Ping),
            },
        }
        Ok(())
    }
}

impl Answer {
    pub(super) const fn new(provider: ProviderId) -> Self {
        Self {
            provider,
            begun: false,
            items: BTreeMap::new(),
            calls: 0,
            usage: None,
            closed: false,
        }
    }

    fn begin(&mut self, response: WireResponse, out: &mut Vec<StreamEvent>) {
        if !self.begun {
            self.begun = true;
            let (id, model) = (response.id, response.model);
            out.push(StreamEvent::Start { id, model });
        }
    }

    fn item(&mut self, index: u64) -> Result<&mut Open, Error> {
        if !self.items.contains_key(&index) && self.items.len() == MAX_ITEMS {
            return Err(malformed("output items without end"));
        }
        Ok(self.items.entry(index).or_default())
    }

    fn added(&mut self, event: OfItem, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        self.item(event.output_index)?;
        match event.item {
            Item::FunctionCall(call) => self.call(event.output_index, call, out).map(drop),
            _ => Ok(()),
        }
    }

    /// Begins a call, if it has not begun; says which of the answer it is.
    fn call(&mut self, at: u64, mut call: Call, out: &mut Vec<StreamEvent>) -> Result<u32, Error> {
        let index = self.calls;
        let item = self.item(at)?;
        if let Some(known) = item.call {
            return Ok(known);
        }
        if call.name.is_empty() {
            return Err(malformed("a tool call without a name"));
        }
        item.call = Some(index);
        self.calls += 1;
        let (id, name) = (call.key(), call.name);
        out.push(StreamEvent::ToolCallStart { index, id, name });
        Ok(index)
    }

    fn argue(
        &mut self,
        length: Length,
        more: MoreArguments,
        out: &mut Vec<StreamEvent>,
    ) -> Result<(), Error> {
        let item = self.item(more.output_index)?;
        let Some(index) = item.call else {
            return Err(malformed("arguments of no tool call"));
        };
        let arguments = arguments(more.arguments);
        if arguments.is_empty() || item.told && length == Length::Whole {
            return Ok(());
        }
        item.told = true;
        out.push(StreamEvent::ToolCallDelta { index, arguments });
        Ok(())
    }

    fn say(
        &mut self,
        voice: Voice,
        length: Length,
        more: More,
        out: &mut Vec<StreamEvent>,
    ) -> Result<(), Error> {
        let item = self.item(more.output_index)?;
        let aloud = matches!(voice, Voice::Text | Voice::Refusal);
        // Some give both a summary and the reasoning; the first to come is told.
        if item.ended || !aloud && item.voice.is_some_and(|first| first != voice) {
            return Ok(());
        }
        if item.piece != more.content_index || item.voice != Some(voice) {
            item.piece = more.content_index;
            item.told_of_piece = false;
            item.text.clear();
        }
        item.voice = Some(voice);
        if more.delta.is_empty() || item.told_of_piece && length == Length::Whole {
            return Ok(());
        }
        if item.told && !item.told_of_piece && !aloud {
            out.push(StreamEvent::Reasoning(BETWEEN_SUMMARIES.to_owned()));
        }
        (item.told, item.told_of_piece) = (true, true);
        out.push(match voice {
            Voice::Text => {
                item.text.push_str(&more.delta);
                StreamEvent::Text(more.delta)
            }
            Voice::Refusal => StreamEvent::Refusal(more.delta),
            Voice::Summary | Voice::Reasoning => StreamEvent::Reasoning(more.delta),
        });
        Ok(())
    }

    fn cite(&mut self, event: Annotated, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        let item = self.item(event.output_index)?;
        item.cited = true;
        let citation = event
            .annotation
            .and_then(|annotation| annotation.citation(&item.text));
        out.extend(citation.map(StreamEvent::Citation));
        Ok(())
    }

    /// An item is complete: tells what its own events have not.
    fn done(&mut self, at: u64, item: Item, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        if self.item(at)?.ended {
            return Ok(());
        }
        match item {
            Item::Message { content } => self.message(at, content.unwrap_or_default(), out)?,
            Item::FunctionCall(mut call) => {
                let arguments = call.arguments.take();
                let index = self.call(at, call, out)?;
                let output_index = at;
                self.argue(
                    Length::Whole,
                    MoreArguments {
                        output_index,
                        arguments,
                    },
                    out,
                )?;
                out.push(StreamEvent::ToolCallEnd { index });
            }
            Item::Reasoning(thought) => self.thought(at, thought, out)?,
            Item::ImageGenerationCall(picture) => out.extend(picture.media().map(StreamEvent::Media)),
            Item::Other => {}
        }
        let item = self.item(at)?;
        item.ended = true;
        item.text = String::new();
        Ok(())
    }

    fn message(&mut self, at: u64, content: Vec<Content>, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        let item = self.item(at)?;
        let (told, cited) = (item.told, item.cited);
        for content in content {
            match content {
                Content::OutputText { text, annotations } => {
                    let citations = annotations.into_iter().filter(|_| !cited).take(MAX_CITATIONS);
                    let citations: Vec<_> = citations
                        .filter_map(|annotation| annotation.citation(&text))
                        .collect();
                    if !told && !text.is_empty() {
                        out.push(StreamEvent::Text(text));
                    }
                    out.extend(citations.into_iter().map(StreamEvent::Citation));
                }
                Content::Refusal { refusal } if !told && !refusal.is_empty() => {
                    out.push(StreamEvent::Refusal(refusal));
                }
                _ => {}
            }
        }
        Ok(())
    }

    fn thought(&mut self, at: u64, thought: Thought, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        if !self.item(at)?.told {
            let text = thought.text();
            out.extend((!text.is_empty()).then_some(StreamEvent::Reasoning(text)));
        }
        out.extend(thought.signature(&self.provider).map(StreamEvent::Signature));
        Ok(())
    }

    fn note_usage(&mut self, usage: Option<Usage>, out: &mut Vec<StreamEvent>) {
        if let Some(usage) = usage {
            self.usage = Some(usage.clone());
            out.push(StreamEvent::Usage(usage));
        }
    }

    fn close(&mut self, mut response: WireResponse, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        let output = response.output.take().unwrap_or_default();
        let (usage, begun) = (response.usage(), self.begun);
        if !begun {
            let (id, model) = (
                std::mem::take(&mut response.id),
                std::mem::take(&mut response.model),
            );
            self.begun = true;
            out.push(StreamEvent::Start { id, model });
        }
        // Some servers send nothing but the whole.
        if self.items.is_empty() {
            for (at, item) in (0..).zip(output) {
                self.done(at, item, out)?;
            }
        }
        let open = self.items.values().filter(|item| !item.ended);
        out.extend(
            open.filter_map(|item| item.call)
                .map(|index| StreamEvent::ToolCallEnd { index }),
        );
        self.note_usage(usage, out);
        self.closed = true;
        out.push(StreamEvent::Finish {
            reason: response.finish(self.calls > 0),
            usage: self.usage.take(),
        });
        Ok(())
    }

    /// What went wrong, wherever the event says it.
    fn failed(&mut self, data: &str, out: &mut Vec<StreamEvent>) -> Error {
        let Ok(event) = serde_json::from_str::<Value>(data) else {
            return Error::new(ErrorKind::ServerError);
        };
        let response = event.get("response").unwrap_or(&event);
        if let Ok(told) = WireResponse::deserialize(response) {
            self.note_usage(told.usage(), out);
        }
        failure::within_answer(response).unwrap_or_else(|| Error::new(ErrorKind::ServerError))
    }
}
