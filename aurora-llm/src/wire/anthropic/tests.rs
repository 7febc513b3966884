mod marks_and_citations;

use bytes::Bytes;
use serde_json::{Value, json};

use super::server::decode_request;
use super::{AnthropicMessages, DIALECT, Thinking};
use crate::chat::{
    ChatRequest, FinishReason, Media, MediaSource, Message, Part, Reasoning, ReasoningEffort, ResponseFormat,
    Role, Signature, StreamEvent, Tool, ToolCall, ToolResult,
};
use crate::error::{Error, ErrorKind};
use crate::provider::Call;
use crate::usage::Usage;
use crate::wire::tests::{claude, collect, fixture, read};
use crate::wire::{Codec as _, ResponseHead, Streaming};

fn encoded(codec: &AnthropicMessages, request: ChatRequest) -> Result<Value, Error> {
    let wire = codec.encode(&Call::new(request, "claude-sonnet-4-5"), Streaming::No)?;
    assert_eq!(wire.path, "/v1/messages");
    assert!(
        wire.headers
            .contains(&("anthropic-version", "2023-06-01".to_owned()))
    );
    Ok(serde_json::from_slice(&wire.body).unwrap())
}

fn signed(text: &str, provider: &str, value: &str) -> Part {
    Part::Reasoning(Reasoning {
        text: text.into(),
        signature: Some(Signature {
            provider: provider.into(),
            value: value.into(),
        }),
    })
}

fn media(media_type: &str, bytes: &'static [u8]) -> Media {
    Media {
        media_type: media_type.to_owned(),
        source: MediaSource::Bytes(Bytes::from_static(bytes)),
        name: Some("a".to_owned()),
    }
}

/// A request with everything that the dialect has words for.
fn rich() -> ChatRequest {
    let call = |id: &str| {
        Part::ToolCall(ToolCall {
            id: id.into(),
            name: "weather".into(),
            arguments: r#"{"city":"Belém"}"#.into(),
            signature: None,
        })
    };
    let image = Media {
        name: None,
        ..media("image/png", b"\x89PNG")
    };
    let failed = ToolResult {
        is_error: true,
        ..ToolResult::new("t2", "no such city")
    };
    let mut request = ChatRequest::new(vec![
        Message::system("Be brief."),
        Message::new(
            Role::User,
            vec![
                Part::text("What is this?"),
                Part::Image(image),
                Part::Document(media("application/pdf", b"%PDF")),
                Part::Document(media("text/plain", b"plain")),
            ],
        ),
        Message::new(
            Role::Assistant,
            vec![
                signed("hmm", "anthropic/eu", "sig=="),
                signed("", "anthropic/eu", "redacted_thinking:xyz"),
                signed("not ours", "anthropic/us", "sig=="),
                Part::text(""),
                call("t1"),
                call("t2"),
            ],
        ),
        Message::tool_result(ToolResult::new("t1", "31 °C")),
        Message::tool_result(failed),
        Message::user("Thanks."),
        Message::system("In Portuguese."),
    ])
    .tool(Tool::new(
        "weather",
        "Tells the weather.",
        json!({"type": "object"}),
    ))
    .format(ResponseFormat::JsonSchema {
        name: "answer".into(),
        schema: json!({"type": "object"}),
        strict: true,
    })
    .max_tokens(8_000)
    .temperature(1.0)
    .top_p(0.95)
    .stop("END");
    request.parallel_tool_calls = Some(false);
    request.reasoning = Some(ReasoningEffort::Tokens(2_048));
    request.user = Some("u-1".into());
    request.options.insert(
        DIALECT.into(),
        json!({"service_tier": "auto"}).as_object().unwrap().clone(),
    );
    request
}

