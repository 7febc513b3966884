//! A caller who goes away ends the call at the upstream, and says nothing about its health.

use std::time::Duration;

use aurora_core::time::ManualClock;
use aurora_llm::LlmClient;
use aurora_llm::chat::StreamEvent;
use futures::StreamExt as _;

use crate::clock::TestClock;
use crate::reaction::Reaction;
use crate::setting::{builder, client, counts, openai, pair, question};
use crate::upstream::Upstream;

/// Nothing counts for or against the first target.
fn unjudged(client: &LlmClient) {
    let status = &client.status()[0];
    assert_eq!(
        (status.served, status.failed, status.state),
        (0, 0, "closed"),
        "{status:?}"
    );
}

/// Runs `call` until the upstream has its request, and then drops it.
async fn dropped_when_it_arrives<T>(upstream: &Upstream, call: impl Future<Output = T>) {
    tokio::select! {
        _ = call => panic!("the upstream does not answer"),
        () = upstream.arrived(1) => {}
    }
}

#[tokio::test]
async fn a_dropped_call_ends_at_the_upstream() {
    let (first, second) = pair([Reaction::silence()]).await;
    let client = client(&TestClock::new(), [&first, &second]);
    dropped_when_it_arrives(&first, client.chat(question())).await;
    first.abandoned(1).await;
    unjudged(&client);
    assert_eq!(counts(&first, &second), (1, 0));
    assert_eq!(client.chat(question()).await.unwrap().text(), "first");
}

#[tokio::test]
async fn a_call_dropped_before_the_first_token_ends_at_the_upstream() {
    let (first, second) = pair([Reaction::stream().opens().hang()]).await;
    let client = client(&TestClock::new(), [&first, &second]);
    dropped_when_it_arrives(&first, client.stream(question())).await;
    first.abandoned(1).await;
    unjudged(&client);
    assert_eq!(counts(&first, &second), (1, 0));
}

#[tokio::test]
async fn a_dropped_stream_ends_at_the_upstream() {
    let (first, second) = pair([Reaction::stream().opens().says("Half an").hang()]).await;
    let client = client(&TestClock::new(), [&first, &second]);
    let mut stream = client.stream(question()).await.unwrap();
    loop {
        if let StreamEvent::Text(_) = stream.next().await.unwrap().unwrap() {
            break;
        }
    }
    drop(stream);
    first.abandoned(1).await;
    unjudged(&client);
    assert_eq!(counts(&first, &second), (1, 0));
}

#[tokio::test]
async fn a_stream_that_floods_stops_when_nobody_reads_it() {
    let piece = format!(
        "data: {}\n\n",
        crate::reaction::delta(&serde_json::json!({"content": "again "}), None)
    );
    let chunk = format!("{:x}\r\n{piece}\r\n", piece.len());
    let (first, second) = pair([Reaction::stream().opens().flood(chunk)]).await;
    let client = client(&TestClock::new(), [&first, &second]);
    let mut stream = client.stream(question()).await.unwrap();
    for _ in 0..10_000 {
        stream.next().await.unwrap().unwrap();
    }
    drop(stream);
    first.abandoned(1).await;
    unjudged(&client);
}

#[tokio::test]
async fn a_call_dropped_while_it_waits_for_a_retry_is_not_retried() {
    let busy = Reaction::error_with(429, &[("retry-after", "4")], "rate_limit_exceeded", "Busy.");
    let first = Upstream::start("first", [busy]).await;
    let clock = ManualClock::default();
    let client = builder(&TestClock::new())
        .clock(clock.clone())
        .provider(openai("first", first.url()), "m")
        .build()
        .unwrap();
    let mut call = Box::pin(client.chat(question()));
    // The failure is counted when the answer has been read; from then on the call waits.
    while client.status()[0].failed == 0 {
        tokio::select! {
            biased;
            _ = &mut call => panic!("it waits for the clock"),
            () = tokio::task::yield_now() => {}
        }
    }
    drop(call);
    clock.advance(Duration::from_secs(60));
    tokio::task::yield_now().await;
    assert_eq!(first.count(), 1);
    assert_eq!(client.chat(question()).await.unwrap().text(), "first");
    assert_eq!(first.count(), 2);
}
