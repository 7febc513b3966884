//! A turn, from the message that asks for it to the reply: every step is read from the log, or taken and written there.

mod answer;
mod ask;
mod first;
mod last;
#[cfg(test)]
pub(super) mod mortal;
mod settle;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::failure::{Failure as _, FailureClass};
use aurora_core::store::outbox::{Delivery, Failed, Handler};
use aurora_core::time::Timestamp;
use aurora_llm::LlmClient;
use chrono_tz::Tz;

use super::desk::{Catalogue, Desk};
use super::language::Language;
use super::outcome::{Decision, Reason};
use super::progress::{Next, Progress};
use super::settings::AssistantSettings;
use super::settings::limits::{MOST_ANSWER_SECONDS, MOST_GATHER_SECONDS};
use super::sql;
use super::sql::turns::{Heard, Open};
use super::step::{Step, Used, Written};
use super::tools::Visit;
use super::{prompt, telemetry, wording};
use crate::context::Context;
use crate::conversations::{
    Assignee, Author, Conversation, ConversationId, ConversationStatus, Direction, Message, Turn as Ticket,
};
use crate::error::{Error, ErrorKind};
use crate::store::Store;

/// Who it is in the audit log.
const PRINCIPAL: &str = "assistant";
/// The latest messages that a turn looks at.
const RECENT: u32 = 60;
/// Steps of one attempt; far more than the limits of a turn allow.
const MOST_STEPS: u32 = 64;
/// Turns of one attempt: one that was left open, and one for what was said since.
const MOST_TURNS: u32 = 3;
/// How long an attempt goes on: the longest wait for the contact, the longest answer, and some seconds for everything else.
pub(super) const TIME: Duration = Duration::from_secs(MOST_GATHER_SECONDS + MOST_ANSWER_SECONDS + 5);

/// Runs turns.
#[derive(Clone)]
pub(super) struct Engine {
    pub(super) store: Store,
    pub(super) desk: Arc<dyn Desk>,
    pub(super) llm: LlmClient,
    /// Whether there is knowledge to search in.
    pub(super) has_knowledge: bool,
    /// How often a turn is tried while no model can be reached or the house fails.
    pub(super) tries: u32,
    #[cfg(test)]
    pub(super) mortal: mortal::Mortal,
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Engine")
            .field("tries", &self.tries)
            .finish_non_exhaustive()
    }
}

/// One attempt at a turn.
#[derive(Debug)]
pub(super) struct Attempt<'a> {
    engine: &'a Engine,
    context: &'a Context,
    settings: AssistantSettings,
    catalogue: Catalogue,
    zone: Tz,
    language: Language,
    turn: Open,
    messages: Vec<Message>,
    /// The contact has said more than this turn answers: it was begun before.
    is_behind: bool,
    /// No other attempt is waited for: whatever fails now, a person is called.
    is_last: bool,
}

#[async_trait]
impl Handler for Engine {
    async fn handle(&self, delivery: &Delivery) -> Result<(), Failed> {
        let ticket: Ticket = delivery
            .json()
            .map_err(|_| Failed::rejected("the message is not one of a turn"))?;
        let context = Context::new(ticket.workspace, PRINCIPAL);
        let is_last = delivery.attempt >= self.tries.min(delivery.max_attempts);
        let span = tracing::debug_span!("assistant.turn", workspace = %ticket.workspace, conversation = %ticket.conversation);
        let work = self.attend(&context, ticket.conversation, is_last);
        tracing::Instrument::instrument(work, span).await
    }
}

/// A failure of the house, after which the turn is taken up again: nothing that it has done is lost.
fn again(error: &Error) -> Failed {
    let class = if error.class().is_retryable() {
        error.class()
    } else {
        FailureClass::Transient
    };
    Failed::again(class, error.to_string())
}

impl Engine {
    /// Answers what a conversation waits for: a turn that was left open, and then what was said after it, because the message
    /// of the queue that asked for that is the one that was taken for the old turn.
    pub(super) async fn attend(
        &self,
        context: &Context,
        conversation: ConversationId,
        is_last: bool,
    ) -> Result<(), Failed> {
        let until = self.store.now() + TIME;
        for _ in 0..MOST_TURNS {
            let attempt = match self.open(context, conversation, is_last).await {
                Ok(Some(attempt)) => attempt,
                Ok(None) => return Ok(()),
                // It was erased.
                Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
                Err(error) if is_last => {
                    return Box::pin(self.call_person(context, conversation, &error)).await;
                }
                Err(error) => return Err(again(&error)),
            };
            let is_behind = attempt.is_behind;
            Box::pin(attempt.run_until(until)).await?;
            if !is_behind {
                return Ok(());
            }
        }
        Err(Failed::again(FailureClass::Transient, "more was said meanwhile"))
    }

