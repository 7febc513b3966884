//! The end of a turn: the reply is sent, the conversation handed over, and all of it written down.

use aurora_core::store::outbox::Failed;

use super::{Attempt, Engine, again};
use crate::analytics::{Analytics, NewUsage};
use crate::assistant::outcome::{Decision, Reason, TurnOutcome};
use crate::assistant::step::{Step, Written};
use crate::assistant::tools::Effect;
use crate::assistant::{sql, telemetry};
use crate::context::Context;
use crate::conversations::{Assignee, Conversation, ConversationId, ConversationStatus, MessageId};
use crate::error::{Error, ErrorKind};

/// How often a conversation is handed over anew when somebody changes it at the same time.
const RELEASES: u32 = 3;

impl Attempt<'_> {
    /// Carries out what was decided. Everything here can be done again: the reply's key is the turn.
    pub(super) async fn settle(
        &self,
        conversation: &Conversation,
        steps: &[Written],
        decision: Decision,
    ) -> Result<(), Failed> {
        let mut ends = (decision.outcome, decision.reason);
        let mut message = None;
        if decision.outcome != TurnOutcome::Silent {
            if is_lost(conversation, decision.outcome) {
                ends = (TurnOutcome::Silent, Reason::TakenOver);
            } else {
                let posted = self.post(&decision).await.map_err(|error| again(&error))?;
                #[cfg(test)]
                self.engine.mortal.pass().await;
                if let Posted::Refused = posted {
                    ends = (TurnOutcome::HandedOver, Reason::NotSent);
                }
                if let Posted::Message(id) = posted {
                    message = Some(id);
                }
                if ends.0 == TurnOutcome::HandedOver {
                    let reason = told(ends.1, steps);
                    let released = self.engine.release(self.context, self.turn.conversation, &reason);
                    released.await.map_err(|error| again(&error))?;
                    #[cfg(test)]
                    self.engine.mortal.pass().await;
                }
            }
        }
        self.end(steps, ends, message)
            .await
            .map_err(|error| again(&error))
    }

    async fn post(&self, decision: &Decision) -> Result<Posted, Error> {
        let Some(content) = &decision.content else {
            return Ok(Posted::Nothing);
        };
        let (context, conversation) = (self.context, self.turn.conversation);
        let key = self.turn.id.to_string();
        match self.engine.desk.post(context, conversation, content, &key).await {
            Ok(id) => Ok(Posted::Message(id)),
            // The contact wrote too long ago, or is blocked: no other attempt would change that.
            Err(error) if error.kind() == ErrorKind::Invalid => Ok(Posted::Refused),
            // A person is called rather than nobody.
            Err(error) if self.is_last => {
                tracing::warn!(%error, "a reply could not be sent");
                Ok(Posted::Refused)
            }
            Err(error) => Err(error),
        }
    }

    async fn end(
        &self,
        steps: &[Written],
        (outcome, reason): (TurnOutcome, Reason),
        message: Option<MessageId>,
    ) -> Result<(), Error> {
        self.record_usage(steps).await?;
        #[cfg(test)]
        self.engine.mortal.pass().await;
        let (store, ends) = (&self.engine.store, (outcome, reason));
        let is_ours = sql::turns::end(store, self.context, &self.turn, ends, message).await?;
        if is_ours {
            telemetry::ended(outcome, reason, self.now().since(self.turn.started_at));
            tracing::debug!(
                outcome = outcome.as_str(),
                reason = reason.as_str(),
                "a turn has ended"
            );
        }
        Ok(())
    }

    /// What the model's answers have used; each counts once however often it is written.
    async fn record_usage(&self, steps: &[Written]) -> Result<(), Error> {
        let analytics = Analytics::new(self.engine.store.clone());
        let answered = steps.iter().filter(|it| matches!(it.step, Step::Answered { .. }));
        for written in answered {
            let used = &written.used;
            let label = used.model.clone().unwrap_or_default();
            let key = format!("assistant/{}/{}", self.turn.id, written.ordinal);
            let input = NewUsage::new(
                format!("{key}/input"),
                "assistant_input_tokens",
                used.input_tokens,
            )
            .label(&label)
            .cost(used.cost.unwrap_or_default());
            analytics.record_usage(self.context, input).await?;
            let output = NewUsage::new(
                format!("{key}/output"),
                "assistant_output_tokens",
                used.output_tokens,
            )
            .label(&label);
            analytics.record_usage(self.context, output).await?;
        }
        Ok(())
    }
}

impl Engine {
    /// Lets a conversation wait for a person, unless one has it.
    pub(super) async fn release(
        &self,
        context: &Context,
        id: ConversationId,
        reason: &str,
    ) -> Result<(), Error> {
        for _ in 0..RELEASES {
            let conversation = self.desk.conversation(context, id).await?;
            if conversation.assignee != Assignee::Assistant {
                return Ok(());
            }
            match self.desk.release(context, id, conversation.version, reason).await {
                Err(error) if error.kind() == ErrorKind::Conflict => {}
                outcome => return outcome,
            }
        }
        Err(Error::new(ErrorKind::Unavailable))
    }
}

/// What became of a reply.
#[derive(Debug)]
enum Posted {
    Nothing,
    Message(MessageId),
    Refused,
}

/// Whether the reply is nobody's any more. A hand-over that was cut short has left the conversation to nobody, and is done to
/// its end.
fn is_lost(conversation: &Conversation, outcome: TurnOutcome) -> bool {
    match conversation.assignee {
        Assignee::Person(_) => true,
        Assignee::Nobody => outcome != TurnOutcome::HandedOver,
        Assignee::Assistant => conversation.status == ConversationStatus::Closed,
    }
}

/// Why a person is called, for the person: the reason, and what the model says that the person should know.
fn told(reason: Reason, steps: &[Written]) -> String {
    let note = steps.iter().find_map(|written| match &written.step {
        Step::Ran {
            effect: Effect::HandOver { note, .. },
            ..
        } => note.as_deref(),
        _ => None,
    });
    match note.map(str::trim).filter(|note| !note.is_empty()) {
        Some(note) => {
            let note: String = note.chars().filter(|c| !c.is_control()).take(400).collect();
            format!("assistant: {} ({note})", reason.as_str())
        }
        None => format!("assistant: {}", reason.as_str()),
    }
}
