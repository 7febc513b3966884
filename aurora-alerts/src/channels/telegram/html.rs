//! Messages as Telegram's HTML.

use super::super::message::{Item, Link, Message, Tone};
use super::super::text::escape;

/// The most UTF-16 units of a message. Telegram counts what is left when the markup is gone; here the markup is counted
/// too, which is never too few.
pub(super) const TEXT: usize = 4_096;

/// The whole message. Of ours, only `b` and `a` are used, never one within the other.
pub(super) fn text(message: &Message) -> String {
    let mut lines = vec![format!("{} {}", sign(message.tone), bold(&message.title))];
    lines.extend(message.note.map(str::to_owned));
    lines.extend(message.body.as_ref().map(|body| body.marked_up(escaped)));
    for item in &message.items {
        if message.is_several() {
            lines.push(format!("\n{} {}", sign(item.tone), bold(&item.name)));
        }
        lines.extend(details(item));
    }
    if message.is_several() && (message.others.is_some() || message.acknowledge.is_some()) {
        lines.push(String::new());
    }
    lines.extend(message.others.as_deref().map(escaped));
    lines.extend(message.acknowledge.as_ref().map(link));
    lines.join("\n")
}

/// In UTF-16 units.
pub(super) fn length(text: &str) -> usize {
    text.encode_utf16().count()
}

fn details(item: &Item) -> Vec<String> {
    let mut lines: Vec<String> = [&item.summary, &item.description]
        .into_iter()
        .filter(|text| !text.is_empty())
        .map(|text| escaped(text))
        .collect();
    lines.extend(item.facts.iter().map(|fact| {
        let (name, value) = (escaped(&fact.name), escaped(&fact.value.plain()));
        format!("{name}: {value}")
    }));
    let links: Vec<_> = item.links.iter().map(link).collect();
    if !links.is_empty() {
        lines.push(links.join(" · "));
    }
    lines.extend(item.omission().map(str::to_owned));
    lines
}

fn bold(text: &str) -> String {
    format!("<b>{}</b>", escaped(text))
}

fn link(link: &Link) -> String {
    format!("<a href=\"{}\">{}</a>", escaped(&link.url), escaped(&link.text))
}

/// The four names of entities that Telegram knows; core.telegram.org/bots/api#html-style.
fn escaped(text: &str) -> String {
    escape(text, TEXT, char::len_utf16, |character| match character {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        '"' => Some("&quot;"),
        _ => None,
    })
}

const fn sign(tone: Tone) -> &'static str {
    match tone {
        Tone::Info => "🔵",
        Tone::Warning => "🟠",
        Tone::Critical => "🔴",
        Tone::Resolved => "🟢",
    }
}
