use std::fmt;
use std::ops::Range;
use std::time::Duration;

use aurora_core::secret::Secret;

use super::input::refused;
use super::{BlobKey, BlobStream, Disposition, File, FileId, FileLinks, FileRange, Files, content, sql};
use crate::context::Context;
use crate::error::Error;

/// A file on its way out.
///
/// Whoever serves it over HTTP sends with it `Content-Type: ` [`File::media_type`], `Content-Length`,
/// `Content-Disposition: ` [`disposition`](Self::disposition), `X-Content-Type-Options: nosniff`, and for a part
/// `Content-Range: ` [`content_range`](Self::content_range) with status 206.
#[non_exhaustive]
pub struct Download {
    /// What is known of it.
    pub file: File,
    /// Which of its bytes come.
    pub range: Range<u64>,
    /// The bytes. A failure in it means that what came is not the file: of a whole file the last bytes come only once its
    /// hash is right.
    pub content: BlobStream,
}

impl Download {
    /// The value of `Content-Disposition`: as wanted, but what can run scripts is always an attachment.
    #[must_use]
    pub fn disposition(&self, wanted: Disposition) -> String {
        wanted
            .for_type(self.file.media_type)
            .header_value(&self.file.name)
    }

    /// The value of `Content-Range` (RFC 9110 §14.4) of a part; `None` for the whole.
    #[must_use]
    pub fn content_range(&self) -> Option<String> {
        let Range { start, end } = self.range;
        let size = self.file.size;
        (end - start < size).then(|| format!("bytes {start}-{}/{size}", end.saturating_sub(1)))
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("file", &self.file)
            .field("range", &self.range)
            .finish_non_exhaustive()
    }
}

impl Files {
    /// Opens a file, or a part of it. The deadline counts until the first byte can be read.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` with the field `range` when none of its bytes is asked for (status 416); `Unavailable` when
    /// the database or the store of bytes is; `Internal` when the bytes are gone.
    pub async fn download(
        &self,
        context: &Context,
        id: FileId,
        range: Option<FileRange>,
    ) -> Result<Download, Error> {
        let work = async {
            let (file, blob) = sql::get(&self.store, context, id).await?;
            let whole = 0..file.size;
            let range = match range {
                Some(range) => range
                    .of(file.size)
                    .ok_or_else(|| refused("range", "invalid", "lies behind the end of the file"))?,
                None => whole.clone(),
            };
            let key = BlobKey::new(context.workspace, blob);
            let content = if range == whole {
                content::verified(self.blobs.get(&key, None).await?, file.size, file.sha256.0)
            } else {
                let size = range.end - range.start;
                content::counted(self.blobs.get(&key, Some(range.clone())).await?, size)
            };
            Ok(Download { file, range, content })
        };
        self.store.run(context, "files.download", work).await
    }

    /// A URL at which the store of bytes itself gives the file, as an attachment without a name, to whoever has it;
    /// `None` where the store cannot, and then [`FileLinks`] can. It lives as long as a link can.
    ///
    /// It goes on counting when the file is deleted, but then leads nowhere, unless another file has the same content.
    ///
    /// # Errors
    /// `NotFound`; `Invalid` with the field `valid_for` when it is outside 1 second to 7 days.
    pub async fn presigned(
        &self,
        context: &Context,
        id: FileId,
        valid_for: Duration,
    ) -> Result<Option<Secret>, Error> {
        if !(FileLinks::MIN_LIFETIME..=FileLinks::MAX_LIFETIME).contains(&valid_for) {
            return Err(refused("valid_for", "invalid", "must be 1 second to 7 days"));
        }
        let work = async {
            let (_, blob) = sql::get(&self.store, context, id).await?;
            Ok(self
                .blobs
                .presigned(&BlobKey::new(context.workspace, blob), valid_for)
                .await?)
        };
        self.store.run(context, "files.presigned", work).await
    }
}