#[test]
fn a_request_with_everything() {
    let expected = json!({
        "model": "claude-sonnet-4-5",
        "system": [{"type": "text", "text": "Be brief."}, {"type": "text", "text": "In Portuguese."}],
        "messages": [
            {"role": "user", "content": [
                {"type": "text", "text": "What is this?"},
                {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "iVBORw=="}},
                {"type": "document", "title": "a",
                 "source": {"type": "base64", "media_type": "application/pdf", "data": "JVBERg=="}},
                {"type": "document", "title": "a",
                 "source": {"type": "text", "media_type": "text/plain", "data": "plain"}},
            ]},
            {"role": "assistant", "content": [
                {"type": "thinking", "thinking": "hmm", "signature": "sig=="},
                {"type": "redacted_thinking", "data": "xyz"},
                {"type": "tool_use", "id": "t1", "name": "weather", "input": {"city": "Belém"}},
                {"type": "tool_use", "id": "t2", "name": "weather", "input": {"city": "Belém"}},
            ]},
            {"role": "user", "content": [
                {"type": "tool_result", "tool_use_id": "t1", "content": "31 °C"},
                {"type": "tool_result", "tool_use_id": "t2", "content": "no such city", "is_error": true},
                {"type": "text", "text": "Thanks."},
            ]},
        ],
        "tools": [{"name": "weather", "description": "Tells the weather.", "input_schema": {"type": "object"}}],
        "tool_choice": {"type": "auto", "disable_parallel_tool_use": true},
        "output_config": {"format": {"type": "json_schema", "schema": {"type": "object"}}},
        "thinking": {"type": "enabled", "budget_tokens": 2_048},
        "max_tokens": 8_000,
        "temperature": 1.0,
        "top_p": 0.95,
        "stop_sequences": ["END"],
        "metadata": {"user_id": "u-1"},
        "service_tier": "auto",
    });
    assert_eq!(encoded(&claude(), rich()).unwrap(), expected);
}

#[test]
fn our_server_reads_what_our_client_writes() {
    let body = encoded(&claude(), rich()).unwrap().to_string();
    let asked = decode_request(body.as_bytes()).unwrap();
    let again = encoded(&claude(), asked.request).unwrap();
    let mut expected = encoded(&claude(), rich()).unwrap();
    // Signatures that did not come from our server are nobody's, and are not sent on.
    let spoken = expected["messages"][1]["content"].as_array_mut().unwrap();
    spoken.retain(|block| block["type"] == "tool_use");
    assert_eq!(again, expected);
}

#[test]
fn a_small_request_gets_the_limit_that_the_dialect_demands() {
    let body = encoded(&claude(), ChatRequest::user("Hi")).unwrap();
    let expected = json!({
        "model": "claude-sonnet-4-5",
        "max_tokens": 4_096,
        "messages": [{"role": "user", "content": [{"type": "text", "text": "Hi"}]}],
    });
    assert_eq!(body, expected);
}

#[test]
fn thinking_is_kept_within_the_limit_of_the_answer() {
    let ask = |effort, limit: Option<u32>, thinking| {
        let mut request = ChatRequest::user("Hi");
        (request.reasoning, request.max_tokens) = (Some(effort), limit);
        encoded(&claude().thinking(thinking), request).map(|body| {
            let (thinking, config) = (body["thinking"].clone(), body["output_config"]["effort"].clone());
            (body["max_tokens"].as_u64().unwrap(), thinking, config)
        })
    };
    let budget = |tokens: u32| json!({"type": "enabled", "budget_tokens": tokens});
    for (effort, limit, expected) in [
        (ReasoningEffort::High, None, (28_672, budget(24_576), Value::Null)),
        (
            ReasoningEffort::High,
            Some(8_000),
            (8_000, budget(6_000), Value::Null),
        ),
        (
            ReasoningEffort::Tokens(10),
            Some(8_000),
            (8_000, budget(1_024), Value::Null),
        ),
        (
            ReasoningEffort::None,
            Some(50),
            (50, json!({"type": "disabled"}), Value::Null),
        ),
        (
            ReasoningEffort::Other("max".into()),
            Some(50),
            (50, json!({"type": "adaptive"}), json!("max")),
        ),
    ] {
        assert_eq!(ask(effort, limit, Thinking::Budget).unwrap(), expected);
    }
    let adaptive = (4_096, json!({"type": "adaptive"}), json!("medium"));
    assert_eq!(
        ask(ReasoningEffort::Medium, None, Thinking::Adaptive).unwrap(),
        adaptive
    );
    let error = ask(ReasoningEffort::Low, Some(1_000), Thinking::Budget).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert!(
        ask(ReasoningEffort::Low, Some(1_368), Thinking::Budget).is_ok(),
        "as the error says"
    );
}

#[test]
fn what_has_no_place_is_refused() {
    let mut seeded = ChatRequest::user("Hi");
    seeded.seed = Some(1);
    let sound = Message::new(Role::User, vec![Part::Audio(media("audio/wav", b"RIFF"))]);
    let cut = ToolCall {
        id: "t".into(),
        name: "f".into(),
        arguments: "{\"a\":".into(),
        signature: None,
    };
    for (request, kind) in [
        (seeded, ErrorKind::Unsupported),
        (
            ChatRequest::user("Hi").format(ResponseFormat::JsonObject),
            ErrorKind::Unsupported,
        ),
        (ChatRequest::new(vec![sound]), ErrorKind::Unsupported),
        (
            ChatRequest::new(vec![Message::new(Role::Assistant, vec![Part::ToolCall(cut)])]),
            ErrorKind::InvalidRequest,
        ),
        (
            ChatRequest::new(vec![Message::system("alone")]),
            ErrorKind::InvalidRequest,
        ),
    ] {
        assert_eq!(encoded(&claude(), request).unwrap_err().kind(), kind);
    }
}

