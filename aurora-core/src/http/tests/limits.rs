use std::future::Future;
use std::io::ErrorKind as IoErrorKind;
use std::time::Duration;

use bytes::Bytes;
use futures::{FutureExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use wiremock::matchers::path;
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::{client, ended, raw_server, url};
use crate::failure::{Failure, FailureClass};
use crate::http::{ErrorKind, HttpClient, Stage};
use crate::resilience::{Deadline, TIMEOUT_HEADER};
use crate::time::{Clock, ManualClock};

/// Runs `work` and, once it waits on `clock`, moves time until it ends.
async fn past<T: Send>(clock: &ManualClock, by: Duration, work: impl Future<Output = T> + Send) -> T {
    let mut work = std::pin::pin!(work);
    loop {
        if let Some(output) = work.as_mut().now_or_never() {
            return output;
        }
        if clock.sleepers() > 0 {
            clock.advance(by);
        }
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn a_slow_head_ends_at_the_headers_limit() {
    let clock = ManualClock::default();
    let client = HttpClient::builder().clock(clock.clone()).build().unwrap();
    let (url, server) =
        raw_server(|mut socket| async move { socket.read_u8().await.map_err(|e| e.kind()) }).await;

    let limited = client.get(&url).headers_timeout(Duration::from_secs(7));
    let started = clock.elapsed();
    let error = past(&clock, Duration::from_secs(1), limited.send())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Stage::Headers));
    assert_eq!(error.class(), FailureClass::Timeout);
    assert!(!error.before_sending());
    assert!(clock.elapsed() - started >= Duration::from_secs(7));
    // Giving up closes the connection.
    let seen = ended(server).await;
    assert_eq!(seen.unwrap_err(), IoErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn a_body_that_stops_coming_ends_at_the_idle_limit() {
    let clock = ManualClock::default();
    let client = HttpClient::builder().clock(clock.clone()).build().unwrap();
    let (url, server) = raw_server(|mut socket| async move {
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc";
        socket.write_all(head).await.unwrap();
        socket.read_u8().await.map_err(|error| error.kind())
    })
    .await;

    let mut body = client.get(&url).send().await.unwrap().stream();
    assert_eq!(body.next().await.unwrap().unwrap(), "abc");
    let error = past(&clock, Duration::from_secs(30), body.next())
        .await
        .unwrap()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Stage::Idle));
    assert!(body.next().await.is_none());
    let seen = ended(server).await;
    assert_eq!(seen.unwrap_err(), IoErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn a_body_that_trickles_ends_at_the_total_limit() {
    let clock = ManualClock::default();
    let client = HttpClient::builder().clock(clock.clone()).build().unwrap();
    let (url, server) = raw_server(|mut socket| async move {
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
        socket.write_all(head).await.unwrap();
        while socket.write_all(b"1\r\nx\r\n").await.is_ok() {
            tokio::task::yield_now().await;
        }
    })
    .await;

    let response = client.get(&url).send().await.unwrap();
    let error = past(&clock, Duration::from_secs(1), response.bytes())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Stage::Total));
    ended(server).await;
}

#[tokio::test]
async fn a_tls_handshake_that_never_ends_is_a_connect_timeout() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = url(format!("https://{}/", listener.local_addr().unwrap()));
    let client = HttpClient::builder()
        .connect_timeout(Duration::from_millis(50))
        .build()
        .unwrap();
    let error = client.get(&url).send().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Stage::Connect));
    assert!(error.before_sending());
}

#[tokio::test]
async fn too_much_body_is_refused_announced_or_not() {
    let answers: [&'static [u8]; 2] = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 9\r\n\r\n123456789",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n5\r\n12345\r\n4\r\n6789\r\n0\r\n\r\n",
    ];
    for (limit, fits) in [(8, false), (9, true)] {
        for answer in answers {
            let (url, server) =
                raw_server(move |mut socket| async move { socket.write_all(answer).await.unwrap() }).await;
            let client = HttpClient::builder().max_body(limit).build().unwrap();
            let outcome = client.get(&url).send().await.unwrap().bytes().await;
            match outcome {
                Ok(bytes) => assert!(fits && bytes == "123456789"),
                Err(error) => assert!(!fits && error.kind() == ErrorKind::TooLarge, "{error:?}"),
            }
            ended(server).await;
        }
    }
}

