//! Servers and clients that mean harm: depth, length, numbers, and little that stands for much.

use serde_json::{Value, json};

use super::{DIALECTS, collect, dialects, read};
use crate::chat::{ChatRequest, ChatResponse, Media, MediaSource, Message, Part, Role, StreamEvent};
use crate::error::{Error, ErrorKind};
use crate::provider::Call;
use crate::wire::quoting::{MAX_CITATIONS, MAX_QUOTED};
use crate::wire::{
    Codec, ResponseHead, Streaming, anthropic, cohere, gemini, ollama, openai_chat, openai_responses,
};

/// The server's side of every dialect.
type Serve = fn(&[u8]) -> Result<(), Error>;
const SERVED: [(&str, Serve); 6] = [
    ("openai_chat", |body| {
        openai_chat::server::decode_request(body).map(drop)
    }),
    ("openai_responses", |body| {
        openai_responses::server::decode_request(body).map(drop)
    }),
    ("anthropic", |body| {
        anthropic::server::decode_request(body).map(drop)
    }),
    ("cohere", |body| cohere::server::decode_request(body).map(drop)),
    ("gemini", |body| {
        gemini::server::decode_request("m", gemini::server::Method::GenerateContent, body).map(drop)
    }),
    ("ollama", |body| ollama::server::decode_request(body).map(drop)),
];

fn decode(codec: &dyn Codec, body: &Value) -> Result<ChatResponse, Error> {
    codec.decode(&ResponseHead::default(), body.to_string().as_bytes())
}

/// One codec of the table.
fn codec(name: &str) -> Box<dyn Codec> {
    dialects().find(|(known, _)| *known == name).unwrap().1
}

#[test]
fn deep_nesting_is_an_error_and_no_crash() {
    const DEEP: usize = 200_000;
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(DEEP), close.repeat(DEEP));
        for field in [
            "a",
            "error",
            "message",
            "usage",
            "content",
            "candidates",
            "messages",
            "input",
        ] {
            let body = format!("{{\"{field}\":{deep}}}");
            for (name, codec) in dialects() {
                let outcome = codec.decode(&ResponseHead::default(), body.as_bytes());
                assert_eq!(
                    outcome.unwrap_err().kind(),
                    ErrorKind::Malformed,
                    "{name} {field}"
                );
                codec.classify(
                    &ResponseHead::new(500, http::HeaderMap::new()),
                    body.as_bytes(),
                    aurora_core::time::Timestamp::UNIX_EPOCH,
                );
            }
            for (name, serve) in SERVED {
                let outcome = serve(body.as_bytes());
                assert_eq!(
                    outcome.unwrap_err().kind(),
                    ErrorKind::InvalidRequest,
                    "{name} {field}"
                );
            }
        }
        for table in DIALECTS {
            let codec = (table.codec)();
            let line = format!("data: {{\"a\":{deep}}}\n\n");
            let outcome = read(&*codec, [line.as_bytes()]).1;
            assert!(outcome.is_err(), "{}", table.name);
        }
    }
}

#[test]
fn an_endless_line_is_refused() {
    let piece = vec![b'x'; 1 << 20];
    for (name, codec) in dialects() {
        let start = if name == "ollama" {
            "{\"a\":\""
        } else {
            "data: {\"a\":\""
        };
        let pieces = std::iter::once(start.as_bytes()).chain(std::iter::repeat_n(piece.as_slice(), 17));
        assert_eq!(read(&*codec, pieces).1, Err(ErrorKind::Malformed), "{name}");
    }
}

/// The document with every number in place of its own.
fn with_numbers(document: &Value, number: &Value) -> Value {
    match document {
        Value::Number(_) => number.clone(),
        Value::Array(list) => list.iter().map(|inner| with_numbers(inner, number)).collect(),
        Value::Object(map) => Value::Object(
            map.iter()
                .map(|(name, inner)| (name.clone(), with_numbers(inner, number)))
                .collect(),
        ),
        other => other.clone(),
    }
}

