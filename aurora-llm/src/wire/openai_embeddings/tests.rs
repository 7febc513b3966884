use proptest::prelude::*;
use serde_json::{Value, json};

use super::server::{decode_request, encode_response};
use super::{DIALECT, Encoding, OpenAiEmbeddings};
use crate::embed::{EmbedRequest, EmbedResponse};
use crate::error::ErrorKind;
use crate::provider::Call;
use crate::usage::Usage;

fn rich() -> EmbedRequest {
    let mut request = EmbedRequest::new(["a river", "um rio"]).dimensions(256);
    request.user = Some("u-1".into());
    let options = json!({"truncate": true}).as_object().unwrap().clone();
    request.options.insert(DIALECT.into(), options);
    request
}

#[test]
fn a_request_with_everything_and_back() {
    let codec = OpenAiEmbeddings::new(Encoding::Base64);
    let wire = codec
        .encode(&Call::new(rich(), "text-embedding-3-small"))
        .unwrap();
    assert_eq!(wire.path, "/embeddings");
    let body: Value = serde_json::from_slice(&wire.body).unwrap();
    let expected = json!({
        "model": "text-embedding-3-small", "input": ["a river", "um rio"], "encoding_format": "base64",
        "dimensions": 256, "user": "u-1", "truncate": true,
    });
    assert_eq!(body, expected);
    let asked = decode_request(&wire.body).unwrap();
    assert_eq!(asked.request, rich().model("text-embedding-3-small"));
    assert_eq!(asked.encoding, Encoding::Base64);
    let small = OpenAiEmbeddings::default()
        .encode(&Call::new(EmbedRequest::new(["x"]), "m"))
        .unwrap();
    let body: Value = serde_json::from_slice(&small.body).unwrap();
    assert_eq!(body, json!({"model": "m", "input": ["x"]}));
}

#[test]
fn vectors_find_their_texts_in_any_order_and_form() {
    // 1.0 and -0.5 in little-endian bytes, as numpy packs them
    let body = json!({"object": "list", "model": "m", "data": [
        {"object": "embedding", "index": 1, "embedding": "AACAPwAAAL8="},
        {"object": "embedding", "index": 0, "embedding": [0.25, 2]},
    ], "usage": {"prompt_tokens": 5, "total_tokens": 5}});
    let answer = OpenAiEmbeddings::default()
        .decode(body.to_string().as_bytes(), 2)
        .unwrap();
    assert_eq!(answer.embeddings, [[0.25, 2.0], [1.0, -0.5]]);
    assert_eq!(
        (answer.model.as_str(), answer.usage),
        ("m", Some(Usage::new(5, 0)))
    );
}

#[test]
fn answers_that_do_not_fit_the_texts_are_malformed() {
    let row = |index: usize, vector: Value| json!({"index": index, "embedding": vector});
    for data in [
        json!([]),
        json!([row(0, json!([1.0]))]),
        json!([row(0, json!([1.0])), row(0, json!([1.0]))]),
        json!([row(0, json!([1.0])), row(2, json!([1.0]))]),
        json!([row(0, json!([1.0])), row(1, json!([1.0, 2.0]))]),
        json!([row(0, json!([])), row(1, json!([]))]),
        json!([row(0, json!("AACAPw==")), row(1, json!("AACA"))]),
        json!([row(0, json!("AACAPw==")), row(1, json!("%"))]),
        json!("Maria Silva"),
    ] {
        let body = json!({"data": data}).to_string();
        let error = OpenAiEmbeddings::default()
            .decode(body.as_bytes(), 2)
            .unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed, "{body}");
        assert!(!format!("{error} {error:?}").contains("Maria"), "{error:?}");
    }
    let body = br#"{"error":{"message":"m","code":"insufficient_quota"}}"#;
    let error = OpenAiEmbeddings::default().decode(body, 1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::QuotaExhausted);
    let none = OpenAiEmbeddings::default().encode(&Call::new(EmbedRequest::default(), "m"));
    assert_eq!(none.unwrap_err().kind(), ErrorKind::InvalidRequest);
}

#[test]
fn our_server_reads_texts_and_refuses_tokens() {
    let ask = |input: Value| decode_request(json!({"model": "m", "input": input}).to_string().as_bytes());
    assert_eq!(ask(json!("a")).unwrap().request.inputs, ["a"]);
    assert_eq!(ask(json!(["a", ""])).unwrap().request.inputs, ["a", ""]);
    assert_eq!(ask(json!("a")).unwrap().encoding, Encoding::Float);
    for (input, kind) in [
        (json!([1, 2]), ErrorKind::Unsupported),
        (json!([[1, 2]]), ErrorKind::Unsupported),
        (json!([]), ErrorKind::InvalidRequest),
        (json!(vec!["x"; 2_049]), ErrorKind::InvalidRequest),
        (json!([{}]), ErrorKind::InvalidRequest),
        (json!(7), ErrorKind::InvalidRequest),
    ] {
        assert_eq!(ask(input.clone()).unwrap_err().kind(), kind, "{input}");
    }
}

proptest! {
    #[test]
    fn vectors_go_both_ways_exactly(
        numbers in proptest::collection::vec(proptest::num::f32::NORMAL, 6),
        packed in any::<bool>(),
    ) {
        let vectors: Vec<Vec<f32>> = numbers.chunks(3).map(<[f32]>::to_vec).collect();
        let answer = EmbedResponse::new("m", vectors, Some(Usage::new(9, 0)));
        let encoding = if packed { Encoding::Base64 } else { Encoding::Float };
        let body = encode_response(&answer, encoding);
        prop_assert_eq!(OpenAiEmbeddings::default().decode(&body, 2).unwrap(), answer);
    }
}
