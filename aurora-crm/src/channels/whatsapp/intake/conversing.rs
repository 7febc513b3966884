//! Where what was understood goes.

use async_trait::async_trait;

use crate::channels::{DeliveryUpdate, Inbound};
use crate::context::Context;
use crate::conversations::{Conversations, MessageId};
use crate::error::Error;

/// What takes messages and states; the same one again has no second effect.
#[async_trait]
pub(in crate::channels::whatsapp) trait Conversing:
    std::fmt::Debug + Send + Sync + 'static
{
    async fn ingest(&self, context: &Context, inbound: &Inbound) -> Result<MessageId, Error>;

    /// What the business wrote with the app; `from` is the person that it went to.
    async fn echo(&self, context: &Context, echo: &Inbound) -> Result<MessageId, Error>;

    async fn delivery(&self, context: &Context, update: &DeliveryUpdate) -> Result<(), Error>;
}

#[async_trait]
impl Conversing for Conversations {
    async fn ingest(&self, context: &Context, inbound: &Inbound) -> Result<MessageId, Error> {
        Ok(Self::ingest(self, context, inbound).await?.message.id)
    }

    async fn echo(&self, context: &Context, echo: &Inbound) -> Result<MessageId, Error> {
        Ok(Self::echo(self, context, echo).await?.message.id)
    }

    async fn delivery(&self, context: &Context, update: &DeliveryUpdate) -> Result<(), Error> {
        Self::delivery(self, context, update).await.map(drop)
    }
}
