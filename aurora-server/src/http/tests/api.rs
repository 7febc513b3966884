//! The operations of `/openapi.json`, and requests made out of their descriptions.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::http::testing::Server;

/// How deep an example of a body goes.
const DEPTH: usize = 6;

pub(super) struct Api {
    description: Value,
}

/// One operation, and what a request of it needs.
pub(super) struct Operation<'a> {
    pub(super) method: String,
    pub(super) path: String,
    pub(super) permission: Option<&'a str>,
    description: &'a Value,
}

/// A parameter of an operation.
#[derive(Clone, Copy)]
pub(super) struct Parameter<'a> {
    pub(super) name: &'a str,
    place: &'a str,
    description: &'a str,
}

impl Parameter<'_> {
    /// The kinds of ids that it takes, such as `cli`.
    pub(super) fn kinds(&self) -> Vec<&str> {
        if self.description == "Its id" {
            return vec!["svc", "pro", "rom"];
        }
        kinds(self.description)
    }
}

/// The kinds of ids that a description names: `` `cli_…` or `led_…` ``.
fn kinds(description: &str) -> Vec<&str> {
    let ends = description.match_indices("_…").map(|(at, _)| at);
    let starts = ends.filter_map(|end| description.get(end.checked_sub(3)?..end));
    starts
        .filter(|kind| kind.bytes().all(|byte| byte.is_ascii_lowercase()))
        .collect()
}

impl Api {
    pub(super) async fn of(server: &Server) -> Self {
        let description = server.get("/openapi.json").await.good(200);
        Self { description }
    }

    pub(super) fn operations(&self) -> Vec<Operation<'_>> {
        let paths = self.description["paths"].as_object().unwrap().iter();
        let all = paths.flat_map(|(path, item)| {
            let item = item.as_object().unwrap().iter();
            item.map(move |(method, description)| Operation {
                method: method.to_uppercase(),
                path: path.clone(),
                permission: description["x-permission"].as_str(),
                description,
            })
        });
        all.collect()
    }

    /// A body of JSON that the operation may take; `None` when it takes none.
    pub(super) fn body(&self, operation: &Operation<'_>) -> Option<Value> {
        let schema = &operation.description["requestBody"]["content"]["application/json"]["schema"];
        (!schema.is_null()).then(|| self.example(schema, "", DEPTH))
    }

    fn example(&self, schema: &Value, description: &str, depth: usize) -> Value {
        let description = schema["description"].as_str().unwrap_or(description);
        if let Some(target) = schema["$ref"].as_str() {
            let target = self.description.pointer(target.trim_start_matches('#')).unwrap();
            return self.example(target, description, depth);
        }
        if !schema["example"].is_null() {
            return schema["example"].clone();
        }
        if let Some(first) = schema["enum"].as_array().and_then(|words| words.first()) {
            return first.clone();
        }
        for choice in ["oneOf", "anyOf"] {
            let mut choices = schema[choice].as_array().into_iter().flatten();
            if let Some(one) = choices.find(|one| one["type"] != "null") {
                return self.example(one, description, depth);
            }
        }
        if let Some(all) = schema["allOf"].as_array() {
            let parts = all.iter().map(|part| self.example(part, description, depth));
            let members = parts.filter_map(|part| part.as_object().cloned()).flatten();
            return Value::Object(members.collect());
        }
        let types = schema["type"]
            .as_array()
            .and_then(|types| types.iter().find(|it| *it != "null"));
        match types.unwrap_or(&schema["type"]).as_str() {
            Some("object") if depth > 0 => self.object(schema, depth - 1),
            Some("array") if depth > 0 => json!([self.example(&schema["items"], description, depth - 1)]),
            Some("array") => json!([]),
            Some("integer" | "number") => schema.get("minimum").cloned().unwrap_or(json!(1)),
            Some("boolean") => json!(false),
            Some("string") if schema["format"] == "date-time" => json!("2027-02-01T12:00:00Z"),
            Some("string") => match kinds(description).first() {
                Some(kind) => json!(format!("{kind}_0190a8b0c0de7000800000000000000a")),
                None => json!("x"),
            },
            _ => json!({}),
        }
    }

    /// What must be there, and what names something else.
    fn object(&self, schema: &Value, depth: usize) -> Value {
        let required = schema["required"].as_array();
        let is_required = |name: &str| required.is_some_and(|names| names.iter().any(|it| it == name));
        let names_something =
            |member: &Value| !kinds(member["description"].as_str().unwrap_or_default()).is_empty();
        let mut members = Map::new();
        for (name, member) in schema["properties"].as_object().into_iter().flatten() {
            if is_required(name) || names_something(member) {
                members.insert(name.clone(), self.example(member, "", depth));
            }
        }
        Value::Object(members)
    }
}

