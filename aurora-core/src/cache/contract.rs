//! What every [`CacheStore`] must do.
//!
//! Run [`check`] against your own implementation:
//!
//! ```
//! # #[cfg(feature = "memory")]
//! # async fn example() {
//! let subject = aurora_core::cache::MemoryCache::new();
//! aurora_core::cache::contract::check(&subject).await;
//! # }
//! ```
#![expect(clippy::unwrap_used, reason = "a contract suite fails by panicking")]

use std::time::Duration;

use bytes::Bytes;
use futures::future::join_all;

use super::{CacheStore, ErrorKind, Key, MAX_TTL, MAX_VALUE, Scope};
use crate::time::{Clock, SystemClock};

const LONG: Duration = Duration::from_secs(600);
const SHORT: Duration = Duration::from_millis(20);

/// Runs the whole suite against an empty `subject` that lives in real time.
///
/// # Panics
/// When `subject` breaks the contract.
pub async fn check(subject: &dyn CacheStore) {
    what_is_set_is_got(subject).await;
    any_bytes_come_back(subject).await;
    scopes_do_not_meet(subject).await;
    removing_says_what_was_there(subject).await;
    values_expire(subject).await;
    setting_again_renews(subject).await;
    only_one_of_many_sets_an_absent_key(subject).await;
    bounds_are_kept(subject).await;
}

fn key(text: &str) -> Key {
    Key::new(&Scope::Global, "contract", 1, text).unwrap()
}

async fn value(subject: &dyn CacheStore, key: &Key) -> Option<Bytes> {
    subject.get(key).await.unwrap()
}

async fn is_gone_at_last(subject: &dyn CacheStore, key: &Key) {
    let mut looks = 0;
    while value(subject, key).await.is_some() {
        looks += 1;
        assert!(
            looks < 1_000,
            "a value with a time to live of {SHORT:?} does not expire"
        );
        SystemClock.sleep(SHORT / 2).await;
    }
}

async fn what_is_set_is_got(subject: &dyn CacheStore) {
    let key = key("set");
    assert_eq!(value(subject, &key).await, None);
    subject.set(&key, "one".into(), LONG).await.unwrap();
    assert_eq!(value(subject, &key).await.unwrap(), "one");
    subject.set(&key, "two".into(), LONG).await.unwrap();
    assert_eq!(value(subject, &key).await.unwrap(), "two");
}

async fn any_bytes_come_back(subject: &dyn CacheStore) {
    let all_bytes: Vec<u8> = (0..=u8::MAX).collect();
    let large = vec![b'\n'; 256 * 1024];
    for bytes in [Vec::new(), b"\0\r\n$-1\r\n".to_vec(), all_bytes, large] {
        let bytes = Bytes::from(bytes);
        subject.set(&key("ação: 1 2"), bytes.clone(), LONG).await.unwrap();
        assert_eq!(value(subject, &key("ação: 1 2")).await, Some(bytes));
    }
}

async fn scopes_do_not_meet(subject: &dyn CacheStore) {
    let key = |scope: &Scope, version| Key::new(scope, "contract", version, "same").unwrap();
    let keys = [
        key(&Scope::Global, 1),
        key(&Scope::tenant("a"), 1),
        key(&Scope::tenant("b"), 1),
        key(&Scope::tenant("a"), 2),
    ];
    for key in &keys {
        assert_eq!(value(subject, key).await, None);
        let text = Bytes::copy_from_slice(key.as_str().as_bytes());
        subject.set(key, text, LONG).await.unwrap();
    }
    for key in &keys {
        assert_eq!(value(subject, key).await.unwrap(), key.as_str());
    }
}

async fn removing_says_what_was_there(subject: &dyn CacheStore) {
    let key = key("remove");
    assert!(!subject.remove(&key).await.unwrap());
    subject.set(&key, "x".into(), LONG).await.unwrap();
    assert!(subject.remove(&key).await.unwrap());
    assert!(!subject.remove(&key).await.unwrap());
    assert_eq!(value(subject, &key).await, None);
}

async fn values_expire(subject: &dyn CacheStore) {
    let key = key("expire");
    subject.set(&key, "x".into(), SHORT).await.unwrap();
    is_gone_at_last(subject, &key).await;
    assert!(subject.set_if_absent(&key, "y".into(), SHORT).await.unwrap());
    is_gone_at_last(subject, &key).await;
    assert!(!subject.remove(&key).await.unwrap());
    // Less than any store can count is rounded up, not taken for "for ever" or refused.
    subject
        .set(&key, "z".into(), Duration::from_nanos(1))
        .await
        .unwrap();
    is_gone_at_last(subject, &key).await;
}

async fn setting_again_renews(subject: &dyn CacheStore) {
    let (key, witness) = (key("renew"), key("witness"));
    subject.set(&key, "old".into(), SHORT).await.unwrap();
    subject.set(&key, "new".into(), LONG).await.unwrap();
    subject.set(&witness, "x".into(), SHORT * 2).await.unwrap();
    is_gone_at_last(subject, &witness).await;
    assert_eq!(value(subject, &key).await.unwrap(), "new");
}

async fn only_one_of_many_sets_an_absent_key(subject: &dyn CacheStore) {
    let key = key("absent");
    let tries = (0..16).map(|n: u32| {
        let (key, value) = (key.clone(), Bytes::from(n.to_string()));
        async move {
            (
                value.clone(),
                subject.set_if_absent(&key, value, LONG).await.unwrap(),
            )
        }
    });
    let outcomes = join_all(tries).await;
    let winners: Vec<_> = outcomes
        .into_iter()
        .filter_map(|(value, won)| won.then_some(value))
        .collect();
    assert_eq!(winners.len(), 1, "{winners:?}");
    assert_eq!(value(subject, &key).await, winners.into_iter().next());
    assert!(subject.remove(&key).await.unwrap());
    assert!(subject.set_if_absent(&key, "again".into(), LONG).await.unwrap());
}

async fn bounds_are_kept(subject: &dyn CacheStore) {
    let key = key("bounds");
    subject.set(&key, "before".into(), LONG).await.unwrap();
    let too_large = Bytes::from(vec![0; MAX_VALUE + 1]);
    let refused = [
        (Bytes::from("x"), Duration::ZERO, ErrorKind::InvalidTtl),
        (
            Bytes::from("x"),
            MAX_TTL + Duration::from_nanos(1),
            ErrorKind::InvalidTtl,
        ),
        (Bytes::from("x"), Duration::MAX, ErrorKind::InvalidTtl),
        (too_large, LONG, ErrorKind::TooLarge),
    ];
    for (value, ttl, kind) in refused {
        let error = subject.set(&key, value.clone(), ttl).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        let error = subject.set_if_absent(&key, value, ttl).await.unwrap_err();
        assert_eq!(error.kind(), kind);
    }
    assert_eq!(value(subject, &key).await.unwrap(), "before");
    subject.set(&key, "after".into(), MAX_TTL).await.unwrap();
    assert_eq!(value(subject, &key).await.unwrap(), "after");
    assert!(subject.remove(&key).await.unwrap());
}
