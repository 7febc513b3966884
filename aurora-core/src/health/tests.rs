use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use tokio::sync::Semaphore;

use super::*;
use crate::time::{Clock, ManualClock};

/// A component whose answers wait for permits and are counted.
#[derive(Debug, Clone)]
struct Gate {
    name: &'static str,
    asked: Arc<AtomicUsize>,
    permits: Arc<Semaphore>,
}

impl Gate {
    fn open(name: &'static str) -> Self {
        Self::with(name, Semaphore::MAX_PERMITS)
    }

    fn with(name: &'static str, permits: usize) -> Self {
        Self {
            name,
            asked: Arc::default(),
            permits: Arc::new(Semaphore::new(permits)),
        }
    }

    fn asked(&self) -> usize {
        self.asked.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl HealthCheck for Gate {
    fn name(&self) -> &str {
        self.name
    }

    async fn check(&self) -> Result<(), HealthError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        self.permits.acquire().await.expect("never closed").forget();
        Ok(())
    }
}

/// A component that always does the same.
#[derive(Debug)]
struct Fixed(&'static str, Behaviour);

#[derive(Debug)]
enum Behaviour {
    Fails,
    Panics,
    Hangs(Option<Duration>),
}

#[async_trait]
impl HealthCheck for Fixed {
    fn name(&self) -> &str {
        self.0
    }

    async fn check(&self) -> Result<(), HealthError> {
        match self.1 {
            Behaviour::Fails => Err(HealthError::new("refused")),
            Behaviour::Panics => panic!("secret"),
            Behaviour::Hangs(_) => pending().await,
        }
    }

    fn time_limit(&self) -> Option<Duration> {
        match self.1 {
            Behaviour::Hangs(limit) => limit,
            Behaviour::Fails | Behaviour::Panics => None,
        }
    }
}

fn status_of(report: &Report, name: &str) -> (Status, Option<&'static str>) {
    let component = report
        .components
        .iter()
        .find(|component| component.name == name)
        .unwrap();
    (component.status, component.detail)
}

#[tokio::test]
async fn the_whole_is_as_well_as_its_worst_component() {
    let report = HealthRegistry::builder().build().unwrap().report().await;
    assert_eq!((report.status, report.components.len()), (Status::Ok, 0));

    let builder = || HealthRegistry::builder().check(Criticality::Critical, Gate::open("database"));
    let cache_down = builder().check(Criticality::Degraded, Fixed("cache", Behaviour::Fails));
    let report = cache_down.build().unwrap().report().await;
    assert_eq!(report.status, Status::Degraded);
    assert!(report.is_ready());
    assert_eq!(status_of(&report, "cache"), (Status::Down, Some("refused")));
    assert_eq!(status_of(&report, "database"), (Status::Ok, None));

    let all_down = builder().check(Criticality::Critical, Fixed("disk", Behaviour::Panics));
    let report = all_down.build().unwrap().report().await;
    assert!(!report.is_ready());
    assert_eq!(
        status_of(&report, "disk"),
        (Status::Down, Some("the check panicked"))
    );
}

#[tokio::test]
async fn a_hanging_check_costs_its_time_limit_and_no_more() {
    let clock = ManualClock::default();
    let hanging = |limit| Fixed("slow", Behaviour::Hangs(limit));
    for (own, limit) in [(None, 1_000), (Some(30), 30), (Some(5_000), 1_000)] {
        let own = own.map(Duration::from_millis);
        let builder = HealthRegistry::builder().clock(clock.clone());
        let health = builder
            .check(Criticality::Critical, hanging(own))
            .build()
            .unwrap();
        let waiting = tokio::task::spawn(async move { health.report().await });
        while clock.sleepers() == 0 {
            tokio::task::yield_now().await;
        }
        clock.advance(Duration::from_millis(limit - 1));
        for _ in 0..10 {
            tokio::task::yield_now().await;
        }
        assert!(!waiting.is_finished());
        clock.advance(Duration::from_millis(1));
        let report = waiting.await.unwrap();
        assert_eq!(
            status_of(&report, "slow"),
            (Status::Down, Some("no answer in time"))
        );
        assert_eq!(report.components[0].latency, Duration::from_millis(limit));
    }
}

#[tokio::test]
async fn a_storm_of_probes_costs_one_check_until_the_report_is_old() {
    let clock = ManualClock::default();
    let gate = Gate::with("database", 0);
    let builder = HealthRegistry::builder().clock(clock.clone());
    let health = builder
        .check(Criticality::Critical, gate.clone())
        .build()
        .unwrap();
    let probes: Vec<_> = (0..10_000)
        .map(|_| {
            let health = health.clone();
            tokio::task::spawn(async move { health.report().await })
        })
        .collect();
    while gate.asked() == 0 {
        tokio::task::yield_now().await;
    }
    gate.permits.add_permits(1);
    for probe in probes {
        assert!(probe.await.unwrap().is_ready());
    }
    assert_eq!(gate.asked(), 1);

    gate.permits.add_permits(1);
    clock.advance(Duration::from_millis(1_999));
    health.report().await;
    assert_eq!(gate.asked(), 1, "still fresh");
    clock.advance(Duration::from_millis(1));
    health.report().await;
    assert_eq!(gate.asked(), 2);
}

/// Polls a future once and gives it up.
async fn poll_once<F: Future>(future: F) -> bool {
    let mut future = std::pin::pin!(future);
    poll_fn(|context| Poll::Ready(future.as_mut().poll(context).is_ready())).await
}

#[tokio::test]
async fn a_probe_that_goes_away_leaves_the_run_to_the_others() {
    let gate = Gate::with("database", 0);
    let builder = HealthRegistry::builder().clock(ManualClock::default());
    let health = builder
        .check(Criticality::Critical, gate.clone())
        .build()
        .unwrap();
    let mut first = Box::pin(health.report());
    assert!(!poll_once(&mut first).await);
    let second = {
        let health = health.clone();
        tokio::task::spawn(async move { health.report().await })
    };
    tokio::task::yield_now().await;
    drop(first);
    gate.permits.add_permits(1);
    assert!(second.await.unwrap().is_ready());
    assert_eq!(gate.asked(), 1);
}

#[tokio::test]
async fn a_run_goes_on_when_its_last_caller_goes_away() {
    let gate = Gate::with("database", 0);
    let builder = HealthRegistry::builder().clock(ManualClock::default());
    let health = builder
        .check(Criticality::Critical, gate.clone())
        .build()
        .unwrap();
    // A prober that is less patient than the check would otherwise never get an answer.
    assert!(!poll_once(health.report()).await);
    while gate.asked() == 0 {
        tokio::task::yield_now().await;
    }
    gate.permits.add_permits(1);
    for _ in 0..10 {
        tokio::task::yield_now().await;
    }
    assert!(poll_once(health.report()).await, "the report is there at once");
    assert_eq!(gate.asked(), 1);
}

#[tokio::test]
async fn a_run_ends_with_the_last_handle() {
    let gate = Gate::with("database", 0);
    let alive = Arc::downgrade(&gate.asked);
    let builder = HealthRegistry::builder().clock(ManualClock::default());
    let health = builder.check(Criticality::Critical, gate).build().unwrap();
    assert!(!poll_once(health.report()).await);
    tokio::task::yield_now().await;
    drop(health);
    for _ in 0..20 {
        tokio::task::yield_now().await;
    }
    assert!(alive.upgrade().is_none(), "a task still holds the check");
}

#[tokio::test]
async fn a_component_remembers_when_it_changed_and_when_it_was_last_well() {
    let clock = ManualClock::default();
    let state = Arc::new(AtomicUsize::new(0));
    let check = {
        let state = Arc::clone(&state);
        FnCheck::new("queue", move || {
            let state = state.load(Ordering::SeqCst);
            async move {
                match state {
                    0 => Ok(()),
                    1 => Err(HealthError::degraded("long")),
                    _ => Err(HealthError::new("gone")),
                }
            }
        })
    };
    let health = HealthRegistry::builder()
        .clock(clock.clone())
        .check(Criticality::Critical, check)
        .build()
        .unwrap();
    let start = clock.now();
    let after = |seconds| start + Duration::from_secs(seconds);
    let mut seen = Vec::new();
    for next in [0, 0, 1, 1, 2, 0] {
        state.store(next, Ordering::SeqCst);
        let report = health.report().await;
        let component = &report.components[0];
        assert_eq!(report.status, component.status);
        seen.push((component.status, component.since, component.last_ok_at.unwrap()));
        clock.advance(Duration::from_secs(10));
    }
    let expected = [
        (Status::Ok, start, start),
        (Status::Ok, start, after(10)),
        (Status::Degraded, after(20), after(10)),
        (Status::Degraded, after(20), after(10)),
        (Status::Down, after(40), after(10)),
        (Status::Ok, after(50), after(50)),
    ];
    assert_eq!(seen, expected);
}

#[tokio::test]
async fn draining_is_told_at_once_and_asks_nobody() {
    let gate = Gate::with("database", 1);
    let clock = ManualClock::default();
    let builder = HealthRegistry::builder().clock(clock.clone());
    let health = builder
        .check(Criticality::Critical, gate.clone())
        .build()
        .unwrap();
    assert!(health.report().await.is_ready());
    clock.advance(Duration::from_secs(10));
    let waiting = {
        let health = health.clone();
        tokio::spawn(async move { health.report().await })
    };
    while gate.asked() < 2 {
        tokio::task::yield_now().await;
    }
    health.drain();
    assert!(health.is_draining());
    let told = waiting.await.unwrap();
    assert!(told.draining && !told.is_ready(), "who waits is told too");
    let report = health.report().await;
    assert_eq!(
        (report.is_ready(), report.components.len(), gate.asked()),
        (false, 1, 2)
    );
}

#[tokio::test]
async fn components_come_and_go_while_the_process_runs() {
    let health = HealthRegistry::builder()
        .clock(ManualClock::default())
        .build()
        .unwrap();
    assert_eq!(health.report().await.components.len(), 0);
    health
        .register(Criticality::Critical, Fixed("disk", Behaviour::Fails))
        .unwrap();
    assert!(
        !health.report().await.is_ready(),
        "the report from before is not told any more"
    );
    let again = health
        .register(Criticality::Critical, Gate::open("disk"))
        .unwrap_err();
    assert_eq!(again.kind(), ErrorKind::Duplicate);
    assert!(health.remove("disk") && !health.remove("disk"));
    assert!(health.report().await.is_ready());
    for number in 0..256 {
        let check = FnCheck::new(format!("c{number}"), || async { Ok(()) });
        health.register(Criticality::Degraded, check).unwrap();
    }
    let one_more = health
        .register(Criticality::Degraded, Gate::open("more"))
        .unwrap_err();
    assert_eq!(one_more.kind(), ErrorKind::TooMany);
    for name in ["", "Upper", "a b", &"x".repeat(65)] {
        let check = FnCheck::new(name, || async { Ok(()) });
        assert_eq!(
            health.register(Criticality::Degraded, check).unwrap_err().kind(),
            ErrorKind::Name
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn a_check_that_blocks_its_thread_holds_nobody_up_and_is_not_asked_twice() {
    let clock = ManualClock::default();
    let (free, blocked) = std::sync::mpsc::channel::<()>();
    let (blocked, asked) = (
        Arc::new(std::sync::Mutex::new(blocked)),
        Arc::new(AtomicUsize::new(0)),
    );
    let blocking = {
        let asked = Arc::clone(&asked);
        FnCheck::new("blocking", move || {
            let (blocked, asked) = (Arc::clone(&blocked), Arc::clone(&asked));
            async move {
                asked.fetch_add(1, Ordering::SeqCst);
                let _freed = blocked.lock().unwrap().recv().is_err();
                Ok(())
            }
        })
    };
    let health = HealthRegistry::builder()
        .clock(clock.clone())
        .check(Criticality::Degraded, blocking)
        .check(Criticality::Critical, Gate::open("database"))
        .build()
        .unwrap();
    let report = |health: HealthRegistry| tokio::spawn(async move { health.report().await });
    let first = report(health.clone());
    while asked.load(Ordering::SeqCst) == 0 || clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    clock.advance(Duration::from_secs(1));
    let first = first.await.unwrap();
    assert_eq!(
        status_of(&first, "blocking"),
        (Status::Down, Some("no answer in time"))
    );
    assert_eq!(status_of(&first, "database"), (Status::Ok, None));
    clock.advance(Duration::from_secs(2));
    let second = report(health.clone()).await.unwrap();
    let expected = (Status::Down, Some("the check before this one has not come back"));
    assert_eq!(
        (status_of(&second, "blocking"), asked.load(Ordering::SeqCst)),
        (expected, 1)
    );
    drop(free);
    loop {
        clock.advance(Duration::from_secs(2));
        if health.report().await.status == Status::Ok {
            break;
        }
    }
}

#[test]
fn the_state_of_each_component_is_a_metric() {
    let recorder = metrics_util::debugging::DebuggingRecorder::new();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let health = HealthRegistry::builder()
        .clock(ManualClock::default())
        .check(Criticality::Critical, Gate::open("database"))
        .check(Criticality::Degraded, Fixed("cache", Behaviour::Fails))
        .build()
        .unwrap();
    metrics::with_local_recorder(&recorder, || runtime.block_on(health.report()));
    let recorded = recorder.snapshotter().snapshot().into_vec();
    let mut values: Vec<(String, f64)> = recorded
        .into_iter()
        .map(|(key, _, _, value)| {
            assert_eq!(key.key().name(), "aurora_health_status");
            let metrics_util::debugging::DebugValue::Gauge(value) = value else {
                panic!("no gauge")
            };
            (
                key.key().labels().next().unwrap().value().to_owned(),
                value.into_inner(),
            )
        })
        .collect();
    values.sort_by(|a, b| a.0.cmp(&b.0));
    assert_eq!(values, [("cache".to_owned(), 0.0), ("database".to_owned(), 1.0)]);
}

#[tokio::test]
async fn a_fallback_is_as_healthy_as_its_targets() {
    use crate::fallback::{ByClass, Fallback, Target};
    use crate::resilience::Deadline;

    #[derive(Debug, thiserror::Error)]
    #[error("refused")]
    struct Refused;
    impl Failure for Refused {
        fn class(&self) -> crate::failure::FailureClass {
            crate::failure::FailureClass::Transient
        }
    }

    let clock = ManualClock::default();
    let targets = ["a", "b"].map(|name| Target::new(name, ()));
    let fallback = targets
        .into_iter()
        .fold(Fallback::builder(), crate::fallback::FallbackBuilder::target)
        .clock(clock.clone())
        .build()
        .unwrap();
    let check = FallbackCheck::new("providers", fallback.clone());
    contract::check(&check).await;
    assert_eq!(check.check().await, Ok(()));
    let mut seen = Vec::new();
    // Calls fail until the circuits open, first of `a` alone, then of both.
    for failing in [&["a"][..], &["a", "b"]] {
        for _ in 0..200 {
            let call = fallback.run(&ByClass, Deadline::NONE, |attempt| {
                let fails = failing.contains(&attempt.name());
                async move { if fails { Err(Refused) } else { Ok(()) } }
            });
            let work = async { drop(call.await) };
            let time = async {
                loop {
                    clock.advance(Duration::from_millis(1));
                    tokio::task::yield_now().await;
                }
            };
            tokio::select! { () = work => {}, () = time => {} }
        }
        seen.push(check.check().await.unwrap_err().status());
    }
    assert_eq!(seen, [Status::Degraded, Status::Down]);
    let nobody = FallbackCheck::new("nobody", Fallback::<()>::builder().build().unwrap());
    assert_eq!(nobody.check().await.unwrap_err().status(), Status::Down);
}

#[cfg(feature = "memory")]
#[tokio::test]
async fn the_checks_of_this_crate_keep_the_contract() {
    contract::check(&CacheCheck::new(crate::cache::MemoryCache::new())).await;
    contract::check(&FnCheck::new("nothing", || async { Ok(()) })).await;
    contract::check(&Fixed("broken", Behaviour::Fails)).await;
    #[cfg(feature = "sqlite")]
    {
        let url = crate::secret::Secret::new("sqlite::memory:");
        let database = crate::store::Database::open(&url).await.unwrap();
        let check = DatabaseCheck::new(database.clone());
        contract::check(&check).await;
        assert_eq!(check.check().await, Ok(()));
        database.close().await;
        assert_eq!(check.check().await.unwrap_err().status(), Status::Down);
    }
}

#[test]
fn two_checks_cannot_share_a_name() {
    let builder = HealthRegistry::builder().check(Criticality::Critical, Gate::open("a"));
    let error = builder
        .check(Criticality::Degraded, Gate::open("a"))
        .build()
        .unwrap_err();
    assert_eq!(error.to_string(), "two health checks are named \"a\"");
}

#[tokio::test]
async fn a_report_reads_well_as_json() {
    let builder = HealthRegistry::builder().clock(ManualClock::default());
    let health = builder
        .check(Criticality::Degraded, Fixed("cache", Behaviour::Fails))
        .build()
        .unwrap();
    let json = serde_json::to_value(&*health.report().await).unwrap();
    let expected = serde_json::json!({
        "status": "degraded",
        "draining": false,
        "components": [{
            "name": "cache",
            "status": "down",
            "criticality": "degraded",
            "detail": "refused",
            "checked_at": "2026-01-01T00:00:00.000000Z",
            "latency_ms": 0.0,
            "since": "2026-01-01T00:00:00.000000Z",
        }],
    });
    assert_eq!(json, expected);
}
