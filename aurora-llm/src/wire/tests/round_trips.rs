//! What our servers write, our clients read back unchanged.

use aurora_core::time::Timestamp;
use proptest::prelude::*;

use super::{claude, collect, openai, read, responses};
use crate::chat::{
    ChatResponse, FinishReason, Message, Part, Reasoning, Role, Signature, StreamEvent, ToolCall,
};
use crate::usage::Usage;
use crate::wire::cohere::CohereChat;
use crate::wire::ollama::OllamaChat;
use crate::wire::{Codec, ResponseHead, anthropic, cohere, ollama, openai_chat, openai_responses};

fn any_text() -> impl Strategy<Value = String> {
    "[a-z\"\\\\\n\r\u{e9}\u{1F600}{}:]{1,12}"
}

fn call(id: usize, argument: &str) -> Part {
    Part::ToolCall(ToolCall {
        id: format!("call_{id}"),
        name: "lookup".to_owned(),
        arguments: serde_json::json!({"q": argument}).to_string(),
        signature: None,
    })
}

fn usage() -> impl Strategy<Value = Usage> {
    proptest::array::uniform5(0_u64..9_000).prop_map(|[input, cache_read, cache_write, output, reasoning]| {
        let mut usage = Usage::new(input + 1, output);
        (usage.cache_read, usage.cache_write, usage.reasoning) = (cache_read, cache_write, reasoning);
        usage
    })
}

prop_compose! {
    /// An answer in the order in which OpenAI's dialect holds it, with signatures only where they are wanted.
    fn answer(signed: bool)(
        reasoning in proptest::option::of(any_text()),
        text in proptest::option::of(any_text()),
        arguments in proptest::collection::vec(any_text(), 0..3),
        usage in usage(),
        cut in any::<bool>(),
    ) -> ChatResponse {
        let signature = signed.then(|| Signature { provider: "anthropic/eu".into(), value: "sig==".into() });
        let mut parts: Vec<Part> = reasoning.map(|text| Part::Reasoning(Reasoning { text, signature })).into_iter().collect();
        parts.extend(text.map(Part::Text));
        parts.extend(arguments.iter().enumerate().map(|(id, argument)| call(id, argument)));
        let finish = match (cut, arguments.is_empty()) {
            (true, _) => FinishReason::Length,
            (false, true) => FinishReason::Stop,
            (false, false) => FinishReason::ToolCalls,
        };
        ChatResponse {
            id: "answer-1".to_owned(),
            model: "model-1".to_owned(),
            message: Message::new(Role::Assistant, parts),
            finish,
            usage: Some(usage),
        }
    }
}

/// The events that stream `answer`, with its calls interleaved.
fn events(answer: &ChatResponse) -> Vec<StreamEvent> {
    let mut events = vec![StreamEvent::Start {
        id: answer.id.clone(),
        model: answer.model.clone(),
    }];
    let calls: Vec<&ToolCall> = answer.tool_calls().collect();
    for part in &answer.message.parts {
        match part {
            Part::Text(text) => events.extend(text.chars().map(|char| StreamEvent::Text(char.to_string()))),
            Part::Reasoning(reasoning) => {
                events.push(StreamEvent::Reasoning(reasoning.text.clone()));
                events.extend(reasoning.signature.clone().map(StreamEvent::Signature));
            }
            _ => {}
        }
    }
    for (index, call) in (0..).zip(&calls) {
        let (id, name) = (call.id.clone(), call.name.clone());
        events.push(StreamEvent::ToolCallStart { index, id, name });
    }
    let longest = calls
        .iter()
        .map(|call| call.arguments.chars().count())
        .max()
        .unwrap_or(0);
    for at in 0..longest {
        for (index, call) in (0..).zip(&calls) {
            let fragment = call.arguments.chars().nth(at).map(String::from);
            events.extend(fragment.map(|arguments| StreamEvent::ToolCallDelta { index, arguments }));
        }
    }
    let ends = (0..)
        .zip(&calls)
        .map(|(index, _)| StreamEvent::ToolCallEnd { index });
    events.extend(ends);
    events.push(StreamEvent::Finish {
        reason: answer.finish.clone(),
        usage: answer.usage.clone(),
    });
    events
}

