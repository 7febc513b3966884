//! Messages as Block Kit.

use serde_json::{Map, Value, json};

use super::super::message::{Body, Fact, Item, Link, Message, Tone, Value as Said};
use super::super::text::escape;
use crate::template::Escape;

/// The most blocks of a message; docs.slack.dev/reference/block-kit/blocks.
const BLOCKS: usize = 50;
/// The most characters of the text of a section.
const SECTION: usize = 3_000;
/// The most fields of a section.
const FIELDS: usize = 10;
/// The most characters of a field.
const FIELD: usize = 2_000;
/// The most characters of all texts together. Not documented; messages of 13,200 characters are known to be refused.
const TOTAL: usize = 12_000;

/// For what templates print.
pub(super) const MRKDWN: Escape =
    Escape::new(|text| escape(text, usize::MAX, char::len_utf16, entity).into());

/// The whole body: a headline, and a coloured attachment for each alert.
pub(super) fn body(message: &Message) -> Value {
    // plain_text is shown as it is.
    let mut blocks = vec![
        json!({"type": "header", "text": {"type": "plain_text", "text": message.title, "emoji": false}}),
    ];
    let below: Vec<String> = message
        .note
        .map(str::to_owned)
        .into_iter()
        .chain(message.others.clone())
        .chain(message.acknowledge.as_ref().map(|to| format!("*{}*", link(to))))
        .collect();
    if !below.is_empty() {
        blocks.push(json!({"type": "section", "text": mrkdwn(&below.join("\n"))}));
    }
    let attachments: Vec<Value> = message
        .items
        .iter()
        .map(|item| (item.tone, sections(item, message.is_several())))
        .chain(message.body.iter().map(|body| (message.tone, own(body))))
        .filter(|(_, sections)| !sections.is_empty())
        .map(|(tone, sections)| json!({"color": colour(tone), "blocks": sections}))
        .collect();
    json!({"text": escaped(&message.title), "blocks": blocks, "attachments": attachments})
}

/// Whether Slack takes it.
pub(super) fn fits(body: &Value) -> bool {
    let blocks: Vec<&Value> = std::iter::once(body)
        .chain(
            body.get("attachments")
                .and_then(Value::as_array)
                .into_iter()
                .flatten(),
        )
        .filter_map(|part| part.get("blocks").and_then(Value::as_array))
        .flatten()
        .collect();
    let is_short = |block: &Value| {
        let mut fields = block
            .get("fields")
            .and_then(Value::as_array)
            .into_iter()
            .flatten();
        block.get("text").is_none_or(|text| volume(text) <= SECTION)
            && fields.all(|field| volume(field) <= FIELD)
    };
    blocks.len() <= BLOCKS && volume(body) <= TOTAL && blocks.into_iter().all(is_short)
}

fn sections(item: &Item, is_several: bool) -> Vec<Value> {
    let mut lines = Vec::new();
    if is_several {
        lines.push(format!("*{}*", escaped(&item.name)));
    }
    lines.extend(
        [&item.summary, &item.description]
            .into_iter()
            .filter(|text| !text.is_empty())
            .map(|text| escaped(text)),
    );
    if !item.links.is_empty() {
        let links: Vec<_> = item.links.iter().map(link).collect();
        lines.push(links.join(" · "));
    }
    lines.extend(item.omission().map(str::to_owned));
    let mut fields = item
        .facts
        .chunks(FIELDS)
        .map(|facts| facts.iter().map(field).collect::<Vec<_>>());
    let mut first = Map::new();
    if !lines.is_empty() {
        first.insert("text".to_owned(), mrkdwn(&lines.join("\n")));
    }
    if let Some(fields) = fields.next() {
        first.insert("fields".to_owned(), Value::from(fields));
    }
    if first.is_empty() {
        return Vec::new();
    }
    first.insert("type".to_owned(), Value::from("section"));
    std::iter::once(Value::from(first))
        .chain(fields.map(|fields| json!({"type": "section", "fields": fields})))
        .collect()
}

/// A text of the user's own.
fn own(body: &Body) -> Vec<Value> {
    let text = body.marked_up(escaped);
    let section = (!text.is_empty()).then(|| json!({"type": "section", "text": mrkdwn(&text)}));
    section.into_iter().collect()
}

fn field(fact: &Fact) -> Value {
    let value = match &fact.value {
        Said::Text(text) => escaped(text),
        // Shown in the reader's time zone; the part after the bar is for what cannot.
        Said::Time(at) => format!(
            "<!date^{}^{{date_num}} {{time_secs}}|{}>",
            at.as_secs(),
            fact.value.plain()
        ),
    };
    mrkdwn(&format!("*{}*\n{value}", escaped(&fact.name)))
}

fn link(link: &Link) -> String {
    format!("<{}|{}>", escaped(&link.url), escaped(&link.text))
}

fn mrkdwn(text: &str) -> Value {
    json!({"type": "mrkdwn", "text": text})
}

fn escaped(text: &str) -> String {
    escape(text, SECTION, char::len_utf16, entity)
}

/// The three characters that Slack wants escaped, and no others; docs.slack.dev/messaging/formatting-message-text.
const fn entity(character: char) -> Option<&'static str> {
    match character {
        '&' => Some("&amp;"),
        '<' => Some("&lt;"),
        '>' => Some("&gt;"),
        _ => None,
    }
}

const fn colour(tone: Tone) -> &'static str {
    match tone {
        Tone::Info => "#1565C0",
        Tone::Warning => "#EF6C00",
        Tone::Critical => "#C62828",
        Tone::Resolved => "#2E7D32",
    }
}

/// The characters of all texts that people see; counted in UTF-16 units, which is never too few.
fn volume(value: &Value) -> usize {
    match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| match value {
                Value::String(text) if name == "text" => text.encode_utf16().count(),
                Value::String(_) => 0,
                other => volume(other),
            })
            .sum(),
        Value::Array(values) => values.iter().map(volume).sum(),
        _ => 0,
    }
}
