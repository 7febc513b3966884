use bytes::Bytes;
use serde_json::{Value, json};

use super::server::{Method, decode_count, decode_path, decode_request};
use super::{ApiVersion, DIALECT, GenerateContent, Options, SafetySetting};
use crate::chat::{
    ChatRequest, Citation, FinishReason, Media, MediaSource, Message, Part, Reasoning, ReasoningEffort,
    ResponseFormat, Role, Signature, Speech, StreamEvent, Tool, ToolCall, ToolChoice, ToolResult,
};
use crate::embed::{EmbedPurpose, EmbedRequest};
use crate::error::{Error, ErrorKind};
use crate::provider::Call;
use crate::usage::Usage;
use crate::wire::tests::{collect, fixture, gemini, read};
use crate::wire::{Codec as _, ResponseHead, Streaming};

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

fn counted() -> Usage {
    let mut usage = Usage::new(25, 15);
    (usage.cache_read, usage.reasoning) = (100, 40);
    usage
}

#[test]
fn answers_in_one_piece() {
    let answer = |name: &str| {
        gemini()
            .decode(&ResponseHead::default(), &fixture(DIALECT, name))
            .unwrap()
    };
    let text = answer("answer_text.json");
    assert_eq!(
        (text.text().as_str(), &text.finish),
        ("Olá, mundo 🌍", &FinishReason::Stop)
    );
    assert_eq!(
        (text.id.as_str(), text.model.as_str()),
        ("mNcRaf_-GbWq1sQP4vbx", MODEL)
    );
    assert_eq!(
        text.usage,
        Some(counted()),
        "cached input is apart, and so are thoughts"
    );
    let mut citation = Citation::new("");
    citation.url = Some("https://c.example".into());
    assert_eq!(text.message.parts[1], Part::Citation(citation));

    let answer_with_calls = answer("answer_thoughts_and_calls.json");
    assert_eq!(
        answer_with_calls.finish,
        FinishReason::ToolCalls,
        "Google says STOP"
    );
    let id = |n: u32| format!("call_mNcRaf_-GbWq1sQP4vbx_{n}");
    let expected = [
        Part::Reasoning(Reasoning::new("**Plan**\nAsk.", None)),
        Part::ToolCall(call(&id(0)).signed(signature("gemini/eu", "EqQBCkYS"))),
        Part::ToolCall(ToolCall::new(id(1), "weather", r#"{"city":"Natal"}"#)),
        Part::text("Done."),
        signed("", "gemini/eu", "before:dA=="),
    ];
    assert_eq!(answer_with_calls.message.parts, expected);
    assert_eq!(
        answer_with_calls,
        answer("answer_thoughts_and_calls.json"),
        "ids are the same again"
    );
    let mut usage = counted();
    usage.tool_input = 9;
    assert_eq!(answer_with_calls.usage, Some(usage));

    let sound = answer("answer_sound.json");
    assert_eq!(
        sound.message.parts,
        [Part::Audio(media(
            "audio/L16;codec=pcm;rate=24000",
            b"\x00\x01\x02"
        ))]
    );
    let mut usage = Usage::new(10, 0);
    (usage.audio_input, usage.audio_output) = (20, 70);
    assert_eq!(sound.usage, Some(usage));
}

#[test]
fn an_answer_goes_back_as_it_came() {
    for name in ["answer_thoughts_and_calls.json", "answer_sound.json"] {
        let wire: Value = serde_json::from_slice(&fixture(DIALECT, name)).unwrap();
        let answer = gemini()
            .decode(&ResponseHead::default(), wire.to_string().as_bytes())
            .unwrap();
        let request = ChatRequest::new(vec![Message::user("Hi"), answer.message]);
        let body = encoded(request, "gemini-2.5-flash").unwrap();
        let sent = |parts: &Value| -> Vec<Value> {
            let bare = |part: &Value| {
                let mut part = part.clone();
                if let Some(call) = part["functionCall"].as_object_mut() {
                    call.remove("id");
                }
                part
            };
            let kept = parts.as_array().unwrap().iter();
            kept.filter(|part| part["thought"] != true).map(bare).collect()
        };
        let came = sent(&wire["candidates"][0]["content"]["parts"]);
        assert_eq!(sent(&body["contents"][1]["parts"]), came, "{name}");
    }
}

#[test]
fn why_an_answer_ended() {
    for (word, expected) in [
        ("STOP", Ok(FinishReason::Stop)),
        ("MAX_TOKENS", Ok(FinishReason::Length)),
        ("SAFETY", Ok(FinishReason::ContentFilter)),
        ("RECITATION", Ok(FinishReason::ContentFilter)),
        ("PROHIBITED_CONTENT", Ok(FinishReason::ContentFilter)),
        ("SPII", Ok(FinishReason::ContentFilter)),
        ("IMAGE_SAFETY", Ok(FinishReason::ContentFilter)),
        ("LANGUAGE", Ok(FinishReason::Other("LANGUAGE".into()))),
        ("OTHER", Ok(FinishReason::Other("OTHER".into()))),
        (
            "INVENTED_TOMORROW",
            Ok(FinishReason::Other("INVENTED_TOMORROW".into())),
        ),
        ("MALFORMED_FUNCTION_CALL", Err(ErrorKind::Malformed)),
        ("UNEXPECTED_TOOL_CALL", Err(ErrorKind::Malformed)),
        ("MISSING_THOUGHT_SIGNATURE", Err(ErrorKind::InvalidRequest)),
    ] {
        let body = json!({"candidates": [{"content": {"parts": [{"text": "x"}]}, "finishReason": word}]});
        let read = gemini().decode(&ResponseHead::default(), body.to_string().as_bytes());
        assert_eq!(
            read.map(|answer| answer.finish).map_err(|error| error.kind()),
            expected,
            "{word}"
        );
    }
    for word in ["SAFETY", "OTHER", "INVENTED_TOMORROW"] {
        let body = json!({"promptFeedback": {"blockReason": word}, "usageMetadata": {"promptTokenCount": 3}});
        let error = gemini()
            .decode(&ResponseHead::default(), body.to_string().as_bytes())
            .unwrap_err();
        assert_eq!(
            (error.kind(), error.code()),
            (ErrorKind::ContentFiltered, Some(word))
        );
    }
    let nothing = gemini().decode(&ResponseHead::default(), b"{}").unwrap_err();
    assert_eq!(nothing.kind(), ErrorKind::Malformed);
}

#[test]
fn a_stream_with_thoughts_and_calls() {
    let (events, outcome) = read(&gemini(), [fixture(DIALECT, "thoughts_and_calls.sse").as_slice()]);
    assert_eq!(outcome, Ok(()));
    let id = |n: u32| format!("call_mNcRaf_-GbWq1sQP4vbx_{n}");
    let start = |index, id: String, name: &str| StreamEvent::ToolCallStart {
        index,
        id,
        name: name.into(),
    };
    let delta = |index, arguments: &str| StreamEvent::ToolCallDelta {
        index,
        arguments: arguments.into(),
    };
    let expected = [
        StreamEvent::Start {
            id: "mNcRaf_-GbWq1sQP4vbx".into(),
            model: MODEL.into(),
        },
        StreamEvent::Reasoning("**Plan**\n".into()),
        StreamEvent::Usage(Usage::new(25, 0)),
        StreamEvent::Reasoning("Ask.".into()),
        start(0, id(0), "weather"),
        delta(0, r#"{"city":"Belém"}"#),
        StreamEvent::ToolCallSignature {
            index: 0,
            signature: signature("gemini/eu", "EqQBCkYS"),
        },
        StreamEvent::ToolCallEnd { index: 0 },
        start(1, id(1), "weather"),
        delta(1, r#"{"city":"Natal"}"#),
        StreamEvent::ToolCallEnd { index: 1 },
        StreamEvent::Usage(counted()),
        start(2, "own-1".into(), "time"),
        delta(2, "{}"),
        StreamEvent::ToolCallEnd { index: 2 },
        StreamEvent::Finish {
            reason: FinishReason::ToolCalls,
            usage: Some(counted()),
        },
    ];
    assert_eq!(events, expected);
}

#[test]
fn streams_that_differ() {
    for (name, text, finish) in [
        ("text.sse", "Olá, mundo 🌍", FinishReason::Stop),
        ("array.sse", "A \"brace\" } and \\ mundo 🌍", FinishReason::Stop),
        ("usage_last.sse", "Hi", FinishReason::Length),
        ("safety.sse", "It", FinishReason::ContentFilter),
        ("new_words.sse", "Hi", FinishReason::Other("TIRED".into())),
        ("grounded.sse", "Spain won.", FinishReason::Stop),
    ] {
        let (events, outcome) = read(&gemini(), [fixture(DIALECT, name).as_slice()]);
        assert_eq!(outcome, Ok(()), "{name}");
        let answer = collect(&events).unwrap();
        assert_eq!(
            (answer.text().as_str(), &answer.finish),
            (text, &finish),
            "{name}"
        );
        if name == "grounded.sse" {
            let cited: Vec<_> = answer
                .message
                .parts
                .iter()
                .filter_map(|part| match part {
                    Part::Citation(cited) => Some((cited.text.as_str(), cited.url.as_deref().unwrap())),
                    _ => None,
                })
                .collect();
            let expected = [
                ("Spain won.", "https://a.example/x"),
                ("Spain won.", "https://b.example/y"),
            ];
            assert_eq!(cited, expected, "each once, though the stream repeats them");
        }
        if name == "usage_last.sse" {
            assert_eq!(answer.usage, Some(counted()));
        }
    }
}

#[test]
fn a_reason_to_finish_in_between_does_not_end_the_answer() {
    let piece = |text: &str, reason: &str| {
        let body = json!({"candidates": [{"content": {"parts": [{"text": text}]}, "finishReason": reason}]});
        format!("data: {body}\n\n")
    };
    let wire = format!(
        "{}{}{}",
        piece("Run. ", "STOP"),
        piece("Ran. ", ""),
        piece("Done.", "MAX_TOKENS")
    );
    let (events, outcome) = read(&gemini(), [wire.as_bytes()]);
    assert_eq!(outcome, Ok(()));
    let answer = collect(&events).unwrap();
    assert_eq!(
        (answer.text().as_str(), answer.finish),
        ("Run. Ran. Done.", FinishReason::Length)
    );
    let cut = format!("{}{}", piece("Run. ", "STOP"), piece("Ran. ", ""));
    let half = format!("{}data: {{\"candidates\": [{{\"con", piece("Run. ", "STOP"));
    assert_eq!(
        read(&gemini(), [half.as_bytes()]).1,
        Err(ErrorKind::StreamTruncated)
    );
    assert_eq!(
        read(&gemini(), [cut.as_bytes()]).1,
        Err(ErrorKind::StreamTruncated)
    );
}

#[test]
fn signatures_of_text_and_pictures_go_back_to_their_part() {
    let replayed = |name: &str| {
        let (events, _) = read(&gemini(), [fixture(DIALECT, name).as_slice()]);
        let answer = collect(&events).unwrap();
        let body = encoded(
            ChatRequest::new(vec![Message::user("Hi"), answer.message]),
            "gemini-3-pro-image",
        );
        body.unwrap()["contents"][1]["parts"].clone()
    };
    let expected = json!([{"text": "Hello"}, {"text": "", "thoughtSignature": "c2ln"}]);
    assert_eq!(replayed("signed_text.sse"), expected);
    let picture = json!({"mimeType": "image/png", "data": "iVBORw=="});
    let expected = json!([{"text": "Here:"}, {"inlineData": picture, "thoughtSignature": "aW1n"}]);
    assert_eq!(replayed("media.sse"), expected);
}

#[test]
fn embeddings_counts_and_lists() {
    let request = EmbedRequest::new(["um", "dois"])
        .purpose(EmbedPurpose::Query)
        .dimensions(2);
    let call = Call::new(request, "gemini-embedding-001");
    let wire = gemini().encode_embed(&call).unwrap();
    assert_eq!(
        wire.path,
        "/v1beta/models/gemini-embedding-001:batchEmbedContents"
    );
    let one = |text: &str| {
        json!({
            "model": "models/gemini-embedding-001",
            "content": {"parts": [{"text": text}]},
            "taskType": "RETRIEVAL_QUERY",
            "outputDimensionality": 2,
        })
    };
    let body: Value = serde_json::from_slice(&wire.body).unwrap();
    assert_eq!(body, json!({"requests": [one("um"), one("dois")]}));
    let read = gemini()
        .decode_embed(&call, &fixture(DIALECT, "embeddings.json"))
        .unwrap();
    assert_eq!(read.embeddings, [[0.1, -0.2], [0.25, 0.5]]);
    for wrong in [
        r#"{"embeddings":[{"values":[1]}]}"#,
        r#"{"embeddings":[{"values":[1]},{"values":[1,2]}]}"#,
        "[]",
    ] {
        let error = gemini().decode_embed(&call, wrong.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{wrong}");
    }
    assert_eq!(
        gemini().decode_count(br#"{"totalTokens": 31}"#).unwrap().tokens,
        31
    );
    assert!(gemini().decode_count(b"{}").is_err());

    let first = gemini().encode_models(None);
    assert_eq!((first.path.as_ref(), first.query.len()), ("/v1beta/models", 1));
    let (models, next) = gemini()
        .decode_models(&fixture(DIALECT, "models_page_1.json"))
        .unwrap();
    assert_eq!(next.as_deref(), Some("abc/="));
    let second = gemini().encode_models(next.as_deref());
    assert!(second.query.contains(&("pageToken", "abc/=".to_owned())));
    assert_eq!(
        (models[0].id.as_str(), models[0].max_output_tokens),
        (MODEL, Some(65_536))
    );
    assert_eq!(models[0].context_tokens, Some(1_048_576 + 65_536));
    let (models, next) = gemini()
        .decode_models(&fixture(DIALECT, "models_page_2.json"))
        .unwrap();
    assert_eq!((models.len(), next), (1, None));
}
