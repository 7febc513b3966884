//! A conversation: its history, kept within the model's limit, with tools and summaries.
//!
//! # Examples
#![cfg_attr(feature = "simulated", doc = "```")]
#![cfg_attr(not(feature = "simulated"), doc = "```ignore")]
//! use aurora_llm::{LlmClient, conversation::Conversation, providers::simulated::Simulated};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), aurora_llm::Error> {
//! let client = LlmClient::builder().provider(Simulated::new("sim").says("Bom dia!"), "m").build()?;
//! let mut talk = Conversation::new(client).system("You are at the reception of a clinic.");
//! let answer = talk.say("Good morning").await?;
//! assert_eq!(answer.text(), "Bom dia!");
//! assert_eq!(talk.messages().len(), 2);
//! # Ok(())
//! # }
//! ```
//!
//! # What goes wrong loses nothing
//! A turn enters the history when it is answered, and only then: after an error, or when the future was dropped, the history
//! is as before, and the same may be said again.

mod history;
mod stream;
mod summary;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::LlmClient;
use crate::chat::{ChatRequest, Message, Role};
use crate::client::CallOptions;
use crate::error::{Error, ErrorKind};
use crate::pricing::Cost;
use crate::tools::{ToolRun, Tools};
use crate::usage::Usage;

pub use stream::{Turn, TurnEvent};
pub use summary::Summaries;

/// The most tokens of history that are sent, where nothing else is said.
const MAX_TOKENS: u64 = 16_000;

/// A conversation with a model; it remembers what was said.
#[derive(Debug, Clone)]
#[must_use]
pub struct Conversation {
    client: LlmClient,
    request: ChatRequest,
    options: CallOptions,
    tools: Tools,
    system: Option<Arc<str>>,
    max_tokens: u64,
    summaries: Option<Summaries>,
    state: State,
    spent: Spent,
}

/// What a conversation remembers: to be kept as JSON, and to go on with later.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[non_exhaustive]
pub struct State {
    /// What was said before the messages, in short; empty when nothing was left out.
    #[serde(default)]
    pub summary: String,
    /// What was said, without the instructions.
    pub messages: Vec<Message>,
}

/// What a conversation has consumed since it was made.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Spent {
    /// Everything that providers reported, summaries included.
    pub usage: Usage,
    /// What it cost; unpriced as soon as one answer is.
    pub cost: Cost,
}

impl Conversation {
    /// A conversation through `client`: at most 16,000 tokens of history are sent, and what is older is left out.
    pub fn new(client: LlmClient) -> Self {
        Self {
            client,
            request: ChatRequest::default(),
            options: CallOptions::default(),
            tools: Tools::new(),
            system: None,
            max_tokens: MAX_TOKENS,
            summaries: None,
            state: State::default(),
            spent: Spent {
                usage: Usage::default(),
                cost: Cost::Priced(aurora_core::money::NanoUsd::ZERO),
            },
        }
    }

    /// Instructions, which stand before everything and are never left out.
    pub fn system(mut self, text: impl AsRef<str>) -> Self {
        self.system = Some(Arc::from(text.as_ref()));
        self
    }

    /// Everything else that each request shall have: model, temperature, format. Its messages are ignored.
    pub fn request(mut self, request: ChatRequest) -> Self {
        self.request = request;
        self.request.messages.clear();
        self
    }

    /// Functions that the model may call.
    pub fn tools(mut self, tools: Tools) -> Self {
        self.tools = tools;
        self
    }

    /// For whom and how the calls are made. With [`CallOptions::sticky`] the conversation stays at one target.
    pub fn options(mut self, options: CallOptions) -> Self {
        self.options = options;
        self
    }

    /// At most this many tokens of history are sent, by estimate; the oldest exchanges are left out, each as a whole.
    /// Instructions, summary and the latest exchange are always sent.
    pub const fn max_tokens(mut self, tokens: u64) -> Self {
        self.max_tokens = tokens;
        self
    }

    /// Lets a model put what would be left out into a few words, which stay.
    pub fn summaries(mut self, summaries: Summaries) -> Self {
        self.summaries = Some(summaries);
        self
    }

