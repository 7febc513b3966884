//! `/llm/chat` with `"stream": true`: the answer as typed events.
//!
//! `start` comes first, `finish` or `error` last, and nothing after them.

use std::sync::Arc;

use aurora_llm::chat::StreamEvent;
use axum::response::Response;
use bytes::Bytes;
use futures::StreamExt as _;
use futures::stream::unfold;
use serde_json::json;

use super::answer::{AnswerEnd, Streamed, UsageView, attempts};
use super::gateway::{CountedStream, provider_name};
use super::problem_of;
use crate::http::{RequestId, sse};
use crate::state::AppState;

/// Hands the answer out. The client that goes away takes the call to the provider with it.
pub(super) fn answer(stream: CountedStream, state: &AppState, request_id: RequestId) -> Response {
    let writer = Writer {
        stream,
        request_id,
        id: String::new(),
        stage: Stage::Start,
    };
    sse::answer(unfold(writer, Writer::next), Arc::clone(&state.clock))
}

struct Writer {
    stream: CountedStream,
    request_id: RequestId,
    id: String,
    stage: Stage,
}

#[derive(PartialEq, Eq)]
enum Stage {
    Start,
    Middle,
    End,
}

impl Writer {
    async fn next(mut self) -> Option<(Bytes, Self)> {
        match self.stage {
            Stage::Start => {
                self.stage = Stage::Middle;
                Some((self.start(), self))
            }
            Stage::Middle => loop {
                let piece = match self.stream.next().await? {
                    Ok(event) => self.write(event),
                    Err(error) => {
                        self.stage = Stage::End;
                        tracing::warn!(kind = error.kind().as_str(), "an answer broke off");
                        Some(sse::event(
                            "error",
                            &problem_of(error).body(self.request_id.as_str()),
                        ))
                    }
                };
                if let Some(piece) = piece {
                    return Some((piece, self));
                }
            },
            Stage::End => None,
        }
    }

    fn start(&self) -> Bytes {
        let answer = self.stream.answer();
        let provider = provider_name(answer.kind(), answer.provider());
        let start = json!({
            "provider": provider,
            "target": answer.target(),
            "model": answer.model(),
            "attempts": attempts(answer.attempts()),
        });
        sse::event("start", &start)
    }

    /// What an event becomes; `None` for what only providers need.
    fn write(&mut self, event: StreamEvent) -> Option<Bytes> {
        Some(match event {
            StreamEvent::Start { id, .. } => {
                self.id = id;
                return None;
            }
            StreamEvent::Text(text) => sse::event("text", &json!({"text": text})),
            StreamEvent::Reasoning(text) => sse::event("reasoning", &json!({"text": text})),
            StreamEvent::Refusal(text) => sse::event("refusal", &json!({"text": text})),
            StreamEvent::ToolCallStart { index, id, name } => {
                sse::event("tool_call", &json!({"index": index, "id": id, "name": name}))
            }
            StreamEvent::ToolCallDelta { index, arguments } => sse::event(
                "tool_call_delta",
                &json!({"index": index, "arguments": arguments}),
            ),
            StreamEvent::ToolCallEnd { index } => sse::event("tool_call_end", &json!({"index": index})),
            StreamEvent::Usage(usage) => sse::event("usage", &UsageView::of(&usage)),
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
                    attempts: answer.attempts(),
                };
                sse::event("finish", &AnswerEnd::of(&end))
            }
            _ => return None,
        })
    }
}
