//! The last attempt at a turn: whatever fails, a person is called.

use aurora_core::failure::FailureClass;
use aurora_core::store::outbox::Failed;
use aurora_core::time::Timestamp;

use super::{Attempt, Engine, RECENT, again, heard, is_taken, language};
use crate::assistant::desk::Catalogue;
use crate::assistant::outcome::{Decision, Reason};
use crate::assistant::progress::{Next, Progress};
use crate::assistant::settings::AssistantSettings;
use crate::assistant::step::{Step, Used};
use crate::assistant::{sql, triggers};
use crate::context::Context;
use crate::conversations::{Content, Conversation, ConversationId};
use crate::error::Error;

impl Attempt<'_> {
    /// Takes the turn to its end, or as far as the time allows.
    pub(super) async fn run_until(&self, until: Timestamp) -> Result<(), Failed> {
        let left = until.since(self.now());
        // Before the worker drops the attempt, which would leave nobody to call a person.
        let outcome = tokio::select! {
            biased;
            outcome = self.go() => outcome,
            () = self.engine.store.clock().sleep(left) => Err(Failed::again(FailureClass::Timeout, "the turn took too long")),
        };
        match outcome {
            Err(failed) if self.is_last => self.give_up(&failed).await,
            outcome => outcome,
        }
    }

    /// Ends a turn that cannot be gone on with: the contact is told, and the conversation waits for a person.
    async fn give_up(&self, failed: &Failed) -> Result<(), Failed> {
        tracing::warn!(class = ?failed.class(), "a turn cannot be gone on with: a person is called");
        let (engine, context) = (self.engine, self.context);
        let conversation = engine.desk.conversation(context, self.turn.conversation).await;
        let conversation = conversation.map_err(|error| again(&error))?;
        let Ok(steps) = sql::steps::of_turn(&engine.store, context, self.turn.id).await else {
            // What cannot be read is not added to, and ended all the same.
            return self
                .settle(&conversation, &[], self.resigned(&conversation))
                .await;
        };
        let progress = Progress::of(&steps);
        if let Next::Settle(decision) = progress.next(&self.settings) {
            return self.settle(&conversation, &steps, decision).await;
        }
        let decision = self.resigned(&conversation);
        let step = Step::Decided {
            decision: decision.clone(),
        };
        let (turn, ordinal, used) = (&self.turn, progress.next_ordinal, Used::default());
        if let Ok(false) = sql::steps::add(&engine.store, context, turn, ordinal, &step, &used).await {
            return Err(Failed::again(
                FailureClass::Transient,
                "somebody else works on the turn",
            ));
        }
        self.settle(&conversation, &steps, decision).await
    }

    fn resigned(&self, conversation: &Conversation) -> Decision {
        if is_taken(conversation) {
            return Decision::silent(Reason::TakenOver);
        }
        // Who is in danger is told where to call, whatever else fails.
        if let Some(topic) = triggers::topic(&self.settings, &self.asked()) {
            return Decision::hand_over(Reason::Topic, Some(Content::text(topic.reply(self.language))));
        }
        let notice = Content::text(self.language.cannot_answer());
        Decision::hand_over(Reason::FailedTools, self.settings.enabled.then_some(notice))
    }
}

impl Engine {
    /// Calls a person where a turn cannot even be begun.
    pub(super) async fn call_person(
        &self,
        context: &Context,
        id: ConversationId,
        error: &Error,
    ) -> Result<(), Failed> {
        let conversation = self.desk.conversation(context, id).await;
        let conversation = conversation.map_err(|error| again(&error))?;
        let id = conversation.id;
        let messages = self.desk.recent(context, id, RECENT).await;
        let is_unread = messages.is_err();
        let messages = messages.unwrap_or_default();
        let mut heard = heard(&messages);
        if is_taken(&conversation) {
            heard.contact.clear();
        }
        let turn = sql::turns::begin(&self.store, context, id, &heard).await;
        let Some(turn) = turn.map_err(|error| again(&error))? else {
            return if is_unread {
                let reason = format!("assistant: {}", Reason::FailedTools.as_str());
                let released = self.release(context, id, &reason).await;
                released.map_err(|error| again(&error))
            } else {
                Ok(())
            };
        };
        let stored = sql::settings::get(&self.store, context).await;
        let settings = stored.map_or_else(|_| AssistantSettings::new("", ""), |stored| stored.settings);
        let attempt = Attempt {
            engine: self,
            context,
            language: language(&settings, &messages, &turn),
            settings,
            catalogue: Catalogue::default(),
            zone: chrono_tz::America::Sao_Paulo,
            turn,
            messages,
            is_behind: false,
            is_last: true,
        };
        attempt.give_up(&again(error)).await
    }
}
