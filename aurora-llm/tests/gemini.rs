//! Gemini and Anthropic over HTTP against a server that answers from fixtures.
#![cfg(all(feature = "gemini", feature = "anthropic", feature = "testing"))]

#[cfg(test)]
mod over_http {
    use std::time::Duration;

    use aurora_llm::LlmClient;
    use aurora_llm::chat::{
        ChatRequest, Message, Part, Reasoning, Role, Signature, StreamEvent, ToolCall, ToolResult,
    };
    use aurora_llm::embed::EmbedRequest;
    use aurora_llm::error::ErrorKind;
    use aurora_llm::provider::{Call, LlmProvider as _};
    use aurora_llm::providers::anthropic::Anthropic;
    use aurora_llm::providers::gemini::Gemini;
    use aurora_llm::testing::conformance;
    use aurora_llm::wire::gemini::ApiVersion;
    use futures::StreamExt as _;
    use serde_json::{Value, json};
    use wiremock::matchers::{header, method, path, query_param, query_param_is_missing};
    use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

    fn fixture(dialect: &str, name: &str) -> Vec<u8> {
        let root = env!("CARGO_MANIFEST_DIR");
        std::fs::read(format!("{root}/tests/fixtures/{dialect}/{name}")).unwrap()
    }

    fn answers(dialect: &str, name: &str) -> ResponseTemplate {
        let kind = if name.ends_with(".sse") {
            "text/event-stream"
        } else {
            "application/json"
        };
        ResponseTemplate::new(200).set_body_raw(fixture(dialect, name), kind)
    }

    /// Answers from the fixtures of Gemini, streamed or not as the path says.
    struct Fixtures;

    impl Respond for Fixtures {
        fn respond(&self, request: &Request) -> ResponseTemplate {
            let streamed = request.url.path().ends_with(":streamGenerateContent");
            assert_eq!(streamed, request.url.query() == Some("alt=sse"));
            answers("gemini", if streamed { "text.sse" } else { "answer_text.json" })
        }
    }

    fn hi(model: &str) -> Call {
        Call::new(ChatRequest::user("Hi"), model)
    }

    async fn serves(answer: impl Respond + 'static) -> MockServer {
        let server = MockServer::start().await;
        Mock::given(method("POST"))
            .and(header("x-goog-api-key", "key-1"))
            .respond_with(answer)
            .mount(&server)
            .await;
        server
    }

    fn gemini(server: &MockServer) -> Gemini {
        Gemini::builder("key-1").base_url(server.uri()).build().unwrap()
    }

    #[tokio::test]
    async fn gemini_keeps_the_contract_of_every_provider() {
        let server = serves(Fixtures).await;
        for model in [
            "gemini-2.5-flash",
            "models/gemini-3-pro-preview",
            "gemini-2.5-flash-preview-tts",
        ] {
            conformance(&gemini(&server), model).await;
        }
        assert_eq!(gemini(&server).kind(), "gcp.gemini");
    }

    #[tokio::test]
    async fn the_version_the_key_and_the_model_stand_where_they_belong() {
        let server = MockServer::start().await;
        Mock::given(path("/v1/models/a%2F..%2Fb:generateContent"))
            .and(header("x-goog-api-key", "key-2"))
            .respond_with(answers("gemini", "answer_text.json"))
            .mount(&server)
            .await;
        let gemini = Gemini::builder("key-1")
            .another_key("key-2")
            .version(ApiVersion::V1)
            .base_url(format!("{}/v1beta", server.uri()))
            .build()
            .unwrap();
        assert_eq!(gemini.keys(), 2);
        let answer = gemini.chat(&hi("a/../b").key(1)).await.unwrap();
        assert_eq!(answer.text(), "Olá, mundo 🌍");
    }

