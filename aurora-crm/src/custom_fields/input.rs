use aurora_core::time::Timestamp;
use serde::Deserialize;

use super::{CustomField, CustomFieldId, CustomFieldKind, CustomFieldTarget};
use crate::error::Error;
use crate::fields::{Change, Fields};

const MAX_KEY: usize = 64;
const MAX_LABEL: usize = 100;
const MAX_OPTIONS: usize = 100;
const MAX_OPTION: usize = 100;

/// What is needed to define a field.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewCustomField {
    applies_to: CustomFieldTarget,
    key: String,
    label: String,
    kind: CustomFieldKind,
    #[serde(default)]
    required: bool,
    #[serde(default)]
    options: Vec<String>,
}

impl NewCustomField {
    /// A field that may be absent. The key has 1 to 64 of the characters `a-z`, `0-9` and `_`, a letter first.
    #[must_use]
    pub fn new(
        applies_to: CustomFieldTarget,
        key: impl Into<String>,
        label: impl Into<String>,
        kind: CustomFieldKind,
    ) -> Self {
        Self {
            applies_to,
            key: key.into(),
            label: label.into(),
            kind,
            required: false,
            options: Vec::new(),
        }
    }

    /// It must be there.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// One more thing that can be chosen, for the two kinds of choice; up to 100, of 100 characters.
    #[must_use]
    pub fn option(mut self, text: impl Into<String>) -> Self {
        self.options.push(text.into());
        self
    }

    pub(super) fn check(self, id: CustomFieldId, now: Timestamp) -> Result<CustomField, Error> {
        let mut fields = Fields::default();
        let is_good = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        if self.key.len() > MAX_KEY
            || !self.key.starts_with(|c: char| c.is_ascii_lowercase())
            || !self.key.chars().all(is_good)
        {
            fields.refuse(
                "key",
                "invalid",
                "must have 1 to 64 of a-z, 0-9 and _, a letter first",
            );
        }
        let label = fields.line("label", &self.label, MAX_LABEL);
        let options = options(&mut fields, self.kind, &self.options);
        fields.finish(CustomField {
            id,
            applies_to: self.applies_to,
            key: self.key,
            label,
            kind: self.kind,
            required: self.required,
            options,
            version: 1,
            created_at: now,
            updated_at: now,
        })
    }
}

/// What to change in a definition; what is not named stays. Values that are stored already are not looked at.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct CustomFieldChange {
    label: Change<String>,
    required: Change<bool>,
    options: Change<Vec<String>>,
}

impl CustomFieldChange {
    /// Changes nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets what people see.
    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.label = Change::Set(text.into());
        self
    }

    /// It must be there from now on.
    #[must_use]
    pub fn required(mut self) -> Self {
        self.required = Change::Set(true);
        self
    }

    /// It may be absent from now on.
    #[must_use]
    pub fn not_required(mut self) -> Self {
        self.required = Change::Set(false);
        self
    }

    /// Puts these options in place of the present ones.
    #[must_use]
    pub fn options<T: Into<String>>(mut self, texts: impl IntoIterator<Item = T>) -> Self {
        self.options = Change::Set(texts.into_iter().map(Into::into).collect());
        self
    }

    pub(super) fn apply(self, current: &CustomField, now: Timestamp) -> Result<CustomField, Error> {
        let mut fields = Fields::default();
        let mut changed = current.clone();
        match self.label {
            Change::Keep => {}
            Change::Clear => fields.refuse("label", "required", "must not be empty"),
            Change::Set(text) => changed.label = fields.line("label", &text, MAX_LABEL),
        }
        match self.required {
            Change::Keep => {}
            Change::Clear => changed.required = false,
            Change::Set(required) => changed.required = required,
        }
        match self.options {
            Change::Keep => {}
            Change::Clear => changed.options = options(&mut fields, changed.kind, &[]),
            Change::Set(texts) => changed.options = options(&mut fields, changed.kind, &texts),
        }
        changed.version = current.version.saturating_add(1);
        changed.updated_at = now.max(current.updated_at);
        fields.finish(changed)
    }
}

fn options(fields: &mut Fields, kind: CustomFieldKind, texts: &[String]) -> Vec<String> {
    if kind.has_options() == texts.is_empty() {
        let (code, message) = if texts.is_empty() {
            ("required", "a choice needs something to choose")
        } else {
            ("not_allowed", "only the two kinds of choice have options")
        };
        fields.refuse("options", code, message);
        return Vec::new();
    }
    fields.list("options", texts, MAX_OPTIONS, |fields, field, text| {
        Some(fields.line(field, text, MAX_OPTION))
    })
}
