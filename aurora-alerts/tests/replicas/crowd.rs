//! Those who post: each alert of its own life, each change at a random replica, and again elsewhere when there was no
//! answer.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aurora_core::rng::Random;
use aurora_core::time::{Clock as _, SystemClock};
use tokio::task::JoinSet;

use crate::processes::alert;
use crate::processes::ledger::Ledger;
use crate::replicas::Replicas;

const POSTERS: u64 = 4;

/// Tasks that post until they are told to end.
pub(crate) struct Crowd {
    posters: JoinSet<BTreeMap<String, u64>>,
    ends: Arc<AtomicBool>,
}

impl Crowd {
    pub(crate) fn start(replicas: &Arc<Replicas>, ledger: &Ledger, seed: u64) -> Self {
        let ends = Arc::new(AtomicBool::new(false));
        let mut posters = JoinSet::new();
        for number in 0..POSTERS {
            let poster = Poster {
                number,
                replicas: Arc::clone(replicas),
                ledger: ledger.clone(),
                ends: Arc::clone(&ends),
                random: Random::seeded(seed + number),
            };
            posters.spawn(poster.post());
        }
        Self { posters, ends }
    }

    /// How many changes of which alert were accepted.
    pub(crate) async fn ended(mut self) -> BTreeMap<String, u64> {
        self.ends.store(true, Ordering::Relaxed);
        let mut changes = BTreeMap::new();
        while let Some(mut own) = self.posters.join_next().await {
            changes.append(own.as_mut().unwrap());
        }
        changes
    }
}

struct Poster {
    number: u64,
    replicas: Arc<Replicas>,
    ledger: Ledger,
    ends: Arc<AtomicBool>,
    random: Random,
}

impl Poster {
    async fn post(self) -> BTreeMap<String, u64> {
        let mut changes = BTreeMap::new();
        while !self.ends.load(Ordering::Relaxed) {
            let name = format!("alert-{}-{}", self.number, changes.len());
            let severity = ["warning", "info"][usize::try_from(self.random.below(2)).unwrap()];
            let fingerprint = alert(&name, severity).fingerprint().to_string();
            // Few enough that it does not count as flapping.
            let wanted = 1 + self.random.below(4);
            for seq in 1..=wanted {
                self.ledger.announce(&fingerprint, seq);
                let verb = if seq % 2 == 1 { "fire" } else { "end" };
                self.insist(&format!("{verb} {name} {severity}")).await;
                SystemClock
                    .sleep(Duration::from_millis(self.random.below(60)))
                    .await;
            }
            changes.insert(fingerprint, wanted);
        }
        changes
    }

    /// Posts at one replica or another until one of them has accepted it.
    async fn insist(&self, command: &str) {
        let count = u64::try_from(self.replicas.count()).unwrap();
        loop {
            let at = usize::try_from(self.random.below(count)).unwrap();
            match self.replicas.ask(at, command).await {
                Some(Ok(_)) => return,
                Some(Err(error)) => panic!("{command}: {error}"),
                // Dead; whoever posts turns to another.
                None => SystemClock.sleep(Duration::from_millis(10)).await,
            }
        }
    }
}
