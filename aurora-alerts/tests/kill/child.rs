//! The child that is killed.

use std::time::Duration;

use async_trait::async_trait;
use aurora_alerts::store::SqlAlertStore;
use aurora_alerts::{AlertEngine, Webhook};
use aurora_core::resilience::RetryPolicy;
use aurora_core::store::Database;
use aurora_core::time::{Clock, SystemClock, Timestamp};

use crate::processes::{Process, child, told};

/// How long a child leads without a sign of life.
pub(crate) const LEAD: Duration = Duration::from_secs(1);

const DATABASE: &str = "AURORA_ALERTS_KILL_DATABASE";
const HOOK: &str = "AURORA_ALERTS_KILL_HOOK";
const AHEAD: &str = "AURORA_ALERTS_KILL_AHEAD_MS";

/// The system's clock, so much later: whoever was killed a moment ago is long gone by it.
#[derive(Debug)]
struct Ahead(Duration);

#[async_trait]
impl Clock for Ahead {
    fn now(&self) -> Timestamp {
        SystemClock.now() + self.0
    }

    fn elapsed(&self) -> Duration {
        SystemClock.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        SystemClock.sleep(duration).await;
    }
}

pub(crate) fn spawn(database: &str, hook: &str, ahead: Duration) -> Process {
    let ahead = ahead.as_millis().to_string();
    let settings = [(DATABASE, database), (HOOK, hook), (AHEAD, &*ahead)];
    Process::spawn("child::child_tells_until_it_is_killed", &settings)
}

/// Not a test of its own: the child process of the test.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by sigkill_at_random_moments_loses_no_change_and_tells_none_in_two_messages"]
async fn child_tells_until_it_is_killed() {
    let database = Database::open(&told(DATABASE).unwrap().into()).await.unwrap();
    let ahead = Duration::from_millis(told(AHEAD).unwrap().parse().unwrap());
    let store = SqlAlertStore::open(database, "kill").await.unwrap();
    let quick = RetryPolicy::default()
        .attempts(100_000)
        .base(Duration::from_millis(5))
        .cap(Duration::from_millis(20));
    let engine = AlertEngine::builder()
        // Only whose lead it is goes by that clock.
        .store(store.clock(Ahead(ahead)))
        .notify(Webhook::builder(told(HOOK).unwrap()).build().unwrap())
        .retry(quick)
        .lead_ttl(LEAD)
        .interval(Duration::from_millis(100))
        .resolve_timeout(Duration::from_secs(365 * 24 * 3_600))
        .open()
        .await
        .unwrap();
    child::serve(engine).await;
}
