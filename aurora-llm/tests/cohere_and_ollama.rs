//! Cohere and Ollama over real sockets, against a server that answers from fixtures.
#![cfg(all(feature = "cohere", feature = "ollama", feature = "testing"))]

#[cfg(test)]
mod over_http {
    use aurora_llm::chat::{ChatRequest, FinishReason, StreamCollector, StreamEvent};
    use aurora_llm::embed::{EmbedPurpose, EmbedRequest};
    use aurora_llm::error::{Error, ErrorKind};
    use aurora_llm::provider::{Call, Capabilities, LlmProvider};
    use aurora_llm::providers::cohere::Cohere;
    use aurora_llm::providers::ollama::Ollama;
    use aurora_llm::rerank::RerankRequest;
    use aurora_llm::testing::conformance;
    use aurora_llm::usage::Usage;
    use aurora_llm::wire::ollama::Options;
    use futures::StreamExt as _;
    use serde_json::{Value, json};
    use wiremock::matchers::{body_partial_json, header, method, path, query_param, query_param_is_missing};
    use wiremock::{Mock, MockServer, Request, Respond, ResponseTemplate};

    /// Answers from the fixtures of a dialect, streamed or not as asked.
    struct Fixtures(&'static str, &'static str);

    impl Respond for Fixtures {
        fn respond(&self, request: &Request) -> ResponseTemplate {
            let body: Value = serde_json::from_slice(&request.body).unwrap();
            let (name, media_type) = match body["stream"].as_bool() {
                Some(true) => (self.1, "application/octet-stream"),
                Some(false) => ("answer_text.json", "application/json"),
                None => panic!("both say whether to stream"),
            };
            ResponseTemplate::new(200).set_body_raw(fixture(self.0, name), media_type)
        }
    }

    fn fixture(dialect: &str, name: &str) -> Vec<u8> {
        let root = env!("CARGO_MANIFEST_DIR");
        std::fs::read(format!("{root}/tests/fixtures/{dialect}/{name}")).unwrap()
    }

    fn json_of(dialect: &str, name: &str) -> ResponseTemplate {
        ResponseTemplate::new(200).set_body_raw(fixture(dialect, name), "application/json")
    }

