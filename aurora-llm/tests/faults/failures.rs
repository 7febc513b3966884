//! Upstreams that fail: broken servers, broken connections, broken answers, and none at all.

use std::time::Duration;

use aurora_llm::error::{ErrorKind, TimeoutStage};

use crate::clock::TestClock;
use crate::reaction::{Reaction, completion, failure};
use crate::setting::{builder, client, counts, failures, of, openai, pair, question};
use crate::upstream::{Upstream, nobody};

/// The first upstream fails in this way each time: how often it is asked before the second answers.
async fn asked_before_leaving(reaction: Reaction, kind: ErrorKind) -> usize {
    let first = Upstream::always("first", reaction).await;
    let second = Upstream::start("second", []).await;
    let answer = client(&TestClock::new(), [&first, &second])
        .chat(question())
        .await
        .unwrap();
    assert_eq!((answer.text().as_str(), second.count()), ("second", 1));
    let asked = first.count();
    assert_eq!(failures(answer.attempts()), vec![kind; asked]);
    asked
}

#[tokio::test]
async fn a_burst_of_500_is_tried_again_and_then_left() {
    for status in [500, 502, 504, 520] {
        let reaction = Reaction::error(status, "server_error", "The server had an error.");
        assert_eq!(asked_before_leaving(reaction, ErrorKind::ServerError).await, 3);
    }
}

#[tokio::test]
async fn a_single_500_stays_unseen() {
    let (first, second) = pair([Reaction::error(500, "server_error", "Oops.")]).await;
    let answer = client(&TestClock::new(), [&first, &second])
        .chat(question())
        .await
        .unwrap();
    assert_eq!(
        (answer.text().as_str(), counts(&first, &second)),
        ("first", (2, 0))
    );
    assert_eq!(
        first.received()[0].json(),
        first.received()[1].json(),
        "the same request again"
    );
}

#[tokio::test]
async fn a_page_of_a_gateway_is_its_status_and_not_shown() {
    assert_eq!(
        asked_before_leaving(Reaction::page(502), ErrorKind::ServerError).await,
        3
    );
    let first = Upstream::always("first", Reaction::page(502)).await;
    let error = client(&TestClock::new(), [&first])
        .chat(question())
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.status()),
        (ErrorKind::ServerError, Some(502))
    );
    assert!(error.provider_message().is_none() && !error.to_string().contains('<'));
}

#[tokio::test]
async fn an_answer_that_is_none_is_asked_for_once_more() {
    for reaction in [
        Reaction::page(200),
        Reaction::answer(200, &[], ""),
        Reaction::answer(
            200,
            &[("content-type", "application/json")],
            "{\"id\":\"1\",\"cho",
        ),
        Reaction::json(200, &[], &serde_json::json!({"id": "1", "choices": []})),
    ] {
        assert_eq!(asked_before_leaving(reaction, ErrorKind::Malformed).await, 2);
    }
}

#[tokio::test]
async fn an_error_under_status_200_is_an_error() {
    let refused = Reaction::json(
        200,
        &[],
        &failure("invalid_api_key", "Incorrect API key provided."),
    );
    assert_eq!(asked_before_leaving(refused, ErrorKind::Authentication).await, 1);
    let busy = Reaction::json(200, &[], &failure("rate_limit_exceeded", "Slow down."));
    assert_eq!(asked_before_leaving(busy, ErrorKind::RateLimited).await, 3);
}

#[tokio::test]
async fn a_broken_connection_is_tried_again_and_then_left() {
    assert_eq!(
        asked_before_leaving(Reaction::slam(), ErrorKind::ServerError).await,
        3
    );
    assert_eq!(
        asked_before_leaving(Reaction::default().close(), ErrorKind::ServerError).await,
        3
    );
    let half = Reaction::default().raw("HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"id\":");
    assert_eq!(
        asked_before_leaving(half.clone().close(), ErrorKind::ServerError).await,
        3
    );
    assert_eq!(
        asked_before_leaving(half.reset(), ErrorKind::ServerError).await,
        3
    );
}

#[tokio::test]
async fn what_is_not_http_is_asked_for_once_more() {
    let smtp = Reaction::default()
        .raw("220 mail.example.com ESMTP\r\n\r\n")
        .close();
    assert_eq!(asked_before_leaving(smtp, ErrorKind::Malformed).await, 2);
}

#[tokio::test]
async fn a_refused_connection_moves_on() {
    let second = Upstream::start("second", []).await;
    let client = builder(&TestClock::new())
        .provider(openai("first", nobody().await), "m")
        .provider(openai("second", second.url()), "m")
        .build()
        .unwrap();
    for streaming in [false, true] {
        let (attempts, text) = if streaming {
            let stream = client.stream(question()).await.unwrap();
            let attempts = stream.attempts().to_vec();
            (attempts, stream.collect_answer().await.unwrap().text())
        } else {
            let answer = client.chat(question()).await.unwrap();
            (answer.attempts().to_vec(), answer.text())
        };
        assert_eq!(text, "second");
        assert_eq!(failures(&attempts), [ErrorKind::Connect; 3]);
        client.reset();
    }
    assert_eq!(second.count(), 2);
}

