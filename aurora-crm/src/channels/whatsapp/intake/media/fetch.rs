use std::time::Duration;

use async_trait::async_trait;
use aurora_core::failure::FailureClass;
use aurora_core::store::outbox::{Delivery, Failed, Handler, WorkerBuilder};
use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt as _};

use super::{MEDIA_QUEUE, Ticket};
use crate::channels::whatsapp::graph::{Advice, MAX_MEDIA, MediaBody, SendFailure};
use crate::channels::whatsapp::intake::Intake;
use crate::channels::whatsapp::metrics;
use crate::channels::whatsapp::numbers::WhatsApp;
use crate::context::Context;
use crate::conversations::{Content, MediaKind, Message};
use crate::error::{Error, ErrorKind};
use crate::files::{FileId, Files, NewFile};

/// How long it is tried: Meta keeps media of what came in for 7 days.
const KEPT: Duration = Duration::from_secs(7 * 24 * 3_600);
const DEADLINE: Duration = Duration::from_secs(9 * 60);
const LEASE: Duration = Duration::from_secs(10 * 60);
/// How long it waits for somebody to see to the account.
const ACCOUNT: Duration = Duration::from_secs(10 * 60);

/// Why media were not fetched.
enum Unfetched {
    /// They may be later.
    Again(Failed),
    /// They never will be, for this reason.
    Lost(String),
}

impl Intake {
    /// Settings for a worker that fetches media of what came in into the files, two at a time unless told. [`run`](Self::run)
    /// runs it as well.
    pub fn media_worker(&self) -> WorkerBuilder {
        let worker = self.whatsapp.store.outbox().worker(MEDIA_QUEUE, self.fetcher());
        worker.concurrency(2).lease(LEASE).deadline(DEADLINE)
    }

    pub(in crate::channels::whatsapp) fn fetcher(&self) -> Fetcher {
        Fetcher {
            whatsapp: self.whatsapp.clone(),
        }
    }
}

#[derive(Debug)]
pub(in crate::channels::whatsapp) struct Fetcher {
    whatsapp: WhatsApp,
}

