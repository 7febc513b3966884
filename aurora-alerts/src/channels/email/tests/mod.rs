mod sending;
mod sink;

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::channels::samples;
use crate::notification::Status;

fn email() -> EmailBuilder {
    Email::builder("smtp.example.com", "Alerts <alerts@example.com>").to("ops@example.com")
}

#[test]
fn mails_look_like_this() {
    let email = email().build().unwrap();
    for (name, notification) in samples::all() {
        let rendered = email.render(&notification);
        assert_eq!(rendered, email.render(&notification), "pure");
        let html = rendered.html.unwrap();
        insta::assert_snapshot!(
            format!("email_{name}"),
            format!("{}\n\n{}\n{html}", rendered.title, rendered.text)
        );
    }
}

#[test]
fn every_recipient_is_a_target_and_several_alerts_fit() {
    let email = email().to("Ana <ana@example.com>").build().unwrap();
    assert_eq!(email.targets(), ["ops@example.com", "ana@example.com"]);
    assert_eq!(
        (email.limits().alerts, email.limits().spacing),
        (200, Duration::ZERO)
    );
    let error = email.recipient("gone@example.com").unwrap_err();
    assert_eq!(
        (error.kind(), error.scope()),
        (NotifyErrorKind::Gone, Scope::Target)
    );
    assert!(email.recipient("").is_err(), "it would not be known who is meant");
}

#[test]
fn everything_wrong_is_said_at_once_without_secrets() {
    let builder = Email::builder("smtp://x y", "nobody")
        .to("ana@example.com")
        .to("Ana <ana@example.com>")
        .to("joão@example.com")
        .root_certificate("no certificate")
        .encryption(Encryption::None)
        .credentials("user", "hunter\r\n2")
        .timeout(Duration::ZERO)
        .port(0);
    assert!(!format!("{builder:?}").contains("hunter"));
    let error = builder.build().unwrap_err();
    assert_eq!(error.problems().len(), 9, "{error}");
    assert!(!error.to_string().contains("hunter"));

    let error = Email::builder("localhost", "a@b.c").build().unwrap_err();
    assert!(error.to_string().contains("1 to 1000 recipients"), "{error}");
}

#[test]
fn credentials_in_clear_are_for_the_same_machine() {
    let clear = |host: &str| {
        Email::builder(host, "a@example.com")
            .to("b@example.com")
            .encryption(Encryption::None)
            .credentials("user", "password")
            .build()
    };
    for host in ["localhost", "127.0.0.1", "::1"] {
        assert!(clear(host).is_ok(), "{host}");
    }
    for host in ["mail.example.com", "10.0.0.1", "localhost.example.com"] {
        assert!(clear(host).is_err(), "{host}");
    }
}

#[test]
fn debug_shows_no_address_and_no_secret() {
    let email = email()
        .credentials("user@example.com", "hunter2")
        .build()
        .unwrap();
    let shown = format!("{email:?}");
    for secret in ["hunter2", "example.com"] {
        assert!(!shown.contains(secret), "{shown}");
    }
}

#[cfg(feature = "templates")]
#[test]
fn templates_take_the_place_of_subject_and_html() {
    use crate::template::Template;
    let texts = Texts::new()
        .with_title(Template::title("{{ mark }}: {{ alerts[0].rule }}\nBcc: x").unwrap())
        .with_body(Template::text("<p>{{ alerts[0].rule }}</p>").unwrap());
    let email = email().texts(texts).build().unwrap();
    let rendered = email.render(&samples::hostile("<b>", Status::Firing));
    assert_eq!(rendered.title, "WARNING: <b> Bcc: x");
    let html = rendered.html.unwrap();
    assert!(
        html.contains("<p>&lt;b&gt;</p>") && !html.contains("<b>"),
        "{html}"
    );
    assert!(rendered.text.contains("RESOLVED") || rendered.text.contains("WARNING: <b>"));
}

#[test]
fn long_texts_are_cut_with_a_mark_and_long_mails_count_what_they_leave_out() {
    let long = "ação <b> ".repeat(20_000);
    let mut notification = samples::hostile(&long, Status::Firing);
    let alert = notification.alerts[0].clone();
    notification.alerts = vec![alert; 200];
    let rendered = email().build().unwrap().render(&notification);
    let html = rendered.html.unwrap();
    assert!(rendered.title.chars().count() <= 200 && rendered.title.ends_with('…'));
    for part in [&rendered.text, &html] {
        assert!(part.len() < 400 * 1024, "{}", part.len());
        assert!(part.contains('…') && part.contains("more alerts are left out"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn nothing_breaks_out_of_the_html(text in "[<>&\"'a/=\\r\\n\u{202e}\u{0}-\u{1f}]{0,200}") {
        let notification = samples::hostile(&text, Status::Firing);
        let rendered = email().build().unwrap().render(&notification);
        let html = rendered.html.unwrap();
        let harmless = email().build().unwrap().render(&samples::hostile("a", Status::Firing));
        // Line breaks and links become tags of ours; there is no other tag than ours.
        let tags = |html: &str| -> std::collections::BTreeSet<String> {
            html.split('<').skip(1).map(|tag| tag.split([' ', '>']).next().unwrap().to_owned()).collect()
        };
        let mut known = tags(&harmless.html.unwrap());
        known.insert("br".to_owned());
        known.insert("a".to_owned());
        known.insert("/a".to_owned());
        prop_assert!(tags(&html).is_subset(&known), "{:?}", tags(&html));
        prop_assert!(!rendered.title.chars().any(char::is_control));
    }
}
