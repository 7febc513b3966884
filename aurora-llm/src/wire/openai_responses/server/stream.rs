//! From our events to the dialect's.

mod piece;

use std::collections::BTreeMap;

use aurora_core::time::Timestamp;
use serde_json::{Value, json};

use self::piece::{Speaking, Thinking, Voice, of_content, of_summary, summary_text};
use super::answer::{self, Said, item_id};
use crate::chat::{Citation, FinishReason, Media, Signature, StreamEvent, ToolCall};
use crate::error::Error;
use crate::usage::Usage;
use crate::wire::openai_chat::server::error;

/// Writes one streamed answer as the server-sent events that OpenAI's clients read.
///
/// Each item and each of its contents is opened, written and closed, and stands once more in the whole answer of the
/// last event, as the official clients rely on. After an error nothing follows.
///
/// # Examples
/// ```
/// use aurora_core::time::Timestamp;
/// use aurora_llm::chat::{FinishReason, StreamEvent};
/// use aurora_llm::wire::openai_responses::server::StreamEncoder;
///
/// let mut encoder = StreamEncoder::new(Timestamp::UNIX_EPOCH);
/// let mut out = Vec::new();
/// encoder.push(&StreamEvent::Text("Hi".into()), &mut out);
/// encoder.push(&StreamEvent::Finish { reason: FinishReason::Stop, usage: None }, &mut out);
/// assert!(String::from_utf8_lossy(&out).contains("event: response.completed\n"));
/// ```
#[derive(Debug)]
pub struct StreamEncoder {
    id: String,
    model: String,
    created: Timestamp,
    begun: bool,
    ended: bool,
    sequence: u64,
    output: Vec<Option<Value>>,
    speaking: Option<Speaking>,
    thinking: Option<Thinking>,
    calls: BTreeMap<u32, (usize, ToolCall)>,
    usage: Option<Usage>,
}

impl StreamEncoder {
    /// An encoder of one answer that was begun at `created`.
    #[must_use]
    pub const fn new(created: Timestamp) -> Self {
        Self {
            id: String::new(),
            model: String::new(),
            created,
            begun: false,
            ended: false,
            sequence: 0,
            output: Vec::new(),
            speaking: None,
            thinking: None,
            calls: BTreeMap::new(),
            usage: None,
        }
    }

    /// Writes what `event` becomes; some become nothing. After the terminal nothing is written.
    pub fn push(&mut self, event: &StreamEvent, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        match event {
            StreamEvent::Start { id, model } => {
                self.id.clone_from(id);
                self.model.clone_from(model);
                self.begin(out);
            }
            StreamEvent::Text(text) => self.speak(Voice::Text, text, out),
            StreamEvent::Refusal(text) => self.speak(Voice::Refusal, text, out),
            StreamEvent::Citation(citation) => self.cite(citation, out),
            StreamEvent::Reasoning(text) => self.think(text, out),
            StreamEvent::Signature(signature) => {
                self.think("", out);
                self.end_thought(Some(signature), out);
            }
            StreamEvent::ToolCallStart { index, id, name } => self.call(*index, id, name, out),
            StreamEvent::ToolCallDelta { index, arguments } => self.argue(*index, arguments, out),
            StreamEvent::ToolCallEnd { index } => self.end_call(*index, out),
            StreamEvent::Media(media) => self.picture(media, out),
            StreamEvent::Ping => out.extend_from_slice(b": keep-alive\n\n"),
            StreamEvent::Usage(usage) => self.usage = Some(usage.clone()),
            StreamEvent::Finish { reason, usage } => self.finish(reason, usage.as_ref(), out),
            StreamEvent::ToolCallSignature { .. } => {}
        }
    }

    /// Ends the answer with an error: as a failed response, or as an event of its own when none has begun.
    pub fn fail(&mut self, failure: &Error, out: &mut Vec<u8>) {
        if self.ended {
            return;
        }
        self.ended = true;
        let body = error::body(failure);
        let told = |name: &str| {
            body.pointer(&format!("/error/{name}"))
                .cloned()
                .unwrap_or_default()
        };
        let (code, message) = (told("code"), told("message"));
        if !self.begun {
            self.send(
                "error",
                json!({"code": code, "message": message, "param": null}),
                out,
            );
            return;
        }
        let mut response = answer::head(&self.id, &self.model, self.created);
        response.insert("status".to_owned(), json!("failed"));
        response.insert("error".to_owned(), json!({"code": code, "message": message}));
        let output = std::mem::take(&mut self.output);
        response.insert("output".to_owned(), output.into_iter().flatten().collect());
        self.send("response.failed", json!({"response": response}), out);
    }

