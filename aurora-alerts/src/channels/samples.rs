//! The notifications by which the look of a channel is judged.

use std::time::Duration;

use aurora_core::time::Timestamp;

use crate::condition::Operator;
use crate::labels::Labels;
use crate::notification::{Change, NamedAlert, Notification, Reason, Status};
use crate::rule::Severity;
use crate::state::ResolveReason;
use crate::testing::{sample_alert, sample_notification};

const START: Timestamp = Timestamp::from_secs(1_767_225_600);

/// Each with its name; the same in every run.
pub(super) fn all() -> Vec<(&'static str, Notification)> {
    vec![
        ("firing", firing()),
        ("annotated", annotated()),
        ("resolved", of(vec![alert("Error rate high", Status::Resolved)])),
        ("silent", silent()),
        ("several", several()),
        ("escalated", escalated()),
        ("flapping", flapping()),
        ("digest", digest()),
        ("acknowledged", acknowledged()),
        ("over_before_told", over_before_told()),
    ]
}

pub(super) fn firing() -> Notification {
    let mut alert = alert("Error rate high", Status::Firing);
    alert.description = "Requests fail <often> & for many.\nLook at the provider first.".to_owned();
    alert.annotations.insert(
        "runbook".to_owned(),
        "https://wiki.example.com/errors?a=1&b=2".to_owned(),
    );
    alert.generator_url = Some("https://grafana.example.com/d/abc".to_owned());
    let mut notification = of(vec![alert]);
    notification.acknowledge_url = Some("https://app.example.com/ack?token=abc".to_owned());
    notification
}

/// With what needs care: texts of several lines, markup, links and what only looks like one.
fn annotated() -> Notification {
    let mut notification = firing();
    let alert = &mut notification.alerts[0];
    alert.description =
        "More than a fifth of the answers are errors.\nLook at <the dashboard> & *breathe*.".to_owned();
    alert.labels = Labels::from([
        ("alertname", "Error rate high"),
        ("provider", "openai"),
        ("zone", "a_1"),
    ]);
    alert.generator_url = Some("https://aurora.example.com/rules/1?tab=a&b=c".to_owned());
    for (name, text) in [
        ("runbook", "https://wiki.example.com/errors_(high)"),
        ("owner", "team <platform>"),
        ("trap", "javascript:alert(1)"),
    ] {
        alert.annotations.insert(name.to_owned(), text.to_owned());
    }
    notification.acknowledge_url = Some("https://aurora.example.com/ack/dlv_1?sig=abc&until=1".to_owned());
    notification.others_firing = 2;
    notification
}

/// Over because its series brings no data any more.
fn silent() -> Notification {
    let mut alert = alert("Error rate high", Status::Resolved);
    alert.resolve_reason = Some(ResolveReason::NoData);
    of(vec![alert])
}

pub(super) fn several() -> Notification {
    let mut disk = alert("Disk full", Status::Firing);
    disk.severity = Severity::Critical;
    (disk.metric, disk.value) = (Some("disk_used".to_owned()), Some(0.971));
    (disk.operator, disk.threshold) = (Some(Operator::AtLeast), Some(0.95));
    disk.labels.insert("host", "db-1");
    disk.acknowledged_by = Some("Ana".to_owned());
    let mut notification = of(vec![
        disk,
        alert("Error rate high", Status::Firing),
        alert("Latency high", Status::Resolved),
    ]);
    notification.severity = Severity::Critical;
    notification.others_firing = 2;
    notification
}

fn escalated() -> Notification {
    let mut notification = firing();
    (notification.reason, notification.escalation_step) = (Reason::Escalated, Some(2));
    notification
}

fn flapping() -> Notification {
    let mut alert = alert("Error rate high", Status::Firing);
    alert.changes = (1..=6)
        .map(|seq| Change {
            seq,
            status: if seq % 2 == 1 {
                Status::Firing
            } else {
                Status::Resolved
            },
            at: START + Duration::from_secs(60 * seq),
        })
        .collect();
    alert.changes_total = 41;
    let mut notification = of(vec![alert]);
    notification.reason = Reason::Flapping;
    notification
}

fn acknowledged() -> Notification {
    let mut notification = of(vec![alert("Error rate high", Status::Firing)]);
    notification.reason = Reason::Acknowledged;
    notification.alerts[0].acknowledged_by = Some("ana@example.com".to_owned());
    notification
}

fn digest() -> Notification {
    let mut notification = several();
    notification.reason = Reason::Digest;
    notification
}

pub(super) fn over_before_told() -> Notification {
    let mut alert = alert("Error rate high", Status::Resolved);
    let change = |seq, status, after| Change {
        seq,
        status,
        at: START + Duration::from_secs(after),
    };
    alert.changes = vec![change(1, Status::Firing, 0), change(2, Status::Resolved, 60)];
    alert.changes_total = 2;
    of(vec![alert])
}

/// Texts that are long, empty, or meant to break out of a markup.
pub(super) fn hostile(text: &str, status: Status) -> Notification {
    let mut alert = alert(text, status);
    text.clone_into(&mut alert.description);
    alert.labels = Labels::from([(text, text), ("zone", text)]);
    alert.annotations = [(text.to_owned(), text.to_owned())].into();
    alert.metric = Some(text.to_owned());
    alert.generator_url = Some(text.to_owned());
    alert.acknowledged_by = Some(text.to_owned());
    let mut notification = of(vec![alert; 3]);
    notification.group_key = text.to_owned();
    notification.receiver = text.to_owned();
    notification.acknowledge_url = Some(format!("https://app.example.com/{text}"));
    notification
}

fn alert(rule: &str, status: Status) -> NamedAlert {
    let mut alert = sample_alert(rule, status);
    alert.labels = Labels::from([("zone", "sa-east-1")]);
    alert
}

fn of(alerts: Vec<NamedAlert>) -> Notification {
    let status = if alerts.iter().any(|alert| alert.status == Status::Firing) {
        Status::Firing
    } else {
        Status::Resolved
    };
    let mut notification = sample_notification("any", status);
    notification.id = "dlv_019b76daa40070008000000000000001".parse().unwrap();
    notification.group_key = "ops/{zone=\"sa-east-1\"}".to_owned();
    notification.group_labels = Labels::from([("zone", "sa-east-1")]);
    notification.alerts = alerts;
    notification
}
