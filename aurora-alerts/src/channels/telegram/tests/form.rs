//! What messages look like, whatever they say.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;

use super::super::super::message::hostile::{name_start, notifications, worst};
use super::offline;
use crate::channels::samples;
use crate::notification::Notification;
use crate::notifier::Notifier;
use crate::testing::fakes::FakeTelegram;

fn check(notification: &Notification) {
    let rendered = offline().render(notification);
    let (body, html) = (rendered.json.unwrap(), rendered.html.unwrap());
    assert_eq!(FakeTelegram::refusal(&body), None, "{html}");
    assert!(html.encode_utf16().count() <= 4_096);
    assert!(
        rendered.text.encode_utf16().count() <= 4_096,
        "should it have to go without markup"
    );
    for index in 0..notification.alerts.len() {
        assert!(html.contains(&name_start(index)), "alert {index}: {html}");
        assert!(
            rendered.text.contains(&name_start(index)),
            "alert {index}: {}",
            rendered.text
        );
    }
    for link in html.split("<a").skip(1) {
        let allowed = [" href=\"https://", " href=\"http://"];
        assert!(allowed.iter().any(|start| link.starts_with(start)), "{html}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(20))]
    #[test]
    fn every_alert_is_named_and_every_limit_holds(notification in notifications(10)) {
        check(&notification);
    }
}

/// Notifications that need all the room there is.
fn worst_cases() -> Vec<Notification> {
    [
        "\"&".repeat(1_100),
        "🚨\n".repeat(1_100),
        "a".repeat(1_100),
        "</b><".repeat(500),
    ]
    .iter()
    .map(|text| worst(10, text))
    .collect()
}

#[test]
fn the_worst_case_fits_too() {
    worst_cases().iter().for_each(check);
}

/// What Python's XML parser says to each HTML: how many UTF-16 units are left without the markup. Nothing where Python
/// is not provided.
fn ask_python(html: &[String]) -> Option<Vec<usize>> {
    let python = aurora_core::testing::provided("python", "AURORA_TEST_PYTHON")?;
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/python/telegram_html.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin
        .write_all(serde_json::to_string(html).unwrap().as_bytes())
        .unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "not well-formed");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn a_parser_of_others_finds_the_html_well_formed() {
    let notifications = samples::all()
        .into_iter()
        .map(|(_, sample)| sample)
        .chain(worst_cases());
    let html: Vec<String> = notifications
        .map(|each| offline().render(&each).html.unwrap())
        .collect();
    if let Some(lengths) = ask_python(&html) {
        assert_eq!(lengths.len(), html.len());
        assert!(
            lengths.iter().all(|length| (1..=4_096).contains(length)),
            "{lengths:?}"
        );
    }
}

#[test]
fn every_sort_of_notification_has_its_form() {
    for (name, notification) in samples::all() {
        insta::assert_snapshot!(name, offline().render(&notification).html.unwrap());
    }
}
