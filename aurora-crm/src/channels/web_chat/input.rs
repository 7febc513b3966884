use std::fmt;

use serde::Deserialize;

use crate::conversations::Content;
use crate::error::Error;
use crate::fields::Fields;

const MAX_TEXT: usize = 4096;
const MAX_LINE: usize = 200;
const MAX_KEY: usize = 64;

/// What a visitor writes: words, or a choice that was offered.
///
/// `Debug` shows no text of it.
#[derive(Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
#[non_exhaustive]
pub struct VisitorMessage {
    /// Made by the page, 1 to 64 letters, digits, `-` and `_`: the same one again is the same message.
    pub key: String,
    /// What it says, or what the choice said.
    pub text: String,
    /// The id of the choice, when it is one.
    pub choice: Option<String>,
    /// What the visitor calls itself.
    pub name: Option<String>,
}

impl VisitorMessage {
    /// Words.
    #[must_use]
    pub fn text(key: impl Into<String>, text: impl Into<String>) -> Self {
        Self {
            key: key.into(),
            text: text.into(),
            choice: None,
            name: None,
        }
    }

    /// Says what the visitor calls itself.
    #[must_use]
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Says which choice it is.
    #[must_use]
    pub fn choice(mut self, id: impl Into<String>) -> Self {
        self.choice = Some(id.into());
        self
    }

    /// What it says, if all of it can be taken.
    pub(super) fn check(&self) -> Result<Content, Error> {
        let mut fields = Fields::default();
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !(1..=MAX_KEY).contains(&self.key.len()) || !self.key.bytes().all(is_plain) {
            fields.refuse("key", "invalid", "must be 1 to 64 letters, digits, - and _");
        }
        if self.text.trim().is_empty() {
            fields.refuse("text", "required", "must not be empty");
        } else if self.text.chars().nth(MAX_TEXT).is_some() {
            fields.refuse("text", "too_long", "must have at most 4096 characters");
        }
        if let Some(choice) = &self.choice {
            fields.line("choice", choice, MAX_LINE);
        }
        fields.optional_line("name", self.name.as_deref(), MAX_LINE);
        fields.finish(match &self.choice {
            Some(id) => Content::Chosen {
                id: id.clone(),
                title: self.text.clone(),
            },
            None => Content::text(self.text.clone()),
        })
    }
}

impl fmt::Debug for VisitorMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VisitorMessage").finish_non_exhaustive()
    }
}
