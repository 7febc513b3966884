use std::time::Duration;

use aurora_core::time::ManualClock;
use futures::StreamExt as _;
use serde_json::json;

use super::*;
use crate::chat::{
    ChatRequest, FinishReason, Message, ResponseFormat, StreamEvent, Tool, ToolChoice, ToolResult,
};
use crate::error::TimeoutStage;

fn hi() -> Call {
    Call::new(ChatRequest::user("Why is the sky blue?"), "m")
}

async fn events(provider: &Simulated, call: &Call) -> Vec<Result<StreamEvent, ErrorKind>> {
    let stream = provider.chat_stream(call).await.unwrap();
    stream
        .map(|event| event.map_err(|error| error.kind()))
        .collect()
        .await
}

#[tokio::test]
async fn invented_answers_are_labelled_and_repeat() {
    let provider = Simulated::new("sim-a");
    let (one, two) = (
        provider.chat(&hi()).await.unwrap(),
        provider.chat(&hi()).await.unwrap(),
    );
    assert_eq!(
        one.text(),
        "This is a simulated answer by sim-a to: Why is the sky blue?"
    );
    assert_eq!((one.text(), one.usage.clone()), (two.text(), two.usage));
    assert_eq!(one.usage, Some(crate::usage::Usage::new(5, 15)));
    assert_eq!((one.finish, one.model.as_str()), (FinishReason::Stop, "m"));
    let cut = provider
        .chat(&Call::new(ChatRequest::user("x").max_tokens(2), "m"))
        .await
        .unwrap();
    assert_eq!(
        (cut.text().as_str(), cut.finish),
        ("This is ", FinishReason::Length)
    );
}

#[tokio::test]
async fn streams_come_word_by_word_and_equal_the_whole() {
    let provider = Simulated::new("sim-a").says("one two three");
    let seen = events(&provider, &hi()).await;
    let words = seen
        .iter()
        .filter(|event| matches!(event, Ok(StreamEvent::Text(_))))
        .count();
    assert_eq!(words, 3);
    assert!(matches!(seen.last(), Some(Ok(StreamEvent::Finish { .. }))));
    assert_eq!(provider.handle().answered(), 1);
}

#[tokio::test]
async fn the_script_is_followed_and_then_all_is_well() {
    let wait = Duration::from_millis(1_500);
    let provider = Simulated::new("s").says("a b c").script([
        Step::status(429).retry_after(wait),
        Step::kind(ErrorKind::QuotaExhausted),
        Step::kind(ErrorKind::Connect),
        Step::status(529),
        Step::TruncateAfter(1),
        Step::FailAfter(2, Fault::kind(ErrorKind::Overloaded)),
    ]);
    let error = provider.chat(&hi()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry_after()),
        (ErrorKind::RateLimited, Some(wait))
    );
    assert_eq!(
        (error.status(), error.provider().unwrap().as_str(), error.model()),
        (Some(429), "s", Some("m"))
    );
    let error = provider.chat(&hi()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::QuotaExhausted, Some("insufficient_quota"))
    );
    let error = provider.chat(&hi()).await.unwrap_err();
    assert_eq!((error.kind(), error.status()), (ErrorKind::Connect, None));
    let error = provider.chat_stream(&hi()).await.err().unwrap();
    assert_eq!(error.kind(), ErrorKind::Overloaded);
    let cut = events(&provider, &hi()).await;
    assert_eq!(
        cut[1..],
        [
            Ok(StreamEvent::Text("a ".into())),
            Err(ErrorKind::StreamTruncated)
        ]
    );
    let failed = events(&provider, &hi()).await;
    assert_eq!(
        (failed.len(), failed.last()),
        (4, Some(&Err(ErrorKind::Overloaded)))
    );
    assert_eq!(provider.chat(&hi()).await.unwrap().text(), "a b c");
    let control = provider.handle();
    assert_eq!(
        (
            control.calls(),
            control.failed(),
            control.answered(),
            control.in_flight()
        ),
        (7, 6, 1, 0)
    );
}

#[tokio::test]
async fn it_can_be_broken_and_healed_while_it_runs() {
    let provider = Simulated::new("s");
    let control = provider.handle();
    control.break_with(Step::status(500));
    for _ in 0..2 {
        assert_eq!(
            provider.chat(&hi()).await.unwrap_err().kind(),
            ErrorKind::ServerError
        );
    }
    control.heal();
    assert!(provider.chat(&hi()).await.is_ok());
}

#[tokio::test]
async fn time_passes_on_the_given_clock_alone() {
    let clock = ManualClock::default();
    let provider = Simulated::new("s")
        .says("a b c")
        .latency(Duration::from_secs(2), Duration::from_secs(1))
        .clock(clock.clone());
    let call = hi();
    let mut answer = Box::pin(provider.chat(&call));
    for second in 0..4 {
        assert!(futures::poll!(&mut answer).is_pending(), "after {second} s");
        clock.advance(Duration::from_secs(1));
    }
    assert_eq!(answer.await.unwrap().text(), "a b c");
}