    fn hi(model: &str) -> Call {
        Call::new(ChatRequest::user("Hi"), model)
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

    fn cohere(server: &MockServer) -> Cohere {
        Cohere::builder("key-1")
            .another_key("key-2")
            .base_url(server.uri())
            .build()
            .unwrap()
    }

    fn ollama(server: &MockServer) -> Ollama {
        Ollama::builder()
            .base_url(format!("{}/api/", server.uri()))
            .build()
            .unwrap()
    }

    async fn sent(server: &MockServer) -> Vec<Value> {
        let requests = server.received_requests().await.unwrap();
        requests
            .iter()
            .map(|request| serde_json::from_slice(&request.body).unwrap_or_default())
            .collect()
    }

    #[tokio::test]
    async fn both_keep_the_contract_of_every_provider() {
        let server = serves("/v2/chat", Fixtures("cohere", "text.sse")).await;
        for model in [
            "command-a-03-2025",
            "command-a-vision-07-2025",
            "command-a-reasoning-08-2025",
            "new",
        ] {
            conformance(&cohere(&server), model).await;
        }
        let server = serves("/api/chat", Fixtures("ollama", "text.ndjson")).await;
        conformance(&ollama(&server), "qwen3:8b").await;
        let plain = Ollama::builder()
            .base_url(server.uri())
            .capabilities(Capabilities::NONE);
        conformance(&plain.build().unwrap(), "qwen3:8b").await;
    }

    #[tokio::test]
    async fn cohere_s_streams_name_the_model_that_was_asked() {
        let server = serves("/v2/chat", Fixtures("cohere", "tools.sse")).await;
        let provider = cohere(&server);
        let mut stream = provider
            .chat_stream(&hi("command-a-03-2025").key(1))
            .await
            .unwrap();
        let mut collector = StreamCollector::default();
        while let Some(event) = stream.next().await {
            collector.push(&event.unwrap());
        }
        let streamed = collector.finish().unwrap();
        assert_eq!(
            (streamed.model.as_str(), &streamed.finish),
            ("command-a-03-2025", &FinishReason::ToolCalls)
        );
        assert_eq!(
            (streamed.tool_calls().count(), streamed.usage),
            (2, Some(Usage::new(12, 7)))
        );
        let whole = provider.chat(&hi("command-a-03-2025")).await.unwrap();
        assert_eq!(whole.model, "command-a-03-2025");
        let requests = server.received_requests().await.unwrap();
        let keys = requests
            .iter()
            .map(|request| request.headers["authorization"].to_str().unwrap());
        assert_eq!(keys.collect::<Vec<_>>(), ["Bearer key-2", "Bearer key-1"]);
        assert_eq!(
            sent(&server).await[1],
            json!({
                "model": "command-a-03-2025", "stream": false,
                "messages": [{"role": "user", "content": "Hi"}],
            })
        );
    }

    #[tokio::test]
    async fn cohere_embeds_and_reranks() {
        let server = MockServer::start().await;
        Mock::given(path("/v2/embed"))
            .and(header("authorization", "Bearer key-1"))
            .and(body_partial_json(
                json!({"texts": ["a", "b"], "input_type": "classification"}),
            ))
            .respond_with(json_of("cohere", "embeddings.json"))
            .mount(&server)
            .await;
        Mock::given(path("/v2/rerank"))
            .and(body_partial_json(
                json!({"query": "q", "documents": ["a", "b"], "top_n": 2}),
            ))
            .respond_with(json_of("cohere", "rerank.json"))
            .mount(&server)
            .await;
        let provider = cohere(&server);
        let embeddings = provider.embeddings().unwrap();
        assert_eq!(embeddings.max_inputs("embed-v4.0"), 96);
        let texts = EmbedRequest::new(["a", "b"]).purpose(EmbedPurpose::Classification);
        let vectors = embeddings.embed(&Call::new(texts, "embed-v4.0")).await.unwrap();
        assert_eq!(
            (vectors.embeddings.len(), vectors.usage),
            (2, Some(Usage::new(4, 0)))
        );
        let reranker = provider.reranker().unwrap();
        let call = Call::new(RerankRequest::new("q", ["a", "b"]).top_n(2), "rerank-v3.5");
        let ranked = reranker.rerank(&call).await.unwrap();
        assert_eq!(ranked.results[0].index, 0);
        assert_eq!(ranked.usage.unwrap().searches, 1);
        let one = Call::new(EmbedRequest::new(["a"]), "embed-v4.0");
        let error = embeddings.embed(&one).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.model()),
            (ErrorKind::ModelNotFound, Some("embed-v4.0"))
        );
        assert_eq!(error.provider().unwrap().as_str(), "cohere");
    }

    #[tokio::test]
    async fn cohere_lists_all_pages_of_its_models_and_stops() {
        let server = MockServer::start().await;
        let page = |name: &str, next: &str| json!({"models": [{"name": name, "context_length": 4096.0}], "next_page_token": next});
        for (token, next) in [("p2", "p3"), ("p3", "p3")] {
            Mock::given(path("/v1/models"))
                .and(query_param("page_token", token))
                .respond_with(ResponseTemplate::new(200).set_body_json(page(token, next)))
                .mount(&server)
                .await;
        }
        Mock::given(path("/v1/models"))
            .and(query_param_is_missing("page_token"))
            .respond_with(ResponseTemplate::new(200).set_body_json(page("p1", "p2")))
            .mount(&server)
            .await;
        let models = cohere(&server).catalog().unwrap().models(0).await.unwrap();
        let ids: Vec<_> = models.iter().map(|model| model.id.as_str()).collect();
        assert_eq!(
            ids,
            ["p1", "p2", "p3"],
            "a page that names itself as the next is the last"
        );
        assert_eq!(models[0].context_tokens, Some(4_096));
    }

    #[tokio::test]
    async fn ollama_streams_lines_and_asks_for_its_context() {
        let server = serves("/api/chat", Fixtures("ollama", "tools.ndjson")).await;
        let provider = Ollama::builder()
            .base_url(server.uri())
            .num_ctx(16_384)
            .build()
            .unwrap();
        assert_eq!(provider.capabilities("any").context_tokens, Some(16_384));
        let mut stream = provider.chat_stream(&hi("qwen3:8b")).await.unwrap();
        let mut collector = StreamCollector::default();
        while let Some(event) = stream.next().await {
            collector.push(&event.unwrap());
        }
        let answer = collector.finish().unwrap();
        assert_eq!(
            (answer.tool_calls().count(), answer.finish),
            (3, FinishReason::ToolCalls)
        );
        let own = ChatRequest::user("Hi")
            .provider_options(&Options::default().num_ctx(4_096))
            .unwrap();
        provider.chat(&Call::new(own, "qwen3:8b")).await.unwrap();
        let bodies = sent(&server).await;
        assert_eq!(bodies[0]["options"]["num_ctx"], 16_384);
        assert_eq!(
            (&bodies[0]["truncate"], &bodies[0]["shift"]),
            (&json!(false), &json!(false))
        );
        assert_eq!(bodies[1]["options"]["num_ctx"], 4_096);
        let requests = server.received_requests().await.unwrap();
        assert!(
            !requests[0].headers.contains_key("authorization"),
            "no key, no header"
        );
    }

    #[tokio::test]
    async fn ollama_embeds_and_says_what_is_there() {
        let server = MockServer::start().await;
        Mock::given(method("GET"))
            .and(path("/api/tags"))
            .and(header("authorization", "Bearer key-2"))
            .respond_with(json_of("ollama", "tags.json"))
            .mount(&server)
            .await;
        Mock::given(path("/api/embed"))
            .and(body_partial_json(json!({"input": ["a", "b"], "truncate": false})))
            .respond_with(json_of("ollama", "embeddings.json"))
            .mount(&server)
            .await;
        let builder = Ollama::builder().id("ollama/cloud").base_url(server.uri());
        let provider = builder.key("key-1").key("key-2").build().unwrap();
        assert_eq!(provider.keys(), 2);
        let models = provider.catalog().unwrap().models(1).await.unwrap();
        assert_eq!(models.len(), 2);
        let call = Call::new(EmbedRequest::new(["a", "b"]), "all-minilm");
        let vectors = provider.embeddings().unwrap().embed(&call).await.unwrap();
        assert_eq!(
            (vectors.model.as_str(), vectors.embeddings.len()),
            ("all-minilm", 2)
        );
        assert!(provider.reranker().is_none() && provider.token_counter().is_none());
        let refused = provider.catalog().unwrap().models(0).await.unwrap_err();
        assert_eq!(refused.provider().unwrap().as_str(), "ollama/cloud");
    }

    async fn failure(provider: &dyn LlmProvider, model: &str) -> Error {
        let call = hi(model);
        let events: Vec<_> = match provider.chat_stream(&call).await {
            Ok(stream) => stream.collect().await,
            Err(error) => return error,
        };
        let last: Option<Result<StreamEvent, Error>> = events.into_iter().next_back();
        last.unwrap().unwrap_err()
    }

    #[tokio::test]
    async fn failures_say_what_and_who() {
        let said = |status, body: Value| ResponseTemplate::new(status).set_body_json(body);
        for (status, message, kind) in [
            (498, "invalid token", ErrorKind::Authentication),
            (400, "too many tokens: 9000", ErrorKind::ContextOverflow),
            (
                429,
                "You are using a Trial key, which is limited to 1000 API calls / month",
                ErrorKind::QuotaExhausted,
            ),
            (404, "model 'x' not found", ErrorKind::ModelNotFound),
        ] {
            let server = serves("/v2/chat", said(status, json!({"message": message, "id": "e-1"}))).await;
            let error = failure(&cohere(&server), "command-a-03-2025").await;
            assert_eq!(
                (error.kind(), error.request_id()),
                (kind, Some("e-1")),
                "{message}"
            );
            assert_eq!(error.provider().unwrap().as_str(), "cohere");
        }
        for (status, message, kind) in [
            (404, "model 'x' not found", ErrorKind::ModelNotFound),
            (400, "\"x\" does not support tools", ErrorKind::Unsupported),
            (503, "server busy", ErrorKind::Overloaded),
        ] {
            let server = serves("/api/chat", said(status, json!({"error": message}))).await;
            assert_eq!(failure(&ollama(&server), "x").await.kind(), kind, "{message}");
        }
        for (name, kind) in [
            ("error_in_stream.ndjson", ErrorKind::ServerError),
            ("error_cut.ndjson", ErrorKind::StreamTruncated),
            ("error_page_instead.ndjson", ErrorKind::Malformed),
        ] {
            let answer =
                ResponseTemplate::new(200).set_body_raw(fixture("ollama", name), "application/x-ndjson");
            let server = serves("/api/chat", answer).await;
            assert_eq!(failure(&ollama(&server), "x").await.kind(), kind, "{name}");
        }
    }

    #[test]
    fn settings_that_cannot_work_are_refused_and_keys_are_not_shown() {
        for outcome in [
            Cohere::builder("k").base_url("api.cohere.com").build().map(drop),
            Ollama::builder().base_url("localhost:11434").build().map(drop),
            Ollama::builder().num_ctx(0).build().map(drop),
        ] {
            assert_eq!(outcome.unwrap_err().kind(), ErrorKind::Config);
        }
        let secret = "very-secret";
        let shown = format!(
            "{:?} {:?} {:?}",
            Cohere::builder(secret),
            Cohere::new(secret).unwrap(),
            Ollama::builder().key(secret).build().unwrap()
        );
        assert!(!shown.contains(secret), "{shown}");
        assert_eq!(
            (Ollama::new().unwrap().keys(), Ollama::new().unwrap().kind()),
            (1, "ollama")
        );
    }
}
