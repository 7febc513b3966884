//! What comes back: answers, streams, embeddings, counts and lists.

use serde_json::{Value, json};

use super::{MODEL, call, encoded, media, signature, signed};
use crate::chat::{ChatRequest, Citation, FinishReason, Message, Part, Reasoning, StreamEvent, ToolCall};
use crate::embed::{EmbedPurpose, EmbedRequest};
use crate::error::ErrorKind;
use crate::provider::Call;
use crate::usage::Usage;
use crate::wire::gemini::DIALECT;
use crate::wire::tests::{collect, fixture, gemini, read};
use crate::wire::{Codec as _, ResponseHead};

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
