use super::limits::{MOST_ANSWER_SECONDS, MOST_GATHER_SECONDS};
use super::{AssistantSettings, Away, HandOverRules, TurnLimits};
use crate::error::Error;
use crate::fields::Fields;

impl AssistantSettings {
    /// Whether they can be stored.
    ///
    /// # Errors
    /// `Invalid` with every wrong field.
    pub fn check(&self) -> Result<(), Error> {
        let mut fields = Fields::default();
        fields.line("name", &self.name, 60);
        if self.enabled || !self.house.is_empty() {
            fields.line("house", &self.house, 120);
        }
        text(&mut fields, "persona", &self.persona, 2_000);
        if let Some(model) = &self.model {
            fields.line("model", model, 100);
        }
        if !self.hours.is_valid() {
            let wanted = "up to 50 pieces of days, each from 0 to 1440 minutes and ending after it begins";
            fields.refuse("hours", "invalid", wanted);
        }
        if let Away::Say(said) = &self.away {
            required(&mut fields, "away", said, 1_000);
        }
        if let Some(consent) = &self.consent {
            required(&mut fields, "consent", consent, 2_000);
        }
        links(&mut fields, &self.links);
        self.hand_over.read(&mut fields);
        self.limits.read(&mut fields);
        fields.finish(())
    }
}

fn text(fields: &mut Fields, field: &str, text: &str, most: usize) {
    if text.chars().nth(most).is_some() {
        fields.refuse(
            field,
            "too_long",
            format_args!("must have at most {most} characters"),
        );
    } else if text.chars().any(|c| c.is_control() && c != '\n') {
        fields.refuse(field, "invalid", "must have no control characters");
    }
}

fn required(fields: &mut Fields, field: &str, said: &str, most: usize) {
    if said.trim().is_empty() {
        fields.refuse(field, "required", "must not be empty");
    }
    text(fields, field, said, most);
}

fn links(fields: &mut Fields, links: &[String]) {
    if links.len() > 20 {
        fields.refuse("links", "too_many", "must have at most 20 entries");
    }
    for (index, link) in links.iter().enumerate() {
        let is_fit = link.starts_with("https://")
            && link.len() <= 500
            && !link.chars().any(|c| c.is_whitespace() || c.is_control());
        if !is_fit {
            let field = format!("links[{index}]");
            fields.refuse(field, "invalid", "must be an https address of up to 500 bytes");
        }
    }
}

impl HandOverRules {
    fn read(&self, fields: &mut Fields) {
        within(fields, "hand_over.failed_tools", self.failed_tools.into(), 1, 8);
        within(fields, "hand_over.answers", self.answers.into(), 2, 200);
        if self.topics.len() > 20 {
            fields.refuse("hand_over.topics", "too_many", "must have at most 20 entries");
        }
        for (index, topic) in self.topics.iter().enumerate() {
            let at = format!("hand_over.topics[{index}]");
            let is_word = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            if topic.name.is_empty() || topic.name.len() > 40 || !topic.name.chars().all(is_word) {
                fields.refuse(
                    format!("{at}.name"),
                    "invalid",
                    "must be 1 to 40 of a-z, 0-9 and _",
                );
            }
            let is_phrase = |phrase: &String| (3..=80).contains(&phrase.trim().len());
            if topic.phrases.is_empty() || topic.phrases.len() > 100 || !topic.phrases.iter().all(is_phrase) {
                fields.refuse(
                    format!("{at}.phrases"),
                    "invalid",
                    "must be 1 to 100 phrases of 3 to 80 bytes",
                );
            }
            required(fields, &format!("{at}.reply_pt"), &topic.reply_pt, 1_000);
            required(fields, &format!("{at}.reply_en"), &topic.reply_en, 1_000);
        }
    }
}

impl TurnLimits {
    fn read(&self, fields: &mut Fields) {
        for (field, value, least, most) in [
            ("limits.tokens", self.tokens, 1_000, 200_000),
            ("limits.tool_calls", self.tool_calls.into(), 1, 8),
            ("limits.turns_per_hour", self.turns_per_hour.into(), 1, 120),
            (
                "limits.answer_seconds",
                self.answer_seconds.into(),
                5,
                MOST_ANSWER_SECONDS,
            ),
            ("limits.answer_tokens", self.answer_tokens.into(), 64, 4_096),
            ("limits.reply_chars", self.reply_chars.into(), 100, 4_096),
            (
                "limits.gather_seconds",
                self.gather_seconds.into(),
                0,
                MOST_GATHER_SECONDS,
            ),
        ] {
            within(fields, field, value, least, most);
        }
    }
}

fn within(fields: &mut Fields, field: &str, value: u64, least: u64, most: u64) {
    if !(least..=most).contains(&value) {
        fields.refuse(field, "invalid", format_args!("must be within {least} to {most}"));
    }
}