    #[tokio::test]
    async fn gemini_embeds_counts_and_lists() {
        let server = MockServer::start().await;
        Mock::given(path("/v1beta/models/gemini-embedding-001:batchEmbedContents"))
            .respond_with(answers("gemini", "embeddings.json"))
            .mount(&server)
            .await;
        Mock::given(path("/v1beta/models/gemini-2.5-flash:countTokens"))
            .respond_with(ResponseTemplate::new(200).set_body_raw(r#"{"totalTokens":7}"#, "application/json"))
            .mount(&server)
            .await;
        Mock::given(path("/v1beta/models"))
            .and(query_param("pageToken", "abc/="))
            .respond_with(answers("gemini", "models_page_2.json"))
            .mount(&server)
            .await;
        Mock::given(path("/v1beta/models"))
            .and(query_param_is_missing("pageToken"))
            .respond_with(answers("gemini", "models_page_1.json"))
            .mount(&server)
            .await;
        let gemini = gemini(&server);
        let call = Call::new(EmbedRequest::new(["um", "dois"]), "gemini-embedding-001");
        let embeddings = gemini.embeddings().unwrap();
        assert_eq!(embeddings.max_inputs("any"), 100);
        assert_eq!(embeddings.embed(&call).await.unwrap().embeddings.len(), 2);
        let counter = gemini.token_counter().unwrap();
        assert_eq!(
            counter
                .count_tokens(&hi("gemini-2.5-flash"))
                .await
                .unwrap()
                .tokens,
            7
        );
        let models = gemini.catalog().unwrap().models(0).await.unwrap();
        let names: Vec<_> = models.iter().map(|model| model.id.as_str()).collect();
        assert_eq!(names, ["gemini-2.5-flash", "gemini-embedding-001"]);
        let error = counter.count_tokens(&hi("unknown")).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.provider().unwrap().as_str()),
            (ErrorKind::ModelNotFound, "gemini")
        );
    }

