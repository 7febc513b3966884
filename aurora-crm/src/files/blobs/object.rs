use std::fmt;
use std::io;
use std::ops::Range;
use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::secret::Secret;
use bytes::Bytes;
use futures::{StreamExt as _, TryStreamExt as _};
use object_store::local::LocalFileSystem;
use object_store::memory::InMemory;
use object_store::path::Path;
use object_store::{
    Attribute, Attributes, GetOptions, GetRange, MultipartUpload, ObjectStore, ObjectStoreExt as _,
    PutMultipartOptions, PutOptions, PutPayload, PutPayloadMut,
};

use super::{BlobError, BlobErrorKind, BlobKey, BlobStream, Blobs, Incoming};
use crate::files::MediaType;

/// The bytes of a part on local disk and in memory.
const LOCAL_PART: usize = 1024 * 1024;
/// A chunk below this size is copied, so that many small ones do not cost more than what they hold.
const SMALL_CHUNK: usize = 4 * 1024;

/// Bytes on local disk, in memory, or in what speaks the protocol of S3 (feature `s3`).
///
/// Up to two parts of the content are held at a time: 2 MiB, or 16 MiB for S3.
#[derive(Clone)]
pub struct ObjectBlobs {
    store: Arc<dyn ObjectStore>,
    place: Place,
    part: usize,
}

#[derive(Clone)]
enum Place {
    Memory,
    Disk(Arc<FilePath>),
    #[cfg(feature = "s3")]
    S3(Arc<object_store::aws::AmazonS3>),
}

impl ObjectBlobs {
    /// In the memory of this process, for tests.
    #[must_use]
    pub fn memory() -> Self {
        Self {
            store: Arc::new(InMemory::new()),
            place: Place::Memory,
            part: LOCAL_PART,
        }
    }

    /// In a folder, which is made with access for its owner alone where it does not exist. Each file is flushed to the
    /// disk before it counts as stored. The calls that block run on tokio's threads for them.
    ///
    /// # Errors
    /// When the folder cannot be made or opened.
    pub fn disk(folder: impl Into<PathBuf>) -> Result<Self, BlobError> {
        let folder = folder.into();
        let opened = private_folder(&folder).and_then(|()| folder.canonicalize());
        let folder = opened.map_err(|error| BlobError::new(BlobErrorKind::Unavailable).because(error))?;
        let store = LocalFileSystem::new_with_prefix(&folder)
            .map_err(failure)?
            .with_fsync(true);
        Ok(Self {
            store: Arc::new(store),
            place: Place::Disk(folder.into()),
            part: LOCAL_PART,
        })
    }

    #[cfg(feature = "s3")]
    pub(super) fn bucket(store: object_store::aws::AmazonS3, part: usize) -> Self {
        let store = Arc::new(store);
        Self {
            store: store.clone(),
            place: Place::S3(store),
            part,
        }
    }

    /// What a bucket says of a file to whoever has a presigned URL. Nothing there is ever shown within a page.
    fn attributes(&self, media_type: MediaType) -> Attributes {
        let mut attributes = Attributes::new();
        if !matches!(self.place, Place::Disk(_)) {
            attributes.insert(Attribute::ContentType, media_type.as_str().into());
            attributes.insert(Attribute::ContentDisposition, "attachment".into());
        }
        attributes
    }

    /// Writes the content in parts once the first is full and more follows.
    async fn put_parts(
        &self,
        path: &Path,
        attributes: Attributes,
        first: PutPayload,
        content: &mut Incoming<'_>,
        mut buffer: PutPayloadMut,
    ) -> Result<u64, BlobError> {
        let options = PutMultipartOptions {
            attributes,
            ..PutMultipartOptions::default()
        };
        let upload = self
            .store
            .put_multipart_opts(path, options)
            .await
            .map_err(failure)?;
        let mut upload = Upload(Some(upload));
        let mut size = length(&first);
        upload.part(first).await?;
        loop {
            let more = self.fill(&mut buffer, content).await?;
            let part = PutPayload::from(std::mem::take(&mut buffer));
            if !more {
                if part.content_length() > 0 {
                    size += length(&part);
                    upload.part(part).await?;
                }
                upload.complete().await?;
                return Ok(size);
            }
            let (part, rest) = split(part, self.part);
            size += length(&part);
            upload.part(part).await?;
            push(&mut buffer, rest);
        }
    }

    /// Reads until there is at least a part; tells whether the content may go on.
    async fn fill(&self, buffer: &mut PutPayloadMut, content: &mut Incoming<'_>) -> Result<bool, BlobError> {
        while buffer.content_length() < self.part {
            match content.next().await {
                Some(chunk) => push(buffer, [chunk?]),
                None => return Ok(false),
            }
        }
        Ok(true)
    }
}

#[async_trait]
impl Blobs for ObjectBlobs {
    async fn put(
        &self,
        key: &BlobKey,
        media_type: MediaType,
        content: &mut Incoming<'_>,
    ) -> Result<u64, BlobError> {
        let path = path(key);
        let attributes = self.attributes(media_type);
        let mut buffer = PutPayloadMut::new();
        let more = self.fill(&mut buffer, content).await?;
        let payload = PutPayload::from(std::mem::take(&mut buffer));
        if more {
            let (first, rest) = split(payload, self.part);
            push(&mut buffer, rest);
            return self.put_parts(&path, attributes, first, content, buffer).await;
        }
        let size = length(&payload);
        let options = PutOptions {
            attributes,
            ..PutOptions::default()
        };
        self.store
            .put_opts(&path, payload, options)
            .await
            .map_err(failure)?;
        Ok(size)
    }

