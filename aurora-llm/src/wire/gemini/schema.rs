//! From Google's own form of a schema, which follows OpenAPI 3.0, to JSON Schema.

use serde_json::{Map, Value, json};

/// Types in lower case, and `nullable` as a type.
pub(super) fn json_schema(schema: Value) -> Value {
    let Value::Object(fields) = schema else {
        return schema;
    };
    let mut out = Map::new();
    let mut nullable = false;
    for (name, value) in fields {
        match (name.as_str(), value) {
            ("nullable", value) => nullable = value == json!(true),
            ("propertyOrdering" | "property_ordering", _) => {}
            ("type", Value::String(kind)) => {
                out.insert(name, json!(kind.to_lowercase()));
            }
            ("properties" | "defs" | "$defs", Value::Object(inner)) => {
                let inner = inner
                    .into_iter()
                    .map(|(name, schema)| (name, json_schema(schema)));
                out.insert(name, Value::Object(inner.collect()));
            }
            ("anyOf" | "any_of", Value::Array(inner)) => {
                let inner = inner.into_iter().map(json_schema).collect();
                out.insert("anyOf".to_owned(), Value::Array(inner));
            }
            ("items" | "additionalProperties", inner @ Value::Object(_)) => {
                out.insert(name, json_schema(inner));
            }
            // OpenAPI writes counts as text.
            (
                "minItems" | "maxItems" | "minLength" | "maxLength" | "minProperties" | "maxProperties",
                Value::String(count),
            ) => {
                let count = count.parse::<u64>().map_or(Value::String(count), Value::from);
                out.insert(name, count);
            }
            (_, value) => {
                out.insert(name, value);
            }
        }
    }
    if nullable && let Some(kind) = out.get("type").cloned() {
        out.insert("type".to_owned(), json!([kind, "null"]));
    }
    Value::Object(out)
}
