//! Streams that die, end early, come late, or lose their reader.

use aurora_core::page::PageRequest;
use aurora_core::time::ManualClock;
use aurora_core::time::Timestamp;
use aurora_llm::chat::StreamEvent;
use aurora_llm::client::{Continuation, LlmTarget};
use aurora_llm::error::TimeoutStage;
use aurora_llm::ledger::{Budgets, EntryQuery, Ledger as _, MemoryLedger};
use aurora_llm::pricing::Price;
use aurora_llm::providers::simulated::{Simulated, Step};
use aurora_llm::{Error, ErrorKind, LlmClient};
use futures::StreamExt as _;
use std::time::Duration;

use crate::scripted::{
    Act, SECOND, Scripted, Timed, at_once, builder, finish, in_time, of, question, read, text,
};

/// Two words, and then: cut, silence, a malformed chunk, an overload.
fn broken(events: &[StreamEvent]) -> [(ErrorKind, Vec<Timed>); 4] {
    let then = |ends: Option<Timed>| at_once(events.iter().cloned()).into_iter().chain(ends).collect();
    let fails = |kind| then(Some((Duration::ZERO, Err(Error::new(kind)))));
    [
        (ErrorKind::StreamTruncated, then(None)),
        (
            ErrorKind::Timeout(TimeoutStage::Idle),
            then(Some((SECOND * 3_600, Ok(finish())))),
        ),
        (ErrorKind::Malformed, fails(ErrorKind::Malformed)),
        (ErrorKind::Overloaded, fails(ErrorKind::Overloaded)),
    ]
}

#[tokio::test]
async fn complaint_01_a_stream_that_dies_after_it_started_is_continued_elsewhere() {
    for (kind, events) in broken(&[text("The sky "), text("is")]) {
        let clock = ManualClock::default();
        let dies = Scripted::new("dies", &clock).does([Act::Stream(events)]);
        let rest = at_once([text(" blue."), finish()]);
        let lives = Scripted::new("lives", &clock).does([Act::Stream(rest)]);
        let client = builder(&clock)
            .continuation(Continuation::Continue)
            .provider(dies, "m")
            .provider(lives.clone(), "m")
            .build()
            .unwrap();
        let stream = in_time(&clock, client.stream(question())).await.unwrap();
        let (said, error, stream) = in_time(&clock, read(stream)).await;
        assert!(error.is_none(), "{kind:?}: {error:?}");
        assert_eq!(
            (said.as_str(), stream.target()),
            ("The sky is blue.", "lives/m"),
            "{kind:?}"
        );
        assert_eq!(
            lives.last().messages.last().unwrap().text(),
            "The sky is",
            "{kind:?}"
        );
        assert_eq!(client.status()[0].failed, 1, "{kind:?}: it counts as a failure");
    }
}

#[tokio::test]
async fn complaint_02_a_truncated_stream_never_looks_like_success() {
    for (kind, events) in broken(&[text("The answer is 4")]) {
        let clock = ManualClock::default();
        let cut = Scripted::new("cut", &clock).does([Act::Stream(events)]);
        let client = builder(&clock).provider(cut, "m").build().unwrap();
        let stream = in_time(&clock, client.stream(question())).await.unwrap();
        let error = in_time(&clock, stream.collect_answer()).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.partial().unwrap().text(), "The answer is 4", "{kind:?}");
    }
}

#[tokio::test]
async fn complaint_03_the_first_token_has_a_limit_of_its_own_and_dribbling_one_too() {
    let clock = ManualClock::default();
    let pings = (0..1_000).map(|_| (SECOND / 2, Ok(StreamEvent::Ping))).collect();
    let dribbles = (0..1_000).map(|_| (SECOND / 2, Ok(text("a")))).collect();
    let client = builder(&clock)
        .first_token_timeout(3 * SECOND)
        .idle_timeout(SECOND)
        .min_throughput(100, 5 * SECOND)
        .provider(Scripted::new("pings", &clock).does([Act::Stream(pings)]), "m")
        .provider(
            Scripted::new("dribbles", &clock).does([Act::Stream(dribbles)]),
            "m",
        )
        .build()
        .unwrap();
    let stream = in_time(&clock, client.stream(question())).await.unwrap();
    assert_eq!(stream.target(), "dribbles/m", "signs of life are no first token");
    let (said, error, _) = in_time(&clock, read(stream)).await;
    assert_eq!(
        error.unwrap().kind(),
        ErrorKind::Timeout(TimeoutStage::Throughput)
    );
    assert!(
        (9..=20).contains(&said.len()),
        "two bytes a second for 5 to 10 s: {said}"
    );
}

#[tokio::test]
async fn complaint_13_a_reader_who_leaves_ends_the_call_and_what_it_used_is_billed() {
    let clock = ManualClock::default();
    let provider = Simulated::new("sim")
        .says("one two three four five six seven eight")
        .clock(clock.clone());
    let upstream = provider.handle();
    let ledger = MemoryLedger::new().clock(clock.clone());
    let price = Price::per_million("3".parse().unwrap(), "15".parse().unwrap());
    let client = builder(&clock)
        .target(LlmTarget::new(provider.latency(SECOND, SECOND), "m").price(price))
        .budgets(Budgets::new(ledger.clone()))
        .build()
        .unwrap();
    let mut stream = in_time(&clock, client.stream_with(question(), &of("t")))
        .await
        .unwrap();
    while !matches!(
        in_time(&clock, stream.next()).await,
        Some(Ok(StreamEvent::Text(_)))
    ) {}
    assert_eq!(upstream.in_flight(), 1);
    drop(stream);
    assert_eq!((upstream.in_flight(), upstream.cancelled()), (0, 1));
    assert_eq!(client.status()[0].failed, 0, "which is not the provider's fault");

    assert_eq!(client.flush(SECOND).await, 0);
    let ever = Timestamp::UNIX_EPOCH..Timestamp::from_micros(i64::MAX);
    let query = EntryQuery::of("t", ever);
    let booked = ledger
        .entries(&query, &PageRequest::first(10))
        .await
        .unwrap()
        .items;
    assert_eq!(booked.len(), 1);
    assert!(booked[0].cost.amount().unwrap().nanos() > 0 && booked[0].estimated);
}

#[tokio::test]
async fn complaint_12_who_is_refused_for_now_is_told_when_to_come_back_also_of_a_stream() {
    let clock = ManualClock::default();
    let busy = |id: &str, seconds| {
        let step = Step::status(429).retry_after(Duration::from_secs(seconds));
        Simulated::new(id).script(vec![step; 9]).clock(clock.clone())
    };
    let client: LlmClient = builder(&clock)
        .provider(busy("a", 90), "m")
        .provider(busy("b", 40), "m")
        .total_timeout(10 * SECOND)
        .build()
        .unwrap();
    for turn in 0..2 {
        let whole = client.chat(question()).await.unwrap_err();
        let streamed = client.stream(question()).await.map(drop).unwrap_err();
        for error in [whole, streamed] {
            assert_eq!(
                error.retry_after(),
                Some(Duration::from_secs(40)),
                "turn {turn}: {error:?}"
            );
        }
    }
}
