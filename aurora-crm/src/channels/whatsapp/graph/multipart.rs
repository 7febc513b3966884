//! The form in which files are uploaded (RFC 7578), streamed.

use aurora_core::time::Timestamp;
use bytes::Bytes;
use futures::stream::{self, Stream, StreamExt as _};

use super::media::Upload;
use crate::channels::ChannelId;

/// A form of one file, with how many bytes it has.
pub(super) struct Form<S> {
    pub(super) content_type: String,
    pub(super) length: u64,
    pub(super) body: S,
}

/// The form of a file: `messaging_product`, `type`, then the file.
pub(super) fn form<S>(
    upload: &Upload,
    now: Timestamp,
    file: S,
) -> Form<impl Stream<Item = std::io::Result<Bytes>> + Send + use<S>>
where
    S: Stream<Item = std::io::Result<Bytes>> + Send,
{
    let boundary = boundary(now);
    let head = format!(
        "--{boundary}\r\ncontent-disposition: form-data; name=\"messaging_product\"\r\n\r\nwhatsapp\r\n\
         --{boundary}\r\ncontent-disposition: form-data; name=\"type\"\r\n\r\n{mime}\r\n\
         --{boundary}\r\ncontent-disposition: form-data; name=\"file\"; filename=\"{name}\"\r\n\
         content-type: {mime}\r\n\r\n",
        mime = upload.mime_type,
        name = quoted(&upload.filename),
    );
    let tail = format!("\r\n--{boundary}--\r\n");
    let around = u64::try_from(head.len() + tail.len()).unwrap_or(u64::MAX);
    let piece = |text: String| stream::iter([Ok(Bytes::from(text))]);
    Form {
        content_type: format!("multipart/form-data; boundary={boundary}"),
        length: upload.size.saturating_add(around),
        body: piece(head).chain(file).chain(piece(tail)),
    }
}

/// With 148 random bits, which nobody who wrote the file can have known.
fn boundary(now: Timestamp) -> String {
    let [first, second] = [ChannelId::new(now), ChannelId::new(now)].map(|id| id.uuid().simple());
    format!("{first}{second}")
}

/// As the WHATWG form-data encoding writes names: what would end the quotes is escaped.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}
