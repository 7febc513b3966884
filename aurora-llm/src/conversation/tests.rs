use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use futures::StreamExt as _;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::history::{exchanges, fitting, size};
use super::*;
use crate::chat::{ChatResponse, ChatStream, FinishReason, Part, StreamEvent, ToolCall, ToolResult};
use crate::provider::{Call, Capabilities, LlmProvider, ProviderId};
use crate::tools::ToolEvent;

/// Repeats the last words of the user, says "in short" to a summary, and fails when it is told to.
#[derive(Debug, Clone)]
struct Echo {
    id: ProviderId,
    heard: Arc<Mutex<Vec<Arc<ChatRequest>>>>,
    fails: Arc<Mutex<Vec<ErrorKind>>>,
}

impl Echo {
    fn new() -> Self {
        Self {
            id: "echo".into(),
            heard: Arc::default(),
            fails: Arc::default(),
        }
    }

    fn last(&self) -> Arc<ChatRequest> {
        Arc::clone(self.heard.lock().unwrap().last().unwrap())
    }

    fn answer(&self, call: &Call) -> Result<ChatResponse, Error> {
        self.heard.lock().unwrap().push(Arc::clone(&call.request));
        if let Some(kind) = self.fails.lock().unwrap().pop() {
            return Err(Error::new(kind));
        }
        let request = &call.request;
        let said = request.messages.last().map(Message::text).unwrap_or_default();
        let said = if request.model.as_deref() == Some("short") {
            "in short".to_owned()
        } else {
            format!("re: {said}")
        };
        Ok(ChatResponse::new(
            "1",
            "m",
            Message::assistant(said),
            FinishReason::Stop,
            Some(Usage::new(7, 3)),
        ))
    }
}

#[async_trait]
impl LlmProvider for Echo {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "echo"
    }

    fn capabilities(&self, _: &str) -> Capabilities {
        Capabilities::ALL
    }

    async fn chat(&self, call: &Call) -> Result<ChatResponse, Error> {
        self.answer(call)
    }

    async fn chat_stream(&self, call: &Call) -> Result<ChatStream, Error> {
        let answer = self.answer(call)?;
        let events = [
            StreamEvent::Text(answer.text()),
            StreamEvent::Finish {
                reason: answer.finish,
                usage: answer.usage,
            },
        ];
        Ok(Box::pin(futures::stream::iter(events.map(Ok))))
    }
}

fn talk(echo: &Echo) -> Conversation {
    let long = crate::client::LlmTarget::new(echo.clone(), "m");
    let short = crate::client::LlmTarget::new(echo.clone(), "short");
    Conversation::new(LlmClient::builder().target(long).target(short).build().unwrap()).system("Be kind.")
}

fn texts(messages: &[Message]) -> Vec<String> {
    messages.iter().map(Message::text).collect()
}

#[tokio::test]
async fn what_was_said_is_remembered_and_sent_with_the_instructions_first() {
    let echo = Echo::new();
    let mut talk = talk(&echo);
    talk.say("one").await.unwrap();
    let answer = talk.say("two").await.unwrap();
    assert_eq!(answer.text(), "re: two");
    assert_eq!(
        texts(&echo.last().messages),
        ["Be kind.", "one", "re: one", "two"]
    );
    assert_eq!(texts(talk.messages()), ["one", "re: one", "two", "re: two"]);
    assert_eq!(talk.spent().usage, Usage::new(14, 6));
}

#[tokio::test]
async fn a_turn_that_fails_or_is_dropped_never_was() {
    let echo = Echo::new();
    let mut talk = talk(&echo);
    talk.say("one").await.unwrap();
    let before = talk.state().clone();
    echo.fails.lock().unwrap().push(ErrorKind::InvalidRequest);
    assert!(talk.say("two").await.is_err());
    assert_eq!(talk.state(), &before);
    drop(talk.say("three"));
    let mut turn = talk.stream(Message::user("four")).await.unwrap();
    assert!(matches!(
        turn.next().await,
        Some(Ok(ToolEvent::Model(StreamEvent::Text(_))))
    ));
    drop(turn);
    assert_eq!(talk.state(), &before);
    assert_eq!(
        talk.send(Message::assistant("me")).await.unwrap_err().kind(),
        ErrorKind::InvalidRequest
    );
    talk.say("two").await.unwrap();
    assert_eq!(texts(talk.messages()), ["one", "re: one", "two", "re: two"]);
}

#[tokio::test]
async fn a_turn_that_is_streamed_is_remembered_at_its_end() {
    let echo = Echo::new();
    let mut talk = talk(&echo);
    let turn = talk.stream(Message::user("one")).await.unwrap();
    let events: Vec<_> = turn.collect().await;
    assert!(matches!(events.last(), Some(Ok(ToolEvent::Done(_)))));
    assert_eq!(texts(talk.messages()), ["one", "re: one"]);
    assert_eq!(talk.spent().usage, Usage::new(7, 3));
}

#[tokio::test]
async fn the_oldest_exchanges_are_left_out_when_there_is_no_room() {
    let echo = Echo::new();
    let mut talk = talk(&echo).max_tokens(60);
    for n in 0..9 {
        talk.say(format!("{n} {}", "x".repeat(30))).await.unwrap();
    }
    let sent = texts(&echo.last().messages);
    assert_eq!(sent.first().map(String::as_str), Some("Be kind."));
    assert!(sent.len() < 8, "{sent:?}");
    assert!(sent.last().unwrap().starts_with('8'));
    assert_eq!(talk.messages().len(), 18, "what is not sent is not forgotten");
}

