//! A provider of your own, asked like any other.
//!
//! A provider makes one attempt and reports what came of it; retries, fallback and time limits are the client's.
//! `aurora::llm::testing::conformance` (feature `testing`) checks a provider against the contract.
//!
//! `cargo run --example custom_provider` prints
//! ```text
//! parrot: Polly says: what a lovely day
//! streamed: Polly says: what a lovely day
//! too long: conversation too long for the model (parrot, parrot-1)
//! ```

use aurora::llm::chat::{ChatRequest, ChatResponse, ChatStream, FinishReason, Message, StreamEvent};
use aurora::llm::provider::{Call, Capabilities, LlmProvider, ProviderId};
use aurora::llm::usage::Usage;
use aurora::llm::{Error, ErrorKind, LlmClient};
use futures::{StreamExt as _, stream};

/// Says what it hears.
#[derive(Debug)]
struct Parrot {
    id: ProviderId,
    memory: usize,
}

impl Parrot {
    fn new(memory: usize) -> Self {
        let id = ProviderId::new("parrot");
        Self { id, memory }
    }

    /// What it says to `call`, and what that took: a word is a token here.
    fn say(&self, call: &Call) -> Result<(String, Usage), Error> {
        if let Some(missing) = self.capabilities(&call.model).missing(&call.request.needs()) {
            let unsupported = Error::new(ErrorKind::Unsupported).with_context(missing);
            return Err(unsupported.with_provider(self.id.clone(), &*call.model));
        }
        let heard = call
            .request
            .messages
            .last()
            .map(Message::text)
            .unwrap_or_default();
        let words = heard.split_whitespace().count();
        if words > self.memory {
            let overflow = Error::new(ErrorKind::ContextOverflow);
            return Err(overflow.with_provider(self.id.clone(), &*call.model));
        }
        let tokens = u64::try_from(words).unwrap_or(u64::MAX);
        Ok((format!("Polly says: {heard}"), Usage::new(tokens, tokens + 2)))
    }
}

#[async_trait::async_trait]
impl LlmProvider for Parrot {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "parrot"
    }

    fn capabilities(&self, _model: &str) -> Capabilities {
        let mut capabilities = Capabilities::NONE;
        capabilities.streaming = true;
        capabilities
    }

    async fn chat(&self, call: &Call) -> Result<ChatResponse, Error> {
        let (text, usage) = self.say(call)?;
        let message = Message::assistant(text);
        Ok(ChatResponse::new(
            "parrot-answer",
            &*call.model,
            message,
            FinishReason::Stop,
            Some(usage),
        ))
    }

    async fn chat_stream(&self, call: &Call) -> Result<ChatStream, Error> {
        let (text, usage) = self.say(call)?;
        let mut events: Vec<_> = text
            .split_inclusive(' ')
            .map(|word| Ok(StreamEvent::Text(word.to_owned())))
            .collect();
        // Every stream ends with exactly one of these, or with an error.
        events.push(Ok(StreamEvent::Finish {
            reason: FinishReason::Stop,
            usage: Some(usage),
        }));
        Ok(stream::iter(events).boxed())
    }
}

#[tokio::main]
async fn main() -> Result<(), Error> {
    let client = LlmClient::builder()
        .provider(Parrot::new(5), "parrot-1")
        .build()?;

    let answer = client.ask("what a lovely day").await?;
    println!("{}: {}", answer.provider(), answer.text());

    print!("streamed: ");
    let mut stream = client.stream(ChatRequest::user("what a lovely day")).await?;
    while let Some(event) = stream.next().await {
        if let StreamEvent::Text(word) = event? {
            print!("{word}");
        }
    }
    println!();

    match client.ask("this is more than it can remember").await {
        Err(error) if error.kind() == ErrorKind::ContextOverflow => println!("too long: {error}"),
        other => println!("unexpected: {other:?}"),
    }
    Ok(())
}
