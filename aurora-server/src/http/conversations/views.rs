//! The JSON of conversations, as the domain writes it. A test compares each of these with what comes out.

#![expect(dead_code, reason = "describes what the domain writes")]

use aurora_core::time::Timestamp;
use aurora_crm::channels::DeliveryState;
use aurora_crm::conversations::{Author, Conversation, Direction, Message};
use serde::Serialize;
use utoipa::ToSchema;

use super::content::ContentView;

/// As much of a message as stands in a list, in characters.
const WORDS: usize = 120;

/// A conversation in a list.
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = ListedConversation)]
pub(crate) struct ListedConversationView {
    #[serde(flatten)]
    #[schema(value_type = ConversationView)]
    conversation: Conversation,
    /// What one side wrote to the other last, without notes and reactions; null where there is nothing.
    last_message: Option<LastMessageView>,
}

impl ListedConversationView {
    pub(super) fn new(conversation: Conversation, last: Option<&Message>) -> Self {
        Self {
            conversation,
            last_message: last.map(LastMessageView::from),
        }
    }
}

/// What was said last.
#[derive(Serialize, ToSchema)]
#[schema(as = LastMessage)]
struct LastMessageView {
    /// `msg_…`
    id: String,
    /// Which way it went: `in` or `out`.
    #[schema(value_type = DirectionView)]
    direction: Direction,
    /// Who wrote it.
    #[schema(value_type = AuthorView)]
    author: Author,
    /// The `type` of its content, such as `text` or `media`.
    #[schema(example = "text")]
    kind: &'static str,
    /// Its first 120 characters; empty where it has no words.
    words: String,
    /// How far it has come; null for messages of the contact.
    #[schema(value_type = Option<DeliveryView>)]
    delivery: Option<DeliveryState>,
    /// When it was sent. RFC 3339, UTC.
    #[schema(value_type = String, format = DateTime)]
    sent_at: Timestamp,
}

impl From<&Message> for LastMessageView {
    fn from(message: &Message) -> Self {
        Self {
            id: message.id.to_string(),
            direction: message.direction,
            author: message.author,
            kind: message.content.kind(),
            words: message.content.words().chars().take(WORDS).collect(),
            delivery: message.delivery,
            sent_at: message.sent_at,
        }
    }
}

