use serde::{Deserialize, Serialize};
use serde_json::Value;

const MAX_TEXT: usize = 200;

/// What a field must be like. Text is compared without regard to case; of a list any entry will do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Condition {
    /// There is something: neither absent, nor an empty text or list.
    Present,
    /// There is nothing.
    Absent,
    /// It is this text, number, `true` or `false`.
    Equals(Value),
    /// It is something else than this; also when there is nothing.
    Differs(Value),
    /// It is a text with this in it.
    Contains(String),
    /// It is a number above this.
    Greater(f64),
    /// It is a number below this.
    Less(f64),
}

impl Condition {
    /// Whether it can ever hold.
    pub(super) fn is_sound(&self) -> bool {
        match self {
            Self::Present | Self::Absent => true,
            Self::Equals(Value::String(text)) | Self::Differs(Value::String(text)) | Self::Contains(text) => {
                !text.is_empty() && text.chars().nth(MAX_TEXT).is_none()
            }
            Self::Equals(value) | Self::Differs(value) => value.is_number() || value.is_boolean(),
            Self::Greater(number) | Self::Less(number) => number.is_finite(),
        }
    }

    pub(super) fn holds(&self, value: &Value) -> bool {
        match self {
            Self::Present => is_present(value),
            Self::Absent => !is_present(value),
            Self::Equals(wanted) => any(value, |value| equals(value, wanted)),
            Self::Differs(unwanted) => !any(value, |value| equals(value, unwanted)),
            Self::Contains(part) => {
                let part = part.to_lowercase();
                any(value, |value| {
                    value
                        .as_str()
                        .is_some_and(|text| text.to_lowercase().contains(&part))
                })
            }
            Self::Greater(limit) => any(value, |value| {
                value.as_f64().is_some_and(|number| number > *limit)
            }),
            Self::Less(limit) => any(value, |value| {
                value.as_f64().is_some_and(|number| number < *limit)
            }),
        }
    }
}

fn is_present(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(items) => !items.is_empty(),
        Value::Object(object) => !object.is_empty(),
        Value::Bool(_) | Value::Number(_) => true,
    }
}

fn any(value: &Value, holds: impl Fn(&Value) -> bool) -> bool {
    match value {
        Value::Array(items) => items.iter().any(holds),
        value => holds(value),
    }
}

fn equals(value: &Value, wanted: &Value) -> bool {
    match (value, wanted) {
        (Value::String(text), Value::String(wanted)) => text.to_lowercase() == wanted.to_lowercase(),
        (Value::Number(_), Value::Number(_)) => value.as_f64() == wanted.as_f64(),
        _ => value == wanted,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::Condition;

    #[test]
    fn each_condition_holds_for_what_it_says() {
        let text = |text: &str| Condition::Equals(json!(text));
        for (condition, holds, fails) in [
            (Condition::Present, json!(0), json!("")),
            (Condition::Present, json!(["x"]), json!([])),
            (Condition::Absent, json!(null), json!(false)),
            (text("SÃO PAULO"), json!("são paulo"), json!("sao paulo")),
            (text("hot"), json!(["cold", "Hot"]), json!(["cold"])),
            (Condition::Equals(json!(5)), json!(5.0), json!("5")),
            (Condition::Equals(json!(true)), json!(true), json!(1)),
            (Condition::Differs(json!("a")), json!(null), json!("A")),
            (
                Condition::Contains("Obra".to_owned()),
                json!("a obra toda"),
                json!(["opera", 3]),
            ),
            (Condition::Greater(10.0), json!(10.5), json!(10)),
            (Condition::Less(0.0), json!(-1), json!(null)),
        ] {
            assert!(condition.holds(&holds), "{condition:?} {holds}");
            assert!(!condition.holds(&fails), "{condition:?} {fails}");
            assert!(condition.is_sound());
        }
        for unsound in [
            text(""),
            Condition::Equals(json!([1])),
            Condition::Equals(json!(null)),
            Condition::Greater(f64::NAN),
            Condition::Contains("x".repeat(201)),
        ] {
            assert!(!unsound.is_sound(), "{unsound:?}");
        }
    }
}
