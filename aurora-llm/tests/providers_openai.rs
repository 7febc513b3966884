//! The providers of OpenAI's family against a server that answers from fixtures.
#![cfg(all(
    feature = "openai",
    feature = "azure",
    feature = "huggingface",
    feature = "testing"
))]

#[cfg(test)]
mod over_http {
    use aurora_llm::chat::{ChatRequest, Message, Part, Role, StreamEvent};
    use aurora_llm::embed::EmbedRequest;
    use aurora_llm::error::{Error, ErrorKind};
    use aurora_llm::provider::{Call, LlmProvider};
    use aurora_llm::providers::azure::{ApiVersion, Azure};
    use aurora_llm::providers::huggingface::HuggingFace;
    use aurora_llm::providers::openai::{Api, OpenAi};
    use aurora_llm::providers::openai_compatible::OpenAiCompatible;
    use aurora_llm::testing::conformance;
    use futures::StreamExt as _;
    use serde_json::{Value, json};
    use wiremock::matchers::{body_partial_json, header, header_regex, method, path, query_param};
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

    fn hi(model: &str) -> Call {
        Call::new(ChatRequest::user("Hi"), model)
    }

    async fn last_of(provider: &dyn LlmProvider, call: &Call) -> Result<StreamEvent, Error> {
        let events: Vec<_> = provider.chat_stream(call).await?.collect().await;
        events.into_iter().next_back().unwrap()
    }

    fn vectors() -> ResponseTemplate {
        ResponseTemplate::new(200).set_body_json(json!({
            "object": "list", "model": "text-embedding-3-small",
            "data": [
                {"object": "embedding", "index": 1, "embedding": "AACAPwAAAL8="},
                {"object": "embedding", "index": 0, "embedding": [0.25, 2.0]},
            ],
            "usage": {"prompt_tokens": 5, "total_tokens": 5},
        }))
    }

    async fn embeds(provider: &dyn LlmProvider, model: &str) {
        let embeddings = provider.embeddings().unwrap();
        assert_eq!(embeddings.max_inputs(model), 2_048);
        let call = Call::new(EmbedRequest::new(["a river", "um rio"]), model);
        let answer = embeddings.embed(&call).await.unwrap();
        assert_eq!(answer.embeddings, [[0.25, 2.0], [1.0, -0.5]]);
        assert_eq!(answer.usage.unwrap().total(), 5);
    }

    #[tokio::test]
    async fn responses_keep_the_contract_and_their_reasoning() {
        let server = MockServer::start().await;
        let sealed = json!({"store": false, "include": ["reasoning.encrypted_content"]});
        Mock::given(method("POST"))
            .and(path("/v1/responses"))
            .and(header("authorization", "Bearer sk-1"))
            .and(body_partial_json(sealed))
            .respond_with(Fixtures("openai_responses"))
            .mount(&server)
            .await;
        let openai = OpenAi::builder("sk-1")
            .base_url(server.uri())
            .api(Api::Responses)
            .build()
            .unwrap();
        conformance(&openai, "gpt-5-mini").await;
        let able = openai.capabilities("gpt-5-mini");
        assert!(!able.seed && !able.audio && able.max_stop == Some(0), "{able:?}");
        let local = OpenAiCompatible::builder("local", server.uri())
            .key("sk-1")
            .api(Api::Responses);
        conformance(&local.build().unwrap(), "gpt-oss").await;

        let body = fixture("openai_responses", "reasoning_and_tools.sse");
        let server = MockServer::start().await;
        let answer = ResponseTemplate::new(200).set_body_raw(body, "text/event-stream");
        Mock::given(path("/v1/responses"))
            .respond_with(answer)
            .mount(&server)
            .await;
        let named = |id: &str| {
            let builder = OpenAi::builder("sk-1")
                .id(id)
                .base_url(server.uri())
                .api(Api::Responses);
            builder.build().unwrap()
        };
        let (eu, us) = (named("openai/eu"), named("openai/us"));
        let mut collector = aurora_llm::chat::StreamCollector::default();
        let mut stream = eu.chat_stream(&hi("gpt-5")).await.unwrap();
        while let Some(event) = stream.next().await {
            collector.push(&event.unwrap());
        }
        let said = collector.finish().unwrap().message;
        assert!(matches!(&said.parts[0], Part::Reasoning(reasoning) if reasoning.signature.is_some()));
        let again = ChatRequest::new(vec![
            Message::user("Hi"),
            said.clone(),
            Message::new(Role::User, vec![Part::text("?")]),
        ]);
        for (provider, sealed) in [(&eu, true), (&us, false)] {
            let call = Call::new(again.clone(), "gpt-5");
            assert!(last_of(provider, &call).await.unwrap().is_terminal());
            let sent = server.received_requests().await.unwrap();
            let text = String::from_utf8_lossy(&sent.last().unwrap().body).into_owned();
            assert_eq!(
                text.contains("gAAAAABsealed=="),
                sealed,
                "only to where it came from"
            );
        }
    }