#[async_trait]
impl Handler for Fetcher {
    async fn handle(&self, delivery: &Delivery) -> Result<(), Failed> {
        let ticket: Ticket = delivery.json()?;
        let context = Context::new(ticket.workspace, "whatsapp");
        let age = self.whatsapp.store.now().since(ticket.since);
        let is_last = age >= KEPT || delivery.attempt >= delivery.max_attempts;
        let why = match self.fetch(&context, ticket).await {
            Ok(()) => return Ok(()),
            Err(Unfetched::Again(failed)) if !is_last => return Err(failed),
            Err(Unfetched::Again(_)) => "expired".to_owned(),
            Err(Unfetched::Lost(why)) => why,
        };
        tracing::warn!(message = %ticket.message, why, "media of a message are lost");
        metrics::fetched("lost");
        match self
            .whatsapp
            .desk
            .media_lost(&context, ticket.message, &why)
            .await
        {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

impl Fetcher {
    async fn fetch(&self, context: &Context, ticket: Ticket) -> Result<(), Unfetched> {
        let Some(files) = &self.whatsapp.files else {
            return Err(Unfetched::Again(Failed::again(
                FailureClass::Credential,
                "there are no files here",
            )));
        };
        let desk = &self.whatsapp.desk;
        let message = match desk.message(context, ticket.message).await {
            // It was erased.
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
            outcome => outcome.map_err(later)?,
        };
        let Content::Media {
            kind,
            media,
            file_name,
            ..
        } = &message.content
        else {
            return Ok(());
        };
        let (Some(name), None) = (&media.provider_id, &media.file_id) else {
            return Ok(());
        };
        // The message's own number, so that a file that is there already is not stored twice.
        let id = FileId::from_uuid(ticket.message.uuid());
        let new = NewFile::new(file_name_of(*kind, file_name.as_deref())).id(id);
        self.store(context, ticket, (&message, name), files, new).await?;
        match desk.media_stored(context, ticket.message, &id.to_string()).await {
            Ok(_) => metrics::fetched("stored"),
            // It was erased meanwhile.
            Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::Invalid) => {
                let removed = files.delete(context, id).await.map_err(later)?;
                tracing::debug!(left = removed.left, "the file of an erased message is removed");
            }
            Err(error) => return Err(later(error)),
        }
        Ok(())
    }

    async fn store(
        &self,
        context: &Context,
        ticket: Ticket,
        (message, media): (&Message, &str),
        files: &Files,
        new: NewFile,
    ) -> Result<(), Unfetched> {
        let conversation = self.whatsapp.desk.get(context, message.conversation_id).await;
        let contact = conversation.map_err(later)?.contact.id;
        let access = match self.whatsapp.access(context, ticket.channel).await {
            Err(error) if error.kind() == ErrorKind::NotFound => {
                return Err(Unfetched::Lost("no_number".to_owned()));
            }
            outcome => outcome.map_err(later)?,
        };
        let client = &self.whatsapp.client;
        let info = client.media(&access, media).await.map_err(refused)?;
        let mut new = new.subject(contact);
        if let Some(kind) = &info.mime_type {
            new = new.media_type(kind.split(';').next().unwrap_or_default().trim());
        }
        if let Some(size) = info.size {
            new = new.size(size);
        }
        let body = client
            .download(&access, &info, MAX_MEDIA)
            .await
            .map_err(refused)?;
        match files.upload(context, new, pieces(body)).await {
            // A process has died before it could say so.
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            outcome => outcome.map(drop).map_err(unstored),
        }
    }
}

fn pieces(body: MediaBody) -> impl Stream<Item = Result<Bytes, SendFailure>> + Send {
    stream::unfold(Some(body), |body| async move {
        let mut body = body?;
        match body.next().await {
            Ok(piece) => Some((Ok(piece?), Some(body))),
            Err(failure) => Some((Err(failure), None)),
        }
    })
    .fuse()
}

fn later(error: Error) -> Unfetched {
    Unfetched::Again(Failed::again(FailureClass::Transient, error.to_string()))
}

/// What Meta's answer means for a file.
fn refused(failure: SendFailure) -> Unfetched {
    let again = |class| Unfetched::Again(Failed::again(class, failure.to_string()));
    match failure.advice() {
        // No such file, or not any more; of a number this would be a problem of the account.
        _ if failure.code() == Some(100) => Unfetched::Lost("gone".to_owned()),
        // The address of a file is good for five minutes.
        _ if matches!(failure, SendFailure::Status(404)) => again(FailureClass::Transient),
        None | Some(Advice::Retry) => again(FailureClass::Transient),
        Some(Advice::WaitForNumber | Advice::WaitForPair) => again(FailureClass::Throttled),
        Some(Advice::Account) => {
            let failed = Failed::again(FailureClass::Credential, failure.to_string());
            Unfetched::Again(failed.after(ACCOUNT))
        }
        Some(Advice::Stop | Advice::UseTemplate) => Unfetched::Lost(match failure {
            SendFailure::TooLarge => "too_large".to_owned(),
            SendFailure::Invalid(_) => "not_allowed".to_owned(),
            _ => failure
                .code()
                .map_or_else(|| "refused".to_owned(), |code| code.to_string()),
        }),
    }
}

/// Why a file was not taken.
fn unstored(error: Error) -> Unfetched {
    match error.kind() {
        ErrorKind::Invalid => match error.fields().first() {
            // It did not arrive whole.
            Some(field) if field.code == "incomplete" => later(error),
            Some(field) => Unfetched::Lost(field.code.to_owned()),
            None => later(error),
        },
        _ => later(error),
    }
}

/// A name that files take.
fn file_name_of(kind: MediaKind, told: Option<&str>) -> String {
    let told: String = told
        .unwrap_or_default()
        .chars()
        .filter(|sign| {
            !sign.is_control()
                && !matches!(sign, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '/' | '\\')
        })
        .take(200)
        .collect();
    if !told.trim_matches(['.', ' ']).is_empty() {
        return told;
    }
    match kind {
        MediaKind::Image => "foto",
        MediaKind::Video => "video",
        MediaKind::Audio => "audio",
        MediaKind::Voice => "voz",
        MediaKind::Document => "documento",
        MediaKind::Sticker => "figurinha",
    }
    .to_owned()
}
