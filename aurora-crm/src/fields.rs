//! Reading input so that every wrong field is told at once.

use std::fmt::Display;
use std::str::FromStr;

use serde::{Deserialize, Deserializer};
use serde_json::{Map, Value};

use crate::error::{Error, FieldError};

/// What a change does to one field. In JSON a missing field keeps, `null` clears, a value sets.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum Change<T> {
    /// Leave it as it is.
    #[default]
    Keep,
    /// Remove the value.
    Clear,
    /// Put this value in its place.
    Set(T),
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Change<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(Option::deserialize(deserializer)?.map_or(Self::Clear, Self::Set))
    }
}

/// Collects what is wrong while each field is read.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<FieldError>);

impl Fields {
    pub(crate) fn refuse(&mut self, field: impl Into<String>, code: &'static str, message: impl Display) {
        self.0.push(FieldError {
            field: field.into(),
            code,
            message: message.to_string(),
        });
    }

    /// The value, if nothing at all was refused.
    pub(crate) fn finish<T>(self, value: T) -> Result<T, Error> {
        if self.0.is_empty() {
            Ok(value)
        } else {
            Err(Error::invalid(self.0))
        }
    }

    /// One line of text, without the white space around it; empty when it is refused.
    pub(crate) fn line(&mut self, field: &str, text: &str, max: usize) -> String {
        let text = text.trim();
        if text.is_empty() {
            self.refuse(field, "required", "must not be empty");
        } else if text.chars().any(char::is_control) {
            self.refuse(field, "invalid", "must be one line without control characters");
        } else if text.chars().nth(max).is_some() {
            self.refuse(
                field,
                "too_long",
                format_args!("must have at most {max} characters"),
            );
        } else {
            return text.to_owned();
        }
        String::new()
    }

    /// One line that may be absent; an empty text is absent.
    pub(crate) fn optional_line(&mut self, field: &str, text: Option<&str>, max: usize) -> Option<String> {
        let text = text.filter(|text| !text.trim().is_empty())?;
        Some(self.line(field, text, max))
    }

    /// A value with a form of its own that may be absent; an empty text is absent.
    pub(crate) fn parse<T: FromStr<Err: Display>>(&mut self, field: &str, text: Option<&str>) -> Option<T> {
        let text = text.filter(|text| !text.trim().is_empty())?;
        text.parse()
            .map_err(|error| self.refuse(field, "invalid", error))
            .ok()
    }

    /// A list without repetition, in the order given.
    pub(crate) fn list<T: PartialEq>(
        &mut self,
        field: &str,
        texts: &[String],
        max: usize,
        mut read: impl FnMut(&mut Self, &str, &str) -> Option<T>,
    ) -> Vec<T> {
        if texts.len() > max {
            self.refuse(field, "too_many", format_args!("must have at most {max} entries"));
            return Vec::new();
        }
        let mut items = Vec::with_capacity(texts.len());
        for (index, text) in texts.iter().enumerate() {
            match read(self, &format!("{field}[{index}]"), text) {
                Some(item) if !items.contains(&item) => items.push(item),
                _ => {}
            }
        }
        items
    }

    /// A JSON object within its limits, with its numbers as every database gives them back.
    pub(crate) fn custom(&mut self, field: &str, mut object: Map<String, Value>) -> Map<String, Value> {
        const MAX_BYTES: usize = 16 * 1024;
        const MAX_DEPTH: usize = 5;
        const MAX_KEYS: usize = 64;
        if object.len() > MAX_KEYS {
            self.refuse(
                field,
                "too_many",
                format_args!("must have at most {MAX_KEYS} keys"),
            );
        } else if !object.values().all(|value| fits(value, MAX_DEPTH - 1)) {
            self.refuse(
                field,
                "too_long",
                format_args!("must be nested at most {MAX_DEPTH} levels deep"),
            );
        } else if object.keys().any(|key| key.is_empty() || key.len() > 64) {
            self.refuse(field, "invalid", "each key must have 1 to 64 bytes");
        } else if serde_json::to_string(&object).map_or(usize::MAX, |json| json.len()) > MAX_BYTES {
            self.refuse(
                field,
                "too_long",
                format_args!("must have at most {MAX_BYTES} bytes as JSON"),
            );
        } else if holds_nul(&object) {
            self.refuse(
                field,
                "invalid",
                "must not hold the character U+0000, which PostgreSQL cannot store",
            );
        } else {
            object.values_mut().for_each(settle_numbers);
        }
        object
    }
}

fn fits(value: &Value, depth: usize) -> bool {
    match value {
        Value::Array(items) => depth > 0 && items.iter().all(|item| fits(item, depth - 1)),
        Value::Object(object) => depth > 0 && object.values().all(|item| fits(item, depth - 1)),
        _ => true,
    }
}

/// PostgreSQL keeps JSON numbers as decimals: a large whole number comes back without its exponent, so as an integer
/// where one can hold it, and zero without its sign. Called after the depth is known to be small.
fn settle_numbers(value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(settle_numbers),
        Value::Object(object) => object.values_mut().for_each(settle_numbers),
        Value::Number(number) if number.is_f64() => {
            let Some(float) = number.as_f64() else { return };
            if float == 0.0 {
                *value = Value::from(0.0);
            } else if float.abs() >= 1e16 {
                // From here on serde_json writes an exponent; `Display` never does.
                let digits = format!("{float}");
                let integer = digits.parse::<i64>().map(Value::from);
                if let Ok(integer) = integer.or_else(|_| digits.parse::<u64>().map(Value::from)) {
                    *value = integer;
                }
            }
        }
        _ => {}
    }
}

/// Called after the depth is known to be small.
fn holds_nul(object: &Map<String, Value>) -> bool {
    fn in_value(value: &Value) -> bool {
        match value {
            Value::String(text) => text.contains('\0'),
            Value::Array(items) => items.iter().any(in_value),
            Value::Object(object) => holds_nul(object),
            _ => false,
        }
    }
    object
        .iter()
        .any(|(key, value)| key.contains('\0') || in_value(value))
}