#[tokio::test]
async fn a_failure_takes_its_time_streamed_or_whole_and_no_longer_than_the_call() {
    let clock = ManualClock::default();
    let provider = Simulated::new("s")
        .failure_latency(Duration::from_secs(2))
        .script([Step::status(500), Step::status(500), Step::status(500)])
        .clock(clock.clone());
    let (call, short) = (hi(), hi().timeout(Duration::from_secs(1)));
    let mut answer = Box::pin(provider.chat(&call));
    assert!(futures::poll!(&mut answer).is_pending());
    clock.advance(Duration::from_secs(2));
    assert_eq!(answer.await.unwrap_err().kind(), ErrorKind::ServerError);
    let mut stream = Box::pin(provider.chat_stream(&call));
    assert!(futures::poll!(&mut stream).is_pending());
    clock.advance(Duration::from_secs(2));
    assert_eq!(stream.await.err().unwrap().kind(), ErrorKind::ServerError);
    let mut answer = Box::pin(provider.chat(&short));
    assert!(futures::poll!(&mut answer).is_pending());
    clock.advance(Duration::from_secs(1));
    assert_eq!(
        answer.await.unwrap_err().kind(),
        ErrorKind::Timeout(TimeoutStage::Total)
    );
}

#[tokio::test]
async fn a_stall_ends_with_the_call_s_time_or_by_dropping() {
    let clock = ManualClock::default();
    let provider = Simulated::new("s")
        .script([Step::Stall, Step::StallAfter(1)])
        .clock(clock.clone());
    let call = hi().timeout(Duration::from_secs(5));
    let mut answer = Box::pin(provider.chat(&call));
    assert!(futures::poll!(&mut answer).is_pending());
    clock.advance(Duration::from_secs(5));
    assert_eq!(
        answer.await.unwrap_err().kind(),
        ErrorKind::Timeout(TimeoutStage::Total)
    );

    let control = provider.handle();
    let mut stream = provider.chat_stream(&hi()).await.unwrap();
    stream.next().await.unwrap().unwrap();
    stream.next().await.unwrap().unwrap();
    assert!(futures::poll!(stream.next()).is_pending());
    assert_eq!((control.in_flight(), control.cancelled()), (1, 0));
    drop(stream);
    assert_eq!((control.in_flight(), control.cancelled()), (0, 1));
}

#[tokio::test]
async fn jitter_repeats_with_its_seed() {
    let total = |seed| async move {
        let clock = ManualClock::default();
        let provider = Simulated::new("s")
            .says("a b c d")
            .latency(Duration::from_secs(10), Duration::from_secs(10))
            .jitter(0.5)
            .random(aurora_core::rng::Random::seeded(seed))
            .clock(clock.clone());
        let call = hi();
        let mut answer = Box::pin(provider.chat(&call));
        let mut steps = 0;
        while futures::poll!(&mut answer).is_pending() {
            clock.advance(Duration::from_millis(10));
            steps += 1;
        }
        steps
    };
    assert_eq!(total(7).await, total(7).await);
    assert_ne!(total(7).await, total(8).await);
}

#[tokio::test]
async fn tools_are_called_when_asked_for_and_results_are_answered() {
    let schema = json!({"type": "object", "required": ["city", "days"], "properties": {
        "city": {"type": "string"}, "days": {"type": "integer"},
    }});
    let request = || ChatRequest::user("Weather?").tool(Tool::new("weather", "w", schema.clone()));
    let provider = Simulated::new("s");
    let plain = provider.chat(&Call::new(request(), "m")).await.unwrap();
    assert_eq!(plain.tool_calls().count(), 0);
    let asked = request().tool_choice(ToolChoice::Required);
    let called = provider.chat(&Call::new(asked, "m")).await.unwrap();
    let call = called.tool_calls().next().unwrap();
    assert_eq!(
        (call.name.as_str(), call.arguments.as_str()),
        ("weather", r#"{"city":"simulated","days":0}"#)
    );
    assert_eq!(called.finish, FinishReason::ToolCalls);

    let provider = provider.calls_tool("weather", json!({"city": "Natal"}));
    let called = provider.chat(&Call::new(request(), "m")).await.unwrap();
    let call = called.tool_calls().next().unwrap().clone();
    assert_eq!(call.arguments, r#"{"city":"Natal"}"#);
    let again = request()
        .message(called.message)
        .message(Message::tool_result(ToolResult::new(call.id, "31 °C")));
    let answer = provider.chat(&Call::new(again, "m")).await.unwrap();
    assert!(answer.text().ends_with("31 °C"), "{}", answer.text());
}

#[tokio::test]
async fn a_schema_is_answered_with_json() {
    let schema =
        json!({"type": "object", "required": ["kind"], "properties": {"kind": {"enum": ["a", "b"]}}});
    let format = ResponseFormat::JsonSchema {
        name: "x".into(),
        schema,
        strict: true,
    };
    let answer = Simulated::new("s")
        .chat(&Call::new(ChatRequest::user("x").format(format), "m"))
        .await
        .unwrap();
    assert_eq!(answer.text(), r#"{"kind":"a"}"#);
}

#[cfg(feature = "testing")]
#[tokio::test]
async fn it_keeps_the_contract_of_every_provider() {
    let provider = Simulated::new("s");
    crate::testing::conformance(&provider, "m").await;
    crate::testing::embeddings_conformance(&provider, "m").await;
    crate::testing::rerank_conformance(&provider, "m").await;
    crate::testing::models_conformance(&provider).await;
    crate::testing::counts_conformance(&provider, "m").await;
    crate::testing::conformance(&Simulated::new("s").capabilities(Capabilities::NONE), "m").await;
}
