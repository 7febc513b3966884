use super::*;
use crate::error::TimeoutStage;

fn kinds(attempts: &[Attempt]) -> Vec<Option<ErrorKind>> {
    let kind = |attempt: &Attempt| match attempt.outcome {
        AttemptOutcome::Failed { kind, .. } => Some(kind),
        _ => None,
    };
    attempts.iter().map(kind).collect()
}

#[tokio::test]
async fn a_target_that_never_answers_leaves_time_for_the_next() {
    let clock = ManualClock::default();
    let a = Puppet::new("a").does([Move::Hangs]);
    let client = builder(&clock)
        .provider(a.clone(), "m")
        .provider(Puppet::new("b"), "m")
        .answer_timeout(20 * SECOND)
        .build()
        .unwrap();
    let answer = after(&clock, 20 * SECOND, client.ask("?")).await.unwrap();
    assert_eq!(answer.text(), "b");
    assert_eq!(
        kinds(answer.attempts()),
        [Some(ErrorKind::Timeout(TimeoutStage::Total)), None]
    );
    assert_eq!(
        a.asked().len(),
        1,
        "a timeout is not tried again at the same target"
    );
    let told = a.calls.lock().unwrap().first().and_then(|call| call.timeout);
    assert_eq!(told, Some(20 * SECOND), "the provider knows how long it may take");
}

#[tokio::test]
async fn a_slow_first_token_moves_on() {
    let clock = ManualClock::default();
    let a = Puppet::new("a").does([Move::StreamsAndStalls(vec![
        start(),
        StreamEvent::Ping,
        StreamEvent::Ping,
    ])]);
    let client = builder(&clock)
        .provider(a.clone(), "m")
        .provider(Puppet::new("b"), "m")
        .first_token_timeout(5 * SECOND)
        .build()
        .unwrap();
    let stream = after(&clock, 5 * SECOND, client.stream(ChatRequest::user("?")))
        .await
        .unwrap();
    assert_eq!(
        kinds(stream.attempts()),
        [Some(ErrorKind::Timeout(TimeoutStage::FirstToken)), None],
        "a provider that only says that it is there has not said anything"
    );
    assert_eq!(stream.collect_answer().await.unwrap().text(), "b");
    assert_eq!(a.asked().len(), 1);
}

#[tokio::test]
async fn the_total_time_binds_over_every_target() {
    let clock = ManualClock::default();
    let [a, b] = ["a", "b"].map(|name| Puppet::new(name).does([Move::Hangs, Move::Hangs]));
    let client = builder(&clock)
        .provider(a, "m")
        .provider(b.clone(), "m")
        .first_token_timeout(20 * SECOND)
        .total_timeout(10 * SECOND)
        .build()
        .unwrap();
    for streaming in [false, true] {
        let call = async {
            if streaming {
                client.stream(ChatRequest::user("?")).await.map(drop)
            } else {
                client.ask("?").await.map(drop)
            }
        };
        let error = after(&clock, 10 * SECOND, call).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout(TimeoutStage::Total));
        assert_eq!(error.attempts().len(), 1);
        assert!(b.asked().is_empty(), "no time is left to ask it");
        client.reset();
    }
}

#[tokio::test]
async fn silence_within_an_answer_is_told_by_the_limit_that_ran_out() {
    let cases = [
        (60, 100, 60, TimeoutStage::Idle),
        (60, 600, 60, TimeoutStage::Idle),
        (60, 30, 30, TimeoutStage::Total),
    ];
    for (idle, total, wait, stage) in cases {
        let clock = ManualClock::default();
        let a = Puppet::new("a").does([Move::StreamsAndStalls(vec![text("Half an")])]);
        let b = Puppet::new("b");
        let client = builder(&clock)
            .provider(a, "m")
            .provider(b.clone(), "m")
            .idle_timeout(idle * SECOND)
            .total_timeout(total * SECOND)
            .build()
            .unwrap();
        let mut stream = client.stream(ChatRequest::user("?")).await.unwrap();
        assert_eq!(stream.next().await.unwrap().unwrap(), text("Half an"));
        let error = after(&clock, wait * SECOND, stream.next())
            .await
            .unwrap()
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Timeout(stage));
        assert_eq!(error.partial().map(Message::text).as_deref(), Some("Half an"));
        assert!(stream.next().await.is_none(), "nothing follows the only terminal");
        assert!(b.asked().is_empty());
        assert_eq!(client.status()[0].failed, 1);
    }
}

#[tokio::test]
async fn a_slow_reader_does_not_make_a_provider_slow() {
    let clock = ManualClock::default();
    let client = builder(&clock)
        .provider(Puppet::new("a"), "m")
        .total_timeout(3_600 * SECOND)
        .build()
        .unwrap();
    for _ in 0..20 {
        let stream = client.stream(ChatRequest::user("?")).await.unwrap();
        clock.advance(120 * SECOND);
        assert_eq!(stream.collect_answer().await.unwrap().text(), "a");
    }
    let status = &client.status()[0];
    assert_eq!((status.state, status.served), ("closed", 20));
}

#[tokio::test]
async fn an_answer_within_its_time_limits_does_not_open_the_circuit() {
    let clock = ManualClock::default();
    let slow = || Move::Takes(clock.clone(), 200 * SECOND);
    let a = Puppet::new("a").does((0..12).map(|_| slow()));
    let client = builder(&clock).provider(a, "m").build().unwrap();
    for _ in 0..12 {
        client.ask("?").await.unwrap();
    }
    assert_eq!(client.status()[0].state, "closed");
}

#[tokio::test]
async fn a_probe_may_be_a_long_answer() {
    let clock = ManualClock::default();
    let failures = (0..5).map(|_| Move::Fails(Error::new(ErrorKind::ServerError)));
    let a = Puppet::new("a").does(failures);
    let a = a.does([Move::StreamsAndStalls(vec![start(), text("Once")])]);
    let client = builder(&clock).provider(a, "m").build().unwrap();
    for _ in 0..2 {
        client.ask("?").await.unwrap_err();
    }
    assert_eq!(client.status()[0].state, "open");
    clock.advance(10 * SECOND);
    let stream = client.stream(ChatRequest::user("?")).await.unwrap();
    clock.advance(500 * SECOND);
    assert_eq!(
        client.status()[0].state,
        "closed",
        "it answers, however long, and however slowly it is read"
    );
    drop(stream);
}