    async fn get(&self, key: &BlobKey, range: Option<Range<u64>>) -> Result<BlobStream, BlobError> {
        if range.as_ref().is_some_and(Range::is_empty) {
            return Err(BlobError::new(BlobErrorKind::OutOfRange));
        }
        let start = range.as_ref().map(|range| range.start);
        let options = GetOptions {
            range: range.map(GetRange::Bounded),
            ..GetOptions::default()
        };
        match self.store.get_opts(&path(key), options).await {
            Ok(found) => Ok(found.into_stream().map_err(failure).boxed()),
            Err(error) => {
                // The stores tell this in ways of their own, so the size is asked for.
                let error = failure(error);
                if let Some(start) = start.filter(|_| error.kind() != BlobErrorKind::NotFound)
                    && start >= self.head(key).await?
                {
                    return Err(BlobError::new(BlobErrorKind::OutOfRange));
                }
                Err(error)
            }
        }
    }

    async fn head(&self, key: &BlobKey) -> Result<u64, BlobError> {
        Ok(self.store.head(&path(key)).await.map_err(failure)?.size)
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        if let Place::Disk(folder) = &self.place {
            // What `put` writes to until it is complete; a process that dies leaves it.
            let staged = folder.join(format!("{key}#1"));
            let removed = tokio::task::spawn_blocking(move || std::fs::remove_file(staged)).await;
            match removed {
                Ok(Err(error)) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(BlobError::new(BlobErrorKind::Unavailable).because(error));
                }
                Ok(_) => {}
                Err(error) => return Err(BlobError::new(BlobErrorKind::Unavailable).because(error)),
            }
        }
        match self.store.delete(&path(key)).await.map_err(failure) {
            Err(error) if error.kind() != BlobErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    async fn presigned(&self, key: &BlobKey, valid_for: Duration) -> Result<Option<Secret>, BlobError> {
        match &self.place {
            #[cfg(feature = "s3")]
            Place::S3(store) => {
                use object_store::signer::Signer as _;
                let url = store.signed_url(http::Method::GET, &path(key), valid_for).await;
                Ok(Some(Secret::new(url.map_err(failure)?)))
            }
            Place::Memory | Place::Disk(_) => {
                let _ = (key, valid_for);
                Ok(None)
            }
        }
    }
}

impl fmt::Debug for ObjectBlobs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self.place {
            Place::Memory => "ObjectBlobs(memory)",
            Place::Disk(_) => "ObjectBlobs(disk)",
            #[cfg(feature = "s3")]
            Place::S3(_) => "ObjectBlobs(s3)",
        })
    }
}

/// An upload in parts that is given up unless it is completed.
struct Upload(Option<Box<dyn MultipartUpload>>);

impl Upload {
    async fn part(&mut self, part: PutPayload) -> Result<(), BlobError> {
        match &mut self.0 {
            Some(upload) => upload.put_part(part).await.map_err(failure),
            None => Err(BlobError::new(BlobErrorKind::Unavailable)),
        }
    }

    async fn complete(mut self) -> Result<(), BlobError> {
        if let Some(upload) = &mut self.0 {
            upload.complete().await.map_err(failure)?;
        }
        self.0 = None;
        Ok(())
    }
}

impl Drop for Upload {
    fn drop(&mut self) {
        if let Some(mut upload) = self.0.take()
            && let Ok(runtime) = tokio::runtime::Handle::try_current()
        {
            // The store limits how long it tries. Where it fails, the rule of the bucket removes the parts.
            runtime.spawn(async move {
                if upload.abort().await.is_err() {
                    tracing::warn!("the parts of a file that was given up could not be removed");
                }
            });
        }
    }
}

fn path(key: &BlobKey) -> Path {
    Path::from(key.to_string())
}

fn length(payload: &PutPayload) -> u64 {
    u64::try_from(payload.content_length()).unwrap_or(u64::MAX)
}

fn push(buffer: &mut PutPayloadMut, chunks: impl IntoIterator<Item = Bytes>) {
    for chunk in chunks {
        if chunk.len() < SMALL_CHUNK {
            buffer.extend_from_slice(&chunk);
        } else {
            buffer.push(chunk);
        }
    }
}

/// The first `at` bytes, for some stores want all parts but the last to be of one size, and what is left.
fn split(payload: PutPayload, at: usize) -> (PutPayload, Vec<Bytes>) {
    let (mut first, mut rest, mut left) = (Vec::new(), Vec::new(), at);
    for mut chunk in payload {
        let head = chunk.split_to(left.min(chunk.len()));
        left -= head.len();
        if !head.is_empty() {
            first.push(head);
        }
        if !chunk.is_empty() {
            rest.push(chunk);
        }
    }
    (first.into_iter().collect(), rest)
}

fn private_folder(folder: &FilePath) -> io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)?;
    // One that was there already may be open to others.
    #[cfg(unix)]
    std::fs::set_permissions(folder, std::os::unix::fs::PermissionsExt::from_mode(0o700))?;
    Ok(())
}

pub(super) fn failure(error: object_store::Error) -> BlobError {
    let kind = match &error {
        object_store::Error::NotFound { .. } => BlobErrorKind::NotFound,
        object_store::Error::PermissionDenied { .. } | object_store::Error::Unauthenticated { .. } => {
            BlobErrorKind::Denied
        }
        _ => BlobErrorKind::Unavailable,
    };
    BlobError::new(kind).because(error)
}
