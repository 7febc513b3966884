//! The providers of the settings, asked by this process.

use std::sync::Arc;

use aurora_core::config::Settings;
use aurora_core::monitor::Monitor;
use aurora_core::time::{Clock, SystemClock};
use aurora_llm::chat::{ChatRequest, Message, StreamEvent};
use aurora_llm::client::AnswerStream;
use aurora_llm::{ErrorKind as Llm, LlmClient};
use futures::StreamExt as _;
use serde_json::Value;

use super::{Question, Said, Who};
use crate::cli::output::value_of;
use crate::error::{Error, ErrorKind};
use crate::http::{ChatAnswer, provider_name};
use crate::wiring;

pub(super) struct Local {
    client: LlmClient,
}

impl Local {
    pub(super) fn new(settings: &Settings) -> Result<Self, Error> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let client = wiring::llm_client(settings, &Monitor::new(Arc::clone(&clock)), &clock)?;
        let client = client.ok_or_else(|| {
            Error::new(
                ErrorKind::Settings,
                "no provider is configured: set OPENAI_API_KEY, ANTHROPIC_API_KEY or another one, or run `aurora setup`",
            )
        })?;
        Ok(Self { client })
    }

    pub(super) async fn streamed(
        &self,
        question: Question<'_>,
        hear: &mut (dyn FnMut(&str) + Send),
    ) -> Result<Said, Error> {
        let mut stream = self.client.stream(request(question)).await.map_err(failed)?;
        let mut text = String::new();
        while let Some(event) = stream.next().await {
            match event.map_err(failed)? {
                StreamEvent::Text(piece) | StreamEvent::Refusal(piece) => {
                    hear(&piece);
                    text.push_str(&piece);
                }
                _ => {}
            }
        }
        Ok(Said {
            text,
            summary: summary(&stream),
        })
    }

    pub(super) async fn whole(&self, question: Question<'_>) -> Result<Value, Error> {
        let answer = self.client.chat(request(question)).await.map_err(failed)?;
        value_of(&ChatAnswer::of(&answer))
    }
}

fn request(question: Question<'_>) -> ChatRequest {
    let messages = question.turns.iter().map(|turn| match turn.who {
        Who::User => Message::user(&turn.text),
        Who::Assistant => Message::assistant(&turn.text),
    });
    let mut request = ChatRequest::new(messages.collect());
    if let Some(system) = question.system {
        request = request.system(system);
    }
    if let Some(model) = question.model {
        request = request.model(model);
    }
    request
}

fn summary(stream: &AnswerStream) -> String {
    let mut parts = vec![
        provider_name(stream.kind(), stream.provider()),
        stream.model().to_owned(),
    ];
    if let Some(usage) = stream.usage() {
        parts.push(format!("{} tokens", usage.total()));
    }
    if let Some(cost) = stream.cost().amount() {
        parts.push(format!("US$ {cost}"));
    }
    parts.join(" · ")
}

fn failed(error: aurora_llm::Error) -> Error {
    let kind = match error.kind() {
        Llm::Config | Llm::Authentication => ErrorKind::Settings,
        _ => ErrorKind::Refused,
    };
    let mut tried: Vec<String> = error
        .attempts()
        .iter()
        .map(|attempt| attempt.target.clone())
        .collect();
    tried.dedup();
    let tried = if tried.is_empty() {
        String::new()
    } else {
        format!(" (asked {})", tried.join(", "))
    };
    Error::new(kind, format!("no model answered{tried}")).caused_by(error)
}