impl Operation<'_> {
    fn parameters(&self, place: &str) -> Vec<Parameter<'_>> {
        let all = self.description["parameters"].as_array().into_iter().flatten();
        let all = all.map(|it| Parameter {
            name: it["name"].as_str().unwrap(),
            place: it["in"].as_str().unwrap(),
            description: it["description"].as_str().unwrap_or_default(),
        });
        all.filter(|it| it.place == place).collect()
    }

    pub(super) fn in_path(&self) -> Vec<Parameter<'_>> {
        self.parameters("path")
    }

    pub(super) fn in_query(&self) -> Vec<Parameter<'_>> {
        self.parameters("query")
    }

    /// Whether its address names something by an id.
    pub(super) fn has_ids(&self) -> bool {
        self.in_path().iter().any(|it| !it.kinds().is_empty())
    }

    /// Whether its answer lasts as long as somebody listens.
    pub(super) fn is_stream(&self) -> bool {
        let responses = &self.description["responses"];
        responses["101"].is_object() || responses["200"]["content"]["text/event-stream"].is_object()
    }

    /// The address with each parameter of the path as `value` has it.
    pub(super) fn address(&self, value: impl Fn(&Parameter<'_>) -> String) -> String {
        let parameters = self.in_path().into_iter();
        parameters.fold(self.path.clone(), |path, parameter| {
            path.replace(&format!("{{{}}}", parameter.name), &value(&parameter))
        })
    }

    /// The headers without which nothing would be looked at.
    pub(super) fn headers(&self) -> Vec<(&'static str, &'static str)> {
        let if_match = self
            .parameters("header")
            .into_iter()
            .any(|it| it.name == "If-Match");
        if_match.then_some(("if-match", "\"v1\"")).into_iter().collect()
    }
}

/// Ids by their kind, such as `cli`.
#[derive(Debug, Default)]
pub(super) struct Ids(BTreeMap<String, Vec<String>>);

impl Ids {
    /// Takes every id that stands in an answer.
    pub(super) fn collect(&mut self, answer: &Value) {
        match answer {
            Value::String(text) => {
                let Some(kind) = kind_of(text) else { return };
                let known = self.0.entry(kind.to_owned()).or_default();
                if !known.contains(text) {
                    known.push(text.clone());
                }
            }
            Value::Array(items) => items.iter().for_each(|item| self.collect(item)),
            Value::Object(members) => members.values().for_each(|member| self.collect(member)),
            _ => {}
        }
    }

    /// Those of a kind; one that nobody has where there are none.
    pub(super) fn of(&self, kind: &str) -> Vec<String> {
        let unknown = || vec![format!("{kind}_0190a8b0c0de7000800000000000000a")];
        self.0.get(kind).cloned().unwrap_or_else(unknown)
    }

    pub(super) fn has(&self, kind: &str) -> bool {
        self.0.contains_key(kind)
    }

    /// Forgets what others have as well.
    pub(super) fn without(mut self, others: &Self) -> Self {
        for (kind, ids) in &mut self.0 {
            let theirs = others.0.get(kind);
            ids.retain(|id| theirs.is_none_or(|theirs| !theirs.contains(id)));
        }
        self.0.retain(|_, ids| !ids.is_empty());
        self
    }

    /// Puts an id of the same kind in the place of every id; whether there was any.
    pub(super) fn place(&self, body: &mut Value) -> bool {
        match body {
            Value::String(text) => {
                let ids = kind_of(text).and_then(|kind| self.0.get(kind));
                let Some(id) = ids.and_then(|ids| ids.first()) else {
                    return false;
                };
                text.clone_from(id);
                true
            }
            Value::Array(items) => items.iter_mut().fold(false, |any, item| self.place(item) | any),
            Value::Object(members) => members.values_mut().fold(false, |any, it| self.place(it) | any),
            _ => false,
        }
    }
}

/// The letters before the underscore, if it is an id.
fn kind_of(text: &str) -> Option<&str> {
    let (kind, digits) = text.split_once('_')?;
    let is_kind = kind.len() == 3 && kind.bytes().all(|byte| byte.is_ascii_lowercase());
    let is_number = digits.len() == 32 && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_kind && is_number).then_some(kind)
}
