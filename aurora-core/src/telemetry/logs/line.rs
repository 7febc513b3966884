//! What a line looks like.

use std::fmt::Write as _;

use tracing::Level;

use super::fields::Value;
use crate::time::Timestamp;

/// Form of a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// For people.
    Human,
    /// One JSON object a line.
    Json,
}

/// Names that every JSON line has for itself; a field of such a name gets `field.` before it.
const RESERVED: [&str; 7] = [
    "timestamp",
    "level",
    "target",
    "message",
    "service",
    "environment",
    "version",
];

/// Length in bytes from which on a line takes no more fields, so that none passes 128 KiB.
const MAX_LINE: usize = 32 * 1024;

/// Fields without which a line cannot be found again; even the longest line takes them while they are short.
const NEEDED: [&str; 3] = ["request_id", "trace_id", "span_id"];

/// Longest text of such a field in bytes.
const MAX_NEEDED: usize = 256;

/// What every line begins with.
#[derive(Debug, Clone, Copy)]
pub(super) struct Head<'a> {
    pub(super) at: Timestamp,
    pub(super) level: Level,
    pub(super) target: &'a str,
    pub(super) message: &'a str,
}

/// A line that grows field by field.
#[derive(Debug)]
pub(super) struct Line {
    text: String,
    format: Format,
    ansi: bool,
}

impl Line {
    /// `labels` are the ready members that every JSON line carries.
    pub(super) fn begin(format: Format, ansi: bool, head: Head<'_>, labels: &str) -> Self {
        let mut text = String::with_capacity(384);
        match format {
            Format::Json => {
                // Writing to a text cannot fail.
                let _written = write!(
                    text,
                    r#"{{"timestamp":"{}","level":"{}","target":"#,
                    head.at,
                    word(head.level)
                );
                quoted(&mut text, head.target);
                text.push_str(r#","message":"#);
                quoted(&mut text, head.message);
                text.push_str(labels);
            }
            Format::Human => {
                let (dim, level, plain) = if ansi {
                    ("\u{1b}[2m", colour(head.level), "\u{1b}[0m")
                } else {
                    ("", "", "")
                };
                let _written = write!(
                    text,
                    "{dim}{}{plain} {level}{:>5}{plain} {dim}",
                    head.at, head.level
                );
                neutral(&mut text, head.target);
                let _written = write!(text, ":{plain} ");
                neutral(&mut text, head.message);
            }
        }
        Self { text, format, ansi }
    }

    pub(super) fn field(&mut self, name: &str, value: &Value) {
        let for_machines = self.format == Format::Human && matches!(name, "trace_id" | "span_id");
        let is_needed =
            NEEDED.contains(&name) && !matches!(value, Value::Text(text) if text.len() > MAX_NEEDED);
        let too_long = self.text.len() > MAX_LINE && !is_needed;
        if too_long || for_machines || name.starts_with("otel.") {
            return; // `otel.*` tells exporters of traces what a span is
        }
        match self.format {
            Format::Json => {
                self.text.push(',');
                if RESERVED.contains(&name) {
                    quoted(&mut self.text, &format!("field.{name}"));
                } else {
                    quoted(&mut self.text, name);
                }
                self.text.push(':');
                match value {
                    Value::Text(text) => quoted(&mut self.text, text),
                    Value::Number(number) => self.text.push_str(number),
                    Value::Bool(is_so) => self.text.push_str(if *is_so { "true" } else { "false" }),
                }
            }
            Format::Human => {
                let (dim, plain) = if self.ansi {
                    ("\u{1b}[2m", "\u{1b}[0m")
                } else {
                    ("", "")
                };
                let _written = write!(self.text, " {dim}{name}={plain}");
                match value {
                    Value::Text(text) if is_word(text) => self.text.push_str(text),
                    Value::Text(text) => {
                        self.text.push('"');
                        neutral(&mut self.text, text);
                        self.text.push('"');
                    }
                    Value::Number(number) => self.text.push_str(number),
                    Value::Bool(is_so) => self.text.push_str(if *is_so { "true" } else { "false" }),
                }
            }
        }
    }

    pub(super) fn end(mut self) -> Vec<u8> {
        if self.format == Format::Json {
            self.text.push('}');
        }
        self.text.push('\n');
        self.text.into_bytes()
    }
}

/// Members that are the same on every line, with a comma before each.
pub(super) fn labels(of: [(&str, Option<&str>); 3]) -> String {
    let mut text = String::new();
    for (name, value) in of {
        if let Some(value) = value {
            text.push(',');
            quoted(&mut text, name);
            text.push(':');
            quoted(&mut text, value);
        }
    }
    text
}

const fn word(level: Level) -> &'static str {
    match level {
        Level::TRACE => "trace",
        Level::DEBUG => "debug",
        Level::INFO => "info",
        Level::WARN => "warn",
        Level::ERROR => "error",
    }
}

