//! Sound, sources and counts: what stands beside the text.

use bytes::Bytes;
use serde_json::{Value, json};

use super::super::server::{StreamEncoder, encode_response};
use super::super::{DIALECT, OpenAiChat, Options};
use super::body_of;
use crate::chat::{
    CacheTtl, ChatRequest, ChatResponse, Citation, FinishReason, Media, MediaSource, Message, Part, Role,
    StreamEvent,
};
use crate::error::ErrorKind;
use crate::provider::Call;
use crate::usage::Usage;
use crate::wire::tests::{collect, fixture, openai, read};
use crate::wire::{Codec as _, ResponseHead, Streaming};
use aurora_core::time::Timestamp;

fn streamed(name: &str) -> ChatResponse {
    let (events, outcome) = read(&openai(), [fixture(DIALECT, name).as_slice()]);
    assert_eq!(outcome, Ok(()), "{name}");
    collect(&events).unwrap()
}

fn whole(name: &str) -> ChatResponse {
    openai()
        .decode(&ResponseHead::default(), &fixture(DIALECT, name))
        .unwrap()
}

fn sound(media_type: &str, bytes: &'static [u8]) -> Part {
    Part::Audio(Media::new(
        media_type,
        MediaSource::Bytes(Bytes::from_static(bytes)),
    ))
}

fn counted() -> Usage {
    let mut usage = Usage::new(16, 5);
    (usage.cache_read, usage.cache_write, usage.audio_input) = (8, 4, 12);
    (usage.reasoning, usage.audio_output) = (5, 20);
    usage
}

#[test]
fn a_spoken_answer_is_its_words_and_its_sound() {
    let answer = streamed("speech.sse");
    let pcm = sound("audio/pcm", &[0, 1, 2, 3, 4, 5]);
    assert_eq!(answer.message.parts, [Part::text("Olá mundo"), pcm]);
    let answer = whole("answer_speech.json");
    let wav = sound("audio/wav", b"RIFF\0\0");
    assert_eq!(
        answer.message.parts,
        [Part::text("Olá mundo"), wav],
        "of choice 0, which came second"
    );
    let mut spoken = ChatRequest::new(vec![Message::user("Hi"), answer.message]);
    spoken.speech = Some(crate::chat::Speech::new("alloy", "wav"));
    let body = body_of(&openai(), spoken, Streaming::No);
    assert_eq!(
        body["messages"][1],
        json!({"role": "assistant", "content": "Olá mundo"})
    );
    assert_eq!(body["modalities"], json!(["text", "audio"]));
    assert_eq!(body["audio"], json!({"voice": "alloy", "format": "wav"}));
}

#[test]
fn cached_reasoning_and_audio_tokens_are_billed_once() {
    for answer in [streamed("speech.sse"), whole("answer_speech.json")] {
        let usage = answer.usage.unwrap();
        assert_eq!(usage, counted());
        assert_eq!(
            (usage.total_input(), usage.total_output()),
            (40, 30),
            "the parts are the whole"
        );
    }
    let usage = |usage: Value| {
        let body = json!({"choices": [{"message": {"content": "Hi"}}], "usage": usage});
        let answer = openai().decode(&ResponseHead::default(), body.to_string().as_bytes());
        answer.unwrap().usage.unwrap()
    };
    let details = json!({"reasoning_tokens": 300});
    let within = usage(
        json!({"prompt_tokens": 10, "completion_tokens": 500, "total_tokens": 510, "completion_tokens_details": details}),
    );
    assert_eq!((within.output, within.reasoning), (200, 300), "as OpenAI counts");
    let beside = usage(
        json!({"prompt_tokens": 10, "completion_tokens": 500, "total_tokens": 810, "completion_tokens_details": details}),
    );
    assert_eq!(
        (beside.output, beside.reasoning),
        (500, 300),
        "as xAI counts, which the total tells"
    );
    let cached = usage(json!({
        "prompt_tokens": 10, "completion_tokens": 1,
        "prompt_tokens_details": {"cached_tokens": 9, "audio_tokens": 5, "cache_write_tokens": 7},
    }));
    assert_eq!(cached.total_input(), 10, "never more than the whole: {cached:?}");
}

#[test]
fn the_latest_usage_replaces_those_before() {
    let answer = streamed("usage_on_every_chunk.sse");
    assert_eq!(
        (answer.usage, answer.finish),
        (Some(Usage::new(5, 3)), FinishReason::Length)
    );
}

#[test]
fn other_choices_are_passed_over() {
    let answer = streamed("several_choices.sse");
    assert_eq!(answer.message.parts, [Part::text("Hi there")]);
    assert_eq!(answer.finish, FinishReason::Stop);
}

