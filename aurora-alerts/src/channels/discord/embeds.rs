//! Messages as a headline and embeds.

use serde_json::{Map, Value, json};

use super::super::message::{Body, Fact, Item, Link, Message, Tone, Value as Said};
use super::super::text::escape;
use crate::template::Escape;

/// The most embeds of a message; discord.com/developers/docs/resources/webhook#execute-webhook.
pub(super) const EMBEDS: usize = 10;
/// The most characters of the text above the embeds.
const CONTENT: usize = 2_000;
/// The most characters of an embed's title; docs/resources/message#embed-object-embed-limits, as the rest.
const TITLE: usize = 256;
/// The most characters of an embed's description.
const DESCRIPTION: usize = 4_096;
/// The most fields of an embed.
const FIELDS: usize = 25;
/// The most characters of a field's name.
const NAME: usize = 256;
/// The most characters of a field's value.
const VALUE: usize = 1_024;
/// The most characters of all embeds together.
const TOTAL: usize = 6_000;

/// For what templates print.
pub(super) const MARKDOWN: Escape = Escape::new(|text| escaped(text, usize::MAX).into());

/// The whole body: a headline, which is also what a phone shows, and an embed for each alert.
pub(super) fn body(message: &Message) -> Value {
    let content: Vec<String> = std::iter::once(format!("**{}**", escaped(&message.title, CONTENT)))
        .chain(message.note.map(str::to_owned))
        .chain(message.others.clone())
        .chain(message.acknowledge.as_ref().map(link))
        .collect();
    let embeds: Vec<Value> = message
        .items
        .iter()
        .filter_map(|item| embed(item, message.is_several()))
        .chain(message.body.iter().filter_map(|body| own(body, message.tone)))
        .collect();
    // Without this, a text such as @everyone would call everyone.
    json!({"content": content.join("\n"), "embeds": embeds, "allowed_mentions": {"parse": []}})
}

/// Whether Discord takes it.
pub(super) fn fits(body: &Value) -> bool {
    let content = body.get("content").and_then(Value::as_str).map_or(0, length);
    let embeds = body.get("embeds").and_then(Value::as_array);
    let embeds: Vec<_> = embeds.into_iter().flatten().collect();
    let description = |embed: &&Value| embed.get("description").and_then(Value::as_str).map_or(0, length);
    content <= CONTENT
        && embeds.iter().map(description).all(|length| length <= DESCRIPTION)
        && embeds.into_iter().map(volume).sum::<usize>() <= TOTAL
}

/// None where there is nothing to say but the name, and that is in the headline: Discord refuses an empty embed.
fn embed(item: &Item, is_several: bool) -> Option<Value> {
    let mut embed = Map::new();
    if is_several {
        embed.insert("title".to_owned(), Value::from(escaped(&item.name, TITLE)));
    }
    let mut lines: Vec<String> = [&item.summary, &item.description]
        .into_iter()
        .filter(|text| !text.is_empty())
        .map(|text| escaped(text, DESCRIPTION))
        .collect();
    if !item.links.is_empty() {
        let links: Vec<_> = item.links.iter().map(link).collect();
        lines.push(links.join(" · "));
    }
    lines.extend(item.omission().map(str::to_owned));
    if !lines.is_empty() {
        embed.insert("description".to_owned(), Value::from(lines.join("\n")));
    }
    if !item.facts.is_empty() {
        let fields: Vec<_> = item.facts.iter().take(FIELDS).map(field).collect();
        embed.insert("fields".to_owned(), Value::from(fields));
    }
    if embed.is_empty() {
        return None;
    }
    embed.insert("color".to_owned(), Value::from(colour(item.tone)));
    Some(Value::from(embed))
}

/// A text of the user's own.
fn own(body: &Body, tone: Tone) -> Option<Value> {
    let text = body.marked_up(|text| escaped(text, DESCRIPTION));
    (!text.is_empty()).then(|| json!({"description": text, "color": colour(tone)}))
}

fn field(fact: &Fact) -> Value {
    let value = match &fact.value {
        Said::Text(text) => escaped(text, VALUE),
        // Shown in the reader's time zone.
        Said::Time(at) => format!("<t:{}:f>", at.as_secs()),
    };
    json!({"name": escaped(&fact.name, NAME), "value": value, "inline": true})
}

/// The angle brackets keep Discord from showing a preview of the page.
fn link(link: &Link) -> String {
    format!("[{}](<{}>)", escaped(&link.text, NAME), link.url)
}

/// A backslash before what Markdown could take for markup.
fn escaped(text: &str, limit: usize) -> String {
    escape(text, limit, char::len_utf16, |character| {
        Some(match character {
            '\\' => r"\\",
            '*' => r"\*",
            '_' => r"\_",
            '~' => r"\~",
            '`' => r"\`",
            '|' => r"\|",
            '<' => r"\<",
            '>' => r"\>",
            '[' => r"\[",
            ']' => r"\]",
            '(' => r"\(",
            ')' => r"\)",
            '#' => r"\#",
            _ => return None,
        })
    })
}

const fn colour(tone: Tone) -> u32 {
    match tone {
        Tone::Info => 0x0015_65c0,
        Tone::Warning => 0x00ef_6c00,
        Tone::Critical => 0x00c6_2828,
        Tone::Resolved => 0x002e_7d32,
    }
}

/// What counts towards the total: titles, descriptions, names and values of fields.
fn volume(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields.values().map(volume).sum(),
        Value::Array(values) => values.iter().map(volume).sum(),
        Value::String(text) => length(text),
        _ => 0,
    }
}

/// In UTF-16 units, which is never too few.
fn length(text: &str) -> usize {
    text.encode_utf16().count()
}
