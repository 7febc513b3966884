//! What is told of an alert, to be seen before it is told and afterwards.

use super::*;
use crate::link::AckLinks;
use crate::notification::{Notification, Status};
use crate::rule::Rule;

/// What both say alike, whoever gets them.
fn assert_alike(shown: &Notification, sent: &Notification) {
    assert_eq!(shown.alerts, sent.alerts);
    assert_eq!(shown.title(), sent.title());
    assert_eq!(
        (shown.status, shown.reason, shown.severity),
        (sent.status, sent.reason, sent.severity)
    );
    assert_eq!(
        (&shown.receiver, &shown.group_key, &shown.group_labels),
        (&sent.receiver, &sent.group_key, &sent.group_labels)
    );
}

fn token(notification: &Notification) -> &str {
    let url = notification.acknowledge_url.as_deref().unwrap();
    url.split_once("token=").unwrap().1
}

#[tokio::test]
async fn what_is_shown_of_an_alert_is_what_was_sent_of_it() {
    let links = AckLinks::new("http://localhost/ack", "0123456789abcdef0123456789abcdef").unwrap();
    let house = House::with(|builder| builder.acknowledge_links(links));
    let labels = [("alertname", "a"), ("severity", "critical"), ("zone", "b")];
    let posted = PostedAlert::new(labels)
        .annotation("summary", "no backup")
        .generator_url("http://localhost/graph");
    let alert = posted.fingerprint();
    assert!(house.engine.notification(alert).is_none());
    house.engine.post([posted]).await.unwrap();
    house.engine.tick().await;
    let sent = house.told.take().remove(0);
    let shown = house.engine.notification(alert).unwrap();
    assert_alike(&shown, &sent);
    assert!(house.engine.read_link(token(&sent)).is_ok());
    assert!(
        house.engine.read_link(token(&shown)).is_err(),
        "nobody acknowledges by what was only shown"
    );

    house.after(SECOND).await;
    house.resolve(labels).await;
    let sent = house.told.take().remove(0);
    assert_eq!(sent.status, Status::Resolved);
    assert_alike(&house.engine.notification(alert).unwrap(), &sent);
    house.after(MINUTE * 14).await;
    assert_alike(&house.engine.notification(alert).unwrap(), &sent);
    house.after(HOUR * 2).await;
    assert!(
        house.engine.notification(alert).is_none(),
        "it has been over for long"
    );
    assert!(house.told.take().is_empty(), "a preview tells nobody");
}

#[tokio::test]
async fn an_alert_that_waits_is_shown_as_it_will_be_told() {
    let house =
        House::with(|builder| builder.rule(Rule::new("Too hot").metric("heat").above(1.0).for_(MINUTE)));
    house.engine.record("heat", 2.0);
    house.engine.tick().await;
    let alert = house.engine.active()[0].fingerprint;
    let shown = house.engine.notification(alert).unwrap();
    assert_eq!(shown.to_string(), "[WARNING] Too hot: heat 2 > 1");
    house.engine.record("heat", 0.0);
    house.after(SECOND).await;
    assert!(house.engine.notification(alert).is_none(), "nothing is wrong");
    assert!(house.told.take().is_empty());
}
