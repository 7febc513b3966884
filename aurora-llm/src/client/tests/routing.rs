use super::*;
use crate::chat::Tool;

#[tokio::test]
async fn targets_are_tried_by_priority_and_then_as_they_were_added() {
    let [late, first, second] = ["late", "first", "second"].map(Puppet::new);
    let first = first.fails(ErrorKind::Authentication);
    let client = builder(&ManualClock::default())
        .target(LlmTarget::new(late.clone(), "m").priority(2))
        .provider(first.clone(), "m")
        .provider(second.clone(), "m")
        .build()
        .unwrap();
    let answer = client.ask("?").await.unwrap();
    assert_eq!(answer.text(), "second");
    assert_eq!(
        (first.asked().len(), second.asked().len(), late.asked().len()),
        (1, 1, 0)
    );
}

#[tokio::test]
async fn a_named_model_goes_only_to_those_who_serve_it() {
    let [a, b, c] = ["a", "b", "c"].map(Puppet::new);
    let client = builder(&ManualClock::default())
        .provider(a.clone(), "small")
        .provider(b.clone(), "large")
        .target(
            LlmTarget::new(c.clone(), "small")
                .serves("large")
                .serves("huge-*"),
        )
        .build()
        .unwrap();
    for (model, who) in [("small", "a"), ("large", "b"), ("huge-2", "c"), ("b/large", "b")] {
        let answer = client.chat(ChatRequest::user("?").model(model)).await.unwrap();
        assert_eq!(answer.provider().as_str(), who, "{model}");
    }
    assert_eq!(a.asked(), ["small"]);
    assert_eq!(b.asked(), ["large", "large"], "a target's name is not a model's");
    assert_eq!(
        c.asked(),
        ["huge-2"],
        "the model that was named, not the target's own"
    );
}

#[tokio::test]
async fn a_fallback_within_a_named_model_keeps_the_model() {
    let a = Puppet::new("a").fails(ErrorKind::Permission);
    let c = Puppet::new("c");
    let client = builder(&ManualClock::default())
        .provider(a, "large")
        .target(LlmTarget::new(c.clone(), "small").serves("large"))
        .build()
        .unwrap();
    let answer = client.chat(ChatRequest::user("?").model("large")).await.unwrap();
    assert_eq!(
        (answer.target(), c.asked()),
        ("c/small", vec!["large".to_owned()])
    );
}

#[tokio::test]
async fn an_alias_means_its_targets_each_with_its_own_model() {
    let a = Puppet::new("a").fails(ErrorKind::QuotaExhausted);
    let [b, c] = ["b", "c"].map(Puppet::new);
    let client = builder(&ManualClock::default())
        .provider(c.clone(), "other")
        .provider(a.clone(), "one")
        .provider(b.clone(), "two")
        .alias("fast", ["a/one", "b/two"])
        .build()
        .unwrap();
    let answer = client.chat(ChatRequest::user("?").model("fast")).await.unwrap();
    assert_eq!(answer.target(), "b/two");
    assert_eq!((a.asked(), b.asked()), (vec!["one".into()], vec!["two".into()]));
    assert!(c.asked().is_empty());
    assert_eq!(client.models(), ["fast", "one", "other", "two"]);
}

#[tokio::test]
async fn a_model_that_nobody_serves_is_refused_before_anything_is_sent() {
    let a = Puppet::new("a");
    let client = client_of([&a]);
    let error = client.chat(ChatRequest::user("?").model("x")).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.code()),
        (ErrorKind::ModelNotFound, Some("model_not_found"))
    );
    assert!(error.attempts().is_empty() && a.asked().is_empty());
}