    fn begin(&mut self, out: &mut Vec<u8>) {
        if !self.begun {
            self.begun = true;
            let response = answer::head(&self.id, &self.model, self.created);
            self.send("response.created", json!({"response": response}), out);
            self.send("response.in_progress", json!({"response": response}), out);
        }
    }

    /// Opens an item; says its place.
    fn open(&mut self, kind: &str, item: impl FnOnce(&str) -> Value, out: &mut Vec<u8>) -> (usize, String) {
        self.begin(out);
        let at = self.output.len();
        let id = item_id(kind, &self.id, at);
        self.output.push(None);
        let event = json!({"output_index": at, "item": item(&id)});
        self.send("response.output_item.added", event, out);
        (at, id)
    }

    fn close(&mut self, at: usize, item: Value, out: &mut Vec<u8>) {
        let event = json!({"output_index": at, "item": item});
        self.send("response.output_item.done", event, out);
        if let Some(place) = self.output.get_mut(at) {
            *place = Some(item);
        }
    }

    fn speak(&mut self, voice: Voice, words: &str, out: &mut Vec<u8>) {
        self.end_thought(None, out);
        let mut speaking = match self.speaking.take() {
            Some(speaking) => speaking,
            None => {
                let (at, id) = self.open("msg", |id| answer::message(id, "in_progress", Vec::new()), out);
                let said = Said::default();
                Speaking {
                    at,
                    id,
                    said,
                    open: None,
                }
            }
        };
        if speaking.open != Some(voice) {
            self.end_content(&mut speaking, out);
            match voice {
                Voice::Text => speaking.said.text(""),
                Voice::Refusal => speaking.said.refusal(""),
            }
            speaking.open = Some(voice);
            let event = of_content(&speaking, &[("part", speaking.said.current())]);
            self.send("response.content_part.added", event, out);
        }
        let delta = ("delta", json!(words));
        let event = match voice {
            Voice::Text => {
                speaking.said.text(words);
                of_content(&speaking, &[delta, ("logprobs", json!([]))])
            }
            Voice::Refusal => {
                speaking.said.refusal(words);
                of_content(&speaking, &[delta])
            }
        };
        self.send(&format!("{}.delta", voice.event()), event, out);
        self.speaking = Some(speaking);
    }

    fn cite(&mut self, citation: &Citation, out: &mut Vec<u8>) {
        if self
            .speaking
            .as_ref()
            .is_none_or(|speaking| speaking.open != Some(Voice::Text))
        {
            self.speak(Voice::Text, "", out);
        }
        let Some(mut speaking) = self.speaking.take() else {
            return;
        };
        let at = speaking.said.annotations();
        if let Some(annotation) = speaking.said.cite(citation) {
            let event = of_content(
                &speaking,
                &[("annotation_index", json!(at)), ("annotation", annotation)],
            );
            self.send("response.output_text.annotation.added", event, out);
        }
        self.speaking = Some(speaking);
    }

    fn end_content(&mut self, speaking: &mut Speaking, out: &mut Vec<u8>) {
        let Some(voice) = speaking.open.take() else {
            return;
        };
        let words = json!(speaking.said.words());
        let event = match voice {
            Voice::Text => of_content(speaking, &[("text", words), ("logprobs", json!([]))]),
            Voice::Refusal => of_content(speaking, &[("refusal", words)]),
        };
        self.send(&format!("{}.done", voice.event()), event, out);
        let event = of_content(speaking, &[("part", speaking.said.current())]);
        self.send("response.content_part.done", event, out);
        speaking.said.close();
    }

    fn end_speech(&mut self, status: &str, out: &mut Vec<u8>) {
        if let Some(mut speaking) = self.speaking.take() {
            self.end_content(&mut speaking, out);
            let message = speaking.said.message(&speaking.id, status);
            let message = message.unwrap_or_else(|| answer::message(&speaking.id, status, Vec::new()));
            self.close(speaking.at, message, out);
        }
    }

