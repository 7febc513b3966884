//! A question to the model.

use std::time::Duration;

use aurora_core::failure::Failure as _;
use aurora_core::store::outbox::Failed;
use aurora_llm::chat::{ChatRequest, FinishReason, Message as Said, Part, Role};
use aurora_llm::client::{Answer, CallOptions, Caller};
use aurora_llm::error::TimeoutStage;
use aurora_llm::{Error as LlmError, ErrorKind};

use super::Attempt;
use crate::assistant::outcome::{Decision, Reason};
use crate::assistant::progress::Progress;
use crate::assistant::settings::limits::MOST_ANSWER_SECONDS;
use crate::assistant::step::{Step, Used};
use crate::assistant::{prompt, tools};
use crate::conversations::Content;

/// The most text of one answer that is kept, in bytes.
const MOST_TEXT: usize = 32 * 1024;

impl Attempt<'_> {
    pub(super) async fn ask(&self, progress: &Progress) -> Result<(Step, Used), Failed> {
        let options = CallOptions::default()
            .caller(Caller::tenant(self.context.workspace.to_string()))
            .sticky(self.turn.conversation.to_string());
        let seconds = u64::from(self.settings.limits.answer_seconds);
        let limit = Duration::from_secs(seconds.min(MOST_ANSWER_SECONDS));
        let asked = self.engine.llm.chat_with(self.request(progress), &options);
        // By this clock and not by a deadline of the client, which may have another one.
        let outcome = tokio::select! {
            biased;
            outcome = asked => outcome,
            () = self.engine.store.clock().sleep(limit) => Err(LlmError::new(ErrorKind::Timeout(TimeoutStage::Total))),
        };
        match outcome {
            Ok(answer) => Ok(understood(&answer)),
            Err(error) => self.unanswered(&error),
        }
    }

    fn request(&self, progress: &Progress) -> ChatRequest {
        let mut messages = prompt::history(&self.messages, self.turn.after, self.turn.through);
        messages.extend(progress.said.iter().cloned());
        let system = prompt::system(
            &self.settings,
            &self.catalogue,
            self.language,
            self.now(),
            self.zone,
        );
        let mut request = ChatRequest::new(messages)
            .system(system)
            .max_tokens(self.settings.limits.answer_tokens);
        request.tools = tools::offered(&self.settings);
        request.model.clone_from(&self.settings.model);
        request
    }

    /// Every provider has failed: the turn is tried again later, and a person is called in the end.
    fn unanswered(&self, error: &LlmError) -> Result<(Step, Used), Failed> {
        if error.is_retryable() && !self.is_last {
            // The provider's own words may repeat the contact's.
            let failed = Failed::again(error.class(), format!("no model answers: {:?}", error.kind()));
            return Err(match error.retry_after() {
                Some(wait) => failed.after(wait),
                None => failed,
            });
        }
        tracing::warn!(kind = ?error.kind(), "no model answers: a person is called");
        let (reason, words) = match error.kind() {
            ErrorKind::ContentFiltered => (Reason::NoAnswer, self.language.hands_over()),
            _ => (Reason::ModelUnavailable, self.language.cannot_answer()),
        };
        let decision = Decision::hand_over(reason, Some(Content::text(words)));
        Ok((Step::Decided { decision }, Used::default()))
    }
}

/// An answer as a step, with what it has used.
fn understood(answer: &Answer) -> (Step, Used) {
    let response = answer.response();
    let tokens = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    let usage = answer.usage();
    let used = Used {
        model: Some(answer.target().chars().take(100).collect()),
        input_tokens: usage.map_or(0, |usage| tokens(usage.total_input())),
        output_tokens: usage.map_or(0, |usage| tokens(usage.total_output())),
        cost: answer.cost().amount(),
    };
    let finish = match &response.finish {
        FinishReason::Other(name) => FinishReason::Other(name.chars().take(50).collect()),
        known => known.clone(),
    };
    let said = Said::new(Role::Assistant, kept(response.message.parts.clone()));
    (Step::Answered { said, finish }, used)
}

/// What is said to the model again in this turn; what it has thought is kept, because providers ask for it with the calls.
fn kept(parts: Vec<Part>) -> Vec<Part> {
    let wanted = |part: &Part| matches!(part, Part::Text(_) | Part::ToolCall(_) | Part::Reasoning(_));
    let cut = |part| match part {
        Part::Text(text) if text.len() > MOST_TEXT => Part::Text(text.chars().take(MOST_TEXT / 4).collect()),
        part => part,
    };
    parts.into_iter().filter(wanted).map(cut).collect()
}