#[test]
fn answers_in_one_piece() {
    let answer = |name: &str| {
        claude()
            .decode(&ResponseHead::default(), &fixture(DIALECT, name))
            .unwrap()
    };
    let text = answer("answer_text.json");
    assert_eq!(
        (text.text().as_str(), &text.finish),
        ("Olá, mundo 🌍", &FinishReason::Stop)
    );
    let mut usage = Usage::new(25, 15);
    (usage.cache_read, usage.cache_write) = (100, 7);
    assert_eq!(text.usage, Some(usage), "input does not include what was cached");

    let answer = answer("answer_thinking_and_tools.json");
    assert_eq!(answer.finish, FinishReason::ToolCalls);
    let call = ToolCall {
        id: "toolu_1".into(),
        name: "weather".into(),
        arguments: r#"{"city":"Belém"}"#.into(),
        signature: None,
    };
    let expected = [
        signed("Let me see.", "anthropic/eu", "EqQBCkY="),
        signed("", "anthropic/eu", "redacted_thinking:EmwKAhgB"),
        Part::text("Looking."),
        Part::ToolCall(call),
    ];
    assert_eq!(answer.message.parts, expected);
    let mut usage = Usage::new(25, 49);
    usage.reasoning = 40;
    assert_eq!(answer.usage, Some(usage));
}

#[test]
fn a_stream_with_thinking_and_tools() {
    let (events, outcome) = read(&claude(), [fixture(DIALECT, "thinking_and_tools.sse").as_slice()]);
    assert_eq!(outcome, Ok(()));
    let mut early = Usage::new(25, 1);
    (early.cache_read, early.cache_write) = (100, 7);
    let usage = Usage {
        output: 49,
        reasoning: 40,
        ..early.clone()
    };
    let start = |index, id: &str, name: &str| StreamEvent::ToolCallStart {
        index,
        id: id.into(),
        name: name.into(),
    };
    let delta = |arguments: &str| StreamEvent::ToolCallDelta {
        index: 0,
        arguments: arguments.into(),
    };
    let expected = [
        StreamEvent::Start {
            id: "msg_01".into(),
            model: "claude-sonnet-4-5-20250929".into(),
        },
        StreamEvent::Usage(early),
        StreamEvent::Reasoning("Let me".into()),
        StreamEvent::Reasoning(" see.".into()),
        StreamEvent::Signature(Signature {
            provider: "anthropic/eu".into(),
            value: "EqQBCkY=".into(),
        }),
        StreamEvent::Text("Looking.".into()),
        start(0, "toolu_1", "weather"),
        delta("{\"city\":"),
        delta(" \"Belém\"}"),
        StreamEvent::ToolCallEnd { index: 0 },
        start(1, "toolu_2", "time"),
        StreamEvent::ToolCallEnd { index: 1 },
        StreamEvent::Usage(usage.clone()),
        StreamEvent::Finish {
            reason: FinishReason::ToolCalls,
            usage: Some(usage),
        },
    ];
    assert_eq!(events, expected);
}

#[test]
fn streams_that_differ() {
    let answer = |name: &str| {
        let (events, outcome) = read(&claude(), [fixture(DIALECT, name).as_slice()]);
        assert_eq!(outcome, Ok(()), "{name}");
        collect(&events).unwrap()
    };
    for (name, text, finish) in [
        ("text.sse", "Olá, mundo 🌍", FinishReason::Stop),
        ("server_tool.sse", "Found", FinishReason::Length),
        ("refusal.sse", "I cannot", FinishReason::ContentFilter),
        ("redacted_thinking.sse", "Hi", FinishReason::Stop),
    ] {
        let answer = answer(name);
        assert_eq!((answer.text().as_str(), answer.finish), (text, finish), "{name}");
    }
    let redacted = answer("redacted_thinking.sse").message.parts;
    assert_eq!(
        redacted.first(),
        Some(&signed("", "anthropic/eu", "redacted_thinking:EmwKAhgB"))
    );
    let whole = answer("without_names.sse");
    assert_eq!(
        whole.tool_calls().next().unwrap().arguments,
        r#"{"city":"Natal"}"#
    );
    assert_eq!(
        (whole.finish, whole.usage),
        (FinishReason::ToolCalls, Some(Usage::new(3, 4)))
    );
}
