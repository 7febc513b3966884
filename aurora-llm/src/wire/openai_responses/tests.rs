use bytes::Bytes;
use serde_json::{Value, json};

use super::server::decode_request;
use super::{DIALECT, Options};
use crate::chat::{
    ChatRequest, Citation, FinishReason, Media, MediaSource, Message, Part, Reasoning, ReasoningEffort,
    ResponseFormat, Role, Signature, Speech, StreamEvent, Tool, ToolCall, ToolChoice, ToolResult,
};
use crate::error::ErrorKind;
use crate::provider::Call;
use crate::usage::Usage;
use crate::wire::tests::{collect, fixture, read, responses};
use crate::wire::{Codec as _, ResponseHead, Streaming};

fn body_of(request: ChatRequest, model: &str, streaming: Streaming) -> Value {
    let wire = responses().encode(&Call::new(request, model), streaming).unwrap();
    assert_eq!(wire.path, "/responses");
    serde_json::from_slice(&wire.body).unwrap()
}

fn sealed(provider: &str) -> Signature {
    Signature::new(
        provider.into(),
        r#"{"id":"rs_1","encrypted_content":"gAAAAABsealed=="}"#,
    )
}

/// A request with everything that the dialect has words for.
fn rich() -> ChatRequest {
    let asked = vec![
        Part::text("What is this?"),
        Part::Image(Media::new(
            "image/png",
            MediaSource::Bytes(Bytes::from_static(b"\x89PNG")),
        )),
        Part::Image(Media::new(
            "image/*",
            MediaSource::Url("https://example.com/a.png".into()),
        )),
        Part::Document(
            Media::new("application/pdf", MediaSource::Bytes(Bytes::from_static(b"%PDF"))).name("a.pdf"),
        ),
        Part::Document(Media::new(
            "application/octet-stream",
            MediaSource::Url("https://example.com/b.pdf".into()),
        )),
    ];
    let answered = vec![
        Part::Reasoning(Reasoning::new("The weather.", Some(sealed("openai/eu")))),
        Part::text("Looking."),
        Part::ToolCall(ToolCall::new("call_a", "weather", r#"{"city":"Belém"}"#)),
        Part::ToolCall(ToolCall::new("call_b", "time", "{}")),
    ];
    let mut tool = Tool::new("weather", "Tells the weather.", json!({"type": "object"}));
    tool.strict = Some(false);
    let mut request = ChatRequest::new(vec![
        Message::system("Be brief."),
        Message::new(Role::User, asked),
        Message::new(Role::Assistant, answered),
        Message::tool_result(ToolResult::new("call_a", "31 °C")),
        Message::tool_result(ToolResult::new("call_b", "noon")),
        Message::user("Thanks."),
    ])
    .tool(tool)
    .tool_choice(ToolChoice::Tool("weather".into()))
    .format(ResponseFormat::JsonSchema {
        name: "answer".into(),
        schema: json!({"type": "object"}),
        strict: true,
    })
    .max_tokens(100)
    .temperature(0.5)
    .top_p(0.9)
    .reasoning(ReasoningEffort::Low);
    request.show_reasoning = true;
    request.parallel_tool_calls = Some(false);
    request.cache_key = Some("key".into());
    request.metadata.insert("team".into(), "search".into());
    request.user = Some("u-1".into());
    let options = Options::default().service_tier("flex").verbosity("low");
    request.provider_options(&options).unwrap()
}

#[test]
fn a_request_with_everything() {
    let expected = json!({
        "model": "gpt-5-mini",
        "input": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [
                {"type": "input_text", "text": "What is this?"},
                {"type": "input_image", "image_url": "data:image/png;base64,iVBORw==", "detail": "auto"},
                {"type": "input_image", "image_url": "https://example.com/a.png", "detail": "auto"},
                {"type": "input_file", "filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERg=="},
                {"type": "input_file", "file_url": "https://example.com/b.pdf"},
            ]},
            {"type": "reasoning", "id": "rs_1", "summary": [{"type": "summary_text", "text": "The weather."}],
             "encrypted_content": "gAAAAABsealed=="},
            {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "Looking."}]},
            {"type": "function_call", "call_id": "call_a", "name": "weather", "arguments": "{\"city\":\"Belém\"}"},
            {"type": "function_call", "call_id": "call_b", "name": "time", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "call_a", "output": "31 °C"},
            {"type": "function_call_output", "call_id": "call_b", "output": "noon"},
            {"role": "user", "content": "Thanks."},
        ],
        "store": false,
        "include": ["reasoning.encrypted_content"],
        "tools": [{"type": "function", "name": "weather", "description": "Tells the weather.",
            "parameters": {"type": "object"}, "strict": false}],
        "tool_choice": {"type": "function", "name": "weather"},
        "parallel_tool_calls": false,
        "max_output_tokens": 100,
        "temperature": 0.5,
        "top_p": 0.9,
        "reasoning": {"effort": "low", "summary": "auto"},
        "text": {
            "format": {"type": "json_schema", "name": "answer", "schema": {"type": "object"}, "strict": true},
            "verbosity": "low",
        },
        "metadata": {"team": "search"},
        "safety_identifier": "u-1",
        "prompt_cache_key": "key",
        "service_tier": "flex",
        "stream": true,
    });
    assert_eq!(body_of(rich(), "gpt-5-mini", Streaming::Yes), expected);
}

