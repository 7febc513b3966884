//! What a request tells of its conversation.

use aurora_llm::chat::{ChatRequest, Message as Said, Part, Role};
use serde_json::{Value, json};

use super::Act;
use crate::assistant::language::{has_phrase, plain};

/// What is known of the conversation, out of the request alone.
pub(super) struct Scene<'a> {
    pub(super) request: &'a ChatRequest,
    /// The contact's latest words, made plain.
    pub(super) words: String,
    /// As they were written.
    pub(super) raw: String,
    /// The tool that ran last in this turn, with what it told.
    pub(super) last: Option<(String, Value)>,
    pub(super) is_english: bool,
}

impl<'a> Scene<'a> {
    pub(super) fn of(request: &'a ChatRequest) -> Self {
        let user = request
            .messages
            .iter()
            .rev()
            .find(|message| message.role == Role::User);
        let text = user.map(Said::text).unwrap_or_default();
        let raw = text.rsplit("<contact>").next().unwrap_or(&text);
        let raw = raw.split("</contact>").next().unwrap_or(raw).trim().to_owned();
        let system: String = request
            .messages
            .iter()
            .filter(|message| message.role == Role::System)
            .map(Said::text)
            .collect();
        Self {
            request,
            words: plain(&raw),
            raw,
            last: last_result(request),
            is_english: system.contains("Write in English"),
        }
    }

    pub(super) fn has(&self, phrases: &[&str]) -> bool {
        phrases.iter().any(|phrase| has_phrase(&self.words, phrase))
    }

    pub(super) fn say(&self, portuguese: &str, english: &str) -> Act {
        let note = if self.is_english {
            "(simulated answer)"
        } else {
            "(resposta simulada)"
        };
        let text = if self.is_english { english } else { portuguese };
        Act::Say(format!("{text} {note}"))
    }

    pub(super) fn offers(&self, tool: &str) -> bool {
        self.request.tools.iter().any(|offered| offered.name == tool)
    }

    /// The service that the contact names, or the first of the list.
    pub(super) fn service(&self) -> Option<String> {
        let system = self
            .request
            .messages
            .iter()
            .find(|message| message.role == Role::System)?;
        let text = system.text();
        let listed = text.split("\nServices:\n").nth(1)?;
        let names: Vec<&str> = listed
            .lines()
            .filter_map(|line| line.strip_prefix("- ")?.split(" (").next())
            .collect();
        let all: String = self
            .request
            .messages
            .iter()
            .filter(|message| message.role == Role::User)
            .map(|message| plain(&message.text()))
            .collect::<Vec<_>>()
            .join(" ");
        let named = names.iter().rev().find(|name| has_phrase(&all, name));
        named.or(names.first()).map(|name| (*name).to_owned())
    }

    pub(super) fn today(&self) -> Option<String> {
        let system = self
            .request
            .messages
            .iter()
            .find(|message| message.role == Role::System)?;
        let text = system.text();
        let line = text.lines().find_map(|line| line.strip_prefix("It is "))?;
        line.split_whitespace().nth(1).map(str::to_owned)
    }

    pub(super) fn find(&self, moves: Option<&str>) -> Act {
        let (Some(service), Some(today)) = (self.service(), self.today()) else {
            return self.say(
                "Ainda não há serviços para marcar.",
                "There is nothing to book yet.",
            );
        };
        let part = if self.has(&["manha", "morning"]) {
            "morning"
        } else if self.has(&["tarde", "afternoon"]) {
            "afternoon"
        } else {
            "any"
        };
        Act::Call(
            "find_slots",
            json!({"service": service, "professional": null, "from": today, "until": null, "part_of_day": part, "moves": moves}),
        )
    }
}

/// The result that the request ends with, and which tool gave it.
fn last_result(request: &ChatRequest) -> Option<(String, Value)> {
    let last = request
        .messages
        .last()
        .filter(|message| message.role == Role::Tool)?;
    let result = last.parts.iter().rev().find_map(|part| match part {
        Part::ToolResult(result) => Some(result),
        _ => None,
    })?;
    let calls = request.messages.iter().flat_map(Said::tool_calls);
    let call = calls.filter(|call| call.id == result.call_id).last()?;
    let value = serde_json::from_str(&result.content).unwrap_or(Value::Null);
    Some((call.name.clone(), value))
}
