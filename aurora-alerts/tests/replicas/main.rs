//! Several processes on one database: whoever is killed, and whatever the receiver refuses meanwhile, every change is
//! told in exactly one notification, and what was said at a replica that only follows counts.
//!
//! Three processes on PostgreSQL, two on a SQLite file. `AURORA_TEST_LONG=1` makes the outage of the receiver as long as
//! outages are.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test fails by it"
)]

#[path = "../processes/mod.rs"]
mod processes;

mod child;
mod crowd;
mod replicas;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use aurora_core::rng::Random;
use aurora_core::testing::each_database;
use aurora_core::time::{Clock as _, SystemClock};

use crowd::Crowd;
use processes::ledger::Ledger;
use processes::receiver::{Receiver, Verdict};
use processes::{alert, told};
use replicas::{Replicas, until};

/// A receiver that can be out of order, and what it took.
struct Far {
    ledger: Ledger,
    receiver: Receiver,
    is_down: Arc<AtomicBool>,
}

impl Far {
    async fn new() -> Self {
        let (ledger, is_down) = (Ledger::default(), Arc::new(AtomicBool::new(false)));
        let (fails, moods) = (Arc::clone(&is_down), Random::seeded(20_261_128));
        let receiver = Receiver::start(ledger.clone(), move || {
            if fails.load(Ordering::Relaxed) {
                return Verdict::Refuse(503);
            }
            match moods.below(20) {
                0 => Verdict::TakeAndHangUp,
                1 => Verdict::TakeLate(Duration::from_millis(moods.below(50))),
                _ => Verdict::Take,
            }
        })
        .await;
        Self {
            ledger,
            receiver,
            is_down,
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replicas_tell_every_change_once_through_an_outage_and_kills() {
    let outage = Duration::from_secs(if told("AURORA_TEST_LONG").is_some() { 30 } else { 5 });
    each_database(|db| async move {
        let far = Far::new().await;
        let count = if db.database.engine_name() == "postgres" {
            3
        } else {
            2
        };
        let urls = [far.receiver.url("hook"), far.receiver.url("page")];
        let replicas = Arc::new(Replicas::start(count, db.url.expose(), &urls).await);
        let crowd = Crowd::start(&replicas, &far.ledger, 20_261_129);
        let kills = stormy(&replicas, &far, outage).await;
        let mut changes = crowd.ended().await;
        until("everything is told", || async { far.ledger.untold() == 0 }).await;
        changes.append(&mut followers_count(&replicas, &far.ledger).await);
        until("the rest is told", || async { far.ledger.untold() == 0 }).await;
        replicas.drain().await;
        let figures = far.ledger.check(&changes);
        eprintln!(
            "{count} replicas, {} kills, {outage:?} outage, {figures:?}, {} posts again",
            kills + 1,
            replicas.again()
        );
    })
    .await;
}

/// While the crowd posts: the leader is killed, the receiver fails, another is killed, the leader is killed again.
async fn stormy(replicas: &Replicas, far: &Far, outage: Duration) -> u32 {
    let random = Random::seeded(20_261_130);
    far.ledger.written().await;
    far.is_down.store(true, Ordering::Relaxed);
    let dead = replicas.kill_leader().await;
    replicas.leader_other_than(dead).await;
    SystemClock.sleep(outage / 2).await;
    replicas.revive(dead).await;
    let any = usize::try_from(random.below(u64::try_from(replicas.count()).unwrap())).unwrap();
    replicas.kill(any);
    SystemClock.sleep(outage / 2).await;
    replicas.revive(any).await;
    far.is_down.store(false, Ordering::Relaxed);
    far.ledger.written().await;
    // It works through what was left when it is killed.
    let dead = replicas.kill_leader().await;
    replicas.leader_other_than(dead).await;
    replicas.revive(dead).await;
    3
}

/// A silence and an acknowledgement that were made at a follower, and a leader that is killed after that.
async fn followers_count(replicas: &Replicas, ledger: &Ledger) -> BTreeMap<String, u64> {
    let leader = replicas.leader().await;
    let follower = (leader + 1) % replicas.count();
    let fingerprint = |name: &str| alert(name, "critical").fingerprint().to_string();
    let fire = async |at: usize, name: &str| {
        ledger.announce(&fingerprint(name), 1);
        replicas.must(at, &format!("fire {name} critical")).await;
    };
    replicas.must(follower, "silence silenced").await;
    replicas.must(leader, "fire silenced critical").await;
    fire(leader, "owned").await;
    replicas.must(follower, "acknowledge owned critical").await;
    until("both see whose it is", || async {
        let whose = "whose owned critical";
        replicas.must(leader, whose).await == "ana" && replicas.must(follower, whose).await == "ana"
    })
    .await;
    replicas.kill(leader);
    fire(follower, "nobodys").await;
    let has_paged = || async { ledger.has_told("/page", &fingerprint("nobodys")) };
    until("nobody took care, so somebody else is told", has_paged).await;
    assert!(
        !ledger.has_told("/page", &fingerprint("owned")),
        "somebody takes care of it, and it is older"
    );
    assert!(!ledger.has_told("/hook", &fingerprint("silenced")));
    replicas.revive(leader).await;
    ["owned", "nobodys"].map(|name| (fingerprint(name), 1)).into()
}
