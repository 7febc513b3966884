//! A lease that is held.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;

use super::super::connection::{Connection, dialect};
use super::super::on_connection;
use super::super::{Error, ErrorKind};
use super::{Leases, sql};

/// A lease that this process holds, or held; clones are the same lease.
///
/// Nothing renews it by itself: [`Lease::keep`] does while it runs something, [`Lease::renew`] once, and
/// [`Leases::renew_all`] many at a time. When the last handle goes without [`Lease::release`], the lease lasts until its
/// time is up.
#[derive(Debug, Clone)]
pub struct Lease {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    leases: Leases,
    name: String,
    fence: i64,
    ttl: Duration,
    /// Until when nobody else can hold it, by our own monotonic clock: counted from before we asked, so never too late.
    safe_until: watch::Sender<Duration>,
}

impl Lease {
    pub(super) fn new(leases: Leases, name: String, fence: i64, ttl: Duration, safe_until: Duration) -> Self {
        let (safe_until, _) = watch::channel(safe_until);
        Self {
            inner: Arc::new(Inner {
                leases,
                name,
                fence,
                ttl,
                safe_until,
            }),
        }
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Its fencing token: higher than that of everybody who held this name before.
    #[must_use]
    pub fn fence(&self) -> i64 {
        self.inner.fence
    }

    /// How long it was taken and is renewed for.
    #[must_use]
    pub fn ttl(&self) -> Duration {
        self.inner.ttl
    }

    /// Whether nobody else can hold it now, as far as this process knows; asks nobody. A process can be paused between
    /// this answer and what it does next: see [`Lease::check_in`].
    #[must_use]
    pub fn is_valid(&self) -> bool {
        self.inner.leases.times.clock().elapsed() < *self.inner.safe_until.borrow()
    }

    /// Waits until the lease is lost: not renewed in time, taken by somebody else, or released.
    ///
    /// # Cancel safety
    /// Dropping the future has no effect.
    pub async fn lost(&self) {
        let clock = self.inner.leases.times.clock();
        let mut until = self.inner.safe_until.subscribe();
        loop {
            let left = until.borrow_and_update().saturating_sub(clock.elapsed());
            if left.is_zero() {
                return;
            }
            tokio::select! {
                changed = until.changed() => drop(changed), // the sender is ours and lives as long as we do
                () = clock.sleep(left) => {}
            }
        }
    }

    pub(super) fn lasts_until(&self, until: Duration) {
        // A lease that was given up stays so, whatever was asked before.
        self.inner.safe_until.send_if_modified(|safe_until| {
            let longer = !safe_until.is_zero() && *safe_until < until;
            if longer {
                *safe_until = until;
            }
            longer
        });
    }

    pub(super) fn lose(&self) {
        self.inner.safe_until.send_replace(Duration::ZERO);
    }

    /// Renews it.
    ///
    /// # Errors
    /// `LeaseLost` when its time was up or somebody else has it; otherwise as any statement, and the lease lasts until
    /// its time is up.
    pub async fn renew(&self) -> Result<(), Error> {
        self.inner.leases.renew_all(&[self]).await?;
        if self.is_valid() { Ok(()) } else { Err(lost()) }
    }

    /// Gives it back, so that the next holder need not wait. Giving back what is lost does nothing.
    ///
    /// # Errors
    /// As any statement; the lease lasts until its time is up, and this process does not use it any more.
    pub async fn release(&self) -> Result<(), Error> {
        self.lose();
        self.inner
            .leases
            .release(&self.inner.name, self.inner.fence)
            .await
    }

    /// Makes sure, in the caller's transaction, that the lease is still held, and that nobody takes it before the
    /// transaction ends. A holder that was paused and comes late is refused, and its writes with it.
    ///
    /// # Errors
    /// `LeaseLost` when its time was up or somebody else has it: give up the transaction. Otherwise as any statement.
    pub async fn check_in(&self, transaction: &mut Connection<'_>) -> Result<(), Error> {
        let now = self.inner.leases.times.now(transaction).await?;
        let held = dialect!(transaction, sqlite: sql::sqlite::HELD, postgres: sql::postgres::HELD);
        let held: Option<i32> = on_connection!(transaction, |tx| sqlx::query_scalar(held)
            .bind(&self.inner.name)
            .bind(self.inner.fence)
            .bind(now)
            .fetch_optional(tx))?;
        held.map(|_| ()).ok_or_else(lost)
    }

    /// Runs `work` and renews the lease meanwhile, after each third of its time.
    ///
    /// # Errors
    /// `LeaseLost` when the lease was lost before `work` had ended; `work` is dropped then.
    ///
    /// # Cancel safety
    /// Dropping the future drops `work`; the lease lasts until its time is up.
    pub async fn keep<T>(&self, work: impl Future<Output = T> + Send) -> Result<T, Error> {
        let renewing = async {
            let clock = self.inner.leases.times.clock();
            loop {
                clock.sleep(self.inner.ttl / 3).await;
                if let Err(error) = self.renew().await {
                    if error.kind() == ErrorKind::LeaseLost {
                        return;
                    }
                    tracing::warn!(lease = self.name(), %error, "the lease was not renewed");
                }
            }
        };
        tokio::select! {
            biased;
            () = self.lost() => Err(lost()),
            () = renewing => Err(lost()),
            value = work => Ok(value),
        }
    }
}

fn lost() -> Error {
    Error::bare(ErrorKind::LeaseLost)
}