#[test]
fn sources_are_citations() {
    let mut nasa = Citation::new("(nasa.gov)");
    (nasa.url, nasa.title) = (Some("https://nasa.gov/a".into()), Some("Auroras".into()));
    let expected = [Part::text("Auroras são luz (nasa.gov)."), Part::Citation(nasa)];
    assert_eq!(streamed("annotations.sse").message.parts, expected);
    assert_eq!(whole("answer_annotations.json").message.parts, expected);
    let listed = streamed("listed_sources.sse").message.parts;
    let addresses: Vec<_> = listed
        .iter()
        .filter_map(|part| match part {
            Part::Citation(citation) => citation.url.as_deref(),
            _ => None,
        })
        .collect();
    assert_eq!(addresses, ["https://a.example", "https://b.example"], "told once");
}

#[test]
fn hints_and_sources_are_not_sent_back() {
    let parts = vec![
        Part::text("Hi"),
        Part::Citation(Citation::new("Hi")),
        sound("audio/wav", b"RIFF"),
        Part::CachePoint(CacheTtl::OneHour),
    ];
    let asked = vec![Part::text("Hi"), Part::CachePoint(CacheTtl::FiveMinutes)];
    let request = ChatRequest::new(vec![
        Message::new(Role::Assistant, parts),
        Message::new(Role::User, asked),
    ]);
    let expected = json!([{"role": "assistant", "content": "Hi"}, {"role": "user", "content": "Hi"}]);
    assert_eq!(body_of(&openai(), request, Streaming::No)["messages"], expected);
}

#[test]
fn top_k_goes_to_those_who_know_it() {
    let mut request = ChatRequest::user("Hi");
    request.top_k = Some(40);
    let error = openai()
        .encode(&Call::new(request.clone(), "m"), Streaming::No)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(
        body_of(&OpenAiChat::compatible(), request, Streaming::No)["top_k"],
        40
    );
}

#[test]
fn typed_options_are_sent_as_the_dialect_writes_them() {
    let options = Options::default()
        .service_tier("priority")
        .verbosity("low")
        .logit_bias(50_256, -100)
        .prediction("fn main() {}")
        .store(false)
        .safety_identifier("u")
        .prompt_cache_retention("24h");
    let request = ChatRequest::user("Hi").provider_options(&options).unwrap();
    let body = body_of(&openai(), request, Streaming::No);
    let expected = json!({
        "model": "gpt-5-mini", "messages": [{"role": "user", "content": "Hi"}],
        "service_tier": "priority", "verbosity": "low", "logit_bias": {"50256": -100},
        "prediction": {"type": "content", "content": "fn main() {}"}, "store": false,
        "safety_identifier": "u", "prompt_cache_retention": "24h",
    });
    assert_eq!(body, expected);
}

#[test]
fn our_server_speaks_and_cites() {
    let mut source = Citation::new("mundo");
    source.url = Some("https://example.com".into());
    let parts = vec![
        Part::text("Olá mundo"),
        Part::Citation(source),
        sound("audio/wav", b"RIFF\0\0"),
    ];
    let message = Message::new(Role::Assistant, parts);
    let answer = ChatResponse::new("a", "m", message, FinishReason::Stop, Some(counted()));
    let body = encode_response(&answer, Timestamp::from_secs(7));
    let wire: Value = serde_json::from_slice(&body).unwrap();
    let written = &wire["choices"][0]["message"];
    assert_eq!(written["content"], Value::Null, "as OpenAI has it");
    assert_eq!(written["audio"]["transcript"], "Olá mundo");
    assert_eq!(written["annotations"][0]["url_citation"]["start_index"], 4);
    assert_eq!(openai().decode(&ResponseHead::default(), &body).unwrap(), answer);

    let mut encoder = StreamEncoder::new(Timestamp::from_secs(7)).include_usage(true);
    let mut out = Vec::new();
    encoder.push(
        &StreamEvent::Start {
            id: "a".into(),
            model: "m".into(),
        },
        &mut out,
    );
    for part in &answer.message.parts {
        let event = match part {
            Part::Text(text) => StreamEvent::Text(text.clone()),
            Part::Citation(citation) => StreamEvent::Citation(citation.clone()),
            Part::Audio(media) => StreamEvent::Media(media.clone()),
            other => panic!("{other:?}"),
        };
        encoder.push(&event, &mut out);
    }
    let usage = answer.usage.clone();
    encoder.push(
        &StreamEvent::Finish {
            reason: FinishReason::Stop,
            usage,
        },
        &mut out,
    );
    let (events, outcome) = read(&openai(), [out.as_slice()]);
    assert_eq!((collect(&events).unwrap(), outcome), (answer, Ok(())));
}
