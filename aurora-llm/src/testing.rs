//! For tests: a provider that follows a script, and the contract that every provider keeps, ours and yours.
//!
//! [`Simulated`] is scripted with [`Step`]s and [`Fault`]s and may live by a [`ManualClock`]. A provider of your own is
//! checked by [`conformance`] and, as far as it claims more than chat, by [`embeddings_conformance`],
//! [`rerank_conformance`], [`models_conformance`] and [`counts_conformance`].
#![expect(clippy::panic, reason = "a contract suite fails by panicking")]

mod tasks;

pub use aurora_core::time::ManualClock;
use futures::{FutureExt as _, StreamExt as _};
use serde_json::json;

use crate::chat::{
    ChatRequest, ChatResponse, Media, MediaSource, Message, Part, ReasoningEffort, ResponseFormat, Role,
    StreamCollector, StreamEvent, Tool,
};
use crate::error::{Error, ErrorKind};
use crate::provider::{Call, Capabilities, LlmProvider};
pub use crate::providers::simulated::{Fault, Simulated, SimulatedControl, Step};
pub use tasks::{counts_conformance, embeddings_conformance, models_conformance, rerank_conformance};

/// Checks that `provider` keeps the contract of [`LlmProvider`] with `model`.
///
/// It must be able to answer: the suite makes about six small calls that are answered, and refuses the rest before
/// anything is sent. It checks that
///
/// - the provider has a name, and does not change its mind about what it can do;
/// - an answer in one piece says something, by the assistant;
/// - a stream has exactly one terminal, which is last, and nothing follows it;
/// - what it says it has consumed never shrinks while it streams;
/// - a call that is dropped, before its first event or after, leaves the provider usable;
/// - it has a key at least, and answers by each that it has;
/// - what it says it cannot do, it refuses as [`ErrorKind::Unsupported`], in its own name, streamed or not.
///
/// # Panics
/// When the contract is broken.
///
/// # Examples
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// aurora_llm::testing::conformance(&aurora_llm::testing::Simulated::new("mine"), "any").await;
/// # }
/// ```
pub async fn conformance(provider: &dyn LlmProvider, model: &str) {
    let able = provider.capabilities(model);
    assert!(!provider.id().as_str().is_empty(), "a provider has a name");
    assert_eq!(
        able,
        provider.capabilities(model),
        "capabilities do not change from call to call"
    );

    let question = Call::new(ChatRequest::user("Say hello."), model);
    says_something(&succeed(provider.chat(&question).await));
    if able.streaming {
        streams(provider, &question).await;
        survives_drops(provider, &question).await;
    }
    says_something(&succeed(provider.chat(&question).await));
    assert!(provider.keys() > 0, "a provider without keys has one: none");
    for key in 1..provider.keys() {
        says_something(&succeed(provider.chat(&question.clone().key(key)).await));
    }
    refuses_what_it_cannot(provider, model, &able).await;
}

fn succeed<T>(outcome: Result<T, Error>) -> T {
    outcome.unwrap_or_else(|error| panic!("an ordinary call is answered: {error}"))
}

fn says_something(answer: &ChatResponse) {
    assert_eq!(
        answer.message.role,
        Role::Assistant,
        "an answer is the assistant's"
    );
    assert!(!answer.message.parts.is_empty(), "an answer says something");
}

async fn streams(provider: &dyn LlmProvider, question: &Call) {
    let mut stream = succeed(provider.chat_stream(question).await);
    let mut collector = StreamCollector::default();
    let mut ended = false;
    let mut consumed = 0;
    while let Some(event) = stream.next().await {
        let event = succeed(event);
        assert!(!ended, "nothing follows the terminal, and here comes {event:?}");
        ended = event.is_terminal();
        if let StreamEvent::Usage(usage)
        | StreamEvent::Finish {
            usage: Some(usage), ..
        } = &event
        {
            assert!(usage.total() >= consumed, "what was consumed does not shrink");
            consumed = usage.total();
        }
        collector.push(&event);
    }
    assert!(ended, "a stream ends with its terminal");
    assert!(stream.next().await.is_none(), "an ended stream stays ended");
    match collector.finish() {
        Some(answer) => says_something(&answer),
        None => panic!("a stream that ended is a whole answer"),
    }
}

async fn survives_drops(provider: &dyn LlmProvider, question: &Call) {
    drop(provider.chat(question).now_or_never());
    drop(provider.chat_stream(question).now_or_never());
    let mut stream = succeed(provider.chat_stream(question).await);
    let first: Option<Result<StreamEvent, Error>> = stream.next().await;
    assert!(first.is_some(), "a stream is not empty");
    drop(stream);
}

async fn refuses_what_it_cannot(provider: &dyn LlmProvider, model: &str, able: &Capabilities) {
    for (what, request) in demands() {
        if able.missing(&request.needs()).is_none() {
            continue;
        }
        let call = Call::new(request, model);
        let whole = provider.chat(&call).await.err();
        let streamed = provider.chat_stream(&call).await.err();
        for error in [whole, streamed] {
            let Some(error) = error else {
                panic!("{what} is not among the capabilities, and was accepted")
            };
            assert_eq!(
                error.kind(),
                ErrorKind::Unsupported,
                "{what} is refused as unsupported"
            );
            assert_eq!(error.provider(), Some(provider.id()), "{what} is refused by name");
            assert_eq!(error.model(), Some(model), "{what} is refused for a model");
        }
    }
}

/// One request for each capability that a request can demand.
fn demands() -> [(&'static str, ChatRequest); 7] {
    let schema = json!({"type": "object"});
    let with = |part: fn(Media) -> Part, media_type: &str| {
        let media = Media {
            media_type: media_type.to_owned(),
            source: MediaSource::Bytes(bytes::Bytes::from_static(b"x")),
            name: None,
        };
        ChatRequest::new(vec![Message::new(Role::User, vec![part(media)])])
    };
    let mut seeded = ChatRequest::user("Hi");
    seeded.seed = Some(1);
    let mut reasoned = ChatRequest::user("Hi");
    reasoned.reasoning = Some(ReasoningEffort::Low);
    [
        (
            "tools",
            ChatRequest::user("Hi").tool(Tool::new("f", "f", schema.clone())),
        ),
        (
            "json_schema",
            ChatRequest::user("Hi").format(ResponseFormat::JsonSchema {
                name: "f".to_owned(),
                schema,
                strict: false,
            }),
        ),
        ("images", with(Part::Image, "image/png")),
        ("documents", with(Part::Document, "application/pdf")),
        ("audio", with(Part::Audio, "audio/wav")),
        ("seed", seeded),
        ("reasoning", reasoned),
    ]
}