#[test]
fn our_server_reads_what_our_client_writes() {
    let wire = responses()
        .encode(&Call::new(rich(), "gpt-5-mini"), Streaming::Yes)
        .unwrap();
    let asked = decode_request(&wire.body).unwrap();
    let mut expected = rich().model("gpt-5-mini");
    // A seal that is not of ours is nobody's; only the words come along.
    expected.messages[2].parts[0] = Part::Reasoning(Reasoning::new("The weather.", None));
    assert_eq!(asked.request, expected);
    assert!(asked.streaming.is_on());
}

#[test]
fn a_small_request_says_no_more_than_it_must() {
    let expected = json!({
        "model": "gpt-4.1", "input": [{"role": "user", "content": "Hi"}], "store": false, "max_output_tokens": 50,
    });
    let request = ChatRequest::user("Hi").max_tokens(50);
    assert_eq!(body_of(request.clone(), "gpt-4.1", Streaming::No), expected);
    for (model, sealed) in [
        ("gpt-5", true),
        ("gpt-5-chat-latest", false),
        ("o4-mini", true),
        ("gpt-4o", false),
    ] {
        let body = body_of(request.clone(), model, Streaming::No);
        assert_eq!(
            body.get("include").is_some(),
            sealed,
            "{model} refuses to be asked in vain"
        );
    }
}

#[test]
fn thought_signatures_bound_to_an_endpoint_do_not_break_fallback() {
    let own = Part::Reasoning(Reasoning::new("", Some(sealed("openai/eu"))));
    let items = |parts: Vec<Part>| {
        let request = ChatRequest::new(vec![Message::new(Role::Assistant, parts)]);
        let body = body_of(request, "gpt-5", Streaming::No);
        let items = body["input"].as_array().unwrap().iter();
        let name = |item: &Value| item["type"].as_str().unwrap().to_owned();
        items.map(name).collect::<Vec<_>>()
    };
    let call = Part::ToolCall(ToolCall::new("c", "f", ""));
    assert_eq!(
        items(vec![own.clone(), call.clone()]),
        ["reasoning", "function_call"]
    );
    for foreign in [
        Reasoning::new("why", Some(sealed("openai/us"))),
        Reasoning::new("why", Some(Signature::new("openai/eu".into(), "not an item"))),
        Reasoning::new("why", None),
    ] {
        assert_eq!(
            items(vec![Part::Reasoning(foreign), call.clone()]),
            ["function_call"]
        );
    }
    assert_eq!(
        items(vec![Part::text("Hi"), own.clone()]),
        ["message"],
        "reasoning that nothing follows is refused by OpenAI"
    );
    let twice = vec![own.clone(), Part::text("Hi"), own, call];
    assert_eq!(
        items(twice),
        ["reasoning", "message", "reasoning", "function_call"]
    );
}