proptest! {
    #[test]
    fn openai_answers(answer in answer(false)) {
        let body = openai_chat::server::encode_response(&answer, Timestamp::UNIX_EPOCH);
        prop_assert_eq!(openai().decode(&ResponseHead::default(), &body).unwrap(), answer);
    }

    #[test]
    fn openai_responses(answer in answer(true)) {
        let body = openai_responses::server::encode_response(&answer, Timestamp::UNIX_EPOCH);
        prop_assert_eq!(unsealed(responses().decode(&ResponseHead::default(), &body).unwrap()), answer);
    }

    #[test]
    fn openai_response_streams(answer in answer(true)) {
        let mut encoder = openai_responses::server::StreamEncoder::new(Timestamp::UNIX_EPOCH);
        let mut wire = Vec::new();
        for event in events(&answer) {
            encoder.push(&event, &mut wire);
        }
        let (read, outcome) = read(&responses(), [wire.as_slice()]);
        prop_assert_eq!(outcome, Ok(()));
        prop_assert_eq!(unsealed(collect(&read).unwrap()), answer);
    }

    #[test]
    fn anthropic_answers(answer in answer(true)) {
        let body = anthropic::server::encode_response(&answer);
        let read = claude().decode(&ResponseHead::default(), &body).unwrap();
        prop_assert_eq!(rewrapped(read), answer);
    }

    #[test]
    fn openai_streams(answer in answer(false)) {
        let mut encoder = openai_chat::server::StreamEncoder::new(Timestamp::UNIX_EPOCH).include_usage(true);
        let mut wire = Vec::new();
        for event in events(&answer) {
            encoder.push(&event, &mut wire);
        }
        let (read, outcome) = read(&openai(), [wire.as_slice()]);
        prop_assert_eq!(outcome, Ok(()));
        prop_assert_eq!(collect(&read).unwrap(), answer);
    }

    #[test]
    fn anthropic_streams(answer in answer(true)) {
        let mut encoder = anthropic::server::StreamEncoder::default();
        let mut wire = Vec::new();
        for event in events(&answer) {
            encoder.push(&event, &mut wire);
        }
        let (read, outcome) = read(&claude(), [wire.as_slice()]);
        prop_assert_eq!(outcome, Ok(()));
        prop_assert_eq!(rewrapped(collect(&read).unwrap()), answer);
    }

    #[test]
    fn cohere_answers(answer in answer(false)) {
        let answer = as_cohere_tells(answer);
        let body = cohere::server::encode_response(&answer);
        prop_assert_eq!(CohereChat.decode(&ResponseHead::default(), &body).unwrap(), answer);
    }

    #[test]
    fn cohere_streams(answer in answer(false)) {
        let answer = as_cohere_tells(answer);
        let mut encoder = cohere::server::StreamEncoder::default();
        let mut wire = Vec::new();
        for event in events(&answer) {
            encoder.push(&event, &mut wire);
        }
        let (read, outcome) = read(&CohereChat, [wire.as_slice()]);
        prop_assert_eq!(outcome, Ok(()));
        prop_assert_eq!(collect(&read).unwrap(), answer);
    }

    #[test]
    fn ollama_answers(answer in answer(false)) {
        let answer = as_ollama_tells(answer);
        let body = ollama::server::encode_response(&answer, Timestamp::UNIX_EPOCH);
        prop_assert_eq!(OllamaChat::default().decode(&ResponseHead::default(), &body).unwrap(), answer);
    }

    #[test]
    fn ollama_streams(answer in answer(false)) {
        let answer = as_ollama_tells(answer);
        let mut encoder = ollama::server::StreamEncoder::new(Timestamp::UNIX_EPOCH);
        let mut wire = Vec::new();
        for event in events(&answer) {
            encoder.push(&event, &mut wire);
        }
        let (read, outcome) = read(&OllamaChat::default(), [wire.as_slice()]);
        prop_assert_eq!(outcome, Ok(()));
        prop_assert_eq!(collect(&read).unwrap(), answer);
    }
}

/// The answer with what Ollama has words for: no id, and of the usage only the sums.
fn as_ollama_tells(mut answer: ChatResponse) -> ChatResponse {
    answer.id.clear();
    answer.usage = answer
        .usage
        .map(|usage| Usage::new(usage.total_input(), usage.total_output()));
    answer
}

/// The answer with what Cohere has words for: no model, and of the usage only the sums.
fn as_cohere_tells(mut answer: ChatResponse) -> ChatResponse {
    answer.model.clear();
    answer.usage = answer
        .usage
        .map(|usage| Usage::new(usage.total_input(), usage.total_output()));
    answer
}

