//! Receiving: is it the first time.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bytes::Bytes;
use sha2::{Digest as _, Sha256};

use super::TOLERANCE;
use crate::cache::{self, CacheStore, Key, Scope};
use crate::time::{Clock, SystemClock};

/// The least time that ids are kept: as long as a message can be repeated, from the earliest time that is accepted to the
/// latest, and a minute for a clock that is corrected meanwhile.
const KEPT: Duration = Duration::from_secs(2 * TOLERANCE.as_secs() + 60);

/// Remembers which messages were accepted.
///
/// Ask it after the signature was checked, so that only those who have the secret can fill it. An id is kept for 11
/// minutes unless told otherwise, longer than twice [`TOLERANCE`], so that a recorded request cannot be used again. A sender that did not get the
/// answer sends the message again, signed anew, hours later: to recognise that too, keep ids for as long as the sender
/// tries, or make the work itself idempotent under the id.
#[async_trait]
pub trait ReplayGuard: fmt::Debug + Send + Sync + 'static {
    /// Whether this id comes for the first time; from now on it does not. Of several at once exactly one is the first.
    ///
    /// # Errors
    /// When it cannot be told. The message must then be refused in a way that makes the sender try again (503).
    async fn first(&self, id: &str) -> Result<bool, ReplayError>;

    /// Forgets an id whose message could not be worked on, so that the sender's next attempt is accepted.
    ///
    /// # Errors
    /// When it cannot be forgotten; the next attempt is then taken for a repetition.
    async fn forget(&self, id: &str) -> Result<(), ReplayError>;
}

/// Whether a message was seen before cannot be told.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReplayError {
    /// As many ids are kept as can be, and none may be forgotten yet.
    #[error("no further message can be remembered now")]
    Full,
    /// The cache that replicas share does not answer.
    #[error("the cache of seen messages does not answer")]
    Unavailable(#[source] cache::Error),
}

/// The ids that this process accepted, in bounded memory: about 100 bytes each.
///
/// When it is full of ids that must still be kept it refuses new ones rather than forget one. Clones share the ids.
#[derive(Clone)]
#[must_use = "a guard does nothing until it is asked"]
pub struct RecentIds {
    kept: Arc<Mutex<Kept>>,
    most: usize,
    keep: Duration,
    clock: Arc<dyn Clock>,
}

#[derive(Default)]
struct Kept {
    /// Until when each is kept, on the monotonic clock.
    until: HashMap<[u8; 16], Duration>,
    /// In the order of their ends.
    order: VecDeque<([u8; 16], Duration)>,
}

impl RecentIds {
    /// Keeps up to `most` ids for 11 minutes each.
    pub fn new(most: usize) -> Self {
        Self {
            kept: Arc::default(),
            most,
            keep: KEPT,
            clock: Arc::new(SystemClock),
        }
    }

    /// How long an id is kept, at least twice the verifier's tolerance; what is below 11 minutes is raised to it.
    pub fn keep(mut self, keep: Duration) -> Self {
        self.keep = keep.max(KEPT);
        self
    }

    /// Where time comes from; the system unless told.
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    fn put(&self, id: &str) -> Result<bool, ReplayError> {
        let (id, now) = (short(id), self.clock.elapsed());
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some((old, until)) = kept.order.front().copied()
            && until <= now
        {
            kept.order.pop_front();
            // It may have been forgotten and kept anew.
            if kept.until.get(&old) == Some(&until) {
                kept.until.remove(&old);
            }
        }
        if kept.until.contains_key(&id) {
            return Ok(false);
        }
        if kept.order.len() >= self.most {
            return Err(ReplayError::Full);
        }
        let until = now.saturating_add(self.keep);
        kept.until.insert(id, until);
        kept.order.push_back((id, until));
        Ok(true)
    }

    fn drop_id(&self, id: &str) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let id = short(id);
        if kept.until.remove(&id).is_some() {
            // Or what failed and comes again would fill the memory.
            kept.order.retain(|(kept, _)| *kept != id);
        }
    }
}

#[async_trait]
impl ReplayGuard for RecentIds {
    async fn first(&self, id: &str) -> Result<bool, ReplayError> {
        self.put(id)
    }

    async fn forget(&self, id: &str) -> Result<(), ReplayError> {
        self.drop_id(id);
        Ok(())
    }
}

impl fmt::Debug for RecentIds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecentIds")
            .field("most", &self.most)
            .field("keep", &self.keep)
            .finish_non_exhaustive()
    }
}

/// The ids that all replicas accepted, in a cache that they share (`RedisCache`).
///
/// A cache may forget: what it forgets before its time can be used twice. Where that must not be, keep ids in the
/// database, in the transaction of the work.
#[derive(Debug, Clone)]
#[must_use = "a guard does nothing until it is asked"]
pub struct SharedIds {
    cache: Arc<dyn CacheStore>,
    scope: Scope,
    keep: Duration,
}

impl SharedIds {
    /// Keeps the ids of one sender for 11 minutes each. `scope` keeps the senders apart, each of whom counts for itself.
    pub fn new(cache: Arc<dyn CacheStore>, scope: Scope) -> Self {
        Self {
            cache,
            scope,
            keep: KEPT,
        }
    }

    /// How long an id is kept, at least twice the verifier's tolerance; what is below 11 minutes is raised to it.
    pub fn keep(mut self, keep: Duration) -> Self {
        self.keep = keep.max(KEPT);
        self
    }

    fn key(&self, id: &str) -> Result<Key, ReplayError> {
        Key::new(&self.scope, "webhook-id", 1, id).map_err(ReplayError::Unavailable)
    }
}

#[async_trait]
impl ReplayGuard for SharedIds {
    async fn first(&self, id: &str) -> Result<bool, ReplayError> {
        let key = self.key(id)?;
        let kept = self
            .cache
            .set_if_absent(&key, Bytes::from_static(b"1"), self.keep);
        kept.await.map_err(ReplayError::Unavailable)
    }

    async fn forget(&self, id: &str) -> Result<(), ReplayError> {
        let key = self.key(id)?;
        let removed = self.cache.remove(&key).await;
        removed.map(drop).map_err(ReplayError::Unavailable)
    }
}

/// Enough of the hash that nobody finds two ids with the same, in a size that does not depend on the id.
fn short(id: &str) -> [u8; 16] {
    let mut short = [0; 16];
    for (to, from) in short.iter_mut().zip(Sha256::digest(id.as_bytes())) {
        *to = from;
    }
    short
}
