//! The loop: ask, run what was called, ask again.

use std::time::Duration;

use super::Tools;
use super::execute::{self, too_many};
use crate::LlmClient;
use crate::chat::{ChatRequest, Message, Role, ToolCall, ToolChoice, ToolResult};
use crate::client::{Answer, Attempt, CallOptions};
use crate::error::Error;
use crate::pricing::Cost;
use crate::usage::Usage;

/// One call of a tool and what came of it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CallRecord {
    /// What the model asked for.
    pub call: ToolCall,
    /// What it was told.
    pub result: ToolResult,
    /// How long the function ran.
    pub elapsed: Duration,
}

/// How a question with tools was answered.
#[derive(Debug, Clone)]
pub struct ToolRun {
    text: String,
    messages: Vec<Message>,
    calls: Vec<CallRecord>,
    rounds: u32,
    usage: Option<Usage>,
    cost: Cost,
    pending: Vec<ToolCall>,
}

impl ToolRun {
    /// The text of the last answer.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Everything that was said after the request: answers with calls, results, and the last answer.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.messages
    }

    /// The same, to keep.
    #[must_use]
    pub fn into_messages(self) -> Vec<Message> {
        self.messages
    }

    /// Calls of tools that the request itself had offered and that are not registered here: they are the caller's to run.
    /// The loop ended with them; it goes on when [`messages`](Self::messages) and a result for each are asked again. Empty
    /// when the last answer was an answer.
    #[must_use]
    pub fn pending(&self) -> &[ToolCall] {
        &self.pending
    }

    /// Every call in order that was run here.
    #[must_use]
    pub fn calls(&self) -> &[CallRecord] {
        &self.calls
    }

    /// How often the model was asked.
    #[must_use]
    pub const fn rounds(&self) -> u32 {
        self.rounds
    }

    /// What all answers consumed together; `None` when a provider did not say.
    #[must_use]
    pub const fn usage(&self) -> Option<&Usage> {
        self.usage.as_ref()
    }

    /// What all answers cost together; unpriced when one of them is.
    #[must_use]
    pub const fn cost(&self) -> Cost {
        self.cost
    }
}

/// What the loop has come to.
#[derive(Debug)]
pub(super) struct Progress {
    pub(super) request: ChatRequest,
    messages: Vec<Message>,
    calls: Vec<CallRecord>,
    rounds: u32,
    usage: Option<Usage>,
    cost: Cost,
    /// What all answers took until now.
    attempts: Vec<Attempt>,
    text: String,
    pending: Vec<ToolCall>,
}

/// What comes after an answer.
pub(super) enum After {
    /// The calls have to be run.
    Run,
    /// It was the last answer.
    Done(Box<ToolRun>),
}

impl Progress {
    pub(super) fn new(tools: &Tools, request: ChatRequest) -> Self {
        Self {
            request: tools.offered(request),
            messages: Vec::new(),
            calls: Vec::new(),
            rounds: 0,
            usage: Some(Usage::default()),
            cost: Cost::Priced(aurora_core::money::NanoUsd::ZERO),
            attempts: Vec::new(),
            text: String::new(),
            pending: Vec::new(),
        }
    }

    /// Notes how the next answer came about.
    pub(super) fn took(&mut self, attempts: &[Attempt]) {
        self.attempts.extend_from_slice(attempts);
    }

    /// The error with which it ends, and what had been consumed before.
    pub(super) fn failed(&mut self, error: Error) -> Error {
        error.after(std::mem::take(&mut self.attempts))
    }

    fn done(&mut self) -> Box<ToolRun> {
        Box::new(ToolRun {
            text: std::mem::take(&mut self.text),
            messages: std::mem::take(&mut self.messages),
            calls: std::mem::take(&mut self.calls),
            rounds: self.rounds,
            usage: self.usage.clone(),
            cost: self.cost,
            pending: std::mem::take(&mut self.pending),
        })
    }

    /// Takes an answer of the model.
    pub(super) fn answered(
        &mut self,
        tools: &Tools,
        said: Message,
        usage: Option<&Usage>,
        cost: Cost,
    ) -> Result<After, Error> {
        self.rounds += 1;
        self.usage = self.usage.take().zip(usage).map(|(sum, more)| sum.plus(more));
        self.cost = self.cost.plus(cost);
        let asked = said.tool_calls().count();
        self.text = said.text();
        let foreign = |call: &&ToolCall| {
            let is_offered = self.request.tools.iter().any(|tool| tool.name == call.name);
            is_offered && !tools.functions.contains_key(&call.name)
        };
        self.pending = said.tool_calls().filter(foreign).cloned().collect();
        self.request.messages.push(said.clone());
        self.messages.push(said);
        if asked == 0 {
            return Ok(After::Done(self.done()));
        }
        if self.rounds > tools.limits.rounds {
            return Err(too_many("rounds", tools.limits.rounds));
        }
        if self.calls.len().saturating_add(asked) > usize::try_from(tools.limits.calls).unwrap_or(usize::MAX)
        {
            return Err(too_many("calls", tools.limits.calls));
        }
        // Forced again and again, the model could never answer.
        if matches!(
            self.request.tool_choice,
            ToolChoice::Required | ToolChoice::Tool(_)
        ) {
            self.request.tool_choice = ToolChoice::Auto;
        }
        Ok(After::Run)
    }

    /// Whether the caller runs this call.
    pub(super) fn is_pending(&self, call: &ToolCall) -> bool {
        self.pending.iter().any(|pending| pending.id == call.id)
    }

    /// Takes what the calls returned; ends when others are the caller's to run.
    pub(super) fn returned(&mut self, records: Vec<CallRecord>) -> After {
        if !records.is_empty() {
            self.tell(records);
        }
        if self.pending.is_empty() {
            After::Run
        } else {
            After::Done(self.done())
        }
    }

    fn tell(&mut self, records: Vec<CallRecord>) {
        let results = records
            .iter()
            .map(|record| crate::chat::Part::ToolResult(record.result.clone()));
        let message = Message::new(Role::Tool, results.collect());
        self.request.messages.push(message.clone());
        self.messages.push(message);
        self.calls.extend(records);
    }
}

pub(super) async fn run(
    tools: &Tools,
    client: &LlmClient,
    request: ChatRequest,
    options: &CallOptions,
) -> Result<ToolRun, Error> {
    let mut progress = Progress::new(tools, request);
    loop {
        let asked = client.chat_with(progress.request.clone(), options).await;
        let answer: Answer = asked.map_err(|error| progress.failed(error))?;
        progress.took(answer.attempts());
        let said = answer.response().message.clone();
        match progress.answered(tools, said, answer.usage(), answer.cost()) {
            Ok(After::Done(run)) => return Ok(*run),
            Ok(After::Run) => {}
            Err(error) => return Err(progress.failed(error)),
        }
        let own = |call: &ToolCall| !progress.is_pending(call);
        let records = execute::all(tools, client.clock(), answer.response(), own).await;
        if let After::Done(run) = progress.returned(records) {
            return Ok(*run);
        }
    }
}
