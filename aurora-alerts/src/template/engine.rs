//! Templates by minijinja, within limits.

use std::io;
use std::sync::Arc;

use minijinja::value::{Serde, Value};
use minijinja::{AutoEscape, Environment, UndefinedBehavior, context};
use serde::Serialize;

use super::Escape;
use crate::error::Error;
use crate::notification::{NamedAlert, Notification, Status};

/// Steps of one rendering; each also stands for 64 bytes that are made or read.
const FUEL: u64 = 100_000;
/// The most bytes that a template may print.
const OUTPUT: usize = 64 * 1024;
/// The name of the one template in its environment.
const NAME: &str = "template";

#[derive(Clone)]
pub(super) struct Compiled {
    what: &'static str,
    environment: Arc<Environment<'static>>,
}

impl Compiled {
    pub(super) fn new(what: &'static str, source: &str) -> Result<Self, Error> {
        let mut environment = Environment::new();
        environment.set_fuel(Some(FUEL));
        environment.set_undefined_behavior(UndefinedBehavior::Chainable);
        environment.set_auto_escape_callback(|_| AutoEscape::Custom("channel".into()));
        environment
            .add_template_owned(NAME, source.to_owned())
            .map_err(|error| {
                let line = error.line().unwrap_or(1);
                let detail = error
                    .detail()
                    .map(|detail| format!(": {detail}"))
                    .unwrap_or_default();
                Error::invalid(
                    format!("template of a {what}"),
                    format!("line {line}: {}{detail}", error.kind()),
                )
            })?;
        Ok(Self {
            what,
            environment: Arc::new(environment),
        })
    }

    pub(super) fn render(&self, notification: &Notification, escape: Escape) -> Option<String> {
        let mut printed = Bounded::default();
        match self.print(notification, escape, &mut printed) {
            Ok(()) => String::from_utf8(printed.bytes).ok(),
            Err(error) => {
                // The detail could repeat what the notification says.
                tracing::warn!(
                    template = self.what,
                    line = error.line().unwrap_or(0),
                    reason = %error.kind(),
                    too_long = printed.is_full,
                    "a template failed; the default text is sent",
                );
                None
            }
        }
    }

    fn print(
        &self,
        notification: &Notification,
        escape: Escape,
        to: &mut Bounded,
    ) -> Result<(), minijinja::Error> {
        // A copy shares the compiled template; the channel's escaping is part of the copy alone.
        let mut environment = Environment::clone(&self.environment);
        environment.set_formatter(move |out, state, value| {
            if value.is_none() || value.is_undefined() {
                return Ok(());
            }
            match state.auto_escape() {
                AutoEscape::Custom(_) if !value.is_safe() => {
                    Ok(out.write_str(&escape.apply(&value.to_string()))?)
                }
                AutoEscape::Custom(_) => Ok(write!(out, "{value}")?),
                _ => minijinja::escape_formatter(out, state, value),
            }
        });
        let escaped = move |value: &Value| match value.is_safe() {
            true => value.clone(),
            false => Value::from_safe_string(escape.apply(&value.to_string()).into_owned()),
        };
        environment.add_filter("escape", escaped);
        environment.add_filter("e", escaped);
        environment
            .get_template(NAME)?
            .render_captured_to(seen(notification), to)
            .map(drop)
    }
}

/// What a template sees.
fn seen(notification: &Notification) -> Value {
    let alerts: Vec<Value> = notification.alerts.iter().map(alert).collect();
    let those = |status: Status| -> Vec<Value> {
        let pairs = notification.alerts.iter().zip(&alerts);
        pairs
            .filter(|(alert, _)| alert.status == status)
            .map(|(_, value)| value.clone())
            .collect()
    };
    context! {
        title => notification.title(),
        mark => notification.mark(),
        firing => those(Status::Firing),
        resolved => those(Status::Resolved),
        common_labels => plain(&notification.common_labels()),
        common_annotations => plain(&notification.common_annotations()),
        alerts => alerts,
        ..plain(notification)
    }
}

fn alert(alert: &NamedAlert) -> Value {
    context! { reading => alert.reading(), line => alert.to_string(), ..plain(alert) }
}

fn plain(value: &impl Serialize) -> Value {
    Value::from(Serde(value))
}

/// Takes so much and no more.
#[derive(Default)]
struct Bounded {
    bytes: Vec<u8>,
    is_full: bool,
}

impl io::Write for Bounded {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.bytes.len() + bytes.len() > OUTPUT {
            self.is_full = true;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.bytes.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
