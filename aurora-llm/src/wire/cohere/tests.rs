use bytes::Bytes;
use serde_json::{Value, json};

use super::server::decode_request;
use super::{CohereChat, DIALECT, Options, SafetyMode};
use crate::chat::{
    ChatRequest, ChatResponse, Citation, FinishReason, Media, MediaSource, Message, Part, Reasoning,
    ReasoningEffort, ResponseFormat, Role, Signature, Speech, StreamEvent, Tool, ToolCall, ToolChoice,
    ToolResult,
};
use crate::embed::{EmbedPurpose, EmbedRequest};
use crate::error::{Error, ErrorKind};
use crate::provider::Call;
use crate::rerank::RerankRequest;
use crate::usage::Usage;
use crate::wire::tests::{collect, fixture, read};
use crate::wire::{Codec as _, Method, ResponseHead, Streaming};

fn encoded(request: ChatRequest) -> Result<Value, Error> {
    let wire = CohereChat.encode(&Call::new(request, "command-a-03-2025"), Streaming::No)?;
    assert_eq!((wire.method, wire.path.as_ref()), (Method::Post, "/v2/chat"));
    Ok(serde_json::from_slice(&wire.body).unwrap())
}

fn answer(name: &str) -> ChatResponse {
    CohereChat
        .decode(&ResponseHead::default(), &fixture(DIALECT, name))
        .unwrap()
}

fn streamed(name: &str) -> ChatResponse {
    let (events, outcome) = read(&CohereChat, [fixture(DIALECT, name).as_slice()]);
    assert_eq!(outcome, Ok(()), "{name}");
    collect(&events).unwrap()
}

fn media(media_type: &str, bytes: &'static [u8]) -> Media {
    Media::new(media_type, MediaSource::Bytes(Bytes::from_static(bytes)))
}

fn thought(text: &str) -> Part {
    Part::Reasoning(Reasoning::new(text, None))
}

/// A request with everything that the dialect has words for.
fn rich() -> ChatRequest {
    let call = |id: &str| Part::ToolCall(ToolCall::new(id, "weather", r#"{"city":"Belém"}"#));
    let foreign = Reasoning::new("theirs", Some(Signature::new("other".into(), "s")));
    let mut tool = Tool::new("weather", "Tells the weather", json!({"type": "object"}));
    tool.strict = Some(true);
    let mut request = ChatRequest::new(vec![
        Message::new(
            Role::User,
            vec![
                Part::text("What is this?"),
                Part::Image(media("image/png", b"\x89PNG")),
                Part::Document(media("text/plain", b"Cats purr.").name("Cats")),
                Part::Document(media("application/json", br#"{"text":"bark"}"#).name("d1")),
            ],
        ),
        Message::new(
            Role::Assistant,
            vec![
                thought("I look."),
                Part::Reasoning(foreign),
                Part::text("Wait."),
                call("c1"),
                call("c2"),
            ],
        ),
        Message::new(
            Role::Tool,
            vec![
                Part::ToolResult(ToolResult::new("c1", "31")),
                Part::ToolResult(ToolResult::new("c2", "no such city").failed()),
            ],
        ),
        Message::user("And now?"),
    ])
    .system("Be brief.")
    .tool(tool)
    .tool_choice(ToolChoice::Required)
    .reasoning(ReasoningEffort::Tokens(2_000))
    .max_tokens(99)
    .temperature(0.5)
    .top_p(0.75)
    .stop("END");
    request.top_k = Some(40);
    request.seed = Some(7);
    request.frequency_penalty = Some(0.25);
    request.presence_penalty = Some(0.5);
    request.parallel_tool_calls = Some(true);
    request.cache_key = Some("hint".to_owned());
    let options = Options::default().safety_mode(SafetyMode::Strict).priority(3);
    request.provider_options(&options).unwrap()
}

#[test]
fn everything_is_written_as_cohere_reads_it() {
    assert_eq!(
        encoded(rich()).unwrap(),
        json!({
            "model": "command-a-03-2025",
            "stream": false,
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": [
                    {"type": "text", "text": "What is this?"},
                    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}},
                ]},
                {"role": "assistant", "content": "Wait.", "tool_plan": "I look.", "tool_calls": [
                    {"id": "c1", "type": "function",
                     "function": {"name": "weather", "arguments": "{\"city\":\"Belém\"}"}},
                    {"id": "c2", "type": "function",
                     "function": {"name": "weather", "arguments": "{\"city\":\"Belém\"}"}},
                ]},
                {"role": "tool", "tool_call_id": "c1", "content": "31"},
                {"role": "tool", "tool_call_id": "c2", "content": "no such city"},
                {"role": "user", "content": "And now?"},
            ],
            "documents": [
                {"data": {"title": "Cats", "text": "Cats purr."}},
                {"id": "d1", "data": {"text": "bark"}},
            ],
            "tools": [{"type": "function", "function": {
                "name": "weather", "description": "Tells the weather", "parameters": {"type": "object"},
            }}],
            "strict_tools": true,
            "tool_choice": "REQUIRED",
            "thinking": {"type": "enabled", "token_budget": 2_000},
            "max_tokens": 99,
            "stop_sequences": ["END"],
            "temperature": 0.5, "p": 0.75, "k": 40, "seed": 7,
            "frequency_penalty": 0.25, "presence_penalty": 0.5,
            "safety_mode": "STRICT", "priority": 3,
        })
    );
    let wire = CohereChat
        .encode(&Call::new(ChatRequest::user("Hi"), "m"), Streaming::Yes)
        .unwrap();
    let body: Value = serde_json::from_slice(&wire.body).unwrap();
    assert_eq!(
        body,
        json!({"model": "m", "stream": true, "messages": [{"role": "user", "content": "Hi"}]})
    );
}

