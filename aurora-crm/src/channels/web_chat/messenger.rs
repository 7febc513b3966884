use async_trait::async_trait;

use crate::channels::{ChannelId, ChannelKind, Messenger, Outgoing, Receipt, SendError};
use crate::context::Context;

/// Hands messages to pages: they are there to be fetched as soon as the sender has them, and count as delivered once a page did.
#[derive(Debug, Clone, Copy, Default)]
pub struct WebChatMessenger;

#[async_trait]
impl Messenger for WebChatMessenger {
    fn kind(&self) -> ChannelKind {
        ChannelKind::WebChat
    }

    async fn send(&self, _context: &Context, outgoing: &Outgoing) -> Result<Receipt, SendError> {
        Ok(Receipt {
            provider_id: outgoing.message.to_string(),
            address: None,
        })
    }

    async fn mark_read(
        &self,
        _context: &Context,
        _channel: ChannelId,
        _provider_id: &str,
        _typing: bool,
    ) -> Result<(), SendError> {
        Ok(())
    }
}
