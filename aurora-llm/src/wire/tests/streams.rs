//! Properties of every stream, on every fixture.

use super::{claude, collect, dialects, fixture, openai, read, streams};
use crate::chat::StreamEvent;
use crate::error::ErrorKind;
use crate::wire::Codec;

fn terminals(events: &[StreamEvent]) -> usize {
    events.iter().filter(|event| event.is_terminal()).count()
}

#[test]
fn exactly_one_terminal_and_it_is_last() {
    for (dialect, codec) in dialects() {
        for (name, bytes) in streams(dialect) {
            let (events, outcome) = read(&*codec, [bytes.as_slice()]);
            let failed = name.starts_with("error_");
            assert_eq!(
                outcome.is_err(),
                failed,
                "{dialect}/{name}: {outcome:?} {events:?}"
            );
            assert_eq!(terminals(&events), usize::from(!failed), "{dialect}/{name}");
            if !failed {
                assert!(events.last().unwrap().is_terminal(), "{dialect}/{name}");
            }
        }
    }
}

#[test]
fn every_split_gives_the_same_events() {
    for (dialect, codec) in dialects() {
        for (name, bytes) in streams(dialect) {
            let whole = read(&*codec, [bytes.as_slice()]);
            let single = read(&*codec, bytes.chunks(1));
            assert_eq!(single, whole, "{dialect}/{name} byte by byte");
            for at in 0..=bytes.len() {
                let (left, right) = bytes.split_at(at);
                assert_eq!(
                    read(&*codec, [left, right]),
                    whole,
                    "{dialect}/{name} split at {at}"
                );
            }
        }
    }
}

#[test]
fn a_cut_answer_never_passes_for_a_whole_one() {
    for (dialect, codec) in dialects() {
        for (name, bytes) in streams(dialect) {
            let (events, _) = read(&*codec, [bytes.as_slice()]);
            let whole = collect(&events);
            for at in 0..bytes.len() {
                let (events, outcome) = read(&*codec, [&bytes[..at]]);
                match (outcome, collect(&events), &whole) {
                    (Ok(()), Some(cut), Some(whole)) => {
                        // Only the usage, which comes after the end, may be missing.
                        assert_eq!(cut.message, whole.message, "{dialect}/{name} cut at {at}");
                        assert_eq!(cut.finish, whole.finish, "{dialect}/{name} cut at {at}");
                    }
                    (Err(kind), None, whole) => {
                        let expected = [ErrorKind::StreamTruncated];
                        assert!(
                            whole.is_none() || expected.contains(&kind),
                            "{dialect}/{name} cut at {at}: {kind:?}"
                        );
                    }
                    (outcome, answer, _) => panic!("{dialect}/{name} cut at {at}: {outcome:?} {answer:?}"),
                }
            }
        }
    }
}

#[test]
fn what_goes_wrong_is_told_apart() {
    type Cases<'a> = &'a [(&'a str, ErrorKind)];
    let codecs: [(&str, &dyn Codec, Cases<'_>); 2] = [
        (
            "openai_chat",
            &openai(),
            &[
                ("error_in_stream", ErrorKind::ServerError),
                ("error_quota_first", ErrorKind::QuotaExhausted),
                ("error_json_instead", ErrorKind::RateLimited),
                ("error_page_instead", ErrorKind::Malformed),
                ("error_cut", ErrorKind::StreamTruncated),
                ("error_malformed", ErrorKind::Malformed),
                ("error_empty", ErrorKind::StreamTruncated),
                ("error_done_alone", ErrorKind::Malformed),
                ("error_openrouter", ErrorKind::ServerError),
            ],
        ),
        (
            "anthropic",
            &claude(),
            &[
                ("error_overloaded", ErrorKind::Overloaded),
                ("error_without_stop", ErrorKind::StreamTruncated),
                ("error_json_instead", ErrorKind::Authentication),
                ("error_page_instead", ErrorKind::Malformed),
                ("error_malformed", ErrorKind::Malformed),
                ("error_block_without_start", ErrorKind::Malformed),
                ("error_empty", ErrorKind::StreamTruncated),
                ("error_stop_alone", ErrorKind::Malformed),
            ],
        ),
    ];
    for (dialect, codec, cases) in codecs {
        for (name, kind) in cases {
            let bytes = fixture(dialect, &format!("{name}.sse"));
            assert_eq!(read(codec, [bytes.as_slice()]).1, Err(*kind), "{dialect}/{name}");
        }
    }
}

#[test]
fn what_was_said_before_an_error_is_handed_out() {
    let bytes = fixture("anthropic", "error_overloaded.sse");
    let (events, _) = read(&claude(), [bytes.as_slice()]);
    assert_eq!(events.last(), Some(&StreamEvent::Text("Hi".into())));
    let bytes = fixture("openai_chat", "error_in_stream.sse");
    let (events, _) = read(&openai(), [bytes.as_slice()]);
    assert_eq!(events.last(), Some(&StreamEvent::Text("Hi".into())));
}