#[tokio::test]
async fn what_would_be_left_out_is_put_into_a_few_words() {
    let echo = Echo::new();
    let summaries = Summaries::default().model("short").keep_exchanges(1);
    let mut talk = talk(&echo).max_tokens(100).summaries(summaries);
    for n in 0..6 {
        talk.say(format!("{n} {}", "x".repeat(60))).await.unwrap();
    }
    assert_eq!(talk.state().summary, "in short");
    let sent = texts(&echo.last().messages);
    assert!(sent[1].ends_with("in short"), "{sent:?}");
    assert!(talk.messages().len() < 12);
    let asked = echo
        .heard
        .lock()
        .unwrap()
        .iter()
        .filter(|request| request.model.as_deref() == Some("short"))
        .count();
    assert!((1..5).contains(&asked), "not with every turn: {asked}");
    assert_eq!(
        talk.spent().usage.total(),
        10 * (6 + asked as u64),
        "summaries are paid for too"
    );

    let kept: State = serde_json::from_str(&serde_json::to_string(talk.state()).unwrap()).unwrap();
    let mut again = self::talk(&echo).resume(kept);
    again.say("and?").await.unwrap();
    assert!(texts(&echo.last().messages)[1].ends_with("in short"));
}

#[tokio::test]
async fn without_its_summary_a_conversation_goes_on() {
    let echo = Echo::new();
    let mut talk = talk(&echo)
        .max_tokens(60)
        .summaries(Summaries::default().model("short").keep_exchanges(0));
    talk.say("x".repeat(90)).await.unwrap();
    talk.say("y".repeat(90)).await.unwrap();
    assert_eq!(talk.state().summary, "in short");
    echo.fails.lock().unwrap().push(ErrorKind::InvalidRequest);
    let messages = talk.messages().len();
    assert_eq!(talk.say("z".repeat(90)).await.unwrap().text().len(), 94);
    assert_eq!(talk.messages().len(), messages + 2);
}

#[tokio::test]
async fn tools_of_a_conversation_are_run_and_remembered() {
    let tools = Tools::new().json("f", "f", json!({"type": "object"}), |_: Value| async {
        Ok::<_, String>("5")
    });
    let model = crate::providers::simulated::Simulated::new("s").calls_tool("f", json!({}));
    let client = LlmClient::builder().provider(model, "m").build().unwrap();
    let mut talk = Conversation::new(client).tools(tools);
    let run = talk.say("?").await.unwrap();
    assert_eq!(run.calls().len(), 1);
    let roles: Vec<Role> = talk.messages().iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::User, Role::Assistant, Role::Tool, Role::Assistant]);
}

/// Turns of a conversation as it can come about: what the user says, calls with their results, an answer.
fn turns() -> impl Strategy<Value = Vec<Message>> {
    let turn = (1_usize..3, 0_usize..3, 0_usize..200).prop_map(|(says, calls, length)| {
        let mut turn = vec![Message::user("u".repeat(length)); says];
        for n in 0..calls {
            let call = ToolCall::new(n.to_string(), "f", "{}");
            turn.push(Message::new(Role::Assistant, vec![Part::ToolCall(call)]));
            turn.push(Message::tool_result(ToolResult::new(
                n.to_string(),
                "r".repeat(length),
            )));
        }
        turn.push(Message::assistant("a"));
        turn
    });
    proptest::collection::vec(turn, 0..8).prop_map(|turns| turns.concat())
}

proptest! {
    #[test]
    fn no_result_is_ever_sent_without_its_call(messages in turns(), most in 0_u64..600) {
        let next = Message::user("next");
        let sent = fitting(&messages, &next, most);
        prop_assert!(messages.ends_with(sent));
        prop_assert!(sent.first().is_none_or(|first| first.role == Role::User));
        prop_assert!(size(sent) <= most);
        let begins = exchanges(&messages);
        let first = messages.len() - sent.len();
        prop_assert!(sent.is_empty() || begins.contains(&first));
        // The next older exchange would not have fitted.
        if let Some(older) = begins.iter().rev().find(|at| **at < first) {
            prop_assert!(size(&messages[*older..]) + size(std::slice::from_ref(&next)) > most);
        }
    }
}

#[tokio::test]
async fn results_of_calls_that_are_the_callers_are_the_next_turn() {
    let model = crate::providers::simulated::Simulated::new("s").calls_tool("ask_a_person", json!({}));
    let client = LlmClient::builder().provider(model, "m").build().unwrap();
    let tool = crate::chat::Tool::new("ask_a_person", "asks", json!({"type": "object"}));
    let mut talk = Conversation::new(client)
        .max_tokens(1)
        .request(ChatRequest::default().tool(tool));
    let run = talk.say("May I?").await.unwrap();
    let id = run.pending()[0].id.clone();

    let early = talk.say("Well?").await.unwrap_err();
    assert_eq!(early.kind(), ErrorKind::InvalidRequest);
    let result = |id: &str| Message::tool_result(ToolResult::new(id, "yes"));
    let other = talk.send(result("other")).await.unwrap_err();
    assert_eq!(other.kind(), ErrorKind::InvalidRequest);

    let answer = talk.send(result(&id)).await.unwrap();
    assert!(answer.pending().is_empty() && !answer.text().is_empty());
    assert_eq!(talk.messages().len(), 4);
    assert!(talk.send(result(&id)).await.is_err(), "it is answered");
}

#[tokio::test]
async fn results_without_their_calls_are_not_resumed() {
    let echo = Echo::new();
    let state = State {
        summary: String::new(),
        messages: vec![
            Message::tool_result(ToolResult::new("1", "orphan")),
            Message::assistant("so"),
        ],
    };
    let mut talk = talk(&echo).resume(state);
    talk.say("one").await.unwrap();
    assert_eq!(texts(&echo.last().messages), ["Be kind.", "so", "one"]);
}
