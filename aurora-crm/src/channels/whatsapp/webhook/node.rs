//! Reading JSON whose parts may be missing or of another type: what does not fit is absent.

use aurora_core::time::Timestamp;
use serde_json::Value;

/// The last second of the year 9999: later times are mistakes.
const LAST_SECOND: i64 = 253_402_300_799;

/// A text, or a number as its text: ids are texts in most places and numbers in some.
pub(super) fn text(value: &Value, key: &str) -> Option<String> {
    let text = match value.get(key)? {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.to_string(),
        _ => return None,
    };
    Some(text)
}

/// A text with something in it.
pub(super) fn filled(value: &Value, key: &str) -> Option<String> {
    text(value, key).filter(|text| !text.is_empty())
}

pub(super) fn flag(value: &Value, key: &str) -> bool {
    value.get(key).and_then(Value::as_bool).unwrap_or_default()
}

/// A whole number, or a text that is one.
pub(super) fn integer(value: &Value, key: &str) -> Option<i64> {
    match value.get(key)? {
        Value::Number(number) => number.as_i64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    }
}

/// A number, or a text that is one.
pub(super) fn float(value: &Value, key: &str) -> Option<f64> {
    let number = match value.get(key)? {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.parse().ok(),
        _ => None,
    };
    number.filter(|number: &f64| number.is_finite())
}

/// Unix seconds, as Meta writes them: a text of digits.
pub(super) fn time(value: &Value, key: &str) -> Option<Timestamp> {
    let seconds = integer(value, key)?;
    (0..=LAST_SECOND)
        .contains(&seconds)
        .then(|| Timestamp::from_secs(seconds))
}

pub(super) fn items<'a>(value: &'a Value, key: &str) -> impl Iterator<Item = &'a Value> {
    value.get(key).and_then(Value::as_array).into_iter().flatten()
}
