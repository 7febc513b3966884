//! A chat with `"stream": true`: the answer as typed events, over server-sent events or a WebSocket.
//!
//! `start` comes first, `finish` or `error` last, and nothing after them.

use std::sync::Arc;

use aurora_llm::chat::StreamEvent;
use axum::response::Response;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::unfold;
use serde::Serialize;
use serde_json::{Value, json};

use super::answer::{AnswerEnd, Streamed, UsageView, attempts};
use super::gateway::{CountedStream, provider_name};
use super::problem_of;
use crate::http::{RequestId, sse};
use crate::state::AppState;

/// Hands the answer out. The client that goes away takes the call to the provider with it.
pub(super) fn answer(stream: CountedStream, state: &AppState, request_id: &RequestId) -> Response {
    let events = Events::new(stream, request_id.as_str());
    let pieces = unfold(events, |mut events| async move {
        let (name, data) = events.next().await?;
        let piece: Bytes = sse::event(name, &data);
        Some((piece, events))
    });
    sse::answer(pieces, Arc::clone(&state.clock))
}

/// The events of one answer, each with its name and its data.
pub(super) struct Events {
    stream: CountedStream,
    request_id: String,
    id: String,
    stage: Stage,
}

#[derive(PartialEq, Eq)]
enum Stage {
    Start,
    Middle,
    End,
}

impl Events {
    pub(super) fn new(stream: CountedStream, request_id: &str) -> Self {
        Self {
            stream,
            request_id: request_id.to_owned(),
            id: String::new(),
            stage: Stage::Start,
        }
    }

    /// The next event; `None` after the last.
    pub(super) async fn next(&mut self) -> Option<(&'static str, Value)> {
        match self.stage {
            Stage::Start => {
                self.stage = Stage::Middle;
                Some(("start", self.start()))
            }
            Stage::Middle => loop {
                let event = match self.stream.next().await? {
                    Ok(event) => self.write(event),
                    Err(error) => {
                        self.stage = Stage::End;
                        tracing::warn!(kind = error.kind().as_str(), "an answer broke off");
                        Some(("error", value(&problem_of(error).body(&self.request_id))))
                    }
                };
                if event.is_some() {
                    return event;
                }
            },
            Stage::End => None,
        }
    }

    fn start(&self) -> Value {
        let answer = self.stream.answer();
        json!({
            "provider": provider_name(answer.kind(), answer.provider()),
            "target": answer.target(),
            "model": answer.model(),
            "attempts": attempts(answer.attempts()),
        })
    }

    /// What an event becomes; `None` for what only providers need.
    fn write(&mut self, event: StreamEvent) -> Option<(&'static str, Value)> {
        Some(match event {
            StreamEvent::Start { id, .. } => {
                self.id = id;
                return None;
            }
            StreamEvent::Text(text) => ("text", json!({"text": text})),
            StreamEvent::Reasoning(text) => ("reasoning", json!({"text": text})),
            StreamEvent::Refusal(text) => ("refusal", json!({"text": text})),
            StreamEvent::ToolCallStart { index, id, name } => {
                ("tool_call", json!({"index": index, "id": id, "name": name}))
            }
            StreamEvent::ToolCallDelta { index, arguments } => {
                ("tool_call_delta", json!({"index": index, "arguments": arguments}))
            }
            StreamEvent::ToolCallEnd { index } => ("tool_call_end", json!({"index": index})),
            StreamEvent::Usage(usage) => ("usage", value(&UsageView::of(&usage))),
            StreamEvent::Finish { reason, usage } => {
                self.stage = Stage::End;
                let answer = self.stream.answer();
                let end = Streamed {
                    id: &self.id,
                    target: answer.target(),
                    provider: answer.provider(),
                    kind: answer.kind(),
                    model: answer.model(),
                    finish_reason: reason.as_str(),
                    usage: usage.as_ref().or(answer.usage()),
                    cost: answer.cost(),
                    is_cached: answer.cache().is_free(),
                    attempts: answer.attempts(),
                };
                ("finish", value(&AnswerEnd::of(&end)))
            }
            _ => return None,
        })
    }
}

/// Our own types serialise.
fn value(data: &impl Serialize) -> Value {
    serde_json::to_value(data).unwrap_or_default()
}
