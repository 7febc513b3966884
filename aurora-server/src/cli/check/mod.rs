//! `aurora check`.

mod outside;
mod within;

use clap::Args;
use serde::Serialize;
use serde_json::json;

use super::block_on;
use super::output::{Output, Paint, Tone, counted, refused, value_of};
use super::place::Place;
use super::serve::install_crypto;
use crate::error::{Error, ErrorKind};

/// How far the check goes.
#[derive(Debug, Clone, Args)]
pub(super) struct CheckOptions {
    /// Also do what somebody notices or what costs: a message through each channel that says that it is a test, a question
    /// of one token to each provider, a company from the paid registry.
    #[arg(long)]
    send: bool,
    #[command(flatten)]
    place: Place,
}

/// How something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Status {
    Ok,
    Warn,
    Fail,
}

/// What was found of one thing.
#[derive(Debug, Clone, Serialize)]
struct Finding {
    name: String,
    status: Status,
    detail: String,
    /// What to type next.
    #[serde(skip_serializing_if = "Option::is_none")]
    next: Option<String>,
}

impl Finding {
    fn new(name: impl Into<String>, status: Status, detail: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            status,
            detail: detail.into(),
            next: None,
        }
    }

    fn ok(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(name, Status::Ok, detail)
    }

    fn warn(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(name, Status::Warn, detail)
    }

    fn fail(name: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::new(name, Status::Fail, detail)
    }

    fn next(mut self, what: impl Into<String>) -> Self {
        self.next = Some(what.into());
        self
    }

    fn line(&self, paint: Paint, width: usize) -> String {
        let mark = match self.status {
            Status::Ok => paint.tone(Tone::Good, "ok  "),
            Status::Warn => paint.tone(Tone::Doubtful, "warn"),
            Status::Fail => paint.tone(Tone::Bad, "fail"),
        };
        let next = match &self.next {
            Some(next) => paint.tone(Tone::Quiet, &format!("  → {next}")),
            None => String::new(),
        };
        format!("{mark}  {:<width$}  {}{next}\n", self.name, self.detail)
    }
}

/// An error and its causes on one line.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

pub(super) fn run(options: &CheckOptions, output: Output) -> Result<(), Error> {
    install_crypto();
    let findings = match options.place.loader().load() {
        Err(error) => {
            let problems = error.problems().iter().map(|problem| {
                Finding::fail("settings", problem.to_string()).next("mend it, or run `aurora setup`")
            });
            problems.collect()
        }
        Ok(loaded) => block_on(async {
            let mut findings: Vec<Finding> = loaded
                .warnings()
                .iter()
                .map(|warning| Finding::warn("settings", warning.to_string()))
                .collect();
            if findings.is_empty() {
                findings.push(Finding::ok("settings", "in order"));
            }
            let settings = loaded.settings();
            findings.extend(within::look(settings).await);
            findings.extend(Box::pin(outside::look(settings, options.send)).await);
            Ok(findings)
        })?,
    };
    let failed = findings
        .iter()
        .filter(|finding| finding.status == Status::Fail)
        .count();
    let view = json!({"ok": failed == 0, "checks": value_of(&findings)?});
    output.result(&view, |paint| {
        let names = findings.iter().map(|finding| finding.name.chars().count());
        let width = names.max().unwrap_or_default();
        let lines = findings.iter().map(|finding| finding.line(paint, width));
        lines.collect()
    })?;
    match failed {
        0 => Ok(()),
        _ if findings.len() == failed => Err(Error::new(
            ErrorKind::Settings,
            format!("{} wrong", counted(failed, "setting")),
        )),
        failed => Err(refused(format!("{failed} of {} checks failed", findings.len()))),
    }
}
