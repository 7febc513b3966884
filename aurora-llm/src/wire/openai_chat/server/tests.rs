use serde_json::{Value, json};

use super::decode_request;
use crate::error::ErrorKind;
use crate::wire::openai_chat::DIALECT;

#[test]
fn our_server_refuses_what_it_could_not_give_back() {
    let ask = |extra: Value| {
        let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]});
        body.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        decode_request(body.to_string().as_bytes())
    };
    for extra in [
        json!({"n": 2}),
        json!({"logprobs": true}),
        json!({"modalities": ["text", "smell"]}),
        json!({"functions": [{"name": "f"}]}),
        json!({"tools": [{"type": "web_search"}]}),
        json!({"messages": [{"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}}]}),
        json!({"messages": [{"role": "assistant", "audio": {"id": "audio_1"}}]}),
        json!({"messages": [{"role": "user", "content": [{"type": "file", "file": {"file_id": "file-1"}}]}]}),
    ] {
        assert_eq!(
            ask(extra.clone()).unwrap_err().kind(),
            ErrorKind::Unsupported,
            "{extra}"
        );
    }
    for extra in [
        json!({"messages": []}),
        json!({"messages": [{"role": "robot", "content": "x"}]}),
        json!({"messages": "Hi"}),
        json!({"tool_choice": "sometimes"}),
        json!({"messages": [{"role": "tool", "content": "x"}]}),
        json!({"max_tokens": -1}),
        json!({"modalities": ["text", "audio"]}),
    ] {
        assert_eq!(
            ask(extra.clone()).unwrap_err().kind(),
            ErrorKind::InvalidRequest,
            "{extra}"
        );
    }
    let asked = ask(json!({"messages": [
        {"role": "user", "content": ""},
        {"role": "assistant", "content": "x", "function_call": null, "audio": null, "reasoning": "why", "reasoning_content": "why"},
    ]}));
    assert!(asked.is_ok(), "as vLLM and OpenRouter write it: {asked:?}");
    let kept = ask(
        json!({"n": 1, "logprobs": false, "service_tier": "flex", "frequency_penalty": 0.5, "store": null}),
    )
    .unwrap();
    let expected = json!({"logprobs": false, "service_tier": "flex"});
    assert_eq!(Value::Object(kept.request.options[DIALECT].clone()), expected);
    assert!(!kept.streaming.is_on() && !kept.include_usage);
}

#[test]
fn a_body_of_another_form_is_refused_in_words_of_json_that_repeat_nothing() {
    for (body, words) in [
        (
            r#"{"model":"m","messages":"hunter2"}"#,
            "must be an array (line 1, column 33)",
        ),
        (
            r#"{"model":"m","messages":[],"tools":{"hunter2":1}}"#,
            "must be an array (line 1, column 35)",
        ),
        (
            r#"{"model":"hunter2"}"#,
            "missing field `messages` (line 1, column 19)",
        ),
    ] {
        let error = decode_request(body.as_bytes()).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert_eq!(error.provider_message(), Some(words), "{body}");
    }
}
