use aurora_core::resilience::Hedge;

use super::*;
use crate::pricing::{Cost, Price};

const TENTH: Duration = Duration::from_millis(100);

/// Backups after 1 s, as many as there are calls.
fn hedge() -> Hedge {
    Hedge::default().hedgeable().after(SECOND).max_extra_load(100)
}

fn price() -> Price {
    Price::per_million("3".parse().unwrap(), "15".parse().unwrap())
}

fn slow(clock: &ManualClock, name: &str, wait: Duration) -> Puppet {
    let events = vec![(wait, text(name)), (TENTH, finish())];
    Puppet::new(name).does([Move::Dribbles(clock.clone(), events)])
}

fn client<'a>(clock: &ManualClock, puppets: impl IntoIterator<Item = &'a Puppet>) -> LlmClient {
    let target = |builder: ClientBuilder, puppet: &Puppet| {
        builder.target(LlmTarget::new(puppet.clone(), "m").price(price()))
    };
    let builder = builder(clock).retry(RetryPolicy::never()).hedge(hedge());
    puppets.into_iter().fold(builder, target).build().unwrap()
}

fn told(attempts: &[Attempt]) -> Vec<(&str, &'static str)> {
    let outcome = |attempt: &Attempt| match attempt.outcome {
        AttemptOutcome::Served => "served",
        AttemptOutcome::Failed { .. } => "failed",
        AttemptOutcome::Outrun => "outrun",
        AttemptOutcome::Skipped { .. } => "skipped",
    };
    attempts
        .iter()
        .map(|attempt| (attempt.target.as_str(), outcome(attempt)))
        .collect()
}

#[tokio::test]
async fn a_slow_target_is_outrun_by_the_next_and_what_it_cost_is_told() {
    let clock = ManualClock::default();
    let (a, b) = (slow(&clock, "a", 60 * SECOND), slow(&clock, "b", TENTH));
    let client = client(&clock, [&a, &b]);
    let question = || ChatRequest::user("a".repeat(400));
    let mut stream = in_time(&clock, client.stream(question())).await.unwrap();
    assert!(clock.elapsed() < 2 * SECOND);
    assert_eq!(
        (stream.target(), told(stream.attempts())),
        ("b/m", vec![("a/m", "outrun"), ("b/m", "served")])
    );
    let status = client.status();
    assert_eq!(
        (status[0].cancelled, status[0].in_flight, status[0].healthy),
        (1, 0, true),
        "its call is ended"
    );
    let (_, error) = in_time(&clock, read(&mut stream)).await;
    assert!(error.is_none());
    let dollars = |text: &str| Cost::Priced(text.parse().unwrap());
    let costs: Vec<_> = stream.attempts().iter().map(|attempt| attempt.cost).collect();
    assert_eq!(
        costs,
        [Some(dollars("0.0003")), Some(dollars("0.0105"))],
        "the request by estimate, and the answer"
    );
    assert_eq!(
        (stream.cost(), stream.served_cost()),
        (dollars("0.0108"), dollars("0.0105"))
    );
}

#[tokio::test]
async fn a_whole_answer_is_hedged_too_and_the_first_may_still_win() {
    let clock = ManualClock::default();
    let a = Puppet::new("a").does([Move::Hangs]);
    let answer = in_time(&clock, client(&clock, [&a, &Puppet::new("b")]).ask("?"))
        .await
        .unwrap();
    assert_eq!(
        (answer.text().as_str(), told(answer.attempts())),
        ("b", vec![("a/m", "outrun"), ("b/m", "served")])
    );

    let (a, b) = (
        slow(&clock, "a", SECOND + TENTH),
        Puppet::new("b").does([Move::Hangs]),
    );
    let stream = in_time(&clock, client(&clock, [&a, &b]).stream(ChatRequest::user("?")))
        .await
        .unwrap();
    assert_eq!(
        told(stream.attempts()),
        [("b/m", "outrun"), ("a/m", "served")],
        "the one that serves is last"
    );
}

#[tokio::test]
async fn whoever_fails_leaves_it_to_the_other_and_no_target_is_asked_by_both() {
    let clock = ManualClock::default();
    let late_failure = |name: &str, wait: Duration| {
        let events = vec![(wait, StreamEvent::Ping)];
        Puppet::new(name).does([Move::Dribbles(clock.clone(), events)])
    };
    let (a, b) = (late_failure("a", SECOND + 2 * TENTH), slow(&clock, "b", SECOND));
    let stream = in_time(&clock, client(&clock, [&a, &b]).stream(ChatRequest::user("?")))
        .await
        .unwrap();
    assert_eq!(
        (told(stream.attempts()), b.asked().len()),
        (vec![("a/m", "failed"), ("b/m", "served")], 1)
    );

    let (a, b) = (slow(&clock, "a", 2 * SECOND), late_failure("b", TENTH));
    let stream = in_time(&clock, client(&clock, [&a, &b]).stream(ChatRequest::user("?")))
        .await
        .unwrap();
    assert_eq!(told(stream.attempts()), [("b/m", "failed"), ("a/m", "served")]);

    let (a, b) = (late_failure("a", 2 * SECOND), late_failure("b", TENTH));
    let error = in_time(&clock, client(&clock, [&a, &b]).stream(ChatRequest::user("?")))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.attempts().len()),
        (ErrorKind::StreamTruncated, 2)
    );
    assert_eq!((a.asked().len(), b.asked().len()), (1, 1));
}

