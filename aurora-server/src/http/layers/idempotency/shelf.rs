//! Where it is kept which calls were made, and apart from that what was answered to them.

use std::sync::Arc;

use aurora_core::cache::{CacheStore, RedisCache};
use aurora_core::redis::Redis;
use aurora_core::time::Clock;

use super::fair::FairCache;

/// Bytes of memory for the marks of calls, of half a kilobyte each.
const MARKS: usize = 64 << 20;
/// Bytes of memory for their answers.
const ANSWERS: usize = 64 << 20;

/// Marks say which calls were made, answers what was told then. Answers are large and of use alone; without a mark a call
/// would be made again. So neither takes the other's room.
#[derive(Debug, Clone)]
pub(crate) struct Shelf {
    pub(super) marks: Arc<dyn CacheStore>,
    pub(super) answers: Arc<dyn CacheStore>,
}

impl Shelf {
    /// In Redis where there is one, which all servers share; else in this process.
    pub(crate) fn new(redis: Option<&Redis>, clock: &Arc<dyn Clock>) -> Self {
        match redis {
            Some(redis) => Self {
                marks: Arc::new(RedisCache::new(redis)),
                answers: Arc::new(RedisCache::new(redis)),
            },
            None => Self {
                marks: Arc::new(FairCache::new(MARKS, Arc::clone(clock))),
                answers: Arc::new(FairCache::new(ANSWERS, Arc::clone(clock))),
            },
        }
    }
}
