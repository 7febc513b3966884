//! Services that refuse for good.

use std::sync::Arc;
use std::sync::atomic::{AtomicU16, Ordering};

use aurora_alerts::ErrorKind;
use aurora_alerts::testing::Recorder;
use aurora_alerts::testing::fakes::FakeResponse;

use super::*;

/// A webhook whose status can be changed, with a fallback channel.
async fn broken(status: u16, clock: &ManualClock) -> (House, FakeServer, Arc<AtomicU16>, Recorder) {
    let status = Arc::new(AtomicU16::new(status));
    let answer = Arc::clone(&status);
    let server = FakeServer::start(move |_| FakeResponse::new(answer.load(Ordering::Relaxed)))
        .await
        .unwrap();
    let fallback = Recorder::new();
    let house = House::new(clock, |builder| {
        builder
            .notify(webhook(&server, clock))
            .notify_as("fallback", fallback.clone())
            .route(aurora_alerts::Route::to("webhook"))
            .fallback("fallback")
    });
    (house, server, status, fallback)
}

fn names(recorder: &Recorder) -> Vec<String> {
    let told = recorder.take();
    let mut names: Vec<String> = told
        .iter()
        .flat_map(|told| &told.alerts)
        .map(|alert| format!("{} {}", alert.rule, alert.status))
        .collect();
    names.sort();
    names
}

#[tokio::test]
async fn a_webhook_that_is_gone_is_told_of_elsewhere_until_it_is_enabled_again() {
    let clock = ManualClock::default();
    let (house, server, status, fallback) = broken(410, &clock).await;
    house.fire("held back").await;
    house.after(SECOND).await;
    assert_eq!(
        names(&fallback),
        ["Notification channel broken firing", "held back firing"]
    );
    house.fire("meanwhile").await;
    house.after(SECOND * 3_600).await;
    assert_eq!(names(&fallback), ["meanwhile firing"]);
    assert_eq!(server.requests().len(), 1, "nobody knocks at a door that is gone");
    let channel = house.engine.channels().remove(0);
    assert!(channel.disabled_since.is_some(), "{channel:?}");

    status.store(204, Ordering::Relaxed);
    house.engine.enable_channel("webhook").await.unwrap();
    house.after(SECOND).await;
    let mut missed: Vec<String> = server.requests()[1..]
        .iter()
        .flat_map(|request| told(&request.json().unwrap()))
        .collect();
    missed.sort();
    assert_eq!(missed, ["held back: 1 firing", "meanwhile: 1 firing"]);
    assert_eq!(names(&fallback), ["Notification channel broken resolved"]);
    let again = house.engine.enable_channel("webhook").await.unwrap_err();
    assert_eq!(again.kind(), ErrorKind::NotFound);
    // Both know of the alert, so both are told of its end.
    house.end("held back").await;
    assert_eq!(names(&fallback), ["held back resolved"]);
    let last = server.requests().pop().unwrap().json().unwrap();
    assert_eq!(told(&last), ["held back: 2 resolved"]);
}

#[tokio::test]
async fn a_credential_that_is_refused_three_times_switches_a_webhook_off() {
    let clock = ManualClock::default();
    let (house, server, _, fallback) = broken(401, &clock).await;
    house.fire("a").await;
    assert!(names(&fallback).is_empty(), "somebody may correct it");
    for _ in 0..10 {
        house.after(SECOND * 300).await;
    }
    assert_eq!(server.requests().len(), 3);
    assert_eq!(
        names(&fallback),
        ["Notification channel broken firing", "a firing"]
    );
    house.end("a").await;
    assert_eq!(names(&fallback), ["a resolved"]);
}

#[tokio::test]
async fn without_a_fallback_what_a_broken_channel_missed_waits_for_it() {
    let clock = ManualClock::default();
    let status = Arc::new(AtomicU16::new(410));
    let answer = Arc::clone(&status);
    let server = FakeServer::start(move |_| FakeResponse::new(answer.load(Ordering::Relaxed)))
        .await
        .unwrap();
    let house = House::telling(&clock, webhook(&server, &clock));
    house.fire("a").await;
    house.fire("b").await;
    house.after(SECOND * 3_600).await;
    house.end("b").await;
    assert_eq!(server.requests().len(), 1);
    status.store(204, Ordering::Relaxed);
    house.engine.enable_channel("webhook").await.unwrap();
    for _ in 0..3 {
        house.after(SECOND).await;
    }
    let mut missed: Vec<String> = server.requests()[1..]
        .iter()
        .flat_map(|request| told(&request.json().unwrap()))
        .filter(|line| !line.starts_with("Notification channel broken"))
        .collect();
    missed.sort();
    assert_eq!(missed, ["a: 1 firing", "b: 1 firing, 2 resolved"]);
    let active = house.engine.active();
    assert_eq!(active.len(), 1, "{active:?}");
}
