//! So many hashes at a time, so many callers waiting, and the rest is told to come back.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::Duration;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::super::Error;

#[derive(Debug)]
pub(super) struct Permits {
    semaphore: Arc<Semaphore>,
    permits: usize,
    queue: usize,
    waiting: AtomicUsize,
    /// Microseconds of the last piece of work, to tell when to come back.
    last: AtomicU64,
}

/// A place in the queue, given back when dropped.
struct Place<'a>(&'a AtomicUsize);

impl Drop for Place<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Permits {
    pub(super) fn new(permits: usize, queue: usize) -> Self {
        Self {
            semaphore: Arc::new(Semaphore::new(permits)),
            permits,
            queue,
            waiting: AtomicUsize::new(0),
            last: AtomicU64::new(0),
        }
    }

    /// Waits for a permit, first come first served; dropping the future gives the place back.
    pub(super) async fn enter(&self) -> Result<OwnedSemaphorePermit, Error> {
        if let Ok(permit) = Arc::clone(&self.semaphore).try_acquire_owned() {
            return Ok(permit);
        }
        let _place = self.queue_up()?;
        Arc::clone(&self.semaphore)
            .acquire_owned()
            .await
            .map_err(|_| Error::internal("the queue of password hashes is closed"))
    }

    fn queue_up(&self) -> Result<Place<'_>, Error> {
        let one_more = |waiting: usize| (waiting < self.queue).then_some(waiting + 1);
        self.waiting
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, one_more)
            .map(|_| Place(&self.waiting))
            .map_err(|waiting| {
                Error::busy("too many password hashes are waiting", self.time_for(waiting + 1))
            })
    }

    pub(super) fn took(&self, duration: Duration) {
        let micros = u64::try_from(duration.as_micros()).unwrap_or(u64::MAX);
        self.last.store(micros, Ordering::Relaxed);
    }

    /// How long `hashes` take, in whole seconds, at least one.
    fn time_for(&self, hashes: usize) -> Duration {
        let each = Duration::from_micros(self.last.load(Ordering::Relaxed));
        let rounds = u32::try_from(hashes.div_ceil(self.permits.max(1))).unwrap_or(u32::MAX);
        let seconds = each.saturating_mul(rounds).as_secs_f64().ceil().clamp(1.0, 60.0);
        Duration::from_secs_f64(seconds)
    }

    #[cfg(test)]
    pub(super) fn waiting(&self) -> usize {
        self.waiting.load(Ordering::Acquire)
    }

    #[cfg(test)]
    pub(super) fn last(&self) -> Duration {
        Duration::from_micros(self.last.load(Ordering::Relaxed))
    }

    #[cfg(test)]
    pub(super) fn free(&self) -> usize {
        self.semaphore.available_permits()
    }
}

#[cfg(test)]
mod tests {
    use futures::FutureExt as _;

    use super::*;
    use crate::access::ErrorKind;

    #[tokio::test]
    async fn who_finds_the_queue_full_is_told_when_to_come_back() {
        let permits = Permits::new(1, 2);
        permits.took(Duration::from_millis(1_400));
        let held = permits.enter().await.unwrap();
        let mut waiting: Vec<_> = (0..2).map(|_| Box::pin(permits.enter())).collect();
        for one in &mut waiting {
            assert!(one.as_mut().now_or_never().is_none());
        }
        let error = permits.enter().await.unwrap_err();
        assert_eq!((error.kind(), error.is_retryable()), (ErrorKind::Busy, true));
        assert_eq!(
            error.retry_after(),
            Some(Duration::from_secs(5)),
            "3 of 1.4 s each"
        );
        drop(held);
        for one in waiting {
            drop(one.await.unwrap());
        }
        assert_eq!((permits.free(), permits.waiting()), (1, 0));
    }

    #[tokio::test]
    async fn a_place_is_given_back_by_who_leaves_at_any_poll() {
        let permits = Permits::new(1, 50);
        for polls in 0..4 {
            let held = permits.enter().await.unwrap();
            let mut leaving = Box::pin(permits.enter());
            for _ in 0..polls {
                assert!(leaving.as_mut().now_or_never().is_none());
            }
            drop(leaving);
            assert_eq!(permits.waiting(), 0, "{polls}");
            drop(held);
            assert_eq!(permits.free(), 1, "{polls}");
        }
    }

    /// The permit was handed to the one who waited, and he leaves before he looks.
    #[tokio::test]
    async fn a_permit_that_nobody_fetched_goes_on() {
        let permits = Permits::new(1, 50);
        let held = permits.enter().await.unwrap();
        let mut waiting = Box::pin(permits.enter());
        assert!(waiting.as_mut().now_or_never().is_none());
        drop(held);
        drop(waiting);
        assert_eq!((permits.free(), permits.waiting()), (1, 0));
    }
}
