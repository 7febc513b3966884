//! A turn that is told while it happens.

use std::pin::Pin;
use std::task::{Context, Poll};

use futures::{Stream, StreamExt as _};

use super::{Conversation, State};
use crate::chat::Message;
use crate::error::Error;
use crate::tools::{ToolEvent, ToolStream};

/// What happens in a turn: what the model says, what its tools return, and the end.
pub type TurnEvent = ToolEvent;

/// The events of one turn of a conversation, up to its only terminal: [`TurnEvent::Done`], or an error.
///
/// # Cancel safety
/// `next()` may be dropped and called again. Dropped before its end, the turn never was: the history is as before.
#[derive(Debug)]
#[must_use = "nothing is said until it is read"]
pub struct Turn<'a> {
    conversation: &'a mut Conversation,
    stream: ToolStream,
    open: Option<(Message, State)>,
}

impl<'a> Turn<'a> {
    pub(super) const fn new(
        conversation: &'a mut Conversation,
        stream: ToolStream,
        message: Message,
        kept: State,
    ) -> Self {
        Self {
            conversation,
            stream,
            open: Some((message, kept)),
        }
    }
}

impl Stream for Turn<'_> {
    type Item = Result<TurnEvent, Error>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let this = &mut *self;
        let polled = this.stream.poll_next_unpin(cx);
        if let Poll::Ready(Some(Err(error))) = &polled {
            this.conversation.failed(error);
        }
        if let Poll::Ready(Some(Ok(ToolEvent::Done(run)))) = &polled
            && let Some((message, kept)) = this.open.take()
        {
            this.conversation.remember(kept, message, run);
        }
        polled
    }
}
