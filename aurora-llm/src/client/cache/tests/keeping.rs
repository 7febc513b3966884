use super::*;

/// Whether an answer of these events is kept, asked for as a whole and as a stream.
async fn is_kept(script: Vec<StreamEvent>) -> [bool; 2] {
    let faucet = Faucet::says(&[]);
    {
        let mut flow = faucet.flow();
        flow.released = script.len();
        flow.script = script;
    }
    let setting = setting(&faucet);
    setting.ask(&of("whole")).await;
    let whole = setting.shelf.len() == 1;
    read(setting.stream(&of("stream")).await).await.unwrap();
    [whole, setting.shelf.len() > usize::from(whole)]
}

fn ended(reason: FinishReason) -> Vec<StreamEvent> {
    let mut script = script(&["a"]);
    script.pop();
    script.push(StreamEvent::Finish { reason, usage: None });
    script
}

#[tokio::test]
async fn only_complete_answers_are_kept() {
    for (reason, expected) in [
        (FinishReason::Stop, true),
        (FinishReason::ToolCalls, true),
        (FinishReason::Length, false),
        (FinishReason::ContentFilter, false),
        (FinishReason::Other("eos".into()), false),
    ] {
        assert_eq!(is_kept(ended(reason.clone())).await, [expected; 2], "{reason:?}");
    }
    assert_eq!(is_kept(script(&[])).await, [false; 2], "an empty answer");
    let mut refused = script(&["a"]);
    refused.insert(1, StreamEvent::Refusal("I cannot.".into()));
    assert_eq!(is_kept(refused).await, [false; 2], "a refusal");
}

#[tokio::test]
async fn errors_are_never_kept() {
    let faucet = Faucet::says(&["a", "b"]).fails(0, ErrorKind::InvalidRequest);
    let setting = setting(&faucet);
    let error = setting.client.chat_with(question(), &of("t")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    assert_eq!(setting.ask(&of("t")).await.cache(), CacheStatus::Miss);

    let cut = Faucet::says(&["a", "b"]).fails(2, ErrorKind::StreamTruncated);
    let setting = super::setting(&cut);
    let error = read(setting.stream(&of("t")).await).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StreamTruncated);
    assert_eq!(
        error.partial().map(crate::chat::Message::text).as_deref(),
        Some("a")
    );
    assert_eq!((setting.shelf.len(), setting.under_way()), (0, 0));
}

#[tokio::test]
async fn what_is_too_long_is_answered_and_not_kept() {
    let long = "x".repeat(2_000);
    let faucet = Faucet::says(&[&long]);
    let setting = setting_with(&faucet, |cache| cache.max_entry_bytes(1_000));
    assert_eq!(setting.ask(&of("t")).await.text(), long);
    assert_eq!(
        read(setting.stream(&of("t")).await).await.unwrap(),
        script(&[&long])
    );
    assert_eq!(setting.shelf.len(), 0);
}

#[tokio::test]
async fn a_cache_that_is_down_is_a_miss() {
    let faucet = Faucet::says(&["a"]);
    let setting = setting(&faucet);
    setting.ask(&of("t")).await;
    setting.shelf.0.is_down.store(true, Ordering::SeqCst);
    let answer = setting.ask(&of("t")).await;
    assert_eq!((answer.cache(), answer.text().as_str()), (CacheStatus::Miss, "a"));
    assert_eq!(
        read(setting.stream(&of("t")).await).await.unwrap(),
        script(&["a"])
    );
    setting.shelf.0.is_down.store(false, Ordering::SeqCst);
    assert!(setting.ask(&of("t")).await.cache().is_free());
}

#[tokio::test]
async fn a_cache_that_does_not_answer_is_not_waited_for() {
    let faucet = Faucet::says(&["a"]);
    let setting = setting(&faucet);
    setting.shelf.0.hangs.store(true, Ordering::SeqCst);
    let options = of("t");
    let mut asking = std::pin::pin!(setting.ask(&options));
    assert!(futures::poll!(&mut asking).is_pending());
    assert_eq!(faucet.calls(), 0);
    setting.clock.advance(Duration::from_millis(250));
    assert!(futures::poll!(&mut asking).is_pending(), "it is being kept");
    assert_eq!(faucet.calls(), 1);
    setting.clock.advance(Duration::from_millis(250));
    assert_eq!(asking.await.cache(), CacheStatus::Miss);
}

#[tokio::test]
async fn what_cannot_be_read_is_a_miss() {
    let faucet = Faucet::says(&["a"]);
    let setting = setting(&faucet);
    setting.ask(&of("t")).await;
    let kept = setting
        .shelf
        .0
        .entries
        .lock()
        .unwrap()
        .values()
        .next()
        .unwrap()
        .0
        .clone();
    let text = String::from_utf8(kept.to_vec()).unwrap();
    for broken in [
        "".to_owned(),
        "{".to_owned(),
        text.replace("\"version\":1", "\"version\":2"),
        text.replace("faucet/m", "gone/m"),
        text.replacen("\"digest\":\"", "\"digest\":\"0", 1),
        text.chars().take(text.len() / 2).collect(),
    ] {
        assert_ne!(broken, text);
        for entry in setting.shelf.0.entries.lock().unwrap().values_mut() {
            entry.0 = broken.clone().into();
        }
        assert_eq!(setting.ask(&of("t")).await.cache(), CacheStatus::Miss, "{broken}");
    }
}

#[tokio::test]
async fn an_answer_from_the_future_is_not_believed() {
    let faucet = Faucet::says(&["a"]);
    let setting = setting(&faucet);
    setting.ask(&of("t")).await;
    let now = aurora_core::time::Clock::now(&setting.clock);
    setting.clock.set_wall(now - Duration::from_secs(5));
    assert!(
        setting.ask(&of("t")).await.cache().is_free(),
        "clocks differ a little"
    );
    setting.clock.set_wall(now - Duration::from_secs(6));
    assert_eq!(setting.ask(&of("t")).await.cache(), CacheStatus::Miss);
}