#[tokio::test]
async fn hedging_is_off_unless_wanted_and_for_a_call_as_it_says() {
    let clock = ManualClock::default();
    let late = |name: &str| slow(&clock, name, 3 * SECOND);
    let off = builder(&clock)
        .provider(late("a"), "m")
        .provider(Puppet::new("b"), "m")
        .build()
        .unwrap();
    let stream = in_time(&clock, off.stream(ChatRequest::user("?"))).await.unwrap();
    assert_eq!(told(stream.attempts()), [("a/m", "served")]);

    let (a, b) = (late("a"), Puppet::new("b"));
    let never = CallOptions::default().hedge(Hedge::default());
    let stream = in_time(
        &clock,
        client(&clock, [&a, &b]).stream_with(ChatRequest::user("?"), &never),
    )
    .await
    .unwrap();
    assert_eq!(told(stream.attempts()), [("a/m", "served")]);

    let wanted = CallOptions::default().hedge(hedge());
    let on = builder(&clock)
        .provider(late("a"), "m")
        .provider(Puppet::new("b"), "m")
        .build()
        .unwrap();
    let stream = in_time(&clock, on.stream_with(ChatRequest::user("?"), &wanted))
        .await
        .unwrap();
    assert_eq!(stream.target(), "b/m");
}

#[tokio::test]
async fn all_backups_together_keep_the_ratio() {
    let clock = ManualClock::default();
    let a = Puppet::new("a").does(
        (0..20).map(|_| Move::Dribbles(clock.clone(), vec![(2 * SECOND, text("a")), (TENTH, finish())])),
    );
    let b = Puppet::new("b");
    let client = builder(&clock)
        .retry(RetryPolicy::never())
        .hedge(hedge().max_extra_load(20))
        .provider(a, "m")
        .provider(b.clone(), "m")
        .build()
        .unwrap();
    for _ in 0..20 {
        drop(
            in_time(&clock, client.stream(ChatRequest::user("?")))
                .await
                .unwrap(),
        );
    }
    assert_eq!(b.asked().len(), 4, "20 of 100");
}

#[tokio::test]
async fn a_target_alone_is_hedged_with_another_key() {
    let clock = ManualClock::default();
    let a = Puppet::new("a").with_keys(2).does([Move::Hangs]);
    let answer = in_time(&clock, client(&clock, [&a]).ask("?")).await.unwrap();
    assert_eq!(answer.attempts().len(), 2);
    let keys: Vec<_> = a.calls.lock().unwrap().iter().map(|call| call.key).collect();
    assert_ne!(keys[0], keys[1]);
    let alone = Puppet::new("a").does([Move::Dribbles(
        clock.clone(),
        vec![(5 * SECOND, text("a")), (TENTH, finish())],
    )]);
    let stream = in_time(&clock, client(&clock, [&alone]).stream(ChatRequest::user("?")))
        .await
        .unwrap();
    assert_eq!(
        (stream.attempts().len(), alone.asked().len()),
        (1, 1),
        "there is nobody else"
    );
}

#[tokio::test]
async fn a_hedged_call_that_is_dropped_leaves_nothing_under_way() {
    for polls in 0..6 {
        let clock = ManualClock::default();
        let (a, b) = (slow(&clock, "a", 60 * SECOND), slow(&clock, "b", 60 * SECOND));
        let client = client(&clock, [&a, &b]);
        {
            let mut call = std::pin::pin!(client.stream(ChatRequest::user("?")));
            for _ in 0..polls {
                assert!(futures::poll!(&mut call).is_pending());
                clock.advance(6 * TENTH);
            }
        }
        for status in client.status() {
            assert_eq!(
                (status.in_flight, status.failed, status.served),
                (0, 0, 0),
                "{polls}"
            );
        }
        assert_eq!(clock.sleepers(), 0, "{polls}");
        assert_eq!(b.asked().len(), usize::from(polls > 2), "{polls}");
    }
}

#[tokio::test]
async fn a_call_that_waits_for_room_is_not_hedged() {
    let clock = ManualClock::default();
    let limits = crate::client::limits::Limits::default().requests_per_minute(1);
    let (a, b) = (Puppet::new("a"), Puppet::new("b"));
    let client = builder(&clock)
        .hedge(hedge())
        .target(LlmTarget::new(a.clone(), "m").limits(limits))
        .target(LlmTarget::new(b.clone(), "m").limits(limits))
        .build()
        .unwrap();
    for _ in 0..2 {
        client.ask("?").await.unwrap();
    }
    let answer = in_time(&clock, client.ask("?")).await.unwrap();
    assert_eq!(told(answer.attempts()).last(), Some(&("a/m", "served")));
    assert_eq!(
        (a.asked().len(), b.asked().len()),
        (2, 1),
        "two would wait for the same"
    );
}
