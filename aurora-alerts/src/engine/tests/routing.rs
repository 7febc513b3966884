//! Who is told of what.

use super::*;
use crate::matcher::{Matcher, Matchers};
use crate::route::Route;
use crate::rule::{Rule, Severity};
use crate::silence::Silence;

#[tokio::test]
async fn routes_lead_to_receivers_and_receivers_to_channels() {
    let (page, chat) = (Recorder::new(), Recorder::new());
    let house = House::with(|builder| {
        builder
            .notify_as("page", page.clone())
            .notify_as("chat", chat.clone())
            .receiver("crew", ["page", "chat"])
            .route(Route::to("recorder").child(Route::to("crew").when("severity", "critical")))
    });
    house.fire(named("a")).await;
    house.fire(severe("b")).await;
    assert_eq!(house.heard(), ["WARNING: a=firing"]);
    assert_eq!(heard(&page), ["CRITICAL: b=firing"]);
    assert_eq!(heard(&chat), ["CRITICAL: b=firing"]);
}

#[tokio::test]
async fn other_routes_and_rules_count_from_the_moment_they_are_loaded_and_nothing_is_told_twice() {
    let page = Recorder::new();
    let house = House::with(|builder| {
        builder
            .notify_as("page", page.clone())
            .route(Route::to("recorder"))
    });
    house.fire(named("a")).await;
    assert_eq!(house.heard(), ["WARNING: a=firing"]);
    let routing = crate::route::Routing {
        root: Some(
            Route::to("recorder")
                .group_by(["team"])
                .child(Route::to("page").when("severity", "critical")),
        ),
        ..Default::default()
    };
    house.engine.reload(Vec::new(), routing).await.unwrap();
    house.passing(5).await;
    assert!(house.heard().is_empty(), "it was told before");
    house.fire(severe("b")).await;
    house.resolve(named("a")).await;
    assert_eq!(house.heard(), ["RESOLVED: a=resolved"]);
    assert_eq!(heard(&page), ["CRITICAL: b=firing"]);

    let nowhere = crate::route::Routing {
        root: Some(Route::to("nobody")),
        ..Default::default()
    };
    assert!(house.engine.reload(Vec::new(), nowhere).await.is_err());
    house.resolve(severe("b")).await;
    assert_eq!(
        heard(&page),
        ["RESOLVED: b=resolved"],
        "the old ones stay in force"
    );
}

#[test]
fn everything_wrong_is_said_at_once() {
    let error = AlertEngine::builder()
        .notify_as("Big Bell", Recorder::new())
        .notify(Recorder::new())
        .notify(Recorder::new())
        .fallback("smoke")
        .route(Route::to("nobody"))
        .rule(
            crate::Rule::new("r")
                .metric("m")
                .above(1.0)
                .escalation(crate::rule::Escalation::new().step(MINUTE, "nobody")),
        )
        .interval(Duration::ZERO)
        .build()
        .unwrap_err();
    let told: Vec<String> = error.problems().iter().map(ToString::to_string).collect();
    assert_eq!(
        told,
        [
            "channel \"Big Bell\": name must be 1 to 64 of a-z, 0-9, _ and -",
            "channel \"recorder\": another channel has the same name; use notify_as",
            "engine: the fallback \"smoke\" is no channel",
            "engine: interval must be greater than zero",
            "route \"/\": there is no receiver or channel \"nobody\"",
            "rule \"r\": escalation: there is no receiver or channel \"nobody\"",
        ]
    );
}

#[tokio::test]
async fn alerts_of_rules_are_routed_grouped_and_silenced_by_their_name_and_severity() {
    let page = Recorder::new();
    let rule = |name: &str, severity| {
        Rule::new(name)
            .metric("error_rate")
            .above(20.0)
            .severity(severity)
    };
    let house = House::with(|builder| {
        builder
            .rule(rule("bad", Severity::Warning))
            .rule(rule("worse", Severity::Critical))
            .rule(rule("silenced", Severity::Critical))
            .notify_as("page", page.clone())
            .route(
                Route::to("recorder")
                    .group_by(["alertname"])
                    .group_wait(Duration::ZERO)
                    .child(Route::to("page").when("severity", "critical")),
            )
    });
    let matcher: Matcher = "alertname=silenced".parse().unwrap();
    let silence = Silence::new(Matchers::from(vec![matcher]), house.now(), house.now() + HOUR);
    house.engine.silence(silence).await.unwrap();
    house.engine.record("error_rate", 31.0);
    house.passing(2).await;
    assert_eq!(house.heard(), ["WARNING: bad=firing"]);
    assert_eq!(heard(&page), ["CRITICAL: worse=firing"]);
}