    /// The turn that is open or begins now; `None` when there is nothing to answer.
    async fn open<'a>(
        &'a self,
        context: &'a Context,
        id: ConversationId,
        is_last: bool,
    ) -> Result<Option<Attempt<'a>>, Error> {
        let conversation = self.desk.conversation(context, id).await?;
        let id = conversation.id; // another one, when it was joined with it
        let mut settings = sql::settings::get(&self.store, context).await?.settings;
        settings.knowledge &= self.has_knowledge;
        let mut messages = self.desk.recent(context, id, RECENT).await?;
        if self.gather(&settings, &messages).await {
            messages = self.desk.recent(context, id, RECENT).await?;
        }
        let is_ours = conversation.assignee == Assignee::Assistant;
        let mut heard = heard(&messages);
        if !is_ours {
            heard.contact.clear(); // an open turn is ended, and none is begun
        }
        let Some(turn) = sql::turns::begin(&self.store, context, id, &heard).await? else {
            return Ok(None);
        };
        #[cfg(test)]
        self.mortal.pass().await;
        Ok(Some(Attempt {
            engine: self,
            context,
            language: language(&settings, &messages, &turn),
            catalogue: self.desk.catalogue(context).await?,
            zone: self.desk.zone(context).await?,
            settings,
            is_behind: heard.contact.iter().any(|position| *position > turn.through),
            turn,
            messages,
            is_last,
        }))
    }

    /// Waits a moment for a contact who writes in several messages; whether it has waited.
    async fn gather(&self, settings: &AssistantSettings, messages: &[Message]) -> bool {
        let latest = messages
            .iter()
            .rfind(|message| message.direction == Direction::In);
        let Some(latest) = latest else { return false };
        let quiet = Duration::from_secs(settings.limits.gather_seconds.into());
        let wait = quiet.saturating_sub(self.store.now().since(latest.created_at));
        if wait.is_zero() {
            return false;
        }
        self.store.clock().sleep(wait).await;
        true
    }
}

/// Where messages of the contact stand, and the last one that a person of the house wrote.
fn heard(messages: &[Message]) -> Heard {
    let mut heard = Heard::default();
    for message in messages {
        match (message.direction, message.author) {
            (Direction::In, _) => heard.contact.push(message.position),
            (Direction::Out, Author::Person(_)) => heard.person = heard.person.max(Some(message.position)),
            _ => {}
        }
    }
    heard
}

/// The language of the contact, as far as this turn knows its words.
fn language(settings: &AssistantSettings, messages: &[Message], turn: &Open) -> Language {
    let words = |message: &&Message| message.direction == Direction::In && message.position <= turn.through;
    let texts = messages.iter().filter(words);
    settings
        .speech
        .language(texts.map(|message| message.content.words()))
}

