//! Content on its way in: measured, hashed and judged while it passes; and on its way out: checked.

use std::pin::Pin;
use std::task::{Context as Task, Poll, ready};

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use sha2::{Digest as _, Sha256};

use super::blobs::{BlobError, BlobErrorKind, BlobStream};
use super::media::{HEAD_BYTES, MediaType};

/// SHA-256 of a content.
pub(super) type Hash = [u8; 32];

/// Why a content was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// Its sender failed.
    Broken,
    /// It is larger than it may be.
    TooLarge,
}

/// The first bytes of a content, read apart so that its type is known before the first byte is stored.
pub(super) async fn head<S, E>(content: &mut Pin<Box<S>>) -> Result<Vec<Bytes>, Refusal>
where
    S: Stream<Item = Result<Bytes, E>> + Send,
{
    let (mut chunks, mut size) = (Vec::new(), 0_usize);
    while size < HEAD_BYTES {
        match content.next().await {
            Some(Ok(chunk)) if chunk.is_empty() => tokio::task::yield_now().await,
            Some(Ok(chunk)) => {
                size = size.saturating_add(chunk.len());
                chunks.push(chunk);
            }
            Some(Err(_)) => return Err(Refusal::Broken),
            None => break,
        }
    }
    Ok(chunks)
}

/// What the first bytes show.
pub(super) fn media_type(head: &[Bytes]) -> MediaType {
    let start: Vec<u8> = head.iter().flatten().take(HEAD_BYTES).copied().collect();
    MediaType::of_content(&start)
}

/// A content that is measured and hashed while a store takes it. Nothing of it is kept.
pub(super) struct Measured<S> {
    head: std::vec::IntoIter<Bytes>,
    rest: Pin<Box<S>>,
    limit: u64,
    size: u64,
    hash: Sha256,
    refusal: Option<Refusal>,
}

impl<S> Measured<S> {
    /// `head` comes first; more than `limit` bytes are refused as soon as they are met.
    pub(super) fn new(head: Vec<Bytes>, rest: Pin<Box<S>>, limit: u64) -> Self {
        Self {
            head: head.into_iter(),
            rest,
            limit,
            size: 0,
            hash: Sha256::new(),
            refusal: None,
        }
    }

    /// Why it ended early.
    pub(super) const fn refusal(&self) -> Option<Refusal> {
        self.refusal
    }

    /// How many bytes passed, and their hash.
    pub(super) fn finish(self) -> (u64, Hash) {
        (self.size, self.hash.finalize().into())
    }

    fn refuse(&mut self, refusal: Refusal) -> Poll<Option<Result<Bytes, BlobError>>> {
        self.refusal = Some(refusal);
        Poll::Ready(Some(Err(BlobError::new(BlobErrorKind::Content))))
    }
}

impl<S, E> Stream for Measured<S>
where
    S: Stream<Item = Result<Bytes, E>> + Send,
{
    type Item = Result<Bytes, BlobError>;

    fn poll_next(mut self: Pin<&mut Self>, task: &mut Task<'_>) -> Poll<Option<Self::Item>> {
        if self.refusal.is_some() {
            return Poll::Ready(None);
        }
        let next = match self.head.next() {
            Some(chunk) => Some(Ok(chunk)),
            None => ready!(self.rest.as_mut().poll_next(task)),
        };
        let chunk = match next {
            None => return Poll::Ready(None),
            Some(Err(_)) => return self.refuse(Refusal::Broken),
            Some(Ok(chunk)) => chunk,
        };
        self.size = self
            .size
            .saturating_add(u64::try_from(chunk.len()).unwrap_or(u64::MAX));
        if self.size > self.limit {
            return self.refuse(Refusal::TooLarge);
        }
        self.hash.update(&chunk);
        Poll::Ready(Some(Ok(chunk)))
    }
}

/// Gives stored bytes as they come, but the last of them only once their number and hash are right: whoever counts what
/// arrives learns that they are not.
pub(super) fn verified(stored: BlobStream, size: u64, hash: Hash) -> BlobStream {
    let start = Verified {
        stored,
        held: None,
        left: size,
        sum: Some(Sha256::new()),
        hash,
    };
    futures::stream::unfold(start, |mut state| async move {
        let item = state.next().await?;
        Some((item, state))
    })
    .boxed()
}

struct Verified {
    stored: BlobStream,
    held: Option<Bytes>,
    left: u64,
    /// `None` once the end or a failure has been given.
    sum: Option<Sha256>,
    hash: Hash,
}

impl Verified {
    async fn next(&mut self) -> Option<Result<Bytes, BlobError>> {
        loop {
            let mut sum = self.sum.take()?;
            let Some(chunk) = self.stored.next().await else {
                if self.left != 0 || Hash::from(sum.finalize()) != self.hash {
                    return Some(Err(BlobError::new(BlobErrorKind::Corrupt)));
                }
                return self.held.take().map(Ok);
            };
            let chunk = match chunk {
                Ok(chunk) => chunk,
                Err(error) => return Some(Err(error)),
            };
            let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
            let Some(left) = self.left.checked_sub(length) else {
                return Some(Err(BlobError::new(BlobErrorKind::Corrupt)));
            };
            self.left = left;
            sum.update(&chunk);
            self.sum = Some(sum);
            if let Some(earlier) = self.held.replace(chunk) {
                return Some(Ok(earlier));
            }
        }
    }
}

/// Gives the bytes of a range as they come, and a failure in place of an end that comes early or late.
pub(super) fn counted(stored: BlobStream, size: u64) -> BlobStream {
    let start = (stored, Some(size));
    futures::stream::unfold(start, |(mut stored, left)| async move {
        let left = left?;
        let corrupt = || BlobError::new(BlobErrorKind::Corrupt);
        let item = match stored.next().await {
            None if left == 0 => return None,
            None => Err(corrupt()),
            Some(Err(error)) => Err(error),
            Some(Ok(chunk)) => {
                let length = u64::try_from(chunk.len()).unwrap_or(u64::MAX);
                match left.checked_sub(length) {
                    Some(left) => return Some((Ok(chunk), (stored, Some(left)))),
                    None => Err(corrupt()),
                }
            }
        };
        Some((item, (stored, None)))
    })
    .boxed()
}

#[cfg(test)]
mod tests;
