mod egress;
mod limits;

use std::future::Future;
use std::io::ErrorKind as IoErrorKind;
use std::time::Duration;

use ::http::HeaderValue;
use futures::StreamExt;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;
use wiremock::matchers::{header, method, path, query_param};
use wiremock::{Mock, MockServer, ResponseTemplate};

use super::*;
use crate::failure::{Failure, FailureClass};
use crate::secret::Secret;

/// Far above what a test needs; a test that reaches it hangs.
const PATIENCE: Duration = Duration::from_secs(20);

fn client() -> HttpClient {
    HttpClient::new().unwrap()
}

fn url(base: impl std::fmt::Display) -> Url {
    Url::parse(&base.to_string()).unwrap()
}

/// Accepts one connection, reads a request head, and leaves the rest to `answer`.
async fn raw_server<F, A>(answer: A) -> (Url, JoinSet<F::Output>)
where
    A: FnOnce(TcpStream) -> F + Send + 'static,
    F: Future<Output: Send + 'static> + Send,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = url(format!("http://{}/", listener.local_addr().unwrap()));
    let mut task = JoinSet::new();
    task.spawn(async move {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut seen = Vec::new();
        while !seen.ends_with(b"\r\n\r\n") {
            seen.push(socket.read_u8().await.unwrap());
        }
        answer(socket).await
    });
    (url, task)
}

/// What the server task came to.
async fn ended<T: 'static>(mut server: JoinSet<T>) -> T {
    let outcome = tokio::time::timeout(PATIENCE, server.join_next()).await;
    outcome.expect("it hangs").unwrap().unwrap()
}

#[tokio::test]
async fn a_call_within_a_trace_continues_it() {
    use crate::telemetry::TraceContext;

    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200))
        .mount(&server)
        .await;
    let (client, url) = (client(), url(server.uri()));
    let parent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let context = TraceContext::parse(parent, ["a=1", "b=2"]).unwrap();
    client.get(&url).send().await.unwrap();
    context.clone().scope(client.get(&url).send()).await.unwrap();
    let own = client.get(&url).header("traceparent", "mine");
    context.scope(own.send()).await.unwrap();
    let sent: Vec<_> = server
        .received_requests()
        .await
        .unwrap()
        .iter()
        .map(|request| {
            let text = |name| {
                request
                    .headers
                    .get(name)
                    .map(|value: &HeaderValue| value.to_str().unwrap().to_owned())
            };
            (text("traceparent"), text("tracestate"))
        })
        .collect();
    let expected = [
        (None, None),
        (Some(parent.to_owned()), Some("a=1,b=2".to_owned())),
        (Some("mine".to_owned()), None),
    ];
    assert_eq!(sent, expected);
}

#[tokio::test]
async fn sends_what_it_is_told_and_reads_the_answer() {
    let server = MockServer::start().await;
    Mock::given(method("POST"))
        .and(path("/v1/chat"))
        .and(query_param("page", "a b&c"))
        .and(header("authorization", "Bearer sk-123"))
        .and(header("x-trace", "7"))
        .and(header("content-type", "application/json"))
        .and(header(
            "user-agent",
            concat!("aurora/", env!("CARGO_PKG_VERSION")),
        ))
        .and(wiremock::matchers::body_json(serde_json::json!({"n": 1})))
        .respond_with(ResponseTemplate::new(201).set_body_json(serde_json::json!({"ok": true})))
        .expect(1)
        .mount(&server)
        .await;

    let response = client()
        .post(&url(format!("{}/v1/chat", server.uri())))
        .query("page", "a b&c")
        .bearer(&"sk-123".into())
        .header("x-trace", "7")
        .json(&serde_json::json!({"n": 1}))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
    let answer: serde_json::Value = response.json().await.unwrap();
    assert_eq!(answer["ok"], true);
}

