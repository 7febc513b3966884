//! Reading JSON that may not be quite what its vendor documents.

use std::collections::BTreeMap;
use std::fmt;

use aurora_core::text::wanted;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use serde_json::{Map, Value};

use crate::chat::ChatRequest;
use crate::error::{Error, ErrorKind};

/// A number of tokens: whole, as a float, or `null`, which some servers write for none.
pub(super) fn count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<u64, D::Error> {
    Ok(optional_count(deserializer)?.unwrap_or(0))
}

/// As [`count`], and `None` for `null`.
pub(super) fn optional_count<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<u64>, D::Error> {
    struct Count;
    impl<'de> Visitor<'de> for Count {
        type Value = Option<u64>;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a number of tokens")
        }

        fn visit_u64<E: de::Error>(self, number: u64) -> Result<Self::Value, E> {
            Ok(Some(number))
        }

        fn visit_i64<E: de::Error>(self, number: i64) -> Result<Self::Value, E> {
            Ok(Some(u64::try_from(number).unwrap_or(0)))
        }

        fn visit_f64<E: de::Error>(self, number: f64) -> Result<Self::Value, E> {
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "float to integer casts saturate, and tokens are whole"
            )]
            Ok(Some(number as u64))
        }

        fn visit_unit<E: de::Error>(self) -> Result<Self::Value, E> {
            Ok(None)
        }
    }
    deserializer.deserialize_any(Count)
}

/// A value that may also be `null`, which stands for its default.
pub(super) fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Deserialize<'de> + Default,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// A text, or a list of parts, of which those with a `text` count; anything else is empty.
#[derive(Debug, Default)]
pub(super) struct LooseText(pub(super) String);

impl<'de> Deserialize<'de> for LooseText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Text;
        impl<'de> Visitor<'de> for Text {
            type Value = LooseText;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text or a list of parts")
            }

            fn visit_str<E: de::Error>(self, text: &str) -> Result<LooseText, E> {
                Ok(LooseText(text.to_owned()))
            }

            fn visit_string<E: de::Error>(self, text: String) -> Result<LooseText, E> {
                Ok(LooseText(text))
            }

            fn visit_unit<E: de::Error>(self) -> Result<LooseText, E> {
                Ok(LooseText::default())
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut parts: A) -> Result<LooseText, A::Error> {
                let mut text = String::new();
                while let Some(part) = parts.next_element::<Value>()? {
                    if let Some(more) = part.get("text").and_then(Value::as_str) {
                        text.push_str(more);
                    }
                }
                Ok(LooseText(text))
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<LooseText, A::Error> {
                while map.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(LooseText::default())
            }
        }
        deserializer.deserialize_any(Text)
    }
}

/// Arguments of a tool call as JSON text, whether written as text or as the object itself.
pub(super) fn arguments(value: Option<Value>) -> String {
    match value {
        None | Some(Value::Null) => String::new(),
        Some(Value::String(text)) => text,
        Some(other) => other.to_string(),
    }
}

/// Adds the options of one dialect to a body, in place of what is there.
pub(super) fn merge_options(body: &mut Map<String, Value>, request: &ChatRequest, dialect: &str) {
    merge(body, &request.options, dialect);
}

/// As [`merge_options`], for any request.
pub(super) fn merge(
    body: &mut Map<String, Value>,
    options: &BTreeMap<String, Map<String, Value>>,
    dialect: &str,
) {
    if let Some(options) = options.get(dialect) {
        body.extend(options.iter().map(|(name, value)| (name.clone(), value.clone())));
    }
}

/// Keeps what the vocabulary has no word for of a client's body as options of one dialect, in place of what is there.
pub(super) fn keep_options(
    options: &mut BTreeMap<String, Map<String, Value>>,
    dialect: &str,
    mut rest: Map<String, Value>,
) {
    rest.retain(|_, value| !value.is_null());
    if !rest.is_empty() {
        options.insert(dialect.to_owned(), rest);
    }
}

pub(super) fn malformed(context: &str) -> Error {
    Error::new(ErrorKind::Malformed).with_context(context)
}

/// What could not be read, and where; the parser's own words would repeat parts of it.
pub(super) fn unreadable(what: &str, error: &serde_json::Error) -> Error {
    match error.line() {
        0 => malformed(what),
        line => malformed(&format!("{what}: line {line}, column {}", error.column())),
    }
}

pub(super) fn invalid(context: impl Into<String>) -> Error {
    Error::new(ErrorKind::InvalidRequest).with_context(context)
}

/// What is wrong with a body, for whoever sent it, without what was sent.
pub(super) fn refusal(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let (what, _) = text.split_once(" at line ").unwrap_or((&text, ""));
    let shown = match error.classify() {
        serde_json::error::Category::Data if !what.starts_with("missing field") => {
            wanted(what).unwrap_or_else(|| "a field is not of the documented form".to_owned())
        }
        _ => what.to_owned(), // the parser's own words, none of the body's
    };
    format!("{shown} (line {}, column {})", error.line(), error.column())
}

/// A body that is not `what` it should be: where, and what is wrong with it for whoever sent it.
pub(super) fn refused(what: &str, error: &serde_json::Error) -> Error {
    let at = format!("{what}, line {}, column {}", error.line(), error.column());
    invalid(at).with_provider_message(refusal(error))
}

pub(super) fn unsupported(context: impl Into<String>) -> Error {
    Error::new(ErrorKind::Unsupported).with_context(context)
}
