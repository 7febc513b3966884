use std::future::{pending, poll_fn};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use tokio::sync::Semaphore;

use super::*;
use crate::time::ManualClock;

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
    assert_eq!(status_of(&report, "cache"), (Status::Degraded, Some("refused")));
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
    for (own, limit) in [(None, 1_000), (Some(Duration::from_millis(30)), 30)] {
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
        tokio::task::yield_now().await;
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
    let probes: Vec<_> = (0..100)
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
async fn a_run_that_everybody_left_is_not_resumed() {
    let gate = Gate::with("database", 0);
    let clock = ManualClock::default();
    let builder = HealthRegistry::builder().clock(clock.clone());
    let health = builder
        .check(Criticality::Critical, gate.clone())
        .build()
        .unwrap();
    assert!(!poll_once(health.report()).await);
    // Resumed, the old run would find its time limit long past.
    clock.advance(Duration::from_secs(3_600));
    gate.permits.add_permits(1);
    assert!(health.report().await.is_ready());
    assert_eq!(gate.asked(), 2);
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
        "components": [{
            "name": "cache",
            "status": "degraded",
            "detail": "refused",
            "checked_at": "2026-01-01T00:00:00.000000Z",
            "latency_ms": 0.0,
        }],
    });
    assert_eq!(json, expected);
}
