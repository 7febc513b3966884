use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use aurora_core::time::ManualClock;
use futures::StreamExt as _;
use serde_json::{Value, json};

use super::*;
use crate::chat::{
    ChatResponse, ChatStream, FinishReason, Message, Part, Role, StreamEvent, ToolCall, ToolChoice,
};
use crate::error::ErrorKind;
use crate::provider::{Call, Capabilities, LlmProvider, ProviderId};
use crate::usage::Usage;

/// A model that calls what it is told to, one list of calls for each answer, and then says "done".
#[derive(Debug)]
struct Caller {
    id: ProviderId,
    answers: Mutex<Vec<Vec<ToolCall>>>,
    finish: FinishReason,
    heard: Arc<Mutex<Vec<Arc<ChatRequest>>>>,
}

impl Caller {
    fn new(answers: impl IntoIterator<Item = Vec<ToolCall>>) -> Self {
        let mut answers: Vec<_> = answers.into_iter().collect();
        answers.reverse();
        Self {
            id: "caller".into(),
            answers: Mutex::new(answers),
            finish: FinishReason::ToolCalls,
            heard: Arc::default(),
        }
    }

    fn answer(&self, call: &Call) -> ChatResponse {
        self.heard.lock().unwrap().push(Arc::clone(&call.request));
        let usage = Some(Usage::new(10, 1));
        match self.answers.lock().unwrap().pop() {
            Some(calls) => {
                let parts = calls.into_iter().map(Part::ToolCall).collect();
                let said = Message::new(Role::Assistant, parts);
                ChatResponse::new("1", "m", said, self.finish.clone(), usage)
            }
            None => ChatResponse::new("1", "m", Message::assistant("done"), FinishReason::Stop, usage),
        }
    }
}

#[async_trait]
impl LlmProvider for Caller {
    fn id(&self) -> &ProviderId {
        &self.id
    }

    fn kind(&self) -> &'static str {
        "caller"
    }

    fn capabilities(&self, _: &str) -> Capabilities {
        Capabilities::ALL
    }

    async fn chat(&self, call: &Call) -> Result<ChatResponse, Error> {
        Ok(self.answer(call))
    }

    async fn chat_stream(&self, call: &Call) -> Result<ChatStream, Error> {
        let answer = self.answer(call);
        let mut events = Vec::new();
        for (index, call) in (0..).zip(answer.tool_calls()) {
            let (id, name) = (call.id.clone(), call.name.clone());
            events.push(StreamEvent::ToolCallStart { index, id, name });
            events.push(StreamEvent::ToolCallDelta {
                index,
                arguments: call.arguments.clone(),
            });
            events.push(StreamEvent::ToolCallEnd { index });
        }
        if !answer.text().is_empty() {
            events.push(StreamEvent::Text(answer.text()));
        }
        events.push(StreamEvent::Finish {
            reason: answer.finish,
            usage: answer.usage,
        });
        Ok(Box::pin(futures::stream::iter(events.into_iter().map(Ok))))
    }
}

fn call(id: &str, name: &str, arguments: &str) -> ToolCall {
    ToolCall::new(id, name, arguments)
}

fn client(caller: Caller) -> LlmClient {
    LlmClient::builder().provider(caller, "m").build().unwrap()
}

fn schema() -> Value {
    json!({"type": "object"})
}

fn doubling() -> Tools {
    Tools::new().json("double", "Doubles n", schema(), |arguments: Value| async move {
        match arguments["n"].as_i64() {
            Some(n) => Ok(json!({"n": n * 2})),
            None => Err("n is missing"),
        }
    })
}