    fn think(&mut self, text: &str, out: &mut Vec<u8>) {
        self.end_speech("completed", out);
        let mut thinking = match self.thinking.take() {
            Some(thinking) => thinking,
            None => {
                let (at, id) = self.open("rs", |id| answer::thought(id, "", None), out);
                Thinking {
                    at,
                    id,
                    text: String::new(),
                }
            }
        };
        if !text.is_empty() {
            if thinking.text.is_empty() {
                let event = of_summary(&thinking, "part", &summary_text(""));
                self.send("response.reasoning_summary_part.added", event, out);
            }
            thinking.text.push_str(text);
            let event = of_summary(&thinking, "delta", &json!(text));
            self.send("response.reasoning_summary_text.delta", event, out);
        }
        self.thinking = Some(thinking);
    }

    fn end_thought(&mut self, signature: Option<&Signature>, out: &mut Vec<u8>) {
        let Some(thinking) = self.thinking.take() else {
            return;
        };
        if !thinking.text.is_empty() {
            let event = of_summary(&thinking, "text", &json!(thinking.text));
            self.send("response.reasoning_summary_text.done", event, out);
            let event = of_summary(&thinking, "part", &summary_text(&thinking.text));
            self.send("response.reasoning_summary_part.done", event, out);
        }
        let item = answer::thought(&thinking.id, &thinking.text, signature);
        self.close(thinking.at, item, out);
    }

    fn call(&mut self, index: u32, id: &str, name: &str, out: &mut Vec<u8>) {
        self.end_thought(None, out);
        self.end_speech("completed", out);
        let call = ToolCall::new(id, name, "");
        let opening = |item: &str| {
            json!({
                "id": item, "type": "function_call", "status": "in_progress",
                "call_id": id, "name": name, "arguments": "",
            })
        };
        let (at, _) = self.open("fc", opening, out);
        self.calls.insert(index, (at, call));
    }

    fn argue(&mut self, index: u32, arguments: &str, out: &mut Vec<u8>) {
        let Some((at, call)) = self.calls.get_mut(&index) else {
            return;
        };
        call.arguments.push_str(arguments);
        let event = json!({"item_id": item_id("fc", &self.id, *at), "output_index": *at, "delta": arguments});
        self.send("response.function_call_arguments.delta", event, out);
    }

    fn end_call(&mut self, index: u32, out: &mut Vec<u8>) {
        let Some((at, call)) = self.calls.remove(&index) else {
            return;
        };
        let id = item_id("fc", &self.id, at);
        let item = answer::function_call(&id, &call, "completed");
        let event =
            json!({"item_id": id, "output_index": at, "arguments": item.get("arguments"), "name": call.name});
        self.send("response.function_call_arguments.done", event, out);
        self.close(at, item, out);
    }

    fn picture(&mut self, media: &Media, out: &mut Vec<u8>) {
        if answer::picture("", media).is_none() {
            return;
        }
        self.end_thought(None, out);
        self.end_speech("completed", out);
        let opening = |id: &str| json!({"id": id, "type": "image_generation_call", "status": "in_progress", "result": null});
        let (at, id) = self.open("ig", opening, out);
        if let Some(item) = answer::picture(&id, media) {
            self.close(at, item, out);
        }
    }

    fn finish(&mut self, reason: &FinishReason, usage: Option<&Usage>, out: &mut Vec<u8>) {
        self.begin(out);
        self.end_thought(None, out);
        let status = if *reason == FinishReason::Length {
            "incomplete"
        } else {
            "completed"
        };
        self.end_speech(status, out);
        for index in self.calls.keys().copied().collect::<Vec<_>>() {
            self.end_call(index, out);
        }
        let output = std::mem::take(&mut self.output).into_iter().flatten().collect();
        let head = answer::head(&self.id, &self.model, self.created);
        let response = answer::finished(head, reason, output, usage.or(self.usage.as_ref()));
        let name = match response.get("status").and_then(Value::as_str) {
            Some("incomplete") => "response.incomplete",
            _ => "response.completed",
        };
        self.send(name, json!({"response": response}), out);
        self.ended = true;
    }

    fn send(&mut self, name: &str, mut event: Value, out: &mut Vec<u8>) {
        if let Some(event) = event.as_object_mut() {
            event.insert("type".to_owned(), json!(name));
            event.insert("sequence_number".to_owned(), json!(self.sequence));
        }
        self.sequence += 1;
        out.extend_from_slice(format!("event: {name}\ndata: {event}\n\n").as_bytes());
    }
}
