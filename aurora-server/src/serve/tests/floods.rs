//! Floods of HTTP/2 frames: the connection ends, and others are served as before.

use super::Listening;
use super::frames::{
    CONTINUATION, DATA, END_HEADERS, HEADERS, POST, PREFACE, RESET, Spoken, ask, fields, frame, settings,
};

/// ENHANCE_YOUR_CALM (RFC 9113 §7).
const CALM: u32 = 11;
/// The most frames of a flood.
const FLOOD: u32 = 20_000;

/// Sends what `of` gives: the server ends the connection, and says why if it says anything.
async fn flood(begin: &[u8], of: impl Fn(u32) -> Vec<u8>) {
    let listening = Listening::start().await;
    let mut spoken = Spoken::to(listening.address).await;
    spoken.say(&[PREFACE, &settings(&[]), begin].concat()).await;
    for group in 0..FLOOD / 100 {
        let frames: Vec<u8> = (group * 100..(group + 1) * 100).flat_map(&of).collect();
        if !spoken.tries(&frames).await {
            break;
        }
    }
    // The reason can be lost with what was under way when the server closed (RFC 9112 §9.6).
    let code = spoken.given_up().await;
    assert!(matches!(code, Some(CALM) | None), "{code:?}");
    assert!(listening.serves().await, "others are served");
    super::eventually(|| listening.open.open() == 0).await;
}

#[tokio::test]
async fn requests_that_are_reset_at_once_end_the_connection() {
    flood(&[], |number| {
        let stream = 2 * number + 1;
        [ask(stream, "/"), frame(RESET, 0, stream, &8_u32.to_be_bytes())].concat()
    })
    .await;
}

#[tokio::test]
async fn fields_without_end_end_the_connection() {
    let begin = frame(HEADERS, 0, 1, &fields(POST, "/"));
    flood(&begin, |_| frame(CONTINUATION, 0, 1, b"\x00\x01x\x01y")).await;
}

#[tokio::test]
async fn continuations_of_nothing_end_the_connection() {
    let begin = frame(HEADERS, 0, 1, &fields(POST, "/"));
    flood(&begin, |_| frame(CONTINUATION, 0, 1, &[])).await;
}

#[tokio::test]
async fn pieces_of_a_body_with_nothing_in_them_end_the_connection() {
    let begin = frame(HEADERS, END_HEADERS, 1, &fields(POST, "/"));
    flood(&begin, |_| frame(DATA, 0, 1, &[])).await;
}
