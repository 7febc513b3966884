use std::future::{pending, poll_fn};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use tokio::sync::Semaphore;

use super::*;
use crate::time::{Clock, ManualClock};

mod checks;
mod report;

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

#[tokio::test]
async fn a_component_that_comes_while_checks_run_takes_none_of_them_down() {
    let asked = Arc::new(AtomicUsize::new(0));
    let slow_at_first = {
        let asked = Arc::clone(&asked);
        FnCheck::new("database", move || {
            let is_first = asked.fetch_add(1, Ordering::SeqCst) == 0;
            async move {
                if is_first {
                    pending::<()>().await;
                }
                Ok(())
            }
        })
    };
    let builder = HealthRegistry::builder().clock(ManualClock::default());
    let health = builder
        .check(Criticality::Critical, slow_at_first)
        .build()
        .unwrap();
    assert!(!poll_once(health.report()).await);
    while asked.load(Ordering::SeqCst) == 0 {
        tokio::task::yield_now().await;
    }
    health
        .register(Criticality::Degraded, Gate::open("cache"))
        .unwrap();
    let report = health.report().await;
    assert_eq!(status_of(&report, "database"), (Status::Ok, None));
    assert_eq!(status_of(&report, "cache"), (Status::Ok, None));
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
    let second = report(health.clone());
    while clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    clock.advance(Duration::from_millis(100));
    let second = second.await.unwrap();
    let expected = (Status::Down, Some("the check before this one has not come back"));
    assert_eq!(
        (status_of(&second, "blocking"), asked.load(Ordering::SeqCst)),
        (expected, 1)
    );
    drop(free);
    clock.advance(Duration::from_secs(2));
    assert_eq!(
        health.report().await.status,
        Status::Ok,
        "its turn comes when it is free"
    );
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
