use std::time::Duration;

use aurora_core::failure::{Failure as _, FailureClass};
use aurora_core::time::ManualClock;

use super::*;
use crate::channels::whatsapp::graph::{Advice, Rates, SendFailure, SentStatus};
use crate::channels::whatsapp::outgoing::{Body, Outgoing, Recipient, Template};
use crate::channels::whatsapp::testing::Fault;

fn hello() -> Outgoing {
    Outgoing::text(Recipient::number(ANA), "Olá")
}

#[tokio::test]
async fn a_message_is_sent_with_its_token_in_the_set_version() {
    let graph = graph().await;
    graph.know_as(ANA, "551187654321");
    let client = settings(&graph).version("v25.0").build().unwrap();
    let sent = client.send(&access(), &hello()).await.unwrap();
    assert_eq!(sent.wa_id.as_deref(), Some("551187654321"));
    assert_eq!(sent.status, SentStatus::Accepted);
    client.mark_read(&access(), "wamid.1", true).await.unwrap();
    let template = Outgoing::new(
        Recipient::number(ANA),
        Body::Template(Template::new("hello_world", "en_US")),
    );
    client.send(&access(), &template).await.unwrap();
    let seen = graph.seen();
    assert_eq!(seen.len(), 3);
    assert_eq!(seen[0].path, format!("/v25.0/{NUMBER}/messages"));
    assert_eq!(seen[0].token.as_deref(), Some("token"));
    assert_eq!(seen[1].body["typing_indicator"]["type"], "text");
    assert_eq!(graph.messages().len(), 2);
}

async fn outcome(fault: Fault) -> (SendFailure, usize) {
    let graph = graph().await;
    let client = settings(&graph).timeout(Duration::from_secs(1)).build().unwrap();
    graph.fail_next(fault);
    let failure = client.send(&access(), &hello()).await.unwrap_err();
    (failure, graph.messages().len())
}

#[tokio::test]
async fn what_may_have_been_taken_is_told_from_what_was_not() {
    for (fault, taken) in [
        (Fault::LoseAnswer, 1),
        (Fault::Hang, 1),
        (Fault::BadJson, 1),
        (Fault::Page(502), 0),
        (Fault::Page(504), 0),
    ] {
        let (failure, messages) = outcome(fault.clone()).await;
        assert!(
            matches!(failure, SendFailure::Uncertain(_)),
            "{fault:?}: {failure:?}"
        );
        assert_eq!((failure.advice(), messages), (None, taken), "{fault:?}");
        assert!(!failure.not_executed());
    }
    for (fault, advice) in [
        (Fault::code(130_429), Advice::WaitForNumber),
        (Fault::code(131_047), Advice::UseTemplate),
        (Fault::code(131_056), Advice::WaitForPair),
        (Fault::code(131_026), Advice::Stop),
        (Fault::code(131_000), Advice::Retry),
        (Fault::code(190), Advice::Account),
        (
            Fault::Error {
                status: 500,
                code: 131_026,
                is_transient: true,
            },
            Advice::Retry,
        ),
        (Fault::Page(404), Advice::Account),
        (Fault::Page(413), Advice::Stop),
        (Fault::Page(429), Advice::WaitForNumber),
    ] {
        let (failure, messages) = outcome(fault.clone()).await;
        assert_eq!((failure.advice(), messages), (Some(advice), 0), "{fault:?}");
        assert!(failure.not_executed());
    }
    let pair = outcome(Fault::code(131_056)).await.0;
    assert_eq!(pair.retry_after(), Some(Duration::from_secs(6)));
    assert_eq!(
        (pair.code(), pair.class()),
        (Some(131_056), FailureClass::Throttled)
    );
}

#[tokio::test]
async fn without_a_connection_nothing_was_sent() {
    let graph = graph().await;
    let client = settings(&graph).build().unwrap();
    drop(graph);
    // Until its socket is closed.
    for _ in 0..16 {
        tokio::task::yield_now().await;
    }
    let failure = client.send(&access(), &hello()).await.unwrap_err();
    assert!(matches!(failure, SendFailure::NotSent(_)) && failure.not_executed());
}

