//! A process that is killed with SIGKILL at random moments, again and again, tells every change of an alert that it has
//! accepted, and each in one notification: what comes twice has the same id and the same content.
//!
//! The test runs itself as a child that posts what it is told. It kills it when a notification has just arrived and is
//! not answered yet, when a post was just accepted, or at any time, also while it starts. `AURORA_TEST_KILLS` sets how
//! often; the default is what fits into some seconds.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test fails by it")]

#[path = "../processes/mod.rs"]
mod processes;

mod child;
mod script;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aurora_core::rng::Random;
use aurora_core::time::{Clock as _, SystemClock};

use processes::ledger::Ledger;
use processes::receiver::{Receiver, Verdict};
use processes::{Killer, Process, told};
use script::Script;

const KILLS: u32 = 60;
/// How many posts the child is given at once.
const AT_ONCE: usize = 6;
/// How many changes may wait to be told, so that there is always something waiting and never too much.
const BACKLOG: u64 = 40;
/// Longer than any round can take; nothing is measured by it.
const LIMIT: Duration = Duration::from_secs(120);

/// When a child is killed.
#[derive(Debug, Clone, Copy)]
enum Moment {
    /// So many notifications have arrived, and the last of them is not answered.
    Arrival(u64),
    /// So many posts were accepted.
    Accepted(u64),
    /// So long after its start.
    Time(Duration),
}

impl Moment {
    fn random(random: &Random) -> Self {
        match random.below(5) {
            0 | 1 => Self::Arrival(1 + random.below(8)),
            2 => Self::Accepted(1 + random.below(20)),
            _ => Self::Time(Duration::from_micros(random.below(250_000))),
        }
    }
}

/// Kills a child when so many notifications have arrived at the receiver.
#[derive(Debug, Default)]
struct Ambush(Mutex<Option<(u64, Killer)>>);

impl Ambush {
    fn set(&self, after: Option<(u64, Killer)>) {
        *self.0.lock().unwrap() = after;
    }

    fn arrival(&self) {
        let mut armed = self.0.lock().unwrap();
        if let Some((left, killer)) = armed.as_mut() {
            *left -= 1;
            if *left == 0 {
                killer.kill();
                *armed = None;
            }
        }
    }
}

/// Whether a child was killed and may have been sending.
struct House {
    ledger: Ledger,
    receiver: Receiver,
    ambush: Arc<Ambush>,
    hung_up: Arc<AtomicU64>,
    random: Random,
}

impl House {
    async fn new(seed: u64) -> Self {
        let (ledger, ambush) = (Ledger::default(), Arc::new(Ambush::default()));
        let hung_up = Arc::new(AtomicU64::new(0));
        let (trap, count, moods) = (
            Arc::clone(&ambush),
            Arc::clone(&hung_up),
            Random::seeded(seed + 1),
        );
        let receiver = Receiver::start(ledger.clone(), move || {
            trap.arrival();
            match moods.below(20) {
                0 | 1 => Verdict::Refuse(500),
                2 => {
                    count.fetch_add(1, Ordering::Relaxed);
                    Verdict::TakeAndHangUp
                }
                3 => Verdict::TakeLate(Duration::from_millis(moods.below(30))),
                _ => Verdict::Take,
            }
        })
        .await;
        Self {
            ledger,
            receiver,
            ambush,
            hung_up,
            random: Random::seeded(seed),
        }
    }

    /// Lets a child work until the moment has come, and kills it; without a moment until everything was told.
    async fn round(&self, mut process: Process, script: &mut Script, moment: Option<Moment>) {
        let killer = process.killer();
        self.ambush.set(match moment {
            Some(Moment::Arrival(after)) => Some((after, killer.clone())),
            _ => None,
        });
        let mut time = match moment {
            Some(Moment::Time(after)) => Some(SystemClock.sleep(after)),
            _ => None,
        };
        let limit = SystemClock.sleep(LIMIT);
        tokio::pin!(limit);
        let (mut is_open, mut accepted, mut drains) = (false, 0, false);
        loop {
            while is_open && script.under_way() < AT_ONCE && self.ledger.untold() < BACKLOG {
                let Some(line) = script.next(&self.random, &self.ledger) else {
                    break;
                };
                process.tell(&line);
            }
            if is_open && moment.is_none() && script.is_over() && !drains {
                process.tell("drain");
                drains = true;
            }
            tokio::select! {
                answer = process.answer() => match answer {
                    None => break,
                    Some((0, _, text)) if text == "open" => is_open = true,
                    Some((0, _, text)) => assert_eq!(text, "left 0"),
                    Some((number, done, text)) => {
                        assert!(done, "{text}");
                        script.accepted(number);
                        accepted += 1;
                        if matches!(moment, Some(Moment::Accepted(after)) if after == accepted) {
                            killer.kill();
                        }
                    }
                },
                () = async { time.as_mut().unwrap().await }, if time.is_some() => {
                    killer.kill();
                    time = None;
                }
                () = self.ledger.written() => {}
                () = &mut limit => panic!("nothing happened for long at {moment:?}"),
            }
        }
        self.ambush.set(None);
        assert_eq!(process.ended().success(), moment.is_none(), "at {moment:?}");
        script.unanswered();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sigkill_at_random_moments_loses_no_change_and_tells_none_in_two_messages() {
    let kills: u32 = told("AURORA_TEST_KILLS").map_or(KILLS, |kills| kills.parse().unwrap());
    let folder = tempfile::tempdir().unwrap();
    let database = format!("sqlite://{}/alerts.db", folder.path().display());
    let house = House::new(20_261_129).await;
    let hook = house.receiver.url("hook");
    let mut script = Script::default();
    let mut ahead = Duration::ZERO;
    for kill in 0..kills {
        let process = child::spawn(&database, &hook, ahead);
        let moment = Moment::random(&house.random);
        house.round(process, &mut script, Some(moment)).await;
        // Now and then the next one has to wait until the lead of this one has run out, and hands on meanwhile.
        if kill % 8 != 7 || kill + 1 == kills {
            ahead += child::LEAD * 2;
        }
    }
    script.end();
    let process = child::spawn(&database, &hook, ahead);
    house.round(process, &mut script, None).await;
    let changes = script.changes();
    let figures = house.ledger.check(&changes);
    let (any, _) = changes.last_key_value().unwrap();
    assert!(house.ledger.has_told("/hook", any));
    let hung_up = house.hung_up.load(Ordering::Relaxed);
    assert!(
        figures.repeated <= u64::from(kills) + hung_up,
        "more came again than could have been under way: {figures:?}"
    );
    eprintln!(
        "{kills} kills, {} posts, {hung_up} hung up, {figures:?}",
        script.posts()
    );
}
