use serde_json::{Map, Value};

use super::{CustomField, CustomFieldKind, UndefinedFields};
use crate::clients::BirthDate;
use crate::fields::Fields;

const MAX_TEXT: usize = 2_000;

/// What the values of a workspace's own fields are checked against.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rules {
    fields: Vec<CustomField>,
    undefined: UndefinedFields,
}

impl Rules {
    pub(super) const fn new(fields: Vec<CustomField>, undefined: UndefinedFields) -> Self {
        Self { fields, undefined }
    }

    pub(super) fn into_fields(self) -> Vec<CustomField> {
        self.fields
    }

    pub(super) const fn undefined(&self) -> UndefinedFields {
        self.undefined
    }

    /// Whether a value may stand under a key.
    pub(crate) fn takes(&self, key: &str, value: &Value) -> bool {
        let Some(definition) = self.fields.iter().find(|definition| definition.key == key) else {
            return self.undefined != UndefinedFields::Refuse;
        };
        let mut fields = Fields::default();
        check_value(definition, key, value, &mut fields);
        fields.finish(()).is_ok()
    }

    /// Tells every value that is wrong, under `path`. A value of `null` counts as absent.
    pub(crate) fn check(&self, path: &str, values: &Map<String, Value>, fields: &mut Fields) {
        for definition in &self.fields {
            let field = format!("{path}.{}", definition.key);
            match values.get(&definition.key).filter(|value| !value.is_null()) {
                None if definition.required => fields.refuse(field, "required", "must be there"),
                None => {}
                Some(value) => check_value(definition, &field, value, fields),
            }
        }
        if self.undefined == UndefinedFields::Refuse {
            for key in values.keys() {
                if !self.fields.iter().any(|definition| definition.key == *key) {
                    // The key is what somebody typed, and harmless in a path.
                    fields.refuse(
                        format!("{path}.{key}"),
                        "not_allowed",
                        "is not a field of this workspace",
                    );
                }
            }
        }
    }
}

fn check_value(definition: &CustomField, field: &str, value: &Value, fields: &mut Fields) {
    let is_option = |value: &Value| {
        value
            .as_str()
            .is_some_and(|text| definition.options.iter().any(|option| option == text))
    };
    let wrong = match (definition.kind, value) {
        (CustomFieldKind::Text | CustomFieldKind::Url, Value::String(text))
            if text.chars().nth(MAX_TEXT).is_some() =>
        {
            fields.refuse(
                field,
                "too_long",
                format_args!("must have at most {MAX_TEXT} characters"),
            );
            return;
        }
        (CustomFieldKind::Text, Value::String(text)) => text.trim().is_empty().then_some("must not be empty"),
        (CustomFieldKind::Url, Value::String(text)) if is_web_address(text) => None,
        (CustomFieldKind::Number, Value::Number(_)) | (CustomFieldKind::Boolean, Value::Bool(_)) => None,
        (CustomFieldKind::Date, Value::String(text))
            if text
                .parse::<BirthDate>()
                .is_ok_and(|day| day.to_string() == *text) =>
        {
            None
        }
        (CustomFieldKind::Choice, value) if is_option(value) => None,
        (CustomFieldKind::MultiChoice, Value::Array(values))
            if values.iter().all(is_option)
                && values
                    .iter()
                    .enumerate()
                    .all(|(n, value)| !values.iter().take(n).any(|v| v == value)) =>
        {
            (values.is_empty() && definition.required).then_some("must not be empty")
        }
        (CustomFieldKind::Text, _) => Some("must be a text"),
        (CustomFieldKind::Number, _) => Some("must be a number"),
        (CustomFieldKind::Date, _) => Some("must be a day such as 2026-11-29"),
        (CustomFieldKind::Boolean, _) => Some("must be true or false"),
        (CustomFieldKind::Choice, _) => Some("must be one of the options"),
        (CustomFieldKind::MultiChoice, _) => Some("must be a list of different options"),
        (CustomFieldKind::Url, _) => Some("must be a web address such as https://example.com"),
    };
    if let Some(message) = wrong {
        fields.refuse(field, "invalid", message);
    }
}

fn is_web_address(text: &str) -> bool {
    let rest = text
        .strip_prefix("https://")
        .or_else(|| text.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next());
    host.is_some_and(|host| !host.is_empty() && !host.starts_with('.'))
        && !text
            .chars()
            .any(|c| c.is_whitespace() || c.is_control() || "\"<>\\^`{|}".contains(c))
}