/// Undoes what a client of ours sees of a server of ours: the signature is the server's own, and holds the first one.
fn rewrapped(mut answer: ChatResponse) -> ChatResponse {
    for part in &mut answer.message.parts {
        if let Part::Reasoning(Reasoning {
            signature: Some(signature),
            ..
        }) = part
        {
            assert_eq!(signature.value, "aurora1:12:anthropic/eu:sig==");
            signature.value = "sig==".to_owned();
        }
    }
    answer
}

/// As [`rewrapped`], where the signature is a reasoning item of ours.
fn unsealed(mut answer: ChatResponse) -> ChatResponse {
    for part in &mut answer.message.parts {
        if let Part::Reasoning(reasoning) = part {
            let signature = reasoning.signature.as_mut().unwrap();
            assert_eq!(signature.provider.as_str(), "openai/eu");
            let item: serde_json::Value = serde_json::from_str(&signature.value).unwrap();
            assert_eq!(item["encrypted_content"], "aurora1:12:anthropic/eu:sig==");
            *signature = Signature::new("anthropic/eu".into(), "sig==");
        }
    }
    answer
}

#[test]
fn openai_chunks_come_in_the_order_that_clients_rely_on() {
    let mut encoder = openai_chat::server::StreamEncoder::new(Timestamp::from_secs(7)).include_usage(true);
    let mut wire = Vec::new();
    for event in [
        StreamEvent::Start {
            id: "a".into(),
            model: "m".into(),
        },
        StreamEvent::Ping,
        StreamEvent::Text("Hi".into()),
        StreamEvent::Finish {
            reason: FinishReason::Stop,
            usage: Some(Usage::new(3, 1)),
        },
        StreamEvent::Text("late".into()),
    ] {
        encoder.push(&event, &mut wire);
    }
    let wire = String::from_utf8(wire).unwrap();
    let mut lines = wire
        .split("\n\n")
        .filter_map(|frame| frame.strip_prefix("data: "));
    let mut chunk = || serde_json::from_str::<serde_json::Value>(lines.next().unwrap()).unwrap();
    let first = chunk();
    assert_eq!(first["choices"][0]["delta"]["role"], "assistant");
    assert_eq!(
        (first["id"].as_str(), first["created"].as_i64()),
        (Some("a"), Some(7))
    );
    assert_eq!(first["usage"], serde_json::Value::Null);
    assert_eq!(chunk()["choices"][0]["delta"]["content"], "Hi");
    assert_eq!(chunk()["choices"][0]["finish_reason"], "stop");
    let usage = chunk();
    assert_eq!(
        (
            usage["choices"].as_array().map(Vec::len),
            &usage["usage"]["total_tokens"]
        ),
        (Some(0), &4.into())
    );
    assert_eq!(lines.next(), Some("[DONE]"));
    assert_eq!(lines.next(), None);
    assert!(wire.contains(": keep-alive\n\n"));
}

#[test]
fn usage_and_done_are_left_out_as_asked() {
    let mut encoder = openai_chat::server::StreamEncoder::new(Timestamp::UNIX_EPOCH);
    let mut wire = Vec::new();
    encoder.push(&StreamEvent::Text("Hi".into()), &mut wire);
    encoder.fail(&crate::Error::new(crate::ErrorKind::Overloaded), &mut wire);
    encoder.push(&StreamEvent::Text("late".into()), &mut wire);
    let wire = String::from_utf8(wire).unwrap();
    assert!(
        !wire.contains("usage") && !wire.contains("[DONE]") && !wire.contains("late"),
        "{wire}"
    );
    assert_eq!(
        read(&openai(), [wire.as_bytes()]).1,
        Err(crate::ErrorKind::Overloaded)
    );
}

#[test]
fn an_anthropic_stream_can_fail_in_the_middle() {
    let mut encoder = anthropic::server::StreamEncoder::default();
    let mut wire = Vec::new();
    encoder.push(&StreamEvent::Text("Hi".into()), &mut wire);
    encoder.fail(&crate::Error::new(crate::ErrorKind::RateLimited), &mut wire);
    assert!(String::from_utf8_lossy(&wire).contains("event: error\n"));
    let (events, outcome) = read(&claude(), [wire.as_slice()]);
    assert_eq!(outcome, Err(crate::ErrorKind::RateLimited));
    assert!(events.contains(&StreamEvent::Text("Hi".into())));
}