#[tokio::test]
async fn a_wrong_token_and_a_wrong_message_are_told_without_showing_them() {
    let graph = graph().await;
    let client = settings(&graph).build().unwrap();
    let wrong = NumberAccess {
        token: "other-token".into(),
        ..access()
    };
    let failure = client.send(&wrong, &hello()).await.unwrap_err();
    assert_eq!(failure.advice(), Some(Advice::Account));
    let shown = format!("{failure:?} {failure} {wrong:?} {client:?} {:?}", hello());
    for secret in ["other-token", ANA, "Olá"] {
        assert!(!shown.contains(secret), "{shown}");
    }
    let failure = client
        .send(&access(), &Outgoing::text(Recipient::number(ANA), ""))
        .await
        .unwrap_err();
    assert!(matches!(failure, SendFailure::Invalid(_)));
    assert_eq!(graph.seen().len(), 1);
    // The number of another account is not found.
    let foreign = NumberAccess {
        number_id: "1".to_owned(),
        ..access()
    };
    assert_eq!(
        client.send(&foreign, &hello()).await.unwrap_err().code(),
        Some(100)
    );
}

#[tokio::test]
async fn a_pair_has_its_burst_and_then_one_message_every_six_seconds() {
    let graph = graph().await;
    let clock = ManualClock::default();
    let rates = Rates {
        per_second: 80,
        pair_burst: 3,
    };
    let client = settings(&graph)
        .rates(rates)
        .clock(clock.clone())
        .build()
        .unwrap();
    for _ in 0..3 {
        client.send(&access(), &hello()).await.unwrap();
    }
    let failure = client.send(&access(), &hello()).await.unwrap_err();
    assert!(
        matches!(failure, SendFailure::Limited { is_pair: true, retry_after } if retry_after == Duration::from_secs(6))
    );
    // Somebody else can be written to meanwhile, and from another number.
    client
        .send(
            &access(),
            &Outgoing::text(Recipient::number("5511900000000"), "Oi"),
        )
        .await
        .unwrap();
    graph.add_number("2", "token");
    let other = NumberAccess {
        number_id: "2".to_owned(),
        ..access()
    };
    client.send(&other, &hello()).await.unwrap();
    clock.advance(Duration::from_secs(6));
    client.send(&access(), &hello()).await.unwrap();
    client.send(&access(), &hello()).await.unwrap_err();
    assert_eq!(graph.messages().len(), 6);
}

#[tokio::test]
async fn a_number_sends_no_more_than_its_rate() {
    let graph = graph().await;
    let clock = ManualClock::default();
    let rates = Rates {
        per_second: 2,
        pair_burst: 45,
    };
    let client = settings(&graph)
        .rates(rates)
        .clock(clock.clone())
        .build()
        .unwrap();
    client.send(&access(), &hello()).await.unwrap();
    client.send(&access(), &hello()).await.unwrap();
    let (client, waiting) = (client.clone(), access());
    let third = tokio::spawn(async move { client.send(&waiting, &hello()).await });
    while clock.sleepers() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(graph.messages().len(), 2);
    clock.advance(Duration::from_secs(1));
    third.await.unwrap().unwrap();
    assert_eq!(graph.messages().len(), 3);
}

#[tokio::test]
async fn settings_out_of_range_are_all_told() {
    let wrong = WhatsAppClient::builder()
        .base("ftp://x")
        .version("26")
        .timeout(Duration::ZERO)
        .rates(Rates {
            per_second: 0,
            pair_burst: 0,
        });
    let error = wrong.build().unwrap_err();
    let fields: Vec<&str> = error.fields().iter().map(|field| field.field.as_str()).collect();
    for field in ["base", "version", "timeout", "rates"] {
        assert!(fields.contains(&field), "{fields:?}");
    }
}
