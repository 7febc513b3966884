//! The lease that one of many replicas loads under.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Core, Kept, Served, lock, newer};
use crate::cache::{Key, Leases, telemetry};

/// How long whoever waits for another replica waits before it looks: at first, and at most.
const LOOKS: [Duration; 2] = [Duration::from_millis(10), Duration::from_millis(100)];

/// The claim of one load to be the only one among the replicas.
pub(super) struct Claim {
    token: String,
    hold: Duration,
    is_held: AtomicBool,
}

/// What a load may do.
pub(super) enum Turn<V> {
    /// Nothing: another replica has loaded the value by now.
    Found(Served<V>),
    /// Nothing: another replica is about to, and nobody waits here.
    Elsewhere,
    /// Load, and keep the value as long as the lease is held.
    Holds,
    /// Load, although another replica has not finished; keep the value if there is none.
    Late,
    /// Load and keep the value: there are no leases, or they cannot be reached.
    Alone,
}

impl Claim {
    pub(super) fn new(hold: Duration) -> Self {
        Self {
            token: uuid::Uuid::now_v7().simple().to_string(),
            hold,
            is_held: AtomicBool::new(false),
        }
    }
}

impl<V: Serialize + DeserializeOwned + Send + Sync> Core<V> {
    /// Takes the lease, or waits for the replica that holds it: for as long as a lease lasts that is not renewed, so
    /// that the lease of one that died is taken over.
    pub(super) async fn turn(&self, key: &Key, id: u64, seen: Option<i64>, claim: Option<&Claim>) -> Turn<V> {
        let settings = &self.settings;
        let (Some(leases), Some(claim)) = (settings.store.leases(), claim) else {
            return Turn::Alone;
        };
        let until = settings.clock.elapsed().saturating_add(claim.hold);
        let [mut pause, longest] = LOOKS;
        loop {
            match leases.take(key, &claim.token, claim.hold).await {
                Ok(true) => {
                    claim.is_held.store(true, Ordering::Relaxed);
                    // Its last holder may have finished since we looked.
                    let found = newer(self.read_shared(key, leases).await, seen);
                    return found.map_or(Turn::Holds, Turn::Found);
                }
                Ok(false) if seen.is_some() && lock(&self.flights).give_way(key, id) => {
                    return Turn::Elsewhere;
                }
                Ok(false) => {}
                Err(_) => return Turn::Alone,
            }
            let left = until.saturating_sub(settings.clock.elapsed());
            if left.is_zero() {
                return Turn::Late;
            }
            settings.clock.sleep(pause.min(left)).await;
            pause = (pause * 2).min(longest);
            if let Some(served) = newer(self.read_shared(key, leases).await, seen) {
                return Turn::Found(served);
            }
        }
    }

    async fn read_shared(&self, key: &Key, leases: &dyn Leases) -> Option<Kept<V>> {
        self.decode(key, &leases.get_shared(key).await.ok()??, None)
    }

    /// Renews the lease while `load` runs. A replica that is paused does not, and its lease ends.
    pub(super) async fn holding<T>(
        &self,
        key: &Key,
        claim: Option<&Claim>,
        load: impl Future<Output = T>,
    ) -> T {
        tokio::select! {
            loaded = load => loaded,
            never = self.renews(key, claim) => match never {},
        }
    }

    async fn renews(&self, key: &Key, claim: Option<&Claim>) -> Infallible {
        if let (Some(leases), Some(claim)) = (self.settings.store.leases(), claim) {
            while claim.is_held.load(Ordering::Relaxed) {
                self.settings.clock.sleep(claim.hold / 3).await;
                if let Ok(false) = leases.renew(key, &claim.token, claim.hold).await {
                    break;
                }
            }
        }
        std::future::pending().await
    }

    /// Keeps a value as its turn allows. What cannot be kept is loaded again; stores count their own errors.
    pub(super) async fn keep(
        &self,
        key: &Key,
        turn: &Turn<V>,
        claim: Option<&Claim>,
        value: Bytes,
        ttl: Duration,
    ) {
        let store = &self.settings.store;
        match (turn, store.leases(), claim) {
            (Turn::Holds, Some(leases), Some(claim)) => {
                if let Ok(is_kept) = leases.set_held(key, &claim.token, value, ttl).await {
                    claim.is_held.store(false, Ordering::Relaxed);
                    if !is_kept {
                        telemetry::late(&self.settings.kind);
                    }
                }
            }
            (Turn::Late, ..) => drop(store.set_if_absent(key, value, ttl).await),
            _ => drop(store.set(key, value, ttl).await),
        }
    }

    /// Gives back a lease that no value was kept under. One whose task is dropped ends by itself.
    pub(super) async fn release(&self, key: &Key, claim: Option<&Claim>) {
        if let (Some(leases), Some(claim)) = (self.settings.store.leases(), claim)
            && claim.is_held.load(Ordering::Relaxed)
        {
            drop(leases.release(key, &claim.token).await);
        }
    }
}
