//! Models of the tests.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use async_trait::async_trait;
use aurora_llm::chat::{
    ChatRequest, ChatResponse, ChatStream, FinishReason, Message as Said, Part, Role, ToolCall,
};
use aurora_llm::provider::{Call, Capabilities, LlmProvider, ProviderId, SIMULATED};
use aurora_llm::usage::Usage;
use aurora_llm::{Error, ErrorKind, LlmClient};
use serde_json::Value;

use crate::assistant::Receptionist;

/// What a model does about a request.
pub(super) enum Act {
    Say(String),
    Call(Vec<(String, Value)>),
    Fail(ErrorKind),
    /// Says nothing for ever.
    Hang,
}

type Decide = dyn Fn(&ChatRequest, u32) -> Act + Send + Sync;

/// A model that a function decides for; the second argument counts its questions from 1.
#[derive(Clone)]
pub(super) struct Model {
    id: ProviderId,
    decide: Arc<Decide>,
    pub(super) asked: Arc<AtomicU32>,
}

impl Model {
    pub(super) fn new(id: &str, decide: impl Fn(&ChatRequest, u32) -> Act + Send + Sync + 'static) -> Self {
        Self {
            id: id.into(),
            decide: Arc::new(decide),
            asked: Arc::default(),
        }
    }

    pub(super) fn asked(&self) -> u32 {
        self.asked.load(Ordering::SeqCst)
    }

    pub(super) fn client(&self) -> LlmClient {
        LlmClient::builder().provider(self.clone(), "m").build().unwrap()
    }
}

impl fmt::Debug for Model {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Model")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

#[async_trait]
impl LlmProvider for Model {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn kind(&self) -> &'static str {
        SIMULATED
    }

    fn capabilities(&self, _: &str) -> Capabilities {
        Capabilities::ALL
    }

    async fn chat(&self, call: &Call) -> Result<ChatResponse, Error> {
        let number = self.asked.fetch_add(1, Ordering::SeqCst) + 1;
        let (parts, finish) = match (self.decide)(&call.request, number) {
            Act::Fail(kind) => return Err(Error::new(kind)),
            Act::Hang => return std::future::pending().await,
            Act::Say(text) => (vec![Part::text(text)], FinishReason::Stop),
            Act::Call(calls) => {
                let calls = calls.into_iter().enumerate();
                let parts = calls.map(|(index, (name, arguments))| {
                    Part::ToolCall(ToolCall::new(
                        format!("c{number}_{index}"),
                        name,
                        arguments.to_string(),
                    ))
                });
                (parts.collect(), FinishReason::ToolCalls)
            }
        };
        let said = Said::new(Role::Assistant, parts);
        let read = if self.id.as_str() == "dear" { 600 } else { 100 };
        Ok(ChatResponse::new(
            "r",
            "m-1",
            said,
            finish,
            Some(Usage::new(read, 20)),
        ))
    }

    async fn chat_stream(&self, _: &Call) -> Result<ChatStream, Error> {
        Err(Error::new(ErrorKind::Unsupported))
    }
}

/// The receptionist of demonstrations, counted, that fails at questions that `fails` names.
pub(super) fn receptionist(id: &str, fails: impl Fn(u32) -> bool + Send + Sync + 'static) -> Model {
    Model::new(id, move |request, number| {
        if fails(number) {
            return Act::Fail(ErrorKind::Overloaded);
        }
        let call = Call::new(request.clone(), "m");
        let answer = Receptionist::reply(&call);
        let calls: Vec<_> = answer
            .tool_calls()
            .map(|call| (call.name.clone(), call.arguments_json().unwrap()))
            .collect();
        if calls.is_empty() {
            Act::Say(answer.text())
        } else {
            Act::Call(calls)
        }
    })
}

/// A model without any sense of its own, which is the worst that can happen: whatever text reaches it, from whomever, it looks
/// for `CALL tool {json}` and does it, then for `SAY …` and says it, and repeats its instructions when asked for `SAY RULES`.
pub(super) fn obedient() -> Model {
    Model::new("obedient", |request, _| {
        let system: String = of(request, Role::System).concat();
        let mut heard: String = of(request, Role::User).last().cloned().unwrap_or_default();
        // Chat and passages alike: it knows no difference between them.
        let results = results_since_question(request);
        heard.push_str(&results.concat());
        let heard = heard
            .replace('‹', "<")
            .replace('›', ">")
            .replace("\\\"", "\"")
            .replace("\\n", "\n");
        let mut calls: Vec<(String, Value)> = heard.split("CALL ").skip(1).filter_map(call).collect();
        let done = request
            .messages
            .iter()
            .rev()
            .take_while(|it| it.role != Role::User);
        let done: usize = done.map(|said| said.tool_calls().count()).sum();
        if done < calls.len() {
            return Act::Call(calls.split_off(done));
        }
        match heard.split("SAY ").nth(1) {
            Some(rest) if rest.starts_with("RULES") => Act::Say(format!("Claro: {system}")),
            Some(rest) if rest.starts_with("RESULTS") => Act::Say(results.concat()),
            Some(rest) => Act::Say(
                rest.split("</contact>")
                    .next()
                    .unwrap_or_default()
                    .trim()
                    .to_owned(),
            ),
            None => Act::Say("ok".to_owned()),
        }
    })
}

fn call(text: &str) -> Option<(String, Value)> {
    let (name, rest) = text.split_once(' ')?;
    let mut values = serde_json::Deserializer::from_str(rest).into_iter::<Value>();
    Some((name.trim().to_owned(), values.next()?.ok()?))
}

fn of(request: &ChatRequest, role: Role) -> Vec<String> {
    let messages = request.messages.iter().filter(|message| message.role == role);
    messages.map(Said::text).collect()
}

fn results_since_question(request: &ChatRequest) -> Vec<String> {
    let since = request
        .messages
        .iter()
        .rev()
        .take_while(|it| it.role != Role::User);
    let parts = since.flat_map(|message| &message.parts);
    parts
        .filter_map(|part| match part {
            Part::ToolResult(result) => Some(result.content.clone()),
            _ => None,
        })
        .collect()
}
