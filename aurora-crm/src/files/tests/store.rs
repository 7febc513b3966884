use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use futures::{StreamExt as _, stream};

use crate::files::{BlobError, BlobErrorKind, BlobKey, BlobStream, Blobs, Incoming, MediaType};

/// A store in memory that tells what it holds, fails when told, and never comes back from a `put` when told.
#[derive(Debug, Default)]
pub(in crate::files) struct Watched {
    held: Mutex<BTreeMap<String, Bytes>>,
    pub(in crate::files) fails: AtomicBool,
    pub(in crate::files) hangs: AtomicBool,
}

impl Watched {
    pub(in crate::files) fn keys(&self) -> Vec<String> {
        self.held.lock().unwrap().keys().cloned().collect()
    }

    /// Changes the last byte of everything.
    pub(in crate::files) fn corrupt(&self) {
        for bytes in self.held.lock().unwrap().values_mut() {
            let mut changed = BytesMut::from(&bytes[..]);
            if let Some(last) = changed.last_mut() {
                *last ^= 1;
            }
            *bytes = changed.freeze();
        }
    }

    pub(in crate::files) fn lose(&self) {
        self.held.lock().unwrap().clear();
    }

    fn works(&self) -> Result<(), BlobError> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(BlobError::new(BlobErrorKind::Unavailable));
        }
        Ok(())
    }
}

#[async_trait]
impl Blobs for Arc<Watched> {
    async fn put(&self, key: &BlobKey, _: MediaType, content: &mut Incoming<'_>) -> Result<u64, BlobError> {
        let mut bytes = BytesMut::new();
        while let Some(chunk) = content.next().await {
            bytes.extend_from_slice(&chunk?);
        }
        self.works()?;
        let size = u64::try_from(bytes.len()).unwrap();
        self.held.lock().unwrap().insert(key.to_string(), bytes.freeze());
        if self.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        Ok(size)
    }

    async fn get(&self, key: &BlobKey, range: Option<Range<u64>>) -> Result<BlobStream, BlobError> {
        self.works()?;
        let held = self.held.lock().unwrap().get(&key.to_string()).cloned();
        let mut bytes = held.ok_or(BlobError::new(BlobErrorKind::NotFound))?;
        if let Some(range) = range {
            let at = |position: u64| usize::try_from(position).unwrap();
            bytes = bytes.slice(at(range.start)..at(range.end));
        }
        let chunks: Vec<_> = bytes
            .chunks(700)
            .map(|chunk| Ok(bytes.slice_ref(chunk)))
            .collect();
        Ok(stream::iter(chunks).boxed())
    }

    async fn head(&self, key: &BlobKey) -> Result<u64, BlobError> {
        let held = self.held.lock().unwrap().get(&key.to_string()).map(Bytes::len);
        let size = held.ok_or(BlobError::new(BlobErrorKind::NotFound))?;
        Ok(u64::try_from(size).unwrap())
    }

    async fn delete(&self, key: &BlobKey) -> Result<(), BlobError> {
        self.works()?;
        self.held.lock().unwrap().remove(&key.to_string());
        Ok(())
    }
}
