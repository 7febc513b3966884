//! Clients of upstreams.

use aurora_core::resilience::{Breaker, RetryPolicy};
use aurora_core::rng::Random;
use aurora_llm::LlmClient;
use aurora_llm::chat::{ChatRequest, StreamEvent};
use aurora_llm::client::{AnswerStream, Attempt, AttemptOutcome, ClientBuilder};
use aurora_llm::error::{Error, ErrorKind};
use aurora_llm::providers::openai_compatible::OpenAiCompatible;
use futures::StreamExt as _;

use crate::clock::TestClock;
use crate::reaction::Reaction;
use crate::upstream::Upstream;

/// A client with the usual settings, whose waits are those of the test.
pub(crate) fn builder(clock: &TestClock) -> ClientBuilder {
    LlmClient::builder()
        .clock(clock.clone())
        .random(Random::seeded(7))
}

pub(crate) fn openai(name: &str, url: impl Into<String>) -> OpenAiCompatible {
    let key = format!("sk-{name}-0123456789");
    OpenAiCompatible::builder(name, url).key(key).build().unwrap()
}

/// A client that asks these upstreams in this order, each for the model `m`.
pub(crate) fn client<'a>(clock: &TestClock, upstreams: impl IntoIterator<Item = &'a Upstream>) -> LlmClient {
    of(builder(clock), upstreams).build().unwrap()
}

pub(crate) fn of<'a>(
    builder: ClientBuilder,
    upstreams: impl IntoIterator<Item = &'a Upstream>,
) -> ClientBuilder {
    upstreams.into_iter().fold(builder, |builder, upstream| {
        builder.provider(openai(upstream.name(), upstream.url()), "m")
    })
}

/// No retry at the same target.
pub(crate) fn no_retry(builder: ClientBuilder) -> ClientBuilder {
    builder.retry(RetryPolicy::never())
}

/// A breaker that never opens by itself, for tests of something else.
pub(crate) fn no_breaker(builder: ClientBuilder) -> ClientBuilder {
    builder.breaker(Breaker::builder().consecutive(0).minimum_calls(usize::MAX))
}

/// An upstream with this script, and a healthy one behind it.
pub(crate) async fn pair(script: impl IntoIterator<Item = Reaction>) -> (Upstream, Upstream) {
    let first = Upstream::start("first", script).await;
    (first, Upstream::start("second", []).await)
}

/// How many requests each of the two got.
pub(crate) fn counts(first: &Upstream, second: &Upstream) -> (usize, usize) {
    (first.count(), second.count())
}

pub(crate) fn question() -> ChatRequest {
    ChatRequest::user("Why is the sky blue?")
}

/// The kinds of the failed attempts, in order.
pub(crate) fn failures(attempts: &[Attempt]) -> Vec<ErrorKind> {
    let kind = |attempt: &Attempt| match attempt.outcome {
        AttemptOutcome::Failed { kind, .. } => Some(kind),
        _ => None,
    };
    attempts.iter().filter_map(kind).collect()
}

/// Reads a stream to its only terminal: what was said, and the error with which it ended.
pub(crate) async fn read(stream: &mut AnswerStream) -> (String, Option<Error>) {
    let mut said = String::new();
    while let Some(event) = stream.next().await {
        match event {
            Ok(StreamEvent::Text(text)) => said += &text,
            Ok(StreamEvent::Finish { .. }) => {
                assert!(stream.next().await.is_none(), "something follows the end");
                return (said, None);
            }
            Ok(_) => {}
            Err(error) => {
                assert!(stream.next().await.is_none(), "something follows the error");
                return (said, Some(error));
            }
        }
    }
    panic!("the stream ended without a terminal after {said:?}");
}

/// What was said before the stream broke.
pub(crate) fn partial(error: &Error) -> Option<String> {
    error.partial().map(aurora_llm::chat::Message::text)
}