    #[tokio::test]
    async fn azure_is_called_by_deployment_version_and_key() {
        let server = MockServer::start().await;
        let at = |place: &str| {
            Mock::given(method("POST"))
                .and(path(place))
                .and(query_param("api-version", "2024-10-21"))
                .and(header("api-key", "key-1"))
        };
        at("/openai/deployments/prod.chat/chat/completions")
            .respond_with(Fixtures("openai_chat"))
            .mount(&server)
            .await;
        at("/openai/deployments/embed-1/embeddings")
            .respond_with(vectors())
            .mount(&server)
            .await;
        let azure = Azure::builder(format!("{}/openai/", server.uri()), "key-1")
            .api_version(ApiVersion::Dated("2024-10-21".into()))
            .deployment("prod.chat", "gpt-4o-mini");
        let azure = azure.build().unwrap();
        assert_eq!((azure.id().as_str(), azure.kind()), ("azure", "azure.ai.openai"));
        conformance(&azure, "prod.chat").await;
        assert!(
            !azure.capabilities("prod.chat").reasoning,
            "of the model behind the deployment"
        );
        embeds(&azure, "embed-1").await;
        assert!(azure.catalog().is_none());
        let sent = server.received_requests().await.unwrap();
        assert!(!sent[0].headers.contains_key("authorization"));
        for hostile in ["../../evil", "a/b", "", "a?b", ".."] {
            let error = azure.chat(&hi(hostile)).await.unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{hostile}");
        }
    }

    #[tokio::test]
    async fn azure_s_first_version_has_the_deployment_in_the_body() {
        let server = MockServer::start().await;
        for (place, dialect) in [
            ("/openai/v1/chat/completions", "openai_chat"),
            ("/openai/v1/responses", "openai_responses"),
        ] {
            Mock::given(path(place))
                .and(header("authorization", "Bearer token-1"))
                .and(body_partial_json(json!({"model": "prod"})))
                .respond_with(Fixtures(dialect))
                .mount(&server)
                .await;
        }
        for (api, endpoint) in [
            (Api::ChatCompletions, server.uri()),
            (Api::Responses, format!("{}/openai/v1/", server.uri())),
        ] {
            let azure = Azure::builder(endpoint, "unused")
                .entra_token("token-1")
                .api(api)
                .build()
                .unwrap();
            conformance(&azure, "prod").await;
            assert!(!format!("{azure:?}").contains("token-1"));
        }
        let sent = server.received_requests().await.unwrap();
        assert!(sent.iter().all(|request| request.url.query().is_none()));
        assert!(
            sent.iter()
                .all(|request| !request.headers.contains_key("api-key"))
        );
        let dated = |version: &str| ApiVersion::Dated(version.into());
        for builder in [
            Azure::builder("https://x.openai.azure.com", "k").api_version(dated(" ")),
            Azure::builder("https://x.openai.azure.com", "k")
                .api_version(dated("2024-10-21"))
                .api(Api::Responses),
            Azure::builder("my-resource", "k"),
        ] {
            assert_eq!(builder.build().unwrap_err().kind(), ErrorKind::Config);
        }
    }

