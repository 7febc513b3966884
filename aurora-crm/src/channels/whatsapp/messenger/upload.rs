//! Puts files of the workspace to WhatsApp before they are sent.

use std::io;

use futures::StreamExt as _;

use super::{WhatsAppMessenger, of_error, rejected};
use crate::channels::whatsapp::graph::{NumberAccess, Upload};
use crate::channels::{Outgoing, SendError, SendErrorKind};
use crate::context::Context;
use crate::conversations::{Content, MediaKind};
use crate::error::{Error, ErrorKind};
use crate::files::{Download, FileId, Files};

const MIB: u64 = 1024 * 1024;
/// The longest name of a file, in bytes.
const MAX_NAME: usize = 240;
/// A file that is not uploaded in time at so many attempts is not sent.
const SLOW_ATTEMPTS: u32 = 5;

impl WhatsAppMessenger {
    /// The content with its file at WhatsApp; `None` where nothing of it is in files alone.
    pub(super) async fn uploaded(
        &self,
        context: &Context,
        access: &NumberAccess,
        Outgoing { content, attempt, .. }: &Outgoing,
    ) -> Result<Option<Content>, SendError> {
        let (Content::Media { kind, media, .. }, Some(files)) = (content, &self.whatsapp.files) else {
            return Ok(None);
        };
        let (None, None, Some(file)) = (&media.provider_id, &media.link, &media.file_id) else {
            return Ok(None);
        };
        let download = open(files, context, file).await?;
        if download.file.size > most(*kind) {
            let detail = "the file is larger than WhatsApp takes files of this kind";
            return Err(rejected("file_too_large", detail));
        }
        let mut content = content.clone();
        if let Content::Media { media, file_name, .. } = &mut content {
            let name = file_name
                .get_or_insert_with(|| download.file.name.clone())
                .clone();
            media.provider_id = Some(self.put(access, &name, download, *attempt).await?);
        }
        Ok(Some(content))
    }

    /// Uploads once more as often as it has to: that does no harm.
    async fn put(
        &self,
        access: &NumberAccess,
        name: &str,
        download: Download,
        attempt: u32,
    ) -> Result<String, SendError> {
        let upload = Upload {
            filename: name
                .get(..name.floor_char_boundary(MAX_NAME))
                .unwrap_or_default()
                .to_owned(),
            mime_type: download.file.media_type.as_str().to_owned(),
            size: download.file.size,
        };
        let pieces = download.content.map(|piece| piece.map_err(io::Error::other));
        let work = self.whatsapp.client.upload(access, &upload, pieces);
        let failure = tokio::select! {
            outcome = work => match outcome {
                Ok(id) => return Ok(id),
                Err(failure) => failure,
            },
            () = self.whatsapp.store.clock().sleep(self.whatsapp.upload_time) => {
                let detail = "the file could not be uploaded in time";
                // Other messages of the conversation wait behind it.
                let is_given_up = attempt >= SLOW_ATTEMPTS;
                return Err(if is_given_up { rejected("upload_slow", detail) } else { again("upload_slow", detail) });
            }
        };
        match failure.advice() {
            None => Err(again("upload_failed", "the file could not be uploaded")),
            Some(_) => Err(self.judge(access, &failure)),
        }
    }
}

async fn open(files: &Files, context: &Context, file: &str) -> Result<Download, SendError> {
    let gone = || rejected("no_file", "there is no such file");
    let id: FileId = file.parse().map_err(|_| gone())?;
    files
        .download(context, id, None)
        .await
        .map_err(|error: Error| match error.kind() {
            ErrorKind::NotFound => gone(),
            ErrorKind::Unavailable | ErrorKind::Timeout => of_error(error),
            _ => rejected("file_unreadable", "the file cannot be read"),
        })
}

fn again(code: &str, detail: &str) -> SendError {
    SendError::new(SendErrorKind::Retry(None), code, detail)
}

/// The most bytes that WhatsApp takes.
///
/// Source: <https://developers.facebook.com/documentation/business-messaging/whatsapp/business-phone-numbers/media>.
const fn most(kind: MediaKind) -> u64 {
    match kind {
        MediaKind::Image => 5 * MIB,
        MediaKind::Audio | MediaKind::Voice | MediaKind::Video => 16 * MIB,
        MediaKind::Document => 100 * MIB,
        MediaKind::Sticker => MIB / 2,
    }
}