    /// Goes on where another left off. Results at its beginning whose calls it does not have are left out.
    pub fn resume(mut self, state: State) -> Self {
        self.state = state;
        let orphans = self.state.messages.iter();
        let orphans = orphans.take_while(|message| message.role == Role::Tool).count();
        self.state.messages.drain(..orphans);
        self
    }

    /// What it remembers.
    #[must_use]
    pub const fn state(&self) -> &State {
        &self.state
    }

    /// What was said, without the instructions and without what a summary has taken in.
    #[must_use]
    pub fn messages(&self) -> &[Message] {
        &self.state.messages
    }

    /// What it has consumed since it was made.
    #[must_use]
    pub const fn spent(&self) -> &Spent {
        &self.spent
    }

    /// Says something and waits for the answer; tools that the model calls are run.
    ///
    /// # Errors
    /// As [`Tools::run`]. The history is then as before.
    ///
    /// # Cancel safety
    /// When the future is dropped the history is as before.
    pub async fn say(&mut self, text: impl Into<String> + Send) -> Result<ToolRun, Error> {
        self.send(Message::user(text)).await
    }

    /// As [`say`](Self::say), with any message of the user, such as one with a picture; or, after a turn that ended with
    /// calls that are the caller's ([`ToolRun::pending`]), with their results.
    ///
    /// # Errors
    /// As [`say`](Self::say); [`ErrorKind::InvalidRequest`] for a message of another role.
    ///
    /// # Cancel safety
    /// As [`say`](Self::say).
    pub async fn send(&mut self, message: Message) -> Result<ToolRun, Error> {
        let (request, kept) = self.prepare(&message).await?;
        let run = self.tools.run_with(&self.client, request, &self.options).await;
        let run = run.inspect_err(|error| self.failed(error))?;
        self.remember(kept, message, &run);
        Ok(run)
    }

    /// Says something and tells the answer while it is written. It enters the history when it was read to the end.
    ///
    /// # Errors
    /// As [`send`](Self::send), for what goes wrong before the first word.
    ///
    /// # Cancel safety
    /// When the future or the turn is dropped before its end the history is as before.
    pub async fn stream(&mut self, message: Message) -> Result<Turn<'_>, Error> {
        let (request, kept) = self.prepare(&message).await?;
        let stream = self.tools.stream(&self.client, request, self.options.clone());
        Ok(Turn::new(self, stream, message, kept))
    }

    /// The request for the next turn, and what the history is from then on.
    async fn prepare(&mut self, message: &Message) -> Result<(ChatRequest, State), Error> {
        let invalid = |context: &str| Error::new(ErrorKind::InvalidRequest).with_context(context.to_owned());
        let open = history::open_calls(&self.state.messages);
        let kept = match message.role {
            Role::User if open.is_empty() => summary::within_limit(self, message).await,
            Role::User => return Err(invalid("the results of the pending calls come first")),
            Role::Tool if history::answers(message, &open) => self.state.clone(),
            Role::Tool => {
                return Err(invalid(
                    "a message of results answers the pending calls, each once",
                ));
            }
            _ => return Err(invalid("a turn begins with a message of the user")),
        };
        let mut request = self.request.clone();
        let instructions = self.system.iter().map(|text| Message::system(&**text));
        request.messages.extend(instructions);
        request.messages.extend(summary::as_message(&kept.summary));
        let sent = history::fitting(&kept.messages, message, self.max_tokens);
        request.messages.extend(sent.iter().cloned());
        request.messages.push(message.clone());
        Ok((request, kept))
    }

    fn remember(&mut self, kept: State, message: Message, run: &ToolRun) {
        self.state = kept;
        self.state.messages.push(message);
        self.state.messages.extend(run.messages().iter().cloned());
        self.spend(run.usage(), run.cost());
    }

    /// What was consumed in vain is spent all the same.
    fn failed(&mut self, error: &Error) {
        let costs = error.attempts().iter().filter_map(|attempt| attempt.cost);
        let cost = costs.fold(Cost::Priced(aurora_core::money::NanoUsd::ZERO), Cost::plus);
        self.spend(error.usage(), cost);
    }

    fn spend(&mut self, usage: Option<&Usage>, cost: Cost) {
        if let Some(usage) = usage {
            self.spent.usage = self.spent.usage.plus(usage);
        }
        self.spent.cost = self.spent.cost.plus(cost);
    }
}
