//! Against a real mail server: Python's aiosmtpd, whose mails Python's email package reads.

use aurora_core::time::ManualClock;

use super::sink::{Sink, header};
use super::*;
use crate::testing::notifier_contract;

fn through(sink: &Sink, encryption: Encryption) -> EmailBuilder {
    Email::builder("localhost", "Alertas da Aurora ☀ <alerts@example.com>")
        .port(sink.port)
        .encryption(encryption)
        .root_certificate(sink.root.as_str())
        .to("Ana <ana@example.com>")
}

fn to(target: &str) -> Notification {
    let mut notification = samples::firing();
    target.clone_into(&mut notification.target);
    notification
}

#[tokio::test]
async fn mail_arrives_encrypted_in_both_ways_with_both_parts() {
    for (mode, encryption) in [("starttls", Encryption::StartTls), ("tls", Encryption::Tls)] {
        let Some(sink) = Sink::start(&[mode]) else { return };
        let email = through(&sink, encryption).build().unwrap();
        let mut notification = to("ana@example.com");
        notification.alerts[0].rule = "Latência alta 🚨".to_owned();
        let receipt = email.send(&notification).await.unwrap();
        assert_eq!(receipt.message.as_deref(), Some("4F1A2"));

        let mail = sink.next("mail");
        assert_eq!(mail["encrypted"], true, "{mode}");
        assert_eq!(mail["from"], "alerts@example.com");
        assert_eq!(mail["to"], serde_json::json!(["ana@example.com"]));
        assert_eq!(mail["type"], "multipart/alternative");
        assert_eq!(mail["defects"], serde_json::json!([]));
        assert_eq!(mail["ascii"], true, "no 8BITMIME is needed");
        assert!(mail["longest"].as_u64().unwrap() <= 998, "RFC 5322 §2.1.1");
        let rendered = email.render(&notification);
        let parts = mail["parts"].as_array().unwrap();
        let lines = |text: &str| text.replace("\r\n", "\n").trim_end().to_owned();
        for (part, kind, text) in [
            (&parts[0], "text/plain", &rendered.text),
            (&parts[1], "text/html", rendered.html.as_ref().unwrap()),
        ] {
            assert_eq!(part["type"], kind);
            assert_eq!(lines(part["text"].as_str().unwrap()), lines(text));
        }
        for (name, value) in [
            ("Subject", "[WARNING] Latência alta 🚨"),
            ("From", "Alertas da Aurora ☀ <alerts@example.com>"),
            ("To", "Ana <ana@example.com>"),
            ("Date", "Thu, 01 Jan 2026 00:00:00 +0000"),
            ("Auto-Submitted", "auto-generated"),
            ("Message-ID", "<dlv_019b76daa40070008000000000000001@example.com>"),
        ] {
            assert_eq!(header(&mail, name), [value], "{name}");
        }
    }
}

#[tokio::test]
async fn a_repetition_is_the_same_mail_and_a_group_is_one_thread() {
    let Some(sink) = Sink::start(&["starttls"]) else {
        return;
    };
    let email = through(&sink, Encryption::StartTls).build().unwrap();
    let mut first = to("ana@example.com");
    email.send(&first).await.unwrap();
    first.attempt = 2;
    email.send(&first).await.unwrap();
    let mut second = samples::over_before_told();
    second.id = "dlv_019b76daa40070008000000000000002".parse().unwrap();
    second.group_key.clone_from(&first.group_key);
    email.send(&second).await.unwrap();

    let mails = [sink.next("mail"), sink.next("mail"), sink.next("mail")];
    assert_eq!(mails[0], mails[1], "byte for byte as far as it is read");
    assert_ne!(header(&mails[0], "Message-ID"), header(&mails[2], "Message-ID"));
    assert_eq!(header(&mails[0], "References"), header(&mails[2], "References"));
    assert_eq!(header(&mails[0], "In-Reply-To"), header(&mails[0], "References"));
    assert!(
        !header(&mails[0], "References")[0].contains("zone"),
        "no label leaks"
    );
    drop(email);
    let rest = sink.rest();
    let connections = rest.iter().filter(|event| event["event"] == "closed").count();
    assert!(connections <= 1, "the connection was kept: {rest:?}");
}

#[tokio::test]
async fn without_starttls_nothing_is_sent_but_the_greeting() {
    let Some(sink) = Sink::start(&["clear", "--auth", "user:hunter2"]) else {
        return;
    };
    let email = through(&sink, Encryption::StartTls).credentials("user", "hunter2");
    let error = email
        .build()
        .unwrap()
        .send(&to("ana@example.com"))
        .await
        .unwrap_err();
    assert!(
        error.is_retryable() && error.to_string().contains("STARTTLS"),
        "{error}"
    );
    let received = sink.next("closed")["received"].as_str().unwrap().to_owned();
    let commands: Vec<_> = received.lines().collect();
    assert!(
        commands[0].starts_with("EHLO ") && commands.len() == 1,
        "{commands:?}"
    );
}