/// The deflate stream of 65,536 zeros, with its check sum and length.
const GZIPPED_ZEROS: [u8; 86] = [
    237, 193, 1, 1, 0, 0, 0, 128, 144, 254, 175, 238, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 106, 235, 142, 151, 215, 0, 0, 1, 0,
];

#[tokio::test]
async fn the_size_limit_counts_after_decompression() {
    // 64 KiB of zeros, compressed by gzip.
    let mut bomb = vec![0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 2, 3];
    bomb.extend(GZIPPED_ZEROS);
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200)
        .insert_header("content-encoding", "gzip")
        .set_body_bytes(bomb);
    Mock::given(path("/")).respond_with(answer).mount(&server).await;

    let url = url(server.uri());
    let whole = client().get(&url).send().await.unwrap().bytes().await.unwrap();
    assert_eq!(whole, Bytes::from(vec![0; 65_536]));
    let small = HttpClient::builder().max_body(65_535).build().unwrap();
    let error = small.get(&url).send().await.unwrap().bytes().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::TooLarge);
}

#[tokio::test]
async fn an_error_page_that_stalls_or_breaks_does_not_hide_the_error() {
    for stalls in [true, false] {
        let clock = ManualClock::default();
        let client = HttpClient::builder().clock(clock.clone()).build().unwrap();
        let (url, server) = raw_server(move |mut socket| async move {
            let head = b"HTTP/1.1 429 Slow Down\r\ncontent-length: 100\r\n\r\nquota";
            socket.write_all(head).await.unwrap();
            if stalls {
                drop(socket.read_u8().await);
            }
        })
        .await;
        let response = client.get(&url).send().await.unwrap();
        let body = past(&clock, Duration::from_secs(1), response.bytes()).await;
        assert_eq!(body.unwrap(), "quota");
        assert!(
            clock.elapsed() <= Duration::from_secs(10),
            "{:?}",
            clock.elapsed()
        );
        ended(server).await;
    }
}

#[tokio::test]
async fn of_an_error_answer_the_start_is_kept() {
    let server = MockServer::start().await;
    Mock::given(path("/"))
        .respond_with(
            ResponseTemplate::new(503)
                .insert_header("retry-after", "3")
                .set_body_string("0123456789"),
        )
        .mount(&server)
        .await;
    let client = HttpClient::builder().max_error_body(4).build().unwrap();
    let response = client.get(&url(server.uri())).send().await.unwrap();
    let now = ManualClock::default().now();
    assert_eq!(response.retry_after(now), Some(Duration::from_secs(3)));
    assert_eq!(response.bytes().await.unwrap(), "0123");
}

#[tokio::test]
async fn the_deadline_of_a_call_cuts_the_exchange_and_travels_along() {
    let server = MockServer::start().await;
    let answer = ResponseTemplate::new(200);
    Mock::given(path("/asked"))
        .respond_with(answer)
        .mount(&server)
        .await;
    let clock = ManualClock::default();
    let client = HttpClient::builder().clock(clock.clone()).build().unwrap();
    let asked = url(format!("{}/asked", server.uri()));
    let deadline = Deadline::after(&clock, Duration::from_secs(3));

    client.get(&asked).deadline(deadline).send().await.unwrap();
    clock.advance(Duration::from_secs(3));
    let late = client.get(&asked).deadline(deadline).send().await.unwrap_err();
    assert_eq!(late.kind(), ErrorKind::Timeout(Stage::Total));
    let requests = server.received_requests().await.unwrap();
    assert_eq!(requests.len(), 1, "nobody waits for the second any more");
    assert_eq!(requests[0].headers[TIMEOUT_HEADER], "3000");

    let (silent, held) =
        raw_server(|mut socket| async move { socket.read_u8().await.map_err(|e| e.kind()) }).await;
    let deadline = Deadline::after(&clock, Duration::from_secs(50));
    let started = clock.elapsed();
    let limited = client.get(&silent).deadline(deadline).send();
    let error = past(&clock, Duration::from_secs(1), limited).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout(Stage::Total));
    assert!(clock.elapsed() - started <= Duration::from_secs(51));
    let seen = ended(held).await;
    assert_eq!(
        seen.unwrap_err(),
        IoErrorKind::UnexpectedEof,
        "giving up closes the connection"
    );
}
