//! What is being written of an answer, and how its events name it.

use serde_json::{Map, Value, json};

use crate::wire::openai_responses::server::answer::Said;

/// The message that is being written.
#[derive(Debug)]
pub(super) struct Speaking {
    pub(super) at: usize,
    pub(super) id: String,
    pub(super) said: Said,
    /// Which voice the open content has.
    pub(super) open: Option<Voice>,
}

#[derive(Debug)]
pub(super) struct Thinking {
    pub(super) at: usize,
    pub(super) id: String,
    pub(super) text: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Voice {
    Text,
    Refusal,
}

impl Voice {
    pub(super) const fn event(self) -> &'static str {
        match self {
            Self::Text => "response.output_text",
            Self::Refusal => "response.refusal",
        }
    }
}

pub(super) fn of_content(speaking: &Speaking, more: &[(&str, Value)]) -> Value {
    let mut event = Map::new();
    event.insert("item_id".to_owned(), json!(speaking.id));
    event.insert("output_index".to_owned(), json!(speaking.at));
    event.insert("content_index".to_owned(), json!(speaking.said.place()));
    event.extend(
        more.iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone())),
    );
    Value::Object(event)
}

pub(super) fn of_summary(thinking: &Thinking, name: &str, value: &Value) -> Value {
    json!({"item_id": thinking.id, "output_index": thinking.at, "summary_index": 0, name: value})
}

pub(super) fn summary_text(text: &str) -> Value {
    json!({"type": "summary_text", "text": text})
}
