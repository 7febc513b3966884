#[cfg(all(feature = "sqlite", feature = "postgres"))]
mod databases;
#[cfg(all(feature = "sqlite", feature = "postgres"))]
mod plans;

use std::collections::HashMap;
use std::sync::Mutex;

use aurora_core::time::ManualClock;

use super::*;
use crate::history::Entry;

#[tokio::test]
async fn the_store_in_memory_keeps_the_contract() {
    let clock = ManualClock::default();
    let stores: Mutex<HashMap<&str, MemoryStore>> = Mutex::default();
    let open = |name| {
        let mut stores = stores.lock().unwrap();
        let new = || MemoryStore::new().clock(clock.clone());
        let store = stores.entry(name).or_insert_with(new).clone();
        async move { Box::new(store) as Box<dyn AlertStore> }
    };
    contract::check(open, &clock).await;
}

fn put(key: &str, body: &str) -> Batch {
    Batch {
        puts: vec![((StateKind::Alert, key.to_owned()), body.to_owned())],
        ..Batch::default()
    }
}

fn record(seq: i64) -> Record {
    Record {
        seq,
        at: Timestamp::from_secs(seq),
        fingerprint: None,
        rule: None,
        severity: None,
        labels: None,
        channel: None,
        entry: Entry::Flapping { began: true },
    }
}

#[tokio::test]
async fn memory_holds_the_newest_of_the_history_and_no_more() {
    let store = MemoryStore::new().history_limit(3);
    let lead = store.lead("a", Duration::from_secs(1)).await.unwrap().unwrap();
    for seq in 1..=5 {
        let batch = Batch {
            history: vec![record(seq)],
            ..Batch::default()
        };
        store.commit(lead, &batch).await.unwrap();
    }
    let page = store
        .history(&HistoryQuery::default(), &PageRequest::default())
        .await
        .unwrap();
    assert_eq!(page.items, [record(5), record(4), record(3)]);
}

#[tokio::test]
async fn the_limit_of_an_inbox_can_be_set() {
    let store = MemoryStore::new().inbox_limit(2);
    let body = "1".to_owned();
    store.submit(std::slice::from_ref(&body)).await.unwrap();
    let outcome = store.submit(&[body.clone(), body.clone()]).await;
    assert_eq!(outcome.unwrap_err().kind(), StoreErrorKind::Full);
    store.submit(&[body]).await.unwrap();
    assert_eq!(store.inbox(0, 9).await.unwrap().len(), 2);
}
