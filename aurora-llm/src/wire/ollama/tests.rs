use std::time::Duration;

use bytes::Bytes;
use serde_json::{Value, json};

use super::server::decode_request;
use super::{DIALECT, KeepAlive, OllamaChat, Options};
use crate::chat::{
    ChatRequest, ChatResponse, FinishReason, Media, MediaSource, Message, Part, Reasoning, ReasoningEffort,
    ResponseFormat, Role, Signature, Speech, StreamEvent, Tool, ToolCall, ToolChoice, ToolResult,
};
use crate::embed::EmbedRequest;
use crate::error::{Error, ErrorKind};
use crate::provider::Call;
use crate::usage::Usage;
use crate::wire::tests::{collect, fixture, read};
use crate::wire::{Codec as _, Method, ResponseHead, Streaming};

fn encoded(request: ChatRequest) -> Result<Value, Error> {
    let wire = OllamaChat::default().encode(&Call::new(request, "qwen3:8b"), Streaming::No)?;
    assert_eq!((wire.method, wire.path.as_ref()), (Method::Post, "/api/chat"));
    Ok(serde_json::from_slice(&wire.body).unwrap())
}

fn answer(name: &str) -> ChatResponse {
    OllamaChat::default()
        .decode(&ResponseHead::default(), &fixture(DIALECT, name))
        .unwrap()
}

fn streamed(name: &str) -> ChatResponse {
    let (events, outcome) = read(&OllamaChat::default(), [fixture(DIALECT, name).as_slice()]);
    assert_eq!(outcome, Ok(()), "{name}");
    collect(&events).unwrap()
}

fn image() -> Part {
    Part::Image(Media::new(
        "image/png",
        MediaSource::Bytes(Bytes::from_static(b"\x89PNG")),
    ))
}

