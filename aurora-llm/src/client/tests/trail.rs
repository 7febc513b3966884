use super::*;
use crate::error::Sent;
use crate::pricing::{Cost, Price};

fn price() -> Price {
    Price::per_million("3".parse().unwrap(), "15".parse().unwrap())
}

#[tokio::test]
async fn the_trail_tells_every_attempt_in_order() {
    let overloaded = Error::new(ErrorKind::Overloaded).with_status(529);
    let a = Puppet::new("a").does([Move::Fails(overloaded)]).does([
        Move::Fails(Error::new(ErrorKind::Authentication).with_status(401)),
        Move::Says("too late"),
    ]);
    let client = client_of([&a, &Puppet::new("b")]);
    let answer = client.ask("?").await.unwrap();
    let outcomes: Vec<_> = answer
        .attempts()
        .iter()
        .map(|attempt| (attempt.target.as_str(), attempt.outcome.clone()))
        .collect();
    let failed = |kind, status| AttemptOutcome::Failed {
        kind,
        status: Some(status),
    };
    assert_eq!(
        outcomes,
        [
            ("a/m", failed(ErrorKind::Overloaded, 529)),
            ("a/m", failed(ErrorKind::Authentication, 401)),
            ("b/m", AttemptOutcome::Served),
        ]
    );
    let numbers: Vec<_> = a.calls.lock().unwrap().iter().map(|call| call.attempt).collect();
    assert_eq!(numbers, [1, 2]);

    let answer = client.ask("?").await.unwrap();
    let first = answer.attempts().first().unwrap();
    let minute = Duration::from_secs(60);
    assert_eq!(
        first.outcome,
        AttemptOutcome::Skipped { retry_after: minute },
        "a refused key is left alone for a while"
    );
    assert_eq!(a.asked().len(), 2);
}

#[tokio::test]
async fn when_nobody_answers_the_last_error_is_told_with_the_whole_trail() {
    let a = Puppet::new("a").fails(ErrorKind::Permission);
    let b = Puppet::new("b").fails(ErrorKind::QuotaExhausted);
    let error = client_of([&a, &b]).ask("?").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QuotaExhausted);
    assert_eq!(
        (error.provider().map(ProviderId::as_str), error.model()),
        (Some("b"), Some("m"))
    );
    let who: Vec<_> = error.attempts().iter().map(|at| at.provider.as_str()).collect();
    assert_eq!(who, ["a", "b"]);
}

#[tokio::test]
async fn when_nobody_may_be_asked_the_error_says_when_to_come_back() {
    let hour = Duration::from_secs(3_600);
    let busy = || Move::Fails(Error::new(ErrorKind::RateLimited).with_retry_after(hour));
    let (a, b) = (Puppet::new("a").does([busy()]), Puppet::new("b").does([busy()]));
    let client = client_of([&a, &b]);
    assert_eq!(client.ask("?").await.unwrap_err().kind(), ErrorKind::RateLimited);
    let error = client.ask("?").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.retry_after()),
        (ErrorKind::CircuitOpen, Some(hour))
    );
    assert_eq!(error.attempts().len(), 2);
    assert_eq!((a.asked().len(), b.asked().len()), (1, 1));
    client.reset();
    assert_eq!(client.ask("?").await.unwrap().text(), "a");
}

#[tokio::test]
async fn a_provider_that_says_not_to_try_again_is_left_at_once() {
    let a = Puppet::new("a").does([Move::Fails(Error::new(ErrorKind::ServerError).without_retry())]);
    let client = client_of([&a, &Puppet::new("b")]);
    assert_eq!(client.ask("?").await.unwrap().text(), "b");
    assert_eq!(a.asked().len(), 1);
}

#[tokio::test]
async fn an_unknown_price_is_told_apart_from_none() {
    let client = builder(&ManualClock::default())
        .target(
            LlmTarget::new(Puppet::new("a"), "m")
                .price(price())
                .serves("other"),
        )
        .build()
        .unwrap();
    let exact = Cost::Priced("0.0105".parse().unwrap());
    let answer = client.ask("?").await.unwrap();
    assert_eq!(answer.model(), "m-2026-01-01", "as the provider names it");
    assert_eq!(
        answer.cost(),
        exact,
        "by the model that was asked for, not by its dated name"
    );
    let other = client.chat(ChatRequest::user("?").model("other")).await.unwrap();
    assert_eq!(other.cost(), Cost::Unpriced);

    let mut stream = client.stream(ChatRequest::user("?")).await.unwrap();
    assert_eq!(
        stream.cost(),
        Cost::Unpriced,
        "not known before the provider says"
    );
    while let Some(event) = stream.next().await {
        event.unwrap();
    }
    assert_eq!(stream.cost(), exact);
}

