//! What only shows where two mechanisms meet.

use std::sync::{Arc, Mutex};

use super::*;
use crate::engine::Event;
use crate::history::{Entry, Outcome};
use crate::matcher::{Matcher, Matchers};
use crate::notifier::{Limits, NotifyErrorKind};
use crate::route::Route;
use crate::rule::Escalation;
use crate::silence::Silence;
use crate::store::MemoryStore;
use crate::testing::Failing;

fn of(name: &str) -> Matchers {
    [Matcher::equal("alertname", name)].into_iter().collect()
}

#[tokio::test]
async fn a_mute_on_one_route_takes_nothing_from_another() {
    let chat = Recorder::new();
    let night = serde_json::from_str(r#"{"times":[{"start_time":"00:00","end_time":"06:00"}]}"#).unwrap();
    let house = House::with(|builder| {
        builder
            .notify_as("chat", chat.clone())
            .times("night", [night])
            .route(
                Route::to("recorder")
                    .child(Route::to("recorder").mute_during("night").and_continue())
                    .child(Route::to("chat").group_wait(SECOND * 30)),
            )
    });
    house.fire(named("a")).await;
    house.resolve(named("a")).await;
    house.passing(31).await;
    assert_eq!(
        heard(&chat),
        ["RESOLVED: a=resolved"],
        "it fired and ended within its wait"
    );
    assert!(house.heard().is_empty());
}

#[tokio::test]
async fn what_waits_after_a_silence_has_ended_is_told_though_it_ends_meanwhile() {
    let throttled = Failing::new(NotifyErrorKind::RateLimited)
        .times(1)
        .retry_after(MINUTE);
    let house = House::with(|builder| builder.notify(throttled.clone()).route(Route::to("failing")));
    house.fire(named("first")).await;
    let silence = Silence::new(of("a"), house.now(), house.now() + SECOND * 10);
    house.engine.silence(silence).await.unwrap();
    house.fire(named("a")).await;
    house.passing(20).await;
    house.resolve(named("a")).await;
    house.passing(120).await;
    let told = throttled.taken();
    let names: Vec<&str> = told
        .iter()
        .flat_map(|told| &told.alerts)
        .map(|alert| alert.rule.as_str())
        .collect();
    assert!(names.contains(&"a"), "{names:?}");
}

#[tokio::test]
async fn an_escalation_that_still_waits_is_taken_back_when_somebody_takes_care() {
    let page = Failing::new(NotifyErrorKind::RateLimited)
        .times(1)
        .retry_after(HOUR);
    let house = House::with(|builder| {
        builder.notify(page.clone()).route(
            Route::to("recorder")
                .repeat_interval(HOUR * 24)
                .escalation(Escalation::new().step(MINUTE, "failing")),
        )
    });
    let alert = house.fire(named("a")).await;
    house.passing(62).await;
    assert_eq!(page.attempts().len(), 1);
    house.engine.acknowledge([alert], "ana", "", None).await.unwrap();
    house.passing(5).await;
    house.after(HOUR * 2).await;
    house.passing(5).await;
    assert!(page.taken().is_empty(), "{:?}", page.taken());
}

#[tokio::test]
async fn a_big_group_that_waits_for_its_turn_is_written_once() {
    let paced = Recorder::new().with_limits(Limits::default().alerts(20).spacing(SECOND));
    let house = House::with(|builder| {
        builder
            .notify_as("paced", paced.clone())
            .deliveries_limit(10_000)
            .route(Route::to("paced").group_by(["team"]))
    });
    let names: Vec<String> = (0..200).map(|n| format!("n{n:03}")).collect();
    house
        .engine
        .post(names.iter().map(|name| PostedAlert::new(named(name))))
        .await
        .unwrap();
    house.passing(30).await;
    let told = paced.take();
    assert_eq!(told.iter().map(|told| told.alerts.len()).sum::<usize>(), 200);
    let superseded = |record: &&crate::history::DeliveryRecord| record.outcome == Outcome::Superseded;
    let count = house.engine.deliveries(10_000).iter().filter(superseded).count();
    assert!(count <= 10, "{count} were written in vain");
}

#[tokio::test]
async fn what_is_kept_back_beyond_its_repetition_makes_nobody_look_all_the_time() {
    let house = House::with(|builder| builder.route(Route::to("recorder").repeat_interval(HOUR)));
    house.fire(named("a")).await;
    let silence = Silence::new(of("a"), house.now(), house.now() + HOUR * 10);
    house.engine.silence(silence).await.unwrap();
    house.after(HOUR * 2).await;
    let due = house.engine.brain().core.next_due();
    assert!(due.is_none_or(|due| due > house.now()), "{due:?}");
    house.heard();
    house.after(HOUR * 9).await;
    assert_eq!(house.heard(), ["WARNING, still firing: a=firing"]);
}

#[tokio::test]
async fn an_engine_that_begins_with_other_routes_repeats_nothing_and_tells_every_end() {
    let (clock, told, page) = (ManualClock::default(), Recorder::new(), Recorder::new());
    let store = MemoryStore::new().clock(clock.clone());
    let build = |route: Route| {
        AlertEngine::builder()
            .notify(told.clone())
            .notify_as("page", page.clone())
            .route(route)
            .store(store.clone())
            .clock(clock.clone())
            .build()
            .unwrap()
    };
    let severe_to = |to: &str| Route::to(to).when("severity", "critical");
    let first = build(Route::to("recorder").child(severe_to("page")));
    first
        .post([PostedAlert::new(named("a")), PostedAlert::new(severe("b"))])
        .await
        .unwrap();
    first.tick().await;
    first.shutdown(SECOND).await;
    assert_eq!((heard(&told).len(), heard(&page).len()), (1, 1));

    let second = build(
        Route::to("recorder")
            .child(Route::to("page").when("team", "x"))
            .child(severe_to("recorder")),
    );
    for _ in 0..3 {
        clock.advance(SECOND);
        second.tick().await;
    }
    assert!(heard(&page).is_empty());
    assert_eq!(
        heard(&told),
        ["CRITICAL: b=firing"],
        "whoever is new to it hears of it, nobody else"
    );
    second
        .post(
            [PostedAlert::new(named("a")), PostedAlert::new(severe("b"))]
                .map(|alert| alert.ends_at(clock.now())),
        )
        .await
        .unwrap();
    second.tick().await;
    assert_eq!(heard(&told).len(), 2);
    assert_eq!(
        heard(&page),
        ["RESOLVED: b=resolved"],
        "whom no route names any more hears of the end"
    );
}

#[tokio::test]
async fn a_fallback_that_is_told_anyway_is_not_told_twice() {
    let picky = Failing::new(NotifyErrorKind::Client).times(1);
    let house = House::with(|builder| builder.notify(picky.clone()).fallback("recorder"));
    house.fire(named("a")).await;
    house.passing(5).await;
    assert_eq!(house.heard(), ["WARNING: a=firing"]);
}

#[tokio::test]
async fn actions_of_the_application_are_called_and_may_fail() {
    let seen: Arc<Mutex<Vec<&'static str>>> = Arc::default();
    let house = House::with(|builder| {
        let seen = Arc::clone(&seen);
        builder
            .on_event(|_| panic!("a bug in somebody's action"))
            .on_event(move |event| {
                seen.lock().unwrap().push(match event {
                    Event::Alert(_) => "alert",
                    Event::Delivery(_) => "delivery",
                    Event::Record(record) => match record.entry {
                        Entry::Escalated { .. } => "escalated",
                        Entry::Acknowledged { .. } => "acknowledged",
                        _ => "other",
                    },
                });
            })
            .route(Route::to("recorder").escalation(Escalation::new().step(MINUTE, "recorder")))
    });
    let alert = house.fire(named("a")).await;
    house.after(MINUTE).await;
    house.engine.acknowledge([alert], "ana", "", None).await.unwrap();
    let seen = seen.lock().unwrap().clone();
    assert_eq!(
        seen,
        ["alert", "delivery", "escalated", "delivery", "acknowledged"]
    );
}
