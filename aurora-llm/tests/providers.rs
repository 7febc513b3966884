//! The providers over HTTP against a server that answers from fixtures.
#![cfg(all(feature = "openai", feature = "anthropic", feature = "testing"))]

#[cfg(test)]
mod over_http {
    use std::time::Duration;

    use aurora_llm::chat::{ChatRequest, StreamEvent};
    use aurora_llm::error::{Error, ErrorKind, TimeoutStage};
    use aurora_llm::provider::{Call, Capabilities, LlmProvider};
    use aurora_llm::providers::anthropic::Anthropic;
    use aurora_llm::providers::endpoint::Connection;
    use aurora_llm::providers::openai::OpenAi;
    use aurora_llm::providers::openai_compatible::OpenAiCompatible;
    use aurora_llm::testing::conformance;
    use futures::StreamExt as _;
    use serde_json::Value;
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    use tokio::net::{TcpListener, TcpStream};
    use wiremock::matchers::{header, method, path};
    use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

    /// Answers from the fixtures of a dialect, streamed or not as asked.
    struct Fixtures(&'static str);

    impl Respond for Fixtures {
        fn respond(&self, request: &Request) -> ResponseTemplate {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let (name, media_type) = match body["stream"].as_bool() {
                Some(true) => ("text.sse", "text/event-stream"),
                _ => ("answer_text.json", "application/json"),
            };
            ResponseTemplate::new(200).set_body_raw(fixture(self.0, name), media_type)
        }
    }

    fn fixture(dialect: &str, name: &str) -> Vec<u8> {
        let root = env!("CARGO_MANIFEST_DIR");
        std::fs::read(format!("{root}/tests/fixtures/{dialect}/{name}")).unwrap()
    }

    async fn serves(at: &str, answer: impl Respond + 'static) -> MockServer {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .and(path(at))
            .respond_with(answer)
            .mount(&server)
            .await;
        server
    }

    fn hi() -> Call {
        Call::new(ChatRequest::user("Hi"), "some-model")
    }

    async fn last_of(provider: &dyn LlmProvider, call: &Call) -> Result<StreamEvent, Error> {
        let events: Vec<_> = provider.chat_stream(call).await?.collect().await;
        events.into_iter().next_back().unwrap()
    }

    #[tokio::test]
    async fn all_keep_the_contract_of_every_provider() {
        let server = serves("/v1/chat/completions", Fixtures("openai_chat")).await;
        let openai = OpenAi::builder("sk-1").base_url(server.uri()).build().unwrap();
        for model in ["gpt-5-mini", "gpt-3.5-turbo"] {
            conformance(&openai, model).await;
        }
        let compatible = OpenAiCompatible::builder("local", format!("{}/v1/", server.uri()));
        conformance(&compatible.clone().build().unwrap(), "any").await;
        conformance(
            &compatible.capabilities(Capabilities::NONE).build().unwrap(),
            "any",
        )
        .await;

        let server = serves("/v1/messages", Fixtures("anthropic")).await;
        let anthropic = Anthropic::builder("sk-ant-1")
            .base_url(server.uri())
            .build()
            .unwrap();
        for model in ["claude-sonnet-4-5", "claude-2.1"] {
            conformance(&anthropic, model).await;
        }
    }

    #[tokio::test]
    async fn each_says_who_calls_in_its_own_way() {
        let server = MockServer::start().await;
        Mock::given(path("/v1/chat/completions"))
            .and(header("authorization", "Bearer sk-1"))
            .and(header("openai-organization", "org-1"))
            .and(header("openai-project", "proj-1"))
            .and(header("x-team", "search"))
            .and(header("content-type", "application/json"))
            .respond_with(Fixtures("openai_chat"))
            .mount(&server)
            .await;
        Mock::given(path("/v1/messages"))
            .and(header("x-api-key", "sk-ant-1"))
            .and(header("anthropic-version", "2026-10-21"))
            .respond_with(Fixtures("anthropic"))
            .mount(&server)
            .await;
        let openai = OpenAi::builder("sk-1")
            .base_url(server.uri())
            .organization("org-1")
            .project("proj-1")
            .connection(Connection::default().header("x-team", "search"));
        assert!(openai.build().unwrap().chat(&hi()).await.is_ok());
        let later = Connection::default().header("anthropic-version", "2026-10-21");
        let anthropic = Anthropic::builder("sk-ant-1")
            .base_url(server.uri())
            .connection(later);
        assert!(anthropic.build().unwrap().chat(&hi()).await.is_ok());
        let keyless = OpenAiCompatible::builder("local", server.uri()).build().unwrap();
        assert_eq!(
            keyless.chat(&hi()).await.unwrap_err().status(),
            Some(404),
            "no key, no header"
        );
        let sent = server.received_requests().await.unwrap();
        assert!(!sent.last().unwrap().headers.contains_key("authorization"));
    }

    #[tokio::test]
    async fn errors_are_read_and_say_who_failed() {
        let limited = || {
            ResponseTemplate::new(429)
                .insert_header("retry-after", "7")
                .insert_header("x-request-id", "req_9")
                .set_body_raw(
                    r#"{"error":{"message":"slow","code":"rate_limit_exceeded"}}"#,
                    "application/json",
                )
        };
        let server = serves("/v1/chat/completions", limited()).await;
        let provider = OpenAi::builder("sk-1")
            .id("openai/eu")
            .base_url(server.uri())
            .build()
            .unwrap();
        let whole = provider.chat(&hi()).await.unwrap_err();
        let streamed = provider.chat_stream(&hi()).await.err().unwrap();
        for error in [whole, streamed] {
            assert_eq!(
                (error.kind(), error.status()),
                (ErrorKind::RateLimited, Some(429))
            );
            assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
            assert_eq!(
                (error.request_id(), error.code()),
                (Some("req_9"), Some("rate_limit_exceeded"))
            );
            assert_eq!(
                (error.provider().unwrap().as_str(), error.model()),
                ("openai/eu", Some("some-model"))
            );
        }
        assert_eq!(
            server.received_requests().await.unwrap().len(),
            2,
            "one attempt each"
        );
    }

    #[tokio::test]
    async fn a_stream_that_fails_says_who_failed() {
        for (name, kind) in [
            ("error_cut.sse", ErrorKind::StreamTruncated),
            ("error_in_stream.sse", ErrorKind::ServerError),
            ("error_json_instead.sse", ErrorKind::RateLimited),
            ("error_page_instead.sse", ErrorKind::Malformed),
        ] {
            let answer = ResponseTemplate::new(200)
                .insert_header("x-request-id", "req_9")
                .set_body_raw(fixture("openai_chat", name), "text/event-stream");
            let server = serves("/v1/chat/completions", answer).await;
            let provider = OpenAiCompatible::builder("local", server.uri()).build().unwrap();
            let error = last_of(&provider, &hi()).await.unwrap_err();
            assert_eq!(
                (error.kind(), error.request_id()),
                (kind, Some("req_9")),
                "{name}"
            );
            assert_eq!(error.provider().unwrap().as_str(), "local", "{name}");
        }
    }

    #[tokio::test]
    async fn a_redirect_is_a_wrong_address() {
        let moved = ResponseTemplate::new(302).insert_header("location", "https://elsewhere.example");
        let server = serves("/v1/chat/completions", moved).await;
        let provider = OpenAiCompatible::builder("local", server.uri())
            .key("sk-1")
            .build()
            .unwrap();
        assert_eq!(provider.chat(&hi()).await.unwrap_err().kind(), ErrorKind::Config);
    }

    #[tokio::test]
    async fn nobody_there_is_told_apart_from_nobody_answering() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let short = Connection::default()
            .first_byte_timeout(Duration::from_millis(500))
            .total_timeout(Duration::from_secs(2));
        let silent = OpenAiCompatible::builder("silent", &*address)
            .connection(short)
            .build()
            .unwrap();
        let timeout = |stage| ErrorKind::Timeout(stage);
        let error = silent.chat(&hi()).await.unwrap_err();
        assert_eq!(
            error.kind(),
            timeout(TimeoutStage::Total),
            "one piece comes when all is done"
        );
        let error = silent.chat_stream(&hi()).await.err().unwrap();
        assert_eq!(error.kind(), timeout(TimeoutStage::FirstToken));
        let error = silent
            .chat(&hi().timeout(Duration::from_millis(50)))
            .await
            .unwrap_err();
        assert_eq!(error.kind(), timeout(TimeoutStage::Total));
        let error = silent
            .chat_stream(&hi().timeout(Duration::from_millis(50)))
            .await
            .err()
            .unwrap();
        assert_eq!(
            error.kind(),
            timeout(TimeoutStage::Total),
            "the shorter limit is named"
        );
        let error = silent.chat(&hi().timeout(Duration::ZERO)).await.unwrap_err();
        assert_eq!(error.kind(), timeout(TimeoutStage::Total));
        drop(listener);
        assert_eq!(silent.chat(&hi()).await.unwrap_err().kind(), ErrorKind::Connect);
    }