#[tokio::test]
async fn calls_of_one_answer_run_and_return_in_their_order() {
    let caller = Caller::new([
        vec![
            call("a", "double", r#"{"n":1}"#),
            call("b", "double", r#"{"n":2}"#),
        ],
        vec![call("c", "double", "{}")],
    ]);
    let heard = Arc::clone(&caller.heard);
    let run = doubling()
        .run(&client(caller), ChatRequest::user("?"))
        .await
        .unwrap();
    assert_eq!((run.text(), run.rounds(), run.calls().len()), ("done", 3, 3));
    let results: Vec<_> = run
        .calls()
        .iter()
        .map(|call| (&*call.result.call_id, &*call.result.content, call.result.is_error))
        .collect();
    assert_eq!(
        results,
        [
            ("a", r#"{"n":2}"#, false),
            ("b", r#"{"n":4}"#, false),
            ("c", "n is missing", true)
        ]
    );
    let roles: Vec<Role> = run.messages().iter().map(|message| message.role).collect();
    assert_eq!(
        roles,
        [
            Role::Assistant,
            Role::Tool,
            Role::Assistant,
            Role::Tool,
            Role::Assistant
        ]
    );
    assert_eq!(run.usage(), Some(&Usage::new(30, 3)), "all three answers");
    let last = heard.lock().unwrap().last().unwrap().messages.len();
    assert_eq!(last, 5, "the question, two answers and two results");
}

#[tokio::test]
async fn whatever_goes_wrong_with_a_call_the_model_is_told() {
    let tools = doubling()
        .json("slow", "Takes long", schema(), |_: Value| {
            futures::future::pending::<Result<Value, String>>()
        })
        .json("bad", "Panics", schema(), |arguments: Value| async move {
            assert!(arguments.is_null(), "boom");
            Ok::<_, String>(arguments)
        })
        .json("long", "Says much", schema(), |_: Value| async {
            Ok::<_, String>("é".repeat(100))
        })
        .limits(
            ToolLimits::default()
                .call_timeout(Duration::from_millis(20))
                .result_bytes(9),
        );
    let caller = Caller::new([vec![
        call("1", "unknown", "{}"),
        call("2", "double", "{\"n\":"),
        call("3", "slow", "{}"),
        call("4", "bad", "{}"),
        call("5", "long", ""),
    ]]);
    let run = tools.run(&client(caller), ChatRequest::user("?")).await.unwrap();
    let told: Vec<_> = run
        .calls()
        .iter()
        .map(|call| (call.result.is_error, call.result.content.as_str()))
        .collect();
    assert_eq!(
        told.iter().map(|(failed, _)| *failed).collect::<Vec<_>>(),
        [true, true, true, true, false]
    );
    assert!(told[4].1.starts_with("éééé\n[cut off"), "{:?}", told[4]);
    assert_eq!(run.text(), "done");
}

#[tokio::test]
async fn a_call_that_was_cut_off_is_not_run() {
    let mut caller = Caller::new([vec![call("1", "double", "{\"n\":1")]]);
    caller.finish = FinishReason::Length;
    let run = doubling()
        .run(&client(caller), ChatRequest::user("?"))
        .await
        .unwrap();
    assert!(
        run.calls()[0].result.content.contains("cut off"),
        "{:?}",
        run.calls()
    );
}

#[tokio::test]
async fn a_model_that_goes_on_calling_is_stopped() {
    let calls = || vec![call("1", "double", r#"{"n":1}"#)];
    let tools = doubling().limits(ToolLimits::default().rounds(3));
    let error = tools
        .run(
            &client(Caller::new((0..9).map(|_| calls()))),
            ChatRequest::user("?"),
        )
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ToolLimit);
    assert!(!error.is_retryable());

    let tools = doubling().limits(ToolLimits::default().calls(2));
    let many = vec![
        call("1", "double", "{}"),
        call("2", "double", "{}"),
        call("3", "double", "{}"),
    ];
    let error = tools
        .run(&client(Caller::new([many])), ChatRequest::user("?"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ToolLimit);
}

#[tokio::test]
async fn a_forced_tool_is_forced_once() {
    let caller = Caller::new([vec![call("1", "double", r#"{"n":1}"#)]]);
    let heard = Arc::clone(&caller.heard);
    let request = ChatRequest::user("?").tool_choice(ToolChoice::Required);
    doubling().run(&client(caller), request).await.unwrap();
    let choices: Vec<_> = heard
        .lock()
        .unwrap()
        .iter()
        .map(|request| request.tool_choice.clone())
        .collect();
    assert_eq!(choices, [ToolChoice::Required, ToolChoice::Auto]);
}

#[tokio::test]
async fn no_more_calls_run_at_once_than_allowed() {
    let (running, most) = (Arc::new(AtomicU32::new(0)), Arc::new(AtomicU32::new(0)));
    let (now, seen) = (Arc::clone(&running), Arc::clone(&most));
    let tools = Tools::new()
        .json("f", "f", schema(), move |_: Value| {
            let (now, seen) = (Arc::clone(&now), Arc::clone(&seen));
            async move {
                seen.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
                tokio::task::yield_now().await;
                now.fetch_sub(1, Ordering::SeqCst);
                Ok::<_, String>(json!({}))
            }
        })
        .limits(ToolLimits::default().at_once(2));
    let calls: Vec<_> = (0..8).map(|n| call(&n.to_string(), "f", "{}")).collect();
    tools
        .run(&client(Caller::new([calls])), ChatRequest::user("?"))
        .await
        .unwrap();
    assert_eq!(most.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn a_stream_tells_the_same_while_it_happens() {
    let answers = || {
        [
            vec![call("a", "double", r#"{"n":1}"#)],
            vec![call("b", "double", r#"{"n":3}"#)],
        ]
    };
    let whole = doubling()
        .run(&client(Caller::new(answers())), ChatRequest::user("?"))
        .await
        .unwrap();
    let client = client(Caller::new(answers()));
    let mut stream = doubling().stream(&client, ChatRequest::user("?"), CallOptions::default());
    let (mut returned, mut finished, mut done) = (Vec::new(), 0, None);
    while let Some(event) = stream.next().await {
        assert!(done.is_none(), "nothing follows the end");
        match event.unwrap() {
            ToolEvent::Model(event) => finished += u32::from(event.is_terminal()),
            ToolEvent::Returned(record) => returned.push(record.result),
            ToolEvent::Done(run) => done = Some(run),
        }
    }
    let done = done.unwrap();
    assert_eq!(
        (finished, done.rounds(), done.usage()),
        (3, whole.rounds(), whole.usage())
    );
    assert_eq!(
        returned,
        whole
            .calls()
            .iter()
            .map(|call| call.result.clone())
            .collect::<Vec<_>>()
    );
    assert_eq!(done.messages().len(), whole.messages().len());
    assert!(stream.next().await.is_none());
}

#[tokio::test]
async fn a_stream_that_fails_ends_with_its_only_error() {
    let calls = || vec![call("1", "double", "{}")];
    let client = client(Caller::new((0..9).map(|_| calls())));
    let tools = doubling().limits(ToolLimits::default().rounds(1));
    let events: Vec<_> = tools
        .stream(&client, ChatRequest::user("?"), CallOptions::default())
        .collect()
        .await;
    let errors: Vec<_> = events.iter().filter(|event| event.is_err()).collect();
    assert_eq!(errors.len(), 1);
    assert!(events.last().unwrap().is_err());
}

#[tokio::test]
async fn functions_that_run_are_dropped_with_the_loop() {
    struct Guard(Arc<AtomicU32>);
    impl Drop for Guard {
        fn drop(&mut self) {
            self.0.fetch_add(1, Ordering::SeqCst);
        }
    }
    let dropped = Arc::new(AtomicU32::new(0));
    let counter = Arc::clone(&dropped);
    let tools = Tools::new().json("wait", "Waits", schema(), move |_: Value| {
        let guard = Guard(Arc::clone(&counter));
        async move {
            futures::future::pending::<()>().await;
            drop(guard);
            Ok::<_, String>(json!({}))
        }
    });
    let client = LlmClient::builder()
        .provider(Caller::new([vec![call("1", "wait", "{}")]]), "m")
        .clock(ManualClock::default())
        .build()
        .unwrap();
    let mut running = Box::pin(tools.run(&client, ChatRequest::user("?")));
    for _ in 0..20 {
        assert!(futures::poll!(running.as_mut()).is_pending());
    }
    assert_eq!(dropped.load(Ordering::SeqCst), 0);
    drop(running);
    assert_eq!(dropped.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_call_of_a_tool_that_only_the_request_offers_is_the_callers() {
    let calls = vec![
        call("1", "double", r#"{"n":2}"#),
        call("2", "ask_a_person", "{}"),
        call("3", "nobody", "{}"),
    ];
    let offering = || ChatRequest::user("?").tool(Tool::new("ask_a_person", "asks", schema()));
    let tools = doubling();
    let run = tools
        .run(&client(Caller::new([calls.clone()])), offering())
        .await
        .unwrap();
    assert_eq!(run.pending(), [call("2", "ask_a_person", "{}")]);
    let told: Vec<_> = run
        .calls()
        .iter()
        .map(|record| (record.call.id.as_str(), record.result.is_error))
        .collect();
    assert_eq!(told, [("1", false), ("3", true)]);
    let roles: Vec<Role> = run.messages().iter().map(|message| message.role).collect();
    assert_eq!(roles, [Role::Assistant, Role::Tool]);

    let mut stream = tools.stream(&client(Caller::new([calls])), offering(), CallOptions::default());
    let mut last = None;
    while let Some(event) = stream.next().await {
        last = Some(event.unwrap());
    }
    let Some(ToolEvent::Done(streamed)) = last else {
        panic!("{last:?}");
    };
    assert_eq!(
        (streamed.pending(), streamed.messages()),
        (run.pending(), run.messages())
    );

    let answered = tools.run(&client(Caller::new([])), offering()).await.unwrap();
    assert!(answered.pending().is_empty());
}

#[tokio::test]
async fn a_loop_that_fails_tells_what_all_its_rounds_consumed() {
    let calls = || vec![call("1", "double", r#"{"n":1}"#)];
    let tools = doubling().limits(ToolLimits::default().rounds(3));
    let rounds = || client(Caller::new((0..9).map(|_| calls())));
    let whole = tools.run(&rounds(), ChatRequest::user("?")).await.unwrap_err();
    let mut stream = tools.stream(&rounds(), ChatRequest::user("?"), CallOptions::default());
    let streamed = loop {
        match stream.next().await {
            Some(Ok(_)) => {}
            Some(Err(error)) => break error,
            None => panic!("no error"),
        }
    };
    for error in [whole, streamed] {
        assert_eq!(error.kind(), ErrorKind::ToolLimit);
        assert_eq!(error.attempts().len(), 4);
        assert_eq!(error.usage(), Some(&Usage::new(40, 4)));
    }
}