impl Attempt<'_> {
    /// Takes step after step until the turn has ended.
    async fn go(&self) -> Result<(), Failed> {
        for _ in 0..MOST_STEPS {
            let conversation = self
                .engine
                .desk
                .conversation(self.context, self.turn.conversation)
                .await;
            let conversation = conversation.map_err(|error| again(&error))?;
            let steps = sql::steps::of_turn(&self.engine.store, self.context, self.turn.id).await;
            let steps = steps.map_err(|error| again(&error))?;
            #[cfg(test)]
            self.engine.mortal.pass().await;
            let progress = Progress::of(&steps);
            let next = progress.next(&self.settings);
            if let Next::Settle(decision) = next {
                return self.settle(&conversation, &steps, decision).await;
            }
            let (step, used) = self.step(&conversation, &steps, &progress, next).await?;
            #[cfg(test)]
            self.engine.mortal.pass().await;
            let ordinal = progress.next_ordinal;
            let added = sql::steps::add(
                &self.engine.store,
                self.context,
                &self.turn,
                ordinal,
                &step,
                &used,
            )
            .await;
            // When its place was taken, somebody else has come further: their step is read, and this one is forgotten.
            let is_new = added.map_err(|error| again(&error))?;
            tracing::debug!(ordinal, kind = step.kind().as_str(), is_new, "a step of a turn");
            #[cfg(test)]
            self.engine.mortal.pass().await;
        }
        Err(Failed::again(FailureClass::Transient, "the turn has not ended"))
    }

    async fn step(
        &self,
        conversation: &Conversation,
        steps: &[Written],
        progress: &Progress,
        next: Next,
    ) -> Result<(Step, Used), Failed> {
        let decided = |decision| Ok((Step::Decided { decision }, Used::default()));
        if is_taken(conversation) {
            return decided(Decision::silent(Reason::TakenOver));
        }
        // Before every step, because it can be blocked while a turn waits: no model is shown it, and no tool looks at it.
        if self
            .is_blocked(conversation)
            .await
            .map_err(|error| again(&error))?
        {
            return decided(Decision::hand_over(Reason::Blocked, None));
        }
        if steps.is_empty()
            && let Some(step) = self.first().await.map_err(|error| again(&error))?
        {
            return Ok((step, Used::default()));
        }
        match next {
            Next::Settle(decision) => decided(decision),
            Next::Ask => self.ask(progress).await,
            Next::Run(call) => {
                let step = self.run(conversation, progress, &call).await?;
                Ok((step, Used::default()))
            }
            Next::Answer(text) => decided(self.answer(progress, &text)),
            Next::Confirm(effect) => {
                let text = wording::done(&effect, self.language);
                let text = text.unwrap_or_else(|| self.language.regrets().to_owned());
                decided(Decision::reply(
                    Reason::Chosen,
                    crate::conversations::Content::text(text),
                ))
            }
            Next::HandOver(reason) => {
                decided(Decision::hand_over(reason, Some(wording::notice(self.language))))
            }
        }
    }

    /// Whether nothing may be done with what the contact says. Nothing is sent to it either: a person sees to it in silence.
    async fn is_blocked(&self, conversation: &Conversation) -> Result<bool, Error> {
        let contact = &conversation.contact;
        match contact.client_id {
            _ if contact.blocked_at.is_some() => Ok(true),
            Some(client) => self.engine.desk.is_blocked(self.context, client).await,
            None => Ok(false),
        }
    }

    /// Runs a tool under a key that is the same whenever this call of this turn runs.
    async fn run(
        &self,
        conversation: &Conversation,
        progress: &Progress,
        call: &aurora_llm::chat::ToolCall,
    ) -> Result<Step, Failed> {
        let key = format!("{}/{}", self.turn.id, progress.next_ordinal);
        let visit = Visit {
            store: &self.engine.store,
            desk: &*self.engine.desk,
            context: self.context,
            conversation,
            settings: &self.settings,
            catalogue: &self.catalogue,
            language: self.language,
            zone: self.zone,
            key: &key,
            now: self.now(),
        };
        let ran = visit.run(call).await.map_err(|error| {
            telemetry::ran(&call.name, "failed");
            again(&error)
        })?;
        telemetry::ran(&call.name, if ran.is_error { "refused" } else { "ok" });
        Ok(Step::Ran {
            call_id: call.id.clone(),
            tool: call.name.chars().take(64).collect(),
            result: ran.result,
            is_error: ran.is_error,
            effect: ran.effect,
        })
    }

    fn now(&self) -> Timestamp {
        self.engine.store.now()
    }

    /// The messages that this turn answers.
    fn covered(&self) -> impl DoubleEndedIterator<Item = &Message> {
        let range = (self.turn.after + 1)..=self.turn.through;
        self.messages
            .iter()
            .filter(move |message| message.direction == Direction::In && range.contains(&message.position))
    }

    /// The words that this turn answers.
    fn asked(&self) -> Vec<String> {
        self.covered()
            .filter(|message| prompt::asks(&message.content))
            .map(|message| prompt::quoted(message.content.words(), 4_096))
            .collect()
    }
}

/// Whether somebody else has the conversation now.
fn is_taken(conversation: &Conversation) -> bool {
    conversation.assignee != Assignee::Assistant || conversation.status == ConversationStatus::Closed
}