    /// Takes one request and answers with the head of a stream and one event; then stays open.
    async fn begin_stream(listener: &TcpListener) -> TcpStream {
        let (mut socket, _) = listener.accept().await.unwrap();
        let mut heard = Vec::new();
        while !heard.ends_with(b"}") {
            assert_ne!(socket.read_buf(&mut heard).await.unwrap(), 0);
        }
        let event = "data: {\"id\":\"a\",\"model\":\"m\",\"choices\":[{\"delta\":{\"content\":\"Hi\"}}]}\n\n";
        let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n";
        let answer = format!("{head}{:x}\r\n{event}\r\n", event.len());
        socket.write_all(answer.as_bytes()).await.unwrap();
        socket
    }

    #[tokio::test]
    async fn dropping_a_stream_ends_the_call_at_the_provider() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let provider = OpenAiCompatible::builder("local", address).build().unwrap();
        let call = hi();
        let (stream, mut socket) = tokio::join!(provider.chat_stream(&call), begin_stream(&listener));
        let mut stream = stream.unwrap();
        assert!(matches!(stream.next().await, Some(Ok(StreamEvent::Start { .. }))));
        drop(stream);
        let mut rest = Vec::new();
        // An orderly end or a reset: either way the server knows.
        let ended = socket.read_to_end(&mut rest).await;
        assert!(ended.is_err() || rest.is_empty(), "{ended:?} {rest:?}");
    }

    #[tokio::test]
    async fn a_stream_that_stalls_or_breaks_is_an_error() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let short = Connection::default().idle_timeout(Duration::from_millis(300));
        let provider = OpenAiCompatible::builder("local", &*address)
            .connection(short)
            .build()
            .unwrap();
        let call = hi();
        let (error, stalled) = tokio::join!(last_of(&provider, &call), begin_stream(&listener));
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Timeout(TimeoutStage::Idle));
        drop(stalled);

        let provider = OpenAiCompatible::builder("local", address).build().unwrap();
        let broken = async { drop(begin_stream(&listener).await) };
        let (error, ()) = tokio::join!(last_of(&provider, &call), broken);
        assert_eq!(error.unwrap_err().kind(), ErrorKind::StreamTruncated);

        let limited = hi().timeout(Duration::from_millis(500));
        let (error, open) = tokio::join!(last_of(&provider, &limited), begin_stream(&listener));
        assert_eq!(error.unwrap_err().kind(), ErrorKind::Timeout(TimeoutStage::Total));
        drop(open);
    }

    #[test]
    fn providers_are_made_without_a_runtime_and_show_no_key() {
        let secret = "sk-very-secret";
        let connection = || Connection::default().header("x-proxy-key", secret);
        let openai = OpenAi::builder(secret).connection(connection());
        let anthropic = Anthropic::builder(secret).connection(connection());
        let compatible = OpenAiCompatible::builder("c", "https://u:sk-very-secret@h.example/v1").key(secret);
        let shown = format!("{openai:?} {anthropic:?}");
        let built = format!(
            "{:?} {:?} {:?}",
            openai.build().unwrap(),
            anthropic.build().unwrap(),
            compatible.build().unwrap()
        );
        for text in [shown, built] {
            assert!(!text.contains(secret), "{text}");
        }
    }

    #[test]
    fn settings_that_cannot_work_are_refused_when_building() {
        let zero = Connection::default().idle_timeout(Duration::ZERO);
        for outcome in [
            OpenAiCompatible::builder("c", "localhost:8000")
                .build()
                .map(|_| ()),
            OpenAiCompatible::builder("c", "http://h")
                .connection(zero)
                .build()
                .map(|_| ()),
            OpenAi::builder("k").base_url("not a url").build().map(|_| ()),
            Anthropic::builder("k").base_url("").build().map(|_| ()),
        ] {
            assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Config);
        }
    }
}
