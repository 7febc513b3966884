//! What every [`AlertStore`] must hold.
#![expect(
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a contract suite fails by panicking"
)]

mod commits;
mod histories;
mod inboxes;
mod leads;
mod outboxes;

use std::time::Duration;

use aurora_core::time::{Clock as _, ManualClock, Timestamp};

use super::{AlertStore, Batch, Lead, OutboxRow, Snapshot, StateKey, StateKind, StoreError, StoreErrorKind};
use crate::history::{Entry, Record};
use crate::labels::{Fingerprint, Labels};
use crate::notification::DeliveryId;
use crate::rule::Severity;

const TTL: Duration = Duration::from_secs(15);

/// Checks that the stores that `open` gives keep the contract of [`AlertStore`].
///
/// `open` gives a handle to the store of the engine with the name that it is told, empty at first. Asked again for the
/// same name it gives a further handle of the same store. Leads go by `clock`, which only the suite moves.
///
/// # Panics
/// When the contract is broken.
///
/// # Examples
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use std::collections::HashMap;
/// use std::sync::Mutex;
///
/// use aurora_alerts::store::{AlertStore, MemoryStore, contract};
/// use aurora_core::time::ManualClock;
///
/// let clock = ManualClock::default();
/// let stores: Mutex<HashMap<String, MemoryStore>> = Mutex::default();
/// let open = |name: &str| {
///     let mut stores = stores.lock().unwrap();
///     let new = || MemoryStore::new().clock(clock.clone());
///     let store = stores.entry(name.to_owned()).or_insert_with(new).clone();
///     async move { Box::new(store) as Box<dyn AlertStore> }
/// };
/// contract::check(open, &clock).await;
/// # }
/// ```
pub async fn check<O, F>(open: O, clock: &ManualClock)
where
    O: Fn(&'static str) -> F + Send + Sync,
    F: Future<Output = Box<dyn AlertStore>> + Send,
{
    // Boxed, so that the future of the suite stays small.
    let two = async |name| [open(name).await, open(name).await];
    let bench = Bench { clock: clock.clone() };
    Box::pin(bench.one_leads_at_a_time(&two("leads").await)).await;
    Box::pin(bench.a_lead_that_was_lost_writes_nothing(&two("fences").await)).await;
    Box::pin(bench.one_of_many_gets_the_lead(&two("races").await)).await;
    Box::pin(bench.engines_that_take_over_lose_no_update(&two("takeovers").await)).await;
    Box::pin(bench.any_holder_will_do(&two("holders").await)).await;
    Box::pin(bench.state_is_what_was_put_last(&two("state").await)).await;
    Box::pin(bench.every_commit_changes_the_version(&two("versions").await)).await;
    Box::pin(bench.a_batch_can_be_written_again(&two("again").await)).await;
    Box::pin(bench.engines_do_not_meet(&two("one").await, &two("two").await)).await;
    Box::pin(bench.any_text_comes_back(&two("texts").await)).await;
    Box::pin(bench.large_batches_are_written(&two("large").await)).await;
    Box::pin(bench.a_dropped_commit_is_whole_or_not_there(&two("dropped").await)).await;
    Box::pin(bench.notifications_wait_until_they_are_removed(&two("outbox").await)).await;
    Box::pin(bench.one_change_is_notified_once(&two("dedup").await)).await;
    Box::pin(bench.messages_stay_until_they_are_consumed(&two("inbox").await)).await;
    Box::pin(bench.no_message_is_passed_over(&two("readers").await)).await;
    Box::pin(bench.an_inbox_has_a_limit(&two("bounds").await)).await;
    Box::pin(bench.every_record_comes_back(&two("records").await)).await;
    Box::pin(bench.history_is_filtered(&two("filters").await)).await;
    Box::pin(bench.pages_do_not_shift(&two("pages").await)).await;
    Box::pin(bench.a_cursor_is_of_its_query(&two("cursors").await)).await;
    Box::pin(bench.old_history_is_forgotten(&two("sweeps").await)).await;
}

/// Two handles of one store.
type Two = [Box<dyn AlertStore>; 2];

struct Bench {
    clock: ManualClock,
}

fn good<T>(outcome: Result<T, StoreError>) -> T {
    outcome.unwrap_or_else(|error| panic!("the store answers: {error} ({:?})", error.kind()))
}

fn refused<T>(outcome: Result<T, StoreError>) -> StoreErrorKind {
    match outcome {
        Ok(_) => panic!("it should have been refused"),
        Err(error) => error.kind(),
    }
}

fn key(kind: StateKind, key: &str) -> StateKey {
    (kind, key.to_owned())
}

fn put(kind: StateKind, name: &str, body: &str) -> Batch {
    Batch {
        puts: vec![(key(kind, name), body.to_owned())],
        ..Batch::default()
    }
}

impl Bench {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    async fn lead(&self, store: &dyn AlertStore, holder: &str) -> Option<Lead> {
        good(store.lead(holder, TTL).await)
    }

    async fn must_lead(&self, store: &dyn AlertStore) -> Lead {
        let lead = self.lead(store, "a").await;
        lead.unwrap_or_else(|| panic!("the lead is free"))
    }

    async fn snapshot(&self, store: &dyn AlertStore) -> Snapshot {
        good(store.load().await)
    }

    fn row(&self, dedup: &str) -> OutboxRow {
        OutboxRow {
            id: DeliveryId::new(self.now()),
            dedup: dedup.to_owned(),
            channel: "ops".to_owned(),
            target: String::new(),
            created_at: self.now(),
            attempts: 0,
            not_before: self.now(),
            body: r#"{"text":"it fires"}"#.to_owned(),
        }
    }

    fn record(&self, seq: i64) -> Record {
        Record {
            seq,
            at: self.now(),
            fingerprint: Some(Fingerprint::of_alert("Errors", &Labels::default())),
            rule: Some("Errors".to_owned()),
            severity: Some(Severity::Critical),
            labels: Some(Labels::from([("zone", "a")])),
            channel: None,
            entry: Entry::Flapping { began: true },
        }
    }
}
