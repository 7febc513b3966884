//! What an upstream does with one request.

use std::sync::Arc;

use serde_json::{Value, json};
use tokio::sync::Semaphore;

/// What an upstream does with one request, in order; afterwards it waits for the next one on the same connection.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reaction {
    pub(crate) steps: Vec<Step>,
}

#[derive(Debug, Clone)]
pub(crate) enum Step {
    /// Sends these bytes at once.
    Write(Vec<u8>),
    /// Sends these bytes over and over until nobody takes them any more.
    Flood(Vec<u8>),
    /// Goes on when the test opens the gate.
    Wait(Gate),
    /// Breaks the connection (RST).
    Reset,
    /// Ends the connection in an orderly way (FIN).
    Close,
    /// Says nothing more and keeps the connection.
    Hang,
}

/// Holds an upstream back until the test lets it go on; each opening lets one step pass.
#[derive(Debug, Clone)]
pub(crate) struct Gate(Arc<Semaphore>);

impl Gate {
    pub(crate) fn closed() -> Self {
        Self(Arc::new(Semaphore::new(0)))
    }

    pub(crate) fn open(&self) {
        self.0.add_permits(1);
    }

    pub(crate) async fn pass(&self) {
        self.0.acquire().await.unwrap().forget();
    }
}

impl Reaction {
    /// A whole answer.
    pub(crate) fn answer(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let mut bytes = format!("HTTP/1.1 {status} Status\r\ncontent-length: {}\r\n", body.len());
        for (name, value) in headers {
            bytes += &format!("{name}: {value}\r\n");
        }
        bytes += "\r\n";
        Self::default().raw([bytes.as_bytes(), body].concat())
    }

    pub(crate) fn json(status: u16, headers: &[(&str, &str)], body: &Value) -> Self {
        let headers = [headers, &[("content-type", "application/json")]].concat();
        Self::answer(status, &headers, body.to_string())
    }

    /// A page, as a gateway in between answers.
    pub(crate) fn page(status: u16) -> Self {
        let page = "<!DOCTYPE html><html><body><h1>Bad gateway</h1></body></html>";
        Self::answer(status, &[("content-type", "text/html")], page)
    }

    /// An error in OpenAI's form.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        Self::error_with(status, &[], code, message)
    }

    pub(crate) fn error_with(status: u16, headers: &[(&str, &str)], code: &str, message: &str) -> Self {
        Self::json(status, headers, &failure(code, message))
    }

    /// A chat completion that says `text`.
    pub(crate) fn chat(text: &str) -> Self {
        Self::json(200, &[], &completion(text))
    }

    /// Takes the request and never answers.
    pub(crate) fn silence() -> Self {
        Self::default().hang()
    }

    /// Takes the request and breaks the connection.
    pub(crate) fn slam() -> Self {
        Self::default().reset()
    }

    /// The head of a stream of events; its body goes out in chunks.
    pub(crate) fn stream() -> Self {
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        Self::default().raw(head)
    }

    /// One chunk of the body.
    pub(crate) fn chunk(self, bytes: impl AsRef<[u8]>) -> Self {
        let bytes = bytes.as_ref();
        let head = format!("{:x}\r\n", bytes.len());
        self.raw([head.as_bytes(), bytes, b"\r\n"].concat())
    }

    /// One event, in a chunk of its own.
    pub(crate) fn event(self, data: &Value) -> Self {
        self.chunk(format!("data: {data}\n\n"))
    }

    /// One event with a name, in a chunk of its own.
    pub(crate) fn named_event(self, data: &Value) -> Self {
        let name = data["type"].as_str().unwrap();
        self.chunk(format!("event: {name}\ndata: {data}\n\n"))
    }

    /// A piece of the answer's text, in OpenAI's form.
    pub(crate) fn says(self, text: &str) -> Self {
        self.event(&delta(&json!({ "content": text }), None))
    }

    /// The first chunk of most servers: it says who speaks, and nothing else.
    pub(crate) fn opens(self) -> Self {
        self.event(&delta(&json!({ "role": "assistant", "content": "" }), None))
    }

    /// The chunk with the reason for the end.
    pub(crate) fn stops(self) -> Self {
        self.event(&delta(&json!({}), Some("stop")))
    }

    /// The closing words of the dialect and the end of the body.
    pub(crate) fn done(self) -> Self {
        self.chunk("data: [DONE]\n\n").end()
    }

    /// The end of the body.
    pub(crate) fn end(self) -> Self {
        self.raw("0\r\n\r\n")
    }

    pub(crate) fn raw(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.then(Step::Write(bytes.into()))
    }

    pub(crate) fn flood(self, bytes: impl Into<Vec<u8>>) -> Self {
        self.then(Step::Flood(bytes.into()))
    }

    pub(crate) fn wait(self, gate: &Gate) -> Self {
        self.then(Step::Wait(gate.clone()))
    }

    pub(crate) fn reset(self) -> Self {
        self.then(Step::Reset)
    }

    pub(crate) fn close(self) -> Self {
        self.then(Step::Close)
    }

    pub(crate) fn hang(self) -> Self {
        self.then(Step::Hang)
    }

    fn then(mut self, step: Step) -> Self {
        self.steps.push(step);
        self
    }
}

/// An error object in OpenAI's form.
pub(crate) fn failure(code: &str, message: &str) -> Value {
    json!({ "error": { "message": message, "type": "error", "param": null, "code": code } })
}

/// A chat completion that says `text`.
pub(crate) fn completion(text: &str) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion", "created": 1, "model": "m-2026-01-01",
        "choices": [{ "index": 0, "message": { "role": "assistant", "content": text }, "finish_reason": "stop" }],
        "usage": { "prompt_tokens": 9, "completion_tokens": 3, "total_tokens": 12 },
    })
}

/// A chunk of a streamed chat completion.
pub(crate) fn delta(delta: &Value, finish: Option<&str>) -> Value {
    json!({
        "id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m-2026-01-01",
        "choices": [{ "index": 0, "delta": delta, "finish_reason": finish }],
    })
}
