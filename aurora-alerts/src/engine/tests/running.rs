//! `run`, `shutdown`, and channels that misbehave.

use std::pin::pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};

use async_trait::async_trait;
use tokio::sync::Notify;

use super::rules::{rule, secs};
use super::*;
use crate::notification::Notification;
use crate::notifier::NotifyErrorKind;
use crate::notifier::{Notifier, NotifyError, Receipt};
use crate::rule::Rule;
use crate::testing::Failing;

/// A channel that answers only when it is let.
#[derive(Debug, Clone, Default)]
struct Stuck {
    gate: Arc<Notify>,
    seen: Recorder,
}

#[async_trait]
impl Notifier for Stuck {
    fn name(&self) -> &str {
        "stuck"
    }

    async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError> {
        self.seen.send(notification).await?;
        self.gate.notified().await;
        Ok(Receipt::new())
    }
}

#[derive(Debug)]
struct Panicking;

#[async_trait]
impl Notifier for Panicking {
    fn name(&self) -> &str {
        "panicking"
    }

    async fn send(&self, _: &Notification) -> Result<Receipt, NotifyError> {
        panic!("a bug in somebody's channel");
    }
}

/// A channel that takes its time on the manual clock and then fails.
#[derive(Debug, Clone)]
struct Slow {
    clock: ManualClock,
    seen: Recorder,
}

#[async_trait]
impl Notifier for Slow {
    fn name(&self) -> &str {
        "slow"
    }

    async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError> {
        self.seen.send(notification).await?;
        self.clock.advance(secs(30));
        Err(NotifyError::new(NotifyErrorKind::Timeout, "slow"))
    }
}

/// A clock that, when it is armed, stops whoever asks for the time until somebody lets it go on, or a moment passes.
#[derive(Debug)]
struct Meddling {
    time: ManualClock,
    armed: AtomicBool,
    asked: mpsc::Sender<()>,
    go_on: Mutex<mpsc::Receiver<()>>,
}

#[async_trait]
impl Clock for Meddling {
    fn now(&self) -> Timestamp {
        if self.armed.swap(false, Ordering::SeqCst) {
            self.asked.send(()).unwrap();
            let waiting = self.go_on.lock().unwrap();
            waiting.recv_timeout(Duration::from_millis(200)).ok();
        }
        self.time.now()
    }

    fn elapsed(&self) -> Duration {
        self.time.elapsed()
    }

    async fn sleep(&self, duration: Duration) {
        self.time.sleep(duration).await;
    }
}

