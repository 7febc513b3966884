use aurora_core::time::Timestamp;
use serde_json::{Value, json};

use super::{StreamEncoder, decode_request, encode_response};
use crate::chat::{
    ChatResponse, Citation, FinishReason, Message, Part, Reasoning, Role, Signature, StreamEvent, Tool,
};
use crate::error::{Error, ErrorKind};
use crate::usage::Usage;
use crate::wire::openai_responses::DIALECT;
use crate::wire::tests::{read, responses};

fn ask(extra: Value) -> Result<crate::wire::ClientRequest, Error> {
    let mut body = json!({"model": "m", "input": "Hi"});
    body.as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    decode_request(body.to_string().as_bytes())
}

#[test]
fn our_server_refuses_what_it_could_not_give_back() {
    for extra in [
        json!({"previous_response_id": "resp_1"}),
        json!({"conversation": "conv_1"}),
        json!({"background": true}),
        json!({"prompt": {"id": "p"}}),
        json!({"top_logprobs": 3}),
        json!({"include": ["message.output_text.logprobs"]}),
        json!({"tools": [{"type": "web_search"}]}),
        json!({"tool_choice": {"type": "web_search"}}),
        json!({"input": [{"type": "item_reference", "id": "rs_1"}]}),
        json!({"input": [{"type": "mcp_call", "id": "rs_1"}]}),
        json!({"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "file-1"}]}]}),
    ] {
        assert_eq!(
            ask(extra.clone()).unwrap_err().kind(),
            ErrorKind::Unsupported,
            "{extra}"
        );
    }
    for extra in [
        json!({"input": []}),
        json!({"input": 7}),
        json!({"input": [{"role": "robot", "content": "x"}]}),
        json!({"input": [{"role": "user", "content": 7}]}),
        json!({"input": [{"type": "function_call", "name": "f"}]}),
        json!({"tool_choice": "sometimes"}),
        json!({"text": {"format": {"type": "xml"}}}),
        json!({"max_output_tokens": -1}),
    ] {
        assert_eq!(
            ask(extra.clone()).unwrap_err().kind(),
            ErrorKind::InvalidRequest,
            "{extra}"
        );
    }
}

#[test]
fn what_the_official_client_sends_is_read() {
    let asked = ask(json!({
        "instructions": "Be brief.",
        "background": false, "store": true, "top_logprobs": 0, "previous_response_id": null,
        "stream_options": {"include_obfuscation": false},
        "include": ["reasoning.encrypted_content"],
        "reasoning": {"effort": "xhigh", "summary": "detailed", "context": "auto"},
        "text": {"format": {"type": "text"}, "verbosity": "low"},
        "tools": [{"type": "function", "name": "f", "parameters": null, "strict": null}],
        "truncation": "auto",
        "input": [
            {"role": "user", "content": "Hi"},
            {"id": "rs_1", "type": "reasoning", "summary": [], "encrypted_content": "aurora1:2:eu:seal"},
            {"id": "msg_1", "type": "message", "role": "assistant", "status": "completed",
             "content": [{"type": "output_text", "text": "Yes?", "annotations": []}]},
            {"id": "fc_1", "type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c", "output": [{"type": "input_text", "text": "done"}]},
        ],
    }))
    .unwrap()
    .request;
    let roles: Vec<Role> = asked.messages.iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::System, Role::User, Role::Assistant, Role::Tool]);
    let signature = Signature::new("eu".into(), "seal");
    assert_eq!(
        asked.messages[2].parts[0],
        Part::Reasoning(Reasoning::new("", Some(signature)))
    );
    assert_eq!(asked.messages[2].parts.len(), 3);
    let mut tool = Tool::new("f", "", json!({"type": "object", "properties": {}}));
    (tool.description, tool.strict) = (None, Some(true));
    assert_eq!(asked.tools, [tool]);
    assert!(asked.show_reasoning);
    let kept = json!({"truncation": "auto", "text": {"verbosity": "low"}, "reasoning": {"context": "auto"}});
    assert_eq!(Value::Object(asked.options[DIALECT].clone()), kept);
}

