//! What a hostile or broken server cannot do: fill the memory, or put words of a conversation into an error.

use serde_json::{Value, json};

use super::{DIALECTS, dialects, read};
use crate::error::{Error, ErrorKind};
use crate::wire::ResponseHead;

/// The error with all that is shown of it and of its causes.
fn shown(error: &Error) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.fold(format!("{error} {error:?}"), |all, cause| {
        format!("{all} {cause} {cause:?}")
    })
}

/// The document with each of its values in turn replaced by somebody's name, in several forms.
fn spoiled(document: &Value) -> Vec<Value> {
    let forms = [
        json!("Maria Silva"),
        json!(["Maria Silva"]),
        json!({"a": "Maria Silva"}),
    ];
    let mut all = forms.to_vec();
    let mut within = |inner: &Value, place: &dyn Fn(Value) -> Value| {
        all.extend(spoiled(inner).into_iter().map(place));
    };
    match document {
        Value::Object(map) => {
            for (name, inner) in map {
                within(inner, &|spoiled| {
                    let mut map = map.clone();
                    map.insert(name.clone(), spoiled);
                    Value::Object(map)
                });
            }
        }
        Value::Array(list) => {
            for (at, inner) in list.iter().enumerate() {
                within(inner, &|spoiled| {
                    let mut list = list.clone();
                    list[at] = spoiled;
                    Value::Array(list)
                });
            }
        }
        _ => {}
    }
    all
}

#[test]
fn an_answer_that_cannot_be_read_is_not_repeated_by_its_error() {
    let head = ResponseHead::new(200, http::HeaderMap::new());
    for dialect in DIALECTS {
        let (name, codec) = (dialect.name, (dialect.codec)());
        let mut refused = 0;
        let mut check = |outcome: Result<(), Error>| {
            if let Err(error) = outcome {
                refused += 1;
                assert!(!shown(&error).contains("Maria"), "{name}: {}", shown(&error));
            }
        };
        for (_, body) in dialect.fixtures("answer_", ".json") {
            for body in spoiled(&serde_json::from_slice(&body).unwrap()) {
                check(codec.decode(&head, body.to_string().as_bytes()).map(drop));
            }
        }
        let stream = String::from_utf8(dialect.stream("text")).unwrap();
        for line in stream.lines() {
            let data = line.strip_prefix("data:").unwrap_or(line);
            let Ok(event) = serde_json::from_str(data) else {
                continue;
            };
            for event in spoiled(&event) {
                let bytes = dialect.form.event(&event);
                check(codec.decoder().push(&bytes, &mut Vec::new()));
            }
        }
        assert!(refused > 10, "{name}: only {refused} were refused");
    }
}

#[test]
fn what_becomes_no_event_is_not_kept_without_end() {
    let nameless = |n: u32, more: &str| {
        format!(
            "data: {{\"choices\":[{{\"delta\":{{\"tool_calls\":[{{\"index\":{n},\"function\":{{\"arguments\":\"{more}\"}}}}]}}}}]}}\n\n"
        )
    };
    let block = |n: u32| {
        format!(
            "data: {{\"type\":\"content_block_start\",\"index\":{n},\"content_block\":{{\"type\":\"new\"}}}}\n\n"
        )
    };
    let signed = |more: &str| {
        format!(
            "data: {{\"type\":\"content_block_delta\",\"index\":0,\"delta\":{{\"type\":\"signature_delta\",\"signature\":\"{more}\"}}}}\n\n"
        )
    };
    let long = "x".repeat(64 * 1024);
    let thinking =
        "data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"thinking\"}}\n\n";
    let opened = |n: u32| {
        format!(
            "data: {{\"type\":\"tool-call-start\",\"index\":{n},\"delta\":{{\"message\":{{\"tool_calls\":{{\"id\":\"i\",\"function\":{{\"name\":\"f\"}}}}}}}}}}\n\n"
        )
    };
    let item = |n: u32| {
        format!(
            "data: {{\"type\":\"response.output_item.added\",\"output_index\":{n},\"item\":{{\"type\":\"new\"}}}}\n\n"
        )
    };
    let floods: [(&str, String); 6] = [
        ("cohere", (0..5_000).map(opened).collect()),
        ("openai_responses", (0..5_000).map(item).collect()),
        ("openai_chat", (0..5_000).map(|n| nameless(n, "")).collect()),
        ("openai_chat", nameless(0, &long).repeat(40)),
        ("anthropic", (0..5_000).map(block).collect()),
        ("anthropic", format!("{thinking}{}", signed(&long).repeat(40))),
    ];
    for (dialect, codec) in dialects() {
        for (_, flood) in floods.iter().filter(|(name, _)| *name == dialect) {
            let (events, outcome) = read(&*codec, flood.as_bytes().chunks(4_096));
            assert_eq!(
                outcome,
                Err(ErrorKind::Malformed),
                "{dialect}: {} events",
                events.len()
            );
        }
    }
}
