use serde_json::{Value, json};

use super::{decode_embeddings, decode_request, decode_rerank, encode_embeddings, encode_rerank};
use crate::chat::{Part, ReasoningEffort, ToolChoice};
use crate::embed::{EmbedPurpose, EmbedResponse};
use crate::error::ErrorKind;
use crate::provider::Call;
use crate::rerank::{Ranked, RerankResponse};
use crate::usage::Usage;
use crate::wire::cohere;
use crate::wire::tests::fixture;

#[test]
fn what_a_client_of_cohere_sends_is_read() {
    let asked = decode_request(&fixture("cohere", "request_everything.json")).unwrap();
    assert!(asked.streaming.is_on());
    let request = asked.request;
    assert_eq!(request.model.as_deref(), Some("smart"));
    assert_eq!(request.tool_choice, ToolChoice::Required);
    assert_eq!(request.tools[0].strict, Some(true));
    assert_eq!(request.reasoning, Some(ReasoningEffort::Tokens(2_000)));
    assert_eq!(
        (request.top_k, request.top_p, request.seed),
        (Some(40), Some(0.8), Some(7))
    );
    assert_eq!(request.options["cohere"]["safety_mode"], "STRICT");
    assert_eq!(
        request.options["cohere"].len(),
        2,
        "nothing that was read stays beside it"
    );
    let needs = request.needs();
    assert!(needs.images && needs.documents && needs.tools && needs.reasoning);
    let documents = request.messages[4]
        .parts
        .iter()
        .filter(|part| matches!(part, Part::Document(_)));
    assert_eq!(documents.count(), 2, "they stand where the user speaks last");
    let Part::ToolResult(result) = &request.messages[3].parts[0] else {
        panic!("{:?}", request.messages[3]);
    };
    assert_eq!(
        (result.call_id.as_str(), result.content.as_str()),
        ("c1", r#"{"seen":"a cat"}"#)
    );
}

#[test]
fn what_cannot_be_read_is_refused() {
    let ask = |extra: Value| {
        let mut body = json!({"model": "m", "messages": [{"role": "user", "content": "Hi"}]});
        body.as_object_mut()
            .unwrap()
            .extend(extra.as_object().unwrap().clone());
        decode_request(body.to_string().as_bytes()).unwrap_err().kind()
    };
    let user = |content: Value| json!({"messages": [{"role": "user", "content": content}]});
    for extra in [
        json!({"model": null}),
        json!({"messages": []}),
        json!({"messages": [{"role": "robot", "content": "x"}]}),
        json!({"messages": [{"role": "tool", "content": "x"}]}),
        json!({"messages": [{"role": "assistant", "tool_calls": [{"id": "", "function": {"name": "f"}}]}]}),
        json!({"messages": [{"role": "system", "content": "x"}], "documents": ["d"]}),
        json!({"tool_choice": "f"}),
        json!({"response_format": {"type": "xml"}}),
        json!({"thinking": {"type": "perhaps"}}),
        user(json!([{"type": "text"}])),
        user(json!([{"type": "image_url", "image_url": {"url": "data:image/png,raw"}}])),
    ] {
        assert_eq!(ask(extra.clone()), ErrorKind::InvalidRequest, "{extra}");
    }
    assert_eq!(ask(user(json!([{"type": "video"}]))), ErrorKind::Unsupported);
}

#[test]
fn embeddings_go_both_ways() {
    let body = br#"{"model":"m","input_type":"search_query","texts":["a"],"embedding_types":["float"],"truncate":"END"}"#;
    let request = decode_embeddings(body).unwrap();
    assert_eq!((request.purpose, request.inputs.len()), (EmbedPurpose::Query, 1));
    assert_eq!(request.options["cohere"]["truncate"], "END");
    let call = Call::new(request, "m");
    let sent: Value = serde_json::from_slice(&cohere::encode_embeddings(&call).unwrap().body).unwrap();
    assert_eq!(sent, serde_json::from_slice::<Value>(body).unwrap());
    let response = EmbedResponse::new("m", vec![vec![0.5, 1.0]], Some(Usage::new(3, 0)));
    let body = encode_embeddings(&response, &call.request, "e-1");
    assert_eq!(cohere::decode_embeddings(&body, &call).unwrap(), response);
    for (body, kind) in [
        (r#"{"model":"m","texts":["a"]}"#, ErrorKind::InvalidRequest),
        (
            r#"{"model":"m","input_type":"image","texts":["a"]}"#,
            ErrorKind::InvalidRequest,
        ),
        (
            r#"{"model":"m","input_type":"clustering","texts":[]}"#,
            ErrorKind::InvalidRequest,
        ),
        (
            r#"{"model":"m","input_type":"clustering","images":["data:"]}"#,
            ErrorKind::Unsupported,
        ),
        (
            r#"{"model":"m","input_type":"clustering","texts":["a"],"embedding_types":["int8"]}"#,
            ErrorKind::Unsupported,
        ),
    ] {
        assert_eq!(
            decode_embeddings(body.as_bytes()).unwrap_err().kind(),
            kind,
            "{body}"
        );
    }
}

#[test]
fn rerank_goes_both_ways() {
    let body = br#"{"model":"m","query":"q","documents":["a","b"],"top_n":1,"max_tokens_per_doc":99}"#;
    let call = Call::new(decode_rerank(body).unwrap(), "m");
    let sent: Value = serde_json::from_slice(&cohere::encode_rerank(&call).unwrap().body).unwrap();
    assert_eq!(sent, serde_json::from_slice::<Value>(body).unwrap());
    let usage = Usage {
        searches: 1,
        ..Usage::default()
    };
    let response = RerankResponse::new("m", vec![Ranked::new(1, 0.5)], Some(usage));
    let body = encode_rerank(&response, "r-1");
    assert_eq!(cohere::decode_rerank(&body, &call).unwrap(), response);
    assert_eq!(
        decode_rerank(br#"{"model":"m","query":"q","documents":[]}"#)
            .unwrap_err()
            .kind(),
        ErrorKind::InvalidRequest
    );
}
