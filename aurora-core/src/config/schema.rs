//! The settings in the words of JSON Schema, for editors.

use serde_json::{Map, Value as Json, json};

use super::narrowing::Shape;
use super::setting::{Section, Setting, sections};
use super::value::{Kind, Raw};

/// A duration as a text: a number and a unit.
const DURATION: &str = "^[0-9]+(\\.[0-9]+)?(ms|s|m|h)?$";
/// A name that the configuration chooses.
const NAME: &str = "^[a-z](?!.*__)[a-z0-9_]*$";

/// A JSON Schema (draft 2020-12) of `aurora.toml`: what each setting means, allows and is by default.
///
/// Editors that know TOML (Taplo, "Even Better TOML") complete and check with it; the first line of the
/// [template](super::template) names it to them. It is a little stricter than the loader, which also takes numbers in
/// quotes, choices in any case, and a named server whose address stands in a variable.
///
/// # Examples
/// ```
/// let schema = aurora_core::config::schema();
/// assert!(schema.contains("https://json-schema.org/draft/2020-12/schema"));
/// ```
#[must_use]
pub fn schema() -> String {
    let sections = sections();
    let mut root = Map::new();
    root.insert(
        "$schema".into(),
        json!("https://json-schema.org/draft/2020-12/schema"),
    );
    root.insert("title".into(), json!("aurora.toml"));
    root.append(&mut object("", &sections));
    format!("{:#}\n", Json::Object(root))
}

/// The object whose settings begin with `prefix`, with everything inside it.
fn object(prefix: &str, sections: &[Section]) -> Map<String, Json> {
    let mut properties = Map::new();
    let mut required = Vec::new();
    let mut about = "";
    for section in sections.iter().filter(|section| section.prefix == prefix) {
        about = section.about;
        for row in section.rows {
            let name = row.key.rsplit('.').next().unwrap_or(row.key);
            properties.insert(name.to_owned(), property(row));
            if row.is_required {
                required.push(name);
            }
        }
    }
    for section in sections {
        let Some(below) = section
            .prefix
            .strip_prefix(prefix)
            .filter(|below| !below.is_empty())
        else {
            continue;
        };
        match below.trim_end_matches('.').split_once('.') {
            None => {
                let name = below.trim_end_matches('.');
                properties.insert(name.to_owned(), Json::Object(object(section.prefix, sections)));
            }
            Some((name, "*")) => {
                let each = json!({
                    "type": "object",
                    "propertyNames": {"pattern": NAME},
                    "additionalProperties": object(section.prefix, sections),
                });
                properties.insert(name.to_owned(), each);
            }
            Some(_) => {} // a section of a section's
        }
    }
    let mut object = Map::new();
    object.insert("description".into(), json!(about));
    object.insert("type".into(), json!("object"));
    object.insert("additionalProperties".into(), json!(false));
    if !required.is_empty() {
        object.insert("required".into(), json!(required));
    }
    object.insert("properties".into(), Json::Object(properties));
    object
}

fn property(row: &Setting) -> Json {
    let mut property = kind(row);
    let mut about = format!("{} Allowed: {}.", row.about, row.allowed);
    if !row.variables.is_empty() {
        about.push_str(&format!(" Variables: {}.", row.variables.join(", ")));
    }
    property.insert("description".into(), json!(about));
    if let Some(default) = row.default.and_then(|text| row.value_of(&Raw::text(text))) {
        property.insert("default".into(), default);
    }
    if row.is_secret {
        property.insert("writeOnly".into(), json!(true));
    }
    Json::Object(property)
}

fn kind(row: &Setting) -> Map<String, Json> {
    let shape = row.only.map_or(Shape::Any, |only| only.shape);
    let schema = match (row.kind, shape) {
        (Kind::Flag, _) => json!({"type": "boolean"}),
        (Kind::Whole { .. }, Shape::Range(least, most)) => {
            json!({"type": "integer", "minimum": whole(least), "maximum": whole(most)})
        }
        (Kind::Whole { most }, _) => json!({"type": "integer", "minimum": 0, "maximum": most}),
        (Kind::Number, Shape::Range(least, most)) => {
            json!({"type": "number", "minimum": least, "maximum": most})
        }
        (Kind::Number, _) => json!({"type": "number"}),
        (Kind::Duration, Shape::Range(least, most)) => json!({"anyOf": [
            {"type": "number", "minimum": least, "maximum": most},
            {"type": "string", "pattern": DURATION},
        ]}),
        (Kind::Duration, _) => json!({"anyOf": [
            {"type": "number", "minimum": 0.001, "maximum": 86_400},
            {"type": "string", "pattern": DURATION},
        ]}),
        (Kind::List, Shape::Pattern(pattern)) => {
            json!({"type": "array", "items": {"type": "string", "pattern": pattern}})
        }
        (Kind::List, _) => json!({"type": "array", "items": {"type": "string"}}),
        (Kind::Choice(names), _) => json!({"type": "string", "enum": names}),
        (Kind::Text | Kind::Address, Shape::Pattern(pattern)) => {
            json!({"type": "string", "pattern": pattern})
        }
        (Kind::Text | Kind::Address, _) => json!({"type": "string", "minLength": 1}),
    };
    match schema {
        Json::Object(schema) => schema,
        _ => Map::new(),
    }
}

/// Bounds of whole numbers are written without a point.
fn whole(bound: f64) -> Json {
    format!("{bound}")
        .parse::<u64>()
        .map_or_else(|_| json!(bound), |bound| json!(bound))
}
