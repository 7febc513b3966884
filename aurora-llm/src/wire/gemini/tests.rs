mod answers;

use bytes::Bytes;
use serde_json::{Value, json};

use super::server::{Method, decode_count, decode_path, decode_request};
use super::{ApiVersion, GenerateContent, Options, SafetySetting};
use crate::chat::{
    ChatRequest, Media, MediaSource, Message, Part, Reasoning, ReasoningEffort, ResponseFormat, Role,
    Signature, Speech, Tool, ToolCall, ToolChoice, ToolResult,
};
use crate::error::{Error, ErrorKind};
use crate::provider::Call;
use crate::wire::tests::gemini;
use crate::wire::{Codec as _, Streaming};

const MODEL: &str = "gemini-2.5-flash";

fn encoded(request: ChatRequest, model: &str) -> Result<Value, Error> {
    let wire = gemini().encode(&Call::new(request, model), Streaming::No)?;
    assert!(wire.path.ends_with(":generateContent"), "{}", wire.path);
    Ok(serde_json::from_slice(&wire.body).unwrap())
}

fn signature(provider: &str, value: &str) -> Signature {
    Signature::new(provider.into(), value)
}

fn signed(text: &str, provider: &str, value: &str) -> Part {
    Part::Reasoning(Reasoning::new(text, Some(signature(provider, value))))
}

fn media(media_type: &str, bytes: &'static [u8]) -> Media {
    Media::new(media_type, MediaSource::Bytes(Bytes::from_static(bytes)))
}