/// A request with everything that the dialect has words for.
fn rich() -> ChatRequest {
    let foreign = Reasoning::new("theirs", Some(Signature::new("other".into(), "s")));
    let mut request = ChatRequest::new(vec![
        Message::new(Role::User, vec![Part::text("What is this?"), image()]),
        Message::new(
            Role::Assistant,
            vec![
                Part::Reasoning(Reasoning::new("I look.", None)),
                Part::Reasoning(foreign),
                Part::ToolCall(ToolCall::new("c1", "look", r#"{"at":1}"#)),
                Part::ToolCall(ToolCall::new("c2", "time", "")),
            ],
        ),
        Message::new(
            Role::Tool,
            vec![
                Part::ToolResult(ToolResult::new("c2", "noon")),
                Part::ToolResult(ToolResult::new("c1", "a cat")),
            ],
        ),
        Message::user("And now?"),
    ])
    .system("Be brief.")
    .tool(Tool::new("look", "Looks", json!({"type": "object"})))
    .format(ResponseFormat::JsonSchema {
        name: "a".into(),
        schema: json!({"type": "object"}),
        strict: true,
    })
    .reasoning(ReasoningEffort::High)
    .max_tokens(99)
    .temperature(0.5)
    .top_p(0.75)
    .stop("END");
    request.top_k = Some(40);
    request.seed = Some(7);
    request.frequency_penalty = Some(0.25);
    request.presence_penalty = Some(0.5);
    let keep_alive = KeepAlive::For(Duration::from_secs(600));
    let options = Options::default()
        .num_ctx(4_096)
        .min_p(0.05)
        .keep_alive(keep_alive);
    request.provider_options(&options).unwrap()
}

#[test]
fn everything_is_written_as_ollama_reads_it() {
    assert_eq!(
        encoded(rich()).unwrap(),
        json!({
            "model": "qwen3:8b",
            "stream": false,
            "truncate": false,
            "shift": false,
            "messages": [
                {"role": "system", "content": "Be brief."},
                {"role": "user", "content": "What is this?", "images": ["iVBORw=="]},
                {"role": "assistant", "content": "", "thinking": "I look.", "tool_calls": [
                    {"id": "c1", "function": {"name": "look", "arguments": {"at": 1}}},
                    {"id": "c2", "function": {"name": "time", "arguments": {}}},
                ]},
                {"role": "tool", "tool_call_id": "c2", "tool_name": "time", "content": "noon"},
                {"role": "tool", "tool_call_id": "c1", "tool_name": "look", "content": "a cat"},
                {"role": "user", "content": "And now?"},
            ],
            "tools": [{"type": "function", "function": {
                "name": "look", "description": "Looks", "parameters": {"type": "object"},
            }}],
            "format": {"type": "object"},
            "think": "high",
            "keep_alive": "600000ms",
            "options": {
                "num_ctx": 4_096, "num_predict": 99, "temperature": 0.5, "top_p": 0.75, "top_k": 40, "seed": 7,
                "frequency_penalty": 0.25, "presence_penalty": 0.5, "stop": ["END"], "min_p": 0.05,
            },
        })
    );
}

#[test]
fn the_context_is_always_asked_for_and_never_cut_in_silence() {
    let body = encoded(ChatRequest::user("Hi")).unwrap();
    assert_eq!(body["options"], json!({"num_ctx": 8_192}));
    assert_eq!(
        (&body["truncate"], &body["shift"]),
        (&json!(false), &json!(false))
    );
    let codec = OllamaChat::default().num_ctx(65_536);
    let wire = codec
        .encode(&Call::new(ChatRequest::user("Hi"), "m"), Streaming::Yes)
        .unwrap();
    let body: Value = serde_json::from_slice(&wire.body).unwrap();
    assert_eq!(body["options"]["num_ctx"], 65_536);
    assert_eq!(body["stream"], true);
}

#[test]
fn our_server_reads_what_our_client_writes() {
    let body = encoded(rich()).unwrap();
    let mut asked = decode_request(body.to_string().as_bytes()).unwrap();
    assert!(!asked.streaming.is_on());
    asked.request.model = None;
    assert_eq!(encoded(asked.request).unwrap(), body);
}

#[test]
fn how_hard_to_think_and_how_long_to_stay() {
    let think = |effort| encoded(ChatRequest::user("Hi").reasoning(effort)).unwrap()["think"].take();
    assert_eq!(think(ReasoningEffort::None), json!(false));
    assert_eq!(think(ReasoningEffort::Minimal), json!("low"));
    assert_eq!(think(ReasoningEffort::Other("max".into())), json!("max"));
    let stay = |keep_alive| serde_json::to_value(Options::default().keep_alive(keep_alive)).unwrap();
    assert_eq!(stay(KeepAlive::Forever), json!({"keep_alive": -1}));
    assert_eq!(stay(KeepAlive::Unload), json!({"keep_alive": 0}));
    let json = encoded(ChatRequest::user("JSON").format(ResponseFormat::JsonObject)).unwrap();
    assert_eq!(json["format"], "json");
    let tool = Tool::new("f", "f", json!({}));
    let none = encoded(ChatRequest::user("Hi").tool(tool).tool_choice(ToolChoice::None)).unwrap();
    assert_eq!(none.get("tools"), None, "what is not offered cannot be called");
}

#[test]
fn what_has_no_place_is_refused() {
    let tool = || Tool::new("f", "f", json!({}));
    let with = |part| ChatRequest::new(vec![Message::new(Role::User, vec![part])]);
    let elsewhere = |kind: &str| Media::new(kind, MediaSource::Url("https://x.example".into()));
    let mut spoken = ChatRequest::user("Hi");
    spoken.speech = Some(Speech::new("v", "mp3"));
    let mut single = ChatRequest::user("Hi").tool(tool());
    single.parallel_tool_calls = Some(false);
    for request in [
        spoken,
        single,
        ChatRequest::user("Hi")
            .tool(tool())
            .tool_choice(ToolChoice::Required),
        ChatRequest::user("Hi")
            .tool(tool())
            .tool_choice(ToolChoice::Tool("f".into())),
        ChatRequest::user("Hi").reasoning(ReasoningEffort::Tokens(9)),
        with(Part::Image(elsewhere("image/png"))),
        with(Part::Document(elsewhere("application/pdf"))),
        with(Part::Audio(elsewhere("audio/wav"))),
    ] {
        assert_eq!(
            encoded(request.clone()).unwrap_err().kind(),
            ErrorKind::Unsupported,
            "{request:?}"
        );
    }
    let cut = Part::ToolCall(ToolCall::new("c", "f", "{\"a\":"));
    for request in [
        ChatRequest::new(vec![Message::new(Role::Assistant, vec![cut])]),
        ChatRequest::new(vec![Message::new(Role::Tool, vec![Part::text("x")])]),
    ] {
        assert_eq!(encoded(request).unwrap_err().kind(), ErrorKind::InvalidRequest);
    }
}

#[test]
fn answers_are_read() {
    let text = answer("answer_text.json");
    assert_eq!(
        (text.model.as_str(), text.text().as_str()),
        ("qwen3:8b", "Olá, mundo")
    );
    assert_eq!(
        (text.finish, text.usage),
        (FinishReason::Stop, Some(Usage::new(26, 7)))
    );
    let tools = answer("answer_thinking_and_tools.json");
    assert_eq!(tools.finish, FinishReason::ToolCalls);
    let calls: Vec<_> = tools.tool_calls().collect();
    assert_eq!(calls[0].arguments, r#"{"city":"Recife"}"#);
    assert_ne!(calls[0].id, calls[1].id, "two calls, though they are alike");
    assert_eq!(
        answer("answer_thinking_and_tools.json"),
        tools,
        "made ids are the same for the same bytes"
    );
    assert_eq!(answer("answer_json.json").finish, FinishReason::Length);
    for (body, kind) in [
        (r#"{"error":"model 'x' not found"}"#, ErrorKind::ModelNotFound),
        (
            r#"{"model":"m","message":{"content":"Half"},"done":false}"#,
            ErrorKind::Malformed,
        ),
        (r#"{"model":"m","done":true}"#, ErrorKind::Malformed),
        ("[]", ErrorKind::Malformed),
        ("no", ErrorKind::Malformed),
    ] {
        let error = OllamaChat::default()
            .decode(&ResponseHead::default(), body.as_bytes())
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{body}");
    }
}

#[test]
fn streams_are_read_to_the_same_answers() {
    let text = streamed("text.ndjson");
    assert_eq!(
        (text.text().as_str(), text.usage),
        ("Olá, mundo €", Some(Usage::new(26, 7)))
    );
    assert_eq!(text.model, "qwen3:8b");
    let thinking = streamed("thinking.ndjson");
    let thought = Part::Reasoning(Reasoning::new("Let me see.", None));
    assert_eq!(thinking.message.parts, [thought, Part::text("42")]);
    assert_eq!(thinking.finish, FinishReason::Length);
    let tools = streamed("tools.ndjson");
    assert_eq!(tools.finish, FinishReason::ToolCalls, "calls say more than stop");
    let calls: Vec<_> = tools
        .tool_calls()
        .map(|call| (call.name.as_str(), call.arguments.as_str()))
        .collect();
    assert_eq!(
        calls,
        [
            ("get_weather", r#"{"city":"Recife"}"#),
            ("get_weather", r#"{"city":"Belém"}"#),
            ("get_time", "{}")
        ]
    );
    assert_eq!(tools.tool_calls().nth(2).unwrap().id, "call_own");
    assert_eq!(streamed("without_counts.ndjson").usage, None);
    assert_eq!(streamed("cached_prompt.ndjson").usage, Some(Usage::new(0, 7)));
    assert_eq!(streamed("load.ndjson").finish, FinishReason::Other("load".into()));
    assert_eq!(streamed("unknown_fields.ndjson").text(), "Hi");
}

#[test]
fn what_was_said_before_an_error_line_is_handed_out() {
    let bytes = fixture(DIALECT, "error_in_stream.ndjson");
    let (events, outcome) = read(&OllamaChat::default(), [bytes.as_slice()]);
    assert_eq!(outcome, Err(ErrorKind::ServerError));
    assert_eq!(events.last(), Some(&StreamEvent::Text("Hi".into())));
}

#[test]
fn embeddings_are_never_cut_in_silence() {
    let mut request = EmbedRequest::new(["a", "b"]).dimensions(256);
    let options = json!({"keep_alive": "1m", "options": {"num_thread": 2}});
    request
        .options
        .insert(DIALECT.to_owned(), options.as_object().cloned().unwrap());
    let call = Call::new(request, "all-minilm");
    let wire = OllamaChat::default().encode_embeddings(&call).unwrap();
    assert_eq!(wire.path, "/api/embed");
    assert_eq!(
        serde_json::from_slice::<Value>(&wire.body).unwrap(),
        json!({
            "model": "all-minilm", "input": ["a", "b"], "truncate": false, "dimensions": 256,
            "keep_alive": "1m", "options": {"num_ctx": 8_192, "num_thread": 2},
        })
    );
    let body = fixture(DIALECT, "embeddings.json");
    let read = super::decode_embeddings(&body, &call).unwrap();
    assert_eq!(read.embeddings, [[0.5, -0.25], [1.0, 0.0]]);
    assert_eq!(read.usage, Some(Usage::new(8, 0)));
    let other = Call::new(EmbedRequest::new(["a"]), "m");
    for (body, call) in [(body.as_slice(), &other), (b"{}", &call), (b"[", &call)] {
        assert_eq!(
            super::decode_embeddings(body, call).unwrap_err().kind(),
            ErrorKind::Malformed
        );
    }
}

#[test]
fn the_models_that_are_there() {
    let wire = super::encode_models();
    assert_eq!((wire.method, wire.path.as_ref()), (Method::Get, "/api/tags"));
    let models = super::decode_models(&fixture(DIALECT, "tags.json")).unwrap();
    let ids: Vec<_> = models.iter().map(|model| model.id.as_str()).collect();
    assert_eq!(ids, ["qwen3:8b", "old:latest"]);
    assert_eq!(super::decode_models(br#"{"models":null}"#).unwrap(), []);
    assert_eq!(
        super::decode_models(b"{}").unwrap_err().kind(),
        ErrorKind::Malformed
    );
}
