use std::fmt;

use aurora_core::id::{Id, IdKind};
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::ClientId;
use crate::error::Error;
use crate::fields::Fields;

const MAX_TEXT: usize = 10_000;

/// Names a note: `cno_` and 32 hexadecimal digits.
pub type ClientNoteId = Id<ClientNote>;

/// Something that somebody wrote down about a client. `Debug` does not show the text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ClientNote {
    /// Its name for programs.
    pub id: ClientNoteId,
    /// About whom it is.
    pub client: ClientId,
    /// Who wrote it: the principal of the context in which it was added.
    pub author: String,
    /// What it says: 1 to 10,000 characters.
    pub text: String,
    /// Grows by one with each change; 1 when new.
    pub version: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

impl IdKind for ClientNote {
    const PREFIX: &'static str = "cno";
}

impl fmt::Debug for ClientNote {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientNote")
            .field("id", &self.id)
            .field("client", &self.client)
            .field("version", &self.version)
            .finish_non_exhaustive()
    }
}

/// The text as it is stored: without white space around it, with line breaks and tabs.
pub(super) fn check(text: &str) -> Result<String, Error> {
    let mut fields = Fields::default();
    let text = text.trim();
    if text.is_empty() {
        fields.refuse("text", "required", "must not be empty");
    } else if text
        .chars()
        .any(|c| c.is_control() && !matches!(c, '\n' | '\r' | '\t'))
    {
        fields.refuse(
            "text",
            "invalid",
            "must have no control characters but line breaks and tabs",
        );
    } else if text.chars().nth(MAX_TEXT).is_some() {
        fields.refuse(
            "text",
            "too_long",
            format_args!("must have at most {MAX_TEXT} characters"),
        );
    }
    fields.finish(text.to_owned())
}
