use super::*;
use crate::error::TimeoutStage;

const TENTH: Duration = Duration::from_millis(100);

fn kinds(attempts: &[Attempt]) -> Vec<Option<ErrorKind>> {
    let kind = |attempt: &Attempt| match attempt.outcome {
        AttemptOutcome::Failed { kind, .. } => Some(kind),
        _ => None,
    };
    attempts.iter().map(kind).collect()
}

fn dribble(clock: &ManualClock, pieces: usize, wait: Duration) -> Move {
    let pieces = (0..pieces).map(|_| (wait, text("a")));
    let events = std::iter::once((Duration::ZERO, start())).chain(pieces);
    Move::Dribbles(
        clock.clone(),
        events.chain([(Duration::ZERO, finish())]).collect(),
    )
}

#[tokio::test]
async fn first_token_timeout_fires_though_pings_arrive() {
    let clock = ManualClock::default();
    let pings = (0..1_000).map(|_| (5 * TENTH, StreamEvent::Ping)).collect();
    let a = Puppet::new("a").does([Move::Dribbles(clock.clone(), pings)]);
    let client = builder(&clock)
        .first_token_timeout(3 * SECOND)
        .provider(a, "m")
        .provider(Puppet::new("b"), "m")
        .build()
        .unwrap();
    let stream = in_time(&clock, client.stream(ChatRequest::user("?")))
        .await
        .unwrap();
    assert_eq!(stream.target(), "b/m");
    let first = ErrorKind::Timeout(TimeoutStage::FirstToken);
    assert_eq!(kinds(stream.attempts()), [Some(first), None]);
    assert!(clock.elapsed() < 4 * SECOND, "{:?}", clock.elapsed());
}

#[tokio::test]
async fn a_stream_that_dribbles_is_cut_by_the_throughput_guard() {
    let clock = ManualClock::default();
    let a = Puppet::new("a").does([dribble(&clock, 1_000, 4 * TENTH)]);
    let client = builder(&clock)
        .idle_timeout(SECOND)
        .min_throughput(100, 5 * SECOND)
        .provider(a, "m")
        .build()
        .unwrap();
    let mut stream = in_time(&clock, client.stream(ChatRequest::user("?")))
        .await
        .unwrap();
    let (_, error) = in_time(&clock, read(&mut stream)).await;
    let error = error.unwrap();
    assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Throughput));
    let said = error.partial().unwrap().text().len();
    assert!(
        (10..=14).contains(&said),
        "one window of 5 s, a byte each 400 ms: {said}"
    );
    assert_eq!(client.status()[0].failed, 1, "the breaker counts it");
}

#[tokio::test]
async fn who_dribbles_while_the_answer_is_held_back_is_left_unseen() {
    let clock = ManualClock::default();
    let client = builder(&clock)
        .min_throughput(100, 5 * SECOND)
        .continuation(Continuation::whole())
        .provider(Puppet::new("a").does([dribble(&clock, 1_000, 4 * TENTH)]), "m")
        .provider(Puppet::new("b"), "m")
        .build()
        .unwrap();
    let stream = in_time(&clock, client.stream(ChatRequest::user("?")))
        .await
        .unwrap();
    assert_eq!(stream.collect_answer().await.unwrap().text(), "b");
}

#[tokio::test]
async fn whoever_is_quick_enough_is_not_cut_nor_is_who_is_read_slowly() {
    let clock = ManualClock::default();
    let quick = || dribble(&clock, 200, TENTH);
    let whole = || {
        Move::Streams(
            std::iter::repeat_with(|| Ok(text("a")))
                .take(20)
                .chain([Ok(finish())])
                .collect(),
        )
    };
    let a = Puppet::new("a").does([quick(), whole()]);
    let client = builder(&clock)
        .min_throughput(9, SECOND)
        .idle_timeout(SECOND)
        .provider(a, "m")
        .build()
        .unwrap();
    let mut stream = in_time(&clock, client.stream(ChatRequest::user("?")))
        .await
        .unwrap();
    let (events, error) = in_time(&clock, read(&mut stream)).await;
    assert!(error.is_none() && events.len() == 202, "{error:?}");

    let mut stream = client.stream(ChatRequest::user("?")).await.unwrap();
    while let Some(event) = stream.next().await {
        event.unwrap();
        clock.advance(30 * SECOND);
    }
}

#[tokio::test]
async fn a_target_may_have_time_limits_of_its_own() {
    let clock = ManualClock::default();
    let hangs = |name: &str| Puppet::new(name).does([Move::Hangs, Move::Hangs]);
    let client = builder(&clock)
        .target(
            LlmTarget::new(hangs("a"), "m")
                .first_token_timeout(SECOND)
                .answer_timeout(2 * SECOND),
        )
        .provider(Puppet::new("b"), "m")
        .build()
        .unwrap();
    let stream = in_time(&clock, client.stream(ChatRequest::user("?")))
        .await
        .unwrap();
    assert_eq!(stream.target(), "b/m");
    assert!(clock.elapsed() < 2 * SECOND);
    let answer = in_time(&clock, client.ask("?")).await.unwrap();
    assert_eq!(answer.text(), "b");
    assert!(clock.elapsed() < 5 * SECOND);
    let zero = LlmTarget::new(Puppet::new("a"), "m").idle_timeout(Duration::ZERO);
    let error = LlmClient::builder().target(zero).build().unwrap_err();
    assert!(error.to_string().contains("longer than zero"), "{error}");
    let zero = builder(&clock)
        .provider(Puppet::new("a"), "m")
        .min_throughput(1, Duration::ZERO);
    assert!(zero.build().is_err());
}
