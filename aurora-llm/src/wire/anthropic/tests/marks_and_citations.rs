//! Marks for the prompt cache, citations, counts and lists, on both sides.

use bytes::Bytes;
use serde_json::{Value, json};

use crate::chat::{
    CacheTtl, ChatRequest, ChatResponse, Citation, FinishReason, Media, MediaSource, Message, Part,
    Reasoning, ReasoningEffort, Role, Signature, Speech, StreamEvent, Tool, ToolCall, ToolChoice, ToolResult,
};
use crate::error::{Error, ErrorKind};
use crate::provider::{Call, ModelInfo};
use crate::tokens::{CountSource, TokenCount};
use crate::usage::Usage;
use crate::wire::anthropic::server::{
    StreamEncoder, decode_count, decode_request, encode_count, encode_models, encode_response,
};
use crate::wire::anthropic::{DIALECT, Options};
use crate::wire::tests::{claude, collect, fixture, read};
use crate::wire::{Codec as _, ResponseHead, Streaming};

fn encoded(request: ChatRequest, model: &str) -> Result<Value, Error> {
    let wire = claude().encode(&Call::new(request, model), Streaming::No)?;
    Ok(serde_json::from_slice(&wire.body).unwrap())
}

fn pdf() -> Part {
    let source = MediaSource::Bytes(Bytes::from_static(b"%PDF"));
    Part::Document(Media::new("application/pdf", source))
}

/// A conversation with a mark in each place where one may stand.
fn marked() -> ChatRequest {
    let mut tool = Tool::new("weather", "Tells the weather.", json!({"type": "object"}));
    tool.cache_point = Some(CacheTtl::OneHour);
    let thought = Reasoning::new("hmm", Some(Signature::new("anthropic/eu".into(), "sig==")));
    ChatRequest::new(vec![
        Message::new(
            Role::System,
            vec![Part::text("Be brief."), Part::CachePoint(CacheTtl::OneHour)],
        ),
        Message::new(Role::User, vec![pdf(), Part::text("What?")]),
        Message::new(
            Role::Assistant,
            vec![
                Part::ToolCall(ToolCall::new("t1", "weather", "{}")),
                Part::Reasoning(thought),
                Part::CachePoint(CacheTtl::FiveMinutes),
            ],
        ),
        Message::new(
            Role::Tool,
            vec![
                Part::ToolResult(ToolResult::new("t1", "31 °C")),
                Part::CachePoint(CacheTtl::FiveMinutes),
            ],
        ),
        Message::user("And?"),
    ])
    .tool(tool)
}

#[test]
fn a_cache_point_marks_the_block_before_it() {
    let body = encoded(marked(), "claude-sonnet-4-5").unwrap();
    let hour = json!({"type": "ephemeral", "ttl": "1h"});
    let usual = json!({"type": "ephemeral"});
    assert_eq!(body["system"][0]["cache_control"], hour);
    assert_eq!(body["tools"][0]["cache_control"], hour);
    let said = &body["messages"][1]["content"];
    assert_eq!(
        (&said[0]["cache_control"], &said[1]["type"]),
        (&usual, &json!("thinking"))
    );
    assert!(said[1].get("cache_control").is_none(), "thinking bears no mark");
    let answered = &body["messages"][2]["content"];
    assert_eq!(answered[0]["cache_control"], usual);
    assert!(answered[1].get("cache_control").is_none());

    let asked = decode_request(body.to_string().as_bytes()).unwrap().request;
    assert_eq!(asked.tools[0].cache_point, Some(CacheTtl::OneHour));
    let marks = asked.messages.iter().flat_map(|message| &message.parts);
    let marks: Vec<_> = marks.filter(|part| matches!(part, Part::CachePoint(_))).collect();
    assert_eq!(marks.len(), 3, "our server keeps them");
    assert_eq!(
        asked.messages[3].parts[1],
        Part::CachePoint(CacheTtl::FiveMinutes),
        "beside the result"
    );
    let again = encoded(asked, "claude-sonnet-4-5").unwrap();
    assert_eq!(again["messages"][2], body["messages"][2]);
    assert_eq!(
        (&again["system"], &again["tools"]),
        (&body["system"], &body["tools"])
    );
}

#[test]
fn a_mark_without_anything_before_it_is_nothing_and_a_fifth_is_refused() {
    let mark = || Part::CachePoint(CacheTtl::FiveMinutes);
    let first = ChatRequest::new(vec![Message::new(Role::User, vec![mark(), Part::text("Hi")])]);
    let body = encoded(first, "claude-sonnet-4-5").unwrap();
    assert!(!body.to_string().contains("cache_control"), "{body}");
    let earlier = ChatRequest::new(vec![
        Message::user("Hi"),
        Message::new(Role::Assistant, vec![mark(), Part::text("Hello")]),
    ]);
    let body = encoded(earlier, "claude-sonnet-4-5").unwrap();
    assert!(
        body["messages"][0]["content"][0].get("cache_control").is_some(),
        "up to here is the turn before"
    );
    let mut five = marked();
    five.messages
        .push(Message::new(Role::User, vec![Part::text("x"), mark()]));
    let error = encoded(five, "claude-sonnet-4-5").unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
}

