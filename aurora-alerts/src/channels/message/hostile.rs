//! Notifications that try to break a channel, each alert with a name whose start can be looked for.

use aurora_core::time::Timestamp;
use proptest::prelude::*;

use crate::labels::Labels;
use crate::notification::{Change, NamedAlert, Notification, Reason, Status};
use crate::rule::Severity;
use crate::testing::{sample_alert, sample_notification};

/// The start of the name of an alert.
pub(in crate::channels) fn name_start(index: usize) -> String {
    format!("Rule{index}x")
}

/// The worst that a channel can get: as many alerts as it takes, everything long, everything to be escaped.
pub(in crate::channels) fn worst(alerts: usize, text: &str) -> Notification {
    let mut notification = sample_notification("", Status::Firing);
    notification.reason = Reason::Escalated;
    notification.severity = Severity::Critical;
    notification.escalation_step = Some(u32::MAX);
    notification.others_firing = u64::MAX;
    notification.acknowledge_url = Some(format!("https://a.example/?{}", "&".repeat(110)));
    notification.alerts = (0..alerts)
        .map(|index| {
            let mut alert = sample_alert(&format!("{}{text}", name_start(index)), Status::Firing);
            alert.severity = Severity::Critical;
            alert.metric = Some(text.to_owned());
            text.clone_into(&mut alert.description);
            alert.labels = (0..30).map(|label| (format!("l{label}{text}"), text)).collect();
            alert.annotations = (0..30)
                .map(|note| (format!("n{note}{text}"), text.to_owned()))
                .collect();
            alert.generator_url = Some(format!("https://a.example/?{}", "&".repeat(110)));
            alert
        })
        .collect();
    notification
}

/// Texts that mean something to a markup, a protocol or a screen, up to a few thousand characters.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        any::<String>(),
        "\\PC{0,40}",
        "[&<>\"'*_`|\\\\\\[\\]()#@!~^:/. -]{0,60}",
        prop_oneof![
            Just("</b><a href=\"javascript:alert(1)\">x</a>"),
            Just("<!channel> <@U1> @everyone <@1>"),
            Just("[x](javascript:alert(1)) <javascript:alert(1)|x>"),
            Just("&amp;&lt;&#x3c;"),
            Just("\r\n\u{0}\u{1b}[2J\u{202e}"),
            Just("javascript:alert(1)"),
            Just("https://example.com/a?b=c&d='|e\"<>)"),
            Just("ação 🚨👩‍👩‍👧 "),
        ]
        .prop_map(str::to_owned),
        ("[&<*_\n🚨a \"\\\\]{1,4}", 1_usize..600).prop_map(|(text, times)| text.repeat(times)),
    ]
}

fn status() -> impl Strategy<Value = Status> {
    prop_oneof![Just(Status::Firing), Just(Status::Resolved)]
}

fn severity() -> impl Strategy<Value = Severity> {
    prop::sample::select(Severity::ALL.to_vec())
}

prop_compose! {
    fn alert()(
        texts in prop::collection::vec(text(), 4),
        labels in prop::collection::vec((text(), text()), 0..8),
        annotations in prop::collection::btree_map(text(), text(), 0..8),
        generator_url in prop::option::of(text()),
        acknowledged_by in prop::option::of(text()),
        value in prop::option::of(any::<f64>()),
        (status, severity) in (status(), severity()),
        changes in prop::collection::vec((status(), any::<i32>()), 0..16),
    ) -> NamedAlert {
        let mut alert = sample_alert(&texts[0], status);
        alert.severity = severity;
        alert.description.clone_from(&texts[1]);
        alert.metric = Some(texts[2].clone());
        alert.labels = labels.into_iter().collect::<Labels>();
        alert.annotations = annotations;
        alert.generator_url = generator_url;
        alert.acknowledged_by = acknowledged_by;
        alert.value = value;
        alert.changes_total = changes.len().try_into().unwrap();
        alert.changes = changes
            .into_iter()
            .map(|(status, secs)| Change { seq: 1, status, at: Timestamp::from_secs(secs.into()) })
            .collect();
        alert
    }
}

prop_compose! {
    /// Anything with at most so many alerts.
    pub(in crate::channels) fn notifications(most: usize)(
        alerts in prop::collection::vec(alert(), 1..=most),
        reason in prop::sample::select(vec![
            Reason::Changed, Reason::Repeated, Reason::Escalated, Reason::Acknowledged, Reason::Flapping,
            Reason::Digest, Reason::Test,
        ]),
        acknowledge_url in prop::option::of(prop_oneof![
            text(),
            "https://a\\.example/ack\\?[&=a-z'|]{0,500}",
        ]),
        others_firing in prop_oneof![Just(0), Just(1), any::<u64>()],
        (status, severity) in (status(), severity()),
    ) -> Notification {
        let mut notification = sample_notification("", status);
        notification.severity = severity;
        notification.reason = reason;
        notification.escalation_step = Some(2);
        notification.acknowledge_url = acknowledge_url;
        notification.others_firing = others_firing;
        notification.alerts = alerts;
        for (index, alert) in notification.alerts.iter_mut().enumerate() {
            alert.rule.insert_str(0, &name_start(index));
        }
        notification
    }
}