/// The events of an encoded stream by name, checked to be numbered without a gap.
fn events(wire: &[u8]) -> Vec<(String, Value)> {
    let text = String::from_utf8(wire.to_vec()).unwrap();
    let frames = text.split("\n\n").filter(|frame| frame.starts_with("event: "));
    let events: Vec<(String, Value)> = frames
        .map(|frame| {
            let (name, data) = frame.split_once('\n').unwrap();
            let data: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
            assert_eq!(name.strip_prefix("event: "), data["type"].as_str());
            (data["type"].as_str().unwrap().to_owned(), data)
        })
        .collect();
    for (number, (_, event)) in events.iter().enumerate() {
        assert_eq!(event["sequence_number"], number);
    }
    events
}

fn cited() -> Citation {
    let mut citation = Citation::new("é light");
    citation.url = Some("https://example.com".into());
    citation
}

fn everything() -> Vec<StreamEvent> {
    let start = |index: u32| StreamEvent::ToolCallStart {
        index,
        id: format!("call_{index}"),
        name: "f".into(),
    };
    let delta = |index: u32| StreamEvent::ToolCallDelta {
        index,
        arguments: "{}".into(),
    };
    vec![
        StreamEvent::Start {
            id: "a".into(),
            model: "m".into(),
        },
        StreamEvent::Reasoning("hm".into()),
        StreamEvent::Reasoning("m".into()),
        StreamEvent::Signature(Signature::new("p".into(), "s")),
        StreamEvent::Ping,
        StreamEvent::Text("caf".into()),
        StreamEvent::Text("é light".into()),
        StreamEvent::Citation(cited()),
        StreamEvent::Refusal("no".into()),
        start(0),
        start(1),
        delta(1),
        delta(0),
        StreamEvent::ToolCallEnd { index: 1 },
        StreamEvent::ToolCallEnd { index: 0 },
        StreamEvent::Usage(Usage::new(1, 1)),
        StreamEvent::Finish {
            reason: FinishReason::ToolCalls,
            usage: Some(Usage::new(3, 2)),
        },
        StreamEvent::Text("late".into()),
    ]
}

#[test]
fn the_whole_life_of_every_item_is_told() {
    let mut encoder = StreamEncoder::new(Timestamp::from_secs(7));
    let mut wire = Vec::new();
    for event in everything() {
        encoder.push(&event, &mut wire);
    }
    let events = events(&wire);
    let names: Vec<&str> = events
        .iter()
        .map(|(name, _)| name.strip_prefix("response.").unwrap())
        .collect();
    let expected = [
        "created",
        "in_progress",
        "output_item.added",
        "reasoning_summary_part.added",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.delta",
        "reasoning_summary_text.done",
        "reasoning_summary_part.done",
        "output_item.done",
        "output_item.added",
        "content_part.added",
        "output_text.delta",
        "output_text.delta",
        "output_text.annotation.added",
        "output_text.done",
        "content_part.done",
        "content_part.added",
        "refusal.delta",
        "refusal.done",
        "content_part.done",
        "output_item.done",
        "output_item.added",
        "output_item.added",
        "function_call_arguments.delta",
        "function_call_arguments.delta",
        "function_call_arguments.done",
        "output_item.done",
        "function_call_arguments.done",
        "output_item.done",
        "completed",
    ];
    assert_eq!(names, expected);
    let whole = &events.last().unwrap().1["response"];
    assert_eq!(
        (&whole["status"], &whole["created_at"]),
        (&json!("completed"), &json!(7))
    );
    assert_eq!(whole["usage"]["total_tokens"], 5);
    let done = events
        .iter()
        .filter(|(name, _)| name == "response.output_item.done");
    for (_, event) in done {
        let at = usize::try_from(event["output_index"].as_u64().unwrap()).unwrap();
        assert_eq!(
            whole["output"][at], event["item"],
            "the whole repeats what was told"
        );
    }
    let message = &whole["output"][1]["content"];
    assert_eq!(message[0]["text"], "café light");
    let place = &message[0]["annotations"][0];
    assert_eq!(
        (&place["start_index"], &place["end_index"]),
        (&json!(3), &json!(10)),
        "in characters"
    );
    assert_eq!(message[1], json!({"type": "refusal", "refusal": "no"}));
    assert!(String::from_utf8_lossy(&wire).contains(": keep-alive\n\n"));
}

