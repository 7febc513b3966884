//! What may be sent to a contact now, and by whom.

use aurora_core::store::Connection;
use aurora_core::time::Timestamp;

use crate::clients::within as clients;
use crate::context::Context;
use crate::conversations::{Assignee, Author, Contact, Content, Conversation, NewMessage};
use crate::error::Error;
use crate::leads::refused;

/// Refuses what cannot be sent to a contact now.
pub(super) async fn check(
    tx: &mut Connection<'_>,
    context: &Context,
    conversation: &Conversation,
    new: &NewMessage,
    now: Timestamp,
) -> Result<(), Error> {
    if conversation.contact.blocked_at.is_some() {
        return Err(refused(
            "contact",
            "contact_blocked",
            "nothing is sent to this contact",
        ));
    }
    if is_client_blocked(tx, context, &conversation.contact).await? {
        return Err(refused(
            "contact",
            "client_blocked",
            "the data of this client may not be used",
        ));
    }
    // Looked at here, where assignments wait, because the assistant has looked before it wrote.
    if new.author == Author::Assistant && matches!(conversation.assignee, Assignee::Person(_)) {
        return Err(refused(
            "author",
            "taken_over",
            "a person answers this conversation",
        ));
    }
    let is_template = matches!(new.content, Content::Template { .. });
    let is_open = match conversation.channel_kind.window() {
        None => true,
        Some(_) => conversation.window_expires_at.is_some_and(|end| now < end),
    };
    if is_template || is_open {
        return Ok(());
    }
    let message = "the contact wrote more than 24 hours ago, or never: only a template can be sent";
    Err(refused("content", "window_closed", message))
}

/// Whether a contact is a client whose data may not be used (`bloqueio`, LGPD art. 18, IV).
pub(super) async fn is_client_blocked(
    tx: &mut Connection<'_>,
    context: &Context,
    contact: &Contact,
) -> Result<bool, Error> {
    match contact.client_id {
        Some(client) => clients::is_blocked_in(tx, context, client.uuid()).await,
        None => Ok(false),
    }
}
