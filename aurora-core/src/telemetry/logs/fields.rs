//! The fields of events and spans, ready for a line.

use std::fmt::{self, Write as _};

use tracing::field::{Field, Visit};

use super::redact::{REDACTED, is_secret};

/// Longest value in bytes; the rest is cut off.
const MAX_VALUE: usize = 8 * 1024;

/// Most fields of one event or span.
const MAX_FIELDS: usize = 64;

/// What a field holds.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    Text(String),
    /// As JSON writes it.
    Number(String),
    Bool(bool),
}

/// The fields of one event or span in the order in which they were recorded.
#[derive(Debug, Default)]
pub(super) struct Fields {
    pub(super) items: Vec<(&'static str, Value)>,
    pub(super) message: String,
    /// The target of a record that came from the `log` facade.
    pub(super) log_target: Option<String>,
}

impl Fields {
    /// Takes later values over earlier ones.
    pub(super) fn merge(&mut self, later: Self) {
        for (name, value) in later.items {
            self.set(name, value);
        }
    }

    fn set(&mut self, name: &'static str, value: Value) {
        if let Some((_, old)) = self.items.iter_mut().find(|(known, _)| *known == name) {
            *old = value;
        } else if self.items.len() < MAX_FIELDS {
            self.items.push((name, value));
        }
    }

    fn number(&mut self, field: &Field, number: impl fmt::Display) {
        let value = if is_secret(field.name(), true) {
            Value::Text(REDACTED.to_owned())
        } else {
            Value::Number(number.to_string())
        };
        self.set(plain(field.name()), value);
    }

    fn text(&mut self, field: &Field, write: impl FnOnce(&mut Cut) -> fmt::Result) {
        let name = plain(field.name());
        if is_secret(name, false) {
            self.set(name, Value::Text(REDACTED.to_owned()));
            return;
        }
        let mut cut = Cut::default();
        // A value whose `Display` fails is shown as far as it came.
        let _shown = write(&mut cut).is_ok();
        match name {
            "message" => self.message = cut.text,
            "log.target" => self.log_target = Some(cut.text),
            "log.module_path" | "log.file" | "log.line" => {}
            _ => self.set(name, Value::Text(cut.text)),
        }
    }
}

impl Visit for Fields {
    fn record_f64(&mut self, field: &Field, value: f64) {
        if value.is_finite() {
            self.number(field, value);
        } else {
            self.text(field, |cut| write!(cut, "{value}"));
        }
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.number(field, value);
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        if field.name() != "log.line" {
            self.number(field, value);
        }
    }

    fn record_i128(&mut self, field: &Field, value: i128) {
        // Beyond 64 bits no reader of JSON keeps the digits.
        match i64::try_from(value) {
            Ok(value) => self.record_i64(field, value),
            Err(_) => self.text(field, |cut| write!(cut, "{value}")),
        }
    }

    fn record_u128(&mut self, field: &Field, value: u128) {
        match u64::try_from(value) {
            Ok(value) => self.record_u64(field, value),
            Err(_) => self.text(field, |cut| write!(cut, "{value}")),
        }
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        let name = plain(field.name());
        self.set(name, Value::Bool(value));
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.text(field, |cut| cut.write_str(value));
    }

    fn record_bytes(&mut self, field: &Field, value: &[u8]) {
        self.text(field, |cut| write!(cut, "{}", value.escape_ascii()));
    }

    fn record_error(&mut self, field: &Field, value: &(dyn std::error::Error + 'static)) {
        self.text(field, |cut| {
            write!(cut, "{value}")?;
            let mut source = value.source();
            while let Some(error) = source {
                write!(cut, ": {error}")?;
                source = error.source();
            }
            Ok(())
        });
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.text(field, |cut| write!(cut, "{value:?}"));
    }
}

/// `error.r#type` is how Rust has to write `error.type`.
fn plain(name: &'static str) -> &'static str {
    match name {
        "error.r#type" => "error.type",
        _ => name.strip_prefix("r#").unwrap_or(name),
    }
}

/// A text that stops growing.
#[derive(Default)]
struct Cut {
    text: String,
    is_full: bool,
}

impl fmt::Write for Cut {
    fn write_str(&mut self, piece: &str) -> fmt::Result {
        if self.is_full {
            return Err(fmt::Error);
        }
        let room = MAX_VALUE - self.text.len();
        if piece.len() <= room {
            self.text.push_str(piece);
            return Ok(());
        }
        let end = piece.floor_char_boundary(room);
        self.text.push_str(piece.get(..end).unwrap_or_default());
        self.text.push('…');
        self.is_full = true;
        Err(fmt::Error)
    }
}