#[tokio::test]
async fn what_somebody_put_in_clear_behind_the_answer_to_starttls_is_no_answer() {
    let answers = "250 sink.example\r\n250 OK\r\n250 OK\r\n354 go on\r\n250 OK: queued as nothing";
    let Some(sink) = Sink::start(&["starttls", "--inject", answers]) else {
        return;
    };
    let email = through(&sink, Encryption::StartTls).build().unwrap();
    let error = email.send(&to("ana@example.com")).await.unwrap_err();
    assert_eq!(error.kind(), NotifyErrorKind::Server, "{error}");
    let rest = sink.rest();
    assert!(rest.iter().all(|event| event["event"] != "mail"), "{rest:?}");
}

#[tokio::test]
async fn wrong_certificates_are_refused_before_anything_is_said() {
    for (mode, encryption) in [("starttls", Encryption::StartTls), ("tls", Encryption::Tls)] {
        for is_trusted in [false, true] {
            let host = if is_trusted {
                "mail.example.com"
            } else {
                "localhost"
            };
            let Some(sink) = Sink::start(&[mode, "--host", host]) else {
                return;
            };
            let builder = if is_trusted {
                through(&sink, encryption)
            } else {
                let stranger = Email::builder("localhost", "a@example.com").port(sink.port);
                stranger.encryption(encryption).to("ana@example.com")
            };
            let email = builder.credentials("user", "hunter2").build().unwrap();
            let error = email.send(&to("ana@example.com")).await.unwrap_err();
            assert_eq!(error.kind(), NotifyErrorKind::Server, "{error}");
            for event in sink.rest() {
                assert_eq!(event["event"], "closed", "{event}");
                let received = event["received"].as_str().unwrap();
                let told = received.contains("AUTH") || received.contains("MAIL");
                assert!(!told, "{mode}: {received:?}");
            }
        }
    }
}

#[tokio::test]
async fn a_refused_recipient_keeps_no_other_from_being_told() {
    let Some(sink) = Sink::start(&["starttls", "--reject", "gone@example.com"]) else {
        return;
    };
    let email = through(&sink, Encryption::StartTls)
        .to("gone@example.com")
        .to("ops@example.com");
    let email = email.build().unwrap();
    let mut outcomes = Vec::new();
    for target in email.targets() {
        outcomes.push(email.send(&to(&target)).await);
    }
    let error = outcomes[1].as_ref().unwrap_err();
    assert_eq!(
        (error.kind(), error.scope()),
        (NotifyErrorKind::Gone, Scope::Target)
    );
    assert_eq!(
        error.to_string(),
        "status 550 5.1.1: the recipient does not exist"
    );
    assert!(!format!("{error:?}").contains("gone@"), "{error:?}");
    assert!(outcomes[0].is_ok() && outcomes[2].is_ok());
    let told = [sink.next("mail"), sink.next("mail")].map(|mail| mail["to"][0].clone());
    assert_eq!(told, ["ana@example.com", "ops@example.com"]);
}

#[tokio::test]
async fn what_the_server_refuses_decides_about_repetition() {
    use NotifyErrorKind::{Client, RateLimited, Server};
    let table: [(&[&str], NotifyErrorKind); 5] = [
        (&["--busy", "1"], Server),
        (&["--reject", "ana@example.com=452 4.5.3 too many"], RateLimited),
        (&["--reject", "ana@example.com=550 5.7.1 relaying denied"], Client),
        (&["--answer", "451 4.3.0 later"], Server),
        (&["--answer", "550 5.6.0 spam"], Client),
    ];
    for (arguments, kind) in table {
        let Some(sink) = Sink::start(&[&["starttls"], arguments].concat()) else {
            return;
        };
        let email = through(&sink, Encryption::StartTls).build().unwrap();
        let error = email.send(&to("ana@example.com")).await.unwrap_err();
        assert_eq!(error.kind(), kind, "{arguments:?}: {error}");
        let again = email.send(&to("ana@example.com")).await;
        assert_eq!(
            again.is_ok(),
            arguments[0] == "--busy",
            "{arguments:?}: {again:?}"
        );
    }
}