#[tokio::test]
async fn whoever_never_answers_is_left_for_the_next() {
    let (first, second) = pair([Reaction::silence()]).await;
    let clock = TestClock::new();
    let client = of(builder(&clock), [&first, &second])
        .answer_timeout(Duration::from_secs(60))
        .build()
        .unwrap();
    let (answer, ()) = tokio::join!(client.chat(question()), async {
        first.arrived(1).await;
        clock.advance(Duration::from_secs(60));
    });
    let answer = answer.unwrap();
    assert_eq!(answer.text(), "second");
    assert_eq!(
        failures(answer.attempts()),
        [ErrorKind::Timeout(TimeoutStage::Total)]
    );
    assert_eq!(counts(&first, &second), (1, 1));
    first.abandoned(1).await;
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    let announced = Reaction::default()
        .raw(format!("{head}content-length: 99999999999\r\n\r\n{{"))
        .hang();
    assert_eq!(asked_before_leaving(announced, ErrorKind::Malformed).await, 2);
    let chunk = [b"10000\r\n".as_slice(), &[b' '; 0x1_0000], b"\r\n"].concat();
    let endless = Reaction::default()
        .raw(format!("{head}transfer-encoding: chunked\r\n\r\n"))
        .flood(chunk);
    assert_eq!(asked_before_leaving(endless, ErrorKind::Malformed).await, 2);
}

#[tokio::test]
async fn an_error_page_without_end_is_still_its_status() {
    let line = [b"1000\r\n".as_slice(), &[b'x'; 0x1000], b"\r\n"].concat();
    let endless = Reaction::default()
        .raw("HTTP/1.1 500 No\r\ntransfer-encoding: chunked\r\n\r\n")
        .flood(line);
    assert_eq!(asked_before_leaving(endless, ErrorKind::ServerError).await, 3);
}

#[tokio::test]
async fn a_packed_answer_is_unpacked() {
    let headers = [("content-type", "application/json"), ("content-encoding", "gzip")];
    let (first, second) = pair([Reaction::answer(200, &headers, PACKED)]).await;
    let answer = client(&TestClock::new(), [&first, &second])
        .chat(question())
        .await
        .unwrap();
    assert_eq!(answer.text(), "Packed.");
    assert!(
        first.received()[0]
            .header("accept-encoding")
            .unwrap()
            .contains("gzip")
    );
}

#[tokio::test]
async fn unknown_fields_and_odd_words_do_no_harm() {
    let mut odd = completion("Fine.");
    odd["choices"][0]["finish_reason"] = "eos".into();
    odd["service_tier"] = "on_demand".into();
    odd["usage"] = serde_json::json!({});
    let (first, second) = pair([Reaction::json(200, &[], &odd)]).await;
    let answer = client(&TestClock::new(), [&first, &second])
        .chat(question())
        .await
        .unwrap();
    assert_eq!((answer.text().as_str(), answer.usage()), ("Fine.", None));
}

/// A chat completion that says "Packed.", by gzip.
#[rustfmt::skip]
const PACKED: &[u8] = &[
    0x1f, 0x8b, 0x08, 0x00, 0x00, 0x00, 0x00, 0x00, 0x02, 0x03, 0x15, 0xca, 0x31, 0x0a, 0x80, 0x30,
    0x0c, 0x46, 0xe1, 0xab, 0xc8, 0x3f, 0x8b, 0xe0, 0xea, 0x29, 0xdc, 0x45, 0xa4, 0xa4, 0xd1, 0x16,
    0x6d, 0x23, 0xa6, 0x5b, 0xe9, 0xdd, 0x6d, 0xc6, 0x8f, 0xf7, 0x2a, 0xa2, 0xc7, 0x32, 0x60, 0xc6,
    0x38, 0x20, 0x89, 0xe7, 0xc7, 0x94, 0x4c, 0x14, 0x24, 0x12, 0x6b, 0xf7, 0x56, 0x91, 0x58, 0xd5,
    0x5d, 0xdc, 0x51, 0x41, 0x92, 0x0b, 0xe7, 0x62, 0xe3, 0xea, 0xe8, 0x66, 0x3f, 0xa1, 0xf5, 0xff,
    0x8c, 0x39, 0x6a, 0x38, 0x3e, 0x76, 0x2a, 0xd9, 0xa2, 0x16, 0x79, 0xd1, 0xf6, 0xf6, 0x03, 0x5e,
    0xaf, 0xf2, 0xe7, 0x64, 0x00, 0x00, 0x00,
];
