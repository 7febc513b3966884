#[cfg(all(feature = "sqlite", feature = "postgres"))]
mod databases;

use std::collections::HashMap;
use std::sync::Mutex;

use aurora_core::time::ManualClock;

use super::*;

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