#[tokio::test]
async fn credentials_are_given_under_encryption_and_wrong_ones_are_told() {
    for (mode, encryption) in [("starttls", Encryption::StartTls), ("tls", Encryption::Tls)] {
        let Some(sink) = Sink::start(&[mode, "--auth", "user:hunter2"]) else {
            return;
        };
        let right = through(&sink, encryption)
            .credentials("user", "hunter2")
            .build()
            .unwrap();
        right.send(&to("ana@example.com")).await.unwrap();
        assert_eq!(sink.next("mail")["user"], "user");
        for builder in [
            through(&sink, encryption).credentials("user", "hunter3"),
            through(&sink, encryption),
        ] {
            let error = builder
                .build()
                .unwrap()
                .send(&to("ana@example.com"))
                .await
                .unwrap_err();
            assert_eq!(error.kind(), NotifyErrorKind::Auth, "{mode}: {error}");
            assert!(!format!("{error} {error:?}").contains("hunter"));
        }
    }
}

#[tokio::test]
async fn no_answer_to_a_mail_means_that_it_may_have_arrived() {
    let Some(sink) = Sink::start(&["tls", "--silent"]) else {
        return;
    };
    let clock = ManualClock::default();
    let email = through(&sink, Encryption::Tls)
        .clock(clock.clone())
        .build()
        .unwrap();
    let sending = tokio::spawn(async move { email.send(&to("ana@example.com")).await });
    // The server has the whole mail, and says nothing.
    tokio::task::spawn_blocking(move || (sink.next("mail"), sink))
        .await
        .unwrap();
    clock.advance(Duration::from_secs(31));
    let error = sending.await.unwrap().unwrap_err();
    assert_eq!(error.kind(), NotifyErrorKind::Timeout, "{error}");

    let sink = Sink::start(&["starttls", "--hang-up"]).unwrap();
    let email = through(&sink, Encryption::StartTls).build().unwrap();
    let error = email.send(&to("ana@example.com")).await.unwrap_err();
    assert_eq!(error.kind(), NotifyErrorKind::Timeout, "{error}");
    assert!(error.to_string().contains("may have arrived"));
}

#[tokio::test]
async fn no_text_becomes_a_header_or_a_recipient() {
    let Some(sink) = Sink::start(&["starttls"]) else {
        return;
    };
    let email = through(&sink, Encryption::StartTls).build().unwrap();
    let evil = "x\r\nBcc: evil@example.com\r\nSubject: other\r\n\r\n.\r\nRCPT TO:<evil@example.com>\r\n\u{0}=?utf-8?q?y?=";
    email.send(&samples::hostile(evil, Status::Firing)).await.unwrap();
    let mail = sink.next("mail");
    assert_eq!(mail["to"], serde_json::json!(["ana@example.com"]));
    let names: Vec<_> = mail["headers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|header| &header[0])
        .collect();
    assert_eq!(names.len(), 10, "{names:?}");
    for name in ["Bcc", "Cc"] {
        assert!(header(&mail, name).is_empty());
    }
    assert_eq!(header(&mail, "Subject").len(), 1);
    assert_eq!(mail["parts"].as_array().unwrap().len(), 2);
    assert_eq!(mail["defects"], serde_json::json!([]));
}

#[tokio::test]
async fn servers_at_no_public_address_can_be_forbidden() {
    let email = email()
        .egress(aurora_core::http::Egress::PublicOnly)
        .build()
        .unwrap();
    drop(email);
    let own = Email::builder("127.0.0.1", "a@example.com")
        .to("ops@example.com")
        .egress(aurora_core::http::Egress::PublicOnly);
    let error = own
        .build()
        .unwrap()
        .send(&to("ops@example.com"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), NotifyErrorKind::Client, "{error}");
}

#[tokio::test]
async fn keeps_the_contract() {
    let Some(sink) = Sink::start(&["starttls"]) else {
        return;
    };
    notifier_contract(&through(&sink, Encryption::StartTls).build().unwrap()).await;
}

#[tokio::test]
async fn a_letter_is_a_plain_mail_to_whoever_it_names() {
    let Some(sink) = Sink::start(&["starttls"]) else {
        return;
    };
    let letters = through(&sink, Encryption::StartTls).letters().unwrap();
    let letter = |to: &str| Letter {
        id: samples::firing().id,
        to: to.to_owned(),
        subject: "Convite para a Clínica\r\nBcc: all@example.com".to_owned(),
        text: "Olá!\n\nhttps://aurora.example/invite?token=abc\n".to_owned(),
        at: samples::firing().created_at,
    };
    letters.post(&letter("João <joao@example.com>")).await.unwrap();
    let mail = sink.next("mail");
    assert_eq!(mail["encrypted"], true);
    assert_eq!(mail["to"], serde_json::json!(["joao@example.com"]));
    assert!(header(&mail, "Subject")[0].starts_with("Convite para a Clínica"));
    assert!(header(&mail, "Bcc").is_empty(), "a subject is one line");
    assert!(format!("{mail}").contains("/invite?token=abc"));
    let error = letters.post(&letter("nobody")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.scope()),
        (NotifyErrorKind::Gone, Scope::Target)
    );
    assert!(!format!("{:?}", letter("ana@example.com")).contains("ana@"));
}