impl std::fmt::Debug for LastMessageView {
    /// Without what was said.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LastMessageView")
            .field("id", &self.id)
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

/// All messages with one contact on one end of a channel.
#[derive(Debug, ToSchema)]
#[schema(as = Conversation)]
pub(crate) struct ConversationView {
    /// `cnv_` and 32 hexadecimal digits.
    #[schema(example = "cnv_0190a8b0c0de7000800000000000000a")]
    id: String,
    /// `whatsapp` or `web_chat`.
    channel_kind: ChannelKindView,
    /// The workspace's end of the channel, `chn_…`: a WhatsApp number or a chat on a page.
    channel_id: String,
    /// Who writes.
    contact: ContactView,
    /// Whether it goes on.
    status: StatusView,
    /// Who answers.
    assignee: AssigneeView,
    /// Labels.
    tags: Vec<String>,
    /// Messages of the contact that nobody has read.
    unread: i64,
    /// When the contact last wrote, by the provider's clock. RFC 3339, UTC.
    #[schema(format = DateTime)]
    last_inbound_at: Option<String>,
    /// When a message was last written down; lists go by it. RFC 3339, UTC.
    #[schema(format = DateTime)]
    last_message_at: String,
    /// Until when free texts may be sent (24 hours on WhatsApp); null where they always may.
    #[schema(format = DateTime)]
    window_expires_at: Option<String>,
    /// Grows by one with each change of status, assignee or tags; also in the header `ETag`.
    version: i64,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
}

/// Which way messages go.
#[derive(Debug, ToSchema)]
#[schema(as = ChannelKind, rename_all = "snake_case")]
pub(crate) enum ChannelKindView {
    /// A number of the WhatsApp Business Platform.
    Whatsapp,
    /// The chat on a page.
    WebChat,
}

/// Whether a conversation goes on.
#[derive(Debug, ToSchema)]
#[schema(as = ConversationStatus, rename_all = "snake_case")]
pub(crate) enum StatusView {
    /// It goes on.
    Open,
    /// It waits for the contact.
    Pending,
    /// It has ended; the contact's next message opens it again.
    Closed,
}

/// Who answers a conversation.
#[derive(Debug, ToSchema)]
#[schema(as = Assignee, example = json!({"kind": "person", "id": "usr_0190a8b0c0de7000800000000000000a"}))]
pub(crate) struct AssigneeView {
    /// `nobody`, `assistant` or `person`.
    kind: AssigneeKindView,
    /// The person, `usr_…`; of `person` alone.
    #[schema(required = false)]
    id: String,
}

/// Who answers.
#[derive(Debug, ToSchema)]
#[schema(as = AssigneeKind, rename_all = "snake_case")]
pub(crate) enum AssigneeKindView {
    /// Nobody yet: it waits for a person.
    Nobody,
    /// The assistant.
    Assistant,
    /// A person.
    Person,
}

/// Somebody who writes on a channel.
#[derive(Debug, ToSchema)]
#[schema(as = Contact)]
pub(crate) struct ContactView {
    /// `ctc_` and 32 hexadecimal digits.
    id: String,
    /// What it calls itself on the channel.
    name: Option<String>,
    /// Where it can be reached, the address that answers go to first.
    addresses: Vec<AddressView>,
    /// The client that it is, `cli_…`.
    client_id: Option<String>,
    /// Since when nothing is sent to it. RFC 3339, UTC.
    #[schema(format = DateTime)]
    blocked_at: Option<String>,
    /// RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
}

/// How a contact is named on a channel.
#[derive(Debug, ToSchema)]
#[schema(as = ContactAddress, example = json!({"kind": "wa_id", "value": "5511987654321"}))]
pub(crate) struct AddressView {
    /// What kind of name it is.
    kind: AddressKindView,
    /// The name, up to 200 characters.
    value: String,
}

/// What kind of name an address is.
#[derive(Debug, ToSchema)]
#[schema(as = AddressKind, rename_all = "snake_case")]
pub(crate) enum AddressKindView {
    /// Digits of a WhatsApp account, mostly its number without the plus.
    WaId,
    /// The name of a WhatsApp user for one business.
    Bsuid,
    /// The same for a group of businesses.
    ParentBsuid,
    /// A visitor of a web chat.
    Visitor,
}

/// One message.
#[derive(Debug, ToSchema)]
#[schema(as = Message)]
pub(crate) struct MessageView {
    /// `msg_` and 32 hexadecimal digits.
    id: String,
    /// The conversation, `cnv_…`.
    conversation_id: String,
    /// Its place in the order in which messages were written down; grows, with gaps.
    position: i64,
    /// Which way it went.
    direction: DirectionView,
    /// Who wrote it.
    author: AuthorView,
    /// What it says.
    content: ContentView,
    /// How far it has come; null for messages of the contact and notes.
    delivery: Option<DeliveryView>,
    /// Why it failed, as `code: detail`.
    failure: Option<String>,
    /// Its name at the provider, once it has one.
    provider_id: Option<String>,
    /// The provider's name of the message that it answers.
    reply_to: Option<String>,
    /// The signs that stand on it.
    reactions: ReactionsView,
    /// When it was sent: by the provider's clock for messages of the contact. RFC 3339, UTC.
    #[schema(format = DateTime)]
    sent_at: String,
    /// When it was written down. RFC 3339, UTC.
    #[schema(format = DateTime)]
    created_at: String,
}

/// Which way a message went.
#[derive(Debug, ToSchema)]
#[schema(as = Direction, rename_all = "snake_case")]
pub(crate) enum DirectionView {
    /// From the contact.
    In,
    /// To the contact.
    Out,
    /// A note among the people who answer.
    Note,
}

/// Who wrote a message.
#[derive(Debug, ToSchema)]
#[schema(as = Author, example = json!({"kind": "assistant"}))]
pub(crate) struct AuthorView {
    /// `contact`, `assistant`, `person` or `system` (a program: a reminder, a call with an API key).
    kind: String,
    /// The person, `usr_…`; of `person` alone.
    #[schema(required = false)]
    id: String,
}

/// How far an outgoing message has come; a state is never followed by a lower one.
#[derive(Debug, ToSchema)]
#[schema(as = Delivery, rename_all = "snake_case")]
pub(crate) enum DeliveryView {
    /// To be sent.
    Queued,
    /// Sent without an answer.
    Unknown,
    /// The provider took it.
    Accepted,
    /// On its way.
    Sent,
    /// On the contact's device.
    Delivered,
    /// Seen.
    Read,
    /// Listened to.
    Played,
    /// Not delivered, and will not be.
    Failed,
}

/// The signs on a message.
#[derive(Debug, ToSchema)]
#[schema(as = Reactions)]
pub(crate) struct ReactionsView {
    /// Of the contact.
    contact: Option<String>,
    /// Of the workspace.
    workspace: Option<String>,
}

/// What one assignee has not read.
#[derive(Debug, ToSchema)]
#[schema(as = UnreadCount)]
pub(crate) struct UnreadView {
    /// Who answers.
    assignee: AssigneeView,
    /// Conversations with messages that nobody has read.
    conversations: i64,
    /// Those messages.
    messages: i64,
}

/// A label, and how many conversations carry it.
#[derive(Debug, ToSchema)]
#[schema(as = ConversationLabelCount)]
pub(crate) struct LabelView {
    /// The label.
    tag: String,
    /// How many conversations carry it, closed ones among them.
    conversations: i64,
}

/// Messages in the order in which both sides came to see them.
#[derive(Debug, ToSchema)]
#[schema(as = Timeline)]
pub(crate) struct TimelineView {
    /// The messages.
    items: Vec<MessageView>,
    /// What to ask with next.
    after: i64,
}

/// How the workspace works with conversations.
#[derive(Debug, ToSchema)]
#[schema(as = ConversationSettings)]
pub(crate) struct SettingsView {
    /// Who answers conversations that begin: `nobody` or `assistant`.
    #[schema(required = false)]
    first_assignee: String,
    /// What is sent instead of a message that comes too late for the window.
    fallback: Option<FallbackView>,
    /// The end of a channel, `chn_…`, that clients without a conversation are told about their appointments from.
    notices_from: Option<String>,
}

/// An approved template that asks the contact to write, or carries the message itself.
#[derive(Debug, ToSchema)]
#[schema(as = FallbackTemplate)]
pub(crate) struct FallbackView {
    /// Its name at the provider.
    name: String,
    /// Its language, such as `pt_BR`.
    language: String,
    /// What its places are filled with; `{name}` becomes the name of the contact and `{text}` the words of the message.
    places: Vec<String>,
    /// The text as a person reads it in the history, with the same two marks.
    text: String,
}

/// An end of a channel from which nothing is sent.
#[derive(Debug, ToSchema)]
#[schema(as = ChannelPause)]
pub(crate) struct PauseView {
    /// Which, `chn_…`.
    channel: String,
    /// The provider's code, or `manual`.
    code: String,
    /// In words.
    detail: String,
    /// Since when. RFC 3339, UTC.
    #[schema(format = DateTime)]
    since: String,
}
