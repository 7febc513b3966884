//! Fetches the media of what came in, before Meta forgets them.

use aurora_core::store::outbox::Message;
use aurora_core::time::Timestamp;
use serde::{Deserialize, Serialize};

use super::MEDIA_QUEUE;
use crate::channels::ChannelId;
use crate::context::Context;
use crate::conversations::MessageId;
use crate::error::Error;
use crate::workspaces::WorkspaceId;

#[cfg(feature = "files")]
mod fetch;

/// What a message of the outbox asks for: the media of a message.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
struct Ticket {
    workspace: WorkspaceId,
    channel: ChannelId,
    message: MessageId,
    /// When it was first asked for.
    since: Timestamp,
}

/// Asks for the media of a message to be fetched.
pub(super) fn letter(
    context: &Context,
    channel: ChannelId,
    message: MessageId,
    now: Timestamp,
) -> Result<Message, Error> {
    let ticket = Ticket {
        workspace: context.workspace,
        channel,
        message,
        since: now,
    };
    Ok(Message::json(MEDIA_QUEUE, &ticket)?
        .tenant(context.workspace)
        .idempotency_key(message)
        .max_attempts(1_000))
}