#[test]
fn what_has_no_words_is_refused() {
    let sound = Media::new("audio/wav", MediaSource::Bytes(Bytes::from_static(b"RIFF")));
    let ask = |change: fn(&mut ChatRequest)| {
        let mut request = ChatRequest::user("Hi");
        change(&mut request);
        responses()
            .encode(&Call::new(request, "m"), Streaming::No)
            .unwrap_err()
            .kind()
    };
    let changes: [fn(&mut ChatRequest); 6] = [
        |request| request.stop.push("x".into()),
        |request| request.seed = Some(1),
        |request| request.top_k = Some(1),
        |request| request.frequency_penalty = Some(1.0),
        |request| request.presence_penalty = Some(1.0),
        |request| request.speech = Some(Speech::new("alloy", "wav")),
    ];
    for change in changes {
        assert_eq!(ask(change), ErrorKind::Unsupported);
    }
    for (role, part, kind) in [
        (Role::User, Part::Audio(sound.clone()), ErrorKind::Unsupported),
        (
            Role::Assistant,
            Part::Image(sound.clone()),
            ErrorKind::Unsupported,
        ),
        (Role::System, Part::Image(sound), ErrorKind::InvalidRequest),
        (Role::Tool, Part::text("x"), ErrorKind::InvalidRequest),
    ] {
        let request = ChatRequest::new(vec![Message::new(role, vec![part])]);
        let error = responses()
            .encode(&Call::new(request, "m"), Streaming::No)
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{role:?}");
    }
}

fn counted() -> Usage {
    let mut usage = Usage::new(15, 7);
    (usage.cache_read, usage.reasoning) = (4, 3);
    usage
}

fn citations() -> Vec<Part> {
    let mut web = Citation::new("([nasa.gov](https://nasa.gov/a))");
    (web.url, web.title) = (Some("https://nasa.gov/a".into()), Some("Auroras".into()));
    let mut file = Citation::default();
    (file.id, file.title) = (Some("file_1".into()), Some("sky.pdf".into()));
    vec![Part::Citation(web), Part::Citation(file)]
}

