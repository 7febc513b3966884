//! One notification of each sort, for the snapshots of every channel.

use std::time::Duration;

use aurora_core::time::Timestamp;

use crate::labels::Labels;
use crate::notification::{Change, NamedAlert, Notification, Reason, Status};
use crate::rule::Severity;
use crate::state::ResolveReason;
use crate::testing::{sample_alert, sample_notification};

/// Every sort, with its name.
pub(in crate::channels) fn samples() -> Vec<(&'static str, Notification)> {
    vec![
        ("firing", firing()),
        ("resolved", resolved()),
        ("several", several()),
        ("escalated", escalated()),
        ("flapping", flapping()),
        ("digest", digest()),
        ("acknowledged", acknowledged()),
        ("unseen", unseen()),
    ]
}

pub(in crate::channels) fn firing() -> Notification {
    let mut notification = sample_notification("Error rate high", Status::Firing);
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

fn resolved() -> Notification {
    let mut notification = sample_notification("Error rate high", Status::Resolved);
    let alert = &mut notification.alerts[0];
    alert.labels = Labels::from([("provider", "openai")]);
    alert.resolve_reason = Some(ResolveReason::NoData);
    notification
}

fn several() -> Notification {
    let mut notification = firing();
    notification.severity = Severity::Critical;
    notification.acknowledge_url = None;
    let mut critical = sample_alert("Success rate very low", Status::Firing);
    critical.severity = Severity::Critical;
    critical.labels = Labels::from([("provider", "cohere")]);
    let mut info = sample_alert("Cache cold", Status::Firing);
    info.severity = Severity::Info;
    (info.metric, info.value) = (None, None);
    notification.alerts.insert(0, critical);
    notification.alerts.push(info);
    notification
        .alerts
        .push(sample_alert("Response time high", Status::Resolved));
    notification
}

fn escalated() -> Notification {
    let mut notification = sample_notification("Error rate high", Status::Firing);
    notification.reason = Reason::Escalated;
    notification.escalation_step = Some(2);
    notification.acknowledge_url = Some("https://aurora.example.com/ack/dlv_1".to_owned());
    notification
}

fn flapping() -> Notification {
    let mut notification = sample_notification("Error rate high", Status::Firing);
    notification.reason = Reason::Flapping;
    changed(&mut notification.alerts[0], 16, 40);
    notification
}

fn digest() -> Notification {
    let mut notification = several();
    notification.reason = Reason::Digest;
    changed(&mut notification.alerts[1], 3, 3);
    notification
}

fn acknowledged() -> Notification {
    let mut notification = sample_notification("Error rate high", Status::Firing);
    notification.reason = Reason::Acknowledged;
    notification.alerts[0].acknowledged_by = Some("ana@example.com".to_owned());
    notification
}

fn unseen() -> Notification {
    let mut notification = sample_notification("Error rate high", Status::Resolved);
    changed(&mut notification.alerts[0], 2, 2);
    notification
}

/// Firing and resolved in turn, half a minute apart.
fn changed(alert: &mut NamedAlert, told: u64, total: u64) {
    let start = Timestamp::from_secs(1_767_225_600);
    alert.changes = (0..told)
        .map(|index| Change {
            seq: total - told + index + 1,
            status: if index % 2 == 0 {
                Status::Firing
            } else {
                Status::Resolved
            },
            at: start + Duration::from_secs(30 * index),
        })
        .collect();
    alert.changes_total = total;
}
