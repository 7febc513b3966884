//! The model's words, made fit to be sent.

use super::Attempt;
use crate::assistant::filter::{self, Policy};
use crate::assistant::outcome::{Decision, Reason};
use crate::assistant::progress::Progress;
use crate::assistant::tools::{Effect, ToolName};
use crate::assistant::{prompt, telemetry, wording};
use crate::conversations::{Content, Message};

impl Attempt<'_> {
    pub(super) fn answer(&self, progress: &Progress, text: &str) -> Decision {
        let citations = progress.citations();
        let quotes = citations.iter().map(|citation| citation.quote.as_str());
        let mut known: Vec<String> = quotes.clone().map(str::to_owned).collect();
        known.extend(progress.results().map(str::to_owned));
        known.extend(self.said().map(|message| message.content.words().to_owned()));
        let facts = prompt::facts(
            &self.settings,
            &self.catalogue,
            self.language,
            self.now(),
            self.zone,
        );
        known.push(facts);
        let unspoken = ToolName::ALL.map(ToolName::as_str);
        let policy = Policy {
            secret: prompt::RULES,
            unspoken: &unspoken,
            links: links(&self.settings.links, quotes),
            known,
            most: usize::try_from(self.settings.limits.reply_chars).unwrap_or(4_096),
        };
        let cleaned = filter::clean(text, &policy);
        telemetry::withheld(&cleaned.withheld);
        let mut decision = match cleaned.text {
            Some(text) => Decision::reply(Reason::Answered, self.content(progress, text)),
            None => Decision::reply(Reason::Answered, self.instead(progress)),
        };
        decision.citations = citations;
        decision.withheld = cleaned.withheld;
        decision
    }

    /// What is said when nothing of the model's words can be: what the turn has done.
    fn instead(&self, progress: &Progress) -> Content {
        let done = progress.effects.iter();
        let done: Vec<String> = done
            .filter_map(|effect| wording::done(effect, self.language))
            .collect();
        if done.is_empty() {
            return Content::text(self.language.regrets());
        }
        self.content(progress, done.join("\n"))
    }

    /// With the times that were found last as a list, while nothing was made of them.
    fn content(&self, progress: &Progress, text: String) -> Content {
        let is_telling = |effect: &&Effect| {
            !matches!(
                effect,
                Effect::Nothing | Effect::Found { .. } | Effect::Registered { .. }
            )
        };
        match progress.effects.iter().rev().find(is_telling) {
            Some(Effect::Offered { service, offers }) => {
                wording::with_offers(text, offers, service, self.language)
            }
            _ => Content::Text { body: text },
        }
    }

    /// What both sides have said up to this turn, without notes.
    fn said(&self) -> impl Iterator<Item = &Message> {
        let is_said = |message: &&Message| {
            message.direction != crate::conversations::Direction::Note
                && message.position <= self.turn.through
        };
        self.messages.iter().filter(is_said)
    }
}

/// The links of the settings and those in the passages that were found.
fn links<'a>(settings: &[String], quotes: impl Iterator<Item = &'a str>) -> Vec<String> {
    let in_quotes = quotes.flat_map(filter::links_in).map(str::to_owned);
    settings.iter().cloned().chain(in_quotes).collect()
}
