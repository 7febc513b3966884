//! Notifications as lines in the terminal.

use std::fmt;
use std::io::{self, Write};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use crate::notification::Notification;
use crate::notifier::{Notifier, NotifyError, NotifyErrorKind, Receipt};

/// Writes each notification as one line: `[WARNING] Error rate high: error_rate 31 > 20`.
///
/// Control characters in names and labels are shown escaped, so that they cannot steer the terminal.
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
        let mut line = visible(&notification.to_string());
        line.push('\n');
        let mut writer = self.writer.lock().unwrap_or_else(PoisonError::into_inner);
        writer
            .write_all(line.as_bytes())
            .and_then(|()| writer.flush())
            .map_err(|error| {
                NotifyError::new(NotifyErrorKind::Server, "the line could not be written").with_source(error)
            })?;
        Ok(Receipt::new())
    }
}

fn visible(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() {
            shown.extend(character.escape_default());
        } else {
            shown.push(character);
        }
    }
    shown
}

#[cfg(test)]
mod tests;
