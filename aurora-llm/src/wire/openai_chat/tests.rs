mod beside_text;
mod hosts;

use bytes::Bytes;
use serde_json::{Value, json};

use super::server::decode_request;
use super::{DIALECT, OpenAiChat};
use crate::chat::{
    ChatRequest, FinishReason, Media, MediaSource, Message, Part, Reasoning, ReasoningEffort, ResponseFormat,
    Role, Signature, StreamEvent, Tool, ToolCall, ToolChoice, ToolResult,
};
use crate::error::ErrorKind;
use crate::provider::Call;
use crate::usage::Usage;
use crate::wire::tests::{collect, fixture, openai, read};
use crate::wire::{Codec as _, ResponseHead, Streaming};

fn body_of(codec: &OpenAiChat, request: ChatRequest, streaming: Streaming) -> Value {
    let wire = codec
        .encode(&Call::new(request, "gpt-5-mini"), streaming)
        .unwrap();
    assert_eq!(wire.path, "/chat/completions");
    serde_json::from_slice(&wire.body).unwrap()
}

fn media(media_type: &str, bytes: &'static [u8], name: Option<&str>) -> Media {
    Media {
        media_type: media_type.to_owned(),
        source: MediaSource::Bytes(Bytes::from_static(bytes)),
        name: name.map(str::to_owned),
    }
}

/// A request with everything that the dialect has words for.
fn rich() -> ChatRequest {
    let parts = vec![
        Part::text("What is this?"),
        Part::Image(media("image/png", b"\x89PNG", None)),
        Part::Image(Media {
            media_type: "image/*".into(),
            source: MediaSource::Url("https://example.com/a.png".into()),
            name: None,
        }),
        Part::Document(media("application/pdf", b"%PDF", Some("a.pdf"))),
        Part::Audio(media("audio/wav", b"RIFF", None)),
    ];
    let call = ToolCall {
        id: "call_a".into(),
        name: "weather".into(),
        arguments: r#"{"city":"Belém"}"#.into(),
        signature: None,
    };
    let mut request = ChatRequest::new(vec![
        Message::system("Be brief."),
        Message::new(Role::User, parts),
        Message::new(
            Role::Assistant,
            vec![Part::text("Looking."), Part::ToolCall(call)],
        ),
        Message::tool_result(ToolResult::new("call_a", "31 °C")),
        Message::user("Thanks."),
    ])
    .tool(Tool::new(
        "weather",
        "Tells the weather.",
        json!({"type": "object"}),
    ))
    .tool_choice(ToolChoice::Tool("weather".into()))
    .format(ResponseFormat::JsonSchema {
        name: "answer".into(),
        schema: json!({"type": "object"}),
        strict: true,
    })
    .max_tokens(100)
    .temperature(0.5)
    .top_p(0.9)
    .stop("END");
    request.parallel_tool_calls = Some(false);
    request.seed = Some(7);
    request.frequency_penalty = Some(0.25);
    request.presence_penalty = Some(-0.5);
    request.cache_key = Some("key".into());
    request.reasoning = Some(ReasoningEffort::Low);
    request.metadata.insert("team".into(), "search".into());
    request.user = Some("u-1".into());
    let options = json!({"service_tier": "flex"});
    request
        .options
        .insert(DIALECT.into(), options.as_object().unwrap().clone());
    request.options.insert(
        "anthropic".into(),
        json!({"top_k": 5}).as_object().unwrap().clone(),
    );
    request
}

#[test]
fn a_request_with_everything() {
    let expected = json!({
        "model": "gpt-5-mini",
        "messages": [
            {"role": "system", "content": "Be brief."},
            {"role": "user", "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw=="}},
                {"type": "image_url", "image_url": {"url": "https://example.com/a.png"}},
                {"type": "file", "file": {"filename": "a.pdf", "file_data": "data:application/pdf;base64,JVBERg=="}},
                {"type": "input_audio", "input_audio": {"data": "UklGRg==", "format": "wav"}},
            ]},
            {"role": "assistant", "content": "Looking.", "tool_calls": [
                {"id": "call_a", "type": "function", "function": {"name": "weather", "arguments": "{\"city\":\"Belém\"}"}},
            ]},
            {"role": "tool", "tool_call_id": "call_a", "content": "31 °C"},
            {"role": "user", "content": "Thanks."},
        ],
        "tools": [{"type": "function", "function": {
            "name": "weather", "description": "Tells the weather.", "parameters": {"type": "object"},
        }}],
        "tool_choice": {"type": "function", "function": {"name": "weather"}},
        "parallel_tool_calls": false,
        "response_format": {"type": "json_schema", "json_schema": {
            "name": "answer", "schema": {"type": "object"}, "strict": true,
        }},
        "max_completion_tokens": 100,
        "temperature": 0.5,
        "top_p": 0.9,
        "stop": ["END"],
        "seed": 7,
        "frequency_penalty": 0.25,
        "presence_penalty": -0.5,
        "prompt_cache_key": "key",
        "reasoning_effort": "low",
        "metadata": {"team": "search"},
        "user": "u-1",
        "service_tier": "flex",
        "stream": true,
        "stream_options": {"include_usage": true},
    });
    assert_eq!(body_of(&openai(), rich(), Streaming::Yes), expected);
}

