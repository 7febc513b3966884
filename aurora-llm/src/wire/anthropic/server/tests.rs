use serde_json::{Value, json};

use super::{decode_request, unwrap, wrap};
use crate::error::ErrorKind;
use crate::provider::ProviderId;

#[test]
fn our_server_refuses_what_it_could_not_give_back() {
    let ask = |extra: Value| {
        let mut body =
            json!({"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": "Hi"}]});
        body.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        decode_request(body.to_string().as_bytes())
    };
    let image = json!({"type": "tool_result", "tool_use_id": "t", "content": [{"type": "image"}]});
    for extra in [
        json!({"tools": [{"type": "web_search_20250305", "name": "web_search"}]}),
        json!({"messages": [{"role": "user", "content": [image]}]}),
        json!({"messages": [{"role": "user", "content": [{"type": "image", "source": {"type": "file"}}]}]}),
        json!({"output_config": {"task_budget": {}}}),
    ] {
        assert_eq!(
            ask(extra.clone()).unwrap_err().kind(),
            ErrorKind::Unsupported,
            "{extra}"
        );
    }
    for extra in [
        json!({"max_tokens": null}),
        json!({"top_k": "many"}),
        json!({"messages": []}),
        json!({"messages": [{"role": "robot", "content": "x"}]}),
        json!({"tool_choice": {"type": "tool"}}),
    ] {
        assert_eq!(
            ask(extra.clone()).unwrap_err().kind(),
            ErrorKind::InvalidRequest,
            "{extra}"
        );
    }
}

#[test]
fn signatures_find_back_to_their_issuer() {
    for name in ["anthropic", "anthropic/eu:1", "", "é"] {
        let provider = ProviderId::new(name);
        let signature = unwrap(&wrap(&provider, "a:b==")).unwrap();
        assert_eq!(
            (signature.provider, signature.value.as_str()),
            (provider, "a:b==")
        );
    }
    for foreign in [
        "EqRkLm==",
        "aurora1:",
        "aurora1:99:x:y",
        "aurora1:1:é:y",
        "aurora1:x:y:z",
    ] {
        assert!(unwrap(foreign).is_none(), "{foreign}");
    }
}
