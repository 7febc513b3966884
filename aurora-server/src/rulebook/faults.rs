//! Why a definition is no rule, told by its fields.

use aurora_alerts::{Error, Problem};
use serde_json::{Map, Value};

/// How much of the name of a key is repeated.
const MOST_OF_A_KEY: usize = 64;
/// What the lines before the rule's own are in the text that [`parse`](super::parse) reads.
const LINES_BEFORE: usize = 3;
/// The keys that hold conditions within conditions.
const HOLDERS: [&str; 3] = ["all", "any", "not"];
/// Where a problem stands whose words begin with no key.
const WORDS: [(&str, &str); 7] = [
    ("the condition is missing", "condition"),
    ("time of absence", "absent.after"),
    ("interval of the heartbeat", "heartbeat.every"),
    ("metric of the errors", "burn_rate.errors"),
    ("metric of the total", "burn_rate.total"),
    ("minimum of events", "burn_rate.minimum_events"),
    ("names of labels", "labels"),
];

/// Why a definition is no rule.
#[derive(Debug)]
pub(crate) struct Faults {
    error: Error,
    /// That of each problem of the error.
    fields: Vec<String>,
}

impl Faults {
    /// The problems that [`parse`](super::parse) found with a definition.
    pub(super) fn of(error: Error, definition: &Map<String, Value>) -> Self {
        let whole = Value::Object(definition.clone());
        let fields = error.problems().iter().map(|found| field(found, &whole));
        Self {
            fields: fields.collect(),
            error,
        }
    }

    /// The same of a definition that stands at `place` in something larger.
    pub(crate) fn within(mut self, place: &str) -> Self {
        for field in &mut self.fields {
            *field = if field == "body" {
                place.to_owned()
            } else {
                joined(place, field)
            };
        }
        self
    }

    /// What is wrong, each with its field and whether that is missing.
    pub(crate) fn each(&self) -> impl Iterator<Item = (&str, &str, bool)> {
        let problems = self.error.problems().iter().zip(&self.fields);
        problems.map(|(found, field)| {
            let is_missing = missing(&found.detail).is_some() || found.detail.starts_with("the condition is");
            (field.as_str(), found.detail.as_str(), is_missing)
        })
    }

    /// The error.
    pub(crate) fn into_error(self) -> Error {
        self.error
    }
}

/// Where a problem stands: `burn_rate.objective`, `escalation.steps[0].after`; `body` where that cannot be told.
fn field(found: &Problem, definition: &Value) -> String {
    let line = found
        .place
        .as_ref()
        .and_then(|place| place.line.checked_sub(LINES_BEFORE));
    let place = line.and_then(|mut line| at(definition, &mut line));
    let place = place.unwrap_or_default();
    if let Some(place) = by_words(&found.detail, definition) {
        return place;
    }
    let last = place.rsplit(['.', ']']).next().unwrap_or_default();
    match missing(&found.detail) {
        // It is said where the key would have to stand, or of one that is there and says nothing.
        Some(key) if key != last => joined(&place, key),
        _ if !place.is_empty() => place,
        _ => by_first_word(&found.detail, definition),
    }
}

/// The key that is missing.
fn missing(detail: &str) -> Option<&str> {
    let (key, rest) = detail.split_once(' ')?;
    let is_key = key.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    (is_key && (rest.starts_with("is missing") || rest.starts_with("are missing"))).then_some(key)
}

/// A place by words that begin with no key.
fn by_words(detail: &str, definition: &Value) -> Option<String> {
    let has = |key: &str| definition.get(key).is_some();
    let (_, place) = WORDS.iter().find(|(words, _)| detail.starts_with(words))?;
    let key = place.split('.').next().unwrap_or_default();
    // It may stand anywhere below a combination.
    let is_below = |holder: &&&str| place.contains('.') && !has(key) && has(holder);
    let holder = HOLDERS.iter().find(is_below);
    Some((*holder.unwrap_or(place)).to_owned())
}