#[test]
fn our_server_reads_what_our_client_writes() {
    let wire = openai()
        .encode(&Call::new(rich(), "gpt-5-mini"), Streaming::Yes)
        .unwrap();
    let asked = decode_request(&wire.body).unwrap();
    let mut expected = rich().model("gpt-5-mini");
    expected.options.remove("anthropic");
    assert_eq!(asked.request, expected);
    assert!(asked.streaming.is_on() && asked.include_usage);
}

#[test]
fn a_small_request_says_no_more_than_it_must() {
    let body = body_of(
        &OpenAiChat::compatible(),
        ChatRequest::user("Hi").max_tokens(5),
        Streaming::No,
    );
    let expected =
        json!({"model": "gpt-5-mini", "messages": [{"role": "user", "content": "Hi"}], "max_tokens": 5});
    assert_eq!(body, expected);
}

#[test]
fn reasoning_and_its_signature_stay_here() {
    let reasoning = Reasoning {
        text: "hmm".into(),
        signature: Some(Signature {
            provider: "openai".into(),
            value: "s".into(),
        }),
    };
    let call = ToolCall {
        id: "c".into(),
        name: "f".into(),
        arguments: String::new(),
        signature: None,
    };
    let message = Message::new(
        Role::Assistant,
        vec![Part::Reasoning(reasoning), Part::ToolCall(call)],
    );
    let body = body_of(&openai(), ChatRequest::new(vec![message]), Streaming::No);
    let expected = json!([{"role": "assistant", "content": null, "tool_calls": [
        {"id": "c", "type": "function", "function": {"name": "f", "arguments": "{}"}},
    ]}]);
    assert_eq!(body["messages"], expected);
}

#[test]
fn what_has_no_place_is_refused() {
    let url = Media {
        media_type: "application/pdf".into(),
        source: MediaSource::Url("https://example.com/a.pdf".into()),
        name: None,
    };
    for (role, part, kind) in [
        (Role::User, Part::Document(url.clone()), ErrorKind::Unsupported),
        (Role::User, Part::Audio(url.clone()), ErrorKind::Unsupported),
        (Role::Assistant, Part::Image(url.clone()), ErrorKind::Unsupported),
        (Role::System, Part::Image(url), ErrorKind::InvalidRequest),
        (Role::Tool, Part::text("x"), ErrorKind::InvalidRequest),
    ] {
        let request = ChatRequest::new(vec![Message::new(role, vec![part])]);
        let error = openai()
            .encode(&Call::new(request, "m"), Streaming::No)
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{role:?}");
    }
}

fn tool(id: &str, name: &str, arguments: &str) -> ToolCall {
    ToolCall {
        id: id.into(),
        name: name.into(),
        arguments: arguments.into(),
        signature: None,
    }
}

