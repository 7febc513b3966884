//! What happens while the store cannot be asked.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;

use super::{one, secs};
use crate::resilience::limiter::{
    Adjustment, Error, ErrorKind, Headers, Limiter, MemoryLimiter, Outage, Policies, Policy, RateLimiter,
    Subject, Verdict,
};
use crate::time::ManualClock;

/// A store outside that can go away.
#[derive(Debug, Clone)]
pub(super) struct Outside {
    pub(super) memory: MemoryLimiter,
    pub(super) is_away: Arc<AtomicBool>,
}

impl Outside {
    pub(super) fn new(clock: &ManualClock) -> Self {
        Self {
            memory: MemoryLimiter::builder().clock(clock.clone()).build().unwrap(),
            is_away: Arc::default(),
        }
    }

    fn answer(&self) -> Result<(), Error> {
        if self.is_away.load(Ordering::Relaxed) {
            Err(Error::new(ErrorKind::Unavailable))
        } else {
            Ok(())
        }
    }
}

#[async_trait]
impl RateLimiter for Outside {
    async fn check(&self, subject: &Subject, policies: &Policies, cost: u32) -> Result<Verdict, Error> {
        self.answer()?;
        tokio::task::yield_now().await;
        Ok(self.memory.check(subject, policies, cost))
    }

    async fn adjust(&self, adjustment: &Adjustment) -> Result<(), Error> {
        self.answer()?;
        tokio::task::yield_now().await;
        self.memory.adjust(adjustment);
        Ok(())
    }
}

fn limiter(outage: Outage) -> (Limiter, Outside, ManualClock) {
    let clock = ManualClock::default();
    let store = Outside::new(&clock);
    let builder = Limiter::builder(store.clone())
        .clock(clock.clone())
        .outage(outage);
    (builder.build().unwrap(), store, clock)
}

async fn passes(limiter: &Limiter, policies: &Policies) -> usize {
    let mut passed = 0;
    for _ in 0..2_000 {
        let verdict = limiter.check(&Subject::new("s"), policies, 1).await;
        assert!(verdict.is_degraded());
        passed += usize::from(verdict.is_allowed());
    }
    passed
}

#[tokio::test]
async fn a_replica_takes_its_share_of_every_limit() {
    for (limit, replicas, share) in [(9, 3, 3), (100, 3, 33), (1_000, 4, 250), (5, 5, 1), (2, 8, 1)] {
        let (limiter, store, clock) = limiter(Outage::Local { replicas });
        let policies = one(Policy::per_minute("p", limit));
        assert!(
            !limiter
                .check(&Subject::new("s"), &policies, 1)
                .await
                .is_degraded()
        );
        store.is_away.store(true, Ordering::Relaxed);
        assert_eq!(passes(&limiter, &policies).await, share, "{limit} by {replicas}");
        let headers = Headers::of(&limiter.check(&Subject::new("s"), &policies, 1).await).unwrap();
        assert_eq!(
            headers.policy,
            format!("\"p\";q={limit};w=60"),
            "the client's limit is what it was"
        );
        assert!(headers.retry_after.is_some());
        // A limit below the number of replicas: one in a longer period.
        clock.advance(secs(60 * u64::from(replicas).div_ceil(u64::from(limit))));
        assert_eq!(passes(&limiter, &policies).await, share);
        store.is_away.store(false, Ordering::Relaxed);
        assert!(
            !limiter
                .check(&Subject::new("s"), &policies, 1)
                .await
                .is_degraded()
        );
    }
}

#[tokio::test]
async fn what_must_stay_closed_stays_closed() {
    let (limiter, store, _) = limiter(Outage::Deny);
    let policies = one(Policy::per_minute("auth", 5));
    store.is_away.store(true, Ordering::Relaxed);
    assert_eq!(passes(&limiter, &policies).await, 0);
    let verdict = limiter.check(&Subject::new("s"), &policies, 1).await;
    assert_eq!(verdict.retry_after(), Some(secs(1)));
    assert_eq!(verdict.violated().collect::<Vec<_>>(), ["auth"]);
    let trial = one(Policy::per_minute("auth", 5).shadow());
    assert!(
        limiter.check(&Subject::new("s"), &trial, 1).await.is_allowed(),
        "a shadow refuses nothing"
    );
    store.is_away.store(false, Ordering::Relaxed);
    let verdict = limiter.check(&Subject::new("s"), &policies, 1).await;
    assert!(verdict.is_allowed() && !verdict.is_degraded());
}