/// A place by the key that the words begin with.
fn by_first_word(detail: &str, definition: &Value) -> String {
    let has = |key: &str| definition.get(key).is_some();
    let first = detail.split([' ', ':']).next().unwrap_or_default();
    let holder = HOLDERS.iter().find(|holder| has(holder));
    match holder {
        _ if has(first) => first.to_owned(),
        Some(holder) if detail.starts_with("condition") => (*holder).to_owned(),
        _ => "body".to_owned(),
    }
}

/// What stands in a line of a value that is written with a line for each of its parts; `line` counts down to it.
fn at(value: &Value, line: &mut usize) -> Option<String> {
    if *line == 0 {
        return Some(String::new());
    }
    *line -= 1;
    match value {
        Value::Object(map) if !map.is_empty() => {
            for (key, value) in map {
                if let Some(inner) = at(value, line) {
                    let key: String = key.chars().take(MOST_OF_A_KEY).collect();
                    return Some(joined(&key, &inner));
                }
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                if let Some(inner) = at(item, line) {
                    return Some(joined(&format!("[{index}]"), &inner));
                }
            }
        }
        _ => return None,
    }
    // The bracket that closes it.
    if *line == 0 {
        return Some(String::new());
    }
    *line -= 1;
    None
}

fn joined(outer: &str, inner: &str) -> String {
    let dot = if outer.is_empty() || inner.is_empty() || inner.starts_with('[') {
        ""
    } else {
        "."
    };
    format!("{outer}{dot}{inner}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::super::parse;

    fn fields(definition: serde_json::Value) -> Vec<String> {
        let serde_json::Value::Object(definition) = definition else {
            panic!("a definition is an object")
        };
        let faults = parse(&definition).unwrap_err();
        faults.each().map(|(field, ..)| field.to_owned()).collect()
    }

    #[test]
    fn each_problem_names_its_field() {
        let burn =
            |objective: &str| json!({"errors": "e", "total": "t", "objective": objective, "preset": "page"});
        let window = json!({"long": "1h", "short": "5m", "factor": "x"});
        let table = [
            (json!({}), vec!["name", "condition"]),
            (json!({"name": "a"}), vec!["condition"]),
            (json!({"name": "a", "metric": "m"}), vec!["operator", "threshold"]),
            (json!({"name": "a", "when": "?"}), vec!["when"]),
            (
                json!({"name": "a", "when": "x > 1", "severty": "info"}),
                vec!["severty"],
            ),
            (
                json!({"name": "a", "metric": "m", "operator": ">", "threshold": 1, "recovery": 2}),
                vec!["recovery"],
            ),
            (
                json!({"name": "a", "burn_rate": burn("2")}),
                vec!["burn_rate.objective"],
            ),
            (
                json!({"name": "a", "burn_rate": burn("100%")}),
                vec!["burn_rate.objective"],
            ),
            (
                json!({"name": "a", "burn_rate": {"errors": "e", "total": "t", "windows": [window]}}),
                vec!["burn_rate.objective", "burn_rate.windows[0].factor"],
            ),
            (
                json!({"name": "a", "absent": {"metric": "m", "after": "0s"}}),
                vec!["absent.after"],
            ),
            (
                json!({"name": "a", "absent": {"metric": "m"}}),
                vec!["absent.after"],
            ),
            (json!({"name": "a", "all": ["x > 1", "y"]}), vec!["all[1]"]),
            (
                json!({"name": "a", "any": [{"metric": "m", "operator": ">"}]}),
                vec!["any[0].threshold"],
            ),
            (
                json!({"name": "a", "when": "x > 1", "escalation": {"steps": [{"after": "soon", "receiver": "b"}]}}),
                vec!["escalation.steps[0].after"],
            ),
            (
                json!({"name": "a", "when": "x > 1", "labels": {"": "b"}}),
                vec!["labels"],
            ),
        ];
        for (definition, expected) in table {
            let mut told = fields(definition.clone());
            told.sort();
            let mut expected = expected;
            expected.sort_unstable();
            assert_eq!(told, expected, "{definition}");
        }
    }
}
