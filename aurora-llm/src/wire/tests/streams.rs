//! Properties of every stream, on every fixture.

use super::{DIALECTS, claude, collect, fixture, openai, read};
use crate::chat::StreamEvent;
use crate::error::ErrorKind;

fn terminals(events: &[StreamEvent]) -> usize {
    events.iter().filter(|event| event.is_terminal()).count()
}

#[test]
fn exactly_one_terminal_and_it_is_last() {
    for table in DIALECTS {
        let (dialect, codec) = (table.name, (table.codec)());
        for (name, bytes) in table.streams() {
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

/// Streams up to this long are split and cut one place at a time; the work grows with the square of the length.
const SHORT: usize = 600;

/// How far apart the places are at which a longer stream is split in one go: farther than any word of it is long.
const APART: usize = 64;

#[test]
fn every_split_gives_the_same_events() {
    for table in DIALECTS {
        let (dialect, codec) = (table.name, (table.codec)());
        for (name, bytes) in table.streams() {
            let whole = read(&*codec, [bytes.as_slice()]);
            let single = read(&*codec, bytes.chunks(1));
            assert_eq!(single, whole, "{dialect}/{name} byte by byte");
            let steps = if bytes.len() <= SHORT { bytes.len() } else { APART };
            // Each byte of the stream is the first of a piece once.
            for at in 0..=steps {
                let (left, rest) = bytes.split_at(at);
                let pieces = std::iter::once(left).chain(rest.chunks(steps.max(1)));
                assert_eq!(
                    read(&*codec, pieces),
                    whole,
                    "{dialect}/{name} split at {at} and every {steps} bytes from there"
                );
            }
        }
    }
}

#[test]
fn a_truncated_stream_never_looks_like_success() {
    for table in DIALECTS {
        let (dialect, codec) = (table.name, (table.codec)());
        for (name, bytes) in table.streams() {
            let (events, _) = read(&*codec, [bytes.as_slice()]);
            let whole = collect(&events);
            // Of a long stream, around every end of a line and in places between.
            let ends_a_line = |at: usize| bytes[at.saturating_sub(2)..at].contains(&b'\n');
            let matters = |at: &usize| bytes.len() <= SHORT || at.is_multiple_of(41) || ends_a_line(*at);
            for at in (0..bytes.len()).filter(matters) {
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
    for dialect in DIALECTS {
        for (name, kind) in dialect.failing {
            let (codec, bytes) = ((dialect.codec)(), dialect.stream(name));
            assert_eq!(
                read(&*codec, [bytes.as_slice()]).1,
                Err(*kind),
                "{}/{name}",
                dialect.name
            );
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

#[test]
fn nothing_that_comes_along_behind_the_end_changes_it() {
    let mut compared = 0;
    for table in DIALECTS {
        for (name, bytes) in table.streams() {
            let mut decoder = (table.codec)().decoder();
            let mut events = Vec::new();
            let ended = decoder.push(&bytes, &mut events).is_ok() && terminals(&events) == 1;
            if !ended {
                continue;
            }
            for tail in [b"\n: late\n\n".as_slice(), b"\n\ndata: \xFF\n\n", b"\n<html>\n\n"] {
                let more = [bytes.as_slice(), tail].concat();
                let (seen, outcome) = read(&*(table.codec)(), [more.as_slice()]);
                assert_eq!((seen, outcome), (events.clone(), Ok(())), "{}/{name}", table.name);
                compared += 1;
            }
        }
    }
    assert!(compared > 50, "{compared}");
}
