//! The first step of a turn: what needs no model.

use std::time::Duration;

use aurora_llm::chat::ToolCall;
use serde_json::json;

use super::Attempt;
use crate::appointments::{Answer as Choice, answer_of};
use crate::assistant::outcome::{Decision, Reason, TurnOutcome};
use crate::assistant::step::Step;
use crate::assistant::tools::{ToolName, reference};
use crate::assistant::{offer, sql, triggers, wording};
use crate::conversations::Content;
use crate::error::Error;

const HOUR: Duration = Duration::from_secs(3_600);
const DAY: Duration = Duration::from_secs(24 * 3_600);

impl Attempt<'_> {
    /// What the turn begins with, if not with a question to the model.
    pub(super) async fn first(&self) -> Result<Option<Step>, Error> {
        let decided = |decision| Ok(Some(Step::Decided { decision }));
        let texts = self.asked();
        if texts.is_empty() {
            return decided(Decision::silent(Reason::NothingAsked));
        }
        if !self.settings.enabled {
            return decided(Decision::hand_over(Reason::Disabled, None));
        }
        // An emergency is answered whatever else holds.
        if let Some(topic) = triggers::topic(&self.settings, &texts) {
            let content = Content::text(topic.reply(self.language));
            let mut decision = Decision::reply(Reason::Topic, content);
            if topic.hands_over {
                decision.outcome = TurnOutcome::HandedOver;
            }
            return decided(decision);
        }
        if !self.settings.hours.holds(self.now(), self.zone) {
            return decided(Decision::hand_over(Reason::Away, wording::away(&self.settings)));
        }
        let notice = || Some(wording::notice(self.language));
        if self.settings.hand_over.on_request && triggers::asks_for_person(&texts) {
            return decided(Decision::hand_over(Reason::AskedForPerson, notice()));
        }
        if let Some(reason) = self.overrun().await? {
            return decided(Decision::hand_over(reason, notice()));
        }
        Ok(self.chosen().map(|call| Step::Understood { call }))
    }

    /// The limit of the conversation that this turn goes beyond.
    async fn overrun(&self) -> Result<Option<Reason>, Error> {
        let now = self.now();
        let before = |span: Duration| {
            let micros = i64::try_from(span.as_micros()).unwrap_or(i64::MAX);
            aurora_core::time::Timestamp::from_micros(now.as_micros().saturating_sub(micros))
        };
        let (context, store) = (self.context, &self.engine.store);
        let (hour, day) = (before(HOUR), before(DAY));
        let (turns, answers) = sql::turns::counts(store, context, self.turn.conversation, hour, day).await?;
        Ok(if turns > i64::from(self.settings.limits.turns_per_hour) {
            Some(Reason::TurnLimit)
        } else if answers >= i64::from(self.settings.hand_over.answers) {
            Some(Reason::AnswerLimit)
        } else {
            None
        })
    }

    /// What the contact has chosen last, as the call of a tool. Its id was made here, and is checked as any argument is.
    fn chosen(&self) -> Option<ToolCall> {
        let latest = self.covered().next_back()?;
        let Content::Chosen { id, .. } = &latest.content else {
            return None;
        };
        let (tool, arguments) = if let Some(name) = offer::of_choice(id) {
            (ToolName::BookAppointment, json!({ "slot": name }))
        } else {
            let (id, answer) = answer_of(&latest.content)?;
            let appointment = reference(id);
            match answer {
                Choice::Confirm => (
                    ToolName::ConfirmAppointment,
                    json!({ "appointment": appointment }),
                ),
                Choice::Cancel => (
                    ToolName::CancelAppointment,
                    json!({ "appointment": appointment, "reason": null }),
                ),
                // Which times suit is a matter of words: the model sees which appointment it is about.
                _ => return None,
            }
        };
        let is_offered = self.settings.offers(tool);
        is_offered.then(|| {
            ToolCall::new(
                format!("choice_{}", latest.position),
                tool.as_str(),
                arguments.to_string(),
            )
        })
    }
}
