//! Every change is told, once.

use super::*;
use crate::route::{Route, Unseen};

#[tokio::test]
async fn what_is_posted_is_told_once_and_so_is_its_end() {
    let house = House::new();
    house.fire(named("a")).await;
    house.fire(named("a")).await;
    assert_eq!(house.heard(), ["WARNING: a=firing"]);
    house.passing(60).await;
    assert!(house.heard().is_empty());
    house.resolve(named("a")).await;
    house.resolve(named("a")).await;
    assert_eq!(house.heard(), ["RESOLVED: a=resolved"]);
    assert!(house.engine.active().is_empty());
}

#[tokio::test]
async fn the_end_of_what_nobody_knows_of_says_nothing() {
    let house = House::new();
    house.resolve(named("a")).await;
    assert!(house.heard().is_empty());
    assert!(house.engine.history(9).is_empty());
}

#[tokio::test]
async fn an_alert_that_is_not_posted_again_ends_by_itself() {
    let house = House::with(|builder| builder.resolve_timeout(MINUTE * 5));
    house.fire(named("a")).await;
    house.after(MINUTE * 4).await;
    house.fire(named("a")).await;
    house.after(MINUTE * 4).await;
    assert_eq!(house.heard(), ["WARNING: a=firing"]);
    house.after(MINUTE).await;
    assert_eq!(house.heard(), ["RESOLVED: a=resolved"]);
}

#[tokio::test]
async fn an_end_that_was_named_outlives_a_guessed_one() {
    let house = House::with(|builder| builder.resolve_timeout(MINUTE));
    let end = house.now() + HOUR;
    house
        .engine
        .post([PostedAlert::new(named("a")).ends_at(end)])
        .await
        .unwrap();
    house.fire(named("a")).await;
    house.after(MINUTE * 59).await;
    assert_eq!(house.heard(), ["WARNING: a=firing"]);
    house.after(MINUTE).await;
    assert_eq!(house.heard(), ["RESOLVED: a=resolved"]);
}

#[tokio::test]
async fn those_that_make_sense_are_taken_even_where_others_do_not() {
    let house = House::new();
    let wrong = PostedAlert::new(Labels::new());
    let error = house
        .engine
        .post([wrong, PostedAlert::new(named("b"))])
        .await
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "alerts cannot be set up: alert {}: an alert needs at least one label with a value"
    );
    house.engine.tick().await;
    assert_eq!(house.heard(), ["WARNING: b=firing"]);
}

#[tokio::test]
async fn what_still_fires_is_told_again_after_the_repeat_interval() {
    let house = House::with(|builder| builder.route(Route::to("recorder").repeat_interval(HOUR)));
    house.fire(named("a")).await;
    house.after(HOUR - SECOND).await;
    assert_eq!(house.heard(), ["WARNING: a=firing"]);
    house.after(SECOND).await;
    house.after(HOUR).await;
    assert_eq!(
        house.heard(),
        [
            "WARNING, still firing: a=firing",
            "WARNING, still firing: a=firing"
        ]
    );
    house.resolve(named("a")).await;
    house.after(HOUR * 2).await;
    assert_eq!(house.heard(), ["RESOLVED: a=resolved"]);
}

#[tokio::test]
async fn a_group_waits_for_company_and_then_for_its_interval() {
    let route = Route::to("recorder")
        .group_by(["team"])
        .group_wait(SECOND * 30)
        .group_interval(MINUTE * 5);
    let house = House::with(|builder| builder.route(route));
    let of_team = |name: &str| Labels::from([("alertname", name), ("team", "x")]);
    let first = house.fire(of_team("a")).await;
    house.fire(of_team("b")).await;
    let until = house.now() + SECOND * 30;
    assert_eq!(house.stages(first), [Stage::Grouped { until }]);
    house.passing(29).await;
    assert!(house.heard().is_empty());
    house.passing(1).await;
    assert_eq!(house.heard(), ["WARNING: a=firing b=firing"]);
    house.resolve(of_team("a")).await;
    house.fire(of_team("c")).await;
    house.passing(299).await;
    assert!(house.heard().is_empty());
    house.passing(1).await;
    assert_eq!(
        house.heard(),
        ["WARNING: c=firing a=resolved"],
        "b is told by a number"
    );
}

#[tokio::test]
async fn what_fired_and_ended_within_the_wait_is_mentioned_unless_told_otherwise() {
    for (policy, expected) in [
        (Unseen::Mention, vec!["RESOLVED: a=resolved"]),
        (Unseen::Drop, vec![]),
    ] {
        let route = Route::to("recorder").group_wait(SECOND * 30).unseen(policy);
        let house = House::with(|builder| builder.route(route));
        house.fire(named("a")).await;
        house.passing(10).await;
        house.resolve(named("a")).await;
        house.passing(30).await;
        let told = house.told.notifications();
        assert_eq!(house.heard(), expected);
        assert!(told.iter().all(|told| told.alerts[0].is_over_before_told()));
        house.passing(700).await; // until what changed lately no longer counts
        assert!(
            house
                .engine
                .inner
                .brain
                .lock()
                .unwrap()
                .core
                .pipeline()
                .all_known()
                .next()
                .is_none()
        );
    }
}

#[tokio::test]
async fn a_big_group_is_told_in_parts_and_later_by_its_changes() {
    let house =
        House::with(|builder| builder.route(Route::to("recorder").group_by(["team"]).group_wait(SECOND)));
    let names: Vec<String> = (0..45).map(|n| format!("n{n:02}")).collect();
    let alerts = names.iter().map(|name| PostedAlert::new(named(name)));
    house.engine.post(alerts).await.unwrap();
    house.passing(2).await;
    let told = house.told.take();
    let sizes: Vec<usize> = told.iter().map(|told| told.alerts.len()).collect();
    assert_eq!(sizes, [20, 20, 5]);
    house.resolve(named("n07")).await;
    house.passing(2).await;
    let told = house.told.take();
    assert_eq!(told.len(), 1);
    assert_eq!((told[0].alerts.len(), told[0].others_firing), (1, 44));
    assert_eq!(
        told[0].to_string(),
        "[RESOLVED] n07 {alertname=\"n07\"} (+44 more firing)"
    );
}

#[tokio::test]
async fn a_clock_that_is_set_back_makes_no_wait_endless() {
    let house =
        House::with(|builder| builder.route(Route::to("recorder").group_wait(MINUTE).repeat_interval(HOUR)));
    house.fire(named("a")).await;
    house.clock.set_wall(house.now() - HOUR * 1_000);
    house.passing(61).await;
    assert_eq!(house.heard(), ["WARNING: a=firing"]);
    house.clock.set_wall(house.now() - HOUR * 1_000);
    house.after(SECOND).await;
    house.after(HOUR).await;
    assert_eq!(house.heard(), ["WARNING, still firing: a=firing"]);
}