#[test]
fn numbers_that_cannot_be_are_counted_without_harm() {
    let mut counted = 0;
    for number in [
        json!(-1),
        json!(-1e300),
        json!(1e300),
        json!(0.5),
        json!(u64::MAX),
        json!(i64::MIN),
        Value::Null,
    ] {
        for dialect in DIALECTS {
            let codec = (dialect.codec)();
            for (_, body) in dialect.fixtures("answer_", ".json") {
                let body = with_numbers(&serde_json::from_slice(&body).unwrap(), &number);
                if let Ok(answer) = decode(&*codec, &body)
                    && let Some(usage) = answer.usage
                {
                    counted += 1;
                    assert!(usage.total() >= usage.total_output(), "{}", dialect.name);
                }
            }
            for (_, bytes) in dialect.streams() {
                let text = String::from_utf8_lossy(&bytes);
                let lines = text.lines().filter_map(|line| {
                    let data = line.strip_prefix("data:").unwrap_or(line);
                    serde_json::from_str::<Value>(data).ok()
                });
                let changed = lines.flat_map(|event| dialect.form.event(&with_numbers(&event, &number)));
                let changed: Vec<u8> = changed.collect();
                let (events, _) = read(&*codec, [changed.as_slice()]);
                collect(&events);
            }
        }
    }
    assert!(counted > 30, "{counted}");
}

#[test]
fn parts_of_a_usage_that_are_more_than_fits_do_not_overflow() {
    let sound = json!([
        {"modality": "AUDIO", "tokenCount": u64::MAX},
        {"modality": "AUDIO", "tokenCount": u64::MAX},
    ]);
    let body = json!({
        "candidates": [{"content": {"parts": [{"text": "Hi"}]}, "finishReason": "STOP"}],
        "usageMetadata": {
            "promptTokenCount": 7,
            "candidatesTokenCount": 5,
            "promptTokensDetails": sound,
            "candidatesTokensDetails": sound,
        },
    });
    let usage = decode(&*codec("gemini"), &body).unwrap().usage.unwrap();
    assert_eq!((usage.audio_input, usage.audio_output, usage.total()), (7, 5, 12));
}

#[test]
fn few_bytes_that_cite_much_do_not_fill_the_memory() {
    let (long, many) = ("x".repeat(4 * MAX_QUOTED), 3 * MAX_CITATIONS);
    let times = |one: Value| Value::Array(vec![one; many]);
    let end = long.len();
    let chat =
        json!({"type": "url_citation", "url_citation": {"start_index": 0, "end_index": end, "url": "u"}});
    let responses = json!({"type": "url_citation", "start_index": 0, "end_index": end, "url": "u"});
    let supports =
        (0..many).map(|at| json!({"segment": {"text": format!("{at}{long}")}, "groundingChunkIndices": [0]}));
    let answers = [
        (
            "openai_chat",
            json!({"choices": [{"message": {"content": long, "annotations": times(chat)}}]}),
        ),
        (
            "openai_responses",
            json!({"status": "completed", "output": [{"type": "message", "content": [
                {"type": "output_text", "text": long, "annotations": times(responses)},
            ]}]}),
        ),
        (
            "anthropic",
            json!({"type": "message", "content": [
                {"type": "text", "text": long, "citations": times(json!({"cited_text": "c"}))},
            ]}),
        ),
        (
            "gemini",
            json!({"candidates": [{
                "content": {"parts": [{"text": "Hi"}]},
                "groundingMetadata": {
                    "groundingChunks": [{"web": {"uri": long, "title": "t"}}],
                    "groundingSupports": supports.take(1_200).collect::<Vec<_>>(),
                },
            }]}),
        ),
    ];
    for (name, body) in answers {
        let answer = decode(&*codec(name), &body).unwrap();
        let mut citations = 0;
        for part in &answer.message.parts {
            if let Part::Citation(citation) = part {
                citations += 1;
                assert!(citation.text.len() <= MAX_QUOTED, "{name}");
                assert!(
                    citation.url.as_ref().is_none_or(|url| url.len() <= MAX_QUOTED),
                    "{name}"
                );
            }
        }
        assert!((1..=MAX_CITATIONS).contains(&citations), "{name}: {citations}");
    }
    let start = json!({"type": "content_block_start", "index": 0, "content_block":
        {"type": "text", "text": long, "citations": times(json!({}))}});
    let stop = json!({"type": "content_block_stop", "index": 0});
    let stream = format!("data: {start}\n\ndata: {stop}\n\n");
    let (events, _) = read(&*codec("anthropic"), [stream.as_bytes()]);
    let cited = events.iter().filter_map(|event| match event {
        StreamEvent::Citation(citation) => Some(citation.text.len()),
        _ => None,
    });
    let cited: Vec<usize> = cited.collect();
    assert!(cited.len() == MAX_CITATIONS && cited.iter().all(|length| *length <= MAX_QUOTED));
}