#[test]
fn our_server_reads_what_our_client_writes() {
    let body = encoded(rich()).unwrap();
    let mut asked = decode_request(body.to_string().as_bytes()).unwrap();
    assert!(!asked.streaming.is_on());
    assert_eq!(asked.request.model.take().as_deref(), Some("command-a-03-2025"));
    // Documents stand in the last message now; written again, all is the same.
    assert_eq!(encoded(asked.request).unwrap(), body);
}

#[test]
fn the_forms_of_answers_are_asked_for() {
    let form = |format: ResponseFormat| {
        encoded(ChatRequest::user("JSON").format(format)).unwrap()["response_format"].take()
    };
    assert_eq!(form(ResponseFormat::Text), Value::Null);
    assert_eq!(form(ResponseFormat::JsonObject), json!({"type": "json_object"}));
    let schema = json!({"type": "object"});
    assert_eq!(
        form(ResponseFormat::JsonSchema {
            name: "n".into(),
            schema: schema.clone(),
            strict: false
        }),
        json!({"type": "json_object", "json_schema": schema})
    );
    let thinking = |effort| encoded(ChatRequest::user("Hi").reasoning(effort)).unwrap()["thinking"].take();
    assert_eq!(thinking(ReasoningEffort::None), json!({"type": "disabled"}));
    assert_eq!(thinking(ReasoningEffort::High), json!({"type": "enabled"}));
    assert_eq!(
        thinking(ReasoningEffort::Low),
        json!({"type": "enabled", "token_budget": 4_096})
    );
}

#[test]
fn what_has_no_place_is_refused() {
    let tool = || Tool::new("f", "f", json!({}));
    let with = |part| ChatRequest::new(vec![Message::new(Role::User, vec![part])]);
    let mut spoken = ChatRequest::user("Hi");
    spoken.speech = Some(Speech::new("v", "mp3"));
    let mut single = ChatRequest::user("Hi").tool(tool());
    single.parallel_tool_calls = Some(false);
    let mut stops = ChatRequest::user("Hi");
    stops.stop = vec!["x".to_owned(); 6];
    for request in [
        spoken,
        single,
        stops,
        ChatRequest::user("Hi")
            .tool(tool())
            .tool_choice(ToolChoice::Tool("f".into())),
        ChatRequest::user("Hi")
            .tool(tool())
            .format(ResponseFormat::JsonObject),
        ChatRequest::user("Hi").reasoning(ReasoningEffort::Other("max".into())),
        with(Part::Audio(media("audio/wav", b"x"))),
        with(Part::Document(media("application/pdf", b"%PDF"))),
        with(Part::Document(media("text/plain", b"\xFF"))),
        with(Part::Document(Media::new(
            "text/plain",
            MediaSource::Url("https://x.example".into()),
        ))),
    ] {
        assert_eq!(
            encoded(request.clone()).unwrap_err().kind(),
            ErrorKind::Unsupported,
            "{request:?}"
        );
    }
    let nonsense = ChatRequest::new(vec![Message::new(Role::Tool, vec![Part::text("x")])]);
    assert_eq!(encoded(nonsense).unwrap_err().kind(), ErrorKind::InvalidRequest);
}

