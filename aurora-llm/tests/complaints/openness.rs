//! What others may be like: servers with words of their own, providers and callers from outside.

use std::sync::Arc;

use aurora_core::resilience::Hedge;
use aurora_core::time::ManualClock;
use aurora_llm::chat::{ChatRequest, FinishReason, Message, Part, Reasoning, Role, Signature};
use aurora_llm::client::{AttemptOutcome, LlmTarget};
use aurora_llm::provider::{Call, LlmProvider};
use aurora_llm::providers::simulated::{Simulated, Step};
use aurora_llm::wire::anthropic::AnthropicMessages;
use aurora_llm::wire::gemini::GenerateContent;
use aurora_llm::wire::openai_chat::OpenAiChat;
use aurora_llm::wire::{Codec as _, ResponseHead, Streaming};
use aurora_llm::{ErrorKind, LlmClient};
use metrics_util::debugging::DebuggingRecorder;
use serde_json::json;

use crate::scripted::{SECOND, Scripted, builder, in_time, of, question};

#[test]
fn complaint_17_words_that_nobody_knows_do_no_harm() {
    let head = ResponseHead::new(200, http::HeaderMap::new());
    for reason in ["", "eos", "model_length", "whatever"] {
        let body = json!({"id": "1", "model": "m", "service_tier": "on_demand", "new": {"field": [1]},
            "choices": [{"index": 0, "finish_reason": reason, "message": {"role": "assistant", "content": "Fine."}}],
            "usage": {}});
        let answer = OpenAiChat::compatible()
            .decode(&head, body.to_string().as_bytes())
            .unwrap();
        assert_eq!(
            (answer.text().as_str(), answer.usage),
            ("Fine.", None),
            "{reason:?}"
        );
    }
    let gemini = GenerateContent::new("gemini".into());
    let body = json!({"promptFeedback": {"blockReason": "OTHER"}, "usageMetadata": {}}).to_string();
    let blocked = gemini.decode(&head, body.as_bytes());
    let kind = blocked.map(|answer| answer.finish);
    assert!(
        matches!(&kind, Ok(FinishReason::ContentFilter))
            || kind
                .as_ref()
                .is_err_and(|error| error.kind() == ErrorKind::ContentFiltered),
        "{kind:?}"
    );
}

#[test]
fn complaint_18_a_signature_goes_back_to_its_maker_alone() {
    let thought = |provider: &str, value: &str| {
        let signature = Signature::new(provider.into(), value);
        let thought = Reasoning::new("a thought", Some(signature));
        let parts = vec![Part::Reasoning(thought), Part::text("Said.")];
        Message::new(Role::Assistant, parts)
    };
    let request = ChatRequest::new(vec![
        Message::user("Hi"),
        thought("gemini", "Z2VtaW5p"),
        Message::user("Go on"),
        thought("anthropic", "Y2xhdWRl"),
        Message::user("And on"),
    ]);
    let call = Call::new(request, "some-model");
    let sent = |wire: aurora_llm::wire::WireRequest| String::from_utf8(wire.body.to_vec()).unwrap();
    let gemini = sent(
        GenerateContent::new("gemini".into())
            .encode(&call, Streaming::No)
            .unwrap(),
    );
    let anthropic = sent(
        AnthropicMessages::new("anthropic".into())
            .encode(&call, Streaming::No)
            .unwrap(),
    );
    let openai = sent(OpenAiChat::openai().encode(&call, Streaming::No).unwrap());
    let has = |text: &str| (text.contains("Z2VtaW5p"), text.contains("Y2xhdWRl"));
    assert_eq!(has(&gemini), (true, false), "{gemini}");
    assert_eq!(has(&anthropic), (false, true), "{anthropic}");
    assert_eq!(has(&openai), (false, false), "{openai}");
}

#[tokio::test]
async fn complaint_19_providers_are_objects_and_a_rate_limit_can_be_matched() {
    let clock = ManualClock::default();
    // As they come out of somebody's own settings: of types that nobody knows any more.
    let busy = Simulated::new("busy")
        .script(vec![Step::status(429); 9])
        .clock(clock.clone());
    let providers: Vec<Arc<dyn LlmProvider>> = vec![Arc::new(busy), Arc::new(Scripted::new("own", &clock))];
    let first = LlmClient::builder()
        .clock(clock.clone())
        .provider(Arc::clone(&providers[0]), "m");
    let error = in_time(&clock, first.build().unwrap().chat(question()))
        .await
        .unwrap_err();
    match error.kind() {
        ErrorKind::RateLimited => {}
        other => panic!("{other:?}"),
    }
    let all = providers.into_iter().fold(builder(&clock), |builder, provider| {
        builder.provider(provider, "m")
    });
    assert_eq!(all.build().unwrap().chat(question()).await.unwrap().text(), "own");
}

#[test]
fn complaint_20_labels_are_bounded_whatever_callers_send() {
    let label_sets = |calls: usize| {
        let target = LlmTarget::new(Simulated::new("sim"), "m").serves("*");
        let client = LlmClient::builder().target(target).build().unwrap();
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let recorder = DebuggingRecorder::new();
        metrics::with_local_recorder(&recorder, || {
            runtime.block_on(async {
                for call in 0..calls {
                    let request = question().model(format!("made-up-{call}"));
                    client.chat_with(request, &of(&format!("t{call}"))).await.unwrap();
                }
            });
        });
        recorder.snapshotter().snapshot().into_vec().len()
    };
    assert!(label_sets(1) > 0);
    assert_eq!(label_sets(1), label_sets(50));
}

#[tokio::test]
async fn complaint_20_a_slow_target_is_hedged_and_what_lost_is_told() {
    let clock = ManualClock::default();
    let hedge = Hedge::default()
        .hedgeable()
        .after(SECOND)
        .max_extra_load(100)
        .clock(clock.clone());
    let client = builder(&clock)
        .provider(Scripted::new("slow", &clock).takes(60 * SECOND), "m")
        .provider(Scripted::new("quick", &clock).takes(SECOND), "m")
        .hedge(hedge)
        .build()
        .unwrap();
    let answer = in_time(&clock, client.chat(question())).await.unwrap();
    assert_eq!(answer.text(), "quick");
    let outrun = answer
        .attempts()
        .iter()
        .find(|attempt| attempt.outcome == AttemptOutcome::Outrun);
    assert_eq!(outrun.unwrap().target, "slow/m");
}