#[tokio::test]
async fn redirects_are_handed_back() {
    let server = MockServer::start().await;
    Mock::given(path("/from"))
        .respond_with(ResponseTemplate::new(307).insert_header("location", "/to"))
        .mount(&server)
        .await;
    Mock::given(path("/to"))
        .respond_with(ResponseTemplate::new(200))
        .expect(0)
        .mount(&server)
        .await;
    let response = client()
        .get(&url(format!("{}/from", server.uri())))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::TEMPORARY_REDIRECT);
    assert_eq!(response.headers()["location"], "/to");
}

#[tokio::test]
async fn a_cut_body_is_an_error_whichever_way_its_length_was_announced() {
    let cut: [&'static [u8]; 3] = [
        b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
        b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n9\r\nabc",
    ];
    for answer in cut {
        let (url, server) =
            raw_server(move |mut socket| async move { socket.write_all(answer).await.unwrap() }).await;
        let mut body = client().get(&url).send().await.unwrap().stream();
        assert_eq!(body.next().await.unwrap().unwrap(), "abc");
        let error = body.next().await.unwrap().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Interrupted, "{error:?}");
        assert!(error.is_retryable() && !error.before_sending());
        assert!(body.next().await.is_none());
        ended(server).await;
    }
}

#[tokio::test]
async fn no_answer_and_no_http_are_told_apart() {
    let cases: [(&'static [u8], ErrorKind); 4] = [
        (b"", ErrorKind::Interrupted),
        (b"HTTP/1.1 200 O", ErrorKind::Interrupted),
        (b"220 mail.example.com ESMTP\r\n\r\n", ErrorKind::Protocol),
        (
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\nzz\r\n",
            ErrorKind::Protocol,
        ),
    ];
    for (answer, kind) in cases {
        let (url, server) =
            raw_server(move |mut socket| async move { socket.write_all(answer).await.unwrap() }).await;
        let outcome = match client().get(&url).send().await {
            Ok(response) => response.bytes().await,
            Err(error) => Err(error),
        };
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), kind, "{error:?}");
        ended(server).await;
    }
}

#[tokio::test]
async fn a_refused_connection_was_surely_not_sent() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let error = client()
        .get(&url(format!("http://{address}/")))
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert_eq!(error.class(), FailureClass::Transient);
    assert!(error.before_sending());
}

#[tokio::test]
async fn dropping_a_stream_closes_the_connection() {
    let (url, server) = raw_server(|mut socket| async move {
        let head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n";
        socket.write_all(head).await.unwrap();
        socket.read_u8().await.map_err(|error| error.kind())
    })
    .await;
    let mut body = client().get(&url).send().await.unwrap().stream();
    assert_eq!(body.next().await.unwrap().unwrap(), "abc");
    drop(body);
    let seen = ended(server).await;
    assert_eq!(seen.unwrap_err(), IoErrorKind::UnexpectedEof);
}

