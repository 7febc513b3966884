use super::*;
use crate::chat::{Citation, Media, MediaSource, Message, Part, Reasoning, Role, Signature, ToolCall};

#[tokio::test]
async fn a_stored_stream_is_replayed_event_by_event() {
    let faucet = Faucet::says(&["Be", "cause", " of", " Rayleigh."]);
    let setting = setting(&faucet);
    let options = of("t");
    let first = read(setting.stream(&options).await).await.unwrap();
    setting.clock.advance(Duration::from_secs(7));
    let stream = setting.stream(&options).await;
    let age = Duration::from_secs(7);
    assert_eq!(stream.cache(), CacheStatus::Hit { age });
    assert_eq!(
        (stream.target(), stream.model(), stream.attempts().len()),
        ("faucet/m", "m", 0)
    );
    let again = read(stream).await.unwrap();
    assert_eq!(again, first);
    assert_eq!(again, script(&["Be", "cause", " of", " Rayleigh."]));
    assert_eq!(again.iter().filter(|event| event.is_terminal()).count(), 1);
    assert_eq!(faucet.calls(), 1);
}

#[tokio::test]
async fn a_whole_call_is_answered_from_a_stored_stream_and_the_other_way_round() {
    let faucet = Faucet::says(&["Be", "cause"]);
    let one = setting(&faucet);
    read(one.stream(&of("t")).await).await.unwrap();
    let whole = one.ask(&of("t")).await;
    assert!(whole.cache().is_free());
    assert_eq!((whole.text().as_str(), whole.model()), ("Because", "m-2026"));
    assert_eq!(whole.usage(), Some(&Usage::new(1_000_000, 0)));

    let other = setting(&faucet);
    other.ask(&of("t")).await;
    let stream = other.stream(&of("t")).await;
    assert!(stream.cache().is_free());
    let events = read(stream).await.unwrap();
    assert_eq!(events, script(&["Because"]));
    assert_eq!(faucet.calls(), 2);
}

#[tokio::test]
async fn a_kept_answer_costs_nothing_and_says_what_it_saved() {
    let faucet = Faucet::says(&["a"]);
    let setting = setting(&faucet);
    let paid = setting.ask(&of("t")).await;
    assert_eq!((paid.cost(), paid.saved_cost()), (dollars("1"), dollars("0")));
    let kept = setting.ask(&of("t")).await;
    assert_eq!((kept.cost(), kept.saved_cost()), (dollars("0"), dollars("1")));
    assert_eq!(kept.served_cost(), dollars("0"));
    assert!(kept.attempts().is_empty());
    let mut stream = setting.stream(&of("t")).await;
    while let Some(event) = stream.next().await {
        event.unwrap();
    }
    assert_eq!((stream.cost(), stream.saved_cost()), (dollars("0"), dollars("1")));
    assert_eq!(stream.usage(), Some(&Usage::new(1_000_000, 0)));
}

/// An answer with everything that a model can say.
pub(super) fn rich() -> ChatResponse {
    let signature = |value: &str| Signature::new("faucet".into(), value);
    let picture = Media::new("image/png", MediaSource::Bytes(vec![0, 255, 7].into())).name("sky.png");
    let parts = vec![
        Part::Reasoning(Reasoning::new("Light …", Some(signature("s1")))),
        Part::Reasoning(Reasoning::new("", Some(signature("s2")))),
        Part::Text("Because of \"Rayleigh\"\n".into()),
        Part::Citation(Citation::new("Rayleigh")),
        Part::Image(picture),
        Part::Audio(Media::new(
            "audio/wav",
            MediaSource::Url("https://a.example/b".into()),
        )),
        Part::Document(Media::new("application/pdf", MediaSource::Bytes(vec![1].into()))),
        Part::ToolCall(ToolCall::new("c1", "sum", "{\"a\":1}").signed(signature("s3"))),
        Part::ToolCall(ToolCall::new("c2", "now", "")),
    ];
    let usage = Usage {
        input: 1,
        cache_read: 2,
        cache_write: 3,
        cache_write_hour: 4,
        audio_input: 5,
        tool_input: 6,
        output: 7,
        reasoning: 8,
        audio_output: 9,
        searches: 10,
        ..Usage::default()
    };
    ChatResponse {
        id: "id".into(),
        model: "m".into(),
        message: Message::new(Role::Assistant, parts),
        finish: FinishReason::ToolCalls,
        usage: Some(usage),
    }
}

#[test]
fn the_events_of_an_answer_put_together_are_the_answer() {
    let events = entry::events_of(&rich());
    assert_eq!(entry::collected(&events), Some(rich()));
}

#[tokio::test]
async fn everything_that_a_model_says_comes_back() {
    let faucet = Faucet::says(&[]);
    let events = entry::events_of(&rich());
    {
        let mut flow = faucet.flow();
        flow.released = events.len();
        flow.script = events.clone();
    }
    let setting = setting(&faucet);
    assert_eq!(setting.ask(&of("whole")).await.response(), &rich());
    assert_eq!(setting.ask(&of("whole")).await.response(), &rich());
    assert_eq!(read(setting.stream(&of("whole")).await).await.unwrap(), events);
    read(setting.stream(&of("stream")).await).await.unwrap();
    assert_eq!(read(setting.stream(&of("stream")).await).await.unwrap(), events);
    assert_eq!(setting.ask(&of("stream")).await.response(), &rich());
    assert_eq!(faucet.calls(), 2);
}
