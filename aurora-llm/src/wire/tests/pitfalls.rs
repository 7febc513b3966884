//! What servers, gateways and networks do to streams, for every dialect: none of it changes what is read.

use aurora_core::time::Timestamp;
use serde_json::Value;

use super::table::{Dialect, Form};
use super::{DIALECTS, dialects, read};
use crate::chat::StreamEvent;
use crate::error::ErrorKind;
use crate::wire::ResponseHead;

/// The streams of a dialect that have its form, as text with plain line ends.
fn texts(dialect: &Dialect) -> Vec<(String, String)> {
    let text = |bytes: Vec<u8>| {
        String::from_utf8(bytes)
            .unwrap()
            .replace("\r\n", "\n")
            .replace('\r', "\n")
    };
    let streams = dialect
        .streams()
        .into_iter()
        .map(|(name, bytes)| (name, text(bytes)));
    let has_form = |text: &str| {
        let text = text.trim_start();
        !text.starts_with(['[', '<'])
            && (dialect.form == Form::Lines || !text.starts_with('{'))
            && !text.starts_with("{\n")
    };
    // One that is cut may be cut within a line.
    streams
        .filter(|(name, text)| has_form(text) && !name.contains("_cut"))
        .collect()
}

/// Reads every stream of the dialects of `form` as it is, and as `change` makes it, and compares all but the pings.
fn unchanged_by(form: Form, change: impl Fn(&str) -> String) {
    unchanged(form, |_| true, change);
}

fn unchanged(form: Form, which: impl Fn(&str) -> bool, change: impl Fn(&str) -> String) {
    let said = |dialect: &Dialect, text: &str| {
        let (mut events, outcome) = read(&*(dialect.codec)(), [text.as_bytes()]);
        events.retain(|event| *event != StreamEvent::Ping);
        (events, outcome)
    };
    let mut compared = 0;
    for dialect in DIALECTS.iter().filter(|dialect| dialect.form == form) {
        for (name, text) in texts(dialect).into_iter().filter(|(name, _)| which(name)) {
            let changed = change(&text);
            assert_eq!(
                said(dialect, &changed),
                said(dialect, &text),
                "{}/{name}: {changed}",
                dialect.name
            );
            compared += 1;
        }
    }
    assert!(compared > 5, "only {compared} streams were read");
}

#[test]
fn lines_end_in_any_way() {
    unchanged_by(Form::Events, |text| text.replace('\n', "\r\n"));
    unchanged_by(Form::Events, |text| text.replace('\n', "\r"));
    unchanged_by(Form::Lines, |text| text.replace('\n', "\r\n"));
}

#[test]
fn a_byte_order_mark_is_passed_over() {
    let marked = |text: &str| format!("\u{feff}{}", text.trim_start_matches('\u{feff}'));
    unchanged_by(Form::Events, marked);
    unchanged_by(Form::Lines, marked);
}

#[test]
fn comments_keep_a_connection_open_and_say_nothing() {
    unchanged_by(Form::Events, |text| {
        format!(": connected\n\n{text}").replace("\n\n", "\n\n: keep-alive\n\n")
    });
    unchanged_by(Form::Events, |text| {
        text.replace("\n\n", "\n: OPENROUTER PROCESSING\n\n")
    });
    unchanged_by(Form::Lines, |text| text.replace('\n', "\n\n\n"));
}

#[test]
fn the_space_after_a_colon_may_be_missing() {
    unchanged_by(Form::Events, |text| {
        text.replace("\ndata: ", "\ndata:").replace("event: ", "event:")
    });
}

#[test]
fn data_may_stand_on_several_lines() {
    unchanged_by(Form::Events, |text| {
        let line = |line: &str| {
            let value = line
                .strip_prefix("data:")
                .and_then(|data| serde_json::from_str::<Value>(data).ok());
            let pretty = value.map(|value| serde_json::to_string_pretty(&value).unwrap());
            let lines = pretty.map(|pretty| pretty.lines().map(|line| format!("data: {line}\n")).collect());
            lines.unwrap_or_else(|| format!("{line}\n"))
        };
        text.lines().map(line).collect::<Vec<String>>().concat()
    });
}

