use std::collections::BTreeSet;

use crate::labels::Labels;
use crate::notification::Status;
use crate::notifier::Notifier;
use crate::rule::Severity;
use crate::testing::sample_notification;

/// Checks that a notifier whose far end takes everything holds what the engine relies on.
///
/// The name is stable and fit for a metric label; there is a target, and no two are the same; firing and resolved of every severity are taken; a repetition of the
/// same delivery is taken; hostile, empty and very long texts are cut or escaped but never a reason to fail; several
/// sends at once do not disturb each other.
///
/// # Panics
/// When it does not.
pub async fn notifier_contract(notifier: &dyn Notifier) {
    let name = notifier.name().to_owned();
    let allowed = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    assert!(
        (1..=64).contains(&name.len()) && name.bytes().all(allowed),
        "name {name:?} is no label"
    );
    assert_eq!(notifier.name(), name, "the name changes");

    let targets = notifier.targets();
    let unique: BTreeSet<&String> = targets.iter().collect();
    assert!(
        unique.len() == targets.len() && targets.iter().all(|target| target.len() <= 255),
        "targets are not unique or too long: {targets:?}"
    );
    assert!(!targets.is_empty(), "there is no target");
    let target = targets.first().cloned().unwrap_or_default();
    let sample_notification = |rule: &str, status| {
        let mut notification = sample_notification(rule, status);
        notification.target.clone_from(&target);
        notification
    };

    for severity in Severity::ALL {
        for status in [Status::Firing, Status::Resolved] {
            let mut notification = sample_notification("Contract", status);
            notification.severity = severity;
            let result = notifier.send(&notification).await;
            assert!(result.is_ok(), "{severity} {status}: {result:?}");
        }
    }

    let mut repeated = sample_notification("Repeated", Status::Firing);
    for attempt in 1..=2 {
        repeated.attempt = attempt;
        let result = notifier.send(&repeated).await;
        assert!(result.is_ok(), "attempt {attempt}: {result:?}");
    }

    let long = "ação 🚨 ".repeat(20_000);
    for text in [
        "",
        "\r\nX-Injected: yes\r\n\r\n",
        "<b>&amp;</i>*_`[a](b)",
        "\u{0}\u{1b}[2J\u{202e}",
        &long,
    ] {
        let mut notification = sample_notification(text, Status::Firing);
        for alert in &mut notification.alerts {
            text.clone_into(&mut alert.description);
            alert.labels = Labels::from([("label", text)]);
            alert.annotations.insert("note".to_owned(), text.to_owned());
            alert.value = None;
        }
        let result = notifier.send(&notification).await;
        let start: String = text.chars().take(20).collect();
        assert!(result.is_ok(), "a text that begins with {start:?}: {result:?}");
    }

    let (one, two) = (
        sample_notification("One", Status::Firing),
        sample_notification("Two", Status::Firing),
    );
    let results = futures::future::join(notifier.send(&one), notifier.send(&two)).await;
    assert!(results.0.is_ok() && results.1.is_ok(), "two at once: {results:?}");
}