#[tokio::test]
async fn what_is_too_much_for_a_share_may_pass_later() {
    let (limiter, store, _) = limiter(Outage::Local { replicas: 3 });
    let tokens = one(Policy::per_minute("tokens", 90_000));
    store.is_away.store(true, Ordering::Relaxed);
    let verdict = limiter.check(&Subject::new("s"), &tokens, 40_000).await;
    assert_eq!(verdict.retry_after(), Some(secs(1)));
    store.is_away.store(false, Ordering::Relaxed);
    assert!(
        limiter
            .check(&Subject::new("s"), &tokens, 40_000)
            .await
            .is_allowed()
    );
}

#[tokio::test]
async fn decisions_are_counted_by_policy() {
    use metrics_util::debugging::{DebugValue, DebuggingRecorder};

    let recorder = DebuggingRecorder::new();
    let snapshotter = recorder.snapshotter();
    // The runtime of this test has one thread, which is the one that the recorder is set for.
    let guard = metrics::set_default_local_recorder(&recorder);
    let (limiter, store, _) = limiter(Outage::Deny);
    let policies = Policies::new([Policy::per_minute("a", 2), Policy::per_minute("b", 1).shadow()]).unwrap();
    for _ in 0..3 {
        limiter.check(&Subject::new("s"), &policies, 1).await;
    }
    limiter.peek(&Subject::new("s"), &policies).await;
    store.is_away.store(true, Ordering::Relaxed);
    limiter.check(&Subject::new("s"), &policies, 1).await;
    drop(guard);
    let mut counts: Vec<_> = snapshotter
        .snapshot()
        .into_vec()
        .into_iter()
        .filter_map(|(key, _, _, value)| {
            let DebugValue::Counter(count) = value else {
                return None;
            };
            let labels: Vec<_> = key.key().labels().map(|label| label.value().to_owned()).collect();
            (count > 0).then(|| format!("{} {} {count}", key.key().name(), labels.join(" ")))
        })
        .collect();
    counts.sort();
    let expected = [
        "aurora_limiter_decisions_total a allowed 2",
        "aurora_limiter_decisions_total a limited 2",
        "aurora_limiter_decisions_total b allowed 1",
        "aurora_limiter_decisions_total b shadow_limited 3",
        "aurora_limiter_degraded_total deny 1",
    ];
    assert_eq!(counts, expected);
}

fn series(recorder: &metrics_util::debugging::DebuggingRecorder) -> Vec<(Vec<String>, u64)> {
    let snapshot = recorder.snapshotter().snapshot().into_vec();
    let series = snapshot.into_iter().filter_map(|(key, _, _, value)| {
        let metrics_util::debugging::DebugValue::Counter(count) = value else {
            return None;
        };
        let labels = key.key().labels().map(|label| label.value().to_owned());
        Some((labels.collect(), count))
    });
    series.collect()
}

#[tokio::test]
async fn a_recorder_that_comes_after_the_first_check_counts_from_then_on() {
    let (limiter, policies) = (Limiter::in_process(), one(Policy::per_minute("p", 2)));
    limiter.check(&Subject::new("s"), &policies, 1).await;
    let recorder = metrics_util::debugging::DebuggingRecorder::new();
    let guard = metrics::set_default_local_recorder(&recorder);
    limiter.check(&Subject::new("s"), &policies, 1).await;
    drop(guard);
    assert_eq!(
        series(&recorder),
        [(vec!["p".to_owned(), "allowed".to_owned()], 1)]
    );
}

#[tokio::test]
async fn names_without_end_are_not_series_without_end() {
    let recorder = metrics_util::debugging::DebuggingRecorder::new();
    let guard = metrics::set_default_local_recorder(&recorder);
    let limiter = Limiter::in_process();
    for n in 0..1_000 {
        let policies = one(Policy::per_minute(format!("tenant {n}"), 1));
        limiter.check(&Subject::new("s"), &policies, 1).await;
    }
    drop(guard);
    let series = series(&recorder);
    assert_eq!(series.len(), 129);
    let other = series.iter().find(|(labels, _)| labels[0] == "other").unwrap();
    assert_eq!(other.1, 1_000 - 128);
}

#[test]
fn settings_that_cannot_be_used_are_all_named() {
    let error = Limiter::builder(MemoryLimiter::new())
        .outage(Outage::Local { replicas: 0 })
        .max_wait(secs(100_000))
        .max_waiters(0)
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidSettings);
    let source = std::error::Error::source(&error).unwrap().to_string();
    assert_eq!(source.matches("; ").count(), 2, "{source}");
    assert!(MemoryLimiter::builder().max_keys(0).build().is_err());
}