fn call(id: &str) -> ToolCall {
    ToolCall::new(id, "weather", r#"{"city":"Belém"}"#)
}

/// A request with everything that the dialect has words for.
fn rich() -> ChatRequest {
    let mut request = ChatRequest::new(vec![
        Message::system("Be brief."),
        Message::new(
            Role::User,
            vec![
                Part::text("What is this?"),
                Part::Image(media("image/png", b"\x89PNG")),
                Part::Document(Media::new(
                    "application/pdf",
                    MediaSource::Url("https://x.example/a.pdf".into()),
                )),
                Part::Audio(media("audio/wav", b"RIFF")),
            ],
        ),
        Message::new(
            Role::Assistant,
            vec![
                signed("hmm", "gemini/eu", "c2ln"),
                signed("not ours", "gemini/us", "c2ln"),
                Part::text("Let me see."),
                signed("", "gemini/eu", "before:dGV4dA=="),
                Part::ToolCall(call("t1").signed(signature("gemini/eu", "Y2FsbA=="))),
                Part::ToolCall(call("t2").signed(signature("gemini/us", "b3RoZXI="))),
            ],
        ),
        Message::tool_result(ToolResult::new("t1", r#"{"degrees":31}"#)),
        Message::tool_result(ToolResult::new("t2", "no such city").failed()),
        Message::user("Thanks."),
        Message::system("In Portuguese."),
    ])
    .tool(Tool::new(
        "weather",
        "Tells the weather.",
        json!({"type": "object", "additionalProperties": false}),
    ))
    .tool_choice(ToolChoice::Tool("weather".into()))
    .format(ResponseFormat::JsonSchema {
        name: "answer".into(),
        schema: json!({"$schema": "x", "type": "object"}),
        strict: true,
    })
    .max_tokens(8_000)
    .temperature(1.5)
    .top_p(0.9)
    .stop("END")
    .reasoning(ReasoningEffort::Tokens(2_048));
    request.top_k = Some(40);
    request.frequency_penalty = Some(0.5);
    request.presence_penalty = Some(-0.5);
    request.seed = Some(7);
    request.show_reasoning = true;
    let options = Options::default()
        .safety(SafetySetting::new("HARM_CATEGORY_HARASSMENT", "BLOCK_NONE"))
        .cached_content("cachedContents/1")
        .google_search()
        .media_resolution("MEDIA_RESOLUTION_LOW");
    request.provider_options(&options).unwrap()
}

#[test]
fn a_request_with_everything() {
    let call = json!({"id": "t1", "name": "weather", "args": {"city": "Belém"}});
    let expected = json!({
        "systemInstruction": {"parts": [{"text": "Be brief."}, {"text": "In Portuguese."}]},
        "contents": [
            {"role": "user", "parts": [
                {"text": "What is this?"},
                {"inlineData": {"mimeType": "image/png", "data": "iVBORw=="}},
                {"fileData": {"mimeType": "application/pdf", "fileUri": "https://x.example/a.pdf"}},
                {"inlineData": {"mimeType": "audio/wav", "data": "UklGRg=="}},
            ]},
            {"role": "model", "parts": [
                {"text": "hmm", "thought": true, "thoughtSignature": "c2ln"},
                {"text": "Let me see.", "thoughtSignature": "dGV4dA=="},
                {"functionCall": call, "thoughtSignature": "Y2FsbA=="},
                {"functionCall": {"id": "t2", "name": "weather", "args": {"city": "Belém"}}},
            ]},
            {"role": "user", "parts": [
                {"functionResponse": {"id": "t1", "name": "weather", "response": {"degrees": 31}}},
                {"functionResponse": {"id": "t2", "name": "weather", "response": {"error": "no such city"}}},
                {"text": "Thanks."},
            ]},
        ],
        "tools": [
            {"functionDeclarations": [{
                "name": "weather",
                "description": "Tells the weather.",
                "parametersJsonSchema": {"type": "object", "additionalProperties": false},
            }]},
            {"googleSearch": {}},
        ],
        "toolConfig": {"functionCallingConfig": {"mode": "ANY", "allowedFunctionNames": ["weather"]}},
        "safetySettings": [{"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}],
        "cachedContent": "cachedContents/1",
        "generationConfig": {
            "maxOutputTokens": 8_000,
            "temperature": 1.5,
            "topP": 0.9,
            "topK": 40,
            "frequencyPenalty": 0.5,
            "presencePenalty": -0.5,
            "stopSequences": ["END"],
            "seed": 7,
            "responseMimeType": "application/json",
            "responseJsonSchema": {"$schema": "x", "type": "object"},
            "thinkingConfig": {"thinkingBudget": 2_048, "includeThoughts": true},
            "mediaResolution": "MEDIA_RESOLUTION_LOW",
        },
    });
    assert_eq!(encoded(rich(), MODEL).unwrap(), expected);
}

#[test]
fn our_server_reads_what_our_client_writes() {
    let body = encoded(rich(), MODEL).unwrap();
    let asked = decode_request(MODEL, Method::GenerateContent, body.to_string().as_bytes()).unwrap();
    assert_eq!(asked.request.model.as_deref(), Some(MODEL));
    let again = encoded(asked.request, MODEL).unwrap();
    let mut expected = body;
    // Signatures that did not come from our server are nobody's, and are not sent on.
    let spoken = expected["contents"][1]["parts"].as_array_mut().unwrap();
    spoken.retain(|part| part["thought"] != true);
    for part in spoken {
        part.as_object_mut().unwrap().remove("thoughtSignature");
    }
    assert_eq!(again, expected);

    let counted = gemini().encode_count(&Call::new(rich(), "models/smart")).unwrap();
    assert_eq!(counted.path, "/v1beta/models/smart:countTokens");
    let counted = decode_count("smart", &counted.body).unwrap();
    assert_eq!(counted.tools.len(), 1, "tools count too");
}

#[test]
fn a_hostile_model_name_stays_within_its_segment() {
    let path = |model: &str| {
        let wire = gemini().encode(&Call::new(ChatRequest::user("Hi"), model), Streaming::Yes);
        wire.map(|wire| (wire.path.into_owned(), wire.query))
    };
    let sse = vec![("alt", "sse".to_owned())];
    for (model, expected) in [
        ("gemini-2.5-flash", "models/gemini-2.5-flash"),
        ("models/gemini-2.5-flash", "models/gemini-2.5-flash"),
        ("tunedModels/my-1", "tunedModels/my-1"),
        (
            "../../v1/files?key=x#",
            "models/..%2F..%2Fv1%2Ffiles%3Fkey%3Dx%23",
        ),
        ("a%2Fb:countTokens", "models/a%252Fb%3AcountTokens"),
        ("é \\\n", "models/%C3%A9%20%5C%0A"),
    ] {
        let expected = format!("/v1beta/{expected}:streamGenerateContent");
        assert_eq!(path(model).unwrap(), (expected.clone(), sse.clone()));
        if !model.starts_with("tuned") {
            let (read, method) = decode_path(&expected).unwrap();
            assert_eq!(read, model.strip_prefix("models/").unwrap_or(model));
            assert_eq!(method, Method::StreamGenerateContent);
        }
    }
    assert_eq!(path("models/").unwrap_err().kind(), ErrorKind::InvalidRequest);
    let settled = GenerateContent::new("g".into()).version(ApiVersion::V1);
    let wire = settled
        .encode(&Call::new(ChatRequest::user("Hi"), "m"), Streaming::No)
        .unwrap();
    assert_eq!(wire.path, "/v1/models/m:generateContent");
    for other in [
        "/v1beta/models",
        "/v1beta/models/x",
        "/v1/models/x:fly",
        "/v1/models/:countTokens",
        "/v1/models/%2:countTokens",
    ] {
        assert_eq!(decode_path(other), None, "{other}");
    }
}

#[test]
fn a_small_request_is_small() {
    let expected = json!({"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]});
    assert_eq!(encoded(ChatRequest::user("Hi"), MODEL).unwrap(), expected);
}

#[test]
fn an_effort_is_put_as_the_model_takes_it() {
    let ask = |effort, model: &str| {
        let body = encoded(ChatRequest::user("Hi").reasoning(effort), model).unwrap();
        body["generationConfig"]["thinkingConfig"].clone()
    };
    for (effort, model, expected) in [
        (
            ReasoningEffort::None,
            "gemini-2.5-flash",
            json!({"thinkingBudget": 0}),
        ),
        (
            ReasoningEffort::None,
            "gemini-2.5-pro",
            json!({"thinkingBudget": 128}),
        ),
        (
            ReasoningEffort::Medium,
            "gemini-2.5-pro",
            json!({"thinkingBudget": 8_192}),
        ),
        (
            ReasoningEffort::Medium,
            "gemini-3-pro-preview",
            json!({"thinkingLevel": "MEDIUM"}),
        ),
        (
            ReasoningEffort::None,
            "gemini-3-pro-preview",
            json!({"thinkingLevel": "LOW"}),
        ),
        (
            ReasoningEffort::Minimal,
            "models/gemini-3.5-flash",
            json!({"thinkingLevel": "MINIMAL"}),
        ),
        (
            ReasoningEffort::Tokens(9),
            "gemini-3.5-flash",
            json!({"thinkingBudget": 9}),
        ),
        (
            ReasoningEffort::Other("xhigh".into()),
            "gemini-flash-latest",
            json!({"thinkingLevel": "XHIGH"}),
        ),
        (ReasoningEffort::None, "gemini-2.0-flash", Value::Null),
    ] {
        assert_eq!(ask(effort.clone(), model), expected, "{effort:?} {model}");
    }
}

#[test]
fn a_thought_signature_never_leaves_its_endpoint() {
    let spoken = vec![
        signed("hmm", "anthropic/eu", "claude-sig"),
        signed("", "gemini/us", "alone:foreign"),
        Part::ToolCall(call("t1").signed(signature("gemini/us", "foreign"))),
        Part::ToolCall(call("t2").signed(signature("openai", "foreign"))),
    ];
    let request = || {
        ChatRequest::new(vec![
            Message::user("Hi"),
            Message::new(Role::Assistant, spoken.clone()),
            Message::tool_result(ToolResult::new("t1", "x")),
        ])
    };
    let parts = |model: &str| encoded(request(), model).unwrap()["contents"][1]["parts"].clone();
    let plain = |id: &str| json!({"functionCall": {"id": id, "name": "weather", "args": {"city": "Belém"}}});
    assert_eq!(parts(MODEL), json!([plain("t1"), plain("t2")]));
    // Later models refuse a turn whose first call has none, so they get the word that is documented for it.
    let mut first = plain("t1");
    first["thoughtSignature"] = json!("skip_thought_signature_validator");
    assert_eq!(parts("gemini-3-pro-preview"), json!([first, plain("t2")]));
}

#[test]
fn what_has_no_place_is_refused() {
    let mut wide = ChatRequest::user("Hi");
    wide.seed = Some(i64::MAX);
    let mut single = ChatRequest::user("Hi").tool(Tool::new("f", "f", json!({})));
    single.parallel_tool_calls = Some(false);
    let mut spoken = ChatRequest::user("Hi");
    spoken.speech = Some(Speech::new("Kore", "mp3"));
    let cut = ToolCall::new("t", "f", "{\"a\":");
    for (request, kind) in [
        (wide, ErrorKind::Unsupported),
        (single, ErrorKind::Unsupported),
        (spoken, ErrorKind::Unsupported),
        (
            ChatRequest::new(vec![Message::new(Role::Assistant, vec![Part::ToolCall(cut)])]),
            ErrorKind::InvalidRequest,
        ),
        (
            ChatRequest::new(vec![Message::tool_result(ToolResult::new("nobody", "x"))]),
            ErrorKind::InvalidRequest,
        ),
        (
            ChatRequest::new(vec![Message::system("alone")]),
            ErrorKind::InvalidRequest,
        ),
    ] {
        assert_eq!(encoded(request, MODEL).unwrap_err().kind(), kind);
    }
}