#[test]
fn answers_in_one_piece() {
    let answer = |name: &str| {
        openai()
            .decode(&ResponseHead::default(), &fixture(DIALECT, name))
            .unwrap()
    };
    let text = answer("answer_text.json");
    assert_eq!(
        (text.text().as_str(), &text.finish),
        ("Olá, mundo 🌍", &FinishReason::Stop)
    );
    assert_eq!(text.model, "gpt-5-mini-2025-08-07");
    let mut usage = Usage::new(15, 7);
    (usage.cache_read, usage.reasoning) = (4, 3);
    assert_eq!(text.usage, Some(usage));

    let tools = answer("answer_tools.json");
    assert_eq!(
        tools.finish,
        FinishReason::ToolCalls,
        "said `stop`, but calls tools"
    );
    let made = "call_chatcmpl-9_1";
    let calls: Vec<ToolCall> = tools.tool_calls().cloned().collect();
    assert_eq!(
        calls,
        [
            tool("call_a", "weather", r#"{"city":"Belém"}"#),
            tool(made, "time", "{}")
        ]
    );
    assert_eq!(tools.usage, None, "an empty object is no usage");

    let reasoning = answer("answer_reasoning.json");
    let thought = Reasoning {
        text: "Let me see.".into(),
        signature: None,
    };
    assert_eq!(
        reasoning.message.parts,
        [Part::Reasoning(thought), Part::text("42")]
    );
    let mut usage = Usage::new(3, 2);
    (usage.cache_read, usage.reasoning) = (16, 7);
    assert_eq!(
        reasoning.usage,
        Some(usage),
        "reasoning counted beside the completion"
    );
}

#[test]
fn answers_that_are_none() {
    for (body, kind) in [
        (
            r#"{"error":{"message":"m","code":"model_not_found"}}"#,
            ErrorKind::ModelNotFound,
        ),
        (r#"{"choices":[]}"#, ErrorKind::Malformed),
        (
            r#"{"choices":[{"message":{"tool_calls":[{"id":"c"}]}}]}"#,
            ErrorKind::Malformed,
        ),
        ("<html>", ErrorKind::Malformed),
        ("", ErrorKind::Malformed),
    ] {
        let error = openai()
            .decode(&ResponseHead::default(), body.as_bytes())
            .unwrap_err();
        assert_eq!(error.kind(), kind, "{body}");
    }
}

#[test]
fn a_plain_stream() {
    let (events, outcome) = read(&openai(), [fixture(DIALECT, "text.sse").as_slice()]);
    let mut usage = Usage::new(15, 7);
    (usage.cache_read, usage.reasoning) = (4, 3);
    let expected = [
        StreamEvent::Start {
            id: "chatcmpl-9".into(),
            model: "gpt-5-mini-2025-08-07".into(),
        },
        StreamEvent::Text("Olá".into()),
        StreamEvent::Text(", mundo 🌍".into()),
        StreamEvent::Usage(usage.clone()),
        StreamEvent::Finish {
            reason: FinishReason::Stop,
            usage: Some(usage),
        },
    ];
    assert_eq!((events.as_slice(), outcome), (expected.as_slice(), Ok(())));
}

#[test]
fn streams_of_servers_that_differ() {
    let answer = |name: &str| {
        let (events, outcome) = read(&openai(), [fixture(DIALECT, name).as_slice()]);
        assert_eq!(outcome, Ok(()), "{name}");
        collect(&events).unwrap()
    };
    for (name, text, finish, usage) in [
        (
            "compatible.sse",
            "Hi there",
            FinishReason::Stop,
            Some(Usage::new(5, 2)),
        ),
        ("azure.sse", "Hi", FinishReason::ContentFilter, None),
        ("without_done.sse", "Hi", FinishReason::Length, None),
        ("done_without_reason.sse", "Hi!", FinishReason::Stop, None),
        (
            "unknown_reason.sse",
            "Hi",
            FinishReason::Other("paused_by_moon".into()),
            None,
        ),
        ("content_parts.sse", "Hi", FinishReason::Stop, None),
    ] {
        let answer = answer(name);
        assert_eq!(
            (answer.text().as_str(), answer.finish, answer.usage),
            (text, finish, usage),
            "{name}"
        );
        assert_eq!(answer.id, "chatcmpl-9", "{name}");
    }
    let weather = r#"{"city":"Belém"}"#;
    for (name, calls) in [
        (
            "tools.sse",
            [tool("call_a", "weather", weather), tool("call_b", "time", "{}")],
        ),
        (
            "whole_tools_without_index.sse",
            [
                tool("c1", "weather", weather),
                tool("c2", "time", r#"{"zone":"BRT"}"#),
            ],
        ),
        (
            "whole_tools_all_numbered_0.sse",
            [tool("c1", "weather", "{}"), tool("c2", "time", "{}")],
        ),
        (
            "tools_without_ids.sse",
            [
                tool("call_chatcmpl-9_0", "weather", r#"{"a":1}"#),
                tool("call_chatcmpl-9_1", "time", "{}"),
            ],
        ),
    ] {
        let answer = answer(name);
        assert_eq!(answer.tool_calls().cloned().collect::<Vec<_>>(), calls, "{name}");
        assert_eq!(answer.finish, FinishReason::ToolCalls, "{name}");
    }
    let parts = answer("reasoning.sse").message.parts;
    assert!(
        matches!(&parts[..], [Part::Reasoning(r), Part::Text(t)] if r.text == "Let me see." && t == "42")
    );
    assert_eq!(
        answer("refusal.sse").message.parts,
        [Part::Refusal("I cannot.".into())]
    );
}

#[test]
fn reasoning_under_both_of_its_names_is_read_once() {
    let body = json!({"choices": [{"message": {
        "role": "assistant", "content": "4", "reasoning": "2+2", "reasoning_content": "2+2",
    }, "finish_reason": "stop"}]});
    let head = ResponseHead::default();
    let answer = openai().decode(&head, body.to_string().as_bytes()).unwrap();
    let reasoning = Part::Reasoning(Reasoning {
        text: "2+2".into(),
        signature: None,
    });
    assert_eq!(answer.message.parts, [reasoning, Part::text("4")]);
}

#[test]
fn an_empty_message_is_an_empty_text() {
    let asked = json!({"model": "m", "messages": [
        {"role": "system", "content": ""}, {"role": "user", "content": ""}, {"role": "user", "content": []},
    ]});
    let request = decode_request(asked.to_string().as_bytes()).unwrap().request;
    let body = body_of(&openai(), request, Streaming::No);
    for message in body["messages"].as_array().unwrap() {
        assert_eq!(message["content"], "", "an empty list is refused by OpenAI");
    }
}
