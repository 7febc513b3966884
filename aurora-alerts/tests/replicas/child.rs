//! One replica.

use std::time::Duration;

use aurora_alerts::rule::Escalation;
use aurora_alerts::store::SqlAlertStore;
use aurora_alerts::{AlertEngine, Route, Webhook};
use aurora_core::resilience::RetryPolicy;
use aurora_core::store::Database;

use crate::processes::{Process, child, told};

const SETTINGS: [&str; 3] = [
    "AURORA_ALERTS_REPLICA_DATABASE",
    "AURORA_ALERTS_REPLICA_HOOK",
    "AURORA_ALERTS_REPLICA_PAGE",
];
const YEAR: Duration = Duration::from_secs(365 * 24 * 3_600);
/// Long enough that an acknowledgement comes before it, also on a machine that is slow.
const PATIENCE: Duration = Duration::from_secs(5);

pub(crate) fn spawn(settings: &[String; 3]) -> Process {
    let settings: Vec<_> = SETTINGS
        .iter()
        .copied()
        .zip(settings.iter().map(String::as_str))
        .collect();
    Process::spawn("child::child_is_a_replica", &settings)
}

/// Not a test of its own: the child process of the test.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "started by replicas_tell_every_change_once_through_an_outage_and_kills"]
async fn child_is_a_replica() {
    let [database, hook, page] = SETTINGS.map(|name| told(name).unwrap());
    let database = Database::open(&database.into()).await.unwrap();
    let quick = RetryPolicy::default()
        .attempts(100_000)
        .base(Duration::from_millis(20))
        .cap(Duration::from_millis(200));
    let escalated = Route::to("hook")
        .when("severity", "critical")
        .escalation(Escalation::new().step(PATIENCE, "page"));
    let engine = AlertEngine::builder()
        .store(SqlAlertStore::open(database, "replicas").await.unwrap())
        .notify_as("hook", Webhook::builder(hook).build().unwrap())
        .notify_as("page", Webhook::builder(page).build().unwrap())
        .route(Route::to("hook").repeat_interval(YEAR).child(escalated))
        .retry(quick)
        .lead_ttl(Duration::from_secs(1))
        .interval(Duration::from_millis(100))
        .resolve_timeout(YEAR)
        .open()
        .await
        .unwrap();
    child::serve(engine).await;
}
