//! What commands write: words for people, or JSON for programs.

use std::error::Error as _;
use std::fmt;
use std::io::{IsTerminal as _, Write as _};

use serde::Serialize;
use serde_json::{Value, json};

use crate::error::{Error, ErrorKind};

/// `EX_TEMPFAIL` of sysexits.h: to be tried again.
const RESTART: u8 = 75;

/// How a command tells what came of it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Output {
    is_json: bool,
    paint: Paint,
    has_terminal: bool,
}

impl Output {
    pub(super) fn new(is_json: bool) -> Self {
        Self {
            is_json,
            paint: Paint {
                is_on: !is_json && may_colour() && std::io::stdout().is_terminal(),
            },
            has_terminal: !is_json && std::io::stderr().is_terminal(),
        }
    }

    pub(super) const fn is_json(self) -> bool {
        self.is_json
    }

    /// Whether somebody looks at standard error, so that progress can be drawn there.
    pub(super) const fn has_terminal(self) -> bool {
        self.has_terminal
    }

    /// What came of it: `result` as JSON, or words.
    ///
    /// # Errors
    /// `Internal` when the result is no JSON.
    pub(super) fn result<T: Serialize>(
        self,
        result: &T,
        words: impl FnOnce(Paint) -> String,
    ) -> Result<(), Error> {
        if self.is_json {
            say(&format!("{}\n", to_json(result)?));
        } else {
            say(&words(self.paint));
        }
        Ok(())
    }

    /// A remark for people, beside the result.
    pub(super) fn remark(self, text: &str) {
        if !self.is_json {
            let paint = Paint {
                is_on: self.has_terminal && may_colour(),
            };
            say_aside(&format!("{}\n", paint.tone(Tone::Quiet, text)));
        }
    }
}

fn to_json<T: Serialize>(value: &T) -> Result<String, Error> {
    serde_json::to_string_pretty(value)
        .map_err(|error| Error::new(ErrorKind::Internal, "the result is no JSON").caused_by(error))
}

/// Whether colours are wanted at all (<https://no-color.org>).
#[expect(
    clippy::disallowed_methods,
    reason = "what the terminal wants is no setting of Aurora"
)]
pub(super) fn may_colour() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let is_dumb = std::env::var_os("TERM").is_some_and(|value| value == "dumb");
    !is_set("NO_COLOR") && !is_dumb
}

/// How good or bad something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    Good,
    Doubtful,
    Bad,
    Quiet,
}

/// Colours, or none.
#[derive(Debug, Clone, Copy)]
pub(super) struct Paint {
    is_on: bool,
}

impl Paint {
    pub(super) fn tone(self, tone: Tone, text: &str) -> String {
        let code = match tone {
            Tone::Good => "32",
            Tone::Doubtful => "33",
            Tone::Bad => "31",
            Tone::Quiet => "2",
        };
        if self.is_on {
            format!("\u{1b}[{code}m{text}\u{1b}[0m")
        } else {
            text.to_owned()
        }
    }
}

/// Lines of cells, each column as wide as its widest cell.
pub(super) fn table<const N: usize>(header: [&str; N], rows: &[[String; N]]) -> String {
    let mut widths = header.map(|cell| cell.chars().count());
    for row in rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(cell.chars().count());
        }
    }
    let line = |cells: &[&str]| {
        let mut text = String::new();
        for (cell, width) in cells.iter().zip(widths) {
            // Whoever chose a name may have put signs into it that a terminal obeys.
            let cell = printable(cell);
            text.push_str(&format!("{cell:<width$}  "));
        }
        format!("{}\n", text.trim_end())
    };
    let mut text = line(&header);
    for row in rows {
        text.push_str(&line(&row.each_ref().map(String::as_str)));
    }
    text
}

/// The text without signs that a terminal would obey.
pub(super) fn printable(text: &str) -> String {
    text.chars()
        .map(|sign| if sign.is_control() { '\u{fffd}' } else { sign })
        .collect()
}

/// Writes to standard output. A reader that went away is no reason to stop.
pub(super) fn say(text: &str) {
    let mut out = std::io::stdout().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        tracing::debug!("nobody reads the standard output");
    }
}

