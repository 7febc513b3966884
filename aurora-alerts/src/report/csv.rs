//! Comma-separated values (RFC 4180).

use std::fmt::Display;

/// One line in the making.
#[derive(Debug, Default)]
pub(super) struct Line {
    text: String,
    has_field: bool,
}

impl Line {
    /// A line of names.
    pub(super) fn names(names: &[&str]) -> String {
        names
            .iter()
            .fold(Self::default(), |line, name| line.text(name))
            .end()
    }

    /// A text from outside: quoted where RFC 4180 asks for it, and never a formula.
    pub(super) fn text(mut self, text: &str) -> Self {
        self.comma();
        let is_formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
        let apostrophe = if is_formula { "'" } else { "" };
        if text.contains(['"', ',', '\r', '\n']) {
            self.text.push('"');
            self.text.push_str(apostrophe);
            self.text.push_str(&text.replace('"', "\"\""));
            self.text.push('"');
        } else {
            self.text.push_str(apostrophe);
            self.text.push_str(text);
        }
        self
    }

    /// A number, a time or a name of our own, as it is shown; empty where it is absent.
    pub(super) fn value(mut self, value: Option<impl Display>) -> Self {
        self.comma();
        if let Some(value) = value {
            self.text.push_str(&value.to_string());
        }
        self
    }

    pub(super) fn end(mut self) -> String {
        self.text.push_str("\r\n");
        self.text
    }

    fn comma(&mut self) {
        if self.has_field {
            self.text.push(',');
        }
        self.has_field = true;
    }
}
