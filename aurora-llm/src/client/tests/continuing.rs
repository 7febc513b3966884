use super::*;
use crate::chat::{ReasoningEffort, Role, Signature};
use crate::error::TimeoutStage;
use crate::pricing::{Cost, Price};

/// The ways in which a stream breaks.
#[derive(Debug, Clone, Copy)]
enum Break {
    Cut,
    Stall,
    Malformed,
    Overload,
}

impl Break {
    const ALL: [Self; 4] = [Self::Cut, Self::Stall, Self::Malformed, Self::Overload];

    const fn kind(self) -> ErrorKind {
        match self {
            Self::Cut => ErrorKind::StreamTruncated,
            Self::Stall => ErrorKind::Timeout(TimeoutStage::Idle),
            Self::Malformed => ErrorKind::Malformed,
            Self::Overload => ErrorKind::Overloaded,
        }
    }

    /// A stream that brings these events and then breaks.
    fn after(self, events: Vec<StreamEvent>) -> Move {
        let ends = match self {
            Self::Stall => return Move::StreamsAndStalls(events),
            Self::Cut => None,
            Self::Malformed | Self::Overload => Some(Err(Error::new(self.kind()))),
        };
        Move::Streams(events.into_iter().map(Ok).chain(ends).collect())
    }
}

fn price() -> Price {
    Price::per_million("3".parse().unwrap(), "15".parse().unwrap())
}

/// A client of `a` and `b` with this policy; what breaks is not tried again at the same target.
fn two(clock: &ManualClock, policy: Continuation, a: &Puppet, b: &Puppet) -> LlmClient {
    builder(clock)
        .retry(RetryPolicy::never())
        .continuation(policy)
        .target(LlmTarget::new(a.clone(), "m").price(price()))
        .target(LlmTarget::new(b.clone(), "n").price(price()))
        .build()
        .unwrap()
}

async fn streamed(
    clock: &ManualClock,
    client: &LlmClient,
) -> (AnswerStream, Vec<StreamEvent>, Option<Error>) {
    let mut stream = in_time(clock, client.stream(ChatRequest::user("?")))
        .await
        .unwrap();
    let (events, error) = in_time(clock, read(&mut stream)).await;
    (stream, events, error)
}

fn words(events: &[StreamEvent]) -> String {
    let text = |event: &StreamEvent| match event {
        StreamEvent::Text(text) => Some(text.clone()),
        _ => None,
    };
    events.iter().filter_map(text).collect()
}

#[tokio::test]
async fn a_stream_that_breaks_before_its_first_content_falls_back() {
    for broken in Break::ALL {
        let clock = ManualClock::default();
        let (a, b) = (
            Puppet::new("a").does([broken.after(vec![start(), StreamEvent::Ping])]),
            Puppet::new("b"),
        );
        let (stream, events, error) = streamed(&clock, &two(&clock, Continuation::Off, &a, &b)).await;
        assert!(error.is_none(), "{broken:?}: {error:?}");
        assert_eq!(
            (words(&events).as_str(), stream.target(), stream.attempts().len()),
            ("b", "b/n", 2),
            "{broken:?}"
        );
    }
}

#[tokio::test]
async fn a_stream_that_breaks_after_its_first_content_ends_with_a_typed_error_that_carries_it() {
    for broken in Break::ALL {
        let clock = ManualClock::default();
        let (a, b) = (
            Puppet::new("a").does([broken.after(vec![start(), text("Half")])]),
            Puppet::new("b"),
        );
        let client = two(&clock, Continuation::Off, &a, &b);
        let (_, events, error) = streamed(&clock, &client).await;
        let error = error.unwrap();
        assert_eq!((error.kind(), words(&events).as_str()), (broken.kind(), "Half"));
        assert_eq!(error.partial().unwrap().text(), "Half");
        assert!(b.asked().is_empty());
        assert_eq!(client.status()[0].failed, 1, "{broken:?}: the breaker counts it");
    }
}