#[test]
fn a_stream_and_a_whole_answer_hold_the_same_items() {
    let parts = vec![
        Part::Reasoning(Reasoning::new("hmm", Some(Signature::new("p".into(), "s")))),
        Part::text("café light"),
        Part::Citation(cited()),
        Part::Refusal("no".into()),
        Part::ToolCall(crate::chat::ToolCall::new("call_0", "f", "{}")),
        Part::ToolCall(crate::chat::ToolCall::new("call_1", "f", "{}")),
    ];
    let message = Message::new(Role::Assistant, parts);
    let answer = ChatResponse::new("a", "m", message, FinishReason::ToolCalls, Some(Usage::new(3, 2)));
    let whole: Value = serde_json::from_slice(&encode_response(&answer, Timestamp::from_secs(7))).unwrap();
    let mut encoder = StreamEncoder::new(Timestamp::from_secs(7));
    let mut wire = Vec::new();
    for event in everything() {
        encoder.push(&event, &mut wire);
    }
    assert_eq!(events(&wire).last().unwrap().1["response"], whole);
}

#[test]
fn a_stream_can_fail_at_any_time() {
    let failure = Error::new(ErrorKind::QuotaExhausted).with_provider_message("spent");
    let mut wire = Vec::new();
    let mut encoder = StreamEncoder::new(Timestamp::UNIX_EPOCH);
    encoder.fail(&failure, &mut wire);
    encoder.push(&StreamEvent::Text("late".into()), &mut wire);
    let told = events(&wire);
    assert_eq!((told.len(), told[0].0.as_str()), (1, "error"));
    assert_eq!(told[0].1["message"], "spent");
    assert_eq!(
        read(&responses(), [wire.as_slice()]).1,
        Err(ErrorKind::QuotaExhausted)
    );

    let mut wire = Vec::new();
    let mut encoder = StreamEncoder::new(Timestamp::UNIX_EPOCH);
    encoder.push(&StreamEvent::Text("Hi".into()), &mut wire);
    encoder.fail(&failure, &mut wire);
    let told = events(&wire);
    assert_eq!(told.last().unwrap().1["response"]["status"], "failed");
    let (events, outcome) = read(&responses(), [wire.as_slice()]);
    assert_eq!(outcome, Err(ErrorKind::QuotaExhausted));
    assert!(events.contains(&StreamEvent::Text("Hi".into())));
}

#[test]
fn a_cut_answer_says_so() {
    for (finish, reason) in [
        (FinishReason::Length, "max_output_tokens"),
        (FinishReason::ContentFilter, "content_filter"),
        (FinishReason::Other("moon".into()), "moon"),
    ] {
        let mut wire = Vec::new();
        let mut encoder = StreamEncoder::new(Timestamp::UNIX_EPOCH);
        encoder.push(
            &StreamEvent::Finish {
                reason: finish.clone(),
                usage: None,
            },
            &mut wire,
        );
        let (name, event) = events(&wire).pop().unwrap();
        assert_eq!(name, "response.incomplete");
        assert_eq!(event["response"]["incomplete_details"]["reason"], reason);
        let (events, _) = read(&responses(), [wire.as_slice()]);
        assert_eq!(
            events.last(),
            Some(&StreamEvent::Finish {
                reason: finish,
                usage: None
            })
        );
    }
}
