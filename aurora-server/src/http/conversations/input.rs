//! What is posted.

use aurora_crm::channels::{Address, ChannelId};
use aurora_crm::clients::ClientId;
use aurora_crm::conversations::{Assignee, Author, Content, MessageId, NewMessage, Recipient};
use aurora_crm::files::FileId;
use serde::Deserialize;
use utoipa::ToSchema;

use super::content::ContentView;
use super::views::{AddressView, AssigneeView};
use crate::http::extract::IdempotencyKey;
use crate::http::problem::{FieldError, Problem, ProblemKind};

/// A message that is to be sent: either `text` or `content`.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewMessage, example = json!({"text": "Bom dia! Como posso ajudar?"}))]
pub(super) struct NewMessageInput {
    /// Words, up to 4096 characters.
    text: Option<String>,
    /// What else can be sent.
    #[schema(value_type = Option<ContentView>)]
    content: Option<Content>,
    /// Answers a message of the same conversation, `msg_…`.
    #[schema(value_type = Option<String>)]
    reply_to: Option<MessageId>,
    /// Whether it closes the conversation.
    #[serde(default)]
    #[schema(required = false)]
    closing: bool,
}

impl NewMessageInput {
    /// The file of the workspace that is to be sent.
    pub(super) fn file(&self) -> Option<FileId> {
        match &self.content {
            Some(Content::Media { media, .. }) => media.file_id.as_ref()?.parse().ok(),
            _ => None,
        }
    }

    pub(super) fn message(self, author: Author, key: IdempotencyKey) -> Result<NewMessage, Problem> {
        let content = match (self.text, self.content) {
            (Some(text), None) => Content::text(text),
            (None, Some(content)) => content,
            _ => {
                let error = FieldError::new(
                    "content",
                    "required",
                    "either text or content must be there, and not both",
                );
                return Err(Problem::new(ProblemKind::Invalid).errors([error]));
            }
        };
        let mut message = NewMessage::new(author, content);
        if let Some(id) = self.reply_to {
            message = message.reply_to(id);
        }
        if let Some(key) = key.0 {
            message = message.idempotency_key(key);
        }
        Ok(if self.closing { message.closing() } else { message })
    }
}

/// A first message to somebody. On WhatsApp it must be a template unless the contact has written within 24 hours.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewConversation)]
pub(super) struct NewConversationInput {
    /// The end of a channel to write from, `chn_…`.
    #[schema(value_type = String)]
    pub(super) channel_id: ChannelId,
    /// To whom: a client, or
    #[schema(value_type = Option<String>)]
    client_id: Option<ClientId>,
    /// an address.
    #[schema(value_type = Option<AddressView>)]
    address: Option<Address>,
    /// The message.
    pub(super) message: NewMessageInput,
}

impl NewConversationInput {
    pub(super) fn recipient(&self) -> Result<Recipient, Problem> {
        match (self.client_id, &self.address) {
            (Some(client), None) => Ok(Recipient::from(client)),
            (None, Some(address)) => Ok(Recipient::from(address.clone())),
            _ => {
                let text = "either client_id or address must be there, and not both";
                Err(Problem::new(ProblemKind::Invalid).errors([FieldError::new(
                    "client_id",
                    "required",
                    text,
                )]))
            }
        }
    }
}

/// A note among the people who answer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewConversationNote)]
pub(super) struct NoteInput {
    /// Up to 4096 characters.
    pub(super) text: String,
}

/// Up to where messages were read.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ReadMark)]
pub(super) struct ReadInput {
    /// The `position` of the last message that was shown.
    pub(super) up_to: i64,
}

/// Who answers from now on.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Assignment)]
pub(super) struct AssignInput {
    /// To whom.
    #[schema(value_type = AssigneeView)]
    pub(super) to: Assignee,
    /// What whoever takes over finds in the history, up to 500 characters.
    pub(super) reason: Option<String>,
}

/// To a person.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HandOver)]
pub(super) struct HandOverInput {
    /// To whom; to nobody in particular unless told: it waits for a person.
    #[schema(value_type = Option<AssigneeView>)]
    pub(super) to: Option<Assignee>,
    /// What whoever takes over finds in the history, up to 500 characters.
    pub(super) reason: String,
}

/// Back to the assistant.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = HandBack)]
pub(super) struct HandBackInput {
    /// What stands in the history, up to 500 characters.
    pub(super) reason: Option<String>,
}

/// A label.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ConversationTag)]
pub(super) struct TagInput {
    /// 1 to 50 characters.
    pub(super) tag: String,
}

/// Which client a contact is.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = ClientLink)]
pub(super) struct LinkInput {
    /// `cli_…`.
    #[schema(value_type = String)]
    pub(super) client_id: ClientId,
}