#[tokio::test]
async fn a_stream_that_breaks_after_its_first_content_is_continued_by_the_next_target() {
    for broken in Break::ALL {
        let clock = ManualClock::default();
        let first = vec![
            start(),
            StreamEvent::Usage(Usage::new(1_000, 20)),
            text("The sky "),
            text("is "),
        ];
        let a = Puppet::new("a").does([broken.after(first)]);
        let rest = [start(), text(" blue"), text("."), finish()].map(Ok);
        let b = Puppet::new("b").does([Move::Streams(rest.into())]);
        let client = two(&clock, Continuation::Continue, &a, &b);
        let (stream, events, error) = streamed(&clock, &client).await;
        assert!(error.is_none(), "{broken:?}: {error:?}");
        assert_eq!(words(&events), "The sky is blue.", "{broken:?}");
        assert_eq!(events.iter().filter(|event| **event == start()).count(), 1);
        assert_eq!(events.iter().filter(|event| event.is_terminal()).count(), 1);
        assert_eq!(
            (stream.target(), stream.model(), stream.provider().as_str()),
            ("b/n", "n", "b")
        );

        let asked = b.calls.lock().unwrap()[0].request.clone();
        let last = asked.messages.last().unwrap();
        assert_eq!((last.role, last.text().as_str()), (Role::Assistant, "The sky is"));

        let outcomes: Vec<_> = stream.attempts().iter().map(|attempt| &attempt.outcome).collect();
        assert!(matches!(outcomes[0], AttemptOutcome::Failed { kind, .. } if *kind == broken.kind()));
        assert_eq!(*outcomes[1], AttemptOutcome::Served);
        assert_eq!(stream.usage(), Some(&Usage::new(2_000, 520)), "of both");
        let costs: Vec<_> = stream.attempts().iter().map(|attempt| attempt.cost).collect();
        let dollars = |text: &str| Cost::Priced(text.parse().unwrap());
        assert_eq!(costs, [Some(dollars("0.0033")), Some(dollars("0.0105"))]);
        assert_eq!(
            (stream.cost(), stream.served_cost()),
            (dollars("0.0138"), dollars("0.0105"))
        );
        let status = client.status();
        assert_eq!((status[0].failed, status[1].served), (1, 1));
        assert_eq!((status[0].in_flight, status[1].in_flight), (0, 0));
    }
}

#[tokio::test]
async fn several_targets_may_go_on_after_each_other_and_then_nobody() {
    let clock = ManualClock::default();
    let cut = |words: &str| Move::Streams(vec![Ok(start()), Ok(text(words))]);
    let names = ["a", "b", "c"];
    let puppets = names.map(|name| Puppet::new(name).does([cut(name), cut(name)]));
    let client = puppets
        .iter()
        .fold(builder(&clock).retry(RetryPolicy::never()), |builder, puppet| {
            builder.provider(puppet.clone(), "m")
        });
    let client = client.continuation(Continuation::Continue).build().unwrap();
    let (_, events, error) = streamed(&clock, &client).await;
    let error = error.unwrap();
    assert_eq!(
        (words(&events).as_str(), error.kind()),
        ("abc", ErrorKind::StreamTruncated)
    );
    assert_eq!(error.partial().unwrap().text(), "abc");
    assert_eq!(error.attempts().len(), 3);
    let off = CallOptions::default().continuation(Continuation::Off);
    let mut stream = client.stream_with(ChatRequest::user("?"), &off).await.unwrap();
    assert_eq!(
        words(&read(&mut stream).await.0),
        "a",
        "a call may have a policy of its own"
    );
}

#[tokio::test]
async fn who_cannot_continue_is_not_asked_to_and_the_trail_tells_who_failed() {
    let clock = ManualClock::default();
    let cut = || Move::Streams(vec![Ok(start()), Ok(text("Half"))]);
    let unable = Puppet::new("b").can(Capabilities {
        prefill: false,
        ..Capabilities::ALL
    });
    let client = two(
        &clock,
        Continuation::Continue,
        &Puppet::new("a").does([cut()]),
        &unable,
    );
    let (_, _, error) = streamed(&clock, &client).await;
    assert_eq!((error.unwrap().attempts().len(), unable.asked().len()), (1, 0));

    let down = Puppet::new("b").fails(ErrorKind::Authentication);
    let client = two(
        &clock,
        Continuation::Continue,
        &Puppet::new("a").does([cut()]),
        &down,
    );
    let (_, _, error) = streamed(&clock, &client).await;
    let error = error.unwrap();
    assert_eq!(
        (error.kind(), error.partial().unwrap().text().as_str()),
        (ErrorKind::StreamTruncated, "Half")
    );
    assert_eq!((error.attempts().len(), down.asked().len()), (2, 1));
}