    #[tokio::test]
    async fn gemini_s_errors_are_told_apart() {
        let error = |code: u16, status: &str, message: &str, details: Value| {
            let body =
                json!({"error": {"code": code, "message": message, "status": status, "details": details}});
            (code, body.to_string())
        };
        let quota = |id: &str| json!({"@type": "type.googleapis.com/google.rpc.QuotaFailure", "violations": [{"quotaId": id}]});
        let retry =
            |delay: &str| json!({"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": delay});
        let used = "You exceeded your current quota, please check your plan and billing details.";
        let wait = |seconds: f64| Some(Duration::from_secs_f64(seconds));
        let bad_key =
            json!([{"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}]);
        for ((status, body), kind, retry_after) in [
            (
                error(400, "INVALID_ARGUMENT", "No.", bad_key),
                ErrorKind::Authentication,
                None,
            ),
            (
                error(
                    429,
                    "RESOURCE_EXHAUSTED",
                    used,
                    json!([quota("GenerateRequestsPerMinutePerProject"), retry("32s")]),
                ),
                ErrorKind::RateLimited,
                wait(32.0),
            ),
            (
                error(
                    429,
                    "RESOURCE_EXHAUSTED",
                    used,
                    json!([quota("GenerateRequestsPerDayPerProject"), retry("1.5s")]),
                ),
                ErrorKind::QuotaExhausted,
                wait(1.5),
            ),
            (
                error(
                    429,
                    "RESOURCE_EXHAUSTED",
                    &format!("{used} Please retry in 10h17m3.2s."),
                    json!([]),
                ),
                ErrorKind::QuotaExhausted,
                wait(37_023.2),
            ),
            (
                error(
                    429,
                    "RESOURCE_EXHAUSTED",
                    &format!("{used} Please retry in 12.5s."),
                    json!([]),
                ),
                ErrorKind::RateLimited,
                wait(12.5),
            ),
            (
                error(
                    429,
                    "RESOURCE_EXHAUSTED",
                    "Resource has been exhausted (e.g. check quota).",
                    json!([]),
                ),
                ErrorKind::RateLimited,
                None,
            ),
            (
                error(
                    400,
                    "FAILED_PRECONDITION",
                    "User location is not supported for the API use.",
                    json!([]),
                ),
                ErrorKind::RegionBlocked,
                None,
            ),
            (
                error(
                    400,
                    "INVALID_ARGUMENT",
                    "The input token count (2000001) exceeds the maximum number of tokens allowed (1048576).",
                    json!([]),
                ),
                ErrorKind::ContextOverflow,
                None,
            ),
            (
                error(403, "PERMISSION_DENIED", "Denied.", json!([])),
                ErrorKind::Permission,
                None,
            ),
            (
                error(
                    404,
                    "NOT_FOUND",
                    "models/x is not found for API version v1beta",
                    json!([]),
                ),
                ErrorKind::ModelNotFound,
                None,
            ),
            (
                error(500, "INTERNAL", "An internal error has occurred.", json!([])),
                ErrorKind::ServerError,
                None,
            ),
            (
                error(503, "UNAVAILABLE", "The model is overloaded.", json!([])),
                ErrorKind::Overloaded,
                None,
            ),
            (
                error(504, "DEADLINE_EXCEEDED", "Deadline expired.", json!([])),
                ErrorKind::ServerError,
                None,
            ),
        ] {
            let answer = ResponseTemplate::new(status).set_body_raw(body.clone(), "application/json");
            let server = serves(answer).await;
            let gemini = gemini(&server);
            let whole = gemini.chat(&hi("m")).await.unwrap_err();
            let streamed = gemini.chat_stream(&hi("m")).await.err().unwrap();
            for error in [whole, streamed] {
                assert_eq!((error.kind(), error.retry_after()), (kind, retry_after), "{body}");
                assert_eq!(error.status(), Some(status));
            }
        }
    }

    #[tokio::test]
    async fn a_stream_that_fails_says_who_failed() {
        for (name, kind) in [
            ("error_cut.sse", ErrorKind::StreamTruncated),
            ("error_in_stream.sse", ErrorKind::Overloaded),
            ("error_blocked.sse", ErrorKind::ContentFiltered),
            ("error_array_instead.sse", ErrorKind::RateLimited),
        ] {
            let server = serves(answers("gemini", name)).await;
            let events: Vec<_> = gemini(&server)
                .chat_stream(&hi("m"))
                .await
                .unwrap()
                .collect()
                .await;
            let error = events.into_iter().next_back().unwrap().unwrap_err();
            assert_eq!(
                (error.kind(), error.provider().unwrap().as_str()),
                (kind, "gemini"),
                "{name}"
            );
        }
    }

    /// A conversation in which each of the two has thought, and has called a tool.
    fn history() -> ChatRequest {
        let signature = |provider: &str, value: &str| Signature::new(provider.into(), value);
        let turn = |provider: &str, id: &str, value: &str| {
            let thought = Reasoning::new("secret thought", Some(signature(provider, value)));
            let call = ToolCall::new(id, "weather", "{}").signed(signature(provider, value));
            Message::new(
                Role::Assistant,
                vec![Part::Reasoning(thought), Part::ToolCall(call)],
            )
        };
        ChatRequest::new(vec![
            Message::user("Hi"),
            turn("gemini", "t1", "Z2VtaW5p"),
            Message::tool_result(ToolResult::new("t1", "31 °C")),
            turn("anthropic", "t2", "Y2xhdWRl"),
            Message::tool_result(ToolResult::new("t2", "32 °C")),
        ])
    }

    /// Complaint 18: a signature that reaches another endpoint makes every fallback fail.
    #[tokio::test]
    async fn reasoning_is_left_out_when_a_fallback_changes_the_target() {
        let server = MockServer::start().await;
        Mock::given(path("/v1beta/models/gemini-3-pro-preview:generateContent"))
            .respond_with(ResponseTemplate::new(404))
            .mount(&server)
            .await;
        Mock::given(path("/v1/messages"))
            .respond_with(answers("anthropic", "answer_text.json"))
            .mount(&server)
            .await;
        let anthropic = Anthropic::builder("key-1")
            .base_url(server.uri())
            .build()
            .unwrap();
        let client = LlmClient::builder()
            .provider(gemini(&server), "gemini-3-pro-preview")
            .provider(anthropic, "claude-sonnet-4-5")
            .build()
            .unwrap();
        let answer = client.chat(history()).await.unwrap();
        assert_eq!(answer.provider().as_str(), "anthropic");
        let sent = server.received_requests().await.unwrap();
        let body = |at: usize| String::from_utf8(sent[at].body.clone()).unwrap();
        let (to_gemini, to_anthropic) = (body(0), body(sent.len() - 1));
        assert_eq!(
            to_gemini.matches("Z2VtaW5p").count(),
            2,
            "its own, at the thought and at the call"
        );
        assert!(!to_gemini.contains("Y2xhdWRl"), "{to_gemini}");
        assert_eq!(
            to_gemini.matches("skip_thought_signature_validator").count(),
            1,
            "the call of the other"
        );
        assert!(to_anthropic.contains("Y2xhdWRl"), "{to_anthropic}");
        assert!(
            !to_anthropic.contains("Z2VtaW5p") && !to_anthropic.contains("skip_thought"),
            "{to_anthropic}"
        );
        assert_eq!(
            to_anthropic.matches("secret thought").count(),
            1,
            "unsigned thoughts are refused"
        );
    }

    #[tokio::test]
    async fn a_streamed_thought_goes_back_to_where_it_came_from() {
        let server = serves(answers("gemini", "thoughts_and_calls.sse")).await;
        let gemini = gemini(&server);
        let mut stream = gemini.chat_stream(&hi("gemini-3-flash-preview")).await.unwrap();
        let mut collector = aurora_llm::chat::StreamCollector::default();
        while let Some(event) = stream.next().await {
            let event: StreamEvent = event.unwrap();
            collector.push(&event);
        }
        let answer = collector.finish().unwrap();
        let results = answer
            .tool_calls()
            .map(|call| Part::ToolResult(ToolResult::new(&call.id, "31")));
        let results = Message::new(Role::Tool, results.collect());
        let request = ChatRequest::user("Hi")
            .message(answer.message.clone())
            .message(results);
        let call = Call::new(request, "gemini-3-flash-preview");
        drop(gemini.chat_stream(&call).await);
        let sent = server.received_requests().await.unwrap();
        let body: Value = serde_json::from_slice(&sent.last().unwrap().body).unwrap();
        let parts = body["contents"][1]["parts"].as_array().unwrap();
        assert_eq!(parts[0]["thoughtSignature"], "EqQBCkYS");
        assert!(
            parts[1..]
                .iter()
                .all(|part| part.get("thoughtSignature").is_none()),
            "one for parallel calls"
        );
        let answered = body["contents"][2]["parts"].as_array().unwrap();
        let pairs = parts.iter().zip(answered).map(|(call, result)| {
            call["functionCall"]["id"] == result["functionResponse"]["id"]
                && call["functionCall"]["name"] == result["functionResponse"]["name"]
        });
        assert!(pairs.eq([true; 3]), "{body}");
    }

    #[tokio::test]
    async fn anthropic_counts_and_lists() {
        let server = MockServer::start().await;
        let named = || header("anthropic-version", "2023-06-01");
        Mock::given(path("/v1/messages/count_tokens"))
            .and(named())
            .respond_with(
                ResponseTemplate::new(200).set_body_raw(r#"{"input_tokens":7}"#, "application/json"),
            )
            .mount(&server)
            .await;
        Mock::given(path("/v1/models"))
            .and(named())
            .and(header("x-api-key", "key-2"))
            .and(query_param("after_id", "claude-opus-4-6"))
            .respond_with(answers("anthropic", "models_page_2.json"))
            .mount(&server)
            .await;
        Mock::given(path("/v1/models"))
            .and(query_param_is_missing("after_id"))
            .respond_with(answers("anthropic", "models_page_1.json"))
            .mount(&server)
            .await;
        let anthropic = Anthropic::builder("key-1")
            .another_key("key-2")
            .base_url(server.uri());
        let anthropic = anthropic.build().unwrap();
        let counter = anthropic.token_counter().unwrap();
        assert_eq!(
            counter
                .count_tokens(&hi("claude-sonnet-4-5"))
                .await
                .unwrap()
                .tokens,
            7
        );
        let models = anthropic.catalog().unwrap().models(1).await.unwrap();
        let names: Vec<_> = models.iter().map(|model| model.id.as_str()).collect();
        assert_eq!(names, ["claude-opus-4-6", "claude-haiku-4-5"]);
    }

    #[test]
    fn a_provider_shows_no_key() {
        let builder = Gemini::builder("very-secret").another_key("more-secret");
        let shown = format!("{builder:?} {:?}", builder.clone().build().unwrap());
        assert!(!shown.contains("secret"), "{shown}");
        let wrong = Gemini::builder("k").base_url("not a url").build();
        assert_eq!(wrong.unwrap_err().kind(), ErrorKind::Config);
    }
}
