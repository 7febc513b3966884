use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::limits;
use crate::channels::ChannelId;
use crate::error::Error;
use crate::fields::Fields;

const MAX_NAME: usize = 512;
const MAX_LANGUAGE: usize = 15;
const MAX_PLACES: usize = 10;
const MAX_PLACE: usize = 1024;

/// Who answers a conversation that begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FirstAssignee {
    /// Nobody: it waits for a person.
    #[default]
    Nobody,
    /// The assistant.
    Assistant,
}

/// How a workspace works with conversations.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct ConversationSettings {
    /// Who answers conversations that begin.
    pub first_assignee: FirstAssignee,
    /// What is sent instead of a message that comes too late for the window; nothing unless told: the message fails.
    pub fallback: Option<FallbackTemplate>,
    /// The end of a channel that clients without a conversation on WhatsApp are told about their appointments from; none unless told.
    pub notices_from: Option<ChannelId>,
}

impl ConversationSettings {
    /// Who answers conversations that begin.
    #[must_use]
    pub const fn first_assignee(mut self, assignee: FirstAssignee) -> Self {
        self.first_assignee = assignee;
        self
    }

    /// The end of a channel that notices are sent from.
    #[must_use]
    pub const fn notices_from(mut self, channel: ChannelId) -> Self {
        self.notices_from = Some(channel);
        self
    }

    /// What is sent instead of a message that comes too late for the window.
    #[must_use]
    pub fn fallback(mut self, template: FallbackTemplate) -> Self {
        self.fallback = Some(template);
        self
    }
}

/// An approved template that asks the contact to write, or carries the message itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FallbackTemplate {
    /// Its name at the provider, up to 512 characters.
    pub name: String,
    /// Its language, such as `pt_BR`.
    pub language: String,
    /// What its places are filled with, in order, up to 10; in each, `{name}` becomes the name of the contact and `{text}` the
    /// words of the message.
    pub places: Vec<String>,
    /// The text as a person reads it in the history, with the same two marks.
    pub text: String,
}

/// An end of a channel from which nothing is sent until somebody has seen to it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct ChannelPause {
    /// Which.
    pub channel: ChannelId,
    /// The provider's code.
    pub code: String,
    /// In words, for operators.
    pub detail: String,
    /// Since when.
    pub since: Timestamp,
}

/// Refuses settings that make no sense, with every wrong field.
pub(super) fn check(settings: &ConversationSettings) -> Result<(), Error> {
    let mut fields = Fields::default();
    if let Some(template) = &settings.fallback {
        fields.line("fallback.name", &template.name, MAX_NAME);
        fields.line("fallback.language", &template.language, MAX_LANGUAGE);
        limits::text(&mut fields, "fallback.text", &template.text, MAX_PLACE);
        if template.places.len() > MAX_PLACES {
            fields.refuse(
                "fallback.places",
                "too_many",
                format_args!("must have at most {MAX_PLACES} entries"),
            );
        }
        for (index, place) in template.places.iter().take(MAX_PLACES).enumerate() {
            limits::text(
                &mut fields,
                &format!("fallback.places[{index}]"),
                place,
                MAX_PLACE,
            );
        }
    }
    fields.finish(())
}