#[tokio::test]
async fn only_plain_text_is_continued() {
    let tool = StreamEvent::ToolCallStart {
        index: 0,
        id: "1".into(),
        name: "f".into(),
    };
    let signature = StreamEvent::Signature(Signature::new("a".into(), "proof"));
    let thought = || StreamEvent::Reasoning("Hm.".into());
    let json = |request: &mut ChatRequest| request.format = crate::chat::ResponseFormat::JsonObject;
    let forced = |request: &mut ChatRequest| request.tool_choice = crate::chat::ToolChoice::Required;
    let plain = |_: &mut ChatRequest| {};
    type Change<'a> = &'a dyn Fn(&mut ChatRequest);
    for (said, change, continued) in [
        (vec![tool.clone()], &plain as Change<'_>, false),
        (vec![text("a"), tool], &plain, false),
        (vec![thought()], &plain, false),
        (vec![thought(), signature.clone()], &plain, false),
        (vec![StreamEvent::Refusal("No".into())], &plain, false),
        (vec![text("{")], &json, false),
        (vec![text("a")], &forced, false),
        (vec![thought(), signature, text("a")], &plain, true),
    ] {
        let clock = ManualClock::default();
        let a = Puppet::new("a").does([Break::Cut.after(said.clone())]);
        let b = Puppet::new("b");
        let mut request = ChatRequest::user("?")
            .reasoning(ReasoningEffort::High)
            .max_tokens(100);
        change(&mut request);
        let mut stream = two(&clock, Continuation::Continue, &a, &b)
            .stream(request)
            .await
            .unwrap();
        let (_, error) = read(&mut stream).await;
        assert_eq!(error.is_none(), continued, "{said:?}");
        assert_eq!(b.asked().len(), usize::from(continued), "{said:?}");
        if continued {
            let asked = b.calls.lock().unwrap()[0].request.clone();
            assert_eq!(
                asked.messages.last().unwrap(),
                &Message::assistant("a"),
                "no reasoning of another is sent on"
            );
            assert_eq!(asked.reasoning, None);
        }
    }
}

#[tokio::test]
async fn what_is_held_back_begins_anew_unseen() {
    for broken in Break::ALL {
        let clock = ManualClock::default();
        let a = Puppet::new("a").does([broken.after(vec![start(), text("Half"), text(" an")])]);
        let b = Puppet::new("b");
        let client = two(&clock, Continuation::whole(), &a, &b);
        let (stream, events, error) = streamed(&clock, &client).await;
        assert!(error.is_none(), "{broken:?}: {error:?}");
        assert_eq!(
            (words(&events).as_str(), stream.target()),
            ("b", "b/n"),
            "{broken:?}"
        );
        assert_eq!(b.calls.lock().unwrap()[0].request.messages.len(), 1, "asked anew");
    }
    let clock = ManualClock::default();
    let pieces = vec![start(), text("1"), text("2"), text("3")];
    let (a, b) = (
        Puppet::new("a").does([Break::Cut.after(pieces)]),
        Puppet::new("b"),
    );
    let (_, events, error) =
        streamed(&clock, &two(&clock, Continuation::Buffered { events: 2 }, &a, &b)).await;
    assert_eq!(
        (words(&events).as_str(), error.is_some()),
        ("123", true),
        "the window was over"
    );
}

#[tokio::test]
async fn consecutive_truncations_open_the_circuit() {
    let cut = || Move::Streams(vec![Ok(start()), Ok(text("Half"))]);
    let a = Puppet::new("a").does(std::iter::repeat_with(cut).take(100));
    let client = builder(&ManualClock::default())
        .retry(RetryPolicy::never())
        .provider(a.clone(), "m")
        .provider(Puppet::new("b"), "m")
        .build()
        .unwrap();
    let mut served = Vec::new();
    for _ in 0..40 {
        let mut stream = client.stream(ChatRequest::user("?")).await.unwrap();
        let error = read(&mut stream).await.1;
        served.push((stream.target().to_owned(), error.map(|error| error.kind())));
    }
    assert_eq!(served[0], ("a/m".into(), Some(ErrorKind::StreamTruncated)));
    assert_eq!(served[39], ("b/m".into(), None), "{served:?}");
    assert!(a.asked().len() < 30, "{}", a.asked().len());
    assert!(!client.status()[0].healthy);
}

#[tokio::test]
async fn white_space_at_the_seam_comes_once() {
    for (said, came, wanted) in [
        ("a ", &[" b"][..], "a b"),
        ("a ", &["b"], "a b"),
        ("a \n", &[" ", "\nb"], "a \nb"),
        ("a \n", &[" b"], "a \nb"),
        ("a\u{a0}", &["\u{a0}b"], "a\u{a0}b"),
        ("a\u{2003}", &["\u{2002}b"], "a\u{2003}\u{2002}b"),
        (" ", &[" b"], " b"),
        ("a a", &["a a"], "a aa a"),
    ] {
        let clock = ManualClock::default();
        let a = Puppet::new("a").does([Break::Cut.after(vec![text(said)])]);
        let rest = came.iter().map(|piece| Ok(text(piece))).chain([Ok(finish())]);
        let b = Puppet::new("b").does([Move::Streams(rest.collect())]);
        let (_, events, error) = streamed(&clock, &two(&clock, Continuation::Continue, &a, &b)).await;
        assert!(error.is_none());
        assert_eq!(words(&events), wanted, "{said:?} {came:?}");
    }
}