#[tokio::test]
async fn no_error_shows_the_url_or_a_secret() {
    const SECRET: &str = "T0K3N";
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let refused = listener.local_addr().unwrap();
    drop(listener);
    let server = MockServer::start().await;
    Mock::given(method("GET"))
        .respond_with(ResponseTemplate::new(200).set_body_string(r#"{"name":"T0K3N"}"#))
        .mount(&server)
        .await;
    let (cut, _server) = raw_server(|mut socket| async move {
        let head = b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc";
        socket.write_all(head).await.unwrap();
    })
    .await;

    let secret = Secret::new(SECRET);
    let client = client();
    let mut errors = Vec::new();
    let bases = [
        format!("http://{refused}"),
        format!("https://{refused}"),
        server.uri(),
        cut.to_string().trim_end_matches('/').to_owned(),
        format!("http://user:{SECRET}@example.com"),
        format!("ftp://{SECRET}.example.com"),
        format!("http://{SECRET}.invalid"),
    ];
    for base in bases {
        let url = url(format!("{base}/services/{SECRET}?key={SECRET}"));
        let request = client
            .get(&url)
            .bearer(&secret)
            .secret_header("x-api-key", &secret);
        let shown = format!("{request:?} {client:?}");
        assert!(!shown.contains(SECRET), "{shown}");
        let error = match request.send().await {
            Err(error) => error,
            Ok(response) => response
                .json::<std::collections::BTreeMap<String, u8>>()
                .await
                .unwrap_err(),
        };
        errors.push(error);
    }
    let url = url(format!("https://example.com/{SECRET}"));
    let broken = Secret::new(format!("{SECRET}\n"));
    errors.push(client.get(&url).bearer(&broken).send().await.unwrap_err());
    errors.push(client.get(&url).header("x y", SECRET).send().await.unwrap_err());

    for error in errors {
        let mut cause: Option<&dyn std::error::Error> = Some(&error);
        while let Some(error) = cause {
            let shown = format!("{error} {error:?}");
            for leak in [SECRET, "services", "key=", "sk-"] {
                assert!(!shown.to_lowercase().contains(&leak.to_lowercase()), "{shown}");
            }
            cause = error.source();
        }
    }
}

#[tokio::test]
async fn unusable_settings_are_refused() {
    let broken = [
        HttpClient::builder().connect_timeout(Duration::ZERO),
        HttpClient::builder().headers_timeout(Duration::ZERO),
        HttpClient::builder().idle_timeout(Duration::MAX),
        HttpClient::builder().timeout(Duration::from_secs(86_401)),
        HttpClient::builder().user_agent("two\nlines"),
    ];
    for builder in broken {
        assert_eq!(builder.build().unwrap_err().kind(), ErrorKind::InvalidRequest);
    }
    let url = url("http://127.0.0.1:9/");
    let error = client()
        .get(&url)
        .timeout(Duration::ZERO)
        .send()
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}

#[tokio::test]
async fn a_client_needs_no_tls_provider_installed_in_the_process() {
    let (url, _server) = raw_server(|_| async {}).await;
    let mut url = url;
    url.set_scheme("https").unwrap();
    let client = HttpClient::builder()
        .connect_timeout(Duration::from_millis(200))
        .build()
        .unwrap();
    let error = client.get(&url).send().await.unwrap_err();
    assert!(error.before_sending(), "{error:?}");
}

#[tokio::test]
async fn a_body_is_sent_as_it_comes_with_its_length() {
    let (url, server) = raw_server(|mut socket| async move {
        let mut body = [0; 11];
        socket.read_exact(&mut body).await.unwrap();
        socket
            .write_all(b"HTTP/1.1 204 No Content\r\n\r\n")
            .await
            .unwrap();
        body
    })
    .await;
    let pieces = ["hello", " ", "world"].map(|piece| Ok(bytes::Bytes::from(piece)));
    let request = client().post(&url).body_stream(11, futures::stream::iter(pieces));
    assert_eq!(request.send().await.unwrap().status(), StatusCode::NO_CONTENT);
    assert_eq!(&ended(server).await, b"hello world");
}

#[tokio::test]
async fn a_body_that_fails_is_never_complete() {
    let (arrived, has_arrived) = tokio::sync::oneshot::channel();
    let (url, server) = raw_server(|mut socket| async move {
        arrived.send(()).unwrap();
        let mut rest = Vec::new();
        socket.read_to_end(&mut rest).await.ok();
        rest
    })
    .await;
    // It fails once the server has the head of the request, so that there is a body to be cut off.
    let half = futures::stream::iter([Ok(bytes::Bytes::from("half"))]);
    let failure = futures::stream::once(async move {
        has_arrived.await.unwrap();
        Err(std::io::Error::from(IoErrorKind::UnexpectedEof))
    });
    let request = client().post(&url).body_stream(100, half.chain(failure));
    assert!(request.send().await.is_err());
    assert!(ended(server).await.len() < 100);
}
