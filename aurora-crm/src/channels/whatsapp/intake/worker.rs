//! Understands what came in, through the outbox.

use std::future::Future;

use async_trait::async_trait;
use aurora_core::store::outbox::{Delivery, Failed, Handler, WorkerBuilder};
#[cfg(feature = "files")]
use futures::FutureExt as _;

use super::sql::{self, Settled, Ticket, Waiting, What};
use super::{InboundId, Intake, QUEUE, understand};
use crate::channels::whatsapp::graph::{Advice, advice};
use crate::channels::whatsapp::metrics;
use crate::channels::whatsapp::webhook::{Item, Notification};
use crate::channels::{Inbound, SendError, SendErrorKind};
use crate::context::Context;
use crate::conversations::{Content, MessageId};
use crate::error::Error;

impl Intake {
    /// Settings for a worker that hands what came in to conversations, one thing of one contact at a time, and removes what is over
    /// its time. Where there are [files](crate::channels::whatsapp::WhatsAppBuilder::files), `media_worker` is run beside it.
    pub fn worker(&self) -> WorkerBuilder {
        self.whatsapp.store.outbox().worker(QUEUE, self.clone())
    }

    /// Hands what came in to conversations, and fetches its media where there are files, until `stop` resolves, with the default
    /// settings of the workers.
    ///
    /// # Errors
    /// None with these settings.
    ///
    /// # Cancel safety
    /// Dropping the future drops what is being handed over; it is handed over again when its lease has run out, and has no second
    /// effect.
    pub async fn run(&self, stop: impl Future<Output = ()> + Send) -> Result<(), Error> {
        let worker = self.worker().build()?;
        #[cfg(feature = "files")]
        if self.whatsapp.has_files {
            let (stop, media) = (stop.shared(), self.media_worker().build()?);
            futures::join!(worker.run(stop.clone()), media.run(stop));
            return Ok(());
        }
        worker.run(stop).await;
        Ok(())
    }

    /// Puts one thing where it belongs.
    async fn place(&self, context: &Context, waiting: &Waiting) -> Result<Settled, Error> {
        let Some(payload) = &waiting.payload else {
            return Ok(Settled::Failed("nothing is left of it".to_owned()));
        };
        let body = payload.0.to_string();
        let Ok(mut notification) = Notification::read(body.as_bytes()) else {
            return Ok(Settled::Failed("it cannot be read".to_owned()));
        };
        let (channel, at) = (waiting.channel_id, waiting.received_at);
        let conversations = &self.whatsapp.conversations;
        match notification.items.pop().map(|received| received.item) {
            Some(Item::Message(message)) => {
                let Some(inbound) = understand::message(channel, *message, at) else {
                    return Ok(Settled::Failed("it names nobody who wrote it".to_owned()));
                };
                let id = conversations.ingest(context, &inbound).await?;
                Ok(self.placed(&inbound, id))
            }
            Some(Item::Echo(message)) => {
                let Some(echo) = understand::message(channel, *message, at) else {
                    return Ok(Settled::Failed("it names nobody whom it went to".to_owned()));
                };
                let id = conversations.echo(context, &echo).await?;
                Ok(self.placed(&echo, id))
            }
            Some(Item::Status(status)) => {
                if let Some(update) = understand::status(channel, &status, at) {
                    conversations.delivery(context, &update).await?;
                }
                for error in &status.errors {
                    self.note(context, waiting, error.code).await?;
                }
                Ok(Settled::Done { media: None })
            }
            Some(Item::Error(error)) => {
                self.note(context, waiting, error.code).await?;
                Ok(Settled::Done { media: None })
            }
            // What is not read: it stays as it came.
            _ => Ok(Settled::Kept),
        }
    }

    /// Of a message that is in its conversation: its media are still to be fetched.
    fn placed(&self, message: &Inbound, id: MessageId) -> Settled {
        let media = match &message.content {
            Content::Media { media, .. } if self.whatsapp.has_files => media.provider_id.as_ref(),
            _ => None,
        };
        Settled::Done {
            media: media.map(|_| id),
        }
    }

    /// Pauses the number when Meta tells a problem of its account.
    async fn note(&self, context: &Context, waiting: &Waiting, code: i64) -> Result<(), Error> {
        if advice(code) != Advice::Account {
            return Ok(());
        }
        let (desk, channel) = (&self.whatsapp.desk, waiting.channel_id);
        let why = SendError::new(
            SendErrorKind::Account,
            code.to_string(),
            "WhatsApp tells a problem of the account",
        );
        if desk.pause_channel(context, channel, &why).await? {
            tracing::error!(%channel, code, "WhatsApp tells a problem of the account: nothing is sent from the number until it is resumed");
        }
        Ok(())
    }
}

#[async_trait]
impl Handler for Intake {
    async fn handle(&self, delivery: &Delivery) -> Result<(), Failed> {
        let ticket: Ticket = delivery.json()?;
        let context = Context::new(ticket.workspace, "whatsapp");
        match ticket.what {
            What::Place(id) => self.understand(&context, id, delivery).await,
            What::Upkeep => self.tidy(&context).await,
        }
    }
}

impl Intake {
    async fn understand(&self, context: &Context, id: InboundId, delivery: &Delivery) -> Result<(), Failed> {
        let store = &self.whatsapp.store;
        let Some(waiting) = sql::waiting(store, context, id).await? else {
            return Ok(());
        };
        let is_last = delivery.attempt >= delivery.max_attempts;
        let settled = match self.place(context, &waiting).await {
            Ok(settled) => settled,
            Err(error) if error.is_retryable() && !is_last => return Err(error.into()),
            // It would fail in the same way each time: it stays for somebody to look at, and holds nobody up.
            Err(error) => {
                tracing::warn!(inbound = %id, kind = waiting.kind, %error, "what came in cannot be placed");
                Settled::Failed(error.to_string())
            }
        };
        sql::settle(store, context, (id, &waiting), &settled, delivery).await?;
        metrics::came_in(settled.outcome(), 1);
        Ok(())
    }
}
