//! Processes that are killed with SIGKILL between claiming, sending and saying so: nothing is lost, what is sent twice
//! carries the same idempotency key, and the order of a key is kept.
//!
//! The test runs itself as a child that works on the queue. What it "sends" it writes durably to a database of its own,
//! and it prints where it is; the parent kills it at a random one of these points.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::super::{Message, Outbox, State};
use super::text;
use crate::rng::Random;
use crate::store::{Database, execute, on_reader};
use crate::testing::each_database;
use crate::time::{Clock as _, SystemClock};

const MESSAGES: u32 = 120;
const KILLS: u32 = 12;
/// Of those that are killed.
const LEASE: Duration = Duration::from_millis(300);
/// Of those that finish side by side: neither must lose a message because the machine is slow.
const LAST_LEASE: Duration = Duration::from_secs(60);
const URL: &str = "AURORA_OUTBOX_KILL_URL";
const EFFECTS: &str = "AURORA_OUTBOX_KILL_EFFECTS";

#[tokio::test]
async fn sigkill_between_claim_send_and_mark_loses_nothing_and_repeats_under_the_same_key() {
    each_database(|db| async move {
        let outbox = Outbox::open(db.database.clone()).await.unwrap();
        let folder = tempfile::tempdir().unwrap();
        let effects_url = format!("sqlite://{}/effects.db", folder.path().display());
        let effects = Database::open(&effects_url.clone().into()).await.unwrap();
        execute!(
            effects,
            sqlx::query(
                "create table sent (n integer primary key autoincrement, key text, body text) strict"
            )
        )
        .unwrap();
        let messages: Vec<Message> = (0..MESSAGES)
            .map(|n| {
                let message = Message::new("q", format!("{}:{n}", n % 6)).max_attempts(1_000);
                if n % 6 < 4 {
                    message.ordering_key(n % 6)
                } else {
                    message
                }
            })
            .collect();
        let ids: Vec<String> = outbox
            .enqueue_all(&messages)
            .await
            .unwrap()
            .iter()
            .map(|enqueued| enqueued.id().to_string())
            .collect();

        let random = Random::seeded(20_261_120);
        let mut at = BTreeMap::new();
        for _ in 0..KILLS {
            let mut child = spawn(db.url.expose(), &effects_url, 1);
            let lines = BufReader::new(child.stdout.take().unwrap()).lines();
            let mut left = 1 + random.below(12);
            for line in lines.map_while(Result::ok).filter(|line| line.starts_with("at ")) {
                left = left.saturating_sub(1);
                if left == 0 {
                    child.kill().unwrap();
                    *at.entry(line).or_insert(0) += 1;
                    break;
                }
            }
            assert!(
                !child.wait().unwrap().success(),
                "the child must end by the signal"
            );
        }
        // two that are not killed finish the rest, side by side
        for mut child in [(); 2].map(|()| spawn(db.url.expose(), &effects_url, 0)) {
            assert!(child.wait().unwrap().success());
        }

        let sent: Vec<(String, String)> = on_reader!(effects, |pool| sqlx::query_as(
            "select key, body from sent order by n"
        )
        .fetch_all(pool))
        .unwrap();
        effects.close().await;
        let counts = outbox.counts().await.unwrap();
        assert!(
            counts.iter().all(|count| count.state == State::Done),
            "{counts:?}"
        );
        let mut keys: BTreeMap<&str, &str> = BTreeMap::new();
        for (key, body) in &sent {
            assert_eq!(
                *keys.entry(body).or_insert(key),
                key,
                "one key for all repetitions of {body}"
            );
        }
        assert_eq!(keys.len(), ids.len(), "every message was sent");
        assert!(ids.iter().all(|id| keys.values().any(|key| key == id)));
        // first sends of one ordering key come in order, and a repetition comes before the next message
        for ordered in 0..4 {
            let prefix = format!("{ordered}:");
            let mut bodies: Vec<u32> = sent
                .iter()
                .filter_map(|(_, body)| body.strip_prefix(&prefix)?.parse().ok())
                .collect();
            assert!(bodies.is_sorted(), "{bodies:?}");
            bodies.dedup();
            assert_eq!(bodies.len(), 20);
        }
        eprintln!(
            "{KILLS} kills {at:?}, {} messages, {} sends",
            ids.len(),
            sent.len()
        );
    })
    .await;
}

fn spawn(url: &str, effects: &str, claims: u32) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args([
            "--exact",
            "store::outbox::tests::kill::child_works_until_it_is_killed",
            "--ignored",
            "--nocapture",
        ])
        .env(URL, url)
        .env(EFFECTS, effects)
        .env("AURORA_OUTBOX_KILL_TELLS", claims.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap()
}

#[expect(
    clippy::disallowed_methods,
    reason = "how the parent tells the child what to do"
)]
fn told(name: &str) -> String {
    std::env::var(name).unwrap()
}

/// Gives the parent a moment to kill it here.
async fn point(name: &str, tells: bool) {
    if tells {
        let mut out = std::io::stdout().lock();
        writeln!(out, "at {name}").unwrap();
        out.flush().unwrap();
    } else {
        return;
    }
    SystemClock.sleep(Duration::from_millis(3)).await;
}

/// Not a test of its own: the child process of the test above.
#[tokio::test]
#[ignore = "started by sigkill_between_claim_send_and_mark_loses_nothing_and_repeats_under_the_same_key"]
async fn child_works_until_it_is_killed() {
    let outbox = Outbox::open(Database::open(&told(URL).into()).await.unwrap())
        .await
        .unwrap();
    let effects = Database::open(&told(EFFECTS).into()).await.unwrap();
    let tells = told("AURORA_OUTBOX_KILL_TELLS") == "1";
    let lease = if tells { LEASE } else { LAST_LEASE };
    println!(); // the test harness has begun a line of its own
    loop {
        let claimed = outbox.claim("q", 4, lease).await.unwrap();
        point("claimed", tells).await;
        for delivery in &claimed {
            // What is late is left alone: the lease may be somebody else's by now.
            if !outbox
                .extend(std::slice::from_ref(delivery), lease)
                .await
                .unwrap()
                .is_empty()
            {
                continue;
            }
            let send = "insert into sent (key, body) values ($1, $2)";
            execute!(
                effects,
                sqlx::query(send)
                    .bind(&delivery.idempotency_key)
                    .bind(text(delivery))
            )
            .unwrap();
            point("sent", tells).await;
            drop(outbox.done(delivery).await);
            point("marked", tells).await;
        }
        if claimed.is_empty() {
            let counts = outbox.counts().await.unwrap();
            if counts.iter().all(|count| count.state == State::Done) {
                return;
            }
            SystemClock.sleep(Duration::from_millis(20)).await;
        }
    }
}