/// Writes to standard error.
pub(super) fn say_aside(text: &str) {
    let mut out = std::io::stderr().lock();
    if out.write_all(text.as_bytes()).and_then(|()| out.flush()).is_err() {
        tracing::debug!("nobody reads the standard error");
    }
}

/// Tells on standard error what went wrong, with every cause.
pub(super) fn complain(error: &Error, is_json: bool) {
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(error) = cause {
        causes.push(error.to_string());
        cause = error.source();
    }
    if is_json {
        complain_in_json(
            error.kind().as_str(),
            &error.to_string(),
            &causes,
            exit_code(error),
        );
        return;
    }
    // A restart is no failure.
    let what = if error.kind() == ErrorKind::Restart {
        "stopped"
    } else {
        "error"
    };
    let mut text = format!("{what}: {error}\n");
    for cause in causes {
        text.push_str(&format!("  because: {cause}\n"));
    }
    say_aside(&text);
}

/// One object on a line of its own.
pub(super) fn complain_in_json(kind: &str, message: &str, causes: &[String], exit_code: u8) {
    let error = json!({"error": {
        "kind": kind,
        "message": message,
        "causes": causes,
        "exit_code": exit_code,
    }});
    say_aside(&format!("{error}\n"));
}

pub(super) const fn exit_code(error: &Error) -> u8 {
    match error.kind() {
        ErrorKind::Settings | ErrorKind::Address | ErrorKind::Storage | ErrorKind::Refused => 1,
        ErrorKind::Internal => 2,
        ErrorKind::Restart => RESTART,
    }
}

/// What a domain's type is as JSON.
///
/// # Errors
/// `Internal` when it is none.
pub(super) fn value_of<T: Serialize>(value: &T) -> Result<Value, Error> {
    serde_json::to_value(value)
        .map_err(|error| Error::new(ErrorKind::Internal, "the result is no JSON").caused_by(error))
}

/// So many of something: `1 row`, `2 rows`.
pub(super) fn counted(count: impl TryInto<u64>, what: &str) -> String {
    match count.try_into().unwrap_or(u64::MAX) {
        1 => format!("1 {what}"),
        count => format!("{count} {what}s"),
    }
}

/// A failure that is told as it is.
pub(super) fn refused(text: impl fmt::Display) -> Error {
    Error::new(ErrorKind::Refused, text.to_string())
}

/// What the domain did not do, by who can put it right.
pub(super) fn of_crm(error: aurora_crm::Error) -> Error {
    use aurora_crm::ErrorKind as Crm;
    let (kind, text) = match error.kind() {
        Crm::NotFound
        | Crm::AlreadyExists
        | Crm::Conflict
        | Crm::Invalid
        | Crm::Unauthenticated
        | Crm::StepUp => (ErrorKind::Refused, error.to_string()),
        Crm::Unsealable => (ErrorKind::Settings, error.to_string()),
        Crm::Setup | Crm::Forbidden | Crm::Unavailable | Crm::Timeout => {
            (ErrorKind::Storage, error.to_string())
        }
        _ => (ErrorKind::Internal, error.to_string()),
    };
    let failed = Error::new(kind, text);
    // What is refused says itself why.
    if kind == ErrorKind::Refused {
        return failed;
    }
    match std::error::Error::source(&error) {
        Some(source) => failed.caused_by(source.to_string()),
        None => failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_restart_has_a_code_of_its_own() {
        let of = |kind| exit_code(&Error::new(kind, ""));
        assert_eq!(
            [ErrorKind::Refused, ErrorKind::Internal, ErrorKind::Restart].map(of),
            [1, 2, 75]
        );
    }

    #[test]
    fn columns_stand_under_each_other_and_nothing_in_them_is_obeyed() {
        let rows = [
            ["ção".to_owned(), "1".to_owned()],
            ["a\u{1b}[31m".to_owned(), "2".to_owned()],
        ];
        assert_eq!(
            table(["name", "n"], &rows),
            "name    n\nção     1\na\u{fffd}[31m  2\n"
        );
    }
}
