//! Acknowledgement and escalation.

use super::*;
use crate::notifier::Limits;
use crate::route::Route;
use crate::rule::Escalation;

fn chain() -> Escalation {
    Escalation::new()
        .step(MINUTE * 5, "page")
        .step(MINUTE * 10, "boss")
        .repeat(1)
}

fn house(chain: Escalation) -> (House, Recorder, Recorder) {
    let (page, boss) = (Recorder::new(), Recorder::new());
    let house = House::with(|builder| {
        builder
            .notify_as("page", page.clone())
            .notify_as("boss", boss.clone())
            .route(Route::to("recorder").repeat_interval(HOUR * 24).escalation(chain))
    });
    (house, page, boss)
}

#[tokio::test]
async fn the_next_is_told_when_nobody_acknowledges_and_all_hear_of_the_end() {
    let (house, page, boss) = house(chain());
    let alert = house.fire(named("a")).await;
    assert_eq!(house.heard(), ["WARNING: a=firing"]);
    house.after(MINUTE * 5 - SECOND).await;
    assert!(heard(&page).is_empty());
    house.after(SECOND).await;
    assert_eq!(heard(&page), ["WARNING, escalated to step 1: a=firing"]);
    let explanation = house.engine.explain(alert).unwrap();
    assert_eq!(explanation.next_escalation, Some((2, house.now() + MINUTE * 10)));
    let steps: Vec<_> = explanation
        .escalation
        .iter()
        .map(|step| (step.step, step.after_seconds, step.receiver.as_str()))
        .collect();
    assert_eq!(
        steps,
        [(1, 300, "page"), (2, 600, "boss")],
        "the chain of its route"
    );
    assert_eq!(explanation.escalation[1].channels, ["boss"]);
    house.after(MINUTE * 10).await;
    assert_eq!(heard(&boss), ["WARNING, escalated to step 2: a=firing"]);
    house.after(MINUTE * 5).await;
    house.after(MINUTE * 10).await;
    house.after(HOUR).await;
    assert_eq!(
        heard(&page),
        ["WARNING, escalated to step 1: a=firing"],
        "once more, and no more"
    );
    assert_eq!(heard(&boss), ["WARNING, escalated to step 2: a=firing"]);
    house.resolve(named("a")).await;
    for recorder in [&house.told, &page, &boss] {
        assert_eq!(heard(recorder), ["RESOLVED: a=resolved"]);
    }
}

#[tokio::test]
async fn an_acknowledgement_ends_escalation_and_repetition_until_it_runs_out() {
    let (house, page, _) = house(chain());
    let alert = house.fire(named("a")).await;
    house.heard();
    house.after(MINUTE).await;
    house
        .engine
        .acknowledge([alert], "ana", "looking", Some(HOUR))
        .await
        .unwrap();
    let active = house.engine.active();
    assert_eq!(active[0].acknowledgement.as_ref().unwrap().by, "ana");
    house.after(MINUTE * 58).await;
    assert!(heard(&page).is_empty());
    house.after(MINUTE * 2).await;
    assert!(house.engine.active()[0].acknowledgement.is_none());
    house.after(MINUTE * 5).await;
    assert_eq!(heard(&page), ["WARNING, escalated to step 1: a=firing"]);
    let nobody = house
        .engine
        .acknowledge([named("x").fingerprint()], "ana", "", None)
        .await;
    assert_eq!(nobody.unwrap_err().kind(), crate::ErrorKind::NotFound);
}

#[tokio::test]
async fn so_many_notifications_without_an_answer_take_the_next_step_too() {
    let page = Recorder::new();
    let chain = Escalation::new().step(HOUR * 100, "page").threshold(2);
    let house = House::with(|builder| {
        builder
            .notify_as("page", page.clone())
            .route(Route::to("recorder").repeat_interval(HOUR).escalation(chain))
    });
    house.fire(named("a")).await;
    house.after(MINUTE * 59).await;
    assert!(heard(&page).is_empty());
    house.after(MINUTE).await;
    house.after(SECOND).await;
    assert_eq!(heard(&page), ["WARNING, escalated to step 1: a=firing"]);
}

#[tokio::test]
async fn channels_that_have_a_place_for_it_hear_of_an_acknowledgement() {
    let incident = Recorder::new().with_limits(Limits::default().acknowledging());
    let house = House::with(|builder| builder.notify_as("incident", incident.clone()));
    let alert = house.fire(named("a")).await;
    house.engine.acknowledge([alert], "ana", "", None).await.unwrap();
    house.engine.tick().await;
    assert_eq!(
        heard(&incident),
        ["WARNING: a=firing", "WARNING, acknowledged: a=firing"]
    );
    assert_eq!(house.heard(), ["WARNING: a=firing"]);
    house.engine.unacknowledge(alert, "ana").await.unwrap();
    assert!(house.engine.unacknowledge(alert, "ana").await.is_err());
}

#[tokio::test]
async fn an_alert_that_fires_anew_is_nobodys_yet() {
    let (house, page, _) = house(chain());
    let alert = house.fire(named("a")).await;
    house.engine.acknowledge([alert], "ana", "", None).await.unwrap();
    house.resolve(named("a")).await;
    house.fire(named("a")).await;
    house.after(MINUTE * 5).await;
    assert_eq!(heard(&page), ["WARNING, escalated to step 1: a=firing"]);
}
