//! A schema in the form that providers hold a model to exactly.

use serde_json::{Map, Value, json};

/// Formats of texts that OpenAI's structured outputs know (platform.openai.com/docs/guides/structured-outputs).
const FORMATS: [&str; 9] = [
    "date-time",
    "time",
    "date",
    "duration",
    "email",
    "hostname",
    "ipv4",
    "ipv6",
    "uuid",
];

/// `schema` with every property required and no others allowed, as OpenAI's strict mode and Anthropic's structured
/// outputs ask; `None` when the type cannot be told so, such as one with a map of any keys.
///
/// An optional field has `null` among its types already, so that requiring it takes nothing away.
pub(super) fn strict(mut schema: Value) -> Option<Value> {
    tighten(&mut schema).then_some(schema)
}

/// Whether it could be done.
fn tighten(schema: &mut Value) -> bool {
    match schema {
        // `true` allows anything, which is not strict.
        Value::Bool(_) => false,
        Value::Object(object) => {
            reword(object);
            tighten_object(object) && nested(object).into_iter().all(tighten)
        }
        _ => true,
    }
}

fn tighten_object(object: &mut Map<String, Value>) -> bool {
    let is_object = object.get("type").is_some_and(|kind| names(kind, "object"));
    let allows_others = object
        .get("additionalProperties")
        .is_some_and(|others| *others != Value::Bool(false));
    if allows_others || object.contains_key("patternProperties") || object.contains_key("prefixItems") {
        return false;
    }
    if is_object {
        let properties = object.get("properties").and_then(Value::as_object);
        let all: Vec<Value> = properties
            .map(|properties| properties.keys().cloned().map(Value::String).collect())
            .unwrap_or_default();
        if all.is_empty() {
            object.insert("properties".to_owned(), json!({}));
        }
        object.insert("required".to_owned(), Value::Array(all));
        object.insert("additionalProperties".to_owned(), Value::Bool(false));
    }
    // A schema that says nothing allows anything.
    ["type", "anyOf", "enum", "const", "$ref"]
        .iter()
        .any(|word| object.contains_key(*word))
}

/// Says the same in words that strict modes know.
fn reword(object: &mut Map<String, Value>) {
    if let Some(choices) = object.remove("oneOf") {
        object.insert("anyOf".to_owned(), choices);
    }
    if let Some(value) = object.remove("const") {
        object.insert("enum".to_owned(), json!([value]));
    }
    object.remove("default");
    let is_text = object.get("type").is_some_and(|kind| names(kind, "string"));
    let known = object
        .get("format")
        .and_then(Value::as_str)
        .is_some_and(|format| is_text && FORMATS.contains(&format));
    if !known {
        object.remove("format");
    }
}

fn names(kind: &Value, wanted: &str) -> bool {
    kind == wanted
        || kind
            .as_array()
            .is_some_and(|kinds| kinds.iter().any(|kind| kind == wanted))
}

/// Every schema within.
fn nested(object: &mut Map<String, Value>) -> Vec<&mut Value> {
    let mut within = Vec::new();
    for (word, value) in object.iter_mut() {
        match (word.as_str(), value) {
            ("properties" | "$defs", Value::Object(members)) => within.extend(members.values_mut()),
            ("anyOf" | "allOf", Value::Array(choices)) => within.extend(choices),
            ("items", items) => within.push(items),
            _ => {}
        }
    }
    within
}
