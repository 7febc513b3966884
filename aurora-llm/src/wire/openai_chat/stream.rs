//! From the chunks of a streamed answer to our events.

use serde::Deserialize;
use serde_json::Value;

use super::decode::{addresses, cited, finish_reason, reasoning};
use super::fragments::{Fragment, Fragments};
use super::sound::{self, Sound};
use super::usage::WireUsage;
use crate::chat::StreamEvent;
use crate::error::{Error, ErrorKind};
use crate::usage::Usage;
use crate::wire::event_stream::EventAnswer;
use crate::wire::failure;
use crate::wire::json::{LooseText, malformed, or_default, unreadable};
use crate::wire::sse::SseFrame;

#[derive(Debug, Deserialize)]
struct Chunk {
    #[serde(default, deserialize_with = "or_default")]
    id: String,
    #[serde(default, deserialize_with = "or_default")]
    model: String,
    choices: Option<Vec<Choice>>,
    usage: Option<WireUsage>,
    error: Option<Value>,
    citations: Option<Value>,
}

#[derive(Debug, Deserialize)]
struct Choice {
    #[serde(default, deserialize_with = "or_default")]
    index: u32,
    delta: Option<Delta>,
    finish_reason: Option<String>,
}

#[derive(Debug, Default, Deserialize)]
struct Delta {
    content: Option<LooseText>,
    refusal: Option<String>,
    reasoning: Option<LooseText>,
    reasoning_content: Option<LooseText>,
    tool_calls: Option<Vec<Fragment>>,
    audio: Option<Sound>,
    annotations: Option<Vec<Value>>,
}

/// One streamed answer.
#[derive(Debug, Default)]
pub(super) struct Answer {
    id: String,
    begun: bool,
    calls: Fragments,
    /// What was said, in which citations have their places.
    text: String,
    sound: Vec<u8>,
    /// The sources that are listed beside the answer; told once, if no others were.
    listed: Option<Value>,
    cited: bool,
    usage: Option<Usage>,
    finish: Option<String>,
    closed: bool,
}

impl EventAnswer for Answer {
    fn is_complete(&self) -> bool {
        self.closed
    }

    fn cut(&mut self, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        // Some servers leave `[DONE]` out; the reason says that everything was said.
        if self.finish.is_some() {
            self.close(out)
        } else {
            Err(Error::new(ErrorKind::StreamTruncated))
        }
    }

    fn frame(&mut self, frame: SseFrame<'_>, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        let SseFrame::Event { event, data } = frame else {
            out.push(StreamEvent::Ping);
            return Ok(());
        };
        if self.closed || data.is_empty() {
            return Ok(());
        }
        if data == "[DONE]" {
            if !self.begun {
                return Err(malformed("a stream without an answer"));
            }
            return self.close(out);
        }
        let chunk = serde_json::from_str::<Chunk>(data);
        match chunk {
            Ok(chunk) if event != "error" && chunk.error.is_none() && chunk.choices.is_some() => {
                self.chunk(chunk, out)
            }
            Ok(_) => {
                let value: Value = serde_json::from_str(data).unwrap_or_default();
                match failure::within_answer(&value) {
                    Some(error) => Err(error),
                    None if event == "error" => Err(Error::new(ErrorKind::ServerError)),
                    // Some servers send usage or notices in chunks of their own.
                    None => {
                        let usage = value
                            .get("usage")
                            .and_then(|usage| WireUsage::deserialize(usage).ok());
                        self.note_usage(usage, out);
                        Ok(())
                    }
                }
            }
            Err(error) => {
                let value = serde_json::from_str::<Value>(data).ok();
                let reported = value.as_ref().and_then(failure::within_answer);
                Err(reported.unwrap_or_else(|| unreadable("a chunk is not in the documented form", &error)))
            }
        }
    }
}

impl Answer {
    fn chunk(&mut self, chunk: Chunk, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        let choices = chunk.choices.unwrap_or_default();
        // Azure first sends a chunk about the prompt alone, without an id.
        if !(self.begun || choices.is_empty() && chunk.id.is_empty()) {
            self.begun = true;
            self.id.clone_from(&chunk.id);
            out.push(StreamEvent::Start {
                id: chunk.id,
                model: chunk.model,
            });
        }
        if chunk.citations.is_some() {
            self.listed = chunk.citations;
        }
        // Only one answer was asked for.
        for choice in choices.into_iter().filter(|choice| choice.index == 0) {
            self.delta(choice.delta.unwrap_or_default(), out)?;
            if let Some(reason) = choice.finish_reason.filter(|reason| !reason.is_empty()) {
                self.finish = Some(reason);
            }
        }
        self.note_usage(chunk.usage, out);
        Ok(())
    }

    fn note_usage(&mut self, usage: Option<WireUsage>, out: &mut Vec<StreamEvent>) {
        if let Some(usage) = usage.and_then(WireUsage::into_usage)
            && self.usage.as_ref() != Some(&usage)
        {
            self.usage = Some(usage.clone());
            out.push(StreamEvent::Usage(usage));
        }
    }

    fn delta(&mut self, delta: Delta, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        if let Some(text) = reasoning([delta.reasoning_content, delta.reasoning]) {
            out.push(StreamEvent::Reasoning(text));
        }
        if let Some(LooseText(text)) = delta.content.filter(|text| !text.0.is_empty()) {
            self.say(text, out);
        }
        if let Some(mut sound) = delta.audio {
            sound.add_to(&mut self.sound).map_err(malformed)?;
            if let Some(text) = sound.transcript() {
                self.say(text, out);
            }
        }
        if delta.annotations.is_some() {
            let before = out.len();
            out.extend(cited(delta.annotations, &self.text).map(StreamEvent::Citation));
            self.cited |= out.len() > before;
        }
        if let Some(text) = delta.refusal.filter(|text| !text.is_empty()) {
            out.push(StreamEvent::Refusal(text));
        }
        for fragment in delta.tool_calls.into_iter().flatten() {
            self.calls.push(fragment, &self.id, out).map_err(malformed)?;
        }
        Ok(())
    }

    fn say(&mut self, text: String, out: &mut Vec<StreamEvent>) {
        self.text.push_str(&text);
        out.push(StreamEvent::Text(text));
    }

    fn close(&mut self, out: &mut Vec<StreamEvent>) -> Result<(), Error> {
        self.closed = true;
        self.calls.end(out).map_err(malformed)?;
        if !self.cited {
            out.extend(addresses(self.listed.as_ref()).map(StreamEvent::Citation));
        }
        let sound = std::mem::take(&mut self.sound);
        if !sound.is_empty() {
            out.push(StreamEvent::Media(sound::media(sound.into())));
        }
        out.push(StreamEvent::Finish {
            reason: finish_reason(self.finish.as_deref(), !self.calls.is_empty()),
            usage: self.usage.take(),
        });
        Ok(())
    }
}