fn cited(text: &str, words: &str, title: &str) -> Citation {
    let mut citation = Citation::new(text);
    (citation.cited, citation.title) = (Some(words.into()), Some(title.into()));
    citation
}

#[test]
fn citations_come_with_the_words_that_rest_on_them() {
    let mut document = cited("grass is green", "The grass is green. ", "Nature");
    document.id = Some("0".into());
    let mut page = cited("grass is green", "Blue.", "Sky");
    page.url = Some("https://x.example/sky".into());
    let whole = claude()
        .decode(
            &ResponseHead::default(),
            &fixture(DIALECT, "answer_citations.json"),
        )
        .unwrap();
    let citations = [Part::Citation(document), Part::Citation(page)];
    assert_eq!(whole.message.parts[2..4], citations);
    assert_eq!(
        (whole.text().as_str(), &whole.finish),
        (
            "As you know, grass is green.",
            &FinishReason::Other("pause_turn".into())
        )
    );
    let mut usage = Usage::new(25, 12);
    (usage.cache_read, usage.cache_write, usage.cache_write_hour) = (100, 4, 3);
    assert_eq!(
        whole.usage,
        Some(usage.clone()),
        "what is kept for an hour is apart"
    );

    let (events, outcome) = read(&claude(), [fixture(DIALECT, "citations.sse").as_slice()]);
    assert_eq!(outcome, Ok(()));
    let streamed = collect(&events).unwrap();
    let kept = |answer: &ChatResponse| {
        let parts = answer.message.parts.iter();
        parts
            .filter(|part| matches!(part, Part::Citation(_)))
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(kept(&streamed), citations);
    assert_eq!((streamed.text(), streamed.usage), (whole.text(), Some(usage)));

    let back = encoded(
        ChatRequest::new(vec![Message::user("Hi"), whole.message]),
        "claude-sonnet-4-5",
    );
    assert!(
        !back.unwrap().to_string().contains("citation"),
        "they are not sent back"
    );
}

#[test]
fn citations_survive_a_server_of_ours() {
    let mut document = cited("grass is green", "The grass is green. ", "Nature");
    document.id = Some("2".into());
    let mut page = cited("grass is green", "Blue.", "Sky");
    page.url = Some("https://x.example/sky".into());
    let parts = vec![
        Part::text("grass is green"),
        Part::Citation(document),
        Part::Citation(page),
        Part::text("!"),
    ];
    let mut usage = Usage::new(25, 12);
    (
        usage.cache_read,
        usage.cache_write,
        usage.cache_write_hour,
        usage.searches,
    ) = (100, 4, 3, 2);
    let message = Message::new(Role::Assistant, parts);
    let answer = ChatResponse::new("msg_1", "m", message, FinishReason::Stop, Some(usage));
    let whole = claude()
        .decode(&ResponseHead::default(), &encode_response(&answer))
        .unwrap();
    assert_eq!(whole, answer);

    let mut encoder = StreamEncoder::default();
    let mut wire = Vec::new();
    let start = StreamEvent::Start {
        id: "msg_1".into(),
        model: "m".into(),
    };
    let end = StreamEvent::Finish {
        reason: FinishReason::Stop,
        usage: answer.usage.clone(),
    };
    let said = answer.message.parts.iter().map(|part| match part {
        Part::Text(text) => StreamEvent::Text(text.clone()),
        Part::Citation(citation) => StreamEvent::Citation(citation.clone()),
        other => panic!("{other:?}"),
    });
    for event in std::iter::once(start).chain(said).chain([end]) {
        encoder.push(&event, &mut wire);
    }
    let (events, outcome) = read(&claude(), [wire.as_slice()]);
    assert_eq!(outcome, Ok(()));
    assert_eq!(collect(&events).unwrap(), answer);
}

#[test]
fn documents_are_cited_when_asked_for() {
    let request = || ChatRequest::new(vec![Message::new(Role::User, vec![pdf(), Part::text("What?")])]);
    let options = Options::default().citations().service_tier("standard_only");
    let body = encoded(request().provider_options(&options).unwrap(), "claude-sonnet-4-5").unwrap();
    let content = &body["messages"][0]["content"];
    assert_eq!(content[0]["citations"], json!({"enabled": true}));
    assert!(content[1].get("citations").is_none() && body.get("citations").is_none());
    assert_eq!(body["service_tier"], "standard_only");
    let asked = decode_request(body.to_string().as_bytes()).unwrap().request;
    assert_eq!(encoded(asked, "claude-sonnet-4-5").unwrap(), body);
    assert!(
        !encoded(request(), "claude-sonnet-4-5")
            .unwrap()
            .to_string()
            .contains("citations")
    );
}

#[test]
fn what_excludes_thinking_is_refused_before_the_call() {
    let thinking = || {
        ChatRequest::user("Hi")
            .reasoning(ReasoningEffort::Low)
            .tool(Tool::new("f", "f", json!({})))
    };
    let mut wide = thinking();
    wide.top_k = Some(5);
    for request in [
        thinking().temperature(0.5),
        thinking().top_p(0.9),
        thinking().tool_choice(ToolChoice::Required),
        thinking().tool_choice(ToolChoice::Tool("f".into())),
        wide,
    ] {
        for model in ["claude-sonnet-4-5", "claude-opus-4-6"] {
            let error = encoded(request.clone(), model).unwrap_err();
            assert_eq!(
                error.kind(),
                ErrorKind::Unsupported,
                "another target may take it: {error}"
            );
        }
        let mut silent = request;
        silent.reasoning = None;
        assert!(encoded(silent, "claude-sonnet-4-5").is_ok());
    }
    let mut shown = thinking();
    shown.show_reasoning = true;
    shown.reasoning = Some(ReasoningEffort::Tokens(9_000));
    let body = encoded(shown, "claude-opus-4-7").unwrap();
    assert_eq!(
        body["thinking"],
        json!({"type": "adaptive", "display": "summarized"})
    );
    assert_eq!(body["output_config"], json!({"effort": "medium"}));
}

#[test]
fn what_has_no_word_is_refused() {
    let mut often = ChatRequest::user("Hi");
    often.frequency_penalty = Some(0.5);
    let mut said = ChatRequest::user("Hi");
    said.presence_penalty = Some(0.5);
    let mut spoken = ChatRequest::user("Hi");
    spoken.speech = Some(Speech::new("x", "wav"));
    for request in [often, said, spoken] {
        let error = encoded(request, "claude-sonnet-4-5").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
    }
    let mut narrow = ChatRequest::user("Hi");
    narrow.top_k = Some(5);
    let body = encoded(narrow.clone(), "claude-sonnet-4-5").unwrap();
    assert_eq!(body["top_k"], 5);
    assert_eq!(
        decode_request(body.to_string().as_bytes()).unwrap().request.top_k,
        Some(5)
    );
}

/// Complaint 18.
#[test]
fn a_thought_signature_never_leaves_its_endpoint() {
    let thought = |provider: &str, value: &str| {
        Part::Reasoning(Reasoning::new(
            "secret",
            Some(Signature::new(provider.into(), value)),
        ))
    };
    let call = ToolCall::new("t", "f", "{}").signed(Signature::new("gemini".into(), "Z2Vt"));
    let spoken = vec![
        thought("gemini", "Z2Vt"),
        thought("anthropic/us", "b3RoZXI="),
        thought("anthropic/eu", "b3Vycw=="),
        Part::Reasoning(Reasoning::new("secret", None)),
        Part::ToolCall(call),
    ];
    let request = ChatRequest::new(vec![Message::user("Hi"), Message::new(Role::Assistant, spoken)]);
    let body = encoded(request, "claude-sonnet-4-5").unwrap().to_string();
    assert_eq!(body.matches("secret").count(), 1, "{body}");
    assert!(
        body.contains("b3Vycw==") && !body.contains("Z2Vt") && !body.contains("b3RoZXI="),
        "{body}"
    );
}

#[test]
fn counts_and_lists_on_both_sides() {
    let wire = claude()
        .encode_count(&Call::new(marked().temperature(0.5), "claude-sonnet-4-5"))
        .unwrap();
    assert_eq!(wire.path, "/v1/messages/count_tokens");
    let body: Value = serde_json::from_slice(&wire.body).unwrap();
    let mut names: Vec<_> = body.as_object().unwrap().keys().map(String::as_str).collect();
    names.sort_unstable();
    assert_eq!(
        names,
        ["messages", "model", "system", "tools"],
        "nothing that a count does not take"
    );
    let asked = decode_count(&wire.body).unwrap();
    assert_eq!(
        (asked.messages.len(), asked.max_tokens),
        (marked().messages.len(), None)
    );
    let count = TokenCount::new(31, CountSource::Provider);
    assert_eq!(claude().decode_count(&encode_count(count)).unwrap(), count);
    assert!(claude().decode_count(b"{}").is_err());

    let (models, next) = claude()
        .decode_models(&fixture(DIALECT, "models_page_1.json"))
        .unwrap();
    assert_eq!(next.as_deref(), Some("claude-opus-4-6"));
    let second = claude().encode_models(next.as_deref());
    assert_eq!(second.path, "/v1/models");
    assert!(second.query.contains(&("after_id", "claude-opus-4-6".to_owned())));
    assert_eq!(
        (models[0].context_tokens, models[0].max_output_tokens),
        (Some(1_000_000), Some(128_000))
    );
    let (models, next) = claude()
        .decode_models(&fixture(DIALECT, "models_page_2.json"))
        .unwrap();
    assert_eq!((models[0].context_tokens, next), (None, None));
    let mut info = ModelInfo::new("smart");
    (info.name, info.max_output_tokens) = (Some("Smart".into()), Some(100));
    for (more, next) in [(true, Some("smart".to_owned())), (false, None)] {
        let page = encode_models(std::slice::from_ref(&info), more);
        assert_eq!(claude().decode_models(&page).unwrap(), (vec![info.clone()], next));
    }
}
