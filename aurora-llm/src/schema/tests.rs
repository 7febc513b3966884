use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::json;

use super::strict::strict;
use super::*;
use crate::LlmClient;
use crate::chat::{ChatRequest, ResponseFormat, ToolChoice};
use crate::error::ErrorKind;
use crate::pricing::{Cost, Price};
use crate::provider::Capabilities;
use crate::providers::simulated::{Simulated, Step};

/// A person.
#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
struct Person {
    /// Full name.
    name: String,
    age: Option<u8>,
    kind: Kind,
    friends: Vec<Self>,
}

#[derive(Debug, Deserialize, JsonSchema, PartialEq)]
#[serde(rename_all = "snake_case")]
enum Kind {
    /// Comes to be treated.
    Patient,
    Doctor {
        licence: String,
    },
}

#[test]
fn a_strict_schema_requires_everything_and_allows_nothing_else() {
    let schema = strict(of::<Person>()).unwrap();
    let text = schema.to_string();
    for gone in ["oneOf", "\"const\"", "\"format\"", "\"default\"", "$schema"] {
        assert!(!text.contains(gone), "{gone}: {text}");
    }
    let person = schema.get("$ref").map_or(&schema, |_| &schema["$defs"]["Person"]);
    let mut required: Vec<&str> = person["required"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|name| name.as_str())
        .collect();
    required.sort_unstable();
    assert_eq!(required, ["age", "friends", "kind", "name"]);
    assert_eq!(person["additionalProperties"], json!(false));
    assert_eq!(person["properties"]["name"]["description"], "Full name.");
    assert!(
        person["properties"]["age"]["type"]
            .as_array()
            .unwrap()
            .contains(&json!("null"))
    );
}

#[test]
fn what_cannot_be_strict_is_left_as_it_is() {
    #[derive(JsonSchema)]
    struct Open {
        #[expect(dead_code, reason = "only its schema is asked for")]
        labels: BTreeMap<String, String>,
    }
    assert_eq!(strict(of::<Open>()), None);
    assert_eq!(strict(of::<serde_json::Value>()), None, "anything at all");
}

fn client(provider: Simulated) -> LlmClient {
    let target = crate::client::LlmTarget::new(provider, "m")
        .price(Price::per_million("1".parse().unwrap(), "1".parse().unwrap()));
    LlmClient::builder().target(target).build().unwrap()
}

#[tokio::test]
async fn an_answer_becomes_the_type_even_in_a_code_block() {
    for said in [
        r#"{"name":"Ana","age":null,"kind":"patient","friends":[]}"#,
        "```json\n{\"name\":\"Ana\",\"kind\":\"patient\",\"friends\":[]}\n```",
    ] {
        let found = client(Simulated::new("s").says(said))
            .extract::<Person>(ChatRequest::user("?"))
            .await
            .unwrap();
        assert_eq!((found.value().name.as_str(), found.asked_again()), ("Ana", false));
    }
}

#[tokio::test]
async fn a_type_that_is_no_object_is_wrapped() {
    let found = client(Simulated::new("s").says(r#"{"value":[1,2,3]}"#))
        .extract::<Vec<u32>>(ChatRequest::user("?"))
        .await
        .unwrap();
    assert_eq!(found.into_value(), [1, 2, 3]);
}

#[tokio::test]
async fn what_does_not_fit_is_asked_for_once_more_and_no_more() {
    let provider = Simulated::new("s").says(r#"{"value":"three"}"#);
    let control = provider.handle();
    let error = client(provider)
        .extract::<u32>(ChatRequest::user("?"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Malformed);
    assert_eq!(control.calls(), 2);
}

#[tokio::test]
async fn an_answer_that_is_cut_off_is_no_value() {
    let provider = Simulated::new("s").says(r#"{"value": 1 }"#);
    let request = ChatRequest::user("?").max_tokens(1);
    let error = client(provider).extract::<u32>(request).await.unwrap_err();
    assert!(error.to_string().contains("cut off"), "{error}");
}

#[tokio::test]
async fn where_no_target_knows_schemas_a_tool_takes_their_place() {
    let mut able = Capabilities::ALL;
    able.json_schema = false;
    let provider = Simulated::new("s")
        .capabilities(able)
        .calls_tool("answer", json!({"value": 7}));
    let found = client(provider)
        .extract::<u32>(ChatRequest::user("?"))
        .await
        .unwrap();
    assert_eq!(*found.value(), 7);
    assert!(matches!(found.cost(), Cost::Priced(cost) if cost > aurora_core::money::NanoUsd::ZERO));
    able.tools = false;
    let nobody = client(Simulated::new("s").capabilities(able))
        .extract::<u32>(ChatRequest::user("?"))
        .await;
    assert_eq!(nobody.unwrap_err().kind(), ErrorKind::Unsupported);
}

#[tokio::test]
async fn an_ordinary_failure_stays_what_it_is() {
    let provider = Simulated::new("s").script([Step::status(401)]);
    let error = client(provider)
        .extract::<u32>(ChatRequest::user("?"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Authentication);
    let asked = ChatRequest::user("?");
    assert_eq!(
        (asked.format, asked.tool_choice),
        (ResponseFormat::Text, ToolChoice::Auto)
    );
}
