//! Notifications as lines in the terminal.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::notification::Notification;
use crate::notifier::{Notifier, NotifyError, NotifyErrorKind, Receipt};

/// Writes each notification as one line: `[WARNING] Error rate high: error_rate 31 > 20`; one of several alerts as a
/// headline and an indented line for each.
///
/// Control characters and line breaks in names and labels are shown escaped, and so is what turns the direction of
/// writing: no text can steer the terminal or look like a line of its own.
///
/// # Examples
/// ```
/// use aurora_alerts::Console;
///
/// let to_stderr = Console::to(std::io::stderr());
/// ```
pub struct Console {
    writer: Mutex<Box<dyn Write + Send>>,
}

impl Console {
    /// Writes to standard output.
    #[must_use]
    pub fn new() -> Self {
        Self::to(io::stdout())
    }

    /// Writes to any writer.
    #[must_use]
    pub fn to(writer: impl Write + Send + 'static) -> Self {
        Self {
            writer: Mutex::new(Box::new(writer)),
        }
    }
}

impl Default for Console {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Console {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Console").finish_non_exhaustive()
    }
}

#[async_trait]
impl Notifier for Console {
    #[expect(clippy::unnecessary_literal_bound, reason = "the trait's signature")]
    fn name(&self) -> &str {
        "console"
    }

    async fn send(&self, notification: &Notification) -> Result<Receipt, NotifyError> {
        let text = lines(notification);
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer
            .write_all(text.as_bytes())
            .and_then(|()| writer.flush())
            .map_err(|error| {
                NotifyError::new(NotifyErrorKind::Server, "the line could not be written").with_source(error)
            })?;
        Ok(Receipt::new())
    }
}

/// The lines with their breaks; every break is ours.
fn lines(notification: &Notification) -> String {
    let mut shown = notification.clone();
    for alert in &mut shown.alerts {
        alert.rule = visible(&alert.rule);
        alert.metric = alert.metric.as_deref().map(visible);
        // The values are quoted already.
        alert.labels = alert
            .labels
            .iter()
            .map(|(name, value)| (visible(name), value))
            .collect();
    }
    let lines = shown.to_string();
    lines.split('\n').map(|line| visible(line) + "\n").collect()
}

fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() || turns_direction(character) {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// Marks by which a text can look like another (Unicode UAX #9).
const fn turns_direction(character: char) -> bool {
    matches!(
        character,
        '\u{200e}' | '\u{200f}' | '\u{061c}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

#[cfg(test)]
mod tests;
