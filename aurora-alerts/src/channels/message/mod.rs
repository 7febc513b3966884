//! A notification in parts, before a channel gives them its form: what all chat channels say, said once.

mod body;
mod detail;
mod fact;
#[cfg(test)]
pub(super) mod hostile;
mod link;
#[cfg(test)]
#[cfg(feature = "templates")]
pub(super) mod templates;
#[cfg(test)]
mod tests;

pub(super) use self::body::Body;
pub(super) use self::detail::fitted;
pub(super) use self::fact::{Fact, Value};
pub(super) use self::link::Link;
use super::text::{line, paragraph};
use crate::notification::{NamedAlert, Notification, Reason, Status};
use crate::rule::Severity;
use crate::state::ResolveReason;
use crate::template::{Escape, Texts};

/// How many line breaks of a description are kept.
const BREAKS: usize = 12;

/// What a message says. Texts are free of control characters, but not escaped: that is for the channel to do.
#[derive(Debug, Clone)]
pub(super) struct Message {
    /// The headline. Of a message about one alert it holds the alert's name.
    pub(super) title: String,
    /// How the whole looks.
    pub(super) tone: Tone,
    /// Why it came, where the headline does not say it.
    pub(super) note: Option<&'static str>,
    /// A text of the user's own in place of the note, the alerts and the others.
    pub(super) body: Option<Body>,
    /// The alerts.
    pub(super) items: Vec<Item>,
    /// What else still fires.
    pub(super) others: Option<String>,
    /// Where whoever reads it can acknowledge; never left out, as it has room by its own limit.
    pub(super) acknowledge: Option<Link>,
}

/// What a message says about one alert.
#[derive(Debug, Clone)]
pub(super) struct Item {
    /// How it looks.
    pub(super) tone: Tone,
    /// `[WARNING] Error rate high`; never empty.
    pub(super) name: String,
    /// What happened, in one line; may be empty.
    pub(super) summary: String,
    /// What it means; may be empty.
    pub(super) description: String,
    /// Times, labels, annotations.
    pub(super) facts: Vec<Fact>,
    /// Pages that tell more.
    pub(super) links: Vec<Link>,
    /// How many of its parts had no room.
    pub(super) left_out: usize,
}

/// How a message looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tone {
    /// Good to know.
    Info,
    /// Somebody should look today.
    Warning,
    /// Somebody should look now.
    Critical,
    /// It is over.
    Resolved,
}

impl Tone {
    fn of(status: Status, severity: Severity) -> Self {
        match (status, severity) {
            (Status::Resolved, _) => Self::Resolved,
            (Status::Firing, Severity::Info) => Self::Info,
            (Status::Firing, Severity::Warning) => Self::Warning,
            (Status::Firing, Severity::Critical) => Self::Critical,
        }
    }
}

impl Message {
    /// A message in the user's own texts where there are some; how values are escaped in the channel's markup is said
    /// where a text may have markup.
    pub(super) fn of(notification: &Notification, texts: &Texts, markup: Option<Escape>) -> Self {
        let title = line(&texts.title(notification, Escape::NONE));
        let message = Self::by_default(notification);
        let message = match Body::of(notification, texts, markup) {
            Some(body) => Self {
                note: None,
                body: Some(body),
                items: Vec::new(),
                others: None,
                ..message
            },
            None => message,
        };
        if title.is_empty() {
            return message;
        }
        Self { title, ..message }
    }

    /// The one place where the words of chat messages are chosen.
    fn by_default(notification: &Notification) -> Self {
        let note = match notification.reason {
            Reason::Flapping => Some("It changes so often that each change is no longer told."),
            Reason::Digest => Some("Several notifications that had to wait, in one."),
            _ => None,
        };
        let others = match notification.others_firing {
            0 => None,
            1 => Some("1 more alert of the group is firing.".to_owned()),
            more => Some(format!("{more} more alerts of the group are firing.")),
        };
        Self {
            title: line(&notification.title()),
            tone: Tone::of(notification.status, notification.severity),
            note,
            body: None,
            items: notification.alerts.iter().map(Item::of).collect(),
            others,
            acknowledge: notification
                .acknowledge_url
                .as_deref()
                .and_then(|url| Link::to("Acknowledge", url)),
        }
    }

    /// Whether the alerts need names of their own; the name of a single one is in the headline.
    pub(super) fn is_several(&self) -> bool {
        self.items.len() > 1
    }

    /// The message as text without markup.
    pub(super) fn plain(&self) -> String {
        let mut lines = vec![self.title.clone()];
        lines.extend(self.note.map(str::to_owned));
        lines.extend(self.body.as_ref().map(|body| body.plain().to_owned()));
        for item in &self.items {
            if self.is_several() {
                lines.push(String::new());
                lines.push(item.name.clone());
            }
            lines.extend(item.lines());
        }
        if self.is_several() && (self.others.is_some() || self.acknowledge.is_some()) {
            lines.push(String::new());
        }
        lines.extend(self.others.clone());
        lines.extend(self.acknowledge.as_ref().map(Link::plain));
        lines.join("\n")
    }
}

impl Item {
    fn of(alert: &NamedAlert) -> Self {
        let tone = Tone::of(alert.status, alert.severity);
        let word = match alert.status {
            Status::Firing => alert.severity.as_str(),
            Status::Resolved => alert.status.as_str(),
        };
        let rule = line(&alert.rule);
        let rule = if rule.is_empty() { "(no name)" } else { &rule };
        let mut facts = fact::of_life(alert);
        facts.extend(fact::of_labels(alert));
        let mut links = Vec::new();
        let source = alert.generator_url.iter().map(|url| ("Source", url));
        let notes = alert.annotations.iter().map(|(name, text)| (name.as_str(), text));
        for (name, text) in source.chain(notes) {
            match Link::to(name, text) {
                Some(link) => links.push(link),
                None => facts.extend(Fact::text(name, text)),
            }
        }
        Self {
            tone,
            name: format!("[{}] {rule}", word.to_uppercase()),
            summary: line(&summary(alert)),
            description: paragraph(&alert.description, BREAKS),
            facts,
            links,
            left_out: 0,
        }
    }

    /// That something had no room, where something had none.
    pub(super) fn omission(&self) -> Option<&'static str> {
        (self.left_out > 0).then_some("… (cut)")
    }

    fn lines(&self) -> impl Iterator<Item = String> {
        [&self.summary, &self.description]
            .into_iter()
            .filter(|text| !text.is_empty())
            .cloned()
            .chain(self.facts.iter().map(Fact::plain))
            .chain(self.links.iter().map(Link::plain))
            .chain(self.omission().map(str::to_owned))
    }
}

/// `error_rate 31 > 20`; of an alert that is over the value that ended it, without the comparison that no longer holds.
fn summary(alert: &NamedAlert) -> String {
    let mut parts = Vec::new();
    match alert.status {
        Status::Firing => parts.push(alert.reading()),
        // The last value that was seen is no news.
        Status::Resolved if alert.resolve_reason == Some(ResolveReason::NoData) => {
            parts.push("no data".to_owned());
        }
        Status::Resolved => {
            let mut over = alert.clone();
            over.operator = None;
            let reading = over.reading();
            parts.push(if reading.is_empty() {
                reading
            } else {
                format!("now {reading}")
            });
        }
    }
    if alert.is_over_before_told() {
        parts.push("fired and resolved before this could be sent".to_owned());
    }
    parts.retain(|part| !part.is_empty());
    parts.join(", ")
}