#[test]
fn a_call_whose_place_is_taken_by_the_next_still_ends() {
    let begin = |id: &str| {
        let block = json!({"type": "tool_use", "id": id, "name": "f", "input": {"at": id}});
        let event = json!({"type": "content_block_start", "index": 0, "content_block": block});
        format!("data: {event}\n\n")
    };
    let start = json!({"type": "message_start", "message": {"id": "m"}});
    let stream = format!(
        "data: {start}\n\n{}{}data: {}\n\n",
        begin("a"),
        begin("b"),
        json!({"type": "message_stop"})
    );
    let (events, outcome) = read(&*codec("anthropic"), [stream.as_bytes()]);
    outcome.unwrap();
    let ended = |index: u32| events.contains(&StreamEvent::ToolCallEnd { index });
    assert!(ended(0) && ended(1), "{events:?}");
    let answer = collect(&events).unwrap();
    let calls: Vec<_> = answer
        .message
        .tool_calls()
        .map(|call| call.arguments.as_str())
        .collect();
    assert_eq!(calls, ["{\"at\":\"a\"}", "{\"at\":\"b\"}"]);
}

#[test]
fn a_role_that_nobody_knows_is_refused() {
    for (name, serve) in SERVED {
        let said = json!({"role": "emperor", "content": "Hi"});
        let body = match name {
            "openai_responses" => json!({"model": "m", "input": [said]}),
            "gemini" => json!({"contents": [{"role": "emperor", "parts": [{"text": "Hi"}]}]}),
            _ => json!({"model": "m", "max_tokens": 9, "messages": [said]}),
        };
        let error = serve(body.to_string().as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest, "{name}");
        assert!(
            !format!("{error} {error:?}").contains("emperor"),
            "{name}: {error:?}"
        );
    }
}

#[test]
fn calls_that_nobody_answers_are_not_searched_without_end() {
    let ask = |name: &str, calls: usize| {
        let body = if name == "gemini" {
            let call = json!({"functionCall": {"name": "f", "args": {}}});
            json!({"contents": [{"role": "model", "parts": vec![call; calls]}]})
        } else {
            let call = json!({"function": {"name": "f", "arguments": {}}});
            json!({"model": "m", "messages": [{"role": "assistant", "tool_calls": vec![call; calls]}]})
        };
        let (_, serve) = SERVED.into_iter().find(|(known, _)| *known == name).unwrap();
        serve(body.to_string().as_bytes()).map_err(|error| error.kind())
    };
    for name in ["gemini", "ollama"] {
        assert_eq!(ask(name, 1_024), Ok(()), "{name}");
        assert_eq!(ask(name, 1_025), Err(ErrorKind::InvalidRequest), "{name}");
    }
}

#[test]
fn a_picture_that_the_model_made_is_sent_back_or_named_as_what_cannot_be() {
    let picture = || Part::Image(Media::new("image/png", MediaSource::Bytes("png".into())));
    let request = ChatRequest::new(vec![
        Message::user("Draw"),
        Message::new(Role::Assistant, vec![Part::Text("Here".into()), picture()]),
        Message::user("Larger"),
    ]);
    for (name, codec) in dialects() {
        let sent = codec.encode(&Call::new(request.clone(), "m"), Streaming::No);
        if name == "gemini" {
            assert!(sent.is_ok(), "{sent:?}");
            continue;
        }
        let error = sent.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported, "{name}");
        assert!(
            error.to_string().contains("media in answers of the model"),
            "{name}: {error}"
        );
    }
}
