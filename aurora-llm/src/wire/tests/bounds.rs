//! What a hostile or broken server cannot do: fill the memory, or put words of a conversation into an error.

use super::{dialects, read};
use crate::error::ErrorKind;
use crate::wire::ResponseHead;

/// The error with all that is shown of it and of its causes.
fn shown(error: &crate::Error) -> String {
    let causes = std::iter::successors(std::error::Error::source(error), |cause| cause.source());
    causes.fold(format!("{error} {error:?}"), |all, cause| {
        format!("{all} {cause} {cause:?}")
    })
}

#[test]
fn an_answer_that_cannot_be_read_is_not_repeated_by_its_error() {
    let head = ResponseHead::new(200, http::HeaderMap::new());
    for (dialect, codec) in dialects() {
        for body in [
            r#"{"choices": "Maria Silva", "content": "Maria Silva"}"#,
            r#"{"choices": [{"message": {"tool_calls": "Maria Silva"}}], "content": [{"type": "text", "text": ["Maria Silva"]}]}"#,
        ] {
            let error = codec.decode(&head, body.as_bytes()).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Malformed, "{dialect}: {error:?}");
            assert!(!shown(&error).contains("Maria"), "{dialect}: {}", shown(&error));
        }
        let event =
            "data: {\"type\":\"message_start\",\"message\":\"Maria Silva\",\"choices\":\"Maria Silva\"}\n\n";
        let error = codec
            .decoder()
            .push(event.as_bytes(), &mut Vec::new())
            .unwrap_err();
        assert!(!shown(&error).contains("Maria"), "{dialect}: {}", shown(&error));
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
    let floods: [(&str, String); 4] = [
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