/// Lets every task that can go on do so.
async fn settle() {
    for _ in 0..50 {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn neither_a_stuck_nor_a_panicking_channel_holds_up_another() {
    let (stuck, told, clock) = (Stuck::default(), Recorder::new(), ManualClock::default());
    let builder = AlertEngine::builder()
        .rule(rule())
        .clock(clock.clone())
        .send_timeout(secs(30));
    let builder = builder
        .notify(stuck.clone())
        .notify(Panicking)
        .notify(told.clone());
    let engine = builder.build().unwrap();
    let mut running = pin!(engine.run(std::future::pending()));
    for round in 0..3 {
        engine.record("error_rate", if round % 2 == 0 { 31.0 } else { 1.0 });
        clock.advance(secs(1));
        tokio::select! { () = &mut running => panic!("it must go on"), () = settle() => {} }
    }
    let of_rule = |n: &&Notification| n.alerts[0].rule == "Error rate high";
    assert_eq!(told.notifications().iter().filter(of_rule).count(), 3);
    assert_eq!(stuck.seen.notifications().len(), 1);
    assert_eq!(engine.channels()[1].failed, 3);
    clock.advance(secs(30));
    tokio::select! { () = &mut running => panic!("it must go on"), () = settle() => {} }
    assert_eq!(
        engine.channels()[0].retried,
        1,
        "given up after the limit, to be tried again"
    );
}

#[tokio::test]
async fn run_fires_by_time_alone_and_ends_when_told() {
    let (told, clock) = (Recorder::new(), ManualClock::default());
    let builder = AlertEngine::builder()
        .rule(rule().for_(secs(5)))
        .clock(clock.clone());
    let engine = builder.notify(told.clone()).build().unwrap();
    let stop = Arc::new(Notify::new());
    let mut running = pin!(engine.run(stop.notified()));
    engine.record("error_rate", 31.0);
    for second in 1..=5 {
        assert!(told.lines().is_empty(), "after {} s", second - 1);
        clock.advance(secs(1));
        tokio::select! { () = &mut running => panic!("it must go on"), () = settle() => {} }
    }
    assert_eq!(told.lines().len(), 1);
    stop.notify_one();
    running.await;
}

#[tokio::test]
async fn a_dropped_tick_loses_nothing() {
    let (stuck, clock) = (Stuck::default(), ManualClock::default());
    let engine = AlertEngine::builder()
        .rule(rule())
        .notify(stuck.clone())
        .clock(clock)
        .build()
        .unwrap();
    engine.record("error_rate", 31.0);
    tokio::select! { () = engine.tick() => panic!("it is stuck"), () = settle() => {} }
    stuck.gate.notify_one();
    engine.tick().await;
    let seen: Vec<_> = stuck
        .seen
        .notifications()
        .iter()
        .map(|n| (n.id, n.attempt))
        .collect();
    assert_eq!(seen, [(seen[0].0, 1), (seen[0].0, 2)]);
    assert_eq!(engine.channels()[0].queued, 0);
}

#[tokio::test]
async fn shutdown_delivers_what_is_left_and_takes_no_more() {
    let clock = ManualClock::default();
    let flaky = Failing::new(NotifyErrorKind::Server).times(1);
    let builder = AlertEngine::builder()
        .rule(rule())
        .clock(clock.clone())
        .notify(flaky.clone());
    let engine = builder.build().unwrap();
    engine.record("error_rate", 31.0);
    engine.tick().await;
    let mut ending = pin!(engine.shutdown(secs(10)));
    tokio::select! { _ = &mut ending => panic!("a retry is still to come"), () = settle() => {} }
    clock.advance(secs(1));
    assert_eq!(ending.await, 0);
    assert_eq!(flaky.taken().len(), 1);
    engine.record("error_rate", 1.0);
    assert_eq!(engine.refused(), 1);
}

#[tokio::test]
async fn a_tick_tries_a_slow_and_failing_channel_once_and_then_leaves_it_alone() {
    let clock = ManualClock::default();
    let slow = Slow {
        clock: clock.clone(),
        seen: Recorder::new(),
    };
    let builder = AlertEngine::builder()
        .rule(rule())
        .rule(Rule::new("Slow").metric("latency").above(1.0));
    let engine = builder.notify(slow.clone()).clock(clock).build().unwrap();
    engine.record("error_rate", 31.0);
    engine.record("latency", 2.0);
    engine.tick().await;
    assert_eq!(slow.seen.notifications().len(), 1);
}

#[test]
fn what_is_recorded_while_the_engine_shuts_down_is_delivered_or_counted() {
    let (asked, was_asked) = mpsc::channel();
    let (let_go, go_on) = mpsc::channel();
    let clock = Arc::new(Meddling {
        time: ManualClock::default(),
        armed: AtomicBool::new(false),
        asked,
        go_on: Mutex::new(go_on),
    });
    let told = Recorder::new();
    let builder = AlertEngine::builder().rule(rule()).clock(Arc::clone(&clock));
    let engine = builder.notify(told.clone()).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    clock.armed.store(true, Ordering::SeqCst);
    std::thread::scope(|scope| {
        scope.spawn(|| engine.record("error_rate", 31.0));
        was_asked.recv().unwrap();
        let left = runtime.block_on(engine.shutdown(secs(1)));
        let_go.send(()).ok();
        assert!(told.lines().len() + left <= 1);
    });
    let counted = usize::try_from(engine.refused()).unwrap();
    assert_eq!(told.lines().len() + counted, 1);
}

#[tokio::test]
async fn nothing_begins_to_fire_after_shutdown() {
    let (told, clock) = (Recorder::new(), ManualClock::default());
    let builder = AlertEngine::builder()
        .rule(rule().for_(secs(5)))
        .clock(clock.clone());
    let engine = builder.notify(told.clone()).build().unwrap();
    engine.record("error_rate", 31.0);
    assert_eq!(engine.shutdown(secs(1)).await, 0);
    clock.advance(secs(10));
    engine.tick().await;
    assert_eq!((told.lines().len(), engine.channels()[0].queued), (0, 0));
}

#[tokio::test]
async fn shutdown_keeps_its_limit_and_ends_a_run() {
    let (stuck, clock) = (Stuck::default(), ManualClock::default());
    let builder = AlertEngine::builder()
        .rule(rule())
        .clock(clock.clone())
        .notify(stuck.clone());
    let engine = builder.send_timeout(secs(600)).build().unwrap();
    engine.record("error_rate", 31.0);
    let mut both =
        pin!(async { tokio::join!(engine.run(std::future::pending()), engine.shutdown(secs(2))).1 });
    tokio::select! { _ = &mut both => panic!("the channel is stuck"), () = settle() => {} }
    clock.advance(secs(2));
    assert_eq!(both.await, 1, "one notification is left");
    assert_eq!(stuck.seen.notifications().len(), 1, "and it was not sent twice");
}