const fn colour(level: Level) -> &'static str {
    match level {
        Level::TRACE => "\u{1b}[35m",
        Level::DEBUG => "\u{1b}[34m",
        Level::INFO => "\u{1b}[32m",
        Level::WARN => "\u{1b}[33m",
        Level::ERROR => "\u{1b}[31m",
    }
}

/// A JSON string. Control characters of both blocks are escaped, also those that JSON would let stand: somebody will
/// look at the line on a terminal.
fn quoted(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            _ if deceives(character) => {
                let _written = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

/// A text that can neither begin a line nor steer a terminal.
fn neutral(out: &mut String, text: &str) {
    for character in text.chars() {
        if character == '"' || deceives(character) {
            out.extend(character.escape_default());
        } else {
            out.push(character);
        }
    }
}

/// Whether a value can stand without quotation marks.
fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text
            .chars()
            .all(|character| !deceives(character) && !matches!(character, ' ' | '"' | '='))
}

/// Control characters, line ends of Unicode, and what turns the direction of writing around.
fn deceives(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn line(format: Format, ansi: bool, message: &str, value: &str) -> String {
        let head = Head {
            at: Timestamp::from_secs(1_782_907_200),
            level: Level::WARN,
            target: "aurora_core::cache",
            message,
        };
        let mut line = Line::begin(
            format,
            ansi,
            head,
            &labels([("service", Some("s")), ("environment", None), ("version", None)]),
        );
        line.field("value", &Value::Text(value.to_owned()));
        line.field("level", &Value::Number("7".to_owned()));
        line.field("is_so", &Value::Bool(true));
        String::from_utf8(line.end()).unwrap()
    }

    #[test]
    fn a_line_reads_well() {
        assert_eq!(
            line(Format::Human, false, "it works", "as wanted"),
            "2026-07-01T12:00:00.000000Z  WARN aurora_core::cache: it works value=\"as wanted\" level=7 is_so=true\n"
        );
        let json: serde_json::Value =
            serde_json::from_str(&line(Format::Json, false, "it works", "as wanted")).unwrap();
        let expected = serde_json::json!({
            "timestamp": "2026-07-01T12:00:00.000000Z", "level": "warn", "target": "aurora_core::cache",
            "message": "it works", "service": "s", "value": "as wanted", "field.level": 7, "is_so": true,
        });
        assert_eq!(json, expected);
    }

    #[test]
    fn nobody_forges_a_line_or_steers_a_terminal() {
        let evil = "x\n2026-07-01T12:00:00.000000Z  INFO paid\r\u{1b}[2J\u{9b}31m\u{202e}";
        let shown = line(Format::Human, false, evil, evil);
        assert_eq!(shown.matches('\n').count(), 1);
        assert!(!shown.trim_end().chars().any(deceives), "{shown:?}");
        assert!(
            shown.contains("\\u{1b}[2J") && shown.contains("x\\n2026"),
            "{shown}"
        );
    }

    proptest! {
        #[test]
        fn any_text_is_one_line_of_json_and_comes_back(message in any::<String>(), value in "[\\PC\\pC]*") {
            let text = line(Format::Json, false, &message, &value);
            prop_assert_eq!(text.matches('\n').count(), 1);
            prop_assert!(!text.trim_end_matches('\n').chars().any(deceives));
            let json: serde_json::Value = serde_json::from_str(&text).unwrap();
            prop_assert_eq!(json["message"].as_str().unwrap(), message);
            prop_assert_eq!(json["value"].as_str().unwrap(), value);
        }

        #[test]
        fn any_text_is_one_line_for_people(message in any::<String>(), value in any::<String>()) {
            let text = line(Format::Human, false, &message, &value);
            prop_assert!(!text.trim_end_matches('\n').chars().any(deceives));
        }
    }
}