/// What a fixture says, whether in one piece or as a stream.
fn said(name: &str) -> Vec<Part> {
    match name {
        "text" => vec![Part::text("Olá, mundo 🌍")],
        "reasoning_and_tools" => vec![
            Part::Reasoning(Reasoning::new(
                "**Looking**\n\nI need the weather.\n\nThen the time.",
                Some(sealed("openai/eu")),
            )),
            Part::ToolCall(ToolCall::new("call_a", "weather", r#"{"city":"Belém"}"#)),
            Part::ToolCall(ToolCall::new("call_b", "time", "{}")),
        ],
        "web_search" => {
            let mut parts = vec![Part::text("Auroras are light ([nasa.gov](https://nasa.gov/a)).")];
            parts.extend(citations());
            let picture = MediaSource::Bytes(Bytes::from_static(b"\x89PNG"));
            parts.push(Part::Image(Media::new("image/png", picture)));
            parts
        }
        "refusal" => vec![Part::Refusal("I cannot.".into())],
        "incomplete" | "filtered" => vec![Part::text("Once upon")],
        "whole_at_the_end" => vec![Part::text("Hi")],
        other => panic!("{other}"),
    }
}

#[test]
fn answers_in_one_piece() {
    for (name, finish) in [
        ("text", FinishReason::Stop),
        ("reasoning_and_tools", FinishReason::ToolCalls),
        ("web_search", FinishReason::Stop),
        ("filtered", FinishReason::ContentFilter),
    ] {
        let body = fixture(DIALECT, &format!("answer_{name}.json"));
        let answer = responses().decode(&ResponseHead::default(), &body).unwrap();
        assert_eq!(answer.message.parts, said(name), "{name}");
        assert_eq!((answer.finish, answer.usage), (finish, Some(counted())), "{name}");
        assert_eq!((&*answer.id, &*answer.model), ("resp_9", "gpt-5-mini-2025-08-07"));
    }
}

#[test]
fn answers_in_a_stream() {
    for (name, finish) in [
        ("text", FinishReason::Stop),
        ("reasoning_and_tools", FinishReason::ToolCalls),
        ("web_search", FinishReason::Stop),
        ("refusal", FinishReason::Stop),
        ("incomplete", FinishReason::Length),
        ("whole_at_the_end", FinishReason::Stop),
    ] {
        let (events, outcome) = read(
            &responses(),
            [fixture(DIALECT, &format!("{name}.sse")).as_slice()],
        );
        assert_eq!(outcome, Ok(()), "{name}");
        assert!(
            matches!(&events[..], [StreamEvent::Start { .. } | StreamEvent::Ping, ..]),
            "{name}"
        );
        let answer = collect(&events).unwrap();
        assert_eq!(answer.message.parts, said(name), "{name}");
        assert_eq!((answer.finish, answer.usage), (finish, Some(counted())), "{name}");
        assert_eq!((&*answer.id, &*answer.model), ("resp_9", "gpt-5-mini-2025-08-07"));
    }
}

#[test]
fn strict_forms_do_not_break_compatible_servers() {
    let (events, outcome) = read(&responses(), [fixture(DIALECT, "compatible.sse").as_slice()]);
    assert_eq!(outcome, Ok(()));
    let answer = collect(&events).unwrap();
    let expected = [
        Part::Reasoning(Reasoning::new("Let me see.", None)),
        Part::text("42"),
        Part::ToolCall(ToolCall::new("fc_7", "weather", r#"{"city":"Belém"}"#)),
    ];
    assert_eq!(answer.message.parts, expected);
    assert_eq!((answer.finish, answer.usage), (FinishReason::ToolCalls, None));
    for (change, finish) in [
        (
            json!({"status": "incomplete", "incomplete_details": {"reason": "paused_by_moon"}}),
            "paused_by_moon",
        ),
        (json!({"status": "incomplete"}), "incomplete"),
        (
            json!({"status": null, "incomplete_details": null, "usage": null, "service_tier": "on_demand"}),
            "stop",
        ),
    ] {
        let mut body = json!({"id": "r", "output": []});
        body.as_object_mut()
            .unwrap()
            .extend(change.as_object().unwrap().clone());
        let answer = responses().decode(&ResponseHead::default(), body.to_string().as_bytes());
        assert_eq!(answer.unwrap().finish.as_str(), finish);
    }
}

#[test]
fn an_error_after_created_comes_before_the_commit_point() {
    for name in ["error_quota_after_created", "error_nameless_call"] {
        let (events, outcome) = read(
            &responses(),
            [fixture(DIALECT, &format!("{name}.sse")).as_slice()],
        );
        assert!(outcome.is_err());
        assert!(!events.iter().any(StreamEvent::is_content), "{name}: {events:?}");
    }
    let (events, _) = read(&responses(), [fixture(DIALECT, "error_failed.sse").as_slice()]);
    let said = StreamEvent::Text("Hi".into());
    assert!(events.contains(&said), "what was said is handed out");
    assert_eq!(
        events.last(),
        Some(&StreamEvent::Usage(counted())),
        "and what it cost"
    );
}

#[test]
fn answers_that_are_none() {
    for (body, kind) in [
        (
            r#"{"error":{"message":"m","code":"model_not_found"}}"#,
            ErrorKind::ModelNotFound,
        ),
        (
            r#"{"status":"failed","error":{"code":"server_error","message":"m"},"output":[]}"#,
            ErrorKind::ServerError,
        ),
        (
            r#"{"status":"failed","error":{"code":"image_content_policy_violation","message":"m"},"output":[]}"#,
            ErrorKind::ContentFiltered,
        ),
        (
            r#"{"status":"failed","error":null,"output":[]}"#,
            ErrorKind::ServerError,
        ),
        (r#"{"status":"queued","output":[]}"#, ErrorKind::Malformed),
        (r#"{"id":"resp_1"}"#, ErrorKind::Malformed),
        (
            r#"{"output":[{"type":"function_call","call_id":"c"}]}"#,
            ErrorKind::Malformed,
        ),
        ("<html>", ErrorKind::Malformed),
        ("", ErrorKind::Malformed),
    ] {
        let error = responses()
            .decode(&ResponseHead::default(), body.as_bytes())
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{body}");
    }
}
