//! Where the bytes of files lie.

#[cfg(any(test, feature = "testing"))]
mod contract;
mod object;
#[cfg(feature = "s3")]
mod s3;
#[cfg(test)]
mod tests;

use std::error::Error as StdError;
use std::fmt;
use std::ops::Range;
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::failure::{Failure, FailureClass};
use aurora_core::id::{Id, IdKind};
use aurora_core::secret::Secret;
use bytes::Bytes;
use futures::Stream;
use futures::stream::BoxStream;

use super::MediaType;
use crate::workspaces::WorkspaceId;

#[cfg(any(test, feature = "testing"))]
pub use self::contract::blobs_contract;
pub use self::object::ObjectBlobs;
#[cfg(feature = "s3")]
pub use self::s3::S3;

/// Names stored bytes: `blb_` and 32 hexadecimal digits.
pub type BlobId = Id<Blob>;

/// The kind of a [`BlobId`].
#[derive(Debug)]
pub enum Blob {}

impl IdKind for Blob {
    const PREFIX: &'static str = "blb";
}

/// The place of stored bytes: a workspace and a number that was made here. No text of a user is part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct BlobKey {
    /// Whose bytes they are.
    pub workspace: WorkspaceId,
    /// Which of them.
    pub blob: BlobId,
}

impl BlobKey {
    /// The place of a blob of a workspace.
    #[must_use]
    pub const fn new(workspace: WorkspaceId, blob: BlobId) -> Self {
        Self { workspace, blob }
    }
}

impl fmt::Display for BlobKey {
    /// Two names of 32 hexadecimal digits with a slash between them.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (workspace, blob) = (self.workspace.uuid(), self.blob.uuid());
        write!(f, "{}/{}", workspace.as_simple(), blob.as_simple())
    }
}

/// Bytes on their way into a store.
pub type Incoming<'a> = dyn Stream<Item = Result<Bytes, BlobError>> + Send + Unpin + 'a;

/// Bytes on their way out of a store.
pub type BlobStream = BoxStream<'static, Result<Bytes, BlobError>>;

/// A store of bytes; `blobs_contract` (feature `testing`) is what each must keep.
///
/// What has been put is complete or not there at all, and it outlives a loss of power once `put` has returned.
#[async_trait]
pub trait Blobs: fmt::Debug + Send + Sync + 'static {
    /// Stores all of `content` under a key that is used once, and tells how many bytes there were. It holds a bounded
    /// part of the content in memory at a time. When `content` fails, nothing is stored and the failure is given back.
    ///
    /// # Errors
    /// The failure of `content`, or what keeps the store from taking it.
    ///
    /// # Cancel safety
    /// Dropping the future stores nothing, but may leave parts that [`delete`](Self::delete) removes, or in S3 a rule
    /// of the bucket.
    async fn put(
        &self,
        key: &BlobKey,
        media_type: MediaType,
        content: &mut Incoming<'_>,
    ) -> Result<u64, BlobError>;

    /// Gives the bytes in `range`, or all of them. A range that ends behind the end of the bytes ends there.
    ///
    /// # Errors
    /// `NotFound`; `OutOfRange` when the range is empty or begins behind the end; or what keeps the store from answering; later ones come through the stream.
    async fn get(&self, key: &BlobKey, range: Option<Range<u64>>) -> Result<BlobStream, BlobError>;

    /// How many bytes there are.
    ///
    /// # Errors
    /// `NotFound`, or what keeps the store from answering.
    async fn head(&self, key: &BlobKey) -> Result<u64, BlobError>;

    /// Removes the bytes, and what an interrupted `put` has left of them; that there are none is no failure.
    ///
    /// # Errors
    /// What keeps the store from removing them.
    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError>;

    /// Whether there are such bytes.
    ///
    /// # Errors
    /// What keeps the store from answering.
    async fn exists(&self, key: &BlobKey) -> Result<bool, BlobError> {
        match self.head(key).await {
            Ok(_) => Ok(true),
            Err(error) if error.kind() == BlobErrorKind::NotFound => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// A URL at which the store itself gives the bytes for as long as told, without any other credential; `None` where
    /// the store cannot. Whoever has it can read the bytes.
    ///
    /// # Errors
    /// What keeps the store from signing.
    async fn presigned(&self, key: &BlobKey, valid_for: Duration) -> Result<Option<Secret>, BlobError> {
        let _ = (key, valid_for);
        Ok(None)
    }
}

/// What the caller of a blob store can do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum BlobErrorKind {
    /// There are no such bytes.
    NotFound,
    /// The range begins at or behind the end.
    OutOfRange,
    /// The content could not be read to its end, or it was refused on the way.
    Content,
    /// What was read is not what was stored.
    Corrupt,
    /// The store refuses the program's account.
    Denied,
    /// The store cannot be reached, is full, or fails; trying again may help.
    Unavailable,
}

/// A failed operation of a blob store. It shows neither key nor address.
pub struct BlobError {
    kind: BlobErrorKind,
    source: Option<Box<dyn StdError + Send + Sync>>,
}

impl BlobError {
    /// A failure without a cause.
    #[must_use]
    pub const fn new(kind: BlobErrorKind) -> Self {
        Self { kind, source: None }
    }

    /// The same with its cause. `Debug` and `Display` do not show it, for it may hold an address.
    #[must_use]
    pub fn because(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.source = Some(source.into());
        self
    }

    /// What the caller can do about it.
    #[must_use]
    pub const fn kind(&self) -> BlobErrorKind {
        self.kind
    }

    pub(in crate::files) const fn message(&self) -> &'static str {
        match self.kind {
            BlobErrorKind::NotFound => "there are no such bytes",
            BlobErrorKind::OutOfRange => "the range lies behind the end of the bytes",
            BlobErrorKind::Content => "the content ended before its end or was refused",
            BlobErrorKind::Corrupt => "the stored bytes are not those that were put",
            BlobErrorKind::Denied => "the store of files refuses access",
            BlobErrorKind::Unavailable => "the store of files is not available",
        }
    }
}

impl fmt::Display for BlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.message())
    }
}

impl fmt::Debug for BlobError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("BlobError")
            .field("kind", &self.kind)
            .finish_non_exhaustive()
    }
}

impl StdError for BlobError {}

impl Failure for BlobError {
    fn class(&self) -> FailureClass {
        match self.kind {
            BlobErrorKind::Unavailable => FailureClass::Transient,
            BlobErrorKind::Denied => FailureClass::Credential,
            BlobErrorKind::NotFound
            | BlobErrorKind::OutOfRange
            | BlobErrorKind::Content
            | BlobErrorKind::Corrupt => FailureClass::Rejected,
        }
    }
}
