use super::super::text::{clean, cut};
use crate::notification::Notification;
use crate::template::{Escape, Texts};

/// A text of the user's own, in place of what a message tells of the alerts.
#[derive(Debug, Clone)]
pub(in crate::channels) struct Body {
    /// Without markup: what values say is as they say it.
    plain: String,
    /// In the channel's markup, with what values say escaped; none where it had no room, for cut markup could be broken,
    /// and none where the channel has no markup.
    marked_up: Option<String>,
}

impl Body {
    /// None where there is no template, or it failed.
    pub(super) fn of(notification: &Notification, texts: &Texts, markup: Option<Escape>) -> Option<Self> {
        let plain = texts.body(notification, Escape::NONE)?;
        let marked_up = markup.and_then(|escape| texts.body(notification, escape));
        Some(Self {
            plain: paragraphs(&plain),
            marked_up: marked_up.as_deref().map(paragraphs),
        })
    }

    /// At most so many UTF-16 units, without markup.
    pub(super) fn cut(&self, limit: usize) -> Self {
        Self {
            plain: cut(&self.plain, limit, char::len_utf16),
            marked_up: None,
        }
    }

    pub(in crate::channels) fn plain(&self) -> &str {
        &self.plain
    }

    /// In the channel's markup, by the escaping of plain text where it has no other.
    pub(in crate::channels) fn marked_up(&self, escape: impl FnOnce(&str) -> String) -> String {
        self.marked_up.clone().unwrap_or_else(|| escape(&self.plain))
    }
}

/// All lines and their indents, without what could disturb a screen; of blank lines in a row one stays, at the ends none.
fn paragraphs(text: &str) -> String {
    let mut out = String::new();
    for line in text.lines().map(clean) {
        let line = line.trim_end();
        if line.is_empty() && (out.is_empty() || out.ends_with("\n\n")) {
            continue;
        }
        out.push_str(line);
        out.push('\n');
    }
    out.truncate(out.trim_end().len());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paragraphs_stay_apart_and_steer_no_screen() {
        let text = " \n\r\na\n  b\u{1b}c\u{202e}\n\n \n\nd\n\n";
        assert_eq!(paragraphs(text), "a\n  b c\n\nd");
        assert_eq!(paragraphs("\n \n"), "");
    }
}