    #[tokio::test]
    async fn azure_s_filter_and_a_second_key() {
        let filtered = json!({"error": {
            "message": "filtered", "type": null, "param": "prompt", "code": "content_filter", "status": 400,
            "innererror": {"code": "ResponsibleAIPolicyViolation"},
        }});
        let server = MockServer::start().await;
        Mock::given(header("api-key", "key-2"))
            .respond_with(ResponseTemplate::new(400).set_body_json(filtered))
            .mount(&server)
            .await;
        let azure = Azure::builder(server.uri(), "key-1")
            .another_key("key-2")
            .build()
            .unwrap();
        assert_eq!(azure.keys(), 2);
        let error = azure.chat(&hi("prod").key(1)).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.status()),
            (ErrorKind::ContentFiltered, Some(400))
        );
        assert_eq!(error.provider().unwrap().as_str(), "azure");
    }

    #[tokio::test]
    async fn hugging_face_s_router_and_a_server_of_one_s_own() {
        let server = MockServer::start().await;
        Mock::given(path("/v1/chat/completions"))
            .and(header_regex("authorization", "^Bearer hf_[12]$"))
            .respond_with(Fixtures("openai_chat"))
            .mount(&server)
            .await;
        Mock::given(path("/v1/embeddings"))
            .respond_with(vectors())
            .mount(&server)
            .await;
        let models = json!({"object": "list", "data": [
            {"id": "o/n", "object": "model", "providers": [{"provider": "groq", "context_length": 131_072}]},
        ]});
        Mock::given(method("GET"))
            .and(path("/v1/models"))
            .and(header("authorization", "Bearer hf_2"))
            .respond_with(ResponseTemplate::new(200).set_body_json(models))
            .mount(&server)
            .await;
        let own = HuggingFace::builder("hf_1")
            .another_key("hf_2")
            .base_url(server.uri())
            .build()
            .unwrap();
        assert_eq!(
            (own.id().as_str(), own.kind(), own.keys()),
            ("huggingface", "huggingface", 2)
        );
        conformance(&own, "o/n:groq").await;
        embeds(&own, "o/n").await;
        let models = own.catalog().unwrap().models(1).await.unwrap();
        assert_eq!(
            (models[0].id.as_str(), models[0].context_tokens),
            ("o/n", Some(131_072))
        );
        let sent = server.received_requests().await.unwrap();
        let asked: Value = serde_json::from_slice(&sent[0].body).unwrap();
        assert_eq!(asked["model"], "o/n:groq");
        assert!(
            HuggingFace::new("hf_1").unwrap().embeddings().is_none(),
            "the router has none"
        );
    }

    #[tokio::test]
    async fn hugging_face_s_credits_and_streams_that_fail() {
        let server = MockServer::start().await;
        let spent = json!({"error": "You have exceeded your monthly included credits"});
        Mock::given(method("POST"))
            .respond_with(ResponseTemplate::new(402).set_body_json(spent))
            .up_to_n_times(1)
            .mount(&server)
            .await;
        let broken = ResponseTemplate::new(200)
            .set_body_raw(fixture("openai_chat", "error_tgi.sse"), "text/event-stream");
        Mock::given(method("POST"))
            .respond_with(broken)
            .mount(&server)
            .await;
        let own = HuggingFace::builder("hf_1")
            .base_url(server.uri())
            .build()
            .unwrap();
        assert_eq!(
            own.chat(&hi("o/n")).await.unwrap_err().kind(),
            ErrorKind::QuotaExhausted
        );
        let error = last_of(&own, &hi("o/n")).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::ServerError, Some("generation"))
        );
    }

    #[tokio::test]
    async fn openai_s_embeddings_and_models() {
        let server = MockServer::start().await;
        Mock::given(path("/v1/embeddings"))
            .and(body_partial_json(
                json!({"encoding_format": "base64", "input": ["a river", "um rio"]}),
            ))
            .respond_with(vectors())
            .mount(&server)
            .await;
        let models = json!({"object": "list", "data": [{"id": "gpt-5", "object": "model", "created": 1, "owned_by": "openai"}]});
        Mock::given(path("/v1/models"))
            .respond_with(ResponseTemplate::new(200).set_body_json(models))
            .mount(&server)
            .await;
        let openai = OpenAi::builder("sk-1").base_url(server.uri()).build().unwrap();
        embeds(&openai, "text-embedding-3-small").await;
        assert_eq!(openai.catalog().unwrap().models(0).await.unwrap()[0].id, "gpt-5");
        let one = Call::new(EmbedRequest::new(["a river", "um rio", "?"]), "m");
        let error = openai.embeddings().unwrap().embed(&one).await.unwrap_err();
        assert_eq!(
            error.provider().unwrap().as_str(),
            "openai",
            "an error says who: {error}"
        );
        let empty = Call::new(EmbedRequest::default(), "m");
        let error = openai.embeddings().unwrap().embed(&empty).await.unwrap_err();
        assert_eq!(
            (error.kind(), error.model()),
            (ErrorKind::InvalidRequest, Some("m"))
        );
        let gone = OpenAiCompatible::builder("gone", format!("{}/nothing", server.uri()))
            .build()
            .unwrap();
        let error = gone.catalog().unwrap().models(0).await.unwrap_err();
        assert_eq!(error.status(), Some(404));
    }
}
