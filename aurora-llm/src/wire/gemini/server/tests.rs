use proptest::prelude::*;
use serde_json::{Value, json};

use super::{
    Method, StreamEncoder, decode_embed, decode_request, encode_count, encode_embed, encode_error,
    encode_model, encode_models, encode_response,
};
use crate::chat::{
    ChatRequest, ChatResponse, Citation, FinishReason, Media, MediaSource, Message, Part, Reasoning,
    ReasoningEffort, ResponseFormat, Role, Signature, StreamEvent, ToolCall, ToolChoice,
};
use crate::embed::{EmbedPurpose, EmbedRequest, EmbedResponse};
use crate::error::{Error, ErrorKind};
use crate::provider::{Call, ModelInfo};
use crate::tokens::{CountSource, TokenCount};
use crate::usage::Usage;
use crate::wire::tests::{collect, gemini, read};
use crate::wire::{Codec as _, ResponseHead, Streaming};

fn ask(body: &Value) -> Result<ChatRequest, Error> {
    let asked = decode_request("m", Method::StreamGenerateContent, body.to_string().as_bytes())?;
    assert!(asked.streaming.is_on());
    Ok(asked.request)
}

#[test]
fn what_google_s_own_client_sends_is_read() {
    // As google-genai 3.4 writes it, with its mixture of cases.
    let request = ask(&json!({
        "contents": [
            {"parts": [
                {"inlineData": {"data": "-__-", "mime_type": "image/png"}},
                {"fileData": {"file_uri": "https://x/y", "mime_type": "image/png"}},
            ], "role": "user"},
            {"parts": [
                {"text": "x", "thought": true, "thoughtSignature": "-_8="},
                {"functionCall": {"args": {"snake_case": 1}, "name": "f"}, "thoughtSignature": "YWJj"},
                {"functionCall": {"args": {}, "name": "f"}},
            ], "role": "model"},
            {"parts": [
                {"functionResponse": {"name": "f", "response": {"result": 1}}},
                {"functionResponse": {"name": "f", "response": {"error": "no"}}},
            ], "role": "user"},
        ],
        "systemInstruction": {"parts": [{"text": "brief"}], "role": "user"},
        "tools": [{"googleSearch": {}}, {"functionDeclarations": [
            {"name": "f", "parameters_json_schema": {"type": "object"}},
            {"name": "g", "parameters": {"type": "OBJECT", "properties": {"a_b": {"type": "STRING", "nullable": true}}}},
        ]}],
        "toolConfig": {"functionCallingConfig": {"allowedFunctionNames": ["f"], "mode": "ANY"}},
        "generationConfig": {
            "topK": 3.0, "maxOutputTokens": 5, "mediaResolution": "MEDIA_RESOLUTION_LOW",
            "responseMimeType": "application/json",
            "responseSchema": {"type": "OBJECT", "properties": {"a": {"type": "ARRAY", "minItems": "2", "items": {"type": "STRING"}}}},
            "thinkingConfig": {"include_thoughts": true, "thinking_level": "LOW"},
        },
        "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
    }))
    .unwrap();
    assert_eq!(request.messages[0], Message::system("brief"));
    let picture = Media::new(
        "image/png",
        MediaSource::Bytes(bytes::Bytes::from_static(b"\xfb\xff\xfe")),
    );
    assert_eq!(request.messages[1].parts[0], Part::Image(picture));
    let calls: Vec<_> = request.messages[2].tool_calls().cloned().collect();
    let expected = [
        ToolCall::new("call_0", "f", r#"{"snake_case":1}"#),
        ToolCall::new("call_1", "f", "{}"),
    ];
    assert_eq!(calls, expected, "signatures that are not ours are nobody's");
    let results: Vec<_> = request.messages[3]
        .parts
        .iter()
        .map(|part| match part {
            Part::ToolResult(result) => (result.call_id.as_str(), result.content.as_str(), result.is_error),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(results, [("call_0", "1", false), ("call_1", "no", true)]);
    assert_eq!(request.tools[0].parameters, json!({"type": "object"}));
    let schema = json!({"type": "object", "properties": {"a_b": {"type": ["string", "null"]}}});
    assert_eq!(request.tools[1].parameters, schema);
    assert_eq!(request.tool_choice, ToolChoice::Tool("f".into()));
    assert_eq!((request.top_k, request.max_tokens), (Some(3), Some(5)));
    let items = json!({"type": "array", "minItems": 2, "items": {"type": "string"}});
    let expected = json!({"type": "object", "properties": {"a": items}});
    assert!(matches!(&request.format, ResponseFormat::JsonSchema { schema, .. } if *schema == expected));
    assert_eq!(
        (request.reasoning, request.show_reasoning),
        (Some(ReasoningEffort::Low), true)
    );
    let kept = Value::Object(request.options["gemini"].clone());
    assert_eq!(
        kept,
        json!({
            "tools": [{"googleSearch": {}}],
            "generationConfig": {"mediaResolution": "MEDIA_RESOLUTION_LOW"},
            "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
        })
    );
}

#[test]
fn our_server_refuses_what_it_could_not_give_back() {
    let hi = json!([{"parts": [{"text": "Hi"}]}]);
    for (body, kind) in [
        (
            json!({"contents": hi, "generationConfig": {"candidateCount": 2}}),
            ErrorKind::Unsupported,
        ),
        (
            json!({"contents": hi, "generationConfig": {"responseMimeType": "text/x.enum"}}),
            ErrorKind::Unsupported,
        ),
        (
            json!({"contents": [{"parts": [{"executableCode": {"code": "1"}}]}]}),
            ErrorKind::Unsupported,
        ),
        (json!({"contents": []}), ErrorKind::InvalidRequest),
        (json!({"contents": "Hi"}), ErrorKind::InvalidRequest),
        (
            json!({"contents": [{"role": "robot", "parts": []}]}),
            ErrorKind::InvalidRequest,
        ),
        (
            json!({"contents": hi, "generationConfig": {"temperature": "hot"}}),
            ErrorKind::InvalidRequest,
        ),
        (
            json!({"contents": hi, "toolConfig": {"functionCallingConfig": {"mode": "SOMETIMES"}}}),
            ErrorKind::InvalidRequest,
        ),
        (
            json!({"contents": [{"parts": [{"functionResponse": {"name": "f", "response": {}}}]}]}),
            ErrorKind::InvalidRequest,
        ),
        (
            json!({"contents": [{"parts": [{"inlineData": {"data": "%"}}]}]}),
            ErrorKind::InvalidRequest,
        ),
    ] {
        assert_eq!(ask(&body).unwrap_err().kind(), kind, "{body}");
    }
}

fn text() -> impl Strategy<Value = String> {
    "[a-z\"\\\\\n\r\u{e9}\u{1F600}{}:]{1,12}"
}

prop_compose! {
    fn answer()(
        thought in proptest::option::of(text()),
        said in proptest::option::of(text()),
        arguments in proptest::collection::vec(text(), 0..3),
        cited in proptest::option::of(text()),
        counts in proptest::array::uniform7(0_u64..9_000),
        cut in any::<bool>(),
    ) -> ChatResponse {
        let signature = || Signature::new("gemini/eu".into(), "c2ln");
        let mut parts: Vec<Part> = Vec::new();
        parts.extend(thought.map(|text| Part::Reasoning(Reasoning::new(text, Some(signature())))));
        parts.extend(said.map(Part::Text));
        let calls = arguments.iter().enumerate().map(|(id, argument)| {
            let arguments = json!({"q": argument}).to_string();
            Part::ToolCall(ToolCall::new(format!("call_{id}"), "lookup", arguments).signed(signature()))
        });
        parts.extend(calls);
        parts.extend(cited.map(|text| {
            let mut citation = Citation::new(text);
            (citation.cited, citation.id) = (Some("words".into()), Some("doc-1".into()));
            Part::Citation(citation)
        }));
        let [input, cache_read, audio_input, tool_input, output, reasoning, audio_output] = counts;
        let mut usage = Usage::new(input + 1, output);
        (usage.cache_read, usage.audio_input, usage.tool_input) = (cache_read, audio_input, tool_input);
        (usage.reasoning, usage.audio_output) = (reasoning, audio_output);
        let finish = match (cut, arguments.is_empty()) {
            (true, _) => FinishReason::Length,
            (false, true) => FinishReason::Stop,
            (false, false) => FinishReason::ToolCalls,
        };
        ChatResponse::new("answer-1", "model-1", Message::new(Role::Assistant, parts), finish, Some(usage))
    }
}

fn events(answer: &ChatResponse) -> Vec<StreamEvent> {
    let mut events = vec![
        StreamEvent::Start {
            id: answer.id.clone(),
            model: answer.model.clone(),
        },
        StreamEvent::Ping,
    ];
    let mut index = 0;
    for part in &answer.message.parts {
        match part {
            Part::Text(text) => events.extend(text.chars().map(|char| StreamEvent::Text(char.to_string()))),
            Part::Reasoning(reasoning) => {
                events.push(StreamEvent::Reasoning(reasoning.text.clone()));
                events.extend(reasoning.signature.clone().map(StreamEvent::Signature));
            }
            Part::ToolCall(call) => {
                events.push(StreamEvent::ToolCallStart {
                    index,
                    id: call.id.clone(),
                    name: call.name.clone(),
                });
                let fragments = call.arguments.chars().map(String::from);
                events.extend(fragments.map(|arguments| StreamEvent::ToolCallDelta { index, arguments }));
                let signature = call.signature.clone();
                events.extend(signature.map(|signature| StreamEvent::ToolCallSignature { index, signature }));
                events.push(StreamEvent::ToolCallEnd { index });
                index += 1;
            }
            Part::Citation(citation) => events.push(StreamEvent::Citation(citation.clone())),
            other => panic!("{other:?}"),
        }
    }
    events.push(StreamEvent::Finish {
        reason: answer.finish.clone(),
        usage: answer.usage.clone(),
    });
    events
}

/// Undoes what a client of ours sees of a server of ours: the signature is the server's own, and holds the first one.
fn rewrapped(mut answer: ChatResponse) -> ChatResponse {
    for part in &mut answer.message.parts {
        let signature = match part {
            Part::Reasoning(reasoning) => &mut reasoning.signature,
            Part::ToolCall(call) => &mut call.signature,
            _ => continue,
        };
        if let Some(signature) = signature {
            let bytes = super::super::content::base64(&signature.value).unwrap();
            assert_eq!(bytes, "aurora1:9:gemini/eu:c2ln");
            signature.value = "c2ln".to_owned();
        }
    }
    answer
}

proptest! {
    #[test]
    fn our_client_reads_what_our_server_answers(answer in answer()) {
        let body = encode_response(&answer);
        let whole = gemini().decode(&ResponseHead::default(), &body).unwrap();
        prop_assert_eq!(rewrapped(whole), answer.clone());
        for mut encoder in [StreamEncoder::default(), StreamEncoder::json_array()] {
            let mut wire = Vec::new();
            for event in events(&answer) {
                encoder.push(&event, &mut wire);
            }
            encoder.push(&StreamEvent::Text("late".into()), &mut wire);
            let (read, outcome) = read(&gemini(), [wire.as_slice()]);
            prop_assert_eq!(outcome, Ok(()));
            prop_assert_eq!(rewrapped(collect(&read).unwrap()), answer.clone());
        }
    }
}

#[test]
fn a_signature_finds_back_to_its_issuer_through_a_client() {
    let parts = vec![
        Part::text("Hi"),
        Part::Reasoning(Reasoning::new(
            "",
            Some(Signature::new("gemini/eu".into(), "before:dA==")),
        )),
        Part::ToolCall(ToolCall::new("t", "f", "{}").signed(Signature::new("gemini/eu".into(), "c2ln"))),
    ];
    let message = Message::new(Role::Assistant, parts);
    let answer = ChatResponse::new("a", "m", message.clone(), FinishReason::Stop, None);
    let wire: Value = serde_json::from_slice(&encode_response(&answer)).unwrap();
    let back = json!({"contents": [{"parts": [{"text": "Hi"}]}, wire["candidates"][0]["content"]]});
    assert_eq!(ask(&back).unwrap().messages[1], message);
}

#[test]
fn a_stream_can_fail_in_the_middle() {
    for mut encoder in [StreamEncoder::default(), StreamEncoder::json_array()] {
        let mut wire = Vec::new();
        encoder.push(&StreamEvent::Text("Hi".into()), &mut wire);
        encoder.fail(&Error::new(ErrorKind::RateLimited), &mut wire);
        encoder.push(&StreamEvent::Text("late".into()), &mut wire);
        let (events, outcome) = read(&gemini(), [wire.as_slice()]);
        assert_eq!(outcome, Err(ErrorKind::RateLimited));
        assert_eq!(events.last(), Some(&StreamEvent::Text("Hi".into())));
    }
}

#[test]
fn errors_survive_a_server_of_ours() {
    let wait = std::time::Duration::from_millis(2_300);
    for (kind, status) in [
        (ErrorKind::RateLimited, 429),
        (ErrorKind::QuotaExhausted, 429),
        (ErrorKind::Overloaded, 503),
        (ErrorKind::ServerError, 502),
        (ErrorKind::Authentication, 400),
        (ErrorKind::Permission, 403),
        (ErrorKind::ModelNotFound, 404),
        (ErrorKind::RegionBlocked, 400),
        (ErrorKind::ContextOverflow, 400),
        (ErrorKind::ContentFiltered, 400),
        (ErrorKind::InvalidRequest, 400),
    ] {
        let answer = encode_error(&Error::new(kind).with_retry_after(wait));
        assert_eq!(answer.status, status, "{kind:?}");
        let head = ResponseHead::new(answer.status, http::HeaderMap::new());
        let read = gemini().classify(&head, &answer.body, aurora_core::time::Timestamp::UNIX_EPOCH);
        assert_eq!(
            (read.kind(), read.retry_after()),
            (kind, Some(wait)),
            "{answer:?}"
        );
        let body: Value = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(body["error"]["code"], status);
    }
}

#[test]
fn embeddings_counts_and_lists() {
    let request = EmbedRequest::new(["um", "dois"])
        .purpose(EmbedPurpose::Clustering)
        .dimensions(2);
    let call = Call::new(request.clone(), "m");
    let wire = gemini().encode_embed(&call).unwrap();
    let asked = decode_embed("m", Method::BatchEmbedContents, &wire.body).unwrap();
    assert_eq!(asked, request.model("m"));
    let vectors = EmbedResponse::new("m", vec![vec![0.5, 0.25], vec![1.0, -1.0]], None);
    let body = encode_embed(&vectors, Method::BatchEmbedContents);
    assert_eq!(gemini().decode_embed(&call, &body).unwrap(), vectors);
    let one = br#"{"content": {"parts": [{"text": "um"}]}, "task_type": "RETRIEVAL_QUERY"}"#;
    let asked = decode_embed("m", Method::EmbedContent, one).unwrap();
    assert_eq!(
        (asked.inputs, asked.purpose),
        (vec!["um".to_owned()], EmbedPurpose::Query)
    );
    let body: Value = serde_json::from_slice(&encode_embed(&vectors, Method::EmbedContent)).unwrap();
    assert_eq!(body, json!({"embedding": {"values": [0.5, 0.25]}}));
    let mixed = json!({"requests": [
        {"content": {"parts": [{"text": "a"}]}, "taskType": "CLUSTERING"},
        {"content": {"parts": [{"text": "b"}]}},
    ]});
    let error = decode_embed("m", Method::BatchEmbedContents, mixed.to_string().as_bytes()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);

    let count = TokenCount::new(31, CountSource::Provider);
    assert_eq!(gemini().decode_count(&encode_count(count)).unwrap(), count);
    let mut info = ModelInfo::new("smart");
    (info.name, info.context_tokens, info.max_output_tokens) = (Some("Smart".into()), Some(1_000), Some(100));
    let page = encode_models(std::slice::from_ref(&info), Some("next"));
    assert_eq!(
        gemini().decode_models(&page).unwrap(),
        (vec![info.clone()], Some("next".to_owned()))
    );
    let one: Value = serde_json::from_slice(&encode_model(&info)).unwrap();
    assert_eq!(
        (&one["name"], &one["inputTokenLimit"]),
        (&json!("models/smart"), &json!(900))
    );
    assert!(
        gemini()
            .encode(&Call::new(ChatRequest::user("Hi"), "m"), Streaming::Yes)
            .is_ok()
    );
}