#[tokio::test]
async fn counts_are_kept_by_target() {
    let a = Puppet::new("a").fails(ErrorKind::Permission);
    let client = client_of([&a, &Puppet::new("b")]);
    client.ask("?").await.unwrap();
    client.ask("?").await.unwrap();
    let counts: Vec<_> = client
        .status()
        .into_iter()
        .map(|at| (at.name, at.served, at.failed, at.skipped))
        .collect();
    assert_eq!(counts, [("a/m".into(), 0, 1, 1), ("b/m".into(), 2, 0, 0)]);
}

fn priced(puppet: &Puppet) -> LlmTarget {
    LlmTarget::new(puppet.clone(), "m").price(price())
}

fn dollars(text: &str) -> Cost {
    Cost::Priced(text.parse().unwrap())
}

#[tokio::test]
async fn what_a_failed_attempt_consumed_is_billed_with_the_answer() {
    let truncated = Error::new(ErrorKind::Malformed)
        .with_usage(Usage::new(1_000, 100))
        .with_request_id("req-1");
    let a = Puppet::new("a")
        .does([Move::Fails(truncated)])
        .fails(ErrorKind::Permission);
    let client = builder(&ManualClock::default())
        .target(priced(&a))
        .target(priced(&Puppet::new("b")))
        .build()
        .unwrap();
    let answer = client.ask("?").await.unwrap();
    let costs: Vec<_> = answer.attempts().iter().map(|attempt| attempt.cost).collect();
    assert_eq!(costs, [Some(dollars("0.0045")), None, Some(dollars("0.0105"))]);
    assert_eq!(
        (answer.cost(), answer.served_cost()),
        (dollars("0.015"), dollars("0.0105"))
    );
    let first = answer.attempts().first().unwrap();
    assert_eq!(
        (first.model.as_str(), first.key, first.request_id.as_deref()),
        ("m", 0, Some("req-1"))
    );
    assert_eq!(
        answer.attempts()[1].sent,
        Some(Sent::Rejected),
        "a refusal costs nothing"
    );
}

#[tokio::test]
async fn a_stream_that_broke_costs_what_it_consumed_and_names_it() {
    let half = |usage| {
        Move::Streams(vec![
            Ok(start()),
            Ok(StreamEvent::Usage(usage)),
            Err(Error::new(ErrorKind::Overloaded)),
        ])
    };
    let a = Puppet::new("a")
        .does([half(Usage::new(1_000, 0))])
        .fails(ErrorKind::Permission);
    let b = Puppet::new("b").does([Move::Streams(vec![
        Ok(start()),
        Ok(StreamEvent::Usage(Usage::new(1_000, 20))),
        Ok(text("Half")),
        Err(Error::new(ErrorKind::StreamTruncated)),
    ])]);
    let client = builder(&ManualClock::default())
        .target(priced(&a))
        .target(priced(&b))
        .build()
        .unwrap();
    let mut stream = client.stream(ChatRequest::user("?")).await.unwrap();
    let error = loop {
        match stream.next().await.unwrap() {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert_eq!(
        (error.sent(), error.usage()),
        (Sent::Partial, Some(&Usage::new(1_000, 20)))
    );
    let costs: Vec<_> = error.attempts().iter().map(|attempt| attempt.cost).collect();
    assert_eq!(costs, [Some(dollars("0.003")), None, Some(dollars("0.0033"))]);
    assert_eq!(stream.cost(), dollars("0.0063"));
    assert!(
        matches!(
            error.attempts()[2].outcome,
            AttemptOutcome::Failed {
                kind: ErrorKind::StreamTruncated,
                ..
            }
        ),
        "whoever broke off has not served"
    );
}

#[tokio::test]
async fn a_part_without_a_price_makes_the_sum_unpriced() {
    let a = Puppet::new("a").does([
        Move::Fails(Error::new(ErrorKind::Malformed).with_usage(Usage::new(1, 1))),
        Move::Fails(Error::new(ErrorKind::Permission)),
    ]);
    let client = builder(&ManualClock::default())
        .provider(a, "m")
        .target(priced(&Puppet::new("b")))
        .build()
        .unwrap();
    let answer = client.ask("?").await.unwrap();
    assert_eq!(
        (answer.cost(), answer.served_cost()),
        (Cost::Unpriced, dollars("0.0105"))
    );
}

#[tokio::test]
async fn the_providers_id_of_every_attempt_is_told() {
    let failed = Error::new(ErrorKind::Authentication).with_request_id("req_1");
    let a = Puppet::new("a").does([Move::Fails(failed)]);
    let b = Puppet::new("b").tells([("x-request-id", "req_2")]);
    let ids = |attempts: &[Attempt]| -> Vec<Option<String>> {
        attempts
            .iter()
            .map(|attempt| attempt.request_id.clone())
            .collect()
    };
    let answer = client_of([&a, &b]).ask("?").await.unwrap();
    assert_eq!(
        ids(answer.attempts()),
        [Some("req_1".into()), Some("req_2".into())]
    );
    let stream = client_of([&b]).stream(ChatRequest::user("?")).await.unwrap();
    assert_eq!(ids(stream.attempts()), [Some("req_2".into())]);
}
