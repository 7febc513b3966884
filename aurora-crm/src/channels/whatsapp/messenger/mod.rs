//! Sends the messages of conversations.

mod body;
#[cfg(feature = "files")]
mod upload;

use async_trait::async_trait;

use super::graph::{Advice, NumberAccess, SendFailure};
use super::intake::kind_of;
use super::metrics;
use super::numbers::{NumberPause, WhatsApp, access};
use super::outgoing::{Outgoing as Request, Recipient};
use crate::channels::{
    Address, AddressKind, ChannelId, ChannelKind, Messenger, Outgoing, Receipt, SendError, SendErrorKind,
};
use crate::context::Context;
#[cfg(not(feature = "files"))]
use crate::conversations::Content;
use crate::error::{Error, ErrorKind};

/// Sends from the numbers of all workspaces; a cheap handle.
#[derive(Debug, Clone)]
pub struct WhatsAppMessenger {
    whatsapp: WhatsApp,
}

impl WhatsAppMessenger {
    pub(super) const fn new(whatsapp: WhatsApp) -> Self {
        Self { whatsapp }
    }

    /// The number, and why it is paused.
    async fn open(
        &self,
        context: &Context,
        channel: ChannelId,
    ) -> Result<(NumberAccess, Option<NumberPause>), SendError> {
        let (number, sealed) = access(&self.whatsapp.store, context, channel)
            .await
            .map_err(of_error)?;
        let token = self
            .whatsapp
            .tokens
            .open(context.workspace, channel, &sealed)
            .await;
        let access = NumberAccess {
            number_id: number.number_id,
            token: token.map_err(of_error)?,
        };
        Ok((access, number.pause))
    }

    /// What is to be done about it. Whoever sends pauses the channel when the account has a problem.
    fn judge(&self, access: &NumberAccess, failure: &SendFailure) -> SendError {
        let advice = failure.advice();
        metrics::sent(advice.map_or("unknown", Advice::as_str));
        let code = failure
            .code()
            .map_or_else(|| word(failure).to_owned(), |code| code.to_string());
        let after = || {
            failure
                .retry_after()
                .or_else(|| self.whatsapp.client.held(&access.number_id))
        };
        let kind = match advice.map(kind_of) {
            None => SendErrorKind::Unknown,
            Some(SendErrorKind::Throttled(_)) => SendErrorKind::Throttled(after()),
            Some(kind) => kind,
        };
        SendError::new(kind, code, failure.to_string())
    }
}

#[async_trait]
impl Messenger for WhatsAppMessenger {
    fn kind(&self) -> ChannelKind {
        ChannelKind::Whatsapp
    }

    async fn send(&self, context: &Context, outgoing: &Outgoing) -> Result<Receipt, SendError> {
        let to = recipient(&outgoing.to)
            .ok_or_else(|| rejected("no_address", "the contact has no address on WhatsApp"))?;
        let (access, _) = self.open(context, outgoing.channel).await?;
        #[cfg(feature = "files")]
        let uploaded = self.uploaded(context, &access, outgoing).await?;
        #[cfg(not(feature = "files"))]
        let uploaded: Option<Content> = None;
        let body = body::of(uploaded.as_ref().unwrap_or(&outgoing.content))?;
        let mut request = Request::new(to, body).callback_data(outgoing.message.to_string());
        if let Some(id) = outgoing
            .reply_to
            .as_ref()
            .filter(|_| outgoing.content.kind() != "reaction")
        {
            request = request.reply_to(id);
        }
        match self.whatsapp.client.send(&access, &request).await {
            Ok(sent) => {
                metrics::sent("sent");
                let asked = match request.recipient() {
                    Recipient::Number(number) => Some(number.as_str()),
                    Recipient::User(_) => None,
                };
                let known = sent.wa_id.filter(|wa_id| Some(wa_id.as_str()) != asked);
                Ok(Receipt {
                    provider_id: sent.id,
                    address: known.map(|wa_id| Address::new(AddressKind::WaId, wa_id)),
                })
            }
            Err(failure) => Err(self.judge(&access, &failure)),
        }
    }

    async fn mark_read(
        &self,
        context: &Context,
        channel: ChannelId,
        provider_id: &str,
        typing: bool,
    ) -> Result<(), SendError> {
        let (access, pause) = self.open(context, channel).await?;
        if let Some(pause) = pause {
            let detail = "the number is paused";
            return Err(SendError::new(SendErrorKind::Account, pause.reason, detail));
        }
        match self.whatsapp.client.mark_read(&access, provider_id, typing).await {
            Ok(()) => Ok(()),
            Err(failure) => Err(self.judge(&access, &failure)),
        }
    }
}

/// The first address that WhatsApp has.
fn recipient(addresses: &[Address]) -> Option<Recipient> {
    addresses.iter().find_map(|address| match address.kind {
        AddressKind::WaId => Some(Recipient::number(&address.value)),
        AddressKind::Bsuid | AddressKind::ParentBsuid => Some(Recipient::User(address.value.clone())),
        AddressKind::Visitor => None,
    })
}

fn rejected(code: &str, detail: &str) -> SendError {
    SendError::new(SendErrorKind::Rejected, code, detail)
}

const fn word(failure: &SendFailure) -> &'static str {
    match failure {
        SendFailure::Invalid(_) => "invalid",
        SendFailure::Limited { is_pair: true, .. } => "pair_limit",
        SendFailure::Limited { .. } => "number_limit",
        SendFailure::NotSent(_) => "not_sent",
        SendFailure::Uncertain(_) => "no_answer",
        SendFailure::Status(_) => "status",
        _ => "failed",
    }
}

/// Before anything was sent.
fn of_error(error: Error) -> SendError {
    let kind = match error.kind() {
        ErrorKind::Unavailable | ErrorKind::Timeout => SendErrorKind::Retry(None),
        _ => SendErrorKind::Account,
    };
    let code = match error.kind() {
        ErrorKind::NotFound => "no_number",
        ErrorKind::Unsealable => "unsealable",
        _ => "unavailable",
    };
    SendError::new(kind, code, error.to_string())
}