#[test]
fn fields_that_serve_reconnecting_are_passed_over() {
    unchanged_by(Form::Events, |text| {
        text.replace("\ndata:", "\nid: 7\nretry: 100\nunknown\ndata:")
    });
}

#[test]
fn json_may_be_padded() {
    unchanged_by(Form::Events, |text| {
        let padded = |line: &str| match line.ends_with('}') {
            true => format!("{line}      \n"),
            false => format!("{line}\n"),
        };
        text.lines().map(padded).collect()
    });
    unchanged_by(Form::Lines, |text| text.replace('\n', "    \n"));
}

#[test]
fn the_last_event_needs_no_blank_line() {
    // One that fails is told from one that is cut by its blank line, and may be either without it.
    let ends_well = |name: &str| !name.starts_with("error_");
    unchanged(Form::Events, ends_well, |text| {
        text.trim_end_matches('\n').to_owned()
    });
    unchanged(Form::Lines, ends_well, |text| {
        text.trim_end_matches('\n').to_owned()
    });
}

#[test]
fn every_dialect_has_a_stream_whose_characters_can_be_split() {
    for dialect in DIALECTS {
        let streams = dialect.streams();
        let split = streams
            .iter()
            .any(|(name, bytes)| !name.starts_with("error_") && !bytes.is_ascii());
        assert!(split, "{}", dialect.name);
    }
}

#[test]
fn what_is_packed_is_malformed_and_not_an_empty_answer() {
    // The head of a gzip stream, as a proxy sends it that packs what nobody asked it to.
    let packed = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x56\x4a\xad\x28\x48\xcd\x2b\x2e\n\n\x01\x00";
    for (dialect, codec) in dialects() {
        let (events, outcome) = read(&*codec, [packed.as_slice()]);
        assert!(outcome.is_err(), "{dialect}: {events:?}");
        assert!(
            !events.iter().any(StreamEvent::is_terminal),
            "{dialect}: {events:?}"
        );
    }
}

#[test]
fn a_document_or_a_page_in_place_of_a_stream_is_an_error() {
    let document = br#"{"error": {"message": "Rate limit exceeded", "code": "rate_limit_exceeded"}}"#;
    let pretty = b"{\n  \"error\": {\n    \"message\": \"Rate limit exceeded\",\n    \"code\": \"rate_limit_exceeded\"\n  }\n}\n";
    let page = b"<!DOCTYPE html>\n<html><title>502</title></html>\n";
    for (dialect, codec) in dialects() {
        for document in [document.as_slice(), pretty] {
            for size in [1, 5, document.len()] {
                assert_eq!(
                    read(&*codec, document.chunks(size)).1,
                    Err(ErrorKind::RateLimited),
                    "{dialect} {size}"
                );
            }
        }
        assert_eq!(
            read(&*codec, [page.as_slice()]).1,
            Err(ErrorKind::Malformed),
            "{dialect}"
        );
        for nothing in [b"".as_slice(), b"\n\n", b": keep-alive\n\n"] {
            assert!(read(&*codec, [nothing]).1.is_err(), "{dialect}: {nothing:?}");
        }
    }
}

#[test]
fn a_page_of_a_network_in_front_is_a_failing_server() {
    let page = b"<html><body>maximum context length, model not found, invalid api key</body></html>";
    for (dialect, codec) in dialects() {
        for status in [500, 502, 504, 520, 521, 522, 523, 524] {
            let head = ResponseHead::new(status, http::HeaderMap::new());
            let error = codec.classify(&head, page, Timestamp::UNIX_EPOCH);
            assert_eq!(error.kind(), ErrorKind::ServerError, "{dialect} {status}");
            assert_eq!(
                (error.status(), error.provider_message()),
                (Some(status), None),
                "{dialect}"
            );
        }
    }
}
