use std::pin::Pin;

use bytes::Bytes;
use futures::Stream;

use super::content::{self, Measured, Refusal};
use super::input::{Declared, over_quota, refused, too_large};
use super::{BlobError, BlobErrorKind, BlobId, BlobKey, File, FileHash, Files, NewFile, Removed, sql};
use crate::context::Context;
use crate::error::{Error, ErrorKind};

impl Files {
    /// Stores a file while its bytes come. No more than two parts of them are held at a time ([`ObjectBlobs`]).
    ///
    /// The file is there once this returns, and until then nobody sees it. Its type is told by its content
    /// ([`MediaType::agree`]).
    ///
    /// # Errors
    /// `Invalid` with every wrong field: of what is declared before any byte is read, and then of the content: `too_large`,
    /// `over_quota`, `incomplete` when its stream fails or ends early, `invalid` when it contradicts what is declared,
    /// `not_allowed` for its type. `AlreadyExists` for a second file of the same number. `NotFound` when the workspace
    /// does not exist. `Unavailable` when the database or the store of bytes is. `Timeout` when it takes longer than the
    /// deadline or [`FileLimits::upload_time`].
    ///
    /// # Cancel safety
    /// Dropping the future leaves no file, or the whole of it where it was about to return; bytes that are left over are
    /// swept later.
    ///
    /// [`ObjectBlobs`]: super::ObjectBlobs
    /// [`MediaType::agree`]: super::MediaType::agree
    /// [`FileLimits::upload_time`]: super::FileLimits::upload_time
    pub async fn upload<S, E>(&self, context: &Context, new: NewFile, content: S) -> Result<File, Error>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
        E: Send,
    {
        let now = self.store.now();
        let declared = new.check(context, self.limits.max_size, now)?;
        let blob = BlobId::new(now);
        // Boxed, or all that it keeps would be part of every caller's future.
        let work = Box::pin(self.send(context, declared, blob, Box::pin(content)));
        let limited = async {
            tokio::select! {
                biased;
                outcome = work => outcome,
                () = self.store.clock().sleep(self.limits.upload_time) => Err(Unsent::Cut(Error::new(ErrorKind::Timeout))),
            }
        };
        let mut cut = true;
        let outcome = self
            .store
            .run(context, "files.upload", async {
                limited.await.map_err(|unsent| {
                    cut = !matches!(unsent, Unsent::Ended(_));
                    unsent.into_error()
                })
            })
            .await;
        match outcome {
            Ok((file, stored)) => {
                if stored != blob {
                    self.discard(context, blob, true).await;
                }
                Ok(file)
            }
            Err(error) => {
                // Of an upload that was cut short nobody knows whether the store will still make an object of it, so that is
                // left to a sweep.
                if !cut {
                    self.discard(context, blob, false).await;
                }
                Err(error)
            }
        }
    }

    async fn send<S, E>(
        &self,
        context: &Context,
        declared: Declared,
        blob: BlobId,
        mut content: Pin<Box<S>>,
    ) -> Result<(File, BlobId), Unsent>
    where
        S: Stream<Item = Result<Bytes, E>> + Send,
    {
        let mut file = declared.file;
        let limits = &*self.limits;
        let head = content::head(&mut content)
            .await
            .map_err(|refusal| self.refusal(refusal))?;
        file.media_type = content::media_type(&head)
            .agree(declared.media_type)
            .ok_or_else(|| refused("media_type", "invalid", "is not what the content shows"))?;
        if head.is_empty() {
            return Err(refused("content", "required", "must not be empty").into());
        }
        if !limits.allowed.contains(&file.media_type) {
            return Err(refused("media_type", "not_allowed", "files of this type are not taken").into());
        }
        let expected = declared.size.unwrap_or(0);
        let left = sql::begin(&self.store, context, file.id, blob, expected, limits.quota).await?;
        let limit = limits.max_size.min(left);
        let mut content = Measured::new(head, content, limit);
        let key = BlobKey::new(context.workspace, blob);
        if let Err(error) = self.blobs.put(&key, file.media_type, &mut content).await {
            return Err(match content.refusal() {
                Some(Refusal::TooLarge) if left < limits.max_size => Unsent::Ended(over_quota(limits.quota)),
                Some(refusal) => Unsent::Ended(self.refusal(refusal)),
                None => Unsent::Cut(error.into()),
            });
        }
        let (size, hash) = content.finish();
        (file.size, file.sha256) = (size, FileHash(hash));
        if declared.size.is_some_and(|declared| declared != size) {
            let error = refused("content", "incomplete", "has another length than declared");
            return Err(Unsent::Ended(error));
        }
        if declared.sha256.is_some_and(|declared| declared != file.sha256) {
            let error = refused("sha256", "invalid", "is not that of the content");
            return Err(Unsent::Ended(error));
        }
        let stored = sql::finish(&self.store, context, &file, blob, limits.quota).await;
        Ok((file, stored.map_err(Unsent::Ended)?))
    }

    fn refusal(&self, refusal: Refusal) -> Error {
        match refusal {
            Refusal::TooLarge => too_large(self.limits.max_size),
            Refusal::Broken => refused("content", "incomplete", "ended before its end"),
        }
    }

    /// Removes the bytes of an upload that came to nothing. `doomed` tells that this is decided; otherwise it is asked,
    /// for an answer of the database may have been lost on the way.
    async fn discard(&self, context: &Context, blob: BlobId, doomed: bool) {
        let context = self.for_upkeep(context);
        let work = sql::give_up(&self.store, &context, blob);
        let doomed = doomed
            || self
                .store
                .run(&context, "files.discard", work)
                .await
                .unwrap_or(false);
        if doomed {
            let mut removed = Removed::default();
            self.purge(&context, [blob], &mut removed).await;
        }
    }
}

/// Why an upload came to nothing.
enum Unsent {
    /// No byte of it was given to the store.
    Unbegun(Error),
    /// It came to an end without success.
    Ended(Error),
    /// Nothing is known of the bytes.
    Cut(Error),
}

impl Unsent {
    fn into_error(self) -> Error {
        match self {
            Self::Unbegun(error) | Self::Ended(error) | Self::Cut(error) => error,
        }
    }
}

impl From<Error> for Unsent {
    fn from(error: Error) -> Self {
        Self::Unbegun(error)
    }
}

impl From<BlobError> for Error {
    fn from(error: BlobError) -> Self {
        let kind = match error.kind() {
            BlobErrorKind::Unavailable => ErrorKind::Unavailable,
            BlobErrorKind::Denied => ErrorKind::Forbidden,
            // The row says that the bytes are there.
            BlobErrorKind::NotFound
            | BlobErrorKind::OutOfRange
            | BlobErrorKind::Content
            | BlobErrorKind::Corrupt => ErrorKind::Internal,
        };
        Self::outside(kind, error.message())
    }
}
