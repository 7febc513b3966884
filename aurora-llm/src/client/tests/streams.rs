use super::*;

#[tokio::test]
async fn a_stream_has_one_terminal_and_nothing_follows_it() {
    let client = client_of([&Puppet::new("a")]);
    let mut stream = client.stream(ChatRequest::user("?")).await.unwrap();
    let mut events = Vec::new();
    while let Some(event) = stream.next().await {
        events.push(event.unwrap());
    }
    assert_eq!(events, [start(), text("a"), finish()]);
    assert!(stream.next().await.is_none());
    assert_eq!((stream.target(), stream.model()), ("a/m", "m"));
    assert_eq!(client.status()[0].served, 1);
}

#[tokio::test]
async fn a_truncated_stream_never_looks_like_success() {
    let cut = || Move::Streams(vec![Ok(start()), Ok(text("Half an"))]);
    let (a, b) = (Puppet::new("a").does([cut(), cut()]), Puppet::new("b"));
    let client = client_of([&a, &b]);
    let mut stream = client.stream(ChatRequest::user("?")).await.unwrap();
    let error = loop {
        match stream.next().await.expect("an end without a terminal") {
            Ok(event) => assert!(!event.is_terminal()),
            Err(error) => break error,
        }
    };
    assert_eq!(error.kind(), ErrorKind::StreamTruncated);
    assert_eq!(error.partial().map(Message::text).as_deref(), Some("Half an"));
    assert_eq!(error.provider().map(ProviderId::as_str), Some("a"));
    assert_eq!(error.attempts().len(), 1);

    let stream = client.stream(ChatRequest::user("?")).await.unwrap();
    let error = stream.collect_answer().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StreamTruncated);
    assert_eq!(client.status()[0].failed, 2);
    assert!(b.asked().is_empty(), "what was said cannot be taken back");
}

#[tokio::test]
async fn before_the_first_content_the_target_changes_unseen() {
    let broken = || Move::Streams(vec![Ok(start()), Err(Error::new(ErrorKind::Malformed))]);
    let a = Puppet::new("a").does([broken(), broken(), Move::Says("too late")]);
    let client = client_of([&a, &Puppet::new("b")]);
    let stream = client.stream(ChatRequest::user("?")).await.unwrap();
    assert_eq!(stream.attempts().len(), 3);
    assert_eq!(stream.collect_answer().await.unwrap().text(), "b");
    assert_eq!(a.asked().len(), 2, "once more, then the next");
}

#[tokio::test]
async fn an_answer_without_any_content_is_an_answer() {
    let a = Puppet::new("a").does([Move::Streams(vec![Ok(start()), Ok(finish())])]);
    let stream = client_of([&a]).stream(ChatRequest::user("?")).await.unwrap();
    assert_eq!(stream.collect_answer().await.unwrap().text(), "");
}

#[tokio::test]
async fn a_prelude_without_end_is_not_an_answer() {
    let pings = || Move::Streams((0..5_000).map(|_| Ok(StreamEvent::Ping)).collect());
    let a = Puppet::new("a").does([pings(), pings()]);
    let stream = client_of([&a, &Puppet::new("b")])
        .stream(ChatRequest::user("?"))
        .await
        .unwrap();
    assert_eq!(stream.target(), "b/m");
    let first = &stream.attempts().first().unwrap().outcome;
    assert!(
        matches!(
            first,
            AttemptOutcome::Failed {
                kind: ErrorKind::Malformed,
                ..
            }
        ),
        "{first:?}"
    );
}

#[tokio::test]
async fn whoever_stops_reading_says_nothing_about_the_provider() {
    let a = Puppet::new("a");
    let client = client_of([&a]);
    let mut stream = client.stream(ChatRequest::user("?")).await.unwrap();
    stream.next().await.unwrap().unwrap();
    drop(stream);
    let mut unread = std::pin::pin!(client.stream(ChatRequest::user("?")));
    a.moves.lock().unwrap().push_back(Move::Hangs);
    assert!(futures::poll!(&mut unread).is_pending());
    let status = &client.status()[0];
    assert_eq!((status.served, status.failed, status.healthy), (0, 0, true));
    assert_eq!(
        (status.cancelled, status.in_flight),
        (1, 1),
        "the first was given up, the second hangs"
    );
}

#[tokio::test]
async fn an_answer_without_end_is_cut_off() {
    let piece = "a".repeat(1 << 20);
    let flood = (0..20).map(|_| Ok(StreamEvent::Text(piece.clone()))).collect();
    let client = client_of([&Puppet::new("a").does([Move::Streams(flood)])]);
    let mut stream = client.stream(ChatRequest::user("?")).await.unwrap();
    let mut said = 0;
    let error = loop {
        match stream.next().await.expect("a terminal item") {
            Ok(_) => said += 1,
            Err(error) => break error,
        }
    };
    assert_eq!((error.kind(), said), (ErrorKind::Malformed, 16));
    assert!(stream.next().await.is_none());
}
