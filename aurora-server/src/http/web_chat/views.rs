//! The JSON of chats on pages.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::http::conversations::content::ContentView;

/// A chat on a page: an end of a channel.
#[derive(Debug, ToSchema)]
#[schema(as = WebChat)]
#[expect(dead_code, reason = "describes what the domain writes")]
pub(super) struct EndView {
    /// `chn_…`
    id: String,
    /// What the workspace calls it.
    name: String,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
    /// Since when it takes no visitors. RFC 3339, UTC.
    #[schema(format = DateTime)]
    disabled_at: Option<String>,
}

/// A chat to make.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewWebChat)]
pub(super) struct NewEndInput {
    /// Up to 100 characters.
    pub(super) name: String,
}

/// What a page carries. It is no secret: it says which workspace and which chat.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = WebChatKey)]
pub(super) struct KeyView {
    /// For `POST /api/v1/webchat/sessions`.
    pub(super) page_key: String,
}

/// How a visitor begins.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewVisit)]
pub(super) struct VisitInput {
    /// The key that the page carries.
    pub(super) page_key: String,
}

/// What a visitor is known by.
#[derive(Debug, ToSchema)]
#[schema(as = VisitorSession)]
#[expect(dead_code, reason = "describes what the domain writes")]
pub(super) struct SessionView {
    /// Kept by the page and shown with each call as `Authorization: Bearer …`; whoever has it is the visitor.
    token: String,
    /// When it stops counting, 30 days ahead. RFC 3339, UTC.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// What a visitor writes: words, or a choice that was offered.
#[derive(Debug, ToSchema)]
#[schema(as = VisitorMessage, example = json!({"key": "m-1", "text": "Olá!"}))]
#[expect(dead_code, reason = "describes what the domain reads")]
pub(super) struct VisitorMessageInput {
    /// Made by the page, 1 to 64 letters, digits, `-` and `_`: the same one again is the same message.
    key: String,
    /// Up to 4096 characters; of a choice what it said.
    text: String,
    /// The id of the choice, when it is one.
    choice: Option<String>,
    /// What the visitor calls itself.
    name: Option<String>,
}

/// A message as a visitor sees it.
#[derive(Debug, ToSchema)]
#[schema(as = VisitorView)]
#[expect(dead_code, reason = "describes what the domain writes")]
pub(super) struct ShownView {
    /// `msg_…`
    id: String,
    /// Where it is shown, by size.
    position: i64,
    /// Whether the visitor wrote it.
    own: bool,
    /// What it says.
    content: ContentView,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    sent_at: String,
}

/// Messages for a page, in the order in which they came to be seen.
#[derive(Debug, ToSchema)]
#[schema(as = VisitorMessages)]
#[expect(dead_code, reason = "describes what the domain writes")]
pub(super) struct ShownMessages {
    /// The messages.
    items: Vec<ShownView>,
    /// What to ask with next.
    after: i64,
}
