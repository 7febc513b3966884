//! Titles and texts of one's own, in the template language of Jinja2.
//!
//! A template sees the notification under the names of its fields (`alerts`, `group_labels`, `severity`, …), and:
//!
//! | name | what it is |
//! | --- | --- |
//! | `title` | the default title |
//! | `mark` | the word in its brackets, such as `WARNING` |
//! | `firing`, `resolved` | the alerts that fire, and those that are over |
//! | `common_labels`, `common_annotations` | what all alerts share |
//! | `alert.reading`, `alert.line` | of each alert: `error_rate 31 > 20`, and the whole default line |
//!
//! A title is plain text. In a text, what a template prints is escaped for the channel by itself, and what it says
//! literally is the channel's markup. `{{ name|safe }}` takes that back, where a value is known to be harmless. A name
//! that does not exist prints nothing.
//!
//! | channel | markup of a text |
//! | --- | --- |
//! | Slack | mrkdwn |
//! | Discord | Markdown |
//! | Telegram, email | HTML |
//! | Teams, PagerDuty, Opsgenie | none: plain text |
//!
//! A text that is too long for a chat is cut with a mark and sent as plain text.
//!
//! A template cannot hold a notification up: it has limited work and output ([`Template`]), and where it fails, the
//! default text is sent and the failure is logged.

#[cfg(feature = "templates")]
mod engine;

use std::borrow::Cow;
use std::fmt;

use crate::notification::Notification;

/// How a channel protects its markup from what others wrote.
#[derive(Clone, Copy)]
pub struct Escape(fn(&str) -> Cow<'_, str>);

impl Escape {
    /// For plain text: nothing is special.
    pub const NONE: Self = Self(|text| Cow::Borrowed(text));

    /// For HTML, in text and in quoted attributes: `&`, `<`, `>`, `"` and `'` become entities.
    pub const HTML: Self = Self(html);

    /// A channel's own way.
    #[must_use]
    pub const fn new(escape: fn(&str) -> Cow<'_, str>) -> Self {
        Self(escape)
    }

    /// The text, with everything that the channel would take for markup made harmless.
    #[must_use]
    pub fn apply(self, text: &str) -> Cow<'_, str> {
        (self.0)(text)
    }
}

impl fmt::Debug for Escape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Escape").finish_non_exhaustive()
    }
}

fn html(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"', '\'']) {
        return Cow::Borrowed(text);
    }
    let mut escaped = String::with_capacity(text.len() + 16);
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            other => escaped.push(other),
        }
    }
    Cow::Owned(escaped)
}

/// One template, read and found right.
///
/// Feature `templates`; without it there is no way to make one. Rendering may take about 100,000 steps and print at most
/// 64 KiB; a title is made one line.
#[derive(Clone)]
pub struct Template {
    #[cfg(feature = "templates")]
    inner: engine::Compiled,
    #[cfg(not(feature = "templates"))]
    never: std::convert::Infallible,
}

#[cfg(feature = "templates")]
impl Template {
    /// Reads the template of a title.
    ///
    /// # Errors
    /// When it is no template; the error tells the line.
    ///
    /// # Examples
    /// ```
    /// use aurora_alerts::Template;
    ///
    /// let title = Template::title("{{ mark }} in {{ common_labels.zone }}: {{ firing|length }} firing")?;
    /// assert!(Template::title("{{ mark ").unwrap_err().to_string().contains("line 1"));
    /// # Ok::<(), aurora_alerts::Error>(())
    /// ```
    pub fn title(source: &str) -> Result<Self, crate::Error> {
        engine::Compiled::new("title", source).map(|inner| Self { inner })
    }

    /// Reads the template of a text.
    ///
    /// # Errors
    /// When it is no template; the error tells the line.
    ///
    /// # Examples
    /// ```
    /// use aurora_alerts::Template;
    ///
    /// let text = Template::text("{% for alert in firing %}{{ alert.rule }}: {{ alert.reading }}\n{% endfor %}")?;
    /// # Ok::<(), aurora_alerts::Error>(())
    /// ```
    pub fn text(source: &str) -> Result<Self, crate::Error> {
        engine::Compiled::new("text", source).map(|inner| Self { inner })
    }
}

impl Template {
    /// None, with a note in the log, where it failed.
    fn render(&self, notification: &Notification, escape: Escape) -> Option<String> {
        #[cfg(feature = "templates")]
        {
            self.inner.render(notification, escape)
        }
        #[cfg(not(feature = "templates"))]
        {
            let _ = (notification, escape);
            match self.never {}
        }
    }
}

impl fmt::Debug for Template {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Template").finish_non_exhaustive()
    }
}

/// The texts of a channel: its own, or the default ones where it has none.
#[derive(Debug, Clone, Default)]
#[non_exhaustive]
pub struct Texts {
    /// In place of [`Notification::title`].
    pub title: Option<Template>,
    /// In place of the channel's default text.
    pub body: Option<Template>,
}

impl Texts {
    /// The default texts.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            title: None,
            body: None,
        }
    }

    /// With a title of one's own.
    #[must_use]
    pub fn with_title(mut self, title: Template) -> Self {
        self.title = Some(title);
        self
    }

    /// With a text of one's own.
    #[must_use]
    pub fn with_body(mut self, body: Template) -> Self {
        self.body = Some(body);
        self
    }

    /// The title in one line, escaped for the channel: of the template, or the default one.
    #[must_use]
    pub fn title<'a>(&self, notification: &'a Notification, escape: Escape) -> Cow<'a, str> {
        let made = self
            .title
            .as_ref()
            .and_then(|title| title.render(notification, escape));
        match made {
            Some(title) => Cow::Owned(title.split_whitespace().collect::<Vec<_>>().join(" ")),
            None => Cow::Owned(escape.apply(&notification.title()).into_owned()),
        }
    }

    /// The text of the template, escaped for the channel; none where there is no template or it failed, and the channel
    /// is to write its default text.
    #[must_use]
    pub fn body(&self, notification: &Notification, escape: Escape) -> Option<String> {
        self.body
            .as_ref()
            .and_then(|body| body.render(notification, escape))
    }
}

#[cfg(test)]
#[cfg(feature = "templates")]
mod tests;