#[test]
fn answers_are_read_with_what_is_billed() {
    let text = answer("answer_text.json");
    assert_eq!(
        (text.id.as_str(), text.text().as_str()),
        ("c14c80c3", "Olá, mundo")
    );
    assert_eq!(
        (text.finish, text.usage),
        (FinishReason::Stop, Some(Usage::new(12, 7)))
    );

    let tools = answer("answer_tools.json");
    let call = ToolCall::new("get_weather_a1", "get_weather", "{\"city\": \"Recife\"}");
    assert_eq!(
        tools.message.parts,
        [thought("I will look it up."), Part::ToolCall(call)]
    );
    assert_eq!(tools.finish, FinishReason::ToolCalls);

    let cited = answer("answer_thinking_and_citations.json");
    let mut usage = Usage::new(3, 2);
    usage.searches = 1;
    assert_eq!(cited.usage, Some(usage));
    let mut document = Citation::new("Emperor penguins");
    document.id = Some("doc:0".into());
    document.title = Some("Tall penguins".into());
    document.cited = Some("Emperor penguins are the tallest.".into());
    document.url = Some("https://example.com/p".into());
    let mut tool = Citation::new("Emperor penguins");
    tool.id = Some("get_weather_a1:0".into());
    tool.cited = Some("31 degrees".into());
    assert_eq!(
        cited.message.parts,
        [
            thought("Penguins."),
            Part::text("Emperor penguins."),
            Part::Citation(document),
            Part::Citation(tool),
        ]
    );
}

#[test]
fn usage_without_billed_units_is_what_was_read_less_what_was_cached() {
    let body = |usage: Value| {
        let body =
            json!({"id": "a", "finish_reason": "COMPLETE", "message": {"content": []}, "usage": usage});
        CohereChat
            .decode(&ResponseHead::default(), body.to_string().as_bytes())
            .unwrap()
            .usage
    };
    let mut cached = Usage::new(8, 9);
    cached.cache_read = 500;
    let tokens = json!({"input_tokens": 508.0, "output_tokens": 9.0});
    assert_eq!(
        body(json!({"tokens": tokens, "cached_tokens": 500.0})),
        Some(cached)
    );
    let free = json!({"billed_units": {"input_tokens": 0.0, "output_tokens": 0.0}, "tokens": tokens});
    assert_eq!(body(free), Some(Usage::default()), "nothing is billed");
    assert_eq!(body(json!({})), None);
    assert_eq!(body(Value::Null), None);
}

#[test]
fn failures_with_status_200_are_errors() {
    for (reason, message, kind) in [
        ("ERROR", Value::Null, ErrorKind::ServerError),
        ("TIMEOUT", Value::Null, ErrorKind::ServerError),
        (
            "ERROR",
            json!("too many tokens: 200000"),
            ErrorKind::ContextOverflow,
        ),
    ] {
        let body = json!({
            "id": "a", "finish_reason": reason, "error": message,
            "message": {"role": "assistant", "content": [{"type": "text", "text": "Half"}]},
        });
        let error = CohereChat
            .decode(&ResponseHead::default(), body.to_string().as_bytes())
            .unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(reason)));
        assert_eq!(error.partial().unwrap().text(), "Half");
    }
    let body = br#"{"message":"invalid api token","id":"e-1"}"#;
    let error = CohereChat.decode(&ResponseHead::default(), body).unwrap_err();
    assert_eq!(error.provider_message(), Some("invalid api token"));
}

