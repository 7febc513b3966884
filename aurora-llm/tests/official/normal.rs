//! The same JSON written the same way, where a vendor's documentation says that two ways mean the same.

use serde_json::{Map, Value};

/// `value` without what says nothing: `null`, empty lists and objects, `stream: false`; a list of one text as that text; every
/// number as a float; Google's names in camel case, which its JSON takes as well as snake case.
pub(crate) fn normal(dialect: &str, value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let members = object.iter().filter_map(|(name, value)| {
                let value = member(dialect, name, value)?;
                let name = if dialect == "gemini" {
                    camel_case(name)
                } else {
                    name.clone()
                };
                Some((name, value))
            });
            Value::Object(members.collect::<Map<_, _>>())
        }
        Value::Array(items) => items.iter().map(|item| normal(dialect, item)).collect(),
        Value::Number(number) => Value::from(number.as_f64().unwrap()),
        other => other.clone(),
    }
}

fn member(dialect: &str, name: &str, value: &Value) -> Option<Value> {
    match (dialect, name) {
        // Ollama alone streams where nothing is said.
        ("ollama", "stream") => return Some(value.clone()),
        // So that a conversation that is too long is an error; servers and SDKs before 0.12.6 do not know them.
        ("ollama", "truncate" | "shift") => return None,
        // Ids of calls came with version 0.12; the SDK does not know them, and servers before pass over them.
        ("ollama", "id" | "tool_call_id") => return None,
        ("ollama", "content") if value.as_str() == Some("") => return None,
        (_, "stream") if *value == Value::Bool(false) => return None,
        // Its SDK knows few words of JSON Schema and leaves out the others.
        ("ollama", "additionalProperties") => return None,
        // Google's JSON takes both alphabets of base64, and its SDK writes the one for URLs.
        ("gemini", "data") => return Some(value.as_str()?.replace('-', "+").replace('_', "/").into()),
        // The API gives the role of instructions no meaning.
        ("gemini", "systemInstruction") => {
            let mut value = normal(dialect, value);
            value.as_object_mut()?.remove("role");
            return Some(value);
        }
        _ => {}
    }
    let value = normal(dialect, value);
    let says_nothing = match &value {
        Value::Null => true,
        Value::Array(items) => items.is_empty(),
        Value::Object(members) => members.is_empty(),
        _ => false,
    };
    if says_nothing {
        return None;
    }
    match (name, &value) {
        ("content" | "system" | "output", Value::Array(parts)) => Some(sole_text(parts).unwrap_or(value)),
        _ => Some(value),
    }
}

fn sole_text(parts: &[Value]) -> Option<Value> {
    let [part] = parts else { return None };
    let is_plain = part.as_object()?.len() == 2;
    let kind = part.get("type")?.as_str()?;
    (is_plain && ["text", "input_text", "output_text"].contains(&kind)).then(|| part["text"].clone())
}

fn camel_case(name: &str) -> String {
    let mut words = name.split('_');
    let first = words.next().unwrap_or_default().to_owned();
    words.fold(first, |mut name, word| {
        let mut letters = word.chars();
        name.extend(letters.next().map(|letter| letter.to_ascii_uppercase()));
        name.push_str(letters.as_str());
        name
    })
}

#[test]
fn what_means_the_same_is_the_same() {
    let one =
        serde_json::json!({"a_b": 1, "content": [{"type": "text", "text": "x"}], "n": null, "stream": false});
    let other = serde_json::json!({"aB": 1.0, "content": "x", "tools": []});
    assert_eq!(normal("gemini", &one), normal("gemini", &other));
    assert_ne!(normal("ollama", &one), normal("ollama", &other));
    let marked = serde_json::json!({"content": [{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}]});
    assert_ne!(
        normal("anthropic", &marked),
        normal("anthropic", &serde_json::json!({"content": "x"}))
    );
}
