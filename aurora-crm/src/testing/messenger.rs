use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;

use crate::channels::{ChannelId, ChannelKind, Messenger, Outgoing, Receipt, SendError};
use crate::context::Context;

/// A messenger that answers as it is told and remembers what it was given; without a script it takes everything, under the
/// provider's name `wamid.` and the message's id. A cheap handle.
#[derive(Debug, Clone)]
pub struct ScriptedMessenger {
    kind: ChannelKind,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Default)]
struct State {
    script: VecDeque<Step>,
    sent: Vec<Outgoing>,
    read: Vec<String>,
}

#[derive(Debug)]
enum Step {
    Answer(Result<Receipt, SendError>),
    /// Never answers: whoever waits is dropped.
    Hang,
}

impl ScriptedMessenger {
    /// A messenger of this kind of channel.
    #[must_use]
    pub fn new(kind: ChannelKind) -> Self {
        Self {
            kind,
            state: Arc::default(),
        }
    }

    /// What it answers next, after what it was told before.
    pub fn then(&self, answer: Result<Receipt, SendError>) {
        self.with(|state| state.script.push_back(Step::Answer(answer)));
    }

    /// It takes the next message and never answers.
    pub fn then_hang(&self) {
        self.with(|state| state.script.push_back(Step::Hang));
    }

    /// What it was given to send, in order.
    #[must_use]
    pub fn sent(&self) -> Vec<Outgoing> {
        self.with(|state| state.sent.clone())
    }

    /// The provider's names of the messages that were told to be read.
    #[must_use]
    pub fn read(&self) -> Vec<String> {
        self.with(|state| state.read.clone())
    }

    fn with<T>(&self, work: impl FnOnce(&mut State) -> T) -> T {
        work(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[async_trait]
impl Messenger for ScriptedMessenger {
    fn kind(&self) -> ChannelKind {
        self.kind
    }

    async fn send(&self, _context: &Context, outgoing: &Outgoing) -> Result<Receipt, SendError> {
        let step = self.with(|state| {
            state.sent.push(outgoing.clone());
            state.script.pop_front()
        });
        match step {
            Some(Step::Answer(answer)) => answer,
            Some(Step::Hang) => std::future::pending().await,
            None => Ok(Receipt {
                provider_id: format!("wamid.{}", outgoing.message),
                address: None,
            }),
        }
    }

    async fn mark_read(
        &self,
        _context: &Context,
        _channel: ChannelId,
        provider_id: &str,
        _typing: bool,
    ) -> Result<(), SendError> {
        self.with(|state| state.read.push(provider_id.to_owned()));
        Ok(())
    }
}