#[tokio::test]
async fn only_targets_that_can_do_what_is_needed_are_asked() {
    let plain = Puppet::new("plain").can(Capabilities::NONE);
    let able = Puppet::new("able");
    let client = client_of([&plain, &able]);
    let tool = Tool::new("now", "Tells the time.", serde_json::json!({"type": "object"}));
    let answer = client
        .chat(ChatRequest::user("?").tool(tool.clone()))
        .await
        .unwrap();
    assert_eq!(answer.provider().as_str(), "able");
    assert_eq!(answer.attempts().len(), 1, "an unable target is not an attempt");

    let client = client_of([&plain]);
    let error = client.chat(ChatRequest::user("?").tool(tool)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert!(error.to_string().contains("the request needs tools"), "{error}");
    let error = client.stream(ChatRequest::user("?")).await.unwrap_err();
    assert!(
        error.to_string().contains("the request needs streaming"),
        "{error}"
    );
    assert_eq!(client.ask("?").await.unwrap().text(), "plain");
    assert_eq!(plain.asked().len(), 1);
}

#[tokio::test]
async fn a_conversation_too_long_goes_only_where_there_is_more_room() {
    let small = Puppet::new("small")
        .context(8_000)
        .fails(ErrorKind::ContextOverflow);
    let same = Puppet::new("same").context(8_000);
    let unknown = Puppet::new("unknown");
    let large = Puppet::new("large").context(200_000);
    let client = client_of([&small, &same, &unknown, &large]);
    assert_eq!(client.ask("?").await.unwrap().text(), "large");
    assert!(same.asked().is_empty() && unknown.asked().is_empty());

    let small = small.fails(ErrorKind::ContextOverflow);
    let error = client_of([&small, &same]).ask("?").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ContextOverflow);
    assert!(same.asked().is_empty());
}

#[tokio::test]
async fn a_target_may_say_how_much_room_there_is() {
    let small = Puppet::new("small").fails(ErrorKind::ContextOverflow);
    let client = LlmClient::builder()
        .target(LlmTarget::new(small, "m").context_tokens(8_000))
        .target(LlmTarget::new(Puppet::new("same"), "m").context_tokens(8_000))
        .target(LlmTarget::new(Puppet::new("large"), "m").context_tokens(200_000))
        .build()
        .unwrap();
    assert_eq!(client.ask("?").await.unwrap().text(), "large");
}

#[tokio::test]
async fn a_named_provider_is_asked_alone_by_its_instance_or_its_kind() {
    let (a, b) = (
        Puppet::new("a").fails(ErrorKind::Authentication),
        Puppet::new("b"),
    );
    let client = client_of([&a, &b]);
    let refused = client
        .chat(ChatRequest::user("?").provider("a"))
        .await
        .unwrap_err();
    assert_eq!(refused.kind(), ErrorKind::Authentication, "b is not asked");
    assert_eq!(b.asked().len(), 0);
    let answer = client
        .chat(ChatRequest::user("?").provider("puppet"))
        .await
        .unwrap();
    assert_eq!(
        (answer.provider().as_str(), answer.kind()),
        ("b", "puppet"),
        "both are of this kind"
    );
    let nobody = client
        .chat(ChatRequest::user("?").provider("c"))
        .await
        .unwrap_err();
    assert_eq!(
        (nobody.kind(), nobody.code()),
        (ErrorKind::ModelNotFound, Some("provider_not_found"))
    );
}

#[tokio::test]
async fn a_target_that_cannot_be_asked_does_not_stand_before_one_that_can() {
    for kind in [ErrorKind::Unsupported, ErrorKind::Config] {
        let unable = Puppet::new("unable").fails(kind);
        let able = Puppet::new("able");
        let client = client_of([&unable, &able]);
        assert_eq!(client.ask("?").await.unwrap().text(), "able", "{kind:?}");
        assert_eq!(unable.asked().len(), 1, "{kind:?}");

        let busy = || Error::new(ErrorKind::RateLimited).with_retry_after(60 * SECOND);
        let busy = Puppet::new("busy").does([Move::Fails(busy())]);
        let error = client_of([&busy, &unable.fails(kind)])
            .ask("?")
            .await
            .unwrap_err();
        let told = (error.kind(), error.retry_after());
        assert_eq!(
            told,
            (ErrorKind::RateLimited, Some(60 * SECOND)),
            "who was asked tells more than who could not be"
        );
    }
    let unable = Puppet::new("unable").fails(ErrorKind::Unsupported);
    let error = client_of([&unable]).ask("?").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