#[test]
fn streams_are_read_to_the_same_answers() {
    let text = streamed("text.sse");
    assert_eq!(
        (text.text().as_str(), text.usage),
        ("Olá, mundo €", Some(Usage::new(12, 7)))
    );
    let thinking = streamed("thinking.sse");
    assert_eq!(thinking.message.parts, [thought("Let me see."), Part::text("42")]);
    assert_eq!(thinking.finish, FinishReason::Length);
    let tools = streamed("tools.sse");
    let call = |id: &str, arguments: &str| Part::ToolCall(ToolCall::new(id, "get_weather", arguments));
    assert_eq!(
        tools.message.parts,
        [
            thought("I will look up both cities."),
            call("get_weather_a1", "{\"city\": \"Recife\"}"),
            call("get_weather_b2", "{\"city\": \"Belém\"}"),
        ]
    );
    assert_eq!(tools.finish, FinishReason::ToolCalls);
    let cited = streamed("citations.sse");
    let ids = cited.message.parts.iter().filter_map(|part| match part {
        Part::Citation(citation) => citation.id.as_deref(),
        _ => None,
    });
    assert_eq!(ids.collect::<Vec<_>>(), ["doc:0", "get_weather_a1:0", "doc:0"]);
    let unknown = streamed("unknown_events.sse");
    assert_eq!(unknown.text(), "Hi");
    assert_eq!(unknown.finish, FinishReason::Other("LATER_REASON".into()));
    assert_eq!(streamed("without_usage.sse").usage, None);
    let open = read(
        &CohereChat,
        [fixture(DIALECT, "tool_call_open_at_end.sse").as_slice()],
    )
    .0;
    assert!(open.contains(&StreamEvent::ToolCallEnd { index: 0 }), "{open:?}");
    assert_eq!(
        collect(&open).unwrap().finish,
        FinishReason::ToolCalls,
        "calls say more than COMPLETE"
    );
}

#[test]
fn embeddings_and_their_purpose() {
    let mut request = EmbedRequest::new(["a", "b"])
        .purpose(EmbedPurpose::Query)
        .dimensions(256);
    let truncate = json!({"truncate": "END"}).as_object().cloned().unwrap();
    request.options.insert(DIALECT.to_owned(), truncate);
    let call = Call::new(request, "embed-v4.0");
    let wire = super::encode_embeddings(&call).unwrap();
    assert_eq!(wire.path, "/v2/embed");
    assert_eq!(
        serde_json::from_slice::<Value>(&wire.body).unwrap(),
        json!({
            "model": "embed-v4.0", "texts": ["a", "b"], "input_type": "search_query",
            "embedding_types": ["float"], "output_dimension": 256, "truncate": "END",
        })
    );
    let body = fixture(DIALECT, "embeddings.json");
    let read = super::decode_embeddings(&body, &call).unwrap();
    assert_eq!(read.embeddings, [[0.5, -0.25], [1.0, 0.0]]);
    assert_eq!(
        (read.model.as_str(), read.usage),
        ("embed-v4.0", Some(Usage::new(4, 0)))
    );
    let other = Call::new(EmbedRequest::new(["a"]), "m");
    for (body, call) in [(body.as_slice(), &other), (b"{}", &call), (b"[", &call)] {
        assert_eq!(
            super::decode_embeddings(body, call).unwrap_err().kind(),
            ErrorKind::Malformed
        );
    }
}

#[test]
fn rerank_gives_the_best_first() {
    let call = Call::new(RerankRequest::new("q", ["a", "b"]).top_n(2), "rerank-v3.5");
    let wire = super::encode_rerank(&call).unwrap();
    assert_eq!(wire.path, "/v2/rerank");
    assert_eq!(
        serde_json::from_slice::<Value>(&wire.body).unwrap(),
        json!({"model": "rerank-v3.5", "query": "q", "documents": ["a", "b"], "top_n": 2})
    );
    let body = fixture(DIALECT, "rerank.json");
    let read = super::decode_rerank(&body, &call).unwrap();
    let order: Vec<_> = read
        .results
        .iter()
        .map(|ranked| (ranked.index, ranked.score))
        .collect();
    assert_eq!(order, [(0, 0.9), (1, 0.2)]);
    assert_eq!(read.usage.unwrap().searches, 1);
    let fewer = Call::new(RerankRequest::new("q", ["a"]), "m");
    assert_eq!(
        super::decode_rerank(&body, &fewer).unwrap_err().kind(),
        ErrorKind::Malformed
    );
}

#[test]
fn models_come_in_pages() {
    assert!(
        super::encode_models(None)
            .query
            .iter()
            .all(|(name, _)| *name != "page_token")
    );
    let wire = super::encode_models(Some("p2"));
    assert!(wire.query.contains(&("page_token", "p2".to_owned())));
    let page = super::decode_models(&fixture(DIALECT, "models.json")).unwrap();
    let models: Vec<_> = page
        .models
        .iter()
        .map(|model| (model.id.as_str(), model.context_tokens))
        .collect();
    assert_eq!(
        models,
        [("command-a-03-2025", Some(256_000)), ("embed-v4.0", None)]
    );
    assert_eq!(page.next.as_deref(), Some("p2"));
    assert_eq!(
        super::decode_models(b"{}").unwrap_err().kind(),
        ErrorKind::Malformed
    );
}
